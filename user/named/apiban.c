// SPDX-License-Identifier: GPL-2.0-only
/*
 * What APIBAN's API answers: {"ipaddress": ["192.0.2.1", ...], "ID": "..."}, 250 addresses at a
 * time, so a file may have several answers. If it has nothing to say, or refuses, there is a
 * sentence in place of the addresses, and "ID" is "none" or "unauthorized".
 */
#include <errno.h>
#include <string.h>

#include <jansson.h>

#include "base/quote.h"
#include "named/source.h"

static int read_address(struct source *source, const json_t *value, size_t number,
			struct error *error)
{
	const char *text = json_string_value(value);
	struct error why = {};
	struct prefix prefix;

	if (!text)
		return error_set(error, -EINVAL, "ipaddress %zu is no string; it is an address",
				 number);
	if (prefix_parse(text, &prefix, &why))
		return error_set(error, -EINVAL, "ipaddress %zu: %s", number, why.text);
	return source_append(source, &prefix, 0, error);
}

static int read_answer(struct source *source, const json_t *answer, struct error *error)
{
	const json_t *addresses = json_object_get(answer, "ipaddress");
	const char *id = json_string_value(json_object_get(answer, "ID"));
	const char *said = json_string_value(json_array_get(addresses, 0));
	int err = 0;

	if (!addresses)
		return error_set(error, -EINVAL, "there is no \"ipaddress\" in it; it shall be an "
				 "answer of APIBAN's API");
	if (json_is_string(addresses))
		said = json_string_value(addresses);
	if (id && (strcmp(id, "none") == 0 || strcmp(id, "unauthorized") == 0))
		return error_set(error, -ENODATA, "it has no addresses: APIBAN said '%s'",
				 quote(said ? said : "").text);
	if (!json_is_array(addresses))
		return error_set(error, -EINVAL, "\"ipaddress\" is no array of addresses");
	for (size_t i = 0; !err && i < json_array_size(addresses); i++)
		err = read_address(source, json_array_get(addresses, i), i + 1, error);
	return err;
}

static bool is_at_end(FILE *file)
{
	int c;

	do {
		c = getc(file);
	} while (c == ' ' || c == '\t' || c == '\r' || c == '\n');
	if (c != EOF)
		ungetc(c, file);
	return c == EOF;
}

int source_apiban(struct source *source, FILE *file, struct error *error)
{
	json_error_t why;
	int err = 0;

	do {
		json_t *answer = json_loadf(file, JSON_DISABLE_EOF_CHECK, &why);

		if (!answer) {
			/* Of the first answer; behind it jansson counts anew. */
			if (!source->count)
				error->line = why.line > 0 ? why.line : 1;
			return error_set(error, -EINVAL, "this is no JSON: %s",
					 quote(why.text).text);
		}
		err = read_answer(source, answer, error);
		json_decref(answer);
	} while (!err && !is_at_end(file));
	return err;
}
