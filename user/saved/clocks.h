/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIPGUARD_SAVED_CLOCKS_H
#define SIPGUARD_SAVED_CLOCKS_H

#include <time.h>

#include "guard/session.h"

/* The guard's clock beside that of the wall. */
struct clocks {
	__u64 guard; /* ns */
	__u64 wall;  /* s */
};

/* 0 or -errno. */
static inline int clocks_read(const struct session *session, struct clocks *clocks,
			      struct error *error)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	clocks->wall = now.tv_sec;
	return maps_clock(&session->maps, &clocks->guard, error);
}

#endif
