/* SPDX-License-Identifier: GPL-2.0-only */
/* Configuration files out of texts, for the tests of user/policy/config.c. */
#ifndef SIPGUARD_TEST_CONFIG_TEXT_H
#define SIPGUARD_TEST_CONFIG_TEXT_H

#include "unit.h"

#include <errno.h>
#include <stdbool.h>

#include "policy/config.h"

#define EXAMPLE "tools/sipguard.yaml"
#define TICK 4000000ULL /* 250 Hz, as Debian's kernels */

static struct error error;

static struct config *untouched = (struct config *)1;

static inline int load_bytes(const void *text, size_t size, struct config **config)
{
	struct memory_file file = memory_file(text, size);
	int err;

	*config = untouched;
	memset(&error, 0xa5, sizeof(error));
	err = config_load(file.path, TICK, config, &error);
	memory_file_end(&file);
	return err;
}

/* The configuration that this text is; to be freed. */
static inline struct config *loaded(const char *text)
{
	struct config *config;
	int err = load_bytes(text, strlen(text), &config);

	if (err)
		fail_msg("%u:%u: %s", error.line, error.column, error.text);
	return config;
}

struct bad {
	unsigned int line, column;
	const char *says, *text;
};

static inline void assert_refused(const struct bad *bad)
{
	struct config *config;
	int err = load_bytes(bad->text, strlen(bad->text), &config);

	if (err != -EINVAL || config != untouched)
		fail_msg("taken (%d): %s", err, bad->text);
	if (error.line != bad->line || error.column != bad->column)
		fail_msg("%u:%u rather than %u:%u (%s): %s", error.line, error.column, bad->line,
			 bad->column, error.text, bad->text);
	if (!strstr(error.text, bad->says))
		fail_msg("'%s' lacks '%s': %s", error.text, bad->says, bad->text);
	assert_in_range(strlen(error.text), 20, sizeof(error.text) - 2);
}

#endif
