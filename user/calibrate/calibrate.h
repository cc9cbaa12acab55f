/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From a recording to limits: who sends and has proven something, what that needs, what today's
 * limits would have dropped of it, and whether those that are proposed drop any.
 */
#ifndef SIPGUARD_CALIBRATE_H
#define SIPGUARD_CALIBRATE_H

#include <stdio.h>

#include "calibrate/proposal.h"
#include "calibrate/recording.h"
#include "policy/policy.h"

struct calibration {
	/* To be set before. */
	const struct policy *policy;
	char *const *files;
	int file_count;
	struct live *live;                /* instead of files */
	__u64 seconds;                    /* for how long, */
	const volatile sig_atomic_t *stop; /* or until then */
	const struct prefix *trusted, *servers; /* by the operator */
	size_t trusted_count, server_count;
	/* What was found. */
	struct recording recording;
	struct senders senders;
	struct needs needs;
	FILE *charges;                    /* a struct charge for each frame that costs something */
	__u64 charge_count;
	__u64 charges_left;               /* that are not in there, since there are so many */
	bool charges_lost;                /* not all of them could be written */
	struct proposal proposal;
	__u64 counting;                   /* senders who count, */
	__u64 packets;                    /* and what they sent */
	struct sender_drops today, after; /* of that: by limits of today; of the proposal */
	bool tried;                       /* the proposal: what is live does not come again */
};

/* Reads the files several times. 0 or -errno; calibration_free() in any case. */
int calibration_run(struct calibration *calibration, struct error *error);
void calibration_free(struct calibration *calibration);

#endif
