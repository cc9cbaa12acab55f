/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Limits (GCRA, include/gcra.h) and the tables in which many have theirs.
 *
 * Sources get no entries of their own: a table that grows or evicts by source address is what a
 * flood of random sources attacks. A source is hashed with a secret into one place in each of two
 * rows, so one heavy neighbour in one row costs it nothing. What is refused is not charged, so a
 * place recovers at the limit's rate.
 */
#ifndef SIPGUARD_ROWS_BPF_H
#define SIPGUARD_ROWS_BPF_H

#include <stdbool.h>

#include "maps.bpf.h"

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
 * Charges whoever is hashed, in a table whose places are one TAT each. False: his limit is spent,
 * and nothing is charged.
 */
static __always_inline bool rows_pay(void *map, __u64 hash, __u32 row, __u64 now,
				     const struct sg_limit *limit)
{
	struct rows tat = rows_find(map, hash, row);

	if (!tat.first || !tat.second)
		return true;
	if (rows_spent(tat.first, tat.second, now, limit))
		return false;
	rows_charge(tat.first, tat.second, now, limit);
	return true;
}

#endif
