/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is attached to a guarded interface beside the link that guards it: the program at egress,
 * and where there is no tcx the filters of clsact, at ingress as well.
 *
 *   tcx      a BPF link at egress, pinned as tcx/PLACE. Linux 6.6 and later.
 *   clsact   a filter of the clsact qdisc, which nothing pins: an empty directory is the record,
 *            clsact/DIRECTION:IFINDEX:NETNS:PLACE. It is made before the filter and removed after
 *            it, so a filter of ours without a record does not exist.
 *
 * What libxdp's dispatcher calls has such a record, too: clsact/dispatcher:...
 *
 * Whether an interface is guarded is told by links/PLACE alone. What is here follows: an attachment
 * without links/PLACE is what a killed command has left, and egress_tidy() takes it down. One that
 * somebody else took down is missing until the interface is attached again.
 *
 * A filter can be replaced only in the network namespace of its interface, so an upgrade from
 * another one leaves the older program in it, which goes on working on the same maps.
 *
 * The program goes in front of other programs, since the one before it could end the way of the
 * packet; it lets the next one see the packet itself.
 */
#ifndef SIPGUARD_EGRESS_H
#define SIPGUARD_EGRESS_H

#include <stdbool.h>

#include "guard/links.h"
#include "kernel/pins.h"

/* The same program for interfaces with and without an Ethernet header. */
enum reply {
	REPLY_ETHERNET,
	REPLY_BARE,
	REPLY__MAX
};

extern const char *const reply_names[REPLY__MAX]; /* of the pins */

enum reply reply_of(enum judge judge);

enum egress {
	EGRESS_UNKNOWN, /* the interface is gone, or out of sight */
	EGRESS_MISSING,
	EGRESS_TCX,
	EGRESS_CLSACT,
	EGRESS_OLDER, /* clsact, but other code than is pinned; seen from elsewhere: perhaps */
};

extern const char *const egress_names[]; /* NULL for UNKNOWN */

/* How what the link's interface sends is seen. */
enum egress egress_look(const struct pins *pins, const struct guard_link *link);

/*
 * Attaches the program to egress of the interface, with its pin or record below the directory `dir`
 * of the pins, which is "." or that of the journal. `place` is that of its link; the interface is
 * the one of that number here, whatever the place says. 0, or -errno: then nothing was attached, or
 * egress_remove() and egress_tidy() know of it.
 */
int egress_attach(const struct pins *pins, const char *dir, const struct place *place,
		  __u32 ifindex, int program, struct error *error);

/* A filter at ingress, with its record; the directory links/PLACE is still to come. As above. */
int ingress_attach(const struct pins *pins, const struct place *place, int program,
		   struct error *error);

/* The record of what a dispatcher is to call there: 0 or -errno. Before it does. */
int dispatched_record(const struct pins *pins, const struct place *place, struct error *error);

/* Has egress run the programs pinned in `dir`. 0, or -errno: then only some do. */
int egress_update(const struct pins *pins, const char *dir, struct error *error);

/* A filter can be changed only in the network namespace of its interface. 0, or -EXDEV. */
int egress_reachable(const struct pins *pins, const struct guard_link *link, struct error *error);

/* Takes down what is attached to interfaces that are not guarded. 0 or -errno. */
int egress_tidy(const struct pins *pins, struct error *error);
bool egress_is_tidy(const struct pins *pins);

/* Takes down all that has its pin or record below `dir`. 0 or -errno. */
int egress_remove(const struct pins *pins, const char *dir, struct error *error);

#endif
