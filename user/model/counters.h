/* SPDX-License-Identifier: GPL-2.0-only */
/* What the guard has counted, and at which interfaces: at one moment, or between two. */
#ifndef SIPGUARD_COUNTERS_H
#define SIPGUARD_COUNTERS_H

#include <net/if.h>

#include "figures/figures.h"
#include "guard/session.h"

/* The interface whose packets are counted in a slot; of the last slot there may be several. */
struct counted {
	char name[IF_NAMESIZE]; /* "" if there is none; "(others)" if there are several */
	__u32 ifindex;
	bool shared;            /* there are several */
	__u64 seen;             /* what had been counted there when it was attached, */
	__u64 received;         /* and what its driver had counted; both in packets */
};

struct counters {
	struct sg_stats stats; /* the sum over all CPUs */
	struct counted counted[SG_INTERFACES];
	struct figures figures;
};

/* 0 or -errno. */
int counters_read(const struct session *session, struct counters *counters, struct error *error);

/*
 * What was counted between two readings: `now` - `then`. A guard that was detached and attached
 * meanwhile has counted from zero.
 */
void counters_between(const struct counters *then, const struct counters *now,
		      struct counters *between);

/* Packets that a slot's interface has counted, guarded or not, since it was attached. */
__u64 counters_seen(const struct counters *counters, __u32 slot);

/*
 * All packets for guarded ports but those of sources on the allow list: each is in one class, and
 * counted there once. What was watched is not in it: that is counted by reason only.
 */
struct sg_tally counters_total(const struct counters *counters);

/* Packets of all interfaces that were not for a guarded port. */
struct sg_counter counters_unguarded(const struct counters *counters);

#endif
