/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Step 5: the budget of unlisted sources and the limits of one source.
 *
 * Sources get no entries of their own: a table that grows or evicts by source address is what a
 * flood of random sources attacks. A source is hashed with a secret into one slot in each of two
 * rows, and is over a limit only if it is over in both, so one heavy neighbour in one row costs it
 * nothing. What is refused is not charged, so a slot recovers at the limit's rate.
 *
 * The budget is looked at first, without writing: while it is spent, random sources are refused
 * before they touch the table, which keeps both the cache and the slots clean.
 */
#ifndef SIPGUARD_LIMITS_BPF_H
#define SIPGUARD_LIMITS_BPF_H

#include "guard.bpf.h"
#include "siphash.h"

/*
 * The guard's clock, in ns: the only one the data path reads. Jiffies cost 2 ns where
 * bpf_ktime_get_coarse_ns costs 15 and bpf_ktime_get_ns 30. Limits therefore move in steps of a
 * tick (1 to 10 ms); a burst that is smaller than one tick's worth would throttle the rate, so
 * userspace refuses it.
 */
static __always_inline __u64 clock_now(void)
{
	__u64 jiffies = bpf_jiffies64(), tick = sg_tick;

	return tick ? jiffies * tick : sg_replay_clock;
}

/* What all CPUs charge together. A lost race is tried again; after four, nothing is charged. */
static __always_inline void gcra_charge(__u64 *tat, __u64 now, const struct sg_limit *limit)
{
	for (int i = 0; i < 4; i++) {
		__u64 old = *(volatile __u64 *)tat;

		if (!sg_gcra_conforms(old, now, limit))
			return;
		if (__sync_val_compare_and_swap(tat, old, sg_gcra_next(old, now, limit)) == old)
			return;
	}
}

/*
 * What one source charges: two CPUs that do it at once may charge it once. They have both looked at
 * it before, so a compare and swap would not refuse one of them, either; two that hammer one source
 * let as many messages in with it as without, and it takes 3 ns.
 */
static __always_inline void gcra_charge_alone(__u64 *tat, __u64 now, const struct sg_limit *limit)
{
	__u64 old = *(volatile __u64 *)tat;

	if (sg_gcra_conforms(old, now, limit))
		*(volatile __u64 *)tat = sg_gcra_next(old, now, limit);
}

static __always_inline bool gcra_spent(__u64 *tat, __u64 now, const struct sg_limit *limit)
{
	return !sg_gcra_conforms(*(volatile __u64 *)tat, now, limit);
}

/*
 * Not static: for a static table libbpf 1.1.2 leaves the offset 0 that clang 14 wrote into .BTF,
 * the kernel refuses the BTF ("Invalid offset"), and without it every global function is verified
 * as an inlined one, which does not end.
 */
const __u8 sg_limit_of_method[] = {
#define X(name, label, limit) [SG_METHOD_##name] = SG_LIMIT_##limit,
	SG_METHODS(X)
#undef X
};

const __u8 sg_reason_of_limit[] = {
#define X(name, key, rate, burst, reason) [SG_LIMIT_##name] = SG_REASON_##reason,
	SG_LIMITS(X)
#undef X
};

/* Which limit a message is charged to beside SOURCE; a TCP connection only to SOURCE. */
static __always_inline __u32 limit_of(const struct guard *g)
{
	__u32 method = g->method;

	barrier_var(method); /* or another register is compared than is the index */
	switch (g->class) {
	case SG_CLASS_REQUEST:
		return method < SG_METHOD__MAX ? sg_limit_of_method[method] : SG_LIMIT_OTHER;
	case SG_CLASS_RESPONSE:
		return SG_LIMIT_RESPONSE;
	case SG_CLASS_KEEPALIVE:
	case SG_CLASS_STUN:
		return SG_LIMIT_KEEPALIVE;
	default:
		return g->p->syn ? SG_LIMIT_SOURCE : SG_LIMIT_OTHER;
	}
}

/*
 * TCP is charged where something begins: a connection, a message. The rest of a stream is already
 * paid for, and dropping it would only have it sent again.
 */
static __always_inline bool limits_apply(const struct guard *g)
{
	return g->p->transport == IPPROTO_UDP || g->p->syn ||
	       (g->class != SG_CLASS_OTHER && g->class != SG_CLASS_TLS);
}

static __always_inline __u32 budget_check(struct guard *g)
{
	__u64 *tat = &g->state->total_tat[SG_TOTAL_UNLISTED_TOTAL];

	if (!g->listed && gcra_spent(tat, g->now, &g->config->total[SG_TOTAL_UNLISTED_TOTAL]))
		return SG_REASON_UNLISTED_BUDGET;
	return SG_REASON_NONE;
}

/*
 * A limit's number as an index. Without the barrier the compiler drops the mask, since it sees that
 * the tables above hold nothing larger, and the verifier, which does not, refuses the access
 * ("R1 unbounded memory access", clang 14 and 19, 6.18).
 */
static __always_inline __u32 limit_index(__u32 id)
{
	barrier_var(id);
	return id & (SG_LIMIT__MAX - 1);
}

static __always_inline const struct sg_limit *limit_in_force(const struct guard *g, __u32 id)
{
	return &g->config->zone[g->zone & (SG_ZONES - 1)].limit[limit_index(id)];
}

static __always_inline __u64 source_hash(const struct guard *g)
{
	struct sg_memo *memo = &g->stats->memo;

	if (memo->hashed_source != g->p->source) {
		memo->hash = sg_siphash(g->p->source, g->state->secret[0], g->state->secret[1]);
		memo->hashed_source = g->p->source;
	}
	return memo->hash;
}

/* Finds the slots of the source and the limit of this message. False only if a map is missing. */
static __always_inline bool limits_find(struct guard *g)
{
	__u64 hash = source_hash(g);
	__u32 first = hash & (SG_SLOT_ROW - 1);
	__u32 second = SG_SLOT_ROW + (hash >> 32 & (SG_SLOT_ROW - 1));

	g->limit = limit_of(g);
	g->first = bpf_map_lookup_elem(&sg_slots, &first);
	g->second = bpf_map_lookup_elem(&sg_slots, &second);
	return g->first && g->second;
}

static __always_inline bool limit_spent(const struct guard *g, __u32 id)
{
	const struct sg_limit *limit = limit_in_force(g, id);

	return gcra_spent(&g->first->tat[limit_index(id)], g->now, limit) &&
	       gcra_spent(&g->second->tat[limit_index(id)], g->now, limit);
}

static __always_inline __u32 source_check(const struct guard *g)
{
	return limit_spent(g, SG_LIMIT_SOURCE) ? SG_REASON_LIMIT_SOURCE : SG_REASON_NONE;
}

static __always_inline __u32 method_check(const struct guard *g)
{
	/* Was checked before; in monitor mode it would be counted twice. */
	if (g->limit == SG_LIMIT_SOURCE)
		return SG_REASON_NONE;
	return limit_spent(g, g->limit) ? sg_reason_of_limit[limit_index(g->limit)]
					: SG_REASON_NONE;
}

static __always_inline void limit_charge(const struct guard *g, __u32 id)
{
	const struct sg_limit *limit = limit_in_force(g, id);

	gcra_charge_alone(&g->first->tat[limit_index(id)], g->now, limit);
	gcra_charge_alone(&g->second->tat[limit_index(id)], g->now, limit);
}

/* Charges an admitted message to all that it belongs to. */
static __always_inline void limits_charge(const struct guard *g)
{
	if (!g->listed)
		gcra_charge(&g->state->total_tat[SG_TOTAL_UNLISTED_TOTAL], g->now,
			    &g->config->total[SG_TOTAL_UNLISTED_TOTAL]);
	limit_charge(g, SG_LIMIT_SOURCE);
	if (g->limit != SG_LIMIT_SOURCE)
		limit_charge(g, g->limit);
}

#endif
