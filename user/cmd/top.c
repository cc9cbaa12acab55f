// SPDX-License-Identifier: GPL-2.0-only
/* top: the guard on a full screen, or printed once. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cmd/command.h"
#include "render/output.h"
#include "top/run.h"

#define COLUMNS_PRINTED 120 /* where nobody says how wide it is */

static int columns_of(int fd)
{
	struct winsize size;

	return !ioctl(fd, TIOCGWINSZ, &size) && size.ws_col ? size.ws_col : COLUMNS_PRINTED;
}

/* The screen as text, with all that is on it. 0 or -errno. */
static int print_screen(const struct reading *reading, struct error *error)
{
	int columns = columns_of(STDOUT_FILENO);
	char *line = malloc(columns + 1);
	struct canvas canvas = {};
	struct screen screen;
	int err;

	screen_begin(&screen);
	screen.all = true;
	screen_fill(&screen, reading);
	err = line ? canvas_begin(&canvas, screen_lines(&screen, reading), columns) : -ENOMEM;
	if (!err)
		screen_draw(&screen, reading, &canvas);
	for (int row = 0; !err && row < canvas.rows; row++) {
		canvas_line(&canvas, row, line);
		puts(line);
	}
	canvas_free(&canvas);
	screen_end(&screen);
	free(line);
	return err ? error_set(error, err, "out of memory.") : 0;
}

static enum exit_code once(const struct options *options)
{
	struct reading *reading = NULL;
	struct error error = {};
	int err = top_read(options->interval, &reading, &error);

	if (!err && options->json)
		output_json(top_json(reading));
	else if (!err)
		err = print_screen(reading, &error);
	reading_end(reading);
	return err ? failed(&error) : output_end();
}

enum exit_code cmd_top(const struct options *options)
{
	struct options given = *options;
	struct error error = {};

	given.interval = options->interval ? options->interval : 1;
	if (options->once || options->json)
		return once(&given);
	say_setup(false); /* what libbpf says would be written over the screen */
	return top_run(given.interval, stdout, stdin, &error) ? failed(&error) : DONE;
}
