/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Items found by a key that they begin with. There are only so many: whoever sends chooses the
 * keys, and must not choose how much memory is taken.
 */
#ifndef SIPGUARD_TABLE_H
#define SIPGUARD_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

struct table {
	size_t key;   /* bytes: of the key, without padding in it; */
	size_t size;  /* of an item; */
	size_t most;  /* and how many there may be */
	void **place; /* owned, as is each item */
	size_t places;
	size_t count;
	__u64 secret; /* or who chooses keys could have all of them meet in one place */
};

/* 0 or -EIO: there are no random bytes. */
int table_init(struct table *table, size_t key, size_t size, size_t most);

/* NULL: it is not there. It stays where it is until it is dropped. */
void *table_find(const struct table *table, const void *key);

/* The item, or a new one, all zero behind its key. NULL: there is no more room, or memory. */
void *table_add(struct table *table, const void *key);

/* Drops every item of which `keep` says false. */
void table_keep(struct table *table, bool (*keep)(const void *item, const void *context),
		const void *context);

/* Goes on from *next, 0 at first; NULL: there are no more. */
void *table_next(const struct table *table, size_t *next);

void table_free(struct table *table);

#endif
