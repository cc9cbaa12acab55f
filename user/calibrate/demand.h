/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How much somebody sends, message by message, so that a limit can be found that drops none of it.
 * For each of some rates it is known what burst would have been enough: no more than the longest
 * queue before a server that takes so many a second (GCRA, gcra.h), which needs no list of times.
 */
#ifndef SIPGUARD_DEMAND_H
#define SIPGUARD_DEMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

#include "gcra.h"

/*
 * The rates, per second: all that the defaults have, and round ones between and above. What needs
 * more than the last is said to need more than can be proposed.
 */
#define DEMAND_RATES(X)                                                                           \
	X(1) X(2) X(3) X(5) X(8) X(10) X(15) X(20) X(30) X(40) X(50) X(60) X(80) X(100) X(120)    \
	X(150) X(200) X(300) X(400) X(500) X(600) X(800) X(1000) X(1500) X(2000) X(3000)          \
	X(4000) X(5000) X(8000) X(10000) X(15000) X(20000)

enum {
#define X(rate) DEMAND_##rate,
	DEMAND_RATES(X)
#undef X
	DEMAND_RUNGS
};

extern const __u32 demand_rates[DEMAND_RUNGS];

/* Windows in which messages are counted, of these seconds. They lie side by side. */
enum demand_window { DEMAND_1S, DEMAND_10S, DEMAND_60S, DEMAND_WINDOWS };

extern const __u32 demand_seconds[DEMAND_WINDOWS];

/* Of how many seconds somebody sent how much. A count is exact to 64, and to 1/32 above that. */
#define DEMAND_STEPS 32
#define DEMAND_BINS (2 * DEMAND_STEPS + 16 * DEMAND_STEPS)

struct demand_spread {
	__u64 seconds[DEMAND_BINS];
	__u64 all;
};

/* Of one sender (or of several together) and one limit. All zero at first. */
struct demand {
	__u64 messages;
	__u64 last;                   /* ns: of the last message */
	__u64 window[DEMAND_WINDOWS]; /* number of the one that is open */
	__u32 count[DEMAND_WINDOWS];  /* in it */
	__u32 most[DEMAND_WINDOWS];   /* in any one */
	float queue[DEMAND_RUNGS];
	float longest[DEMAND_RUNGS];  /* messages */
};

/*
 * One more message, at `now` ns, which is no less than before. A second that has ended is entered
 * in `spread`, which many may share.
 */
void demand_add(struct demand *demand, __u64 now, struct demand_spread *spread);

/* Enters the last second, when no more comes. */
void demand_end(struct demand *demand, struct demand_spread *spread);

/*
 * The fewest messages at once that drop nothing at so many a second. Of a rate that is none of
 * demand_rates it is that of the next lower one, so never too little.
 */
double demand_burst(const struct demand *demand, __u32 rate);

/* Whether a limit would have dropped nothing had there been `headroom` times as much. */
bool demand_fits(const struct demand *demand, const struct sg_limit *limit, double headroom);

/*
 * The narrowest limit that is no narrower than `least`, and would have dropped nothing had there
 * been `headroom` times as much. Its rate is at least that of the busiest minute. Its burst grows
 * with the rate, to what that gives in a second; it is no more than what that gives in four, or
 * that of `least`. False: none of these rates is enough; then *limit is the widest.
 */
bool demand_limit(const struct demand *demand, const struct sg_limit *least, double headroom,
		  struct sg_limit *limit);

/* The highest count of a second that only `beyond` of a thousand were above. */
__u32 demand_quantile(const struct demand_spread *spread, unsigned int beyond);

#endif
