/* SPDX-License-Identifier: GPL-2.0-only */
/* What the callers and attackers of the scenarios have in common. */
#ifndef SIPGUARD_SCENARIO_TOOL_H
#define SIPGUARD_SCENARIO_TOOL_H

#include <getopt.h>
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

/* Ends the program NAME, which nobody may run where the machine's own interfaces are. */
static inline void need_private_netns(const char *name)
{
	if (in_private_netns())
		return;
	fprintf(stderr, "%s: refusing to run in the initial network namespace\n", name);
	exit(2);
}

/* The options of a program. False if one is unknown or not taken, or something else is given. */
static inline bool read_options(int argc, char **argv, const struct option *options,
				bool (*take)(int option))
{
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		if (!take(option))
			return false;
	}
	return optind == argc;
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
