/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A shadow policy: the same guard, built once more with SHADOW, takes the place of the guard's
 * function shadow() (freplace), and judges by a configuration that is not in force. What it says is
 * counted where it differs, and never acted upon.
 *
 * It is called twice for each packet. First before the guard has looked at it, since what the guard
 * learns from a packet (its transaction, how far its connection is) would make the packet another
 * one. And when the guard has decided: by then it knows its own answer.
 *
 * What it has of its own: the configuration, what each limit has been spent of, the greylist, and
 * what is remembered of fragments, since these follow from the configuration. They are empty when
 * it begins. What it shares with the guard, and only reads: lists, bans, and all that the server's
 * replies and the guard's own decisions have taught, such as proven flows, transactions and
 * connections. So it bans nobody: a packet of a flow that it would have banned by then is judged by
 * itself. Nor does what it would have had come again come again, if the guard lets it in.
 *
 * Who forges packets can fill the table of sources; then further ones are only counted.
 */
#ifndef SIPGUARD_SHADOW_BPF_H
#define SIPGUARD_SHADOW_BPF_H

#include "shadowed.h"

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct sg_shadow_stats);
} shadow_stats SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SG_SHADOW_SOURCES);
	__type(key, struct sg_shadow_source);
	__type(value, struct sg_shadow_seen);
} shadow_sources SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SG_SHADOW_PLACES);
	__type(key, __u32);
	__type(value, struct sg_shadow_example);
} shadow_examples SEC(".maps");

static __always_inline struct sg_shadow_stats *shadow_counters(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&shadow_stats, &zero);
}

static __always_inline void shadow_note(const struct sg_shadow_source *source, __u64 now)
{
	struct sg_shadow_seen fresh = {.packets = 1, .first = now, .last = now}, *seen;
	struct sg_shadow_stats *stats;

	seen = bpf_map_lookup_elem(&shadow_sources, source);
	if (!seen && !bpf_map_update_elem(&shadow_sources, source, &fresh, BPF_NOEXIST))
		return;
	if (!seen) /* another CPU was faster */
		seen = bpf_map_lookup_elem(&shadow_sources, source);
	if (seen) {
		__sync_fetch_and_add(&seen->packets, 1);
		seen->last = now;
		return;
	}
	stats = shadow_counters();
	if (stats)
		stats->full++;
}

/* A place for an example that is free, now taken; or NULL. */
static __always_inline struct sg_shadow_example *shadow_place(__u32 way, __u32 reason)
{
	__u32 first = (way * SG_REASON__MAX + reason) * SG_SHADOW_EXAMPLES;
	struct sg_shadow_example *example;

	for (__u32 i = 0; i < SG_SHADOW_EXAMPLES; i++) {
		__u32 at = first + i;

		example = bpf_map_lookup_elem(&shadow_examples, &at);
		if (example && !example->taken &&
		    !__sync_val_compare_and_swap(&example->taken, 0, 1))
			return example;
	}
	return NULL;
}

/*
 * The message itself, from where the packet was read last: how many bytes. The mask, which changes
 * nothing, shows the verifier that it is 1 to SG_SHADOW_TEXT.
 */
static __always_inline __u32 shadow_text(hook_ctx *ctx, const struct packet *p, __u8 *text)
{
	__u32 offset = p->offset, frame = p->frame, last;

	if (offset >= frame)
		return 0;
	last = frame - offset - 1;
	if (last >= SG_SHADOW_TEXT)
		last = SG_SHADOW_TEXT - 1;
	barrier_var(last);
	last &= SG_SHADOW_TEXT - 1;
	return hook_load(ctx, offset, text, last + 1) ? 0 : last + 1;
}

/* Global, as all that few packets need. */
__noinline int shadow_differs(hook_ctx *ctx, const struct guard *g, __u32 way, __u32 reason)
{
	struct sg_shadow_source source = {};
	struct sg_shadow_example *example;

	if (!ctx || !g || way >= SG_SHADOW_WAYS || reason >= SG_REASON__MAX)
		return 0;
	__builtin_memcpy(source.address, g->p.address, sizeof(source.address));
	source.family = g->p.family;
	source.way = way;
	source.reason = reason;
	source.zone = g->zone;
	shadow_note(&source, g->now);
	example = shadow_place(way, reason);
	if (!example)
		return 0;
	example->source = source;
	example->time = g->now;
	example->port = g->p.source_port;
	example->transport = g->p.transport;
	example->length = shadow_text(ctx, &g->p, example->text);
	*(volatile __u32 *)&example->taken = 2;
	return 0;
}

static __always_inline void shadow_compare(hook_ctx *ctx, struct guard *g, __u32 reason)
{
	struct sg_shadow_stats *stats = shadow_counters();
	__u32 way = reason ? SG_SHADOW_PASSES : SG_SHADOW_DROPS, ends = g->ends;

	if (!stats || !g->begun) /* it was attached while this packet was judged */
		return;
	g->begun = 0;
	stats->judged++;
	if (!ends == !reason)
		return;
	reason |= ends; /* one of them is none */
	barrier_var(reason);
	if (reason >= SG_REASON__MAX)
		return;
	count_frame(&stats->of[way][reason], g->p.frame);
	shadow_differs(ctx, g, way, reason);
}

static __always_inline void shadow_begin(hook_ctx *ctx, struct guard *g)
{
#if HOOK_SKB
	__u32 frame = ctx->len;
#else
	__u32 frame = bpf_xdp_get_buff_len(ctx);
#endif
	int kind = guard_read(ctx, frame, g);

	g->ends = guard_reason(ctx, g, kind);
	g->begun = 1;
}

SEC("freplace/shadow")
int shadow_judge(hook_ctx *ctx, __u32 reason)
{
	struct guard *g = map_guard();
	bool begins = reason >= SHADOW_BEGINS;

	if (!g)
		return 0;
	if (begins)
		shadow_begin(ctx, g);
	if (reason != SHADOW_BEGINS)
		shadow_compare(ctx, g, begins ? SG_REASON_NONE : reason);
	return 0;
}

#endif
