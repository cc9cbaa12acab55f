/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is on the allow and deny lists, as packets find it. Who changes it does so by lists.h; what
 * named lists have, is in named/store.h.
 */
#ifndef SIPGUARD_LISTED_H
#define SIPGUARD_LISTED_H

#include "base/prefix.h"
#include "kernel/maps.h"
#include "named/trie.h"

/* A copy of both tries, sorted by family, address, length: what is in force, with .list set. */
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

/* The addresses of this network namespace except loopback, as prefixes of full length, sorted. */
int own_addresses(struct prefix **own, size_t *count, struct error *error);

/* Whether one of them is the flow's, or in the source, see flow_prefix(). */
bool own_is_in(const struct sg_flow_key *key, const struct prefix *own, size_t count);

#endif
