// SPDX-License-Identifier: GPL-2.0-only
/* Tables, RFC 4180: fields may be in quotes. A quoted field ends on its line here. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/quote.h"
#include "named/source.h"

#define FIELD 256 /* bytes of a field that is looked at */

static const char separators[] = ",;\t";

bool source_is_csv(const char *line)
{
	return strpbrk(line, separators) || *line == '"';
}

/* Copies a field, its quotes gone, and returns what is behind it; NULL: a quote does not end. */
static const char *field_read(const char *at, char separator, char field[FIELD])
{
	bool quoted = *at == '"';
	size_t length = 0;

	for (at += quoted; *at && (quoted || *at != separator); at++) {
		if (quoted && *at == '"' && *++at != '"')
			break;
		if (length + 1 < FIELD)
			field[length++] = *at;
	}
	if (quoted && at[-1] != '"')
		return NULL;
	while (length && strchr(" \t\r", field[length - 1]))
		length--;
	field[length] = '\0';
	return at + strcspn(at, (const char[]){separator, '\0'});
}

/* The field with this number, from 1. 0; -ENOENT: the line is shorter; -EINVAL. */
static int field_get(const char *line, char separator, int index, char field[FIELD])
{
	for (int i = 1;; i++) {
		line = field_read(line, separator, field);
		if (!line)
			return -EINVAL;
		if (i == index)
			return 0;
		if (!*line++)
			return -ENOENT;
	}
}

/* The column of one of these names. 0: none. */
static int column_of(const char *line, char separator, const char *const names[])
{
	char field[FIELD];

	for (int i = 1; field_get(line, separator, i, field) == 0; i++) {
		for (int n = 0; names[n]; n++) {
			if (strcasecmp(field, names[n]) == 0)
				return i;
		}
	}
	return 0;
}

/* What columns of addresses are called. */
static const char *const usual[] = {"ip", "ip_address", "ipaddress", "ip address", "address",
				    "prefix", "network", "cidr", "subnet", "src_ip", "source",
				    NULL};

/* A slip in an address is none of those: no header is taken for one. */
static bool is_name(const char *field)
{
	return !strchr(field, ':') && !(*field >= '0' && *field <= '9');
}

/* The first line tells the separator and the column. 1: it is a header. */
static int begin(struct csv *csv, const char *line, struct error *error)
{
	const char *wanted[] = {csv->column, NULL};
	char field[FIELD], *end = NULL;
	const char *separator = strpbrk(line, separators);
	long number = csv->column ? strtol(csv->column, &end, 10) : 1;

	csv->separator = separator ? *separator : ',';
	if (csv->column && *end == '\0' && number > 0 && number < 1000) {
		csv->index = number;
		return field_get(line, csv->separator, number, field) == 0 && is_name(field);
	}
	csv->index = column_of(line, csv->separator, csv->column ? wanted : usual);
	if (csv->index)
		return 1;
	if (csv->column)
		return error_set(error, -EINVAL, "there is no column '%s'; the first line has the "
				 "names of the columns", quote(csv->column).text);
	csv->index = 1;
	if (field_get(line, csv->separator, 1, field) == 0 && !is_name(field))
		return 0;
	return error_set(error, -EINVAL, "no column here has a name for addresses; say by --column "
			 "which one has them");
}

int source_csv_line(struct source *source, struct csv *csv, const char *line, struct error *error)
{
	char field[FIELD];
	struct prefix prefix;
	int err;

	if (!csv->index) {
		err = begin(csv, line, error);
		if (err)
			return err < 0 ? err : 0;
	}
	err = field_get(line, csv->separator, csv->index, field);
	if (err == -ENOENT)
		return error_set(error, -EINVAL, "there is no column %d in this line", csv->index);
	if (err)
		return error_set(error, err, "a quoted field does not end");
	err = prefix_parse(field, &prefix, error);
	return err ? err : source_append(source, &prefix, 0, error);
}
