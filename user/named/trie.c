// SPDX-License-Identifier: GPL-2.0-only
#include "named/trie.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "kernel/walk.h"

#define BATCH 65536

/* The key of either map: a length, then the address. */
union list_key {
	struct sg_prefix4 v4;
	struct sg_prefix6 v6;
};

static size_t address_size(int family)
{
	return family == AF_INET ? 4 : 16;
}

static size_t key_size(int family)
{
	return sizeof(__u32) + address_size(family);
}

static int map_of(const struct maps *maps, int family)
{
	return maps->fd[family == AF_INET ? MAP_LISTS4 : MAP_LISTS6];
}

static void key_of(const struct prefix *prefix, void *key)
{
	memcpy(key, &prefix->length, sizeof(prefix->length));
	memcpy((char *)key + sizeof(prefix->length), prefix->address, address_size(prefix->family));
}

static struct list_entry entry_of(int family, const void *key, const struct sg_listed *listed)
{
	struct list_entry entry = {.prefix.family = family, .listed = *listed};

	memcpy(&entry.prefix.length, key, sizeof(entry.prefix.length));
	memcpy(entry.prefix.address, (const char *)key + sizeof(entry.prefix.length),
	       address_size(family));
	return entry;
}

int prefix_compare(const void *a, const void *b)
{
	const struct prefix *p = a, *q = b;
	int order = p->family - q->family;

	if (!order)
		order = memcmp(p->address, q->address, sizeof(p->address));
	return order ? order : (int)p->length - (int)q->length;
}

size_t prefix_unique(struct prefix *prefixes, size_t count)
{
	size_t left = 0;

	if (count)
		qsort(prefixes, count, sizeof(*prefixes), prefix_compare);
	for (size_t i = 0; i < count; i++) {
		if (!left || prefix_compare(&prefixes[left - 1], &prefixes[i]))
			prefixes[left++] = prefixes[i];
	}
	return left;
}

bool trie_find(const struct maps *maps, const struct prefix *prefix, struct sg_listed *listed)
{
	union list_key key;

	key_of(prefix, &key);
	return bpf_map_lookup_elem(map_of(maps, prefix->family), &key, listed) == 0;
}

struct batch {
	int map;
	size_t key_size;
	char *keys;
	struct sg_listed *values;
	__u32 used;
};

static int write_batch(struct batch *batch)
{
	__u32 count = batch->used;

	batch->used = 0;
	return bpf_map_update_batch(batch->map, batch->keys, batch->values, &count, NULL);
}

/* The kernel stops at one that is not there, and says how far it came. */
static int take_batch(struct batch *batch)
{
	__u32 done = 0, count;
	int err = 0;

	while (!err && done < batch->used) {
		count = batch->used - done;
		err = bpf_map_delete_batch(batch->map, batch->keys + done * batch->key_size, &count,
					   NULL);
		done += count;
		if (err == -ENOENT) {
			done++;
			err = 0;
		}
	}
	batch->used = 0;
	return err;
}

/* Before the row is in the map, or packets would not look for it yet. */
static void mark_block(const struct maps *maps, const struct prefix *prefix)
{
	if (prefix->family == AF_INET)
		sg_listed4_set(maps->state->listed4, prefix->address, prefix->length);
}

/* The rows of one family, as many at a time as fit a batch. */
static int family_rows(const struct maps *maps, int family, struct batch *batch, bool put,
		       const struct list_entry *rows, size_t count)
{
	int err = 0;

	batch->map = map_of(maps, family);
	batch->key_size = key_size(family);
	for (size_t i = 0; !err && i < count; i++) {
		if (rows[i].prefix.family != family)
			continue;
		if (put)
			mark_block(maps, &rows[i].prefix);
		key_of(&rows[i].prefix, batch->keys + batch->used * batch->key_size);
		batch->values[batch->used] = rows[i].listed;
		batch->values[batch->used++].length = rows[i].prefix.length;
		if (batch->used == BATCH)
			err = put ? write_batch(batch) : take_batch(batch);
	}
	if (!err && batch->used)
		err = put ? write_batch(batch) : take_batch(batch);
	return err;
}

static int all_rows(const struct maps *maps, bool put, const struct list_entry *rows, size_t count)
{
	size_t room = count < BATCH ? count : BATCH;
	struct batch batch = {
		.keys = calloc(room + 1, sizeof(union list_key)),
		.values = calloc(room + 1, sizeof(*batch.values)),
	};
	int err = -ENOMEM;

	if (batch.keys && batch.values)
		err = family_rows(maps, AF_INET, &batch, put, rows, count);
	if (!err)
		err = family_rows(maps, AF_INET6, &batch, put, rows, count);
	free(batch.keys);
	free(batch.values);
	return err;
}

int trie_put(const struct maps *maps, const struct list_entry *rows, size_t count)
{
	return all_rows(maps, true, rows, count);
}

int trie_take(const struct maps *maps, const struct list_entry *rows, size_t count)
{
	return all_rows(maps, false, rows, count);
}

void trie_count(struct trie_counts *counts, __u8 side, __u32 until, int more)
{
	__u32 list = side & SG_LISTED_THERE ? side & SG_LISTED_LIST : SG_LIST_NONE;

	if (list == SG_LIST_ALLOW || list == SG_LIST_DENY)
		counts->listed[list == SG_LIST_DENY] += more;
	if (list != SG_LIST_NONE && more > 0 && until != SG_LISTED_FOREVER &&
	    (!counts->end || until < counts->end))
		counts->end = until;
}

struct trie_counts trie_counts(const struct maps *maps)
{
	const struct sg_state *state = maps->state;

	return (struct trie_counts){{state->listed[0], state->listed[1]}, state->listed_end};
}

void trie_counts_set(struct maps *maps, const struct trie_counts *counts)
{
	for (int i = 0; i < 2; i++)
		maps_store(&maps->state->listed[i], counts->listed[i]);
	maps_store(&maps->state->listed_end, counts->end);
}

static int each_of_family(const struct maps *maps, int family,
			  int (*visit)(const struct list_entry *entry, void *context),
			  void *context)
{
	const void *key, *value;
	struct list_entry entry;
	struct walk walk;
	int err = walk_begin(&walk, map_of(maps, family));

	if (err)
		return err;
	while ((err = walk_next(&walk, &key, &value)) > 0) {
		entry = entry_of(family, key, value);
		err = visit(&entry, context);
		if (err)
			break;
	}
	walk_end(&walk);
	return err;
}

int trie_each(const struct maps *maps,
	      int (*visit)(const struct list_entry *entry, void *context), void *context)
{
	int err = each_of_family(maps, AF_INET, visit, context);

	return err ? err : each_of_family(maps, AF_INET6, visit, context);
}

_Static_assert(offsetof(struct list_entry, prefix) == 0, "prefix_compare() compares either");
