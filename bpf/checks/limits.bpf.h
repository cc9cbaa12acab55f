/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Step 5: what strangers may together, or the sources of a zone, and the limits of one flow and of
 * one source.
 *
 * The total is looked at first, without writing: while it is spent, random sources are refused
 * before they touch the table, which keeps both the cache and the buckets clean.
 */
#ifndef SIPGUARD_LIMITS_BPF_H
#define SIPGUARD_LIMITS_BPF_H

#include "maps.bpf.h"
#include "packet/class.bpf.h"
#include "state/proven.bpf.h"

/*
 * Not static: for a static table libbpf 1.1.2 leaves the offset 0 that clang 14 wrote into .BTF,
 * the kernel refuses the BTF ("Invalid offset"), and without it every global function is verified
 * as an inlined one, which does not end.
 */
const __u8 sg_limit_of_method[] = {
#define X(name, label, limit, ...) [SG_METHOD_##name] = SG_LIMIT_##limit,
	SG_METHODS(X)
#undef X
};

const __u8 sg_reason_of_limit[] = {
#define X(name, key, rate, burst, reason, ...) [SG_LIMIT_##name] = SG_REASON_##reason,
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
		return g->p.syn ? SG_LIMIT_SOURCE : SG_LIMIT_OTHER;
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

static __always_inline bool is_proven(const struct guard *g)
{
	return proof_counts(g->proof);
}

/*
 * A limit of the flow, by enum sg_limit_id. Of a zone's flow that is proven, the one with the
 * higher rate: a trunk whose zone has wide limits must not be narrowed by its first call. It stays
 * with the packet for all its way, so the verifier is let forget which one it is; what it knows of
 * it is the bound.
 */
static __always_inline const struct sg_limit *flow_limit(const struct guard *g, __u32 id)
{
	const struct sg_config *config = config_of(g);
	const struct sg_limit *own = &profile_of(g)->flow[limit_index(id)];
	const struct sg_limit *proven = &config->proven[limit_index(id)];
	__u32 at = (const void *)own - (const void *)config;

	if (is_proven(g) && !(g->in_zone && own->interval < proven->interval))
		at = (const void *)proven - (const void *)config;
	at = forget(at, g->now);
	if (at > sizeof(*config) - sizeof(*own))
		at = 0;
	return (const void *)config + at;
}

static __always_inline const struct sg_limit *source_limit(const struct guard *g, __u32 id)
{
	return &profile_of(g)->limit[limit_index(id)];
}

/*
 * Where a flow and its source have what they spent, and what they may. Pointers, so they stay with
 * who looked; no more of them than there is stack for (6.1).
 */
struct buckets {
	struct rows flow;
	struct rows source; /* NULLs: of a proven flow, which has nothing to do with its address */
	const struct sg_limit *flow_all, *flow_kind; /* all messages, and those of this kind */
};

/* Finds the limit of this message and the buckets of its flow and its source. */
static __always_inline struct buckets limits_find(struct guard *g)
{
	struct buckets buckets = {
		.flow = rows_find(&sg_flow_buckets, g->p.flow >> 8, sg_sizes.flow_row),
	};

	g->limit = limit_of(g);
	buckets.flow_all = flow_limit(g, SG_LIMIT_SOURCE);
	buckets.flow_kind = flow_limit(g, g->limit);
	if (!is_proven(g))
		buckets.source = rows_find(&sg_src_buckets, source_hash(&g->p),
					   sg_sizes.source_row);
	return buckets;
}

static __always_inline bool buckets_spent(struct rows rows, __u32 id, __u64 now,
					const struct sg_limit *limit)
{
	struct sg_buckets *first = rows.first, *second = rows.second;

	return first && second && rows_spent(&first->tat[limit_index(id)],
					     &second->tat[limit_index(id)], now, limit);
}

static __always_inline __u32 source_check(const struct guard *g, const struct buckets *buckets)
{
	const struct sg_limit *limit = source_limit(g, SG_LIMIT_SOURCE);

	return buckets_spent(buckets->source, SG_LIMIT_SOURCE, g->now, limit)
		       ? SG_REASON_LIMIT_SOURCE : SG_REASON_NONE;
}

static __always_inline __u32 method_check(const struct guard *g, const struct buckets *buckets)
{
	/* Was checked before; in monitor mode it would be counted twice. */
	if (g->limit == SG_LIMIT_SOURCE)
		return SG_REASON_NONE;
	return buckets_spent(buckets->source, g->limit, g->now, source_limit(g, g->limit))
		       ? sg_reason_of_limit[limit_index(g->limit)] : SG_REASON_NONE;
}

static __always_inline __u32 flow_check(struct guard *g, const struct buckets *buckets)
{
	if (buckets_spent(buckets->flow, g->limit, g->now, buckets->flow_kind))
		g->flow_limit = g->limit;
	else if (buckets_spent(buckets->flow, SG_LIMIT_SOURCE, g->now, buckets->flow_all))
		g->flow_limit = SG_LIMIT_SOURCE;
	else
		return SG_REASON_NONE;
	return SG_REASON_LIMIT_FLOW;
}

static __always_inline void buckets_charge(struct rows rows, __u32 id, __u64 now,
					  const struct sg_limit *limit)
{
	struct sg_buckets *first = rows.first, *second = rows.second;

	if (first && second)
		rows_charge(&first->tat[limit_index(id)], &second->tat[limit_index(id)], now,
			    limit);
}

/* Whether it is one of those that share the budget. */
static __always_inline bool pays_budget(const struct guard *g)
{
	return !g->in_zone && !is_proven(g);
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
	__u32 id = sg_budget_of_transport[g->p.transport] + g->p.syn;
	__u32 listed = -(__u32)g->in_zone;

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
	return &sg_spent.total_tat[total_index(g)];
}

static __always_inline const struct sg_limit *total_limit(const struct guard *g)
{
	return &config_of(g)->total[total_index(g)];
}

/*
 * A total is one word that all CPUs write. Where many messages are allowed, and while less than a
 * quarter of them has come, a CPU pays for TOTAL_AHEAD at once, and takes those that come from what
 * it has paid. Nobody is refused for what is paid ahead: share_check() begins at the half. If it
 * was paid long ago, TOTAL_AHEAD - 1 messages of each CPU may come beyond the burst: of 64 CPUs, a
 * quarter of it.
 */
#define TOTAL_AHEAD 32
#define TOTAL_AHEAD_BURST (256 * TOTAL_AHEAD) /* a smaller burst is paid message by message */

static __always_inline bool total_is_wide(const struct sg_limit *limit)
{
	return limit->tolerance >= (TOTAL_AHEAD_BURST - 1) * limit->interval;
}

/* Of a wide total. Global: one message in TOTAL_AHEAD comes here. */
__noinline int total_pay_ahead(struct guard *g)
{
	const struct sg_limit *limit;
	__u64 *tat, old, next;

	if (!g)
		return 0;
	tat = total_tat(g);
	limit = total_limit(g);
	old = *(volatile __u64 *)tat;
	next = sg_gcra_next(old, g->now, limit) + (TOTAL_AHEAD - 1) * limit->interval;
	if (next <= g->now + limit->tolerance / 4 &&
	    __sync_val_compare_and_swap(tat, old, next) == old)
		g->paid[total_index(g)] = TOTAL_AHEAD - 1;
	else
		gcra_charge(tat, g->now, limit);
	return 0;
}

/* Whether this message was paid for with an earlier one, of a total that is still as wide. */
static __always_inline bool total_is_paid(struct guard *g)
{
	__u8 *paid = &g->paid[total_index(g)];

	if (!*paid || !total_is_wide(total_limit(g)))
		return false;
	--*paid;
	return true;
}

/* A narrow one is charged without a call, whose return costs 8 ns on some CPUs. */
static __always_inline void total_charge(struct guard *g)
{
	if (!total_is_wide(total_limit(g)))
		gcra_charge(total_tat(g), g->now, total_limit(g));
	else if (!total_is_paid(g))
		total_pay_ahead(g);
}

/*
 * Charges what counts every packet, before a byte of the message is read: that costs what it costs,
 * whatever is found. The limit of its kind is charged later, by method_charge(), and for each
 * transaction once.
 */
static __always_inline void limits_charge(struct guard *g, const struct buckets *buckets)
{
	/* The limit of all its messages may be spent now, and comes before that of their kind. */
	if (g->rush.source == g->p.source && !is_proven(g))
		g->rush.now = 0;
	if (pays_total(g))
		total_charge(g);
	buckets_charge(buckets->flow, SG_LIMIT_SOURCE, g->now, buckets->flow_all);
	buckets_charge(buckets->source, SG_LIMIT_SOURCE, g->now, source_limit(g, SG_LIMIT_SOURCE));
}

static __always_inline void method_charge(const struct guard *g, const struct buckets *buckets)
{
	if (g->limit == SG_LIMIT_SOURCE)
		return;
	buckets_charge(buckets->flow, g->limit, g->now, buckets->flow_kind);
	buckets_charge(buckets->source, g->limit, g->now, source_limit(g, g->limit));
}

static __always_inline void buckets_debit(struct rows rows, __u32 id, __u64 now,
					const struct sg_limit *limit)
{
	struct sg_buckets *first = rows.first, *second = rows.second;

	if (!first || !second)
		return;
	gcra_debit(&first->tat[limit_index(id)], now, limit);
	gcra_debit(&second->tat[limit_index(id)], now, limit);
}

/* Of unlisted sources: the upper half of its burst is for those that have sent little. */
static __always_inline bool budget_is_half_spent(const struct guard *g)
{
	return *total_tat(g) > g->now + total_limit(g)->tolerance / 2;
}

/*
 * Charges one more message of a frame. The first one has decided whether the frame gets in, since
 * there is one verdict for all: so what the others cost may be a debt, that those behind them have
 * to wait for. Global, since few frames have more than one message.
 */
__noinline int part_charge(struct guard *g)
{
	struct buckets buckets;

	if (!g)
		return 0;
	buckets = limits_find(g);
	/* What one stranger sends at once takes nothing from others, and arms no greylist. */
	if (pays_total(g) && (g->in_zone || !budget_is_half_spent(g)) && !total_is_paid(g))
		gcra_debit(total_tat(g), g->now, total_limit(g));
	buckets_debit(buckets.flow, SG_LIMIT_SOURCE, g->now, buckets.flow_all);
	buckets_debit(buckets.source, SG_LIMIT_SOURCE, g->now, source_limit(g, SG_LIMIT_SOURCE));
	if (g->copy || g->limit == SG_LIMIT_SOURCE)
		return 0;
	buckets_debit(buckets.flow, g->limit, g->now, buckets.flow_kind);
	buckets_debit(buckets.source, g->limit, g->now, source_limit(g, g->limit));
	return 0;
}

#endif
