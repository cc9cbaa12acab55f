// SPDX-License-Identifier: GPL-2.0-only
#include "corpus.h"

#include <errno.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

void corpus_die(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	exit(1);
}

static void *checked(void *memory)
{
	if (!memory)
		corpus_die("Out of memory.");
	return memory;
}

/* A table of the corpus: which columns hold what; -1: none, the set's name is given instead. */
struct columns {
	const char *set;
	int file, set_column, verdict, faults;
};

/* The archives hold one file for each row of their table. */
static const struct archive {
	const char *table, *archive;
	struct columns columns;
} archives[] = {
	{"protos-c07.tsv", "protos-c07.tar.xz", {"protos-c07", 1, -1, 5, 6}},
	{"protos-style-register.tsv", "protos-style-register.tar.xz",
	 {"protos-style-register", 0, -1, 6, 7}},
};

static const struct columns manifest = {NULL, 0, 3, 4, 6};

/* Captures are not messages, nor are the archives and the log. */
static bool is_message_set(const char *set)
{
	return strncmp(set, "pcap-", 5) && strncmp(set, "protos-", 7) &&
	       strcmp(set, "attack-honeypot-log");
}

/* Cuts a row at its tabs; the columns beyond its end are empty. */
static void split(char *row, char **column, int columns)
{
	static char empty[] = "";

	row[strcspn(row, "\r\n")] = '\0';
	for (int i = 0; i < columns; i++) {
		column[i] = row ? strsep(&row, "\t") : empty;
		if (!column[i])
			column[i] = empty;
	}
}

static void *copy_of(const void *bytes, size_t length)
{
	/* malloc(0) may be NULL, which is no buffer to check. */
	return memcpy(checked(malloc(length ? length : 1)), bytes, length);
}

struct corpus_message *corpus_add(struct corpus *corpus, const char *set, const char *name,
				  const void *bytes, size_t length)
{
	if (!(corpus->count & (corpus->count - 1)))
		corpus->message = checked(realloc(corpus->message, (2 * corpus->count + 1) *
						  sizeof(*corpus->message)));
	corpus->message[corpus->count] = (struct corpus_message){
		.set = checked(strdup(set)),
		.name = checked(strdup(name)),
		.bytes = copy_of(bytes, length),
		.length = length,
	};
	return &corpus->message[corpus->count++];
}

static void row_add(struct corpus *corpus, const char *folder, const char *set, char **column,
		    const struct columns *columns)
{
	static unsigned char buffer[CORPUS_BYTES];
	struct corpus_message *message;
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, column[columns->file]);
	file = fopen(path, "rb");
	if (!file)
		corpus_die("%s: %s.", path, strerror(errno));
	message = corpus_add(corpus, set, column[columns->file], buffer,
			     fread(buffer, 1, sizeof(buffer), file));
	fclose(file);
	message->verdict = checked(strdup(column[columns->verdict]));
	message->faults = checked(strdup(column[columns->faults]));
}

/* Adds the messages of a table whose files lie in `folder`. */
static bool table_load(struct corpus *corpus, const char *path, const char *folder,
		       const struct columns *columns)
{
	FILE *table = fopen(path, "r");
	char *row = NULL, *column[16];
	size_t size = 0;
	const char *set;

	if (!table)
		return false;
	/* The first row names the columns. */
	for (int line = 0; getline(&row, &size, table) > 0; line++) {
		split(row, column, 16);
		set = columns->set_column < 0 ? columns->set : column[columns->set_column];
		if (line && (columns->set_column < 0 || is_message_set(set)))
			row_add(corpus, folder, set, column, columns);
	}
	free(row);
	fclose(table);
	return true;
}

static bool run(char *const *command)
{
	int status;
	pid_t pid;

	return !posix_spawnp(&pid, command[0], NULL, NULL, command, environ) &&
	       waitpid(pid, &status, 0) == pid && status == 0;
}

static void archive_load(struct corpus *corpus, const char *folder, const struct archive *archive)
{
	char unpacked[] = "/tmp/sipguard-corpus-XXXXXX", path[4096], table[4096], inner[4200];

	snprintf(path, sizeof(path), "%s/%s", folder, archive->archive);
	snprintf(table, sizeof(table), "%s/%s", folder, archive->table);
	if (access(table, R_OK)) {
		fprintf(stderr, "%s: not there; its messages are left out.\n", table);
		return;
	}
	if (!mkdtemp(unpacked))
		corpus_die("%s: %s.", unpacked, strerror(errno));
	if (!run((char *[]){"tar", "-xJf", path, "-C", unpacked, NULL}))
		corpus_die("%s: tar could not unpack it.", path);
	/* Some archives hold a folder of their own name. */
	snprintf(inner, sizeof(inner), "%s/%s", unpacked, archive->columns.set);
	if (!table_load(corpus, table, access(inner, R_OK) ? unpacked : inner, &archive->columns))
		corpus_die("%s: %s.", table, strerror(errno));
	run((char *[]){"rm", "-rf", unpacked, NULL});
}

bool corpus_load(struct corpus *corpus, const char *folder)
{
	char path[4096];

	*corpus = (struct corpus){};
	snprintf(path, sizeof(path), "%s/MANIFEST.tsv", folder);
	if (!table_load(corpus, path, folder, &manifest)) {
		fprintf(stderr, "There is no corpus in %s (%s: %s).\n", folder, path,
			strerror(errno));
		return false;
	}
	for (size_t i = 0; i < sizeof(archives) / sizeof(archives[0]); i++)
		archive_load(corpus, folder, &archives[i]);
	return true;
}

void corpus_free(struct corpus *corpus)
{
	for (size_t i = 0; i < corpus->count; i++) {
		free(corpus->message[i].set);
		free(corpus->message[i].name);
		free(corpus->message[i].verdict);
		free(corpus->message[i].faults);
		free(corpus->message[i].bytes);
	}
	free(corpus->message);
	*corpus = (struct corpus){};
}
