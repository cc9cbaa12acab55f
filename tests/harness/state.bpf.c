// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attached to nothing: run by BPF_PROG_RUN, each writes what it is told to, as the guard does. The
 * request is their packet: a program of type "syscall" may not use these maps ("Sleepable programs
 * can only use array, hash, and ringbuf maps", 6.1).
 */
#define HOOK_TC
#include "guard.bpf.h"
#include "checks/limits.bpf.h"
#include "state/calls.bpf.h"
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
	struct sg_proven_cell *before;
	struct proven_flow flow;

	if (!told(skb, r))
		return -1;
	flow = proven_flow(&r->key, r->hash);
	before = proven_entry(&flow, r->time);
	if (before)
		before->end = 0;
	proven_put(&flow, r->hash, r->number, r->time, r->until);
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

/* Its place is in the lower half, and what tells it from others there in the upper one. */
static long state_dialog(__u32 i, void *context)
{
	const struct state_request *r = context;

	dialog_note((__u64)i << 8 | (__u64)(i / SG_DIALOGS + 1) << 40, r->number, 0);
	return 0;
}

/* As many dialogs of the rank `number` are remembered as there are places. */
SEC("tc")
int state_dialogs(struct __sk_buff *skb)
{
	struct state_request request, *r = &request;

	if (!told(skb, r))
		return -1;
	bpf_loop(8 * SG_DIALOGS, state_dialog, r, 0);
	return 0;
}

static long state_call(__u32 i, __attribute__((unused)) void *context)
{
	__u64 now = clock_now(), key = (__u64)(i % SG_CALLS) << 8;
	struct sg_calls *line = call_line(key);
	struct sg_call *call = line ? call_room(line, false, now) : NULL;

	if (call)
		*call = (struct sg_call){.tag = i << 1 | 1, .state = call_epoch(now) << CALL_SHIFT};
	return 0;
}

/* More calls that nobody has completed want a place than there are. */
SEC("tc")
int state_calls(__attribute__((unused)) struct __sk_buff *skb)
{
	bpf_loop(3 * CALL_LINE * SG_CALLS, state_call, NULL, 0);
	return 0;
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
