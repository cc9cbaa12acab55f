/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is on the allow and deny lists, as the two tries and the marks of packets have it. Who
 * changes it does so by lists.h.
 */
#ifndef SIPGUARD_LISTED_H
#define SIPGUARD_LISTED_H

#include "base/prefix.h"
#include "kernel/maps.h"

struct list_entry {
	struct prefix prefix;
	struct sg_listed listed;
};

/* A copy of both maps, sorted by family, address, length. */
struct lists {
	struct list_entry *entry;
	size_t count;
};

extern const char *const list_names[]; /* by enum sg_list */

/* 0 or -errno. */
int lists_read(const struct maps *maps, struct lists *lists, struct error *error);
void lists_free(struct lists *lists);
size_t lists_count(const struct lists *lists, enum sg_list list);

/* Which list decides about this prefix: that of the longest one that contains it. */
enum sg_list lists_lookup(const struct maps *maps, const struct prefix *prefix);

/* The addresses of this network namespace except loopback, as prefixes of full length. */
int own_addresses(struct prefix **own, size_t *count, struct error *error);

/* For qsort() and bsearch(): by family, address, length. */
int prefix_compare(const void *a, const void *b);

/* Whether exactly this prefix is listed, and how. */
bool listed_exact(const struct maps *maps, const struct prefix *prefix, struct sg_listed *listed);

/*
 * Puts prefixes where packets find them, or has what is there be as `listed` says, whose length is
 * that of each prefix. Takes one away. 0 or -errno, unsaid: -ENOSPC if a map is full; then some are
 * put.
 */
int listed_put(const struct maps *maps, const struct prefix *prefixes, size_t count,
	       struct sg_listed listed);
int listed_take(const struct maps *maps, const struct prefix *prefix);

/* Calls `visit` for each until that says -errno. A prefix may come twice, see walk.h. */
int listed_each(const struct maps *maps,
		int (*visit)(const struct list_entry *entry, void *context), void *context);

#endif
