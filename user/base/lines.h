/* SPDX-License-Identifier: GPL-2.0-only */
/* Files with one thing a line: `#` starts a comment, blank lines are skipped. */
#ifndef SIPGUARD_LINES_H
#define SIPGUARD_LINES_H

#include "base/error.h"

/*
 * Calls `each` for every line, without its comment and the white space around it, until that fails.
 * `what` is one of these things, in words. 0 or -errno, with the line in *error (0: the file as a
 * whole), of which the name is left to the caller.
 */
int lines_read(const char *path, const char *what,
	       int (*each)(void *context, const char *text, struct error *error), void *context,
	       struct error *error);

#endif
