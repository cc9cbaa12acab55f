// SPDX-License-Identifier: GPL-2.0-only
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_ROOM 4096

static bool make_room(struct text *text, size_t more)
{
	size_t room = text->room ? text->room : FIRST_ROOM;
	char *data;

	while (room - text->length <= more)
		room *= 2;
	if (room == text->room)
		return true;
	data = realloc(text->data, room);
	if (!data)
		return false;
	text->data = data;
	text->room = room;
	return true;
}

void text_add(struct text *text, const char *format, ...)
{
	va_list arguments;
	int length;

	if (text->lost)
		return;
	va_start(arguments, format);
	length = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	if (length < 0 || !make_room(text, length)) {
		text->lost = true;
		return;
	}
	va_start(arguments, format);
	vsnprintf(text->data + text->length, length + 1, format, arguments);
	va_end(arguments);
	text->length += length;
}

void text_free(struct text *text)
{
	free(text->data);
	*text = (struct text){};
}

void text_or(char *list, size_t room, const char *choice)
{
	const char *before = *list ? " or " : "";
	size_t used = strlen(list);

	if (used + strlen(before) + strlen(choice) < room)
		sprintf(list + used, "%s%s", before, choice);
}

const char *word_for(unsigned long long count, const char *one, const char *many)
{
	return count == 1 ? one : many;
}
