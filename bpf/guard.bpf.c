// SPDX-License-Identifier: GPL-2.0-only
/*
 * The way of a packet: read guard_packet() and guard_judge() from top to bottom. Each step lives in
 * the header that is included for it and returns a reason or none; verdict.bpf.h alone turns a
 * reason into an action. Cheapest exit first.
 */
#include "packet.bpf.h"   /* 1. Ethernet to UDP or TCP */
#include "fragment.bpf.h" /*    fragments inherit the verdict of the first */
#include "class.bpf.h"    /* 2. what the first bytes say it is */
#include "lists.bpf.h"    /* 3. allow, deny, bans, zones, what is proven */
#include "greylist.bpf.h" /* 4. strangers have to come twice while there are too many */
#include "limits.bpf.h"   /* 5. budget of unlisted sources, limits of the flow and the source */
#include "connect.bpf.h"  /*    connections of TCP, new and live */
#include "message.bpf.h"  /* 6. the grammar of the message, and what it tells of its flow */
#include "verdict.bpf.h"  /* 7. modes, counters, action */

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

/* A message that was admitted: what it says, and what that tells of its flow. */
static __always_inline __u32 guard_judge_message(hook_ctx *ctx, struct guard *g)
{
	__u32 told = SG_REASON_NONE, reason = SG_REASON_NONE;
	__u64 faults = message_applies(g) ? message_read(ctx, g->p, g->slot) : 0;

	if (faults)
		reason = message_judge(g->p, faults, g->slot);
	if (reason != SG_REASON_NONE) {
		if (pays_budget(g))
			JUDGE(offence_note(g->p, g->slot, SG_OFFENCE_MALFORMED, 0));
		return reason;
	}
	if (message_applies(g))
		JUDGE(message_head_check(ctx, g));
	if (g->class == SG_CLASS_REQUEST) {
		told = message_tell(g->p, g->slot, message_about(g));
		reason = told & ~MESSAGE_COPY;
	}
	if (reason != SG_REASON_NONE) {
		if (reason == SG_REASON_SCANNER && pays_budget(g))
			offence_note(g->p, g->slot, SG_OFFENCE_SCANNER, 0);
		JUDGE(reason);
	}
	if (!(told & MESSAGE_COPY))
		method_charge(g);
	return SG_REASON_NONE;
}

/* A packet for a guarded port. */
static __always_inline __u32 guard_judge(hook_ctx *ctx, struct guard *g)
{
	__u32 list = lists_find(g);

	class_find(ctx, g);
	if (list == SG_LIST_ALLOW) {
		count(g, &g->stats->allowed);
		return SG_REASON_NONE;
	}
	if (list == SG_LIST_DENY)
		JUDGE(SG_REASON_DENY_LIST);
	flow_know(g);
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
	if (pays_budget(g)) {
		JUDGE(greylist_check(ctx, g));
		JUDGE(budget_check(g));
	}
	if (!limits_find(g))
		return SG_REASON_NONE;
	if (flow_is_over(g)) {
		/* Peers that the operator knows are limited, and never banned. */
		if (!g->listed)
			JUDGE(offence_note(g->p, g->slot, SG_OFFENCE_FLOOD, 0));
		JUDGE(SG_REASON_LIMIT_FLOW);
	}
	if (pays_budget(g))
		JUDGE(share_check(g));
	JUDGE(source_check(g));
	JUDGE(method_check(g));
	if (g->p->syn) {
		JUDGE(connect_check(g->p, g->slot, g->zone));
		JUDGE(connections_check(g->p, g->slot, g->zone));
		connect_charge(g->p, g->slot, g->zone);
	}
	limits_charge(g);
	return guard_judge_message(ctx, g);
}

/* A packet whose ports are beyond more headers than we follow. */
static __always_inline __u32 guard_judge_unreached(struct guard *g, int kind)
{
	if (kind == PACKET_TAGS)
		JUDGE(SG_REASON_VLAN_TAGS);
	else if (lists_find(g) != SG_LIST_ALLOW)
		JUDGE(SG_REASON_IPV6_CHAIN);
	return SG_REASON_NONE;
}

static __always_inline int guard_packet(hook_ctx *ctx, __u32 frame)
{
	struct guard guard = {}, *g = &guard;
	__u32 reason = SG_REASON_NONE;
	struct glance glance;
	bool plain;
	int kind;

	if (!guard_open(g))
		return VERDICT_PASS;
	plain = packet_glance(ctx, &glance);
	if (!plain)
		headers_pull(ctx, frame, HEADERS_MAX);
	if (plain)
		g->role = port_role(g, glance.transport, glance.port);
	if (plain && !g->role)
		return verdict_unguarded(g, frame);
	/* Kept in memory: in registers the verifier follows six times the states (clang 14). */
	barrier_var(g);
	if (plain && glance.transport == IPPROTO_UDP &&
	    packet_read_plain(ctx, g->p, &glance, frame)) {
		kind = PACKET_PORTS;
	} else {
		kind = packet_read(ctx, g->p, frame);
		g->role = port_role(g, g->p->transport, g->p->port);
	}
	g->now = clock_now();
	if (kind == PACKET_PORTS) {
		g->guarded = g->role != 0;
		if (g->guarded)
			reason = guard_judge(ctx, g);
	} else if (kind == PACKET_FRAGMENT) {
		reason = guard_judge_fragment(g);
	} else if (kind != PACKET_FOREIGN) {
		reason = guard_judge_unreached(g, kind);
	}
	return verdict(g, forget(reason, g->now));
}

#if HOOK_SKB
/* For interfaces without XDP of their driver, see ingress.bpf.c. */
SEC("tc")
int ingress(struct __sk_buff *ctx)
{
	headers_pull(ctx, ctx->len, HEADERS_PLAIN);
	return guard_packet(ctx, ctx->len);
}
#else
SEC("xdp")
int guard(struct xdp_md *ctx)
{
	__u32 frame = ctx->data_end - ctx->data;

	/*
	 * Or clang 19 puts data on the stack as 32 bits ("invalid size of register spill", 6.1
	 * on).
	 */
	barrier_var(frame);
	return guard_packet(ctx, frame);
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
#endif
