/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The two tries that packets look up, one for a family, and the marks of their /16s. Rows are as
 * the kernel has them: see sides in listed.h.
 */
#ifndef SIPGUARD_TRIE_H
#define SIPGUARD_TRIE_H

#include "base/prefix.h"
#include "kernel/maps.h"

struct list_entry {
	struct prefix prefix;
	struct sg_listed listed;
	__u32 list; /* enum sg_list, of the side in force; only set by lists_read() */
};

/* For qsort() and bsearch(): by family, address, length. A prefix comes before those inside it. */
int prefix_compare(const void *a, const void *b);

/* Sorts, and leaves each prefix once; returns how many are left. */
size_t prefix_unique(struct prefix *prefixes, size_t count);

/* The row of the longest prefix that contains this one, itself included. */
bool trie_find(const struct maps *maps, const struct prefix *prefix, struct sg_listed *listed);

/*
 * Puts rows in place of what is there of the same prefixes, whose length they get. Takes rows away:
 * one that is not there is no error. 0 or -errno, unsaid: -ENOSPC if a map is full; then some are
 * done.
 */
int trie_put(const struct maps *maps, const struct list_entry *rows, size_t count);
int trie_take(const struct maps *maps, const struct list_entry *rows, size_t count);

/*
 * How many rows there are, so that who looks every second need not read them all: kept beside the
 * tries, in sg_state. Rows that are over count until they are taken away.
 */
struct trie_counts {
	__u32 listed[2]; /* allowed, denied */
	__u32 end;       /* sg_since(): none is over before; 0: none ends */
};

/* Adds one by its side in force, or takes it off (`more` -1). */
void trie_count(struct trie_counts *counts, __u8 side, __u32 until, int more);
struct trie_counts trie_counts(const struct maps *maps);
void trie_counts_set(struct maps *maps, const struct trie_counts *counts);

/* Calls `visit` for each until that says -errno. A prefix may come twice, see walk.h. */
int trie_each(const struct maps *maps,
	      int (*visit)(const struct list_entry *entry, void *context), void *context);

#endif
