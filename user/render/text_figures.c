// SPDX-License-Identifier: GPL-2.0-only
#include "render/text.h"

#include <stdio.h>

/* A part of a whole, if there is one. */
static void print_ratio(const struct sg_figures *figures, enum figures_ratio id)
{
	double ratio = figures_ratio(figures, id);

	if (ratio < 0)
		printf(" %9s", "-");
	else
		printf(" %7.2f %%", 100 * ratio);
}

static void print_delay(const struct sg_delay *delay)
{
	if (figures_measured(delay))
		printf(" %9.1f ms", 1000 * figures_mean(delay));
	else
		printf(" %12s", "-");
}

static void print_counts(const struct zone_figures *zone, enum sg_figured what, double seconds)
{
	const struct sg_figured_counts *c = &zone->counts.of[what];
	double by = seconds ? seconds : 1;

	printf("  %-20s %10.0f %10.0f %10.0f", zone->zone,
	       figures_attempts(c) / by, c->class[1] / by, c->silent / by);
}

static void print_sessions(const struct figures *figures, double seconds)
{
	printf("\n%-22s %10s %10s %10s %9s %9s %9s %12s %12s\n", "Sessions", "attempts",
	       "answered", "silent", "SER", "SEER", "ISA", "SRD", "failed SRD");
	for (int i = 0; i < SG_ZONES; i++) {
		const struct zone_figures *zone = &figures->zone[i];

		if (!zone->there)
			continue;
		print_counts(zone, SG_FIGURED_INVITE, seconds);
		print_ratio(&zone->counts, FIGURES_SER);
		print_ratio(&zone->counts, FIGURES_SEER);
		print_ratio(&zone->counts, FIGURES_ISA);
		print_delay(&zone->counts.delay[SG_DELAY_SESSION]);
		print_delay(&zone->counts.delay[SG_DELAY_FAILED]);
		putchar('\n');
	}
}

static void print_registrations(const struct figures *figures, double seconds)
{
	printf("\n%-22s %10s %10s %10s %9s %12s\n", "Registrations", "attempts", "accepted",
	       "silent", "IRA", "RRD");
	for (int i = 0; i < SG_ZONES; i++) {
		const struct zone_figures *zone = &figures->zone[i];

		if (!zone->there)
			continue;
		print_counts(zone, SG_FIGURED_REGISTER, seconds);
		print_ratio(&zone->counts, FIGURES_IRA);
		print_delay(&zone->counts.delay[SG_DELAY_REGISTER]);
		putchar('\n');
	}
}

void figures_text(const struct figures *figures, double seconds)
{
	if (!figures->counted)
		return;
	print_sessions(figures, seconds);
	print_registrations(figures, seconds);
}
