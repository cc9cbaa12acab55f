/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Once over all entries of a hash map or a trie of prefixes, while packets and other commands
 * change it. An entry that is there all the time is met. One that comes or goes meanwhile may be
 * met or not.
 *
 * Of a hash map none is met twice: the kernel hands out whole buckets, each under its lock, and an
 * entry does not change its bucket. In a trie the kernel goes on from the last key; if that was
 * taken away meanwhile it begins anew, and entries are met again: who minds sorts them out. It does
 * not go on for ever.
 */
#ifndef SIPGUARD_WALK_H
#define SIPGUARD_WALK_H

#include <stdbool.h>

#include <linux/types.h>

struct walk {
	int map;
	__u32 key_size, value_size;
	__u32 room;        /* entries of a batch */
	__u32 count, next; /* of the batch in hand: how many, and which one is next */
	__u64 left;        /* how many more there can be, unless it goes in circles */
	bool begun, last;
	char *keys, *values;
	char at[64];       /* where the next batch begins, in words of the kernel */
};

/* 0, or -errno, unsaid; then there is nothing to end. */
int walk_begin(struct walk *walk, int map);

/*
 * 1 with the next entry, which is the walk's and good until the next call; 0 after the last; or
 * -errno, unsaid: -EAGAIN if a trie is changed faster than it can be read.
 */
int walk_next(struct walk *walk, const void **key, const void **value);

void walk_end(struct walk *walk);

#endif
