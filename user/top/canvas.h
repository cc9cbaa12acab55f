/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A page of text as it is drawn, before it is on a terminal: so that what is drawn can be printed
 * and tested as well. It has printable ASCII only, whatever was put there.
 */
#ifndef SIPGUARD_CANVAS_H
#define SIPGUARD_CANVAS_H

#include <linux/types.h>

enum look {
	LOOK_PLAIN,
	LOOK_BOLD,
	LOOK_TITLE,
	LOOK_CHOSEN,
	LOOK_DIM,
	LOOK_GOOD,
	LOOK_WARN,
	LOOK_BAD,
	LOOK__MAX
};

struct canvas {
	int rows, columns;
	char *text;   /* rows * columns, no NUL */
	__u8 *look;   /* enum look of each */
};

/* Blank, of this size. 0, or -ENOMEM: then it has none. Freed by canvas_free(). */
int canvas_begin(struct canvas *canvas, int rows, int columns);
void canvas_free(struct canvas *canvas);

/*
 * Puts text there, escaped, as far as it is inside; the column behind it. A `width` fills up with
 * blanks, and cuts what is longer, with a ~ for the rest; 0: as long as it is.
 */
int canvas_put(struct canvas *canvas, int row, int column, int width, enum look look,
	       const char *format, ...) __attribute__((format(printf, 6, 7)));

/* The same that ends in front of a column. */
void canvas_right(struct canvas *canvas, int row, int end, int width, enum look look,
		  const char *text);

/* A whole row gets a look. */
void canvas_paint(struct canvas *canvas, int row, enum look look);

/* A row without the blanks at its end: columns + 1 bytes. */
void canvas_line(const struct canvas *canvas, int row, char *line);

#endif
