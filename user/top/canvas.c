// SPDX-License-Identifier: GPL-2.0-only
#include "top/canvas.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/escape.h"

#define LINE 512

int canvas_begin(struct canvas *c, int rows, int columns)
{
	size_t size = (size_t)(rows > 0 ? rows : 0) * (columns > 0 ? columns : 0);

	*c = (struct canvas){.text = malloc(size + 1), .look = calloc(size + 1, 1)};
	if (!c->text || !c->look) {
		canvas_free(c);
		return -ENOMEM;
	}
	memset(c->text, ' ', size);
	c->rows = rows > 0 ? rows : 0;
	c->columns = columns > 0 ? columns : 0;
	return 0;
}

void canvas_free(struct canvas *c)
{
	free(c->text);
	free(c->look);
	*c = (struct canvas){};
}

static void set(struct canvas *c, int row, int column, enum look look, char byte)
{
	size_t at = (size_t)row * c->columns + column;

	if (row < 0 || row >= c->rows || column < 0 || column >= c->columns)
		return;
	c->text[at] = byte;
	c->look[at] = look;
}

int canvas_put(struct canvas *c, int row, int column, int width, enum look look,
	       const char *format, ...)
{
	char raw[LINE], *text;
	va_list args;
	int length;

	va_start(args, format);
	vsnprintf(raw, sizeof(raw), format, args);
	va_end(args);
	text = escape(raw);
	length = text ? strlen(text) : 0;
	for (int i = 0; i < (width ? width : length); i++)
		set(c, row, column + i, look,
		    i >= length ? ' ' : width && i == width - 1 && length > width ? '~' : text[i]);
	free(text);
	return column + (width ? width : length);
}

void canvas_right(struct canvas *c, int row, int end, int width, enum look look, const char *text)
{
	int length = strlen(text);

	canvas_put(c, row, end - (length < width ? length : width), length < width ? length : width,
		   look, "%s", text);
}

void canvas_paint(struct canvas *c, int row, enum look look)
{
	if (row >= 0 && row < c->rows)
		memset(c->look + (size_t)row * c->columns, look, c->columns);
}

void canvas_line(const struct canvas *c, int row, char *line)
{
	int length = c->columns;

	memcpy(line, c->text + (size_t)row * c->columns, c->columns);
	while (length && line[length - 1] == ' ')
		length--;
	line[length] = '\0';
}
