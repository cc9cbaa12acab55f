/* SPDX-License-Identifier: GPL-2.0-only */
/* Which configuration a command means. */
#ifndef SIPGUARD_POLICY_H
#define SIPGUARD_POLICY_H

#include <limits.h>

#include "policy/config.h"

#define POLICY_FILE "/etc/sipguard/sipguard.yaml"

struct policy {
	struct config *config;
	char path[PATH_MAX]; /* absolute; "" for the built-in defaults */
};

/*
 * Reads `path`; if it is NULL or "", POLICY_FILE if that exists, else takes the defaults. 0, or
 * -errno after saying FILE:LINE:COLUMN and what is wrong there.
 */
int policy_read(const char *path, struct policy *policy);
void policy_free(struct policy *policy);

/* "the built-in defaults" or the path. */
const char *policy_name(const char *path);

/* FILE:LINE:COLUMN: sentence. */
void policy_blame(const char *path, const struct error *error);

#endif
