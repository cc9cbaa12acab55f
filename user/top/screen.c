// SPDX-License-Identifier: GPL-2.0-only
/* What the screen shows: from the top the guard, rates, three panes, and a line for the keys. */
#include "top/screen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/names.h"
#include "render/output.h"
#include "top/rates.h"

#define TABLE_NUMBER 8     /* columns of a number of the rates, with the blank before it */
#define TABLE_NAME 22      /* and of the name, at most: as long as the longest reason */
#define TABLE_HALF 35      /* two of them stand side by side if each has so much room */
#define ROWS_FOR_TABLES 16 /* lines of a screen that has any */

void screen_begin(struct screen *s)
{
	*s = (struct screen){};
	for (int pane = 0; pane < PANE__MAX; pane++)
		s->order[pane] = order_next(pane, ORDER__MAX);
}

void screen_end(struct screen *s)
{
	for (int pane = 0; pane < PANE__MAX; pane++)
		rows_free(&s->shown[pane]);
	text_free(&s->over);
}

/* --- the rows that are shown --- */

static void copy(struct row_list *to, const struct row_list *from)
{
	to->count = 0;
	for (size_t i = 0; i < from->count; i++) {
		struct row *row = rows_add(to);

		if (!row)
			return;
		*row = from->row[i];
	}
}

/* The row stays chosen, wherever it goes; if it has gone, whoever is in its place. */
static void keep_chosen(struct screen *s, enum pane pane)
{
	const struct row_list *list = &s->shown[pane];
	int at = rows_find(list, &s->chosen[pane]), last = (int)list->count - 1;

	if (at < 0)
		at = s->place[pane] < last ? s->place[pane] : last;
	if (at < 0)
		return;
	s->place[pane] = at;
	s->chosen[pane] = list->row[at].key;
}

void screen_fill(struct screen *s, const struct reading *reading)
{
	for (int pane = 0; pane < PANE__MAX; pane++) {
		copy(&s->shown[pane], &reading->rows[pane]);
		rows_filter(&s->shown[pane], s->filter);
		rows_sort(&s->shown[pane], s->order[pane]);
		keep_chosen(s, pane);
	}
}

/* --- the guard --- */

static int put_mode(struct canvas *c, const struct snapshot *s, int at)
{
	bool monitor = s->mode == SG_MODE_MONITOR;

	return canvas_put(c, 0, at, 0, monitor ? LOOK_WARN : LOOK_GOOD, "%s",
			  monitor ? "MONITOR: drops nothing" : "enforce") + 2;
}

static int put_flood(struct canvas *c, const struct snapshot *s, int at)
{
	if (s->number[NUMBER_GREYLIST_ARMED])
		at = canvas_put(c, 0, at, 0, LOOK_WARN, "greylist ARMED %llus",
				s->number[NUMBER_GREYLIST_SECONDS]) + 2;
	else
		at = canvas_put(c, 0, at, 0, LOOK_PLAIN, "greylist off") + 2;
	if (s->number[NUMBER_OVERLOAD_LEVEL])
		return canvas_put(c, 0, at, 0, LOOK_BAD, "OVERLOAD %llu of %d",
				  s->number[NUMBER_OVERLOAD_LEVEL], SG_OVERLOAD_MOST) + 2;
	return canvas_put(c, 0, at, 0, LOOK_PLAIN, "overload %s",
			  s->config.overload_shed ? "no" : "not looked for") + 2;
}

static void put_sizes(struct canvas *c, const struct snapshot *s)
{
	char up[OUTPUT_TEXT], memory[OUTPUT_TEXT];
	int at = 0;

	at = canvas_put(c, 1, at, 0, LOOK_PLAIN, "program up %s",
			output_seconds(s->number[NUMBER_LOADED_SECONDS], up)) + 2;
	at = canvas_put(c, 1, at, 0, LOOK_PLAIN, "maps %s",
			output_bytes(s->number[NUMBER_MEMORY_BYTES], memory)) + 2;
	canvas_put(c, 1, at, 0, LOOK_PLAIN, "proven %llu  tcp %llu  allow %llu deny %llu",
		   s->number[NUMBER_FLOWS_PROVEN], s->number[NUMBER_CONNECTIONS_LIVE],
		   s->number[NUMBER_LISTS_ALLOW], s->number[NUMBER_LISTS_DENY]);
}

/* The lines that it takes. */
static int draw_guard(const struct screen *s, const struct reading *r, struct canvas *c)
{
	const struct snapshot *snapshot = r->view.snapshot;
	int at = canvas_put(c, 0, 0, 0, LOOK_BOLD, "sipguard") + 2;

	if (!snapshot) {
		canvas_put(c, 0, at, 0, LOOK_BAD, "NOT GUARDED, or not to be read; looked for "
			   "again at each turn");
		canvas_put(c, 1, 0, 0, LOOK_BAD, "%s", r->view.error.text);
		return 2;
	}
	at = put_mode(c, snapshot, at);
	put_flood(c, snapshot, at);
	put_sizes(c, snapshot);
	if (s->paused)
		canvas_right(c, 0, c->columns, 8, LOOK_CHOSEN, " PAUSED ");
	if (!r->health.level)
		return 2;
	canvas_put(c, 2, 0, 0, r->health.level == HEALTH_WARNING ? LOOK_WARN : LOOK_BAD, "%s%s",
		   r->health.problem[0], r->health.problems + r->health.unsaid > 1
		   ? " (and more: `sipguard status`)" : "");
	return 3;
}

/* --- rates --- */

struct table {
	const char *title;
	const struct rates *rates;
	bool reasons;
};

static void put_number(struct canvas *c, int row, int *end, double rate, enum look look)
{
	char text[RATE_TEXT];

	canvas_right(c, row, *end, TABLE_NUMBER - 1, rate > 0 ? look : LOOK_DIM,
		     rate_text(rate, text));
	*end += TABLE_NUMBER;
}

static void draw_title(struct canvas *c, int row, int at, int name, const struct table *t)
{
	int end = at + name + TABLE_NUMBER;

	canvas_put(c, row, at, name + 3 * TABLE_NUMBER, LOOK_TITLE, "%s", t->title);
	canvas_right(c, row, end, TABLE_NUMBER, LOOK_TITLE, t->reasons ? "watched" : "passed");
	canvas_right(c, row, end + TABLE_NUMBER, TABLE_NUMBER, LOOK_TITLE, "would");
	canvas_right(c, row, end + 2 * TABLE_NUMBER, TABLE_NUMBER, LOOK_TITLE, "dropped");
}

/* Rows below the title: at most `rows`, of which the last says how many are left out. */
static void draw_table(struct canvas *c, int row, int rows, int at, int width,
		       const struct table *t, double seconds)
{
	int name = width - 3 * TABLE_NUMBER;

	name = name > TABLE_NAME ? TABLE_NAME : name;
	draw_title(c, row, at, name, t);
	if (!t->rates->count)
		canvas_put(c, row + 1, at, width, LOOK_DIM, "%s",
			   seconds > 0 ? "nothing" : "rates come with the second reading");
	for (int i = 0; i < (int)t->rates->count && i < rows; i++) {
		const struct rate *r = &t->rates->rate[i];
		int end = at + name + TABLE_NUMBER;

		if (i == rows - 1 && (int)t->rates->count > rows) {
			canvas_put(c, row + 1 + i, at, width, LOOK_DIM, "%zu more",
				   t->rates->count - i);
			return;
		}
		canvas_put(c, row + 1 + i, at, name, LOOK_PLAIN, "%s",
			   t->reasons ? reason_texts[r->id].label : class_names[r->id]);
		put_number(c, row + 1 + i, &end, t->reasons ? r->watched : r->passed,
			   LOOK_PLAIN);
		put_number(c, row + 1 + i, &end, r->would_drop, LOOK_WARN);
		put_number(c, row + 1 + i, &end, r->dropped, LOOK_BAD);
	}
}

static int most_rates(const struct reading *r)
{
	size_t most = r->classes.count > r->reasons.count ? r->classes.count : r->reasons.count;

	return most ? most : 1;
}

/* The lines that it takes, with the blank one behind it. */
static int draw_rates(const struct screen *s, const struct reading *r, struct canvas *c, int row)
{
	const struct table classes = {"/s by class", &r->classes, false};
	const struct table reasons = {"/s by reason", &r->reasons, true};
	int rows = most_rates(r), room = (c->rows - row) / 3, half = (c->columns - 2) / 2;

	if (!s->all && c->rows < ROWS_FOR_TABLES)
		return 0;
	rows = !s->all && rows > room ? room : rows;
	if (half < TABLE_HALF) {
		draw_table(c, row, rows, 0, c->columns, &reasons, r->seconds);
		return rows + 2;
	}
	half = half > TABLE_NAME + 3 * TABLE_NUMBER ? TABLE_NAME + 3 * TABLE_NUMBER : half;
	draw_table(c, row, rows, 0, half, &classes, r->seconds);
	draw_table(c, row, rows, half + 2, half, &reasons, r->seconds);
	return rows + 2;
}

/* --- the last line --- */

static void draw_question(const struct screen *s, struct canvas *c, int row)
{
	char who[PREFIX_TEXT];

	flow_format(&s->target, who, sizeof(who));
	switch (s->asking) {
	case ASKING_FILTER:
		canvas_put(c, row, 0, 0, LOOK_BOLD,
			   "filter (address, prefix, zone, reason; Esc: as before): %s_", s->input);
		break;
	case ASKING_MINUTES:
		canvas_put(c, row, 0, 0, LOOK_BOLD, "ban %s for how many minutes (Enter: %d, Esc: "
			   "not at all): %s_", who, BAN_SECONDS / 60, s->input);
		break;
	case ASKING_BAN:
		canvas_put(c, row, 0, 0, LOOK_BOLD, "ban %s%s%s for %u min? y/n", who,
			   s->target.port ? " " : "", s->target.port ? flow_transport(&s->target)
			   : "", s->minutes);
		break;
	default:
		canvas_put(c, row, 0, 0, LOOK_BOLD, "lift the ban of %s? y/n", who);
	}
}

static void draw_foot(const struct screen *s, struct canvas *c)
{
	int row = c->rows - 1;

	if (s->all)
		return;
	if (s->asking)
		draw_question(s, c, row);
	else if (s->said[0])
		canvas_put(c, row, 0, 0, s->said_bad ? LOOK_BAD : LOOK_GOOD, "%s", s->said);
	else if (s->over.data)
		canvas_put(c, row, 0, 0, LOOK_DIM, "q back  arrows, PgUp, PgDn scroll");
	else
		canvas_put(c, row, 0, 0, LOOK_DIM, "q quit  h help  Tab pane  s sort  / filter  "
			   "p pause  w why  b ban  u lift");
}

/* --- what covers the rest --- */

static int lines_of(const char *text)
{
	int lines = 0;

	for (; *text; text++)
		lines += *text == '\n';
	return lines;
}

static void draw_over(struct screen *s, struct canvas *c)
{
	const char *line = s->over.data;
	int lines = lines_of(line), last;

	s->over_page = c->rows > 3 ? c->rows - 2 : 1;
	last = lines > s->over_page ? lines - s->over_page : 0;
	s->over_top = s->over_top > last ? last : s->over_top < 0 ? 0 : s->over_top;
	canvas_put(c, 0, 0, c->columns, LOOK_TITLE, "%s%s", s->over_title,
		   last ? s->over_top < last ? " (more below)" : " (end)" : "");
	for (int i = 0; i < s->over_top + s->over_page && line && *line; i++) {
		const char *end = strchrnul(line, '\n');

		if (i >= s->over_top)
			canvas_put(c, 1 + i - s->over_top, 0, 0, LOOK_PLAIN, "%.*s",
				   (int)(end - line), line);
		line = *end ? end + 1 : end;
	}
}

/* --- the whole --- */

void screen_draw(struct screen *s, const struct reading *r, struct canvas *c)
{
	int row, foot = s->all ? 0 : 1;

	if (s->over.data) {
		draw_over(s, c);
		draw_foot(s, c);
		return;
	}
	row = draw_guard(s, r, c);
	row += r->view.snapshot ? draw_rates(s, r, c, row) : 1;
	panes_draw(s, r, c, row, c->rows - foot - row);
	draw_foot(s, c);
}

int screen_lines(const struct screen *s, const struct reading *r)
{
	int lines = 3 + most_rates(r) + 2;

	for (int pane = 0; pane < PANE__MAX; pane++)
		lines += pane_lines(s, pane);
	return lines;
}
