// SPDX-License-Identifier: GPL-2.0-only
#include "plain.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "corpus.h"

static bool is_white(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Where the line at `at` ends; *next: where the next one begins. */
static size_t line_end(struct plain *plain, size_t at, size_t *next)
{
	const char *feed = memchr(plain->text + at, '\n', plain->length - at);
	size_t end = feed ? (size_t)(feed - plain->text) : plain->length;

	*next = feed ? end + 1 : end;
	if (feed && end > at && plain->text[end - 1] == '\r')
		end--;
	else if (feed)
		plain->bare = true;
	if (memchr(plain->text + at, '\r', end - at))
		plain->bare = true;
	return end;
}

static void field_add(struct plain *plain, size_t at, size_t end)
{
	struct plain_field *field = &plain->field[plain->count];
	char *text = plain->text + at, *colon = memchr(text, ':', end - at);

	if (plain->count == PLAIN_FIELDS)
		corpus_die("More than %d header fields.", PLAIN_FIELDS);
	field->name = text;
	field->name_length = colon ? colon - text : 0;
	while (field->name_length && (text[field->name_length - 1] == ' ' ||
				      text[field->name_length - 1] == '\t'))
		field->name_length--;
	field->value = colon ? colon + 1 : text;
	field->length = text + (end - at) - field->value;
	field->end = end;
	plain->count++;
}

/* Line ends inside of the value become spaces, and those around it are left out. */
static void field_finish(struct plain_field *field)
{
	for (size_t i = 0; i < field->length; i++)
		if (field->value[i] == '\r' || field->value[i] == '\n')
			field->value[i] = ' ';
	while (field->length && is_white(field->value[field->length - 1]))
		field->length--;
	while (field->length && is_white(*field->value)) {
		field->value++;
		field->length--;
	}
}

void plain_read(struct plain *plain, const void *bytes, size_t length)
{
	size_t at = 0, end, next;

	memset(plain, 0, offsetof(struct plain, field));
	plain->text = malloc(length + 1);
	if (!plain->text)
		corpus_die("Out of memory.");
	memcpy(plain->text, bytes, length);
	plain->text[length] = '\0';
	plain->length = plain->body = length;
	while (at < length && (is_white(plain->text[at]) || !plain->text[at]))
		at++;
	plain->start = at;
	plain->start_length = line_end(plain, at, &next) - at;
	for (at = next; at < length && !plain->ended; at = next) {
		end = line_end(plain, at, &next);
		if (end == at) {
			plain->ended = true;
			plain->body = next;
		} else if ((plain->text[at] == ' ' || plain->text[at] == '\t') && plain->count) {
			struct plain_field *last = &plain->field[plain->count - 1];

			plain->folded = true;
			last->length = plain->text + end - last->value;
			last->end = end;
		} else {
			field_add(plain, at, end);
		}
	}
	for (size_t i = 0; i < plain->count; i++)
		field_finish(&plain->field[i]);
}

void plain_free(struct plain *plain)
{
	free(plain->text);
}

static bool is_named(const struct plain_field *field, const char *name)
{
	return name && field->name_length == strlen(name) &&
	       !strncasecmp(field->name, name, field->name_length);
}

const struct plain_field *plain_find(const struct plain *plain, const char *name,
				     const char *compact, size_t n)
{
	for (size_t i = 0; i < plain->count; i++)
		if ((is_named(&plain->field[i], name) || is_named(&plain->field[i], compact)) &&
		    !n--)
			return &plain->field[i];
	return NULL;
}

size_t plain_count(const struct plain *plain, const char *name, const char *compact)
{
	size_t n = 0;

	while (plain_find(plain, name, compact, n))
		n++;
	return n;
}

/* Commas outside of quoted strings and of <> divide them; empty ones do not count. */
static size_t elements(const struct plain_field *field)
{
	size_t count = 0;
	bool quoted = false, inside = false, solid = false;

	for (size_t i = 0; i < field->length; i++) {
		char c = field->value[i];

		if (quoted && c == '\\')
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && (c == '<' || c == '>'))
			inside = c == '<';
		if (c == ',' && !quoted && !inside) {
			count += solid;
			solid = false;
		} else if (!is_white(c)) {
			solid = true;
		}
	}
	return count + solid;
}

size_t plain_elements(const struct plain *plain, const char *name, const char *compact)
{
	const struct plain_field *field;
	size_t count = 0;

	for (size_t n = 0; (field = plain_find(plain, name, compact, n)); n++)
		count += elements(field);
	return count;
}
