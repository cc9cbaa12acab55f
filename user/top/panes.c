// SPDX-License-Identifier: GPL-2.0-only
/* The lower part of the screen. */
#include <stdio.h>
#include <string.h>

#include "render/output.h"
#include "top/rates.h"
#include "top/screen.h"

#define NARROW_ROWS 2  /* of a pane that is not chosen */
#define ROOM_FOR_ALL 12
#define ROWS_MEASURED 512 /* of which the longest address is looked for */

enum cell {
	CELL_WHO,
	CELL_OVER, /* transport */
	CELL_RATE,
	CELL_PACKETS,
	CELL_WHAT,
	CELL_ZONE,
	CELL_LIVE,
	CELL_LIMIT,
	CELL_LEFT,
	CELL__MAX
};

struct column {
	enum cell cell;
	const char *title;
	int width;  /* with the blank behind it */
	int wide;   /* where there is room; */
	int from;   /* and the columns of a screen that shows it at all */
	bool right; /* numbers are */
};

/* In the order in which they are shown; the last one gets what room is left. */
static const struct column senders[] = {
	{CELL_WHO, "address", 24, 48, 0, false},   {CELL_RATE, "seen/s", 8, 8, 0, true},
	{CELL_PACKETS, "packets", 9, 9, 100, true}, {CELL_LIMIT, "limit", 15, 16, 64, false},
	{CELL_LEFT, "ban", 6, 6, 48, true},        {CELL_LIVE, "tcp", 6, 6, 72, true},
	{CELL_ZONE, "zone", 12, 14, 100, false},   {CELL_WHAT, "reasons", 20, 90, 56, false},
	{},
};

static const struct column flows[] = {
	{CELL_WHO, "address", 24, 48, 0, false},  {CELL_OVER, "over", 5, 5, 48, false},
	{CELL_LIMIT, "limit", 15, 16, 0, false},  {CELL_LEFT, "left", 6, 6, 56, true},
	{CELL_ZONE, "zone", 12, 20, 72, false},   {CELL_WHAT, "proven by", 12, 20, 64, false},
	{},
};

static const struct column bans[] = {
	{CELL_WHO, "address", 24, 48, 0, false}, {CELL_OVER, "over", 5, 5, 48, false},
	{CELL_LEFT, "left", 6, 6, 0, true},      {CELL_WHAT, "why", 24, 40, 40, false},
	{},
};

static const struct column *const columns[PANE__MAX] = {senders, flows, bans};

/* "599s", "12m", "3h", "29d": at most 5 letters of OUTPUT_TEXT. Returns `text`. */
static char *short_seconds(__u64 seconds, char *text)
{
	unsigned long long s = seconds;

	if (s < 600)
		snprintf(text, OUTPUT_TEXT, "%llus", s);
	else if (s < 2 * 3600)
		snprintf(text, OUTPUT_TEXT, "%llum", s / 60);
	else if (s < 2 * 86400)
		snprintf(text, OUTPUT_TEXT, "%lluh", s / 3600);
	else
		snprintf(text, OUTPUT_TEXT, "%llud", s / 86400);
	return text;
}

static void cell_text(const struct row *row, enum cell cell, char *text, size_t size)
{
	text[0] = '\0';
	switch (cell) {
	case CELL_WHO:
		row_who(row, text);
		break;
	case CELL_OVER:
		if (row->flow.port)
			snprintf(text, size, "%s", flow_transport(&row->flow));
		break;
	case CELL_RATE:
		rate_text(row->rate, text);
		break;
	case CELL_PACKETS:
		if (row->packets)
			rate_text(row->packets < 10 ? 0 : row->packets, text);
		if (row->packets && row->packets < 10)
			snprintf(text, size, "%llu", row->packets);
		break;
	case CELL_WHAT:
		snprintf(text, size, "%s", row->what);
		break;
	case CELL_ZONE:
		snprintf(text, size, "%s", row->zone[0] ? row->zone : "-");
		break;
	case CELL_LIVE:
		if (row->live)
			snprintf(text, size, "%u", row->live);
		break;
	case CELL_LIMIT:
		if (row->fill >= 0)
			snprintf(text, size, "%3d%% %s", row->fill, row->limit);
		break;
	case CELL_LEFT:
		if (row->left)
			short_seconds(row->left, text);
		break;
	default:
		break;
	}
}

static enum look cell_look(const struct row *row, enum cell cell)
{
	if (cell == CELL_LIMIT && row->fill >= 100)
		return LOOK_BAD;
	if (cell == CELL_LIMIT && row->fill >= 75)
		return LOOK_WARN;
	if (cell == CELL_LEFT && row->ban.family)
		return LOOK_BAD;
	if (cell == CELL_WHAT && row->passes)
		return LOOK_DIM;
	return LOOK_PLAIN;
}

/* How wide a column would be: that of addresses as the longest of those that there are. */
static int wide_of(const struct column *c, int longest)
{
	if (c->cell != CELL_WHO || longest + 2 > c->wide)
		return c->wide;
	return longest + 2 > c->width ? longest + 2 : c->width;
}

/* It gets its wide form, in the order of the table, as far as there is room. */
static int width_of(const struct column *all, const struct column *column, int screen, int longest)
{
	int spare = screen, more;

	for (const struct column *c = all; c->title; c++)
		spare -= screen >= c->from ? c->width : 0;
	for (const struct column *c = all; c < column && spare > 0; c++) {
		more = wide_of(c, longest) - c->width;
		if (screen >= c->from)
			spare -= more < spare ? more : spare;
	}
	if (!column[1].title)
		return column->width + spare;
	more = wide_of(column, longest) - column->width;
	return column->width + (spare <= 0 ? 0 : more < spare ? more : spare);
}

static int longest_of(const struct row_list *list)
{
	char text[PREFIX_TEXT];
	size_t longest = 0;

	for (size_t i = 0; i < list->count && i < ROWS_MEASURED; i++) {
		row_who(&list->row[i], text);
		if (strlen(text) > longest)
			longest = strlen(text);
	}
	return longest;
}

static void draw_row(struct canvas *c, int at, const struct column *all, const struct row *row,
		     int longest, bool chosen)
{
	char text[ROW_WHAT + PREFIX_TEXT];
	int column = 0;

	for (const struct column *k = all; k->title; k++) {
		int width = width_of(all, k, c->columns, longest);

		if (c->columns < k->from || width < 2)
			continue;
		cell_text(row, k->cell, text, sizeof(text));
		if (k->right)
			canvas_right(c, at, column + width - 1, width - 1,
				     cell_look(row, k->cell), text);
		else
			canvas_put(c, at, column, width - 1, cell_look(row, k->cell), "%s", text);
		column += width;
	}
	if (chosen)
		canvas_paint(c, at, LOOK_CHOSEN);
}

static void draw_heads(struct canvas *c, int at, const struct column *all, int longest)
{
	int column = 0;

	for (const struct column *k = all; k->title; k++) {
		int width = width_of(all, k, c->columns, longest);

		if (c->columns < k->from || width < 2)
			continue;
		if (k->right)
			canvas_right(c, at, column + width - 1, width - 1, LOOK_DIM, k->title);
		else
			canvas_put(c, at, column, width - 1, LOOK_DIM, "%s", k->title);
		column += width;
	}
}

static void draw_title(const struct screen *s, const struct reading *r, struct canvas *c, int at,
		       enum pane pane)
{
	static const char *const names[PANE__MAX] = {"Senders refused", "Proven flows", "Bans"};
	size_t shown = s->shown[pane].count;
	char rate[RATE_TEXT];
	int column;

	canvas_put(c, at, 0, c->columns, LOOK_TITLE, "%s", "");
	column = canvas_put(c, at, 0, 0, LOOK_TITLE, "%s%s: %zu", s->pane == pane && !s->all ? ">"
			    : " ", names[pane], shown);
	if (r->most[pane] > shown || s->filter[0])
		column = canvas_put(c, at, column, 0, LOOK_TITLE, " of %zu", r->most[pane]);
	column = canvas_put(c, at, column, 0, LOOK_TITLE, ", by %s", order_names[s->order[pane]]);
	if (s->filter[0])
		column = canvas_put(c, at, column, 0, LOOK_TITLE, ", with %s", s->filter);
	if (pane == PANE_BANS && r->view.snapshot && r->view.snapshot->mode == SG_MODE_MONITOR)
		canvas_put(c, at, column, 0, LOOK_TITLE, ", not enforced");
	if (pane != PANE_SENDERS || !r->view.snapshot)
		return;
	if (!r->heard)
		canvas_put(c, at, column, 0, LOOK_TITLE,
			   "; NOT HEARD OF: eight commands follow the guard already");
	else if (r->unnamed > 0)
		canvas_put(c, at, column, 0, LOOK_TITLE, "; about %s/s of others not named",
			   rate_text(r->unnamed, rate));
	else
		canvas_put(c, at, column, 0, LOOK_TITLE, "; at least, as events tell");
}

/* Rows of a list from its top, which moves so that who is chosen is seen. */
static void draw_list(struct screen *s, struct canvas *c, int at, int rows, enum pane pane,
		      int longest)
{
	const struct row_list *list = &s->shown[pane];
	int chosen = rows_find(list, &s->chosen[pane]), count = list->count;
	int *top = &s->top[pane];

	if (chosen >= 0 && chosen < *top)
		*top = chosen;
	if (chosen >= *top + rows)
		*top = chosen - rows + 1;
	if (*top + rows > count)
		*top = count > rows ? count - rows : 0;
	for (int i = 0; i < rows && *top + i < count; i++)
		draw_row(c, at + i, columns[pane], &list->row[*top + i], longest,
			 !s->all && pane == s->pane && *top + i == chosen);
}

/* Title, heads and at most so many rows; the lines that it took. */
static int draw_pane(struct screen *s, const struct reading *r, struct canvas *c, int at, int rows,
		     enum pane pane)
{
	int longest = longest_of(&s->shown[pane]);

	draw_title(s, r, c, at, pane);
	if (rows < 2 || !s->shown[pane].count)
		return 1;
	draw_heads(c, at + 1, columns[pane], longest);
	draw_list(s, c, at + 2, rows - 2, pane, longest);
	return rows;
}

/* Lines that a pane takes which is not chosen. */
static int narrow(const struct screen *s, enum pane pane)
{
	int count = s->shown[pane].count;

	return count ? 2 + (count < NARROW_ROWS ? count : NARROW_ROWS) : 1;
}

int pane_lines(const struct screen *s, enum pane pane)
{
	int count = s->shown[pane].count;

	count = count < PANE_PRINTED ? count : PANE_PRINTED;
	return count ? 3 + count : 2;
}

static void draw_all(struct screen *s, const struct reading *r, struct canvas *c, int row)
{
	for (int pane = 0; pane < PANE__MAX; pane++) {
		draw_pane(s, r, c, row, pane_lines(s, pane) - 1, pane);
		row += pane_lines(s, pane);
	}
}

void panes_draw(struct screen *s, const struct reading *r, struct canvas *c, int row, int rows)
{
	int others = 0;

	if (s->all) {
		draw_all(s, r, c, row);
		return;
	}
	for (int pane = 0; pane < PANE__MAX; pane++)
		others += pane == (int)s->pane ? 0 : narrow(s, pane);
	if (rows < ROOM_FOR_ALL)
		others = 0;
	s->page = rows - others - 2 > 1 ? rows - others - 2 : 1;
	for (int pane = 0; pane < PANE__MAX; pane++) {
		bool chosen = pane == (int)s->pane;

		if (!chosen && !others)
			continue;
		draw_pane(s, r, c, row, chosen ? rows - others : narrow(s, pane), pane);
		row += chosen ? rows - others : narrow(s, pane);
	}
}
