/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The screen of top: what of a reading is shown, where, and what the keys do. It knows neither
 * terminal nor guard: it draws on a canvas, and says what is to be done.
 */
#ifndef SIPGUARD_TOP_SCREEN_H
#define SIPGUARD_TOP_SCREEN_H

#include "base/text.h"
#include "top/canvas.h"
#include "top/reading.h"

/* Keys beyond the letters. */
enum key {
	KEY_NONE = -1,
	KEY_IS_ESCAPE = 27,
	KEY_IS_UP = 256,
	KEY_IS_DOWN,
	KEY_IS_PAGE_UP,
	KEY_IS_PAGE_DOWN,
	KEY_IS_HOME,
	KEY_IS_END,
	KEY_IS_ERASE,
	KEY_IS_ENTER,
	KEY_IS_TAB,
	KEY_IS_BACK_TAB,
	KEY_IS_REDRAW,
};

/* What is to be done about a key: with screen->target, and for screen->minutes. */
enum deed {
	DEED_NONE,
	DEED_QUIT,
	DEED_BAN,
	DEED_LIFT,
	DEED_WHY,
	DEED_REDRAW,
};

enum asking {
	ASKING_NOTHING,
	ASKING_FILTER,
	ASKING_MINUTES,
	ASKING_BAN,  /* whether it is really meant, */
	ASKING_LIFT, /* and this */
};

#define SCREEN_INPUT 64
#define SCREEN_SAID 256
#define BAN_MINUTES_MOST (30 * 24 * 60) /* as --for */

struct screen {
	enum pane pane;
	enum order order[PANE__MAX];
	char filter[SCREEN_INPUT];
	bool paused;
	bool all;                       /* no pane is cut or left out: for who prints it */
	struct sg_flow_key chosen[PANE__MAX];
	int place[PANE__MAX];           /* of that, when it was there last */
	int top[PANE__MAX];             /* the first row that is shown */
	int page;                       /* rows that the pane has */
	struct row_list shown[PANE__MAX];

	struct text over;               /* lines that cover all else; none: nothing does */
	char over_title[SCREEN_INPUT + PREFIX_TEXT];
	int over_top, over_page;

	enum asking asking;
	char input[SCREEN_INPUT];
	struct sg_flow_key target;
	unsigned int minutes;
	char said[SCREEN_SAID];         /* what became of the last deed */
	bool said_bad;
};

void screen_begin(struct screen *screen);
void screen_end(struct screen *screen);

/* Takes over the rows of a new reading, unless it is paused. */
void screen_fill(struct screen *screen, const struct reading *reading);

void screen_draw(struct screen *screen, const struct reading *reading, struct canvas *canvas);

/* How many lines it takes to draw all that there is, with `all`. */
int screen_lines(const struct screen *screen, const struct reading *reading);

enum deed screen_key(struct screen *screen, int key);

/* What became of a deed, one sentence, shown until the next key. */
void screen_say(struct screen *screen, bool bad, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Covers the screen with lines, whose owner it is from now on. */
void screen_cover(struct screen *screen, const char *title, struct text *lines);

/*
 * The lower part: senders, proven flows, bans. The pane that is chosen gets what room the others
 * leave; if there is little, all of it.
 */
void panes_draw(struct screen *screen, const struct reading *reading, struct canvas *canvas,
		int row, int rows);

/* Lines of a pane that is printed: its title, and the rows, of which it has PANE_PRINTED. */
#define PANE_PRINTED 25
int pane_lines(const struct screen *screen, enum pane pane);

/* The row that is chosen; NULL: there is none. */
const struct row *screen_chosen(const struct screen *screen);

#endif
