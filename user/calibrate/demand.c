// SPDX-License-Identifier: GPL-2.0-only
#include "calibrate/demand.h"

#define BURST_SECONDS 4 /* most defaults have less: 160 INVITEs at once at 80 a second */

const __u32 demand_rates[DEMAND_RUNGS] = {
#define X(rate) rate,
	DEMAND_RATES(X)
#undef X
};

const __u32 demand_seconds[DEMAND_WINDOWS] = {1, 10, 60};

/* --- the spread --- */

static size_t bin_of(__u32 count)
{
	size_t shift = 0;

	while (count >> shift >= 2 * DEMAND_STEPS)
		shift++;
	if (count < 2 * DEMAND_STEPS)
		return count;
	return shift * DEMAND_STEPS + (count >> shift);
}

/* The highest count that is entered there. */
static __u32 most_of(size_t bin)
{
	size_t shift = bin / DEMAND_STEPS - 1;

	if (bin < 2 * DEMAND_STEPS)
		return bin;
	return ((bin % DEMAND_STEPS + DEMAND_STEPS + 1) << shift) - 1;
}

static void enter(struct demand_spread *spread, __u32 count)
{
	size_t bin = bin_of(count);

	spread->seconds[bin < DEMAND_BINS ? bin : DEMAND_BINS - 1]++;
	spread->all++;
}

__u32 demand_quantile(const struct demand_spread *spread, unsigned int beyond)
{
	__u64 above = spread->all * beyond / 1000, seen = 0;

	for (size_t bin = DEMAND_BINS; bin--;) {
		seen += spread->seconds[bin];
		if (seen > above)
			return most_of(bin);
	}
	return 0;
}

/* --- one sender --- */

static void count_windows(struct demand *demand, __u64 now, struct demand_spread *spread)
{
	for (int i = 0; i < DEMAND_WINDOWS; i++) {
		__u64 window = now / SG_NSEC_PER_SEC / demand_seconds[i];

		if (window != demand->window[i]) {
			if (i == DEMAND_1S && demand->count[i])
				enter(spread, demand->count[i]);
			demand->window[i] = window;
			demand->count[i] = 0;
		}
		if (++demand->count[i] > demand->most[i])
			demand->most[i] = demand->count[i];
	}
}

void demand_add(struct demand *demand, __u64 now, struct demand_spread *spread)
{
	double gap = (double)(now - demand->last) / SG_NSEC_PER_SEC;

	count_windows(demand, now, spread);
	for (int i = 0; i < DEMAND_RUNGS; i++) {
		double left = demand->queue[i] - gap * demand_rates[i];

		demand->queue[i] = (left > 0 ? left : 0) + 1;
		if (demand->queue[i] > demand->longest[i])
			demand->longest[i] = demand->queue[i];
	}
	demand->messages++;
	demand->last = now;
}

void demand_end(struct demand *demand, struct demand_spread *spread)
{
	if (demand->count[DEMAND_1S])
		enter(spread, demand->count[DEMAND_1S]);
	demand->count[DEMAND_1S] = 0;
}

double demand_burst(const struct demand *demand, __u32 rate)
{
	int rung = DEMAND_RUNGS - 1;

	while (rung && demand_rates[rung] > rate)
		rung--;
	/* Below the lowest rate nothing is known but how many there were. */
	return demand_rates[rung] > rate ? demand->messages : demand->longest[rung];
}

bool demand_fits(const struct demand *demand, const struct sg_limit *limit, double headroom)
{
	double busiest = (double)demand->most[DEMAND_60S] / demand_seconds[DEMAND_60S];

	if (!demand->messages)
		return true;
	return busiest * headroom <= limit->rate &&
	       demand_burst(demand, limit->rate) * headroom <= limit->burst;
}

/* Two digits, upwards: more would look as if somebody had known it so well. */
static __u32 round_up(double burst)
{
	__u32 unit = 1, units;

	while (burst / unit > 99)
		unit *= 10;
	units = burst / unit;
	if ((double)units * unit < burst)
		units++;
	return units * unit < SG_BURST_MAX ? units * unit : SG_BURST_MAX;
}

/* With a higher rate more comes at once, but what was narrow for a reason stays so. */
static double burst_with(const struct sg_limit *least, __u32 rate)
{
	double burst = (double)least->burst * rate / least->rate;

	return burst < rate ? burst : rate;
}

bool demand_limit(const struct demand *demand, const struct sg_limit *least, double headroom,
		  struct sg_limit *limit)
{
	*limit = *least;
	if (demand_fits(demand, least, headroom))
		return true;
	for (int i = 0; i < DEMAND_RUNGS; i++) {
		__u32 rate = demand_rates[i];
		double burst = BURST_SECONDS * (double)rate;

		if (rate < least->rate)
			continue;
		if (burst < least->burst)
			burst = least->burst;
		*limit = sg_limit_of(rate, round_up(burst));
		if (!demand_fits(demand, limit, headroom))
			continue;
		burst = demand_burst(demand, rate) * headroom;
		if (burst < burst_with(least, rate))
			burst = burst_with(least, rate);
		*limit = sg_limit_of(rate, round_up(burst > least->burst ? burst : least->burst));
		return true;
	}
	return false;
}
