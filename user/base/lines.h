/* SPDX-License-Identifier: GPL-2.0-only */
/* Files with one thing a line: `#` starts a comment, blank lines are skipped. */
#ifndef SIPGUARD_LINES_H
#define SIPGUARD_LINES_H

#include <stdbool.h>
#include <stdio.h>

#include "base/error.h"

/*
 * Calls `each` for every line, without its comment and the white space around it, until that fails.
 * `what` is one of these things, in words. 0 or -errno, with the line in *error (0: the file as a
 * whole), of which the name is left to the caller. `each` finds the line that it is called for in
 * its *error.
 */
int lines_read(const char *path, const char *what,
	       int (*each)(void *context, const char *text, struct error *error), void *context,
	       struct error *error);

/*
 * The same in two parts, for who looks at the beginning of a file first. `comments` is asked before
 * each line, `line` is how many were read already.
 */
int lines_open(const char *path, FILE **file, struct error *error);
int lines_each(FILE *file, const char *what, const bool *comments, unsigned int line,
	       int (*each)(void *context, const char *text, struct error *error), void *context,
	       struct error *error);

#endif
