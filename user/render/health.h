/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether all that was attached is guarded still: for Nagios and what speaks its language. */
#ifndef SIPGUARD_HEALTH_H
#define SIPGUARD_HEALTH_H

#include <stdbool.h>
#include <stddef.h>

#include "model/snapshot.h"

/*
 * How `status --check` ends, as the Monitoring Plugins Development Guidelines number it: 3 is what
 * cannot be told, where the exit status of other commands says "not attached".
 */
enum health_level {
	HEALTH_OK = 0,
	HEALTH_WARNING = 1,  /* the guard works, and somebody should look */
	HEALTH_CRITICAL = 2, /* something that was attached is not guarded, or nothing is */
	HEALTH_UNKNOWN = 3,
};

#define HEALTH_MOST 32

struct health {
	enum health_level level;
	char problem[HEALTH_MOST][SNAPSHOT_NOTICE]; /* the worst first; without a stop */
	size_t problems;
	size_t unsaid; /* more that found no room */
};

/* `snapshot` NULL: nothing is attached. */
void health_read(const struct snapshot *snapshot, struct health *health);

/* Of a guard that cannot be read: UNKNOWN, for this reason. */
void health_unknown(const char *why, struct health *health);

/* The one line, with performance data if there is a snapshot; or the same as JSON. */
void health_print(const struct health *health, const struct snapshot *snapshot, bool json);

#endif
