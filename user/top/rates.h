/* SPDX-License-Identifier: GPL-2.0-only */
/* Rates: of what the guard counts, and of what is heard of now and then. No clock of its own. */
#ifndef SIPGUARD_RATES_H
#define SIPGUARD_RATES_H

#include <stddef.h>

#include "abi.h"

#define RATES_MOST 128

/* Packets a second of one class or reason, by what became of them. */
struct rate {
	int id;
	double passed, watched, would_drop, dropped;
};

struct rates {
	struct rate rate[RATES_MOST]; /* those that move, what is refused most first */
	size_t count;
};

/* Of `count` tallies between two readings, so many seconds apart; the first `skip` are left out. */
void rates_of(const struct sg_tally *tally, int count, int skip, double seconds,
	      struct rates *rates);

/* How often something was, over the last RATE_WINDOW seconds. All zero at first. */
#define RATE_WINDOW 5

struct window {
	__u64 second[RATE_WINDOW]; /* which second of the clock, and one more */
	__u64 count[RATE_WINDOW];
};

void window_add(struct window *window, __u64 now, __u64 count);

/* A second, the mean of the window, or of the time since `begun` if that is less. Times in ns. */
double window_rate(const struct window *window, __u64 begun, __u64 now);

#define RATE_TEXT 12

/* "0.4", "812", "12.3k", "1.20M": at most 6 letters. Returns `text`, of RATE_TEXT bytes. */
char *rate_text(double rate, char *text);

#endif
