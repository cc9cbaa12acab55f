/* SPDX-License-Identifier: GPL-2.0-only */
/* What the callers and attackers of the scenarios have in common. */
#ifndef SIPGUARD_SCENARIO_TOOL_H
#define SIPGUARD_SCENARIO_TOOL_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* Of net/core only the initial namespace shows netdev_max_backlog; all show somaxconn. */
static inline bool in_private_netns(void)
{
	return !access("/proc/sys/net/core/somaxconn", F_OK) &&
	       access("/proc/sys/net/core/netdev_max_backlog", F_OK);
}

static inline void pause_for(double seconds)
{
	struct timespec time = { .tv_sec = seconds, .tv_nsec = (seconds - (long)seconds) * 1e9 };

	nanosleep(&time, NULL);
}

/* Seconds of a clock that nobody sets. */
static inline double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec + time.tv_nsec / 1e9;
}

/* Ends with what the kernel says of it, if it was not done. */
static inline void must(bool done, const char *what)
{
	if (done)
		return;
	perror(what);
	exit(1);
}

#endif
