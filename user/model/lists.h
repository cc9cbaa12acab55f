/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Changes the allow and deny lists, and the own addresses that a denied prefix shall not reach.
 * Needs a session that may; reading does not, see listed.h.
 *
 * A prefix is listed by hand, or by named lists, each of which came from a file, may end, and is
 * replaced or taken off as a whole. What the operator puts there by hand is his, and counts before
 * what lists have; several lists may have the same prefix, and when one of them goes the others
 * still do. Which of them counts, and that packets see a change as a whole, is in named/change.h.
 *
 * What is over counts as not listed, for packets, too, and is taken away by the next change or
 * lists_settle().
 */
#ifndef SIPGUARD_LISTS_H
#define SIPGUARD_LISTS_H

#include "model/listed.h"
#include "named/source.h"

/* How prefixes are put on a list. {} is by hand, for good. */
struct list_terms {
	const char *name;   /* of a named list, named_is_name(); NULL: by hand */
	const char *origin; /* the file that it comes from; NULL: none */
	__u64 until;        /* ns of the guard's clock; 0: for good */
	bool replace;       /* these are all that the named list has from now on */
	bool force;         /* own addresses in a denied list are kept out of it, not refused */
	size_t *fresh;      /* out: how many of those given it did not have; NULL: nobody asks */
};

/*
 * All return 0, or -errno; then the lists are as they were. The cost is that of what changes,
 * however long the lists are.
 *
 * By hand. Refuses a prefix that is by hand on the other list, and an own address on the deny list.
 */
int lists_add(struct maps *maps, enum sg_list list, const struct list_terms *terms,
	      const struct prefix *prefixes, size_t count, struct error *error);

/* By hand. Refuses a prefix that is not on the list by hand. */
int lists_del(struct maps *maps, enum sg_list list, const struct prefix *prefixes, size_t count,
	      struct error *error);

/*
 * Makes a named list, adds to it, or with terms->replace puts these in place of what it has; with
 * none of them it is gone. Refuses an own address on the deny list unless terms->force. `held`: how
 * many it has then.
 */
int lists_import(struct maps *maps, enum sg_list list, const struct list_terms *terms,
		 const struct source_item *items, size_t count, size_t *held, struct error *error);

/* Takes a named list off. `held`: how many prefixes it had. -ENOENT if there is none. */
int lists_drop(struct maps *maps, enum sg_list list, const char *name, size_t *held,
	       struct error *error);

/*
 * Brings the entries of own addresses up to date with this network namespace, takes away what is
 * over, and packets off the work that nothing listed needs any more.
 */
int lists_settle(struct maps *maps, struct error *error);

#endif
