/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What judges the packets of each guarded interface, and the one place that knows the ways to have
 * it there. An interface is guarded while links/PLACE exists, which is
 *
 *   a link of XDP      the driver hands frames to the guard: "native"
 *   a link of tcx      at the ingress of tc: "generic". Linux 6.6 and later.
 *   a directory        the same by a filter of clsact, which nothing can pin. Before the filter
 *                      there is its record, clsact/ingress:..., and the directory comes after it,
 *                      see egress.h: a filter without it is what a killed command has left.
 *   another one        of JUDGE_DISPATCHED: the guard is a program that libxdp's dispatcher calls.
 *                      libxdp pins it. Its record is clsact/dispatcher:...
 *
 * At tc the guard runs where XDP would get several datagrams as one frame and could not tell:
 * whatever has no XDP in its driver, and tun and tap. What the kernel calls generic XDP is not
 * used.
 *
 * A link is of its interface, whatever that is called and wherever it goes. Each runs a program of
 * its own, so "the interface of that number here runs the link's program" tells where it is.
 */
#ifndef SIPGUARD_LINKS_H
#define SIPGUARD_LINKS_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

#include <linux/types.h>

#include "kernel/pins.h"

enum xdp_mode {
	XDP_MODE_AUTO, /* asked for only */
	XDP_MODE_NATIVE,
	XDP_MODE_GENERIC,
	XDP_MODE_DISPATCHER, /* native, beside the programs of others: libxdp's dispatcher */
};

extern const char *const xdp_mode_names[];

/* The programs of bpf/guard.bpf.c, and how they are loaded. The numbers are in names of pins. */
enum judge {
	JUDGE_PLAIN = 0, /* "guard" */
	JUDGE_FRAGS = 1, /* "guard_frags", for frames of several buffers */
	JUDGE_TC = 2,    /* "ingress" */
	JUDGE_BARE = 3,  /* the same, for packets without a header of the link */
	JUDGE_DISPATCHED = 4, /* "guard", which a dispatcher calls */
	JUDGE__MAX
};

/* Of the program, as bpftool shows it. */
extern const char *const judge_names[JUDGE__MAX];

enum link_kind {
	LINK_XDP,
	LINK_TCX,
	LINK_CLSACT,
	LINK_DISPATCHED,
};

enum link_state {
	LINK_HERE,      /* guarded, in this network namespace */
	LINK_ELSEWHERE, /* guarded, in another one */
	LINK_GONE,      /* the interface is gone */
	LINK_REMOVED,   /* the interface is here, and somebody took the guard's program from it */
};

struct guard_link {
	char name[IF_NAMESIZE];    /* of the interface now, or when it was attached if not HERE */
	char pin[PLACE_PIN];       /* name of the pin */
	struct place place;        /* what that says */
	enum link_kind kind;
	enum link_state state;
	int fd;                    /* -1 of CLSACT and DISPATCHED */
	__u32 id;
	__u32 ifindex;             /* now; 0 if GONE */
	__u32 program_id;
};

struct link_set {
	struct guard_link *link;
	size_t count;
};

/* The links pinned in dir/NAME, by name. 0 or -errno. Freed by links_free(). */
int links_read(const struct pins *pins, const char *name, struct link_set *set,
	       struct error *error);
void links_free(struct link_set *set);

/* The number of the map by which a program is known to be the guard's; 0 if it is not pinned. */
__u32 links_state_map(const struct pins *pins);

/*
 * The link of the interface that is called so here, by whichever of its names; else a link that is
 * not HERE, but was attached under this name. NULL if there is none.
 */
const struct guard_link *links_find(const struct link_set *set, const char *name);
const struct guard_link *links_find_pin(const struct link_set *set, const char *pin);

/* Whether all that is guarded is in other network namespaces. */
bool links_elsewhere(const struct link_set *set);

/* NATIVE, GENERIC or DISPATCHER. */
enum xdp_mode link_mode(const struct guard_link *link);
const char *link_hook(const struct guard_link *link); /* "xdp" or "tc" */
const char *link_text(const struct guard_link *link); /* the same for people */

/*
 * Has it run another program of its judge. 0 or -errno, unsaid. From another network namespace a
 * filter cannot be changed: -EXDEV. Not of DISPATCHED, see hook_dispatch().
 */
int link_update(const struct pins *pins, const struct guard_link *link, int program);

/* Whether this process may take down what a dispatcher calls: 0, or -EPERM. */
int link_reachable(const struct pins *pins, const struct guard_link *link, struct error *error);

/*
 * Takes effect at once, where unpinning takes a while. A filter, and what a dispatcher calls, is
 * left to egress_tidy().
 */
void link_detach(const struct guard_link *link);

/* Notes where the counters of a slot begin: 0 or -errno, unsaid. See struct place_note. */
int link_note(const struct pins *pins, __u32 slot, __u32 program, __u64 received, __u64 seen);

/* What else is noted of the slot stays. */
int link_note_program(const struct pins *pins, __u32 slot, __u32 program);

#endif
