/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lines of four cells, a cache line each, for what has a place by its hash: connections, secrets.
 * A cell begins with a tag of the hash and tells when it was written; the oldest makes room.
 */
#ifndef SIPGUARD_CELLS_BPF_H
#define SIPGUARD_CELLS_BPF_H

#include <stddef.h>

#include "maps.bpf.h"

#define CELLS 4 /* cells_find() has a table of so many */

/* What the entries of all such lines have in common. */
struct cell {
	__u32 tag; /* never 0; 0: free */
	__u32 own[2];
	__u16 seconds;
	__u16 more;
};

#define CELL_LIKE(entry)                                                                          \
	_Static_assert(sizeof(entry) == sizeof(struct cell) && offsetof(entry, tag) == 0 &&       \
		       offsetof(entry, seconds) == offsetof(struct cell, seconds), "a cell")
CELL_LIKE(struct sg_stream);
CELL_LIKE(struct sg_secret);

/*
 * To choose among the entries of a line without a branch: of each the verifier would follow both
 * ways, with the number of the entry, through all that comes after. The barriers hide from the
 * compiler what it would make branches of, and it is no mask of all bits that is chosen by, since
 * of that one the verifier follows both values (6.18). Numbers are below 2^63.
 */
static __always_inline __u64 if_less(__u64 a, __u64 b)
{
	__u64 flag = a - b;

	barrier_var(flag);
	flag >>= 63;
	barrier_var(flag);
	return flag;
}

static __always_inline __u64 if_equal(__u64 a, __u64 b)
{
	return if_less(a ^ b, 1);
}

/* a if the flag is 1, b if it is 0. */
static __always_inline __u64 choose(__u64 flag, __u64 a, __u64 b)
{
	return b + flag * (a - b);
}

/* Of 2^30 ns: BPF divides by no constant faster than by anything else. */
static __always_inline __u16 cell_seconds(__u64 now)
{
	return now >> 30;
}

static __always_inline __u32 cell_tag(__u64 hash)
{
	return (__u32)(hash >> 32) | 1;
}

/* Units of cell_seconds(); of a free one more than any other has. */
static __always_inline __u32 cell_age(const void *entry, __u64 now)
{
	const struct cell *cell = entry;
	__u16 age = cell_seconds(now) - cell->seconds;

	return choose(if_equal(cell->tag, 0), 1 << 16, age);
}

/*
 * Which cell of a line has the tag of a hash; CELLS: none. Without a branch, and hidden: the
 * verifier would follow each of the four through all that comes after.
 */
static __always_inline __u32 cells_find(const void *line, __u64 hash)
{
	const struct cell *cells = line;
	__u64 hits = 0;

	for (__u32 i = 0; i < CELLS; i++)
		hits |= if_equal(cells[i].tag, cell_tag(hash)) << i;
	/* The number of the highest of four bits; of none it is CELLS. */
	return 0x3333333322221104ULL >> hits * 4 & 7;
}

/* The number of a cell that was found, for what it is an index of: the barrier keeps the mask. */
static __always_inline __u32 cell_index(__u32 found)
{
	barrier_var(found);
	return found & (CELLS - 1);
}

/* The place for a new one: a free cell, or the oldest. */
static __always_inline __u32 cells_oldest(const void *line, __u64 now)
{
	const struct cell *cells = line;
	__u64 oldest = 0, longest = 0, age, older;

	for (__u32 i = 0; i < CELLS; i++) {
		age = cell_age(&cells[i], now);
		older = if_less(longest, age);
		oldest = choose(older, i, oldest);
		longest = choose(older, age, longest);
	}
	barrier_var(oldest);
	return oldest & (CELLS - 1);
}

#endif
