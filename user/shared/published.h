/* SPDX-License-Identifier: GPL-2.0-only */
/* What is published to a fleet, by what name, and what of it no host would take. */
#ifndef SIPGUARD_SHARED_PUBLISHED_H
#define SIPGUARD_SHARED_PUBLISHED_H

#include <stdbool.h>

#include "base/error.h"
#include "named/source.h"

/* X(NAME, word) */
#define PUBLISHED_KINDS(X)                                                                        \
	X(ALLOW, "allow")                                                                         \
	X(DENY, "deny")                                                                           \
	X(ZONE, "zone")

enum published_kind {
#define X(NAME, word) PUBLISHED_##NAME,
	PUBLISHED_KINDS(X)
#undef X
	PUBLISHED__MAX
};

extern const char *const published_words[PUBLISHED__MAX];

/* The kind of a word; PUBLISHED__MAX: it is none. */
enum published_kind published_find(const char *word);

/* Of the list in the guard, before the name: none of the host's own is replaced. */
#define PUBLISHED_HEAD "fleet."
#define PUBLISHED_NAME 32 /* bytes of a name with its head, and the NUL */

/* Most characters of a name. */
int published_name_most(enum published_kind kind);

/* Names are words of subjects, and of files: letters, digits, - and _, as many as fit. */
bool published_is_name(enum published_kind kind, const char *name);

/* 0 or -errno, with no stop behind the sentence. The prefixes of a zone are sorted. */
int published_check(enum published_kind kind, struct source *source, struct error *error);

#endif
