// SPDX-License-Identifier: GPL-2.0-only
/*
 * The way of a packet: read guard_packet() and guard_judge() from top to bottom. Each step lives in
 * the header that is included for it; a check returns a reason or none, and verdict.bpf.h alone
 * turns a reason into an action. Cheapest exit first.
 */
#include "packet/packet.bpf.h"      /* 1. Ethernet to UDP or TCP */
#include "packet/glance.bpf.h"      /*    the same for nearly all of them */
#include "state/fragments.bpf.h"    /*    fragments inherit the verdict of the first */
#include "packet/class.bpf.h"       /* 2. what the first bytes say it is */
#include "messages.bpf.h"           /*    the messages of a segment, or of several datagrams */
#include "checks/lists.bpf.h"       /* 3. allow, deny, bans, zones, what is proven */
#include "checks/greylist.bpf.h"    /* 4. in a flood strangers have to come twice */
#include "checks/limits.bpf.h"      /* 5. totals, limits of the flow and of the source */
#include "checks/segment.bpf.h"     /*    segments that are not read */
#include "checks/connections.bpf.h" /*    connections of TCP, new and live */
#include "judge.bpf.h"              /* 6. a message: its grammar, and who sends it */
#include "learn.bpf.h"              /* 7. what it proves, for the server's replies */
#include "verdict.bpf.h"            /* 8. modes, counters, action */
#if !SHADOW
#include "rush.bpf.h"               /*    the same answer again, in a flood */
#endif

char LICENSE[] SEC("license") = "GPL";

/* Beside enum packet_kind. */
#define KIND_UNGUARDED (-1)
#define KIND_RUSH (-2) /* gets the answer in g->rush */

/* What shadow() is told beside a reason: that the guard begins, or that it looks no further. */
#define SHADOW_BEGINS 0x100
#define SHADOW_UNGUARDED 0x101

/* A later fragment: what the first one got, or the limit for those without a first one. */
static __always_inline __u32 guard_judge_fragment(struct guard *g)
{
	__u64 first = fragment_recall(g);

	g->guarded = !first || first & FRAGMENT_GUARDED;
	if (first)
		JUDGE(FRAGMENT_REASON(first));
	else if (lists_find(g) == SG_LIST_ALLOW)
		verdict_allowed(g);
	else
		JUDGE(fragment_orphan(g));
	return SG_REASON_NONE;
}

/* KIND of a segment of TCP. */
static __always_inline __u32 guard_class_segment(hook_ctx *ctx, struct guard *g)
{
	__u32 kind;

	g->p.flow = flow_hash(&g->p);
	g->p.connection = stream_hash(&g->p);
	kind = stream_glance(ctx, g);
	return kind == CLASSED(OTHER) ? (__u32)stream_class(ctx, g) : kind;
}

/* What its first message is. A segment of a source on the allow list is not looked at. */
static __always_inline void guard_classify(hook_ctx *ctx, struct guard *g, __u32 list)
{
	__u32 kind = g->p.kind;

	if (g->role == SG_PORT_UDP)
		kind = class_datagram(ctx, &g->p);
	else if (list != SG_LIST_ALLOW)
		kind = guard_class_segment(ctx, g);
	if (HOOK_SKB && g->p.part)
		g->p.kind = kind;
	class_set(g, kind);
}

/*
 * Whether a segment goes on its way though a reason has ended that: in monitor mode it passes, and
 * in a capture it does not come again. Where its messages end has to be known all the same, for
 * those that follow.
 */
static __always_inline bool guard_goes_on(void)
{
	return sg_syn_opens || sg_state.mode == SG_MODE_MONITOR;
}

/* From here on messages are only read. */
static __always_inline void guard_skims(struct guard *g, __u32 reason)
{
	g->p.skims = 1;
	g->p.worst = reason;
}

/* One message more, which is not one of several datagrams, and was read: it is charged, too. */
static __always_inline __u32 guard_judge_one(struct guard *g)
{
	__u32 reason;

	JUDGE(guard_check_class(g));
	reason = guard_judge_faults(g);
	if (reason)
		return reason;
	reason = guard_judge_sender(g);
	/* As the first message, which is charged before anything is known of its sender. */
	part_charge(g);
	if (reason)
		return reason;
	guard_learn(g);
	return SG_REASON_NONE;
}

/*
 * Judges one more message of a frame, which was read. A reason that ends the way of the frame, or
 * none: of several datagrams it is only counted. Global, and apart from the reading of the message:
 * in the loop over messages each of its ways would be followed for each of them, and below it there
 * is no stack left for the reader (6.1).
 */
__noinline int guard_judge_more(struct guard *g)
{
	__u32 reason;

	if (!g)
		return SG_REASON_NONE;
	class_set(g, g->p.kind);
	verdict_more(&g->p, g->method);
	if (g->p.skims)
		return SG_REASON_NONE;
	reason = guard_judge_one(g);
	if (HOOK_SKB && g->p.part)
		datagram_count(&g->p, reason);
	else if (!reason || !guard_goes_on())
		return reason;
	else
		guard_skims(g, reason);
	return SG_REASON_NONE;
}

/*
 * The messages of a frame behind the first one. Of a segment the first bad one ends the way; of
 * several datagrams all are looked at.
 */
static __always_inline __u32 guard_judge_each(hook_ctx *ctx, struct guard *g)
{
	__u32 reason;

	g->admitted = 0;
	for (int i = 1; i < SG_PARTS; i++) {
		if (message_next(ctx, g) < 0)
			return SG_REASON_NONE;
		message_read(ctx, g);
		reason = guard_judge_more(g);
		if (reason)
			return reason;
	}
	if (g->p.stream)
		g->p.stream = STREAM_LOST;
	return SG_REASON_NONE;
}

/* The rest of a segment, whose first message has this reason, or none. */
static __always_inline __u32 guard_judge_stream(hook_ctx *ctx, struct guard *g, __u32 reason)
{
	if (g->p.stream != STREAM_READ)
		return reason;
	if (reason) {
		if (!guard_goes_on())
			return reason;
		guard_skims(g, reason);
		message_read(ctx, g);
	} else if (stream_ends(g)) {
		return SG_REASON_NONE;
	}
	reason = guard_judge_each(ctx, g);
	return g->p.skims ? g->p.worst : reason;
}

/*
 * The rest of a frame, whose first message has this reason, or none. Several datagrams get one
 * verdict: the frame is refused if more of them would be dropped than not; else the bad ones are
 * counted and pass with the good ones, which nobody may lose.
 */
static __always_inline __u32 guard_judge_rest(hook_ctx *ctx, struct guard *g, __u32 reason)
{
	if (!HOOK_SKB || !g->p.rest)
		return guard_judge_stream(ctx, g, reason);
	datagram_count(&g->p, reason);
	guard_judge_each(ctx, g);
	if (g->p.bad > g->p.good)
		return g->p.worst;
	if (g->p.bad)
		verdict_watch(g, g->p.worst);
	return SG_REASON_NONE;
}

/* A segment of TCP in which no message begins, or one that was charged before. */
static __always_inline __u32 guard_judge_segment(struct guard *g)
{
	if (g->p.stream == STREAM_STRAY)
		return stray_check(g);
	if (g->p.stream == STREAM_EMPTY)
		return SG_REASON_NONE;
	if (g->p.behind)
		return g->p.behind;
	return segment_check(g);
}

/* What a message is charged to before a byte of its header is read. */
static __always_inline __u32 guard_judge_limits(struct guard *g, struct buckets *buckets)
{
	__u32 reason;

	if (pays_budget(g))
		JUDGE(greylist_check(g));
	if (pays_total(g))
		JUDGE(total_check(g));
	*buckets = limits_find(g);
	reason = flow_check(g, buckets);
	if (reason && is_to_blame(g))
		JUDGE(flow_offends(g, SG_OFFENCE_FLOOD));
	JUDGE(reason);
	if (pays_budget(g))
		JUDGE(share_check(g, buckets));
	JUDGE(source_check(g, buckets));
	JUDGE(method_check(g, buckets));
	if (g->p.syn) {
		JUDGE(connection_check(g));
		JUDGE(connections_check(g));
		connection_charge(g);
	}
	limits_charge(g, buckets);
	return SG_REASON_NONE;
}

/* A packet for a guarded port. */
static __always_inline __u32 guard_judge(hook_ctx *ctx, struct guard *g)
{
	__u32 list = lists_find(g), reason, paid;
	struct buckets buckets = {};

	guard_classify(ctx, g, list);
	if (list == SG_LIST_ALLOW) {
		g->p.rest = 0;
		verdict_allowed(g);
		return SG_REASON_NONE;
	}
	zone_find(g, sg_interface);
	/* Before any exit: of several datagrams those behind a bad one are charged, too. */
	total_find(g);
	if (list == SG_LIST_DENY)
		JUDGE(SG_REASON_DENY_LIST);
	JUDGE(policy_zone_check(g));
	flow_know(g);
	/* The wider ban first: it explains more. */
	if (list != SG_LIST_OWN) {
		JUDGE(ban_source_check(g));
		JUDGE(ban_flow_check(g));
	}

	JUDGE(sender_check(g));
	JUDGE(policy_transport_check(g));
	JUDGE(udp_check(g));
	JUDGE(fragment_check(g));
	JUDGE(guard_check_class(g));

	reason = segment_applies(&g->p) ? guard_judge_segment(g)
					: guard_judge_limits(g, &buckets);
	guard_put_off(ctx, g, reason);
	JUDGE(reason);
	if (g->p.stream > STREAM_PART)
		return SG_REASON_NONE;
	paid = g->p.paid;
	reason = guard_judge_first(ctx, g);
	if (reason)
		return reason;
	if (!g->copy)
		method_charge(g, &buckets);
	guard_learn(g);
	if (paid) { /* it was counted when it began */
		g->class = SG_CLASS_OTHER;
		g->method = SG_METHOD_NONE;
	}
	return SG_REASON_NONE;
}

/*
 * A segment has its verdict; if it passes, its connection goes on. So it does in a capture, where
 * the segment does not come again.
 */
static __always_inline void guard_keep(struct guard *g, __u32 reason, int action)
{
	if (!stream_has_moved(&g->p))
		return;
	if (action != VERDICT_PASS && !sg_syn_opens)
		stream_refuse(g, reason);
	else if (!stream_goes_on(&g->p))
		stream_commit(g);
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

/* A packet whose headers were followed to `kind`, enum packet_kind. A reason or none. */
static __always_inline __u32 guard_judge_kind(hook_ctx *ctx, struct guard *g, int kind)
{
	__u32 reason, class, method;

	if (kind == PACKET_FOREIGN)
		return SG_REASON_NONE;
	if (kind != PACKET_PORTS) {
		zone_find(g, sg_interface);
		return kind == PACKET_FRAGMENT ? guard_judge_fragment(g)
					       : guard_judge_unreached(g, kind);
	}
#if HOOK_SKB
	datagrams_begin(&g->p, ctx->gso_size);
#endif
	if (!g->role)
		return SG_REASON_NONE;
	g->guarded = 1;
	reason = guard_judge(ctx, g);
	if (g->p.stream || (HOOK_SKB && g->p.rest && is_of_message(reason))) {
		/* The packet is counted as its first message. */
		class = g->class;
		method = g->method;
		reason = guard_judge_rest(ctx, g, reason);
		g->class = class;
		g->method = method;
	}
	return reason;
}

#if !SHADOW
/* Whether a packet gets the answer that one like it has got. Coalesced datagrams may differ. */
static __always_inline bool guard_rushes(hook_ctx *ctx, struct guard *g, __u32 frame)
{
#if HOOK_SKB
	if (ctx->gso_size)
		return false;
#endif
	return rush_holds(ctx, g, frame);
}
#endif

/*
 * What the headers of a packet say, as enum packet_kind; or KIND_UNGUARDED at once, for a port that
 * is not guarded, as most are. A shadow has to know whose it is all the same.
 */
static __always_inline int guard_read(hook_ctx *ctx, __u32 frame, struct guard *g)
{
	struct glance glance;
	bool plain;
	int kind;

	guard_open(g);
#if !SHADOW
	if (guard_rushes(ctx, g, frame))
		return KIND_RUSH;
#endif
	plain = packet_glance(ctx, &glance);
	if (!plain)
		headers_pull(ctx, frame, HEADERS_MAX);
	if (plain)
		g->role = port_role(g, glance.transport, glance.port);
	if (plain && !g->role && !SHADOW)
		return KIND_UNGUARDED;
	guard_clear(g);
	if (plain && packet_read_plain(&g->p, &glance, frame))
		return PACKET_PORTS;
	kind = packet_read(ctx, &g->p, frame, 0);
	g->role = port_role(g, g->p.transport, g->p.port);
	return kind;
}

/* The reason that ends the way of a packet that was read, or none. */
static __always_inline __u32 guard_reason(hook_ctx *ctx, struct guard *g, int kind)
{
	__u32 reason;

	packet_tag(ctx, &g->p);
	g->now = clock_now();
	reason = forget(guard_judge_kind(ctx, g, kind), g->now);
	if (g->p.first_fragment)
		fragment_remember(g, reason ? reason : g->watched);
	return reason;
}

#if SHADOW
#include "shadow.bpf.h"
#else
/*
 * Does nothing: while a shadow policy is tried, its program stands in for this (shadow.bpf.h).
 * Neither the compiler nor the verifier may rely on what is here.
 */
__noinline int shadow(hook_ctx *ctx, __u32 reason)
{
	asm volatile("" : : "r"(ctx), "r"(reason) : "memory");
	return 0;
}

/* Not even the call of an empty function while there is none: with mitigations it takes 7 ns. */
static __always_inline void guard_shadow(hook_ctx *ctx, const struct guard *g, __u32 reason)
{
	if (g->shadowed)
		shadow(ctx, reason);
}

static __always_inline int guard_packet(hook_ctx *ctx, __u32 frame)
{
	struct guard *g = map_guard();
	int kind, action;
	__u32 reason;

	if (!g)
		return VERDICT_PASS;
	kind = guard_read(ctx, frame, g);
	if (kind == KIND_UNGUARDED || (g->trial && trial_is_over())) {
		guard_shadow(ctx, g, SHADOW_UNGUARDED);
		return verdict_unguarded(frame);
	}
	guard_shadow(ctx, g, SHADOW_BEGINS);
	reason = kind == KIND_RUSH ? forget(g->rush.reason, g->now) : guard_reason(ctx, g, kind);
	action = verdict(ctx, g, reason);
	if (g->p.stream)
		guard_keep(g, reason, action);
	else if (action == VERDICT_DROP && kind != KIND_RUSH)
		rush_look(g, reason);
	guard_shadow(ctx, g, reason);
	return action;
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
#endif
