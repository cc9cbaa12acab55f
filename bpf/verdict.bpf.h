/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one exit, and the only place that reads modes and knows what an action of XDP or tc is:
 * whether a reason is looked for, whether it ends the way of a packet, what is counted, and the
 * action. What userspace is told of a packet leaves from here, too.
 */
#ifndef SIPGUARD_VERDICT_BPF_H
#define SIPGUARD_VERDICT_BPF_H

#include "maps.bpf.h"
#if !SHADOW
#include "events.bpf.h"
#include "state/lately.bpf.h"
#endif

/* What the hook is told; at tc the next program may still see what passes. */
#if HOOK_SKB
#define VERDICT_PASS TC_ACT_UNSPEC
#define VERDICT_DROP TC_ACT_SHOT
#else
#define VERDICT_PASS XDP_PASS
#define VERDICT_DROP XDP_DROP
#endif

/*
 * enum sg_mode of a reason, or of none. The barrier keeps the mask: the compiler knows that no
 * reason is larger, and the verifier does not ("R2 unbounded memory access", clang 19, 6.18).
 */
static __always_inline __u32 verdict_mode(const struct guard *g, __u32 reason)
{
	barrier_var(reason);
	return profile_of(g)->mode[reason & (SG_MODES - 1)];
}

/* Whether a reason is looked for at all: what is off costs nothing. */
static __always_inline bool verdict_looks(const struct guard *g, __u32 reason)
{
	return verdict_mode(g, reason) != SG_MODE_OFF;
}

/* Whether it acts once the guard's mode is enforce. Of none: no. */
static __always_inline bool verdict_enforces(const struct guard *g, __u32 reason)
{
	return verdict_mode(g, reason) == SG_MODE_ENFORCE;
}

static __always_inline void count_frame(struct sg_counter *counter, __u32 frame)
{
	counter->packets++;
	counter->bytes += frame;
}

/* Counts under one of `size` tallies. The barriers keep the bounds, as in limit_index(). */
static __always_inline void verdict_count(const struct guard *g, struct sg_tally *tallies,
					  __u32 index, __u32 size, __u32 outcome)
{
	barrier_var(index);
	barrier_var(outcome);
	if (index < size && outcome < SG_OUTCOME__MAX)
		count_frame(&tallies[index].of[outcome], g->p.frame);
}

/*
 * Counts a reason that lets the packet go on, whatever the guard's mode is. Global: inlined, it is
 * followed through all that comes after (450 000 instructions, clang 19, 6.18).
 */
__noinline int verdict_watch(struct guard *g, __u32 reason)
{
	struct sg_stats *stats = map_stats();

	if (!g || !stats)
		return 0;
	verdict_count(g, stats->reason, reason, SG_REASON__MAX, SG_OUTCOME_WATCHED);
	if (!g->watched)
		g->watched = reason;
	return 0;
}

#if !SHADOW
/*
 * Of a guard on trial: whether its time is over and it lets everything pass. That of its mode ends
 * here, too, and then the packet is judged in monitor mode. Global: it is in the way of no packet
 * while there is no trial.
 */
__noinline int trial_is_over(void)
{
	__u64 until = *(const volatile __u64 *)&sg_state.trial_until;

	if (!until || clock_now() < until)
		return 0;
	if (sg_state.trial == SG_TRIAL_DETACH)
		return 1;
	*(volatile __u32 *)&sg_state.mode = SG_MODE_MONITOR;
	return 0;
}
#endif

/*
 * Whether a reason ends the way of a packet. One that is off is not looked at; one that only
 * monitors is counted, and the packet goes on: it must not shield from the reasons behind it.
 */
static __always_inline bool verdict_is_final(struct guard *g, __u32 reason)
{
	__u32 mode;

	if (reason == SG_REASON_NONE)
		return false;
	mode = verdict_mode(g, reason);
	if (mode == SG_MODE_ENFORCE)
		return true;
	if (mode == SG_MODE_MONITOR)
		verdict_watch(g, reason);
	return false;
}

#if SHADOW
/* It does nothing, and differences are all that is told of it. */
static __always_inline void verdict_banned(__attribute__((unused)) const struct guard *g,
					   __attribute__((unused)) __u32 cause)
{
}
#else
/* Who follows the guard is told what became of a packet that has a reason, and who asks later. */
static __always_inline void verdict_tell(hook_ctx *ctx, struct guard *g, __u32 reason,
					 __u32 outcome)
{
	__u32 packets;

	if (!reason)
		return;
	packets = lately_weight(g);
	if (packets)
		lately_note(g, reason, outcome, packets);
	if (event_is_heard(g))
		event_tell(ctx, g, EVENT(SG_EVENT_PACKET, reason, outcome));
}

/* A flow was banned for an offence, by a program that has no packet at hand any more. */
static __always_inline void verdict_banned(const struct guard *g, __u32 cause)
{
	if (event_is_heard(g))
		event_ban(g, EVENT(SG_EVENT_BAN, cause, SG_OUTCOME_DROPPED));
}
#endif

static __always_inline int verdict_unguarded(__u32 frame)
{
	struct sg_stats *stats = map_stats();

	if (stats)
		count_frame(&stats->unguarded[sg_interface], frame);
	return VERDICT_PASS;
}

/* A source on the allow list. */
static __always_inline void verdict_allowed(const struct guard *g)
{
	struct sg_stats *stats = map_stats();

	if (stats)
		count_frame(&stats->allowed, g->p.frame);
}

/* One more message of a frame. */
static __always_inline void verdict_more(struct packet *p, __u32 method)
{
	if (!p->more)
		__builtin_memset(p->methods, 0, sizeof(p->methods));
	p->more = 1;
	barrier_var(method);
	p->methods[method & (sizeof(p->methods) - 1)]++;
}

/* Counts the methods of the messages behind the first one, which share the frame's outcome. */
__noinline int verdict_count_more(const struct guard *g, __u32 outcome)
{
	struct sg_stats *stats = map_stats();

	if (!g || !stats || outcome >= SG_OUTCOME__MAX)
		return 0;
	for (__u32 method = 0; method < SG_METHOD__MAX; method++)
		stats->method[method].of[outcome].packets += g->p.methods[method];
	return 0;
}

#if !SHADOW
/* Counts the packet and gives the action. A packet that was not guarded passes with one count. */
static __always_inline int verdict(hook_ctx *ctx, struct guard *g, __u32 reason)
{
	enum sg_outcome outcome = reason ? SG_OUTCOME_WOULD_DROP : SG_OUTCOME_PASSED;
	struct sg_stats *stats = map_stats();

	if (!stats)
		return VERDICT_PASS;
	if (!g->guarded && reason == SG_REASON_NONE && !g->watched) {
		count_frame(&stats->unguarded[sg_interface], g->p.frame);
		return VERDICT_PASS;
	}
	stats->guarded[sg_interface]++;
	if (reason != SG_REASON_NONE && sg_state.mode == SG_MODE_ENFORCE)
		outcome = SG_OUTCOME_DROPPED;
	/* What was watched was counted under those reasons, and passes under none. */
	if (reason || !g->watched)
		verdict_count(g, stats->reason, reason, SG_REASON__MAX, outcome);
	verdict_count(g, stats->class, g->class, SG_CLASS__MAX, outcome);
	verdict_count(g, stats->method, g->method, SG_METHOD__MAX, outcome);
	if (g->p.more)
		verdict_count_more(g, outcome);
	verdict_tell(ctx, g, reason ? reason : g->watched, reason ? outcome : SG_OUTCOME_WATCHED);
	return outcome == SG_OUTCOME_DROPPED ? VERDICT_DROP : VERDICT_PASS;
}

/*
 * A reply taught something (a ban, say): counted under its reason, as passed if the reason is
 * enforced, since the reply itself goes its way.
 */
static __always_inline void verdict_note(hook_ctx *ctx, struct guard *g, __u32 reason)
{
	struct sg_stats *stats = map_stats();

	if (!verdict_is_final(g, reason) || !stats)
		return;
	verdict_count(g, stats->reason, reason, SG_REASON__MAX, SG_OUTCOME_PASSED);
	verdict_tell(ctx, g, reason, SG_OUTCOME_PASSED);
}

/*
 * Counts a reply that is dropped and gives the action; those that pass are only counted at
 * ingress.
 */
static __always_inline int verdict_reply(hook_ctx *ctx, struct guard *g, __u32 reason)
{
	enum sg_outcome outcome = sg_state.mode == SG_MODE_ENFORCE ? SG_OUTCOME_DROPPED
								    : SG_OUTCOME_WOULD_DROP;
	struct sg_stats *stats = map_stats();

	if (reason == SG_REASON_NONE || !stats)
		return VERDICT_PASS;
	verdict_count(g, stats->reason, reason, SG_REASON__MAX, outcome);
	verdict_tell(ctx, g, reason, outcome);
	return outcome == SG_OUTCOME_DROPPED ? VERDICT_DROP : VERDICT_PASS;
}
#endif

#endif
