/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Changes what packets look up, so that each packet sees all of a change or nothing of it.
 *
 * Which listing of a prefix counts, if there are several: by hand and allowed; an address of this
 * host; by hand and denied; allowed by a named list; denied by one. (Of two different prefixes the
 * longer one decides, whatever they are.)
 *
 * A change of several prefixes goes in steps, see sg_listed for what a side is:
 *
 *   1. SG_LISTS_CHANGING is set
 *   2. each prefix that changes gets a row with both sides: as it was, and as it shall be. The side
 *      on which it is not listed says what the next shorter prefix says there, so a row more
 *      changes no verdict
 *   3. one store flips SG_LISTS_SIDE: all of it is in force
 *   4. when no packet is under way any more that saw the old side, rows become plain or go
 *   5. the list takes its place, and SG_LISTS_CHANGING is cleared
 *
 * What fails or is killed before 3 is undone, after it finished, by the next change. It costs two
 * lookups and two writes for each prefix that changes, however long the lists are, and memory for
 * old and new prefixes together while it lasts.
 */
#ifndef SIPGUARD_CHANGE_H
#define SIPGUARD_CHANGE_H

#include "named/store.h"
#include "named/trie.h"

/* What shall be. */
struct change {
	struct maps *maps;
	__u32 now;             /* sg_since() */
	struct store store;    /* to be opened; one that is staged takes its place here */
	bool staged;
	/* Own addresses, sorted. They need a row while anything is denied. */
	struct prefix *own;
	size_t own_count;
	bool denies;
	bool others;           /* rows of own addresses may be of other network namespaces */
	/* By hand: these prefixes, sorted, get this listing, or NONE. */
	const struct prefix *hand;
	size_t hand_count;
	enum sg_list hand_list;
	__u32 hand_until;
};

/* The side of a row by sg_state.lists: enum sg_list with SG_LISTED_ flags. */
__u8 listed_side(const struct sg_listed *listed, __u32 hint);

/*
 * Brings the rows of these prefixes, sorted, each once, to what shall be. 0, or -errno, and then
 * nothing has changed: -EEXIST with *conflict if one is by hand on the other list.
 */
int change_apply(struct change *change, const struct prefix *prefixes, size_t count,
		 struct prefix *conflict);

/* Undoes or finishes what a killed command has left of a change. 0 or -errno. */
int change_recover(struct change *change, struct error *error);

#endif
