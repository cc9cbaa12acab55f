// SPDX-License-Identifier: GPL-2.0-only
/* What the keys do. */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/bans.h"
#include "top/screen.h"

static const char help[] =
	"q, Ctrl-C     quit                     Tab           next pane\n"
	"h, ?          this page                Up, Down      choose (j, k as well)\n"
	"s             sort by something else   PgUp, PgDn    a page\n"
	"/             filter; empty: all       Home, End     first, last\n"
	"p             pause, and go on         Ctrl-L        draw anew\n"
	"w, Enter      why: all that the guard knows of who is chosen\n"
	"b             ban the source that is chosen; B: only its flow (address and port)\n"
	"u             lift the ban of who is chosen\n"
	"\n"
	"Class, reason: packets a second since the last reading, as `stats` counts them. `would`\n"
	"is what enforce mode would drop; of a reason `watched` goes on in enforce mode, too.\n"
	"\n"
	"Senders: who was refused or watched in the last minute, as events tell, and who has most\n"
	"connections of TCP. There is no account of strangers: of a source and reason the guard\n"
	"tells once a second, with how many were like it, of one reason 50 times. So seen/s and\n"
	"packets are at least so many; what belongs to nobody here is `not named`. Over UDP\n"
	"anybody can send in the name of an address.\n"
	"  seen/s   refused or watched packets a second, mean of 5 seconds\n"
	"  packets  the same since top has begun to see this sender\n"
	"  limit    how much of its fullest limit is spent; two sources may share an account, and\n"
	"           a limit that is full refuses what comes next\n"
	"  tcp      connections that it has\n"
	"  ban      time left\n"
	"\n"
	"Proven flows: how much of its fullest limit each has spent. If there are many, those\n"
	"that have spent most are asked for at each reading, and 256 of the others in turn.\n"
	"\n"
	"Bans: those that end first are first.\n";

void screen_say(struct screen *s, bool bad, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(s->said, sizeof(s->said), format, args);
	va_end(args);
	s->said_bad = bad;
}

void screen_cover(struct screen *s, const char *title, struct text *lines)
{
	text_free(&s->over);
	s->over = *lines;
	*lines = (struct text){};
	s->over_top = 0;
	snprintf(s->over_title, sizeof(s->over_title), "%s", title);
}

static void cover_help(struct screen *s)
{
	struct text lines = {};

	text_add(&lines, "%s", help);
	screen_cover(s, "Keys, and what the columns say", &lines);
}

const struct row *screen_chosen(const struct screen *s)
{
	const struct row_list *list = &s->shown[s->pane];
	int at = rows_find(list, &s->chosen[s->pane]);

	return at < 0 ? NULL : &list->row[at];
}

/* --- lines that cover the screen --- */

static enum deed key_over(struct screen *s, int key)
{
	switch (key) {
	case KEY_IS_UP:
	case 'k':
		s->over_top--;
		break;
	case KEY_IS_DOWN:
	case 'j':
		s->over_top++;
		break;
	case KEY_IS_PAGE_UP:
		s->over_top -= s->over_page;
		break;
	case KEY_IS_PAGE_DOWN:
	case ' ':
		s->over_top += s->over_page;
		break;
	case KEY_IS_HOME:
		s->over_top = 0;
		break;
	case KEY_IS_END:
		s->over_top = 1 << 20; /* drawing cuts it */
		break;
	case 'q':
	case 'h':
	case '?':
	case 'w':
	case KEY_IS_ESCAPE:
	case KEY_IS_ENTER:
		text_free(&s->over);
		s->over = (struct text){};
		break;
	}
	return DEED_NONE;
}

/* --- questions --- */

static void ask(struct screen *s, enum asking asking, const char *input)
{
	s->asking = asking;
	snprintf(s->input, sizeof(s->input), "%s", input);
}

/* Whom a ban is of: the source, or its flow. */
static void ask_ban(struct screen *s, bool flow)
{
	const struct row *row = screen_chosen(s);

	if (!row) {
		screen_say(s, true, "Nobody is chosen.");
		return;
	}
	if (flow && !row->flow.port) {
		screen_say(s, true, "It sends from several ports: b bans all of it.");
		return;
	}
	s->target = flow ? row->flow : sg_source_key(row->key.family, row->key.address);
	ask(s, ASKING_MINUTES, "");
}

static void ask_lift(struct screen *s)
{
	const struct row *row = screen_chosen(s);

	if (!row || !row->ban.family) {
		screen_say(s, true, row ? "It is not banned." : "Nobody is chosen.");
		return;
	}
	s->target = row->ban;
	ask(s, ASKING_LIFT, "");
}

static void answer_minutes(struct screen *s)
{
	unsigned long minutes = s->input[0] ? strtoul(s->input, NULL, 10) : BAN_SECONDS / 60;

	if (!minutes || minutes > BAN_MINUTES_MOST) {
		screen_say(s, true, "A ban lasts for 1 to %d minutes.", BAN_MINUTES_MOST);
		ask(s, ASKING_NOTHING, "");
		return;
	}
	s->minutes = minutes;
	ask(s, ASKING_BAN, "");
}

static void answer(struct screen *s)
{
	switch (s->asking) {
	case ASKING_FILTER:
		snprintf(s->filter, sizeof(s->filter), "%s", s->input);
		ask(s, ASKING_NOTHING, "");
		break;
	case ASKING_MINUTES:
		answer_minutes(s);
		break;
	default:
		ask(s, ASKING_NOTHING, "");
	}
}

static enum deed key_confirm(struct screen *s, int key)
{
	enum deed deed = s->asking == ASKING_BAN ? DEED_BAN : DEED_LIFT;

	ask(s, ASKING_NOTHING, "");
	return key == 'y' || key == 'Y' ? deed : DEED_NONE;
}

static bool is_meant(const struct screen *s, int key)
{
	if (s->asking == ASKING_MINUTES)
		return key >= '0' && key <= '9' && strlen(s->input) < 5;
	return key >= ' ' && key <= '~';
}

static enum deed key_input(struct screen *s, int key)
{
	size_t length = strlen(s->input);

	if (s->asking == ASKING_BAN || s->asking == ASKING_LIFT)
		return key_confirm(s, key);
	if (key == KEY_IS_ESCAPE)
		ask(s, ASKING_NOTHING, "");
	else if (key == KEY_IS_ENTER)
		answer(s);
	else if (key == KEY_IS_ERASE && length)
		s->input[length - 1] = '\0';
	else if (is_meant(s, key) && length < sizeof(s->input) - 1)
		snprintf(s->input + length, sizeof(s->input) - length, "%c", key);
	return DEED_NONE;
}

/* --- rows --- */

static void choose(struct screen *s, int step)
{
	const struct row_list *list = &s->shown[s->pane];
	int at = rows_find(list, &s->chosen[s->pane]), last = (int)list->count - 1;

	if (last < 0)
		return;
	at = (at < 0 ? 0 : at) + step;
	at = at < 0 ? 0 : at > last ? last : at;
	s->place[s->pane] = at;
	s->chosen[s->pane] = list->row[at].key;
}

static bool key_moves(struct screen *s, int key)
{
	switch (key) {
	case KEY_IS_UP:
	case 'k':
		choose(s, -1);
		return true;
	case KEY_IS_DOWN:
	case 'j':
		choose(s, 1);
		return true;
	case KEY_IS_PAGE_UP:
		choose(s, -s->page);
		return true;
	case KEY_IS_PAGE_DOWN:
		choose(s, s->page);
		return true;
	case KEY_IS_HOME:
		choose(s, -(1 << 20));
		return true;
	case KEY_IS_END:
		choose(s, 1 << 20);
		return true;
	case KEY_IS_TAB:
		s->pane = (s->pane + 1) % PANE__MAX;
		return true;
	case KEY_IS_BACK_TAB:
		s->pane = (s->pane + PANE__MAX - 1) % PANE__MAX;
		return true;
	}
	return false;
}

static enum deed ask_why_of(struct screen *s)
{
	const struct row *row = screen_chosen(s);

	if (!row)
		return DEED_NONE;
	s->target = row->flow.port ? row->flow : row->key;
	return DEED_WHY;
}

enum deed screen_key(struct screen *s, int key)
{
	s->said[0] = '\0';
	if (key == KEY_IS_REDRAW)
		return DEED_REDRAW;
	if (s->over.data)
		return key_over(s, key);
	if (s->asking)
		return key_input(s, key);
	if (key_moves(s, key))
		return DEED_NONE;
	switch (key) {
	case 'q':
		return DEED_QUIT;
	case 'h':
	case '?':
		cover_help(s);
		break;
	case 's':
		s->order[s->pane] = order_next(s->pane, s->order[s->pane]);
		break;
	case '/':
		ask(s, ASKING_FILTER, s->filter);
		break;
	case KEY_IS_ESCAPE:
		s->filter[0] = '\0';
		break;
	case 'p':
		s->paused = !s->paused;
		break;
	case 'b':
	case 'B':
		ask_ban(s, key == 'B');
		break;
	case 'u':
		ask_lift(s);
		break;
	case 'w':
	case KEY_IS_ENTER:
		return ask_why_of(s);
	}
	return DEED_NONE;
}
