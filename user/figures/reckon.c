// SPDX-License-Identifier: GPL-2.0-only
/* What follows from the counters, once they are read. */
#include "figures/figures.h"

#include <string.h>

const unsigned int figures_bounds[] = {
#define X(ms) ms,
	SG_DELAY_BOUNDS(X)
#undef X
};

const unsigned int figures_statuses[SG_STATUS__MAX] = {
#define X(status) status,
	SG_FIGURED_STATUSES(X)
#undef X
};

const char *const figures_keys[FIGURES_RATIO__MAX] = {
#define X(name, key, label, what) key,
	FIGURES_RATIOS(X)
#undef X
};

const char *const figures_labels[FIGURES_RATIO__MAX] = {
#define X(name, key, label, what) label,
	FIGURES_RATIOS(X)
#undef X
};

/* So many words; what is less than it was has begun anew. */
static void subtract(void *from, const void *what, size_t words)
{
	const __u64 *b = what;
	__u64 *a = from;

	for (size_t i = 0; i < words; i++)
		a[i] -= a[i] < b[i] ? 0 : b[i];
}

static void zone_between(const struct sg_figures *then, struct sg_figures *now)
{
	for (int i = 0; i < SG_FIGURED__MAX; i++)
		subtract(&now->of[i], &then->of[i], SG_FIGURED_WORDS);
	subtract(now->delay, then->delay, sizeof(now->delay) / (sizeof(__u64)));
}

void figures_between(const struct figures *then, const struct figures *now,
		     struct figures *between)
{
	*between = *now;
	for (int i = 0; i < SG_ZONES; i++) {
		struct zone_figures *zone = &between->zone[i];

		if (zone->there && then->zone[i].there && !strcmp(zone->zone, then->zone[i].zone))
			zone_between(&then->zone[i].counts, &zone->counts);
	}
}

/* --- reckoned --- */

static __u64 challenges(const struct sg_figured_counts *c)
{
	return c->status[SG_STATUS_401] + c->status[SG_STATUS_402] + c->status[SG_STATUS_407];
}

static __u64 finals(const struct sg_figured_counts *c)
{
	return c->class[1] + c->class[2] + c->class[3] + c->class[4] + c->class[5];
}

/* Numbers of one reading, or of a time between two, need not fit each other. */
static __u64 less(__u64 from, __u64 what)
{
	return from > what ? from - what : 0;
}

__u64 figures_attempts(const struct sg_figured_counts *c)
{
	return less(c->requests, challenges(c));
}

__u64 figures_ended(const struct sg_figured_counts *c)
{
	return less(finals(c), challenges(c)) + c->silent;
}

__u64 figures_open(const struct sg_figured_counts *c)
{
	return less(c->requests, finals(c) + c->silent + c->lost);
}

static __u64 failures(const struct sg_figured_counts *c)
{
	return less(c->class[3] + c->class[4] + c->class[5], challenges(c)) + c->silent;
}

static double divide(__u64 part, __u64 whole)
{
	return whole ? (double)part / whole : -1;
}

double figures_ratio(const struct sg_figures *figures, enum figures_ratio ratio)
{
	const struct sg_figured_counts *invite = &figures->of[SG_FIGURED_INVITE];
	const struct sg_figured_counts *reg = &figures->of[SG_FIGURED_REGISTER];
	const __u64 *status = invite->status;
	__u64 sent_here = less(figures_ended(invite), invite->class[2]);

	switch (ratio) {
	case FIGURES_SER: /* section 4.6 */
		return divide(invite->class[1], sent_here);
	case FIGURES_SEER: /* section 4.7 */
		return divide(invite->class[1] + status[SG_STATUS_480] + status[SG_STATUS_486] +
			      status[SG_STATUS_600] + status[SG_STATUS_603], sent_here);
	case FIGURES_ISA: /* section 4.8 */
		return divide(status[SG_STATUS_408] + status[SG_STATUS_500] +
			      status[SG_STATUS_503] + status[SG_STATUS_504],
			      figures_ended(invite));
	case FIGURES_IRA: /* section 4.2 */
		return divide(failures(reg), figures_ended(reg));
	default:
		return -1;
	}
}

__u64 figures_measured(const struct sg_delay *delay)
{
	__u64 count = 0;

	for (size_t i = 0; i < SG_DELAY_COUNTS; i++)
		count += delay->count[i];
	return count;
}

double figures_sum(const struct sg_delay *delay)
{
	return delay->units * (double)(1 << SG_DELAY_SHIFT) / SG_NSEC_PER_SEC;
}

double figures_mean(const struct sg_delay *delay)
{
	__u64 count = figures_measured(delay);

	return count ? figures_sum(delay) / count : 0;
}
