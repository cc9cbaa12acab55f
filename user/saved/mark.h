/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A point from which somebody counts anew. The counters themselves are never set back: others read
 * them as what only grows. What they were is kept beside the guard's maps, so it goes with them.
 */
#ifndef SIPGUARD_MARK_H
#define SIPGUARD_MARK_H

#include "model/counters.h"

struct mark {
	__u64 wall;               /* ms since 1970, when it was set */
	__u64 clock;              /* ns of CLOCK_BOOTTIME, likewise */
	struct counters counters; /* as they were then */
};

/* Sets it, in place of the last one. Needs a session that may change something. 0 or -errno. */
int mark_set(const struct session *session, const struct counters *counters, struct mark *mark,
	     struct error *error);

/* 0; -ENOENT: none was set; or another -errno. */
int mark_read(const struct session *session, struct mark *mark, struct error *error);

/* How long ago it was set, in s. */
double mark_age(const struct mark *mark);

#endif
