// SPDX-License-Identifier: GPL-2.0-only
/* What top draws, and what its keys do: without a guard, and without a terminal. */
#include "../unit/unit.h"

#include "flow4.h"
#include "top/screen.h"

/* --- rows --- */

static struct row *add(struct row_list *list, __u32 last, double rate, const char *what)
{
	struct row *row = rows_add(list);

	row->key = flow4(last, 0);
	row->rate = rate;
	row->fill = FILL_UNKNOWN;
	snprintf(row->what, sizeof(row->what), "%s", what);
	return row;
}

static void expect_order(const struct row_list *list, const char *wanted)
{
	char got[256] = "";

	for (size_t i = 0; i < list->count; i++)
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%d ",
			 ntohl(list->row[i].key.address[3]) & 0xff);
	assert_string_equal(got, wanted);
}

static void rows_are_sorted(void **state)
{
	struct row_list list = {};

	(void)state;
	add(&list, 3, 1, "")->left = 9;
	add(&list, 1, 5, "")->fill = 40;
	add(&list, 2, 5, "")->fill = 90;
	list.row[0].live = 2;
	list.row[2].left = 3;
	rows_sort(&list, ORDER_RATE);
	expect_order(&list, "1 2 3 ");
	rows_sort(&list, ORDER_FILL);
	expect_order(&list, "2 1 3 ");
	rows_sort(&list, ORDER_LIVE);
	expect_order(&list, "3 1 2 ");
	rows_sort(&list, ORDER_LEFT);
	expect_order(&list, "1 2 3 ");
	rows_sort(&list, ORDER_WHO);
	assert_int_equal(rows_search(&list, 3, &list.row[1].key) - list.row, 1);
	assert_null(rows_search(&list, 2, &list.row[2].key));
	rows_free(&list);
	for (int pane = 0; pane < PANE__MAX; pane++) {
		enum order first = order_next(pane, ORDER__MAX), order = first;
		int rounds = 0;

		do {
			order = order_next(pane, order);
		} while (order != first && ++rounds < ORDER__MAX);
		assert_true(rounds < ORDER__MAX);
	}
}

static void expect_filter(const char *filter, const char *wanted)
{
	struct row_list list = {};
	struct row *row;

	add(&list, 1, 0, "garbage");
	add(&list, 2, 0, "limit-invite scanner");
	row = add(&list, 77, 0, "");
	strcpy(row->zone, "Trunk");
	row->flow = flow4(77, 5099);
	rows_filter(&list, filter);
	expect_order(&list, wanted);
	rows_free(&list);
}

static void rows_are_filtered(void **state)
{
	(void)state;
	expect_filter("", "1 2 77 ");
	expect_filter("203.0.113.2", "2 ");
	expect_filter("203.0.113.64/26", "77 ");
	expect_filter("GARB", "1 ");
	expect_filter("trunk", "77 ");
	expect_filter(":5099", "77 ");
	expect_filter("\033", "");
}

/* --- the screen --- */

static struct {
	struct screen screen;
	struct reading *reading;
	struct snapshot *snapshot;
	char all[256 * 128];
} top;

static int begin(void **state)
{
	(void)state;
	top.reading = calloc(1, sizeof(*top.reading));
	top.reading->view.snapshot = top.snapshot = calloc(1, sizeof(*top.snapshot));
	top.snapshot->mode = SG_MODE_ENFORCE;
	top.reading->heard = true;
	top.reading->seconds = 1;
	screen_begin(&top.screen);
	return 0;
}

static int end(void **state)
{
	(void)state;
	for (int pane = 0; pane < PANE__MAX; pane++)
		rows_free(&top.reading->rows[pane]);
	screen_end(&top.screen);
	free(top.snapshot);
	free(top.reading);
	return 0;
}

static char *draw(int rows, int columns)
{
	struct canvas canvas;
	char line[256];

	screen_fill(&top.screen, top.reading);
	assert_int_equal(canvas_begin(&canvas, rows, columns), 0);
	screen_draw(&top.screen, top.reading, &canvas);
	top.all[0] = '\0';
	for (int row = 0; row < canvas.rows; row++) {
		canvas_line(&canvas, row, line);
		strcat(strcat(top.all, line), "\n");
	}
	canvas_free(&canvas);
	return top.all;
}

static void shows(const char *wanted)
{
	if (!strstr(draw(30, 100), wanted))
		fail_msg("there is no '%s' in\n%s", wanted, top.all);
}

static void keys(const char *text)
{
	for (; *text; text++)
		assert_int_equal(screen_key(&top.screen, *text), DEED_NONE);
}

static void three_senders(void)
{
	struct row_list *list = &top.reading->rows[PANE_SENDERS];

	add(list, 1, 5, "garbage");
	add(list, 2, 800, "limit-invite")->fill = 100;
	list->row[1].limit = "invite";
	add(list, 3, 7, "scanner");
	draw(30, 100);
}

/* None is too small to be drawn, and no row of any is longer than it is wide. */
static void any_size_will_do(void **state)
{
	(void)state;
	three_senders();
	for (int i = 0; i < 300; i++)
		add(&top.reading->rows[PANE_BANS], i, 0, "operator");
	for (int rows = 0; rows < 50; rows++) {
		for (int columns = 0; columns < 140; columns += 7) {
			for (const char *line = draw(rows, columns); *line;) {
				const char *stop = strchr(line, '\n');

				assert_true(stop - line <= columns);
				line = stop + 1;
			}
		}
	}
	assert_non_null(strstr(draw(12, 40), "203.0.113.2"));
	top.screen.over_top = 1000;
	keys("h");
	for (int rows = 0; rows < 40; rows++)
		draw(rows, 40);
}

static void greatest_first_and_chosen(void **state)
{
	char *first, *second;

	(void)state;
	three_senders();
	shows("203.0.113.2                 800");
	shows("100% invite");
	first = strstr(top.all, "203.0.113.2 ");
	second = strstr(top.all, "203.0.113.3 ");
	assert_true(first && second && first < second);
	screen_key(&top.screen, KEY_IS_DOWN);
	assert_int_equal(screen_chosen(&top.screen)->rate, 7);
	/* It stays chosen wherever it goes, and when it has gone its place is. */
	top.reading->rows[PANE_SENDERS].row[2].rate = 900;
	draw(30, 100);
	assert_int_equal(screen_chosen(&top.screen)->rate, 900);
	top.reading->rows[PANE_SENDERS].count = 2;
	draw(30, 100);
	assert_int_equal(screen_chosen(&top.screen)->rate, 800);
	top.reading->rows[PANE_SENDERS].count = 0;
	draw(30, 100);
	assert_null(screen_chosen(&top.screen));
	assert_int_equal(screen_key(&top.screen, 'w'), DEED_NONE);
}

static void a_ban_is_asked_for_twice(void **state)
{
	(void)state;
	three_senders();
	keys("b");
	shows("ban 203.0.113.2 for how many minutes (Enter: 10, Esc: not at all): _");
	keys("x1y7");
	screen_key(&top.screen, KEY_IS_ERASE);
	keys("5");
	shows("not at all): 15_");
	screen_key(&top.screen, KEY_IS_ENTER);
	shows("ban 203.0.113.2 for 15 min? y/n");
	assert_int_equal(screen_key(&top.screen, 'y'), DEED_BAN);
	assert_int_equal(top.screen.minutes, 15);
	assert_int_equal(top.screen.target.port, 0);
	keys("b");
	screen_key(&top.screen, KEY_IS_ENTER);
	shows("for 10 min? y/n");
	assert_int_equal(screen_key(&top.screen, 'n'), DEED_NONE);
	keys("b99999");
	screen_key(&top.screen, KEY_IS_ENTER);
	shows("A ban lasts for 1 to 43200 minutes.");
	/* Nothing is left of what was typed before. */
	keys("b5");
	shows("how many minutes (Enter: 10, Esc: not at all): 5_");
	screen_key(&top.screen, KEY_IS_ENTER);
	assert_int_equal(screen_key(&top.screen, 'y'), DEED_BAN);
	assert_int_equal(top.screen.minutes, 5);
	keys("B");
	shows("It sends from several ports");
	keys("u");
	shows("It is not banned.");
}

static void a_ban_is_lifted(void **state)
{
	struct row *row = add(&top.reading->rows[PANE_BANS], 9, 0, "operator");

	(void)state;
	row->ban = row->key;
	row->left = 61;
	draw(30, 100);
	screen_key(&top.screen, KEY_IS_TAB);
	screen_key(&top.screen, KEY_IS_TAB);
	shows(">Bans: 1");
	shows("61s operator");
	keys("u");
	shows("lift the ban of 203.0.113.9? y/n");
	assert_int_equal(screen_key(&top.screen, 'y'), DEED_LIFT);
	assert_memory_equal(&top.screen.target, &row->key, sizeof(row->key));
}

static void a_filter_is_shown(void **state)
{
	(void)state;
	three_senders();
	top.reading->most[PANE_SENDERS] = 3;
	keys("/scan");
	screen_key(&top.screen, KEY_IS_ENTER);
	shows("Senders refused: 1 of 3, by seen/s, with scan");
	screen_key(&top.screen, KEY_IS_ESCAPE);
	shows("Senders refused: 3, by seen/s;");
	keys("s");
	shows("Senders refused: 3, by packets");
}

/* Whatever the network, a file or a list says: a terminal gets printable ASCII. */
static void all_is_escaped(void **state)
{
	struct row_list *list = &top.reading->rows[PANE_SENDERS];
	struct text lines = {};

	(void)state;
	strcpy(add(list, 1, 5, "a\033[2Jb\xc2\x9bz")->zone, "\r\nz");
	top.reading->health.level = HEALTH_WARNING;
	strcpy(top.reading->health.problem[0], "eth\033[0m is gone");
	shows("\\x1b[2Jb\\xc2\\x9bz");
	shows("eth\\x1b[0m is gone");
	shows("\\x0d\\x0az");
	screen_say(&top.screen, true, "no %s", "\a");
	shows("no \\x07");
	text_add(&lines, "one\ntwo \033c\n");
	screen_cover(&top.screen, "why\t", &lines);
	shows("two \\x1bc");
	for (const char *byte = top.all; *byte; byte++)
		assert_true((*byte >= ' ' && *byte <= '~') || *byte == '\n');
}

static void lines_scroll(void **state)
{
	struct text lines = {};

	(void)state;
	for (int i = 0; i < 100; i++)
		text_add(&lines, "line %d\n", i);
	screen_cover(&top.screen, "lines", &lines);
	shows("line 27\n");
	assert_null(strstr(top.all, "line 28\n"));
	screen_key(&top.screen, KEY_IS_PAGE_DOWN);
	shows("line 28\n");
	assert_null(strstr(top.all, "line 27\n"));
	screen_key(&top.screen, KEY_IS_END);
	shows("line 99\n");
	screen_key(&top.screen, KEY_IS_UP);
	shows("line 71\n");
	keys("q");
	shows("Bans: 0");
	assert_int_equal(screen_key(&top.screen, 'q'), DEED_QUIT);
}

static void says_what_is_missing(void **state)
{
	(void)state;
	shows("at least, as events tell");
	top.reading->unnamed = 20000;
	shows("about 20.0k/s of others not named");
	top.reading->heard = false;
	shows("eight commands follow the guard already");
	top.reading->view.snapshot = NULL;
	error_set(&top.reading->view.error, -1, "the guard is not attached.");
	shows("NOT GUARDED");
	shows("the guard is not attached.");
	top.reading->view.snapshot = top.snapshot;
	top.snapshot->mode = SG_MODE_MONITOR;
	shows("MONITOR: drops nothing");
	keys("p");
	shows("PAUSED");
}

#define SCREEN(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_sorted),
		cmocka_unit_test(rows_are_filtered),
		SCREEN(any_size_will_do),
		SCREEN(greatest_first_and_chosen),
		SCREEN(a_ban_is_asked_for_twice),
		SCREEN(a_ban_is_lifted),
		SCREEN(a_filter_is_shown),
		SCREEN(all_is_escaped),
		SCREEN(lines_scroll),
		SCREEN(says_what_is_missing),
	};

	return cmocka_run_group_tests_name("top", tests, NULL, NULL);
}
