/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The last step, and the only place that knows what an action of XDP or tc is: modes, counters,
 * verdict.
 */
#ifndef SIPGUARD_VERDICT_BPF_H
#define SIPGUARD_VERDICT_BPF_H

#include "context.bpf.h"
#include "state/fragments.bpf.h"

static __always_inline void count_frame(struct sg_counter *counter, __u32 frame)
{
	counter->packets++;
	counter->bytes += frame;
}

static __always_inline void count(const struct guard *g, struct sg_counter *counter)
{
	count_frame(counter, g->p->frame);
}

/* Counts a reason that would end the way of a packet, which goes on. */
static __always_inline void verdict_watch(struct guard *g, __u32 reason)
{
	barrier_var(reason); /* keeps the bound, as in limit_index() */
	if (reason >= SG_REASON__MAX)
		return;
	count(g, &g->stats->reason[reason].would_drop);
	if (!g->p->watched)
		g->p->watched = reason;
}

/*
 * Whether a reason ends the way of a packet. One that is off is not looked at; one that only
 * monitors is counted, and the packet goes on: it must not shield from the reasons behind it.
 */
static __always_inline bool verdict_is_final(struct guard *g, __u32 reason)
{
	barrier_var(reason); /* keeps the bound, as in limit_index() */
	if (reason == SG_REASON_NONE || reason >= SG_REASON__MAX)
		return false;
	if (g->config->mode[reason] == SG_MODE_ENFORCE)
		return true;
	if (g->config->mode[reason] == SG_MODE_MONITOR)
		verdict_watch(g, reason);
	return false;
}

/* In the order of the counters of struct sg_tally. */
enum outcome {
	OUTCOME_PASSED,
	OUTCOME_WOULD_DROP,
	OUTCOME_DROPPED,
};

/* Counts under one of `size` tallies. The barriers keep the bounds, as in limit_index(). */
static __always_inline void verdict_count(const struct guard *g, struct sg_tally *tallies,
					  __u32 index, __u32 size, __u32 outcome)
{
	barrier_var(index);
	barrier_var(outcome);
	if (index < size && outcome <= OUTCOME_DROPPED)
		count(g, (struct sg_counter *)&tallies[index] + outcome);
}

/* What the hook is told; at tc the next program may still see what passes. */
#if HOOK_SKB
#define VERDICT_PASS TC_ACT_UNSPEC
#define VERDICT_DROP TC_ACT_SHOT
#else
#define VERDICT_PASS XDP_PASS
#define VERDICT_DROP XDP_DROP
#endif

static __always_inline int verdict_unguarded(const struct guard *g, __u32 frame)
{
	count_frame(&g->stats->unguarded[sg_interface], frame);
	return VERDICT_PASS;
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
__noinline int verdict_count_more(const struct packet *p, __u32 outcome)
{
	struct sg_stats *stats = map_stats();
	struct sg_counter *counter;

	if (!p || !stats || outcome > OUTCOME_DROPPED)
		return 0;
	for (__u32 method = 0; method < SG_METHOD__MAX; method++) {
		counter = (struct sg_counter *)&stats->method[method] + outcome;
		counter->packets += p->methods[method];
	}
	return 0;
}

/* Counts the packet and gives the action. A packet that was not guarded passes with one count. */
static __always_inline int verdict(struct guard *g, __u32 reason)
{
	bool would_drop = reason != SG_REASON_NONE || g->p->watched;
	enum outcome outcome = would_drop ? OUTCOME_WOULD_DROP : OUTCOME_PASSED;
	struct sg_stats *stats = g->stats;

	if (g->p->first_fragment)
		fragment_remember(g, reason ? reason : g->p->watched);
	if (!g->guarded && !would_drop)
		return verdict_unguarded(g, g->p->frame);
	stats->guarded[sg_interface]++;
	if (reason != SG_REASON_NONE && g->state->mode == SG_MODE_ENFORCE)
		outcome = OUTCOME_DROPPED;
	/* Who is watched was counted under his reasons, and passed under none. */
	if (reason || !g->p->watched)
		verdict_count(g, stats->reason, reason, SG_REASON__MAX, outcome);
	verdict_count(g, stats->class, g->class, SG_CLASS__MAX, outcome);
	verdict_count(g, stats->method, g->method, SG_METHOD__MAX, outcome);
	if (g->p->more)
		verdict_count_more(g->p, outcome);
	return outcome == OUTCOME_DROPPED ? VERDICT_DROP : VERDICT_PASS;
}

/*
 * A reply taught something (a ban, say): counted under its reason, as passed if the reason is
 * enforced, since the reply itself goes its way.
 */
static __always_inline void verdict_note(struct guard *g, __u32 reason)
{
	if (reason != SG_REASON_NONE && verdict_is_final(g, reason))
		verdict_count(g, g->stats->reason, reason, SG_REASON__MAX, OUTCOME_PASSED);
}

/*
 * Counts a reply that is dropped and gives the action; those that pass are only counted at
 * ingress.
 */
static __always_inline int verdict_reply(struct guard *g, __u32 reason)
{
	enum outcome outcome = g->state->mode == SG_MODE_ENFORCE ? OUTCOME_DROPPED
								  : OUTCOME_WOULD_DROP;

	if (reason == SG_REASON_NONE)
		return VERDICT_PASS;
	verdict_count(g, g->stats->reason, reason, SG_REASON__MAX, outcome);
	return outcome == OUTCOME_DROPPED ? VERDICT_DROP : VERDICT_PASS;
}

#endif
