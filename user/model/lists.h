/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Changes the allow and deny lists, and the own addresses that a denied prefix shall not reach.
 * Needs a session that may; reading does not, see listed.h.
 *
 * A prefix is there once: on one list, by hand or with one named list. What the operator puts there
 * by hand is his, and no named list takes it over; of two named lists the first has it.
 *
 * Each prefix is put or taken in one step, which no packet sees half done; many of them one after
 * the other. Own addresses come before the first denied prefix.
 */
#ifndef SIPGUARD_LISTS_H
#define SIPGUARD_LISTS_H

#include "model/listed.h"

/* How prefixes are put on a list. {} is by hand, for good. */
struct list_terms {
	__u16 name;  /* number of a named list; 0: by hand */
	__u64 until; /* ns of the guard's clock; 0: for good. Gone with who settles after that */
};

/*
 * All return 0, or -errno; then the lists are as they were, but that lists_del() may have taken
 * some and lists_replace() may have left old ones.
 *
 * Refuses a prefix that is on the other list, and an own address on the deny list. Costs a lookup
 * or two a prefix, however long the lists are.
 */
int lists_add(struct maps *maps, enum sg_list list, const struct list_terms *terms,
	      const struct prefix *prefixes, size_t count, struct error *error);

/* Refuses a prefix that is not on the list. Of long lists it leaves tidying to lists_settle(). */
int lists_del(struct maps *maps, enum sg_list list, const struct prefix *prefixes, size_t count,
	      struct error *error);

/*
 * Makes these all that a list has under terms->name, which is not 0. First what is new is put
 * there, then what is old is taken away: a packet that comes meanwhile meets what both have, and
 * some of the rest; never a prefix of both that is missing. Refuses what lists_add() does.
 */
int lists_replace(struct maps *maps, enum sg_list list, const struct list_terms *terms,
		  const struct prefix *prefixes, size_t count, struct error *error);

/*
 * Brings the entries of own addresses up to date with this network namespace, takes away what is
 * over, and packets off the work that nothing listed needs any more.
 */
int lists_settle(struct maps *maps, struct error *error);

#endif
