/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Messages to read: the project's own, and those that others collected in a folder, with its
 * MANIFEST.tsv and the archives it lists.
 */
#ifndef SIPGUARD_CORPUS_H
#define SIPGUARD_CORPUS_H

#include <stdbool.h>
#include <stddef.h>

#define CORPUS_BYTES 65536

struct corpus_message {
	char *set;            /* as in the manifest, or "own" */
	char *name;           /* file, from the corpus folder or the archive on */
	char *verdict;        /* the manifest's word for it, PASS..., DROP..., EITHER...; or NULL */
	char *faults;         /* what the manifest's own checker found; or NULL */
	unsigned char *bytes; /* exactly `length` of them, in an allocation of that size */
	size_t length;
};

struct corpus {
	struct corpus_message *message;
	size_t count;
};

/* Adds a copy, with neither verdict nor faults; good until the next one is added. */
struct corpus_message *corpus_add(struct corpus *corpus, const char *set, const char *name,
				  const void *bytes, size_t length);

/* Adds the project's own messages: at least one for each kind of syntax and each rule. */
void corpus_own(struct corpus *corpus);

/*
 * Loads the raw messages of all sets of a folder but the captures. False, with a sentence on
 * stderr, if the folder is not there or is no corpus. corpus_free() takes what it filled.
 */
bool corpus_load(struct corpus *corpus, const char *folder);
void corpus_free(struct corpus *corpus);

/* Ends the program with a sentence. */
void corpus_die(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

#endif
