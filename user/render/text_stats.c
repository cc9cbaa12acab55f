// SPDX-License-Identifier: GPL-2.0-only
#include "render/text.h"

#include <stdio.h>

#include "base/names.h"
#include "render/output.h"

/* What a number is divided by. */
static double divisor(double seconds)
{
	return seconds ? seconds : 1;
}

/* Packets and bytes. */
static void print_counter(const struct sg_counter *counter, double seconds)
{
	double by = divisor(seconds);
	char bytes[OUTPUT_TEXT];

	printf(" %12.0f %9s", counter->packets / by, output_bytes(counter->bytes / by, bytes));
}

static bool is_counted(const struct sg_tally *tally)
{
	return tally->passed.packets || tally->would_drop.packets || tally->dropped.packets;
}

/* Returns `any` as it is for the line behind it: whether the title is there. */
static bool print_tally(const char *title, bool any, const char *name, const struct sg_tally *tally,
			double seconds)
{
	if (!is_counted(tally))
		return any;
	if (!any)
		printf("\n%-22s %22s %22s %22s\n", title, "passed", "would drop", "dropped");
	printf("  %-20s", name);
	print_counter(&tally->passed, seconds);
	print_counter(&tally->would_drop, seconds);
	print_counter(&tally->dropped, seconds);
	putchar('\n');
	return true;
}

static void print_reasons(const struct sg_stats *stats, double seconds)
{
	bool any = false;

	for (int i = 0; i < SG_REASON__MAX; i++)
		any = print_tally("Reason", any, reason_texts[i].label, &stats->reason[i],
				  seconds);
}

static void print_tallies(const char *title, const struct sg_tally *tally,
			  const char *const *names, int count, double seconds)
{
	bool any = false;

	for (int i = 0; i < count; i++)
		any = print_tally(title, any, names[i], &tally[i], seconds);
}

static void print_events(const struct sg_stats *stats, double seconds)
{
	bool any = false;

	for (int i = 0; i < SG_EVENT__MAX; i++) {
		if (!stats->event[i])
			continue;
		if (!any)
			printf("\nEvents\n");
		any = true;
		printf("  %-20s %12.0f\n", event_names[i], stats->event[i] / divisor(seconds));
	}
}

static void print_interfaces(const struct counters *counters, double seconds)
{
	printf("\nInterface\n");
	for (__u32 slot = 0; slot < SG_INTERFACES; slot++) {
		if (counters->counted[slot].name[0])
			printf("  %-20s %12.0f\n", counters->counted[slot].name,
			       counters_seen(counters, slot) / divisor(seconds));
	}
}

void stats_text(const struct counters *counters, double seconds)
{
	const struct sg_stats *stats = &counters->stats;
	struct sg_counter others = counters_unguarded(counters);

	printf("Packets and bytes%s\n", seconds ? " per second" : "");
	printf("  %-20s", "not for guarded ports");
	print_counter(&others, seconds);
	printf("\n  %-20s ", "on the allow list");
	print_counter(&stats->allowed, seconds);
	putchar('\n');
	print_interfaces(counters, seconds);
	print_reasons(stats, seconds);
	print_tallies("Class", stats->class, class_names, SG_CLASS__MAX, seconds);
	print_tallies("Method", stats->method, method_names, SG_METHOD__MAX, seconds);
	print_events(stats, seconds);
}
