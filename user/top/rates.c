// SPDX-License-Identifier: GPL-2.0-only
#include "top/rates.h"

#include <stdio.h>
#include <stdlib.h>

static double refused(const struct rate *r)
{
	return r->would_drop + r->dropped;
}

static int by_rate(const void *a, const void *b)
{
	const struct rate *x = a, *y = b;
	double dx = refused(x), dy = refused(y);

	if (dx == dy) {
		dx = x->passed + x->watched;
		dy = y->passed + y->watched;
	}
	return dx == dy ? x->id - y->id : dx < dy ? 1 : -1;
}

void rates_of(const struct sg_tally *tally, int count, int skip, double seconds,
	      struct rates *rates)
{
	rates->count = 0;
	for (int id = skip; seconds > 0 && id < count && rates->count < RATES_MOST; id++) {
		const struct sg_tally *t = &tally[id];

		if (!t->passed.packets && !t->watched.packets && !t->would_drop.packets &&
		    !t->dropped.packets)
			continue;
		rates->rate[rates->count++] = (struct rate){
			id, t->passed.packets / seconds, t->watched.packets / seconds,
			t->would_drop.packets / seconds, t->dropped.packets / seconds,
		};
	}
	qsort(rates->rate, rates->count, sizeof(*rates->rate), by_rate);
}

/* From 1: a place that was never used is of no second. */
static __u64 second_of(__u64 now)
{
	return now / SG_NSEC_PER_SEC + 1;
}

void window_add(struct window *w, __u64 now, __u64 count)
{
	__u64 second = second_of(now), place = second % RATE_WINDOW;

	if (second < w->second[place])
		return;
	if (second > w->second[place])
		w->count[place] = 0;
	w->second[place] = second;
	w->count[place] += count;
}

double window_rate(const struct window *w, __u64 begun, __u64 now)
{
	__u64 second = second_of(now), sum = 0;
	double seconds = RATE_WINDOW - 1 + now % SG_NSEC_PER_SEC / (double)SG_NSEC_PER_SEC;
	double since = now > begun ? (now - begun) / (double)SG_NSEC_PER_SEC : 0;

	for (int i = 0; i < RATE_WINDOW; i++) {
		if (w->second[i] + RATE_WINDOW > second)
			sum += w->count[i];
	}
	if (since < seconds)
		seconds = since;
	return seconds > 0.25 ? sum / seconds : sum / 0.25;
}

char *rate_text(double rate, char *text)
{
	if (rate <= 0)
		snprintf(text, RATE_TEXT, "-");
	else if (rate < 9.95)
		snprintf(text, RATE_TEXT, "%.1f", rate);
	else if (rate < 9999.5)
		snprintf(text, RATE_TEXT, "%.0f", rate);
	else if (rate < 999950)
		snprintf(text, RATE_TEXT, "%.1fk", rate / 1e3);
	else if (rate < 999.5e6)
		snprintf(text, RATE_TEXT, "%.2fM", rate / 1e6);
	else
		snprintf(text, RATE_TEXT, "%.0fM", rate < 99999e6 ? rate / 1e6 : 99999);
	return text;
}
