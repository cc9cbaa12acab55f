/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files that lists come from. All or nothing: a file with a mistake gives none of its prefixes.
 *
 *   text     one prefix a line, # starts a comment
 *   ipset    what `ipset save` prints: add SET PREFIX [timeout SECONDS] ...
 *   apiban   the JSON of api.apiban.org: {"ipaddress": [ADDRESS...], "ID": ...}, one or several
 *   csv      a column of a table, separated by , ; or tabs
 *   mmdb     networks of a country or of a network operator, from a MaxMind DB
 */
#ifndef SIPGUARD_SOURCE_H
#define SIPGUARD_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/error.h"
#include "base/prefix.h"

enum source_format {
	SOURCE_AUTO, /* told by what is in the file, mmdb by its name */
	SOURCE_TEXT,
	SOURCE_IPSET,
	SOURCE_APIBAN,
	SOURCE_CSV,
	SOURCE_MMDB,
	SOURCE__MAX
};

extern const char *const source_formats[SOURCE__MAX];

/* What is wanted of a file. */
struct source_wish {
	enum source_format format;
	const char *column;    /* of a table: its name, or its number from 1; NULL: found out */
	const char *countries; /* of an mmdb: two letters each, separated by commas; NULL: any */
	const char *networks;  /* of an mmdb: numbers of autonomous systems; NULL: any */
};

struct source_item {
	struct prefix prefix;
	__u32 seconds; /* that are left of its time; 0: as many as those of the whole list */
};

struct source {
	struct source_item *item;
	size_t count, room;
};

/*
 * Reads a file, or standard input if it is "-". 0, and *source is to be freed; or -errno with the
 * line in *error (0: the file as a whole), of which the name is left to the caller.
 */
int source_read(const char *path, const struct source_wish *wish, struct source *source,
		struct error *error);
void source_free(struct source *source);

/* For those who read one: 0 or -errno. */
int source_append(struct source *source, const struct prefix *prefix, __u32 seconds,
		  struct error *error);

/* By format. */
int source_ipset_line(struct source *source, const char *line, struct error *error);

struct csv {
	const char *column;
	char separator;
	int index;       /* of the column, from 1; 0: not known yet */
};

int source_csv_line(struct source *source, struct csv *csv, const char *line, struct error *error);
bool source_is_csv(const char *line);
int source_apiban(struct source *source, FILE *file, struct error *error);
int source_mmdb(struct source *source, const char *path, const struct source_wish *wish,
		struct error *error);

#endif
