/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The header of a message, read as plainly as can be: byte by byte, lines unfolded, no limits but
 * the end of the message. It is what tells which of two readers that disagree is wrong.
 */
#ifndef SIPGUARD_PLAIN_H
#define SIPGUARD_PLAIN_H

#include <stdbool.h>
#include <stddef.h>

#define PLAIN_FIELDS 8192

struct plain_field {
	const char *name; /* without blanks after it; empty: the line has no colon */
	size_t name_length;
	char *value; /* unfolded: line ends are spaces; no white space around it */
	size_t length;
	size_t end; /* offset of the end of its last line, blanks before it included */
};

struct plain {
	char *text; /* a copy of the message with a NUL after it, in which lines are unfolded */
	size_t length;
	size_t start, start_length; /* the first line without its end */
	size_t body;		    /* offset; `length` if no blank line comes */
	bool ended;		    /* the blank line is there */
	bool folded;		    /* some field is */
	bool bare;		    /* some line ends with a bare LF, or has a bare CR in it */
	size_t count;
	struct plain_field field[PLAIN_FIELDS];
};

void plain_read(struct plain *plain, const void *bytes, size_t length);
void plain_free(struct plain *plain);

/* The n-th field of that name or its compact form (NULL: none), or NULL. */
const struct plain_field *plain_find(const struct plain *plain, const char *name,
				     const char *compact, size_t n);

/* How many fields of that name there are, and how many elements they list. */
size_t plain_count(const struct plain *plain, const char *name, const char *compact);
size_t plain_elements(const struct plain *plain, const char *name, const char *compact);

#endif
