/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Changes of a configuration file in place: all that is not changed stays as it is, comments and
 * order, too. Only a few forms are known; whoever changes a file reads the result and compares.
 */
#ifndef SIPGUARD_EDIT_H
#define SIPGUARD_EDIT_H

#include <stdbool.h>

#include "base/error.h"
#include "base/prefix.h"
#include "base/text.h"
#include "gcra.h"

/* A text to be edited, from a file; "" if `path` is "". 0 or -errno. */
int edit_begin(const char *path, struct text *text, struct error *error);

/*
 * Sets a limit. `parent` is "" for the top of the file, or a path like "zones/0"; `section` may be
 * "". What is not there yet is put in. 0, or -errno: then nothing has changed.
 */
int edit_limit(struct text *text, const char *parent, const char *section, const char *key,
	       const struct sg_limit *limit, struct error *error);

/*
 * Puts a zone with one prefix in front of the others, so it is zones/0. `profile` may be
 * NULL. 0, or -errno: then nothing has changed.
 */
int edit_zone(struct text *text, const char *name, const struct prefix *prefix,
	      const char *profile, struct error *error);

/*
 * Writes a file as a whole, with the owner and mode of the one that was there. With `keep` that one
 * stays, as PATH.bak. If it is a link, it is what that leads to. 0, or -errno: then what was there
 * before is there still.
 */
int edit_install(const char *path, const struct text *text, bool keep, struct error *error);

#endif
