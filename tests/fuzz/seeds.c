// SPDX-License-Identifier: GPL-2.0-only
/*
 * seeds DIRECTORY [FOLDER]: writes what the fuzzers start from into DIRECTORY: the project's own
 * messages with each of twin_settings, and those of a corpus with one of them each.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../corpus/corpus.h"
#include "../corpus/twin.h"

static size_t seeds;

static void write_seed(const char *directory, const struct twin_setting *setting,
		       const struct corpus_message *message)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%05zu", directory, seeds++);
	file = fopen(path, "wb");
	if (!file)
		corpus_die("%s: %s.", path, strerror(errno));
	fwrite(setting, sizeof(*setting), 1, file);
	fwrite(message->bytes, 1, message->length, file);
	if (ferror(file) | fclose(file))
		corpus_die("%s: %s.", path, strerror(errno));
}

int main(int argc, char **argv)
{
	struct corpus others = {}, own = {};

	if (argc < 2 || argc > 3)
		corpus_die("usage: seeds DIRECTORY [FOLDER]");
	if (argc == 3 && !corpus_load(&others, argv[2]))
		return 2;
	corpus_own(&own);
	for (size_t i = 0; i < own.count * TWIN_SETTINGS; i++)
		write_seed(argv[1], &twin_settings[i % TWIN_SETTINGS],
			   &own.message[i / TWIN_SETTINGS]);
	for (size_t i = 0; i < others.count; i++)
		write_seed(argv[1], &twin_settings[i % TWIN_SETTINGS], &others.message[i]);
	printf("%zu seeds\n", seeds);
	corpus_free(&own);
	corpus_free(&others);
	return 0;
}
