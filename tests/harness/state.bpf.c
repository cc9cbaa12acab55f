// SPDX-License-Identifier: GPL-2.0-only
/* Attached to nothing: run by BPF_PROG_RUN, each writes what it is told to, as the guard does. */
#include "guard.bpf.h"
#include "checks/limits.bpf.h"
#include "state/connected.bpf.h"
#include "state/offences.bpf.h"
#include "state/proven.bpf.h"

#include "state.h"

char LICENSE[] SEC("license") = "GPL";

/* A flow has proven `number` at `time`, and until then; whatever it has proven before. */
SEC("syscall")
int state_prove(struct state_request *r)
{
	struct sg_flow_key key = r->key;

	bpf_map_delete_elem(&sg_proven, &key);
	proven_put(&key, r->hash, r->number, r->time, r->until);
	return 0;
}

/* A source has one more connection of TCP. */
SEC("syscall")
int state_connect(struct state_request *r)
{
	struct sg_flow_key key = r->key;

	return connected_add(&key);
}

SEC("syscall")
int state_disconnect(struct state_request *r)
{
	struct sg_flow_key key = r->key;

	connected_remove(&key);
	return 0;
}

/* The offence `number` is held against a hash. Its reason, if it was one too many. */
SEC("syscall")
int state_offend(struct state_request *r)
{
	struct guard *g = map_guard();

	if (!g)
		return 0;
	guard_begin(g);
	g->now = clock_now();
	return offence_note(g, r->number, r->hash);
}

/* The limit `number` of a source is spent until then, in one of the two rows of its table. */
SEC("syscall")
int state_spend(struct state_request *r)
{
	struct rows rows = rows_find(&sg_slots, sg_source_hash(r->hash, sg_state.secret),
				     SG_SLOT_ROW);
	struct sg_slot *slot = r->row ? rows.second : rows.first;

	if (slot)
		slot->tat[limit_index(r->number)] = r->until;
	return 0;
}
