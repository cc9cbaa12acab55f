/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lines of four cells, a cache line each, for what has a place by its hash: connections, secrets.
 * A cell begins with a tag of the hash and tells when it was written; the oldest makes room.
 */
#ifndef SIPGUARD_CELLS_BPF_H
#define SIPGUARD_CELLS_BPF_H

#include <stddef.h>

#include "maps.bpf.h"

#define CELLS 4

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

	return cell->tag ? (__u16)(cell_seconds(now) - cell->seconds) : 1 << 16;
}

/*
 * Which cell of a line has the tag of a hash; CELLS: none. Without a branch, and hidden: the
 * verifier would follow each of the four through all that comes after.
 */
static __always_inline __u32 cells_find(const void *line, __u64 hash)
{
	const struct cell *cells = line;
	__u32 found = CELLS;

	for (__u32 i = 0; i < CELLS; i++)
		found = cells[i].tag == cell_tag(hash) ? i : found;
	barrier_var(found);
	return found;
}

/* The place for a new one: a free cell, or the oldest. */
static __always_inline __u32 cells_oldest(const void *line, __u64 now)
{
	const struct cell *cells = line;
	__u32 oldest = 0, longest = 0, age;

	for (__u32 i = 0; i < CELLS; i++) {
		age = cell_age(&cells[i], now);
		oldest = age > longest ? i : oldest;
		longest = age > longest ? age : longest;
	}
	barrier_var(oldest);
	return oldest & (CELLS - 1);
}

#endif
