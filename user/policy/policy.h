/* SPDX-License-Identifier: GPL-2.0-only */
/* Which configuration a command means. */
#ifndef SIPGUARD_POLICY_H
#define SIPGUARD_POLICY_H

#include <limits.h>

#include "policy/config.h"

#define POLICY_FILE "/etc/sipguard/sipguard.yaml"

struct policy {
	struct config *config;
	char path[PATH_MAX]; /* absolute if it was read; "" for the built-in defaults */
};

/*
 * Reads `path`; if it is NULL or "", POLICY_FILE if that exists, else takes the defaults. 0, or
 * -errno: then `error` has line and column, and policy->path is its file.
 */
int policy_read(const char *path, struct policy *policy, struct error *error);
void policy_free(struct policy *policy);

/*
 * The mode that a guard takes from the file now; with a notice MONITOR in place of ENFORCE if the
 * file of one of its zones is a fleet's that is not there: who is to be in it would be dropped.
 */
enum sg_mode policy_mode(const struct config *config);

/* "the built-in defaults" or the path. */
const char *policy_name(const char *path);

#endif
