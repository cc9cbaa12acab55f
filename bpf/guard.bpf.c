// SPDX-License-Identifier: GPL-2.0-only
/*
 * The way of a packet: read guard_packet() and guard_judge() from top to bottom. Each step lives in
 * the header that is included for it and returns a reason or none; verdict.bpf.h alone turns a
 * reason into an action. Cheapest exit first.
 */
#include "packet.bpf.h"   /* 1. Ethernet to UDP or TCP */
#include "fragment.bpf.h" /*    fragments inherit the verdict of the first */
#include "class.bpf.h"    /* 2. what the first bytes say it is */
#include "lists.bpf.h"    /* 3. allow, deny, bans, zones */
#include "limits.bpf.h"   /* 4. budget of unlisted sources, limits of the source */
#include "message.bpf.h"  /* 5. the grammar of the message */
#include "verdict.bpf.h"  /* 6. modes, counters, action */

char LICENSE[] SEC("license") = "GPL";

/* Ends the way of the packet here if the step gives a reason that is enforced. */
#define JUDGE(step)                                                                               \
	do {                                                                                      \
		__u32 reason_ = (step);                                                           \
		if (verdict_is_final(g, reason_))                                                 \
			return reason_;                                                           \
	} while (0)

/* A later fragment: what the first one got, or the limit for those without a first one. */
static __always_inline __u32 guard_judge_fragment(struct guard *g)
{
	__u64 first = fragment_recall(g);

	g->guarded = !first || first & FRAGMENT_GUARDED;
	if (first)
		JUDGE(FRAGMENT_REASON(first));
	else if (lists_find(g) == SG_LIST_ALLOW)
		count(g, &g->stats->allowed);
	else
		JUDGE(fragment_orphan(g));
	return SG_REASON_NONE;
}

/* A packet for a guarded port. */
static __always_inline __u32 guard_judge(struct xdp_md *ctx, struct guard *g)
{
	__u32 list = lists_find(g);

	class_find(ctx, g);
	if (list == SG_LIST_ALLOW) {
		count(g, &g->stats->allowed);
		return SG_REASON_NONE;
	}
	if (list == SG_LIST_DENY)
		JUDGE(SG_REASON_DENY_LIST);
	/* The wider ban first: it explains more. */
	if (list != SG_LIST_OWN) {
		JUDGE(ban_source_check(g));
		JUDGE(ban_flow_check(g));
	}

	JUDGE(udp_check(g));
	JUDGE(fragment_check(g));
	JUDGE(class_check(g));

	if (!limits_apply(g))
		return SG_REASON_NONE;
	zones_find(g);
	JUDGE(budget_check(g));
	if (!limits_find(g))
		return SG_REASON_NONE;
	JUDGE(source_check(g));
	JUDGE(method_check(g));
	limits_charge(g);

	if (message_applies(g)) {
		__u64 faults = message_read(ctx, g->p, g->frame, g->slot);

		for (int i = 0; i < MESSAGE_REASONS && faults; i++)
			JUDGE(message_reason(&faults));
	}
	return SG_REASON_NONE;
}

/* False if a map is missing, which no loaded program sees. */
static __always_inline bool guard_open(struct guard *g)
{
	g->state = map_state();
	g->stats = map_stats();
	if (!g->state || !g->stats)
		return false;
	g->slot = *(const volatile __u32 *)&g->state->slot & 1;
	g->config = map_config(g->slot);
	/* Not on the stack, of which the reader of messages needs all it can get. */
	g->p = (struct packet *)g->stats->memo.packet;
	return g->config;
}

static __always_inline int guard_packet(struct xdp_md *ctx, __u32 frame)
{
	struct guard guard = {.frame = frame}, *g = &guard;
	__u32 reason = SG_REASON_NONE;
	struct glance glance;
	bool plain;
	int kind;

	if (!guard_open(g))
		return XDP_PASS;
	plain = packet_glance(ctx, &glance);
	if (plain)
		g->role = port_role(g, glance.transport, glance.port);
	if (plain && !g->role)
		return verdict_unguarded(g);
	/* Kept in memory: in registers the verifier follows six times the states (clang 14). */
	barrier_var(g);
	if (plain && glance.transport == IPPROTO_UDP && packet_read_plain(ctx, g->p, &glance)) {
		kind = PACKET_PORTS;
	} else {
		kind = packet_read(ctx, g->p);
		g->role = port_role(g, g->p->transport, g->p->port);
	}
	g->now = clock_now();
	if (kind == PACKET_PORTS) {
		g->guarded = g->role != 0;
		if (g->guarded)
			reason = guard_judge(ctx, g);
	} else if (kind == PACKET_FRAGMENT) {
		reason = guard_judge_fragment(g);
	} else if (kind == PACKET_CHAIN && lists_find(g) != SG_LIST_ALLOW &&
		   verdict_is_final(g, SG_REASON_IPV6_CHAIN)) {
		reason = SG_REASON_IPV6_CHAIN;
	}
	return verdict(g, reason);
}

SEC("xdp")
int guard(struct xdp_md *ctx)
{
	return guard_packet(ctx, ctx->data_end - ctx->data);
}

/* For drivers whose MTU needs frames of several buffers. */
SEC("xdp.frags")
int guard_frags(struct xdp_md *ctx)
{
	return guard_packet(ctx, bpf_xdp_get_buff_len(ctx));
}

/*
 * Attached to nothing: run by BPF_PROG_RUN, it tells userspace the guard's clock, which the expiry
 * of bans is written in.
 */
struct clock_reply {
	__u64 now; /* ns */
};

SEC("syscall")
int guard_clock(struct clock_reply *reply)
{
	reply->now = clock_now();
	return 0;
}
