// SPDX-License-Identifier: GPL-2.0-only
/* fleet: what many hosts know together. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cmd/command.h"
#include "fleet/agent.h"
#include "guard/preflight.h"
#include "base/text.h"
#include "model/listed.h"
#include "named/source.h"
#include "render/output.h"
#include "show/fleet.h"

#define SETUP_BYTES (512ULL << 20)

static enum exit_code run(const struct fleet_call *call, struct error *error)
{
	if (preflight_tables(error) || agent_run(call->settings, error))
		return failed(error);
	return DONE;
}

static enum exit_code check(const struct fleet_call *call, struct error *error)
{
	(void)error;
	if (call->options->json)
		output_json(json_pack("{s:o, s:b}", "file", output_string(call->path), "valid", 1));
	else
		printf("%s is valid: this host is %s, of %zu server%s.\n", call->path,
		       call->settings->access.member, call->settings->access.servers,
		       call->settings->access.servers > 1 ? "s" : "");
	return output_end();
}

/* By a user who may make streams, in a file of his own. */
static enum exit_code setup(const struct fleet_call *call, struct error *error)
{
	unsigned int replicas = call->settings->access.servers > 2 ? 3 : 1;
	struct engine *engine = engine_open(&call->settings->access, true, error);
	int err = engine ? engine_setup(engine, replicas, SETUP_BYTES, error) : error->code;

	engine_close(engine);
	if (err)
		return failed(error);
	if (call->options->json)
		output_json(json_pack("{s:s, s:s, s:i}", "stream", ENGINE_TOLD, "lists",
				      ENGINE_LISTS, "replicas", (int)replicas));
	else
		printf("The streams %s and %s are there, on %u server%s.\n", ENGINE_TOLD,
		       ENGINE_LISTS, replicas, replicas > 1 ? "s" : "");
	return output_end();
}

/* Lets somebody go, everywhere: a lift is told like a ban. */
static enum exit_code unban(const struct fleet_call *call, struct error *error)
{
	const char *who = call->options->arguments[1];
	struct fleet_entry entry = {.what = FLEET_LIFT};
	struct engine *engine;
	int err;

	if (!who)
		return usage("'fleet unban' needs an address.");
	if (flow_parse(who, call->options->transport, &entry.key, error)) {
		failed(error);
		return USAGE;
	}
	engine = engine_open(&call->settings->access, true, error);
	err = engine ? fleet_tell(engine, call->settings, &entry, error) : error->code;
	engine_close(engine);
	if (err)
		return failed(error);
	if (call->options->json)
		output_json(json_pack("{s:s}", "lifted", who));
	else
		printf("%s is let go by all hosts of the fleet that are there, and by the others "
		       "once they are.\n", who);
	return output_end();
}

static int read_list(const char *path, const struct options *options, struct text *text,
		     size_t *count, struct error *error)
{
	const struct source_wish wish = {.format = SOURCE_AUTO};
	char prefix[PREFIX_TEXT];
	struct source source = {};
	int err = source_read(path, &wish, &source, error);

	(void)options;
	for (size_t i = 0; !err && i < source.count; i++) {
		prefix_format(&source.item[i].prefix, prefix, sizeof(prefix));
		text_add(text, "%s\n", prefix);
	}
	*count = source.count;
	source_free(&source);
	if (!err && text->lost)
		err = error_set(error, -ENOMEM, "out of memory.");
	/* An empty download is no list of nobody. */
	if (!err && !*count)
		err = error_set(error, -ENODATA, "there is no prefix in it, so the list stays as "
				"it is: `sipguard fleet withdraw` takes it off.");
	return err;
}

static int publish_list(const struct fleet_call *call, struct published *list, struct error *error)
{
	struct engine *engine = engine_open(&call->settings->access, true, error);
	struct timespec now;
	int err;

	clock_gettime(CLOCK_REALTIME, &now);
	list->version = now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
	if (call->options->seconds)
		list->until = now.tv_sec + call->options->seconds;
	err = engine ? lists_publish(engine, list, error) : error->code;
	engine_close(engine);
	return err;
}

/* publish allow|deny NAME FILE, withdraw allow|deny NAME. */
static enum exit_code publish(const struct fleet_call *call, struct error *error)
{
	char **arguments = call->options->arguments;
	bool takes_off = !strcmp(arguments[0], "withdraw");
	struct published list = {.text = ""};
	struct text text = {};
	int err = 0;

	if (call->options->count != (takes_off ? 3 : 4) ||
	    (strcmp(arguments[1], "allow") && strcmp(arguments[1], "deny")))
		return usage("'fleet %s' takes allow or deny, the name of a list%s.", arguments[0],
			     takes_off ? "" : ", and a file");
	if (!fleet_is_member(arguments[2]))
		return usage("The name of a list has letters, digits, - and _, up to %d.",
			     FLEET_MEMBER - 1);
	list.list = strcmp(arguments[1], "allow") ? SG_LIST_DENY : SG_LIST_ALLOW;
	list.name = arguments[2];
	if (!takes_off)
		err = read_list(arguments[3], call->options, &text, &list.prefixes, error);
	if (err)
		return failed_lines(arguments[3], err, error);
	if (text.data)
		list.text = text.data;
	err = publish_list(call, &list, error);
	text_free(&text);
	if (err)
		return failed(error);
	if (call->options->json)
		output_json(json_pack("{s:s, s:s, s:I}", "list", arguments[1], "name", list.name,
				      "prefixes", (json_int_t)list.prefixes));
	else
		printf("The list %s is %s: %zu prefix%s.\n", list.name,
		       takes_off ? "withdrawn" : "published", list.prefixes,
		       list.prefixes == 1 ? "" : "es");
	return output_end();
}

static const struct {
	const char *name;
	enum exit_code (*run)(const struct fleet_call *call, struct error *error);
	int most; /* arguments */
} actions[] = {
	{"run", run, 1},           {"check", check, 1},       {"setup", setup, 1},
	{"status", fleet_status, 1}, {"bans", fleet_bans, 1}, {"test", fleet_test, 1},
	{"unban", unban, 2},       {"publish", publish, 4},   {"withdraw", publish, 3},
};

enum exit_code cmd_fleet(const struct options *options)
{
	struct fleet_call call = {
		.options = options, .path = options->config ? options->config : FLEET_FILE,
	};
	struct error error = {};
	enum exit_code code;

	for (size_t i = 0; i < sizeof(actions) / sizeof(*actions); i++) {
		if (strcmp(actions[i].name, options->arguments[0]))
			continue;
		if (options->count > actions[i].most)
			return usage("Too many arguments for 'fleet %s'.", actions[i].name);
		if (fleet_settings_load(call.path, &call.settings, &error))
			return failed(&error);
		code = actions[i].run(&call, &error);
		free(call.settings);
		return code;
	}
	return usage("There is no 'fleet %s'.", options->arguments[0]);
}
