// SPDX-License-Identifier: GPL-2.0-only
#include "policy/policy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/notice.h"

/* Zones that a fleet has not published yet. */
static void tell_absent(const struct config *config)
{
	char text[512];

	for (__u32 zone = 1; zone <= config->kernel.zones; zone++) {
		if (config_lacks_zone(config, zone, text, sizeof(text)))
			notice("%s.", text);
	}
}

static int read_file(const char *path, struct policy *policy, struct error *error)
{
	int err = config_load(path, clock_tick(), &policy->config, error);

	if (err || !realpath(path, policy->path))
		snprintf(policy->path, sizeof(policy->path), "%s", path);
	if (err)
		error->file = policy->path;
	else
		tell_absent(policy->config);
	return err;
}

int policy_read(const char *path, struct policy *policy, struct error *error)
{
	int err;

	*policy = (struct policy){};
	if ((!path || !path[0]) && access(POLICY_FILE, F_OK) == 0)
		path = POLICY_FILE;
	if (path && path[0])
		return read_file(path, policy, error);
	err = config_default(&policy->config);
	if (err)
		error_set(error, err, "cannot make the default configuration: %s.",
			  strerror(-err));
	return err;
}

void policy_free(struct policy *policy)
{
	config_free(policy->config);
	policy->config = NULL;
}

enum sg_mode policy_mode(const struct config *config)
{
	char text[512];

	if (config->kernel.config_mode != SG_MODE_ENFORCE)
		return SG_MODE_MONITOR;
	for (__u32 zone = 1; zone <= config->kernel.zones; zone++) {
		if (!config_lacks_zone(config, zone, text, sizeof(text)))
			continue;
		notice("a zone of the fleet is not here, so `mode: enforce` of the configuration "
		       "is not followed: `sipguard mode enforce` when it is, or without it.");
		return SG_MODE_MONITOR;
	}
	return SG_MODE_ENFORCE;
}

const char *policy_name(const char *path)
{
	return path[0] ? path : "built-in defaults";
}
