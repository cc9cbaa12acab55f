/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Named lists: what each has is a map of its own, pinned as lists/N, that no packet reads; N is its
 * place. What packets look up follows from all of them and from what is listed by hand, see
 * model/lists.h. So two lists may have the same prefix, and when one goes the other still has it.
 *
 * A list that changes is written anew beside the old one, as lists-next/N, and takes its place when
 * packets have been told. Whether they have, says the side that is in force: what a killed command
 * has left is told apart by that.
 *
 * A place costs 32 bytes for each prefix, beside what the tries need.
 */
#ifndef SIPGUARD_STORE_H
#define SIPGUARD_STORE_H

#include "base/prefix.h"
#include "kernel/maps.h"

#define NAMED_PLACES 64 /* from 1; 0 is by hand */
#define NAMED_NAME 32   /* with the NUL */
#define NAMED_ORIGIN 208

/* A prefix of a named list. */
struct named_item {
	struct prefix prefix;
	__u32 until; /* sg_since(), the last of its time; SG_LISTED_FOREVER */
	__u32 reserved;
};

struct named_head {
	__u32 list;  /* enum sg_list: ALLOW or DENY */
	__u32 side;  /* SG_LISTS_SIDE as it is when this counts */
	__u32 count; /* 0: the list is gone when this counts */
	__u32 made;  /* sg_since(), of the last import */
	char name[NAMED_NAME];
	char origin[NAMED_ORIGIN]; /* the file it came from, as it was given */
};

/* One as it is in memory, sorted, each prefix once. */
struct named {
	int map;
	__u16 place;
	struct named_head *head; /* NULL: there is none in this place */
	const struct named_item *item;
};

struct store {
	struct named list[NAMED_PLACES];
};

/* Whether it may be a name: letters, digits, - _ and . in 1 to 31 characters. */
bool named_is_name(const char *name);

/* Opens all that are there. 0 or -errno. */
int store_open(const struct maps *maps, struct store *store, struct error *error);
void store_close(struct store *store);

/* The one of that name, or NULL. */
const struct named *store_find(const struct store *store, enum sg_list list, const char *name);

/* A place that is free, or -ENOSPC. */
int store_free_place(const struct store *store, struct error *error);

/* Its entry for exactly this prefix, or NULL. */
const struct named_item *named_find(const struct named *named, const struct prefix *prefix);

/* When the last of its prefixes is over: sg_since() or SG_LISTED_FOREVER. */
__u32 named_end(const struct named *named);

/* Writes what shall be in a place, beside what is there. 0 or -errno; `named` is to be closed. */
int store_stage(const struct maps *maps, __u16 place, const struct named_head *head,
		const struct named_item *items, struct named *named, struct error *error);
void named_close(struct named *named);

/*
 * Puts what is staged in its place if its side is the one in force, else takes it back: after a
 * change, and for one that was killed. 0 or -errno.
 */
int store_settle(const struct maps *maps, struct error *error);

#endif
