/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A memory of fixed size for what was seen a short while ago: lines of 15 cells, a key's line by
 * its upper bits, and in a cell a tag of 20 bits and the time. A new key takes the place of the
 * oldest of its line, so a flood shortens the memory and does not end it. A key that was never
 * seen is taken for one that was once in 2^20 / 15 times, about 70 000.
 *
 * No locks: of two CPUs that write one line at once, one may be forgotten.
 */
#ifndef SIPGUARD_RECENT_BPF_H
#define SIPGUARD_RECENT_BPF_H

#include "maps.bpf.h"

#define RECENT_TAG 0xfffff000U
#define RECENT_TIME 0xfffU
#define RECENT_CELLS 16 /* the first one says which place is the next */
#define RECENT_SHIFT 24 /* a unit of time is 2^24 ns, about 17 ms; they begin again after 68.7 s */
#define RECENT_NEVER ~0U

#define RECENT_UNITS(ms) ((ms) * 1000000ULL >> RECENT_SHIFT)

static __always_inline __u32 recent_time(__u64 now)
{
	return now >> RECENT_SHIFT & RECENT_TIME;
}

static __always_inline __u32 recent_tag(__u64 key)
{
	__u32 tag = key & RECENT_TAG;

	return tag ? tag : RECENT_TIME + 1; /* the first cell has no tag */
}

/*
 * Whether a cell has this tag; one in 2^20 times only the place of the next one looks as if. Two
 * cells at once: a 20-bit field that is equal becomes zero, and taking one from zero sets its
 * highest bit.
 */
static __always_inline bool recent_may_have(const struct sg_recent *line, __u32 tag)
{
	const volatile __u64 *word = (const void *)line;
	const __u64 ones = (__u64)(RECENT_TIME + 1) << 32 | (RECENT_TIME + 1);
	__u64 both = (__u64)tag << 32 | tag, hits = 0, x;

	for (int i = 0; i < RECENT_CELLS / 2; i++) {
		x = (word[i] ^ both) & ((__u64)RECENT_TAG << 32 | RECENT_TAG);
		hits |= (x - ones) & ~x;
	}
	return hits & 0x8000000080000000ULL;
}

/* The number of the cell with this tag, or 0. */
static __always_inline __u32 recent_find(const struct sg_recent *line, __u32 tag)
{
	if (!recent_may_have(line, tag))
		return 0;
	for (int i = 1; i < RECENT_CELLS; i++) {
		if ((line->cell[i] & RECENT_TAG) == tag)
			return i;
	}
	return 0;
}

/* How long ago it was, in units of time; RECENT_NEVER if it was not. */
static __always_inline __u32 recent_age(const struct sg_recent *line, __u64 key, __u64 now)
{
	__u32 cell = recent_find(line, recent_tag(key));

	barrier_var(cell);
	cell &= RECENT_CELLS - 1;
	return cell ? (recent_time(now) - line->cell[cell]) & RECENT_TIME : RECENT_NEVER;
}

/* The line of a key, by its upper bits, in a table of so many lines. */
static __always_inline struct sg_recent *recent_line(void *map, __u64 key, __u32 lines)
{
	__u32 at = (key >> 32) * lines >> 32;

	return bpf_map_lookup_elem(map, &at);
}

static __always_inline void recent_put(struct sg_recent *line, __u64 key, __u64 now)
{
	__u32 cell = *(volatile __u32 *)&line->cell[0] % RECENT_CELLS;

	cell += !cell;
	*(volatile __u32 *)&line->cell[0] = (cell + 1) % RECENT_CELLS;
	barrier_var(cell);
	line->cell[cell & (RECENT_CELLS - 1)] = recent_tag(key) | recent_time(now);
}

/* Sees it now, whenever it was seen before. */
static __always_inline void recent_again(struct sg_recent *line, __u64 key, __u64 now)
{
	__u32 cell = recent_find(line, recent_tag(key));

	barrier_var(cell);
	cell &= RECENT_CELLS - 1;
	if (cell)
		line->cell[cell] = recent_tag(key) | recent_time(now);
	else
		recent_put(line, key, now);
}

#endif
