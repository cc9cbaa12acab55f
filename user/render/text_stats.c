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

/* Only reasons have a column of what they have watched. */
struct table {
	const char *title;
	const struct sg_tally *tally;
	int count;
	const char *(*label)(int);
	bool watched;
};

static const char *reason_label(int reason)
{
	return reason_texts[reason].label;
}

static const char *class_label(int class)
{
	return class_names[class];
}

static const char *method_label(int method)
{
	return method_names[method];
}

static const char *total_label(int row)
{
	(void)row;
	return "for guarded ports";
}

static bool is_counted(const struct sg_tally *tally)
{
	return tally->passed.packets || tally->would_drop.packets || tally->dropped.packets ||
	       tally->watched.packets;
}

static void print_title(const struct table *table)
{
	printf("\n%-22s %22s", table->title, "passed");
	if (table->watched)
		printf(" %22s", "watched");
	printf(" %22s %22s\n", "would drop", "dropped");
}

static void print_row(const struct table *table, int row, double seconds)
{
	const struct sg_tally *tally = &table->tally[row];

	printf("  %-20s", table->label(row));
	print_counter(&tally->passed, seconds);
	if (table->watched)
		print_counter(&tally->watched, seconds);
	print_counter(&tally->would_drop, seconds);
	print_counter(&tally->dropped, seconds);
	putchar('\n');
}

static void print_table(const struct table *table, double seconds)
{
	bool any = false;

	for (int row = 0; row < table->count; row++) {
		if (!is_counted(&table->tally[row]))
			continue;
		if (!any)
			print_title(table);
		any = true;
		print_row(table, row, seconds);
	}
}

static void print_events(const struct sg_stats *stats, double seconds)
{
	bool any = false;

	for (int i = 0; i < SG_COUNT__MAX; i++) {
		if (!stats->count[i])
			continue;
		if (!any)
			printf("\nEvents\n");
		any = true;
		printf("  %-20s %12.0f\n", count_names[i], stats->count[i] / divisor(seconds));
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
	struct sg_tally total = counters_total(counters);
	const struct table all = {"Total", &total, 1, total_label, false};
	const struct table tables[] = {
		{"Reason", stats->reason, SG_REASON__MAX, reason_label, true},
		{"Class", stats->class, SG_CLASS__MAX, class_label, false},
		{"Method", stats->method, SG_METHOD__MAX, method_label, false},
	};

	printf("Packets and bytes%s\n", seconds ? " per second" : "");
	printf("  %-20s", "not for guarded ports");
	print_counter(&others, seconds);
	printf("\n  %-20s ", "on the allow list");
	print_counter(&stats->allowed, seconds);
	putchar('\n');
	print_title(&all);
	print_row(&all, 0, seconds);
	print_interfaces(counters, seconds);
	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++)
		print_table(&tables[i], seconds);
	print_events(stats, seconds);
	figures_text(&counters->figures, seconds);
}
