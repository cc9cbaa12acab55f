/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * IP fragments. Only the first shows ports; what was decided for it is remembered under source,
 * destination, id and transport, and the later ones inherit it. First fragments to any port are
 * remembered, or the later ones of foreign datagrams (DNS, NFS) would be orphans and pay.
 *
 * Memory is fixed: two rows of words, an entry goes to the row that is free, expired or older.
 * A word: tag in the upper 32 bits, then seconds (16), reason (8), later fragments that came (6),
 * and two flags.
 */
#ifndef SIPGUARD_FRAGMENT_BPF_H
#define SIPGUARD_FRAGMENT_BPF_H

#include "maps.bpf.h"
#include "packet/flow.bpf.h"
#include "state/rows.bpf.h"

#define FRAGMENT_KNOWN 1   /* tells an entry from an empty word */
#define FRAGMENT_GUARDED 2 /* the datagram is for a guarded port */
#define FRAGMENT_REASON(word) ((word) >> 8 & 0xff)
/*
 * After 63 the later fragments are orphans, or one admitted first fragment would open the way for
 * any number. The largest datagram has 54 at IPv6's least MTU (RFC 8200 section 5).
 */
#define FRAGMENT_COME 0xfc
#define FRAGMENT_ONE 4

static __always_inline __u32 fragment_seconds(__u64 now)
{
	return now / SG_NSEC_PER_SEC & 0xffff;
}

/* An empty word is the oldest. */
static __always_inline __u32 fragment_age(__u64 word, __u64 now)
{
	return word ? (fragment_seconds(now) - (__u32)(word >> 16)) & 0xffff : 0x10000;
}

static __always_inline __u64 *fragment_place(__u64 key, __u32 row)
{
	__u32 index = (row ? key >> 17 : key) & (SG_FRAGMENT_ROW - 1);

	index += row * SG_FRAGMENT_ROW;
	return bpf_map_lookup_elem(&sg_fragments, &index);
}

static __always_inline bool fragment_matches(__u64 word, const struct guard *g)
{
	return word >> 32 == g->p.fragment_key >> 32 && word & FRAGMENT_KNOWN &&
	       fragment_age(word, g->now) <= SG_FRAGMENT_SECONDS;
}

/* The word of the first fragment; 0 if there is none, or if it had more later ones than can be. */
static __always_inline __u64 fragment_recall(const struct guard *g)
{
	for (__u32 row = 0; row < 2; row++) {
		__u64 *place = fragment_place(g->p.fragment_key, row);
		__u64 word;

		if (!place)
			return 0;
		word = *place;
		if (!fragment_matches(word, g))
			continue;
		if ((word & FRAGMENT_COME) == FRAGMENT_COME)
			return 0;
		/* A lost race leaves one uncounted. */
		__sync_val_compare_and_swap(place, word, word + FRAGMENT_ONE);
		return word;
	}
	return 0;
}

static __always_inline void fragment_remember(const struct guard *g, __u32 reason)
{
	__u64 *first = fragment_place(g->p.fragment_key, 0);
	__u64 *second = fragment_place(g->p.fragment_key, 1);
	__u64 word = g->p.fragment_key >> 32 << 32 | fragment_seconds(g->now) << 16 | reason << 8 |
		     FRAGMENT_KNOWN | (g->guarded ? FRAGMENT_GUARDED : 0);

	if (!first || !second)
		return;
	if (fragment_matches(*first, g) ||
	    fragment_age(*first, g->now) >= fragment_age(*second, g->now))
		*first = word;
	else
		*second = word;
}

/* A later fragment without a first one: a limit of its own, per source and for all. */
static __always_inline __u32 fragment_orphan(struct guard *g)
{
	__u64 *total_tat = &sg_spent.total_tat[SG_TOTAL_ORPHAN_FRAGMENTS_TOTAL];
	const struct sg_limit *limit = &config_of(g)->total[SG_TOTAL_ORPHAN_FRAGMENTS];
	const struct sg_limit *total = &config_of(g)->total[SG_TOTAL_ORPHAN_FRAGMENTS_TOTAL];
	struct rows tat = rows_find(&sg_orphans, source_hash(&g->p), SG_ORPHAN_ROW);

	if (!tat.first || !tat.second)
		return SG_REASON_NONE;
	if (gcra_spent(total_tat, g->now, total) ||
	    rows_spent(tat.first, tat.second, g->now, limit))
		return SG_REASON_ORPHAN_FRAGMENT;
	gcra_charge(total_tat, g->now, total);
	rows_charge(tat.first, tat.second, g->now, limit);
	return SG_REASON_NONE;
}

#endif
