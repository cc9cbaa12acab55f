// SPDX-License-Identifier: GPL-2.0-only
#include "base/escape.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define ESCAPED 4 /* \xNN */

static bool is_harmless(unsigned char byte)
{
	return byte >= ' ' && byte <= '~';
}

char *escape(const char *text)
{
	char *copy = malloc(strlen(text) * ESCAPED + 1), *end = copy;

	if (!copy)
		return NULL;
	for (; *text; text++) {
		if (is_harmless(*text))
			*end++ = *text;
		else
			end += sprintf(end, "\\x%02x", (unsigned char)*text);
	}
	*end = '\0';
	return copy;
}

void escape_vprintf(FILE *to, const char *format, va_list args)
{
	size_t length = strlen(format);
	bool line = length && format[length - 1] == '\n';
	char *raw = NULL, *text = NULL;
	int printed = vasprintf(&raw, format, args);

	if (printed >= 0) {
		if (line)
			raw[printed - 1] = '\0';
		text = escape(raw);
		free(raw);
	}
	fputs(text ? text : "(out of memory)", to);
	free(text);
	if (line)
		fputc('\n', to);
}

void escape_printf(FILE *to, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	escape_vprintf(to, format, args);
	va_end(args);
}
