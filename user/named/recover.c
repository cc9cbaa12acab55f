// SPDX-License-Identifier: GPL-2.0-only
/* What a killed command has left of a change of the lists. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "named/change.h"

struct odd {
	__u32 hint;
	struct list_entry *row;
	size_t count;
	struct trie_counts all;
};

static bool is_odd(const struct list_entry *entry)
{
	return listed_side(&entry->listed, 0) != listed_side(&entry->listed, SG_LISTS_SIDE);
}

static int odd_visit(const struct list_entry *entry, void *context)
{
	struct odd *odd = context;
	struct list_entry *grown;

	trie_count(&odd->all, listed_side(&entry->listed, odd->hint), entry->listed.until, 1);
	/* Of a row that has a new owner, but says what it said, nothing else tells. */
	if (!is_odd(entry) && !entry->listed.name)
		return 0;
	/* Room for powers of two. */
	if (!(odd->count & (odd->count - 1))) {
		grown = reallocarray(odd->row, odd->count ? 2 * odd->count : 1, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		odd->row = grown;
	}
	odd->row[odd->count++] = *entry;
	return 0;
}

/* Makes them plain, as the side in force has them. */
static int straighten(struct change *change, const struct odd *odd)
{
	int err = 0;

	for (size_t i = 0; !err && i < odd->count; i++) {
		struct list_entry *row = &odd->row[i];
		__u8 side = listed_side(&row->listed, odd->hint);

		if (!is_odd(row))
			continue;
		row->listed.sides = SG_LISTED_BOTH(side);
		err = side & SG_LISTED_THERE ? trie_put(change->maps, row, 1)
					     : trie_take(change->maps, row, 1);
	}
	return err;
}

/* A row tells of one owner, who may be the one that did not become it. */
static int set_owners(struct change *change, const struct odd *odd, struct error *error)
{
	struct prefix *prefixes = calloc(odd->count + 1, sizeof(*prefixes)), unused;
	int err = prefixes ? 0 : -ENOMEM;

	for (size_t i = 0; !err && i < odd->count; i++)
		prefixes[i] = odd->row[i].prefix;
	if (!err)
		err = store_open(change->maps, &change->store, error);
	if (!err) {
		err = change_apply(change, prefixes, prefix_unique(prefixes, odd->count), &unused);
		store_close(&change->store);
	}
	free(prefixes);
	return err;
}

int change_recover(struct change *change, struct error *error)
{
	struct maps *maps = change->maps;
	struct odd odd = {.hint = maps->state->lists};
	int err;

	if (!(odd.hint & SG_LISTS_CHANGING))
		return store_settle(maps, error);
	err = trie_each(maps, odd_visit, &odd);
	if (!err)
		trie_counts_set(maps, &odd.all);
	if (!err)
		err = straighten(change, &odd);
	if (!err)
		err = store_settle(maps, error);
	if (!err)
		maps_store(&maps->state->lists, odd.hint & ~SG_LISTS_CHANGING);
	if (!err && odd.count)
		err = set_owners(change, &odd, error);
	free(odd.row);
	if (err)
		error_set(error, err, "cannot put the lists in order that a killed command has "
			  "left: %s.", strerror(-err));
	return err;
}
