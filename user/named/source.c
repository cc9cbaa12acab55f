// SPDX-License-Identifier: GPL-2.0-only
#include "named/source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/lines.h"
#include "base/notice.h"

#define TOLD_EVERY 100000 /* prefixes */

const char *const source_formats[SOURCE__MAX] = {
	[SOURCE_AUTO] = "auto",
	[SOURCE_TEXT] = "text",
	[SOURCE_IPSET] = "ipset",
	[SOURCE_APIBAN] = "apiban",
	[SOURCE_CSV] = "csv",
	[SOURCE_MMDB] = "mmdb",
};

int source_append(struct source *source, const struct prefix *prefix, __u32 seconds,
		  struct error *error)
{
	struct source_item *grown;

	if (source->count == SG_LIST_ENTRIES)
		return error_set(error, -EINVAL, "more than %d prefixes; a list holds no more",
				 SG_LIST_ENTRIES);
	if (source->count == source->room) {
		source->room = source->room ? 2 * source->room : 1024;
		grown = reallocarray(source->item, source->room, sizeof(*grown));
		if (!grown)
			return error_set(error, -ENOMEM, "out of memory");
		source->item = grown;
	}
	source->item[source->count++] = (struct source_item){*prefix, seconds};
	if (!(source->count % TOLD_EVERY))
		progress("reading", source->count, 0);
	return 0;
}

void source_free(struct source *source)
{
	free(source->item);
	*source = (struct source){};
}

/* A file that is read line by line. */
struct reading {
	struct source *source;
	enum source_format format;
	struct csv csv;
	bool comments;
};

static enum source_format guess(const char *line)
{
	if (!strncmp(line, "create ", 7) || !strncmp(line, "add ", 4))
		return SOURCE_IPSET;
	return source_is_csv(line) ? SOURCE_CSV : SOURCE_TEXT;
}

static int read_line(void *context, const char *text, struct error *error)
{
	struct reading *reading = context;
	struct prefix prefix;
	int err;

	if (reading->format == SOURCE_AUTO)
		reading->format = guess(text);
	reading->comments = reading->format != SOURCE_CSV;
	if (reading->format == SOURCE_IPSET)
		return source_ipset_line(reading->source, text, error);
	if (reading->format == SOURCE_CSV)
		return source_csv_line(reading->source, &reading->csv, text, error);
	err = prefix_parse(text, &prefix, error);
	return err ? err : source_append(reading->source, &prefix, 0, error);
}

/* The first byte that is no white space, which stays to be read; counts lines before it. */
static int peek(FILE *file, unsigned int *lines)
{
	int c;

	do {
		c = getc(file);
		*lines += c == '\n';
	} while (c == ' ' || c == '\t' || c == '\r' || c == '\n');
	if (c != EOF)
		ungetc(c, file);
	return c;
}

static int read_file(FILE *file, const struct source_wish *wish, struct source *source,
		     struct error *error)
{
	struct reading reading = {
		.source = source,
		.format = wish->column && wish->format == SOURCE_AUTO ? SOURCE_CSV : wish->format,
		.csv.column = wish->column,
	};
	unsigned int lines = 0;
	int first = peek(file, &lines);

	if (reading.format == SOURCE_APIBAN || (reading.format == SOURCE_AUTO && first == '{'))
		return source_apiban(source, file, error);
	reading.comments = reading.format != SOURCE_CSV;
	return lines_each(file, "prefix", &reading.comments, lines, read_line, &reading, error);
}

static bool is_mmdb(const char *path, const struct source_wish *wish)
{
	size_t length = strlen(path);

	if (wish->format != SOURCE_AUTO)
		return wish->format == SOURCE_MMDB;
	return wish->countries || wish->networks ||
	       (length > 5 && strcasecmp(path + length - 5, ".mmdb") == 0);
}

int source_read(const char *path, const struct source_wish *wish, struct source *source,
		struct error *error)
{
	bool standard = strcmp(path, "-") == 0;
	FILE *file = stdin;
	int err;

	*source = (struct source){};
	if (is_mmdb(path, wish)) {
		err = source_mmdb(source, path, wish, error);
	} else {
		err = standard ? 0 : lines_open(path, &file, error);
		if (err)
			return err;
		err = read_file(file, wish, source, error);
		if (!standard)
			fclose(file);
	}
	progress(NULL, 0, 0);
	if (err)
		source_free(source);
	return err;
}
