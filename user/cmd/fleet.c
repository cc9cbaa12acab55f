// SPDX-License-Identifier: GPL-2.0-only
/* fleet: what many hosts know together. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/command.h"
#include "fleet/agent.h"
#include "guard/preflight.h"
#include "render/output.h"

#define SETUP_BYTES (1ULL << 30)

static enum exit_code run(const struct options *options, const struct fleet_settings *settings,
			  struct error *error)
{
	(void)options;
	if (preflight_capabilities(error) || agent_run(settings, error))
		return failed(error);
	return DONE;
}

/* By a user who may make streams: its own file. */
static enum exit_code setup(const struct options *options, const struct fleet_settings *settings,
			    struct error *error)
{
	unsigned int replicas = settings->servers > 2 ? 3 : 1;
	struct engine *engine = engine_open(settings, true, error);
	int err = engine ? engine_setup(engine, replicas, SETUP_BYTES, error) : error->code;

	engine_close(engine);
	if (err)
		return failed(error);
	if (options->json)
		output_json(json_pack("{s:s, s:s, s:i}", "stream", ENGINE_TOLD, "lists",
				      ENGINE_LISTS, "replicas", (int)replicas));
	else
		printf("The streams %s and %s are there, on %u server%s.\n", ENGINE_TOLD,
		       ENGINE_LISTS, replicas, replicas > 1 ? "s" : "");
	return output_end();
}

static const struct {
	const char *name;
	enum exit_code (*run)(const struct options *, const struct fleet_settings *,
			      struct error *);
} actions[] = {{"run", run}, {"setup", setup}};

enum exit_code cmd_fleet(const struct options *options)
{
	const char *path = options->config ? options->config : FLEET_FILE;
	struct fleet_settings *settings;
	struct error error = {};
	enum exit_code code;

	for (size_t i = 0; i < sizeof(actions) / sizeof(*actions); i++) {
		if (strcmp(actions[i].name, options->arguments[0]))
			continue;
		if (fleet_settings_load(path, &settings, &error))
			return failed(&error);
		code = actions[i].run(options, settings, &error);
		free(settings);
		return code;
	}
	return usage("'fleet' takes run, status, bans, test, unban, publish or setup.");
}
