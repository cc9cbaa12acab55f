// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "manual.h"

#define LINE 76 /* mandoc complains of lines in the source of more than 80 */

void roff_head(FILE *to, const char *title, int section, const char *name)
{
	fprintf(to, ".\\\" SPDX-License-Identifier: GPL-2.0-only\n"
		".\\\" Made by tools/manual of the tables of the command.\n"
		".TH %s %d " SIPGUARD_RELEASED " \"sipguard " SIPGUARD_VERSION "\" "
		"\"sipguard manual\"\n.SH NAME\n%s\n", title, section, name);
}

static void put_character(FILE *to, char c)
{
	static const char *const escapes[] = {
		['\\'] = "\\e", ['-'] = "\\-", ['\''] = "\\(aq", ['^'] = "\\(ha",
		['~'] = "\\(ti", ['`'] = "\\(ga", ['"'] = "\\(dq", ['.'] = "\\&.",
	};

	if ((unsigned char)c < sizeof(escapes) / sizeof(*escapes) && escapes[(unsigned char)c])
		fputs(escapes[(unsigned char)c], to);
	else
		fputc(c, to);
}

void roff_put(FILE *to, const char *text, size_t length)
{
	for (size_t i = 0; i < length && text[i]; i++)
		put_character(to, text[i]);
}

/* One word, in which ` switches to bold and back. */
static void put_word(FILE *to, const char *word, size_t length, bool *bold)
{
	for (size_t i = 0; i < length; i++) {
		if (word[i] == '`') {
			*bold = !*bold;
			fputs(*bold ? "\\fB" : "\\fR", to);
		} else if (word[i] == '.' && i) {
			fputc('.', to); /* only at the begin of a line it is a request */
		} else {
			put_character(to, word[i]);
		}
	}
}

void roff_fill(FILE *to, const char *text, size_t length)
{
	const char *end = text + strnlen(text, length);
	size_t column = 0;
	bool bold = false;

	while (text < end) {
		size_t blanks = strspn(text, " \n"), word;

		text += blanks;
		if (text >= end)
			break;
		word = strcspn(text, " \n");
		if (word > (size_t)(end - text))
			word = end - text;
		if (column && column + 1 + word > LINE) {
			fputc('\n', to);
			column = 0;
		}
		if (column)
			fputc(' ', to);
		put_word(to, text, word, &bold);
		column += word + !!column;
		for (size_t i = 0; i < word; i++)
			column += text[i] == '-' || text[i] == '`' || text[i] == '\'';
		text += word;
	}
	if (bold)
		fputs("\\fR", to);
	if (column)
		fputc('\n', to);
}

static size_t line_of(const char *text)
{
	return strcspn(text, "\n");
}

static size_t depth_of(const char *line)
{
	return strspn(line, " ");
}

/* Where in the lines of a list the meanings begin: the first gap of two blanks, furthest right. */
static size_t list_column(const char *list)
{
	size_t column = 0;

	for (; depth_of(list) >= 2; list += line_of(list) + (list[line_of(list)] == '\n')) {
		const char *gap = strstr(list + 2, "  ");

		if (depth_of(list) > 2 || !gap || gap >= list + line_of(list))
			continue;
		gap += depth_of(gap);
		if ((size_t)(gap - list) > column)
			column = gap - list;
	}
	return column;
}

/* The first line of an entry, and those that go on. Returns what follows. */
static const char *put_entry(FILE *to, const char *list, size_t column)
{
	const char *gap = strstr(list + 2, "  "), *rest = list;
	size_t tag = line_of(list);

	if (column < tag && list[column - 1] == ' ')
		tag = column;
	else if (gap && gap < list + tag)
		tag = gap - list;
	rest = list + tag;
	while (tag > 2 && list[tag - 1] == ' ')
		tag--;
	fputs(".TP\n\\fB", to);
	roff_put(to, list + 2, tag - 2);
	fputs("\\fR\n", to);
	do {
		roff_fill(to, rest, line_of(rest));
		rest += line_of(rest);
		rest += *rest == '\n';
	} while (depth_of(rest) > 2);
	return rest;
}

/* Returns what follows the list. */
static const char *put_list(FILE *to, const char *list)
{
	size_t column = list_column(list);

	while (depth_of(list) >= 2)
		list = put_entry(to, list, column);
	if (*list && *list != '\n')
		fputs(".PP\n", to);
	return list;
}

void roff_details(FILE *to, const char *details)
{
	while (*details) {
		const char *end = details;

		if (*details == '\n') {
			fputs(".PP\n", to);
			details++;
			continue;
		}
		if (depth_of(details) >= 2) {
			details = put_list(to, details);
			continue;
		}
		while (*end && *end != '\n' && depth_of(end) < 2)
			end += line_of(end) + (end[line_of(end)] == '\n');
		roff_fill(to, details, end - details);
		details = end;
	}
}
