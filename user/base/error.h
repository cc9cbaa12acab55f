/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What went wrong, for whoever is to be told. What is below cmd/ prints nothing: a function that
 * can fail takes a struct error, returns -errno, and has written one sentence there: what is wrong
 * and what to do. What goes on all the same, and has something to say, does it by notice.h.
 */
#ifndef SIPGUARD_ERROR_H
#define SIPGUARD_ERROR_H

struct error {
	int code;            /* -errno, of which text tells; 0 if that is not known */
	const char *file;    /* that it is in, not owned; NULL: none, or text has it */
	unsigned int line;   /* of that file; from 1, 0: of no line */
	unsigned int column;
	char text[1024];     /* "": nothing yet */
};

/*
 * Writes the sentence unless there is one already: who met the error first knows best what it is.
 * Returns `err`, which is -errno. `error` may be NULL, for who does not ask.
 */
int error_set(struct error *error, int err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
