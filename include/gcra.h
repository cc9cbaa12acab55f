/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The generic cell rate algorithm (ITU-T I.371, virtual scheduling), one 64-bit theoretical
 * arrival time (TAT) per limit. Compiled for BPF and for userspace. All times in nanoseconds of one
 * clock that starts above zero; a TAT of 0 is a limit never charged.
 */
#ifndef SIPGUARD_GCRA_H
#define SIPGUARD_GCRA_H

#include <linux/types.h>

#define SG_NSEC_PER_SEC 1000000000ULL

struct sg_limit {
	__u64 interval;  /* ns between messages at the rate */
	__u64 tolerance; /* ns by which a message may come early: (burst - 1) * interval */
	__u32 rate;      /* messages per second, as configured */
	__u32 burst;     /* messages at once, as configured */
};

/* Both from 1: tolerance stays below 2^50 ns. */
#define SG_RATE_MAX 10000000 /* per second */
#define SG_BURST_MAX 1000000

static inline struct sg_limit sg_limit_of(__u32 rate, __u32 burst)
{
	struct sg_limit limit = {
		.interval = SG_NSEC_PER_SEC / rate,
		.tolerance = (burst - 1) * (SG_NSEC_PER_SEC / rate),
		.rate = rate,
		.burst = burst,
	};

	return limit;
}

static inline int sg_gcra_conforms(__u64 tat, __u64 now, const struct sg_limit *limit)
{
	return tat <= now + limit->tolerance;
}

/* The TAT after a conforming message. */
static inline __u64 sg_gcra_next(__u64 tat, __u64 now, const struct sg_limit *limit)
{
	return (tat > now ? tat : now) + limit->interval;
}

#endif
