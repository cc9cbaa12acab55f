/* SPDX-License-Identifier: GPL-2.0-only */
/* The guard of this host, as the agent has it open: it may go, come again, and be another one. */
#ifndef SIPGUARD_FLEET_HOST_H
#define SIPGUARD_FLEET_HOST_H

#include <stdbool.h>

#include "guard/session.h"
#include "model/proven.h"

/*
 * Sources that have a proven flow, as two bits each by their hash: 2^24, of which half a million
 * sources set six in a hundred. Of a thousand bans four are refused by mistake then, and none is
 * taken.
 */
#define HOST_SOURCES_SHIFT 24
#define HOST_SOURCES (1U << HOST_SOURCES_SHIFT)

struct host {
	bool there;
	struct session session;
	struct proven_table proven;
	struct prefix *own;      /* addresses of this network namespace */
	size_t owns;
	__u64 *sources;          /* as of the last whole look at the table, */
	__u64 *gathering;        /* and of the one that is under way */
	__u64 guard_now;         /* ns of the guard's clock, */
	__u64 wall_now;          /* and ms since 1970, read at the same time */
};

/* 0 or -ENOMEM. Ended by host_end(). */
int host_begin(struct host *host, struct error *error);
void host_end(struct host *host);

/*
 * Looks whether the guard is there, and is the same one: *fresh is set if it is another one, of
 * which nothing is known yet. To be called every second. 0, or -errno with why there is none.
 */
int host_look(struct host *host, bool *fresh, struct error *error);

/* Reads both clocks. 0 or -errno. */
int host_clocks(struct host *host, struct error *error);

/* From one clock to the other, by the last reading: s since 1970, a part of one being one more. */
__u64 host_wall_of(const struct host *host, __u64 guard);
__u64 host_guard_of(const struct host *host, __u64 wall);

/* That the source has a proven flow: noted while the table is looked through, and asked for. */
void host_note_source(struct host *host, const struct sg_flow_key *key);
void host_sources_done(struct host *host);
bool host_has_proven(struct host *host, const struct sg_flow_key *key, bool source);

/* The hash by which a flow or a source is known here. */
__u64 host_hash(const struct host *host, const struct sg_flow_key *key);

#endif
