/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The two places of tc, ingress and egress, and the two ways to have a program there: a link of tcx
 * (Linux 6.6 and later), or a filter of the clsact qdisc at a place of our own.
 */
#ifndef SIPGUARD_FILTER_H
#define SIPGUARD_FILTER_H

#include <stdbool.h>

#include <linux/types.h>

#include "base/error.h"

#define FILTER_PRIORITY 50

enum direction {
	DIRECTION_INGRESS,
	DIRECTION_EGRESS,
	DIRECTION__MAX
};

extern const char *const direction_names[DIRECTION__MAX];

/* A link of tcx in front of all others: fd, which detaches when closed unpinned, or -errno. */
int tcx_create(__u32 ifindex, enum direction direction, int program);

/* Whether such an error means that clsact would be refused, too. Else: no tcx, or no room in it. */
bool tcx_is_hopeless(int err);

/* Whether the program of that id is at this place of tcx of the interface. */
bool tcx_runs(__u32 ifindex, __u32 attach_type, __u32 id);

/* Has the interface take filters of clsact. 0, or -errno; -EBUSY: an ingress qdisc is there. */
int filter_prepare(__u32 ifindex);

/* The id of the program that our filter runs; 0: there is no such filter. */
__u32 filter_program(__u32 ifindex, enum direction direction);

/* Makes the filter, or has the one at our place run `program`, with no packet in between missed. */
int filter_set(__u32 ifindex, enum direction direction, int program);
int filter_remove(__u32 ifindex, enum direction direction);

/* Why tcx_create() or a filter was refused with `err`, which is returned. */
int filter_explain(const char *name, enum direction direction, int err, struct error *error);

#endif
