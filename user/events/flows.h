/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Proven flows and how full their limits are. There may be half a million, and each has to be
 * asked for: those that have spent most are asked for at every turn, and FLOWS_ASKED of the others,
 * one after the other.
 */
#ifndef SIPGUARD_FLOWS_H
#define SIPGUARD_FLOWS_H

#include "events/ask.h"
#include "model/proven.h"

#define FLOWS_ASKED 256
#define FLOWS_MOST 512

#define FILL_UNKNOWN -1

/* How full the fullest limit is. */
struct fill {
	int percent; /* FILL_UNKNOWN, or 0 to 100 */
	int limit;   /* enum sg_limit_id */
};

struct flow {
	struct proven proven;
	struct fill fill;
	__u8 zone;
};

struct flows {
	struct flow flow[FLOWS_MOST]; /* the fullest first */
	size_t count;
	size_t known;  /* proven flows that there are */
	size_t next;   /* which of them is asked for next */
};

/* Of what was asked for: of the source and, if a flow was asked for, of the flow. */
struct fill fill_of(const struct sg_why *why, const struct sg_config *config);

/* 0 or -errno: then as it was. */
int flows_turn(struct flows *flows, const struct maps *maps, struct asker *asker,
	       const struct sg_config *config, __u64 now, struct error *error);

#endif
