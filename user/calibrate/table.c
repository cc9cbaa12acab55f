// SPDX-License-Identifier: GPL-2.0-only
#include "calibrate/table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define PLACES_FIRST 64 /* a power of 2, as all numbers of places are */

int table_init(struct table *table, size_t key, size_t size, size_t most)
{
	*table = (struct table){.key = key, .size = size, .most = most};
	if (getrandom(&table->secret, sizeof(table->secret), 0) != sizeof(table->secret))
		return -EIO;
	table->secret |= 1;
	return 0;
}

static size_t hash(const struct table *table, const void *key)
{
	const __u8 *byte = key;
	__u64 hash = table->secret;

	for (size_t i = 0; i < table->key; i++) {
		hash = (hash ^ byte[i]) * 0x94d049bb133111ebULL;
		hash ^= hash >> 29;
	}
	hash *= table->secret;
	return hash ^ hash >> 32;
}

/* Where the key is, or would be. There is always a free place. */
static size_t place_of(const struct table *table, const void *key)
{
	size_t place = hash(table, key) & (table->places - 1);

	while (table->place[place] && memcmp(table->place[place], key, table->key))
		place = (place + 1) & (table->places - 1);
	return place;
}

/* Puts all that is kept into another array. */
static void settle(struct table *table, void **old, size_t places)
{
	for (size_t i = 0; i < places; i++) {
		if (old[i])
			table->place[place_of(table, old[i])] = old[i];
	}
	free(old);
}

/* So that half of the places are free. */
static bool grow(struct table *table)
{
	size_t before = table->places, wanted = before ? before * 2 : PLACES_FIRST;
	void **old = table->place, **grown;

	if (table->count * 2 < before)
		return true;
	grown = calloc(wanted, sizeof(*grown));
	if (!grown)
		return false;
	table->place = grown;
	table->places = wanted;
	settle(table, old, before);
	return true;
}

void *table_find(const struct table *table, const void *key)
{
	return table->places ? table->place[place_of(table, key)] : NULL;
}

void *table_add(struct table *table, const void *key)
{
	void *item = table_find(table, key);

	if (item || table->count >= table->most || !grow(table))
		return item;
	item = calloc(1, table->size);
	if (!item)
		return NULL;
	memcpy(item, key, table->key);
	table->place[place_of(table, key)] = item;
	table->count++;
	return item;
}

void table_keep(struct table *table, bool (*keep)(const void *item, const void *context),
		const void *context)
{
	void **old = table->place, **fresh = calloc(table->places, sizeof(*fresh));

	if (!fresh)
		return;
	for (size_t i = 0; i < table->places; i++) {
		if (!old[i] || keep(old[i], context))
			continue;
		free(old[i]);
		old[i] = NULL;
		table->count--;
	}
	table->place = fresh;
	settle(table, old, table->places);
}

void *table_next(const struct table *table, size_t *next)
{
	while (*next < table->places) {
		void *item = table->place[(*next)++];

		if (item)
			return item;
	}
	return NULL;
}

void table_free(struct table *table)
{
	for (size_t i = 0; i < table->places; i++)
		free(table->place[i]);
	free(table->place);
	*table = (struct table){};
}
