// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attached to nothing: run by BPF_PROG_RUN, each writes what it is told to, as the guard does. The
 * request is their packet: a program of type "syscall" may not use these maps ("Sleepable programs
 * can only use array, hash, and ringbuf maps", 6.1).
 */
#define HOOK_TC
#include "guard.bpf.h"
#include "checks/limits.bpf.h"
#include "state/dialogs.bpf.h"
#include "state/live.bpf.h"
#include "state/offences.bpf.h"
#include "state/proven.bpf.h"

#include "state.h"

char LICENSE[] SEC("license") = "GPL";

static __always_inline bool told(struct __sk_buff *skb, struct state_request *r)
{
	return !bpf_skb_load_bytes(skb, 0, r, sizeof(*r));
}

/* A flow has proven `number` at `time`, and until then; whatever it has proven before. */
SEC("tc")
int state_prove(struct __sk_buff *skb)
{
	struct state_request request, *r = &request;
	struct sg_flow_key key;

	if (!told(skb, r))
		return -1;
	key = r->key;
	bpf_map_delete_elem(&sg_proven, &key);
	proven_put(&key, r->hash, r->number, r->time, r->until);
	return 0;
}

/* A source has one more connection of TCP. */
SEC("tc")
int state_connect(struct __sk_buff *skb)
{
	struct state_request request, *r = &request;
	struct sg_flow_key key;

	if (!told(skb, r))
		return -1;
	key = r->key;
	return live_add(&key);
}

SEC("tc")
int state_disconnect(struct __sk_buff *skb)
{
	struct state_request request, *r = &request;
	struct sg_flow_key key;

	if (!told(skb, r))
		return -1;
	key = r->key;
	live_remove(&key);
	return 0;
}

/* The offence `number` is held against a hash. Its reason, if it was one too many. */
SEC("tc")
int state_offend(struct __sk_buff *skb)
{
	struct state_request request, *r = &request;
	struct guard *g = map_guard();

	if (!g || !told(skb, r))
		return -1;
	guard_begin(g);
	g->now = clock_now();
	return offence_note(g, r->number, r->hash);
}

/* A dialog of the rank `number` is remembered by a hash. */
SEC("tc")
int state_dialog(struct __sk_buff *skb)
{
	struct state_request request, *r = &request;

	if (!told(skb, r))
		return -1;
	return dialog_note(r->hash, r->number, 0);
}

/* The limit `number` of a source is spent until then, in one of the two rows of its table. */
SEC("tc")
int state_spend(struct __sk_buff *skb)
{
	struct state_request request, *r = &request;
	struct sg_buckets *buckets;
	struct rows rows;

	if (!told(skb, r))
		return -1;
	rows = rows_find(&sg_src_buckets, sg_source_hash(r->hash, sg_state.secret), SG_SOURCE_ROW);
	buckets = r->row ? rows.second : rows.first;
	if (buckets)
		buckets->tat[limit_index(r->number)] = r->until;
	return 0;
}
