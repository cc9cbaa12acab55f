// SPDX-License-Identifier: GPL-2.0-only
#include "base/clock.h"

#include <time.h>

#include "gcra.h"

__u64 clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * SG_NSEC_PER_SEC + now.tv_nsec;
}

__u64 clock_wall(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

__u64 seconds_until(__u64 then, __u64 now)
{
	return then > now ? (then - now + SG_NSEC_PER_SEC - 1) / SG_NSEC_PER_SEC : 0;
}

__u64 clock_tick(void)
{
	struct timespec resolution;

	/* The kernel gives one jiffy here: the coarse clocks move with the tick. */
	if (clock_getres(CLOCK_MONOTONIC_COARSE, &resolution))
		return 10000000; /* HZ=100, the slowest there is */
	return resolution.tv_sec * SG_NSEC_PER_SEC + resolution.tv_nsec;
}
