// SPDX-License-Identifier: GPL-2.0-only
/*
 * probe OBJECT [FOLDER]: the message reader in the kernel, by BPF_PROG_RUN.
 *
 * Reads each message of the project and of a corpus, and seeded mutations of them, in the kernel
 * and natively: all numbers of the two results must be the same.
 *
 * Exit status 0 if they are; SG_MUTATIONS: how many mutations (20000).
 */
#include "compare.h"

static struct twin *twin;

static bool agrees(const char *name, const struct twin_setting *setting, const void *bytes,
		   size_t length)
{
	return twin_agrees(twin, name, setting, bytes, length);
}

int main(int argc, char **argv)
{
	struct corpus corpus = {};
	unsigned long differing;

	if (argc < 2 || argc > 3)
		corpus_die("usage: probe OBJECT [FOLDER]");
	twin = twin_open(argv[1]);
	if (argc == 3 && !corpus_load(&corpus, argv[2]))
		return 2;
	corpus_own(&corpus);
	differing = compare_corpus(&corpus, agrees);
	corpus_free(&corpus);
	twin_close(twin);
	return differing != 0;
}
