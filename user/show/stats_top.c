// SPDX-License-Identifier: GPL-2.0-only
/* stats --top: who is refused, for which reason, as events of some seconds tell. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/escape.h"
#include "base/names.h"
#include "base/text.h"
#include "cmd/command.h"
#include "render/event.h"
#include "render/output.h"
#include "top/talkers.h"

#define SECONDS 5
#define ROWS 10
#define ROWS_MOST 1000

static volatile sig_atomic_t interrupted;

static void interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

/* --- for people --- */

/* What was counted, which is whole, and how much of it the rows have. */
static void print_counted(const struct refused *r)
{
	__u64 all = r->dropped + r->would_drop;

	printf("In %.1f s ", r->seconds);
	if (!all)
		printf("no packet was %s", r->mode == SG_MODE_MONITOR ? "one that enforce mode "
		       "would drop" : "dropped");
	if (r->dropped)
		printf("%llu %s dropped", r->dropped,
		       word_for(r->dropped, "packet was", "packets were"));
	if (r->dropped && r->would_drop)
		printf(" and ");
	if (r->would_drop)
		printf("%llu %s passed that enforce mode would drop", r->would_drop,
		       word_for(r->would_drop, "packet", "packets"));
	if (!all)
		printf(".\n");
	else if (r->named == all)
		printf(": events have named the sender of each.\n");
	else
		printf(": events have named the senders of %llu of them, so each of these may have "
		       "sent more.\n", r->named);
}

static void format_who(const struct refused_row *row, char *text)
{
	flow_format(&row->who, text, PREFIX_TEXT);
}

/* As wide as the longest of the first `rows`. */
static int width_of(const struct refused *r, size_t rows)
{
	size_t width = strlen("SOURCE");
	char text[PREFIX_TEXT];

	for (size_t i = 0; i < rows; i++) {
		format_who(&r->row[i], text);
		width = strlen(text) > width ? strlen(text) : width;
	}
	return width;
}

static void print_row(const struct refused_row *row, int width)
{
	struct timespec last = refused_time(row->last);
	char who[PREFIX_TEXT], time[OUTPUT_TEXT];

	format_who(row, who);
	escape_printf(stdout, "%-*s  %-4s %-12s %-20s %-10s %10llu  %s\n", width, who,
		      row->who.port ? flow_transport(&row->who) : "", row->zone[0] ? row->zone
		      : "-", reason_texts[row->reason].label,
		      outcome_texts[row->outcome % SG_OUTCOME__MAX], row->packets,
		      output_time(last.tv_sec, time));
}

static void print_all(const struct refused *r, size_t rows)
{
	int width = width_of(r, rows);

	print_counted(r);
	if (!r->count)
		return;
	printf("\n%-*s  %-4s %-12s %-20s %-10s %10s  %s\n", width, "SOURCE", "", "ZONE", "REASON",
	       "OUTCOME", "PACKETS", "LAST SEEN");
	for (size_t i = 0; i < rows; i++)
		print_row(&r->row[i], width);
	if (r->count > rows)
		printf("%zu more %s: `sipguard stats --top %zu` has them.\n", r->count - rows,
		       word_for(r->count - rows, "row", "rows"),
		       r->count < ROWS_MOST ? r->count : ROWS_MOST);
}

/* --- for programs --- */

static json_t *row_json(const struct refused_row *row)
{
	struct timespec last = refused_time(row->last);
	char who[PREFIX_TEXT], time[EVENT_TIME];

	format_who(row, who);
	return json_pack("{s:s, s:s?, s:o, s:s, s:s, s:I, s:s}", "source", who, "transport",
			 row->who.port ? flow_transport(&row->who) : NULL, "zone",
			 row->zone[0] ? output_string(row->zone) : json_null(), "reason",
			 reason_texts[row->reason].label, "outcome",
			 outcome_texts[row->outcome % SG_OUTCOME__MAX], "packets",
			 (json_int_t)row->packets, "last", event_format_time(&last, time));
}

static json_t *all_json(const struct refused *r, size_t rows)
{
	json_t *all = json_array();

	for (size_t i = 0; i < rows; i++)
		json_array_append_new(all, row_json(&r->row[i]));
	return json_pack("{s:f, s:s, s:I, s:I, s:I, s:I, s:o}", "seconds", r->seconds, "mode",
			 mode_names[r->mode], "dropped", (json_int_t)r->dropped, "would_drop",
			 (json_int_t)r->would_drop, "named", (json_int_t)r->named, "rows",
			 (json_int_t)r->count, "sources", all);
}

/* How many rows are wanted; 0 after saying what is wrong. */
static size_t rows_wanted(const struct options *options)
{
	unsigned long rows = ROWS;
	char *end = "";

	if (options->count)
		rows = strtoul(options->arguments[0], &end, 10);
	if (*end || rows < 1 || rows > ROWS_MOST)
		rows = 0;
	if (!rows)
		usage("--top takes a number of rows, 1 to %d.", ROWS_MOST);
	return rows;
}

enum exit_code stats_top(const struct options *options)
{
	struct sigaction action = {.sa_handler = interrupt}; /* without SA_RESTART */
	size_t rows = rows_wanted(options);
	struct refused refused;
	struct error error = {};
	int err;

	if (!rows)
		return USAGE;
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	say_progress();
	err = refused_listen(options->seconds ? options->seconds : SECONDS, &interrupted, &refused,
			     &error);
	if (err)
		return failed(&error);
	if (rows > refused.count)
		rows = refused.count;
	if (options->json)
		output_json(all_json(&refused, rows));
	else
		print_all(&refused, rows);
	refused_free(&refused);
	return output_end();
}
