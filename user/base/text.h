/* SPDX-License-Identifier: GPL-2.0-only */
/* Text that grows as it is written, and words for numbers. */
#ifndef SIPGUARD_TEXT_BUFFER_H
#define SIPGUARD_TEXT_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

struct text {
	char *data;   /* ends with a NUL; owned, NULL while empty */
	size_t length;
	size_t room;
	bool lost;    /* there was no memory: nothing more is written */
};

void text_add(struct text *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void text_free(struct text *text);

/* Adds one more choice to "a or b", if there is room for it as a whole. */
void text_or(char *list, size_t room, const char *choice);

/* The word for so many things, one of the two: 1 flow, 0 flows, 2 flows. */
const char *word_for(unsigned long long count, const char *one, const char *many);

#endif
