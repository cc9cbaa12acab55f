/* SPDX-License-Identifier: GPL-2.0-only */
/* What a named list shall have, before it has it. */
#ifndef SIPGUARD_ITEMS_H
#define SIPGUARD_ITEMS_H

#include "named/source.h"
#include "named/store.h"

/* Sorted, each prefix once. */
struct named_items {
	struct named_item *item; /* to be freed */
	size_t count;
};

/*
 * What was read of a file at `now`, and what `old` has that is not over (NULL: nothing), until
 * `until` at most (ns of the guard's clock; 0: for good). Of a prefix that is there twice the one
 * that ends later is left. 0 or -ENOMEM.
 */
int named_items(const struct source_item *source, size_t count, __u64 now, __u64 until,
		const struct named *old, struct named_items *items);

/* The prefixes in which a list and what it shall have differ, to be freed; NULL: no memory. */
struct prefix *named_differences(const struct named *old, const struct named_items *items,
				 size_t *count);

#endif
