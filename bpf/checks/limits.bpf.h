/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Step 5: what strangers may together, or the sources of a zone, and the limits of one flow and of
 * one source.
 *
 * Sources get no entries of their own: a table that grows or evicts by source address is what a
 * flood of random sources attacks. A source is hashed with a secret into one slot in each of two
 * rows, so one heavy neighbour in one row costs it nothing. What is refused is not charged, so a
 * slot recovers at the limit's rate.
 *
 * The total is looked at first, without writing: while it is spent, random sources are refused
 * before they touch the table, which keeps both the cache and the slots clean.
 */
#ifndef SIPGUARD_LIMITS_BPF_H
#define SIPGUARD_LIMITS_BPF_H

#include "context.bpf.h"
#include "siphash.h"
#include "state/proven.bpf.h"

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

/* What has to be paid, whether there is enough or not: the rest is a debt. */
static __always_inline void gcra_debit(__u64 *tat, __u64 now, const struct sg_limit *limit)
{
	*(volatile __u64 *)tat = sg_gcra_next(*(volatile __u64 *)tat, now, limit);
}

static __always_inline bool gcra_spent(__u64 *tat, __u64 now, const struct sg_limit *limit)
{
	return !sg_gcra_conforms(*(volatile __u64 *)tat, now, limit);
}

/*
 * Tables of limits by hash have two rows of `row` places each, and whoever is hashed has one in
 * each: over a limit is only who is over it in both.
 */
struct rows {
	void *first;
	void *second;
};

/* NULL, either of them, only if the map is missing. */
static __always_inline struct rows rows_find(void *map, __u64 hash, __u32 row)
{
	__u32 first = hash & (row - 1), second = row + (hash >> 32 & (row - 1));

	return (struct rows){
		bpf_map_lookup_elem(map, &first), bpf_map_lookup_elem(map, &second),
	};
}

static __always_inline bool rows_spent(__u64 *first, __u64 *second, __u64 now,
				       const struct sg_limit *limit)
{
	return gcra_spent(first, now, limit) && gcra_spent(second, now, limit);
}

static __always_inline void rows_charge(__u64 *first, __u64 *second, __u64 now,
					const struct sg_limit *limit)
{
	gcra_charge_alone(first, now, limit);
	gcra_charge_alone(second, now, limit);
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
 * A limit's number as an index. Without the barrier the compiler drops the mask, since it sees that
 * the tables above hold nothing larger, and the verifier, which does not, refuses the access
 * ("R1 unbounded memory access", clang 14 and 19, 6.18).
 */
static __always_inline __u32 limit_index(__u32 id)
{
	barrier_var(id);
	return id & (SG_LIMIT__MAX - 1);
}

static __always_inline const struct sg_zone *zone_in_force(const struct guard *g)
{
	return &g->config->zone[g->zone & (SG_ZONES - 1)];
}

static __always_inline bool is_proven(const struct guard *g)
{
	return proof_counts(g->proof);
}

/*
 * A limit of the flow, by enum sg_limit_id. Of a zone's flow that is proven, the one with the
 * higher rate: a trunk whose zone has wide limits must not be narrowed by its first call.
 */
static __always_inline const struct sg_limit *flow_limit(const struct guard *g, __u32 id)
{
	const struct sg_limit *own = &zone_in_force(g)->flow[limit_index(id)];
	const struct sg_limit *proven = &g->config->proven[limit_index(id)];

	if (!is_proven(g))
		return own;
	return g->listed && own->interval < proven->interval ? own : proven;
}

static __always_inline const struct sg_limit *source_limit(const struct guard *g, __u32 id)
{
	return &zone_in_force(g)->limit[limit_index(id)];
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

static __always_inline void flow_find(struct guard *g)
{
	struct rows rows = rows_find(&sg_flow_slots, g->p->flow >> 8, SG_FLOW_ROW);

	g->flow_first = rows.first;
	g->flow_second = rows.second;
}

static __always_inline void source_find(struct guard *g)
{
	struct rows rows = rows_find(&sg_slots, source_hash(g), SG_SLOT_ROW);

	g->first = rows.first;
	g->second = rows.second;
}

/*
 * Finds the limit of this message and the slots of its flow and its source. A proven flow has
 * nothing to do with what others of its address do. False only if a map is missing.
 */
static __always_inline bool limits_find(struct guard *g)
{
	g->limit = limit_of(g);
	flow_find(g);
	if (!g->flow_first || !g->flow_second)
		return false;
	if (is_proven(g))
		return true;
	source_find(g);
	return g->first && g->second;
}

static __always_inline bool slots_spent(struct sg_slot *first, struct sg_slot *second, __u32 id,
					__u64 now, const struct sg_limit *limit)
{
	return first && second && rows_spent(&first->tat[limit_index(id)],
					     &second->tat[limit_index(id)], now, limit);
}

static __always_inline bool flow_spent(const struct guard *g, __u32 id)
{
	return slots_spent(g->flow_first, g->flow_second, id, g->now, flow_limit(g, id));
}

static __always_inline bool source_spent(const struct guard *g, __u32 id)
{
	return slots_spent(g->first, g->second, id, g->now, source_limit(g, id));
}

static __always_inline __u32 source_check(const struct guard *g)
{
	return source_spent(g, SG_LIMIT_SOURCE) ? SG_REASON_LIMIT_SOURCE : SG_REASON_NONE;
}

static __always_inline __u32 method_check(const struct guard *g)
{
	/* Was checked before; in monitor mode it would be counted twice. */
	if (g->limit == SG_LIMIT_SOURCE)
		return SG_REASON_NONE;
	return source_spent(g, g->limit) ? sg_reason_of_limit[limit_index(g->limit)]
					 : SG_REASON_NONE;
}

static __always_inline bool flow_is_over(const struct guard *g)
{
	return flow_spent(g, SG_LIMIT_SOURCE) || flow_spent(g, g->limit);
}

static __always_inline void slots_charge(struct sg_slot *first, struct sg_slot *second, __u32 id,
					 __u64 now, const struct sg_limit *limit)
{
	if (first && second)
		rows_charge(&first->tat[limit_index(id)], &second->tat[limit_index(id)], now,
			    limit);
}

static __always_inline void limit_charge(const struct guard *g, __u32 id)
{
	slots_charge(g->flow_first, g->flow_second, id, g->now, flow_limit(g, id));
	slots_charge(g->first, g->second, id, g->now, source_limit(g, id));
}

/* Whether it is one of those that share the budget. */
static __always_inline bool pays_budget(const struct guard *g)
{
	return !g->listed && !is_proven(g);
}

/* Nor is there a total for who has proven that he is there: no forger may touch him. */
static __always_inline bool pays_total(const struct guard *g)
{
	return !is_proven(g);
}

_Static_assert(SG_TOTAL_SYNS == SG_TOTAL_UNLISTED_TCP + 1, "see total_find()");

const __u8 sg_budget_of_transport[256] = {
	[IPPROTO_UDP] = SG_TOTAL_UNLISTED_TOTAL, [IPPROTO_TCP] = SG_TOTAL_UNLISTED_TCP,
};

const __u8 sg_reason_of_total[SG_TOTAL_PLACES] = {
	[0 ... SG_TOTALS_MAX - 1] = SG_REASON_UNLISTED_BUDGET,
	[SG_TOTALS_MAX ... SG_TOTAL_PLACES - 1] = SG_REASON_ZONE_TOTAL,
};

/*
 * Which total a packet pays from: that of its zone, or one of the budgets of strangers, since what
 * the greylist cannot sort must not spend what it lets in. Without a branch, or the verifier
 * follows each of four.
 */
static __always_inline void total_find(struct guard *g)
{
	__u32 id = sg_budget_of_transport[g->p->transport] + g->p->syn;
	__u32 listed = -(__u32)g->listed;

	barrier_var(listed);
	g->total = id ^ ((id ^ sg_zone_total(g->zone)) & listed);
}

/* As an index; the mask is as in limit_index(). */
static __always_inline __u32 total_index(const struct guard *g)
{
	__u32 id = g->total;

	barrier_var(id);
	return id & (SG_TOTAL_PLACES - 1);
}

static __always_inline __u64 *total_tat(const struct guard *g)
{
	return &g->state->total_tat[total_index(g)];
}

static __always_inline const struct sg_limit *total_limit(const struct guard *g)
{
	return &g->config->total[total_index(g)];
}

/*
 * Charges what counts every packet, before a byte of the message is read: that costs what it costs,
 * whatever is found. The limit of its kind is charged later, by method_charge(), and for each
 * transaction once.
 */
static __always_inline void limits_charge(const struct guard *g)
{
	if (pays_total(g))
		gcra_charge(total_tat(g), g->now, total_limit(g));
	limit_charge(g, SG_LIMIT_SOURCE);
}

static __always_inline void method_charge(const struct guard *g)
{
	if (g->limit != SG_LIMIT_SOURCE)
		limit_charge(g, g->limit);
}

static __always_inline void slots_debit(struct rows rows, __u32 id, __u64 now,
					const struct sg_limit *limit)
{
	struct sg_slot *first = rows.first, *second = rows.second;

	if (!first || !second)
		return;
	gcra_debit(&first->tat[limit_index(id)], now, limit);
	gcra_debit(&second->tat[limit_index(id)], now, limit);
}

/* Of a sender, as one number: what is known of it when the first message of a frame is judged. */
#define WHO(zone, proof, listed) ((zone) | (proof) << 8 | (listed) << 16)
#define WHO_ZONE(who) ((who) & 0xff)
#define WHO_PROOF(who) ((who) >> 8 & 0xff)
#define WHO_LISTED(who) ((who) >> 16 & 1)

/* Of unlisted sources: the upper half of its burst is for those that have sent little. */
static __always_inline bool budget_is_half_spent(const struct guard *g)
{
	return *total_tat(g) > g->now + total_limit(g)->tolerance / 2;
}

/*
 * Charges one more message of a frame, of this class and method. The first one has decided whether
 * the frame gets in, since there is one verdict for all: so what the others cost may be a debt,
 * that those behind them have to wait for. `copy`: it is no new transaction. Global, since few
 * frames have more than one message.
 */
__noinline int part_charge(const struct packet *p, __u32 slot, __u32 kind, __u32 who, __u32 copy)
{
	struct guard guard = {}, *g = &guard;
	__u32 limits[2] = {SG_LIMIT_SOURCE};
	struct rows flow, source = {};

	if (!p || !guard_open(g))
		return 0;
	g->config = map_config(slot & 1);
	if (!g->config)
		return 0;
	g->now = clock_now();
	g->zone = WHO_ZONE(who);
	g->proof = WHO_PROOF(who);
	g->listed = WHO_LISTED(who);
	g->class = kind;
	g->method = kind >> 8;
	total_find(g);
	limits[1] = copy ? SG_LIMIT_SOURCE : limit_of(g);
	flow = rows_find(&sg_flow_slots, p->flow >> 8, SG_FLOW_ROW);
	if (!is_proven(g))
		source = rows_find(&sg_slots, source_hash(g), SG_SLOT_ROW);
	/* What one stranger sends at once takes nothing from others, and arms no greylist. */
	if (pays_total(g) && (g->listed || !budget_is_half_spent(g)))
		gcra_debit(total_tat(g), g->now, total_limit(g));
	for (int i = 0; i < 2 && (!i || limits[i] != SG_LIMIT_SOURCE); i++) {
		slots_debit(flow, limits[i], g->now, flow_limit(g, limits[i]));
		slots_debit(source, limits[i], g->now, source_limit(g, limits[i]));
	}
	return 0;
}

#endif
