/* SPDX-License-Identifier: GPL-2.0-only */
/* The allow and deny lists, and the own addresses that a denied prefix shall not reach. */
#ifndef SIPGUARD_LISTS_H
#define SIPGUARD_LISTS_H

#include "base/prefix.h"
#include "kernel/maps.h"

struct list_entry {
	struct prefix prefix;
	__u32 list; /* enum sg_list */
};

/* A copy of both maps, sorted by family, address, length. */
struct lists {
	struct list_entry *entry;
	size_t count;
};

extern const char *const list_names[];

/* All with a struct error return 0, or -errno; then the lists are as they were. */
int lists_read(const struct maps *maps, struct lists *lists, struct error *error);
void lists_free(struct lists *lists);
size_t lists_count(const struct lists *lists, enum sg_list list);

/* Which list has exactly this prefix. */
enum sg_list lists_exact(const struct lists *lists, const struct prefix *prefix);

/* Which list decides about this prefix: that of the longest one that contains it. */
enum sg_list lists_lookup(const struct maps *maps, const struct prefix *prefix);

/* Refuses a prefix that is on the other list, and an own address on the deny list. */
int lists_add(struct maps *maps, enum sg_list list, const struct prefix *prefixes, size_t count,
	      struct error *error);

/* Refuses a prefix that is not on the list. */
int lists_del(struct maps *maps, enum sg_list list, const struct prefix *prefixes, size_t count,
	      struct error *error);

/* Brings the entries of own addresses up to date with this network namespace. */
int lists_refresh_own(struct maps *maps, struct error *error);

/* The addresses of this network namespace except loopback, as prefixes of full length. */
int own_addresses(struct prefix **own, size_t *count, struct error *error);

#endif
