// SPDX-License-Identifier: GPL-2.0-only
/*
 * The way of a packet: read guard_packet() and guard_judge() from top to bottom. Each step lives in
 * the header that is included for it and returns a reason or none; verdict.bpf.h alone turns a
 * reason into an action. Cheapest exit first.
 */
#include "packet/packet.bpf.h"      /* 1. Ethernet to UDP or TCP */
#include "packet/glance.bpf.h"      /*    the same for nearly all of them */
#include "state/fragments.bpf.h"    /*    fragments inherit the verdict of the first */
#include "packet/class.bpf.h"       /* 2. what the first bytes say it is */
#include "packet/part.bpf.h"        /*    the messages of a segment, or of several datagrams */
#include "checks/lists.bpf.h"       /* 3. allow, deny, bans, zones, what is proven */
#include "checks/greylist.bpf.h"    /* 4. in a flood strangers have to come twice */
#include "checks/limits.bpf.h"      /* 5. totals, limits of the flow and of the source */
#include "checks/segment.bpf.h"     /*    segments that are not read */
#include "checks/connections.bpf.h" /*    connections of TCP, new and live */
#include "checks/message.bpf.h"     /* 6. the grammar, and what a message tells of its flow */
#include "verdict.bpf.h"            /* 7. modes, counters, action */

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

/* KIND of a segment of TCP. */
static __always_inline __u32 guard_class_segment(hook_ctx *ctx, struct guard *g)
{
	struct packet *p = g->p;
	__u32 kind;

	p->flow = flow_hash(p, g->state);
	p->connection = stream_hash(p);
	kind = stream_glance(ctx, p, g->now);
	return kind == CLASSED(OTHER) ? (__u32)stream_class(ctx, p, g->role) : kind;
}

/* What its first message is. A segment of a source on the allow list is not looked at. */
static __always_inline void guard_classify(hook_ctx *ctx, struct guard *g, __u32 list)
{
	__u32 kind = g->p->kind;

	if (g->role == SG_PORT_UDP)
		kind = class_datagram(ctx, g->p);
	else if (list != SG_LIST_ALLOW)
		kind = guard_class_segment(ctx, g);
	kind = forget(kind, g->now);
	if (HOOK_SKB && g->p->part)
		g->p->kind = kind;
	g->class = KIND_CLASS(kind);
	g->method = KIND_METHOD(kind);
}

/*
 * Whether what the packet does may be held against its flow. Over UDP anybody can have sent it in
 * somebody's name: there are limits for it, and no ban. Nor is anybody banned whom the operator or
 * a proof has made known, or for a segment that knows no number of the connection.
 */
static __always_inline bool is_to_blame(const struct guard *g)
{
	return g->p->transport == IPPROTO_TCP && g->p->assumed != STREAM_GUESSED && pays_budget(g);
}

/*
 * Whether a message of one user may pass that would be dropped, since its segment would come again
 * and again, and the other users of a proven connection would wait behind it.
 */
static __always_inline bool guard_spares(const struct guard *g)
{
	return g->p->transport == IPPROTO_TCP && is_proven(g) && flow_is_shared(g->p);
}

/*
 * What a message that breaks no rule tells, and what its fingerprint gives: a reason that ends its
 * way or none, and MESSAGE_COPY if it is no new transaction.
 */
static __always_inline __u32 guard_tell(struct guard *g, __u32 about)
{
	__u32 told, reason;

	if (g->class == SG_CLASS_RESPONSE)
		message_hear(g->p, g->slot, is_proven(g) && !g->listed);
	if (g->class != SG_CLASS_REQUEST || g->p->stream == STREAM_PART)
		return SG_REASON_NONE;
	told = message_learn(g->p, g->slot, about);
	reason = told & ~MESSAGE_COPY;
	if (reason == SG_REASON_SCANNER && is_to_blame(g))
		flow_offends(g->p, g->slot, SG_OFFENCE_SCANNER);
	if (!verdict_is_final(g, reason))
		return told & MESSAGE_COPY;
	if (g->p->assumed != STREAM_GUESSED && !guard_spares(g))
		return reason;
	verdict_watch(g, reason);
	return told & MESSAGE_COPY;
}

/* What begins where a message should, and is none: for it, too, what guard_judge_faults() says. */
static __always_inline __u32 guard_check_class(struct guard *g)
{
	__u32 reason = class_check(g);

	if (reason == SG_REASON_NONE || pays_budget(g) || g->p->transport != IPPROTO_TCP)
		return reason;
	if (verdict_is_final(g, reason))
		verdict_watch(g, reason);
	return SG_REASON_NONE;
}

/*
 * A message that breaks a rule. A dropped segment of TCP is a dead connection, since it comes again
 * from the same byte, and dies with all messages of all users behind it. That is meant for whom
 * nobody knows; of a peer with a zone or a proven flow the fault is counted, and the server's own
 * parser has the last word.
 */
static __always_inline __u32 guard_judge_faults(struct guard *g, __u64 faults)
{
	bool known = !pays_budget(g);
	__u32 reason = message_judge(g->p, faults, g->slot,
				     known && g->p->transport == IPPROTO_TCP);

	if (reason != SG_REASON_NONE && is_to_blame(g))
		JUDGE(flow_offends(g->p, g->slot, SG_OFFENCE_MALFORMED));
	return reason;
}

/* A message that was admitted: as guard_tell(), or the reason of its first fault. */
static __always_inline __u32 guard_judge_message(hook_ctx *ctx, struct guard *g)
{
	bool applies = message_applies(KIND(g->class, g->method));
	__u64 faults = applies ? message_read(ctx, g->p, g->slot) : 0;
	__u32 reason = faults ? guard_judge_faults(g, faults) : SG_REASON_NONE;

	if (reason)
		return reason;
	if (applies)
		JUDGE(message_head_check(ctx, g));
	return guard_tell(g, message_about(g));
}

/*
 * Whether a segment goes on its way though a reason has ended that: in monitor mode it passes, and
 * in a capture it does not come again. Where its messages end has to be known all the same, for
 * those that follow.
 */
static __always_inline bool guard_goes_on(const struct sg_state *state)
{
	return sg_syn_opens || (state && state->mode == SG_MODE_MONITOR);
}

/* From here on messages are only read. */
static __always_inline void guard_skims(struct packet *p, __u32 reason)
{
	p->skims = 1;
	p->worst = reason;
}

/* As guard_judge_more(), of a message that is not one of several datagrams. */
static __always_inline __u32 guard_judge_one(struct guard *g, __u64 faults, __u32 who)
{
	__u32 told;

	JUDGE(guard_check_class(g));
	if (faults)
		JUDGE(guard_judge_faults(g, faults));
	told = guard_tell(g, message_about(g));
	part_charge(g->p, g->slot, g->p->kind, who, told & MESSAGE_COPY);
	return told & ~MESSAGE_COPY;
}

/*
 * Judges one more message of a frame, which was read and has these faults, and charges it. A reason
 * that ends the way of the frame, or none: of several datagrams it is only counted. `who`: WHO().
 * Global, and apart from the reading of the message: in the loop over messages each of its ways
 * would be followed for each of them, and below it there is no stack left for the reader (6.1).
 */
__noinline int guard_judge_more(struct packet *p, __u32 slot, __u64 faults, __u32 who)
{
	__u32 kind = p ? p->kind : 0, reason;
	struct guard guard = {
		.p = p,
		.config = map_config(slot),
		.stats = map_stats(),
		.slot = slot & 1,
		.class = KIND_CLASS(kind),
		.method = KIND_METHOD(kind),
		.proof = WHO_PROOF(who),
		.listed = WHO_LISTED(who),
	}, *g = &guard;

	if (!p || !g->config || !g->stats)
		return SG_REASON_NONE;
	verdict_more(p, g->method);
	if (p->skims)
		return SG_REASON_NONE;
	reason = guard_judge_one(g, faults, who);
	if (HOOK_SKB && p->part)
		datagram_count(p, reason);
	else if (!reason || !guard_goes_on(map_state()))
		return reason;
	else
		guard_skims(p, reason);
	return SG_REASON_NONE;
}

/*
 * The messages of a frame behind the first one. Of a segment the first bad one ends the way; of
 * several datagrams all are looked at.
 */
static __always_inline __u32 guard_judge_each(hook_ctx *ctx, struct packet *p, __u32 slot,
					      __u32 who)
{
	__u32 reason;
	__u64 faults;

	for (int i = 1; i < SG_PARTS; i++) {
		if (stream_next(ctx, p) < 0)
			return SG_REASON_NONE;
		faults = message_read(ctx, p, slot);
		reason = guard_judge_more(p, slot, faults, who);
		if (reason)
			return reason;
	}
	if (p->stream)
		p->stream = STREAM_LOST;
	return SG_REASON_NONE;
}

/* The rest of a segment, whose first message has this reason, or none. */
static __always_inline __u32 guard_judge_stream(hook_ctx *ctx, struct guard *g, __u32 reason,
						__u32 who)
{
	struct packet *p = g->p;

	if (p->stream != STREAM_READ)
		return reason;
	if (reason) {
		if (!guard_goes_on(g->state))
			return reason;
		guard_skims(p, reason);
		message_read(ctx, p, g->slot);
	} else if (stream_ends(p)) {
		return SG_REASON_NONE;
	}
	reason = guard_judge_each(ctx, p, g->slot, who);
	return p->skims ? p->worst : reason;
}

/*
 * The rest of a frame, whose first message has this reason, or none. Several datagrams get one
 * verdict: the frame is refused if more of them would be dropped than not; else the bad ones are
 * counted and pass with the good ones, which nobody may lose.
 */
static __always_inline __u32 guard_judge_rest(hook_ctx *ctx, struct guard *g, __u32 reason)
{
	__u32 who = WHO(g->zone, g->proof, g->listed);
	struct packet *p = g->p;

	if (!HOOK_SKB || !p->rest)
		return guard_judge_stream(ctx, g, reason, who);
	datagram_count(p, reason);
	guard_judge_each(ctx, p, g->slot, who);
	if (p->bad > p->good)
		return p->worst;
	if (p->bad)
		verdict_watch(g, p->worst);
	return SG_REASON_NONE;
}

/* A segment of TCP in which no message begins, or one that was charged before. */
static __always_inline __u32 guard_judge_segment(struct guard *g)
{
	if (g->p->stream == STREAM_STRAY)
		return stray_check(g);
	if (g->p->stream == STREAM_EMPTY)
		return SG_REASON_NONE;
	if (g->p->behind)
		return g->p->behind;
	return segment_check(g->p, g->slot, g->zone, is_proven(g));
}

/* What a message is charged to before a byte of its header is read. */
static __always_inline __u32 guard_judge_limits(hook_ctx *ctx, struct guard *g)
{
	if (pays_budget(g))
		JUDGE(greylist_check(ctx, g));
	if (pays_total(g))
		JUDGE(total_check(g));
	if (!limits_find(g))
		return SG_REASON_NONE;
	if (flow_is_over(g)) {
		if (is_to_blame(g))
			JUDGE(flow_offends(g->p, g->slot, SG_OFFENCE_FLOOD));
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
	return SG_REASON_NONE;
}

/* What is refused since others send too much comes again, and gets in then. */
static __always_inline bool is_put_off(__u32 reason)
{
	return reason == SG_REASON_GREYLIST || reason == SG_REASON_UNLISTED_BUDGET ||
	       reason == SG_REASON_ZONE_TOTAL;
}

/*
 * In monitor mode a request passes where enforce mode would have it come again. It is
 * answered, so it does not come again: what it tells is learned now, or who says `enforce` in a
 * flood would know none of the phones that have registered meanwhile.
 */
static __always_inline void guard_learn(hook_ctx *ctx, struct guard *g, __u32 reason)
{
	if (is_put_off(reason) && g->class == SG_CLASS_REQUEST &&
	    g->state->mode == SG_MODE_MONITOR &&
	    !message_read(ctx, g->p, g->slot) && g->p->stream != STREAM_PART)
		message_learn(g->p, g->slot, 0);
}

/* A packet for a guarded port. */
static __always_inline __u32 guard_judge(hook_ctx *ctx, struct guard *g)
{
	__u32 list = lists_find(g), reason, told, paid;

	guard_classify(ctx, g, list);
	if (list == SG_LIST_ALLOW) {
		g->p->rest = 0;
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
	/* Over UDP garbage needs no zone to be judged, and goes no further. */
	if (g->role == SG_PORT_UDP)
		JUDGE(class_check(g));
	zones_find(g);
	total_find(g);
	if (g->role != SG_PORT_UDP)
		JUDGE(guard_check_class(g));

	reason = segment_applies(g->p) ? guard_judge_segment(g) : guard_judge_limits(ctx, g);
	guard_learn(ctx, g, reason);
	JUDGE(reason);
	if (g->p->stream > STREAM_PART)
		return SG_REASON_NONE;
	paid = g->p->paid;
	told = guard_judge_message(ctx, g);
	if (told & ~MESSAGE_COPY)
		return told;
	if (!(told & MESSAGE_COPY))
		method_charge(g);
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
	if (!stream_has_moved(g->p))
		return;
	if (action != VERDICT_PASS && !sg_syn_opens)
		stream_refuse(g->p, reason);
	else if (!stream_goes_on(g->p))
		stream_commit(g->p);
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
	if (plain && packet_read_plain(g->p, &glance, frame)) {
		kind = PACKET_PORTS;
	} else {
		kind = packet_read(ctx, g->p, frame);
		g->role = port_role(g, g->p->transport, g->p->port);
	}
	g->now = clock_now();
	if (kind == PACKET_PORTS) {
#if HOOK_SKB
		datagrams_begin(g->p, ctx->gso_size);
#endif
		g->guarded = g->role;
		if (g->guarded)
			reason = guard_judge(ctx, g);
		if (g->p->stream || (HOOK_SKB && g->p->rest && is_of_message(reason)))
			reason = guard_judge_rest(ctx, g, reason);
	} else if (kind == PACKET_FRAGMENT) {
		reason = guard_judge_fragment(g);
	} else if (kind != PACKET_FOREIGN) {
		reason = guard_judge_unreached(g, kind);
	}
	reason = forget(reason, g->now);
	kind = verdict(g, reason);
	if (g->p->stream)
		guard_keep(g, reason, kind);
	return kind;
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
