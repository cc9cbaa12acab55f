// SPDX-License-Identifier: GPL-2.0-only
#include "policy/policy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/escape.h"
#include "base/log.h"
#include "kernel/maps.h"

void policy_blame(const char *path, const struct error *error)
{
	fflush(stdout);
	if (error->line)
		escape_printf(stderr, "%s:%u:%u: %s\n", path, error->line, error->column,
			      error->text);
	else
		escape_printf(stderr, "%s: %s\n", path, error->text);
}

int policy_read(const char *path, struct policy *policy)
{
	struct error error = {};
	int err;

	*policy = (struct policy){};
	if ((!path || !path[0]) && access(POLICY_FILE, F_OK) == 0)
		path = POLICY_FILE;
	if (!path || !path[0]) {
		err = config_default(&policy->config);
		if (err)
			fail("cannot make the default configuration: %s.", strerror(-err));
		return err;
	}
	err = config_load(path, maps_tick(), &policy->config, &error);
	if (err)
		policy_blame(path, &error);
	else if (!realpath(path, policy->path))
		snprintf(policy->path, sizeof(policy->path), "%s", path);
	return err;
}

void policy_free(struct policy *policy)
{
	config_free(policy->config);
	policy->config = NULL;
}

const char *policy_name(const char *path)
{
	return path[0] ? path : "built-in defaults";
}
