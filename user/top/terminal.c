// SPDX-License-Identifier: GPL-2.0-only
#include "top/terminal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Before ncurses, whose macros have short names. */
#include "top/screen.h"

#include <curses.h>
#include <term.h>

#undef columns

#define ESCAPE_MS 25 /* that the rest of a sequence of Escape is waited for */

static SCREEN *terminal;
static FILE *to;

static const struct {
	int curses, key;
} keys[] = {
	{KEY_UP, KEY_IS_UP}, {KEY_DOWN, KEY_IS_DOWN}, {KEY_PPAGE, KEY_IS_PAGE_UP},
	{KEY_NPAGE, KEY_IS_PAGE_DOWN}, {KEY_HOME, KEY_IS_HOME}, {KEY_END, KEY_IS_END},
	{KEY_BACKSPACE, KEY_IS_ERASE}, {'\b', KEY_IS_ERASE}, {127, KEY_IS_ERASE},
	{KEY_ENTER, KEY_IS_ENTER}, {'\r', KEY_IS_ENTER}, {'\n', KEY_IS_ENTER},
	{'\t', KEY_IS_TAB}, {KEY_BTAB, KEY_IS_BACK_TAB}, {'L' & 31, KEY_IS_REDRAW},
	{27, KEY_IS_ESCAPE},
};

static chtype looks[LOOK__MAX];

/* 0 or -errno. */
static int can_place_text(FILE *out, struct error *error)
{
	const char *name = getenv("TERM"), *place;
	int known;

	if (setupterm(NULL, fileno(out), &known) != OK)
		return error_set(error, -ENOTTY, "nothing is known of a terminal of type '%s': set "
				 "TERM, or print one screen with `sipguard top --once`.",
				 name ? name : "");
	place = tigetstr("cup");
	del_curterm(cur_term);
	if (place && place != (char *)-1)
		return 0;
	return error_set(error, -ENOTTY, "on a terminal of type '%s' text cannot be placed: "
			 "`sipguard top --once` prints one screen.", name ? name : "");
}

/* https://no-color.org: any value but an empty one. */
static bool wants_color(void)
{
	const char *no = getenv("NO_COLOR");

	return (!no || !no[0]) && has_colors();
}

static void set_looks(void)
{
	static const chtype plain[LOOK__MAX] = {
		[LOOK_BOLD] = A_BOLD, [LOOK_TITLE] = A_REVERSE,
		[LOOK_CHOSEN] = A_REVERSE | A_BOLD, [LOOK_DIM] = A_DIM, [LOOK_GOOD] = A_BOLD,
		[LOOK_WARN] = A_BOLD, [LOOK_BAD] = A_BOLD,
	};
	static const short colors[LOOK__MAX] = {
		[LOOK_TITLE] = COLOR_CYAN, [LOOK_GOOD] = COLOR_GREEN, [LOOK_WARN] = COLOR_YELLOW,
		[LOOK_BAD] = COLOR_RED,
	};

	memcpy(looks, plain, sizeof(looks));
	if (!wants_color() || start_color() == ERR)
		return;
	use_default_colors();
	for (int look = 0; look < LOOK__MAX; look++) {
		if (!colors[look])
			continue;
		init_pair(look, colors[look], -1);
		looks[look] |= COLOR_PAIR(look);
	}
}

int terminal_begin(FILE *out, FILE *in, struct error *error)
{
	int err = isatty(fileno(out)) && isatty(fileno(in)) ? 0 : -ENOTTY;

	if (err)
		return error_set(error, err, "this is no terminal: `sipguard top --once` prints "
				 "one screen.");
	err = can_place_text(out, error);
	if (err)
		return err;
	terminal = newterm(NULL, out, in);
	if (!terminal)
		return error_set(error, -ENOTTY, "cannot use this terminal: `sipguard top --once` "
				 "prints one screen.");
	to = out;
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(ESCAPE_MS);
	curs_set(0);
	set_looks();
	return 0;
}

void terminal_end(void)
{
	if (!terminal)
		return;
	/* Where there is no other screen to go back to, the prompt comes here. */
	move(LINES - 1, 0);
	clrtoeol();
	refresh();
	endwin();
	delscreen(terminal);
	terminal = NULL;
}

void terminal_size(int *rows, int *columns)
{
	struct winsize size;

	if (!ioctl(fileno(to), TIOCGWINSZ, &size) && size.ws_row && size.ws_col &&
	    (size.ws_row != LINES || size.ws_col != COLS))
		resizeterm(size.ws_row, size.ws_col);
	*rows = LINES;
	*columns = COLS;
}

void terminal_show(const struct canvas *c)
{
	erase();
	for (int row = 0; row < c->rows; row++) {
		const char *text = c->text + (size_t)row * c->columns;
		const __u8 *look = c->look + (size_t)row * c->columns;
		int end;

		for (int at = 0; at < c->columns; at = end) {
			for (end = at + 1; end < c->columns && look[end] == look[at];)
				end++;
			attrset(looks[look[at]]);
			mvaddnstr(row, at, text + at, end - at);
		}
	}
	attrset(A_NORMAL);
	refresh();
}

void terminal_forget(void)
{
	clearok(curscr, TRUE);
}

int terminal_key(void)
{
	int key = getch();

	if (key == ERR)
		return KEY_NONE;
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		if (keys[i].curses == key)
			return keys[i].key;
	}
	return key >= ' ' && key <= '~' ? key : KEY_IS_REDRAW + 1;
}
