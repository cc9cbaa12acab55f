// SPDX-License-Identifier: GPL-2.0-only
/* fleet: what many hosts know together. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "cmd/command.h"
#include "fleet/agent.h"
#include "guard/preflight.h"
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
		printf("%s is valid: this host is %s, and %zu server%s named.\n", call->path,
		       call->settings->access.member, call->settings->access.servers,
		       call->settings->access.servers > 1 ? "s are" : " is");
	return output_end();
}

/* By a user who may make streams, in a file of his own. */
static enum exit_code setup(const struct fleet_call *call, struct error *error)
{
	unsigned int replicas = 0;
	struct engine *engine = engine_open(&call->settings->access, true, error);
	int err = engine ? engine_setup(engine, &replicas, SETUP_BYTES, error) : error->code;

	engine_close(engine);
	if (err)
		return failed(error);
	if (call->options->json)
		output_json(json_pack("{s:s, s:s, s:i}", "stream", ENGINE_TOLD, "lists",
				      ENGINE_LISTS, "replicas", (int)replicas));
	else
		printf("The streams %s and %s are there, on %u server%s.\n", ENGINE_TOLD,
		       ENGINE_LISTS, replicas, replicas > 1 ? "s" :
		       ": without it nothing is told. Make it a cluster of three, and run this "
		       "again: then one may be lost");
	return output_end();
}

/* Lets somebody go, everywhere: a lift is told like a ban. */
static enum exit_code unban(const struct fleet_call *call, struct error *error)
{
	const char *who = call->options->arguments[1];
	struct fleet_entry entry = {.what = FLEET_LIFT};
	struct engine *engine;
	int err;

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
		printf("All hosts are told to lift what the fleet holds against %s. (A ban that a "
		       "host has not told: `sipguard unban` there.)\n", who);
	return output_end();
}

static int read_list(const char *path, enum published_kind kind, struct text *text, size_t *count,
		     struct error *error)
{
	const struct source_wish wish = {.format = SOURCE_AUTO};
	char prefix[PREFIX_TEXT];
	struct source source = {};
	int err = source_read(path, &wish, &source, error);

	if (!err)
		err = published_check(kind, &source, error);
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
	int err;

	list->version = clock_wall();
	if (call->options->seconds)
		list->until = list->version / 1000 + call->options->seconds;
	err = engine ? lists_publish(engine, list, error) : error->code;
	engine_close(engine);
	return err;
}

static enum exit_code no_words(const struct options *options)
{
	(void)options;
	return DONE;
}

static enum exit_code unban_words(const struct options *options)
{
	return options->count == 2 ? DONE : usage("'fleet unban' needs an address.");
}

/* What is wrong with the words of publish and withdraw, if anything is. */
static enum exit_code publish_words(const struct options *options)
{
	char **words = options->arguments;
	bool takes_off = !strcmp(words[0], "withdraw");

	if (options->count != (takes_off ? 3 : 4) || published_find(words[1]) == PUBLISHED__MAX)
		return usage("'fleet %s' takes allow, deny or zone, %s.", words[0],
			     takes_off ? "and a name" : "a name, and a file");
	if (!published_is_name(published_find(words[1]), words[2]))
		return usage("a name here has letters, digits, - and _, up to %d of them.",
			     published_name_most(published_find(words[1])));
	if (options->seconds && (takes_off || published_find(words[1]) == PUBLISHED_ZONE))
		return usage("--for goes with a list that is published: a zone is there until it "
			     "is withdrawn.");
	return DONE;
}

static enum exit_code tell_published(const struct options *options, const struct published *list,
				     bool takes_off)
{
	bool zone = list->kind == PUBLISHED_ZONE;

	if (options->json)
		output_json(json_pack("{s:s, s:s, s:I}", "list", published_words[list->kind],
				      "name", list->name, "prefixes", (json_int_t)list->prefixes));
	else if (takes_off)
		printf("The %s %s is withdrawn, if it was there.\n", zone ? "zone" : "list",
		       list->name);
	else
		printf("The %s %s is published: %zu prefix%s.\n", zone ? "zone" : "list",
		       list->name, list->prefixes, list->prefixes == 1 ? "" : "es");
	return output_end();
}

/* publish allow|deny|zone NAME FILE, withdraw allow|deny|zone NAME. */
static enum exit_code publish(const struct fleet_call *call, struct error *error)
{
	char **words = call->options->arguments;
	bool takes_off = !strcmp(words[0], "withdraw");
	struct published list = {.text = ""};
	struct text text = {};
	int err = 0;

	list.kind = published_find(words[1]);
	list.name = words[2];
	if (!takes_off)
		err = read_list(words[3], list.kind, &text, &list.prefixes, error);
	if (err) {
		text_free(&text);
		return failed_lines(words[3], err, error);
	}
	if (text.data)
		list.text = text.data;
	err = publish_list(call, &list, error);
	text_free(&text);
	return err ? failed(error) : tell_published(call->options, &list, takes_off);
}

static const struct {
	const char *name;
	enum exit_code (*run)(const struct fleet_call *call, struct error *error);
	int most; /* arguments */
	enum exit_code (*check)(const struct options *options); /* of the words, before the file */
} actions[] = {
	{"run", run, 1, no_words},
	{"check", check, 1, no_words},
	{"setup", setup, 1, no_words},
	{"status", fleet_status, 1, no_words},
	{"bans", fleet_bans, 1, no_words},
	{"test", fleet_test, 1, no_words},
	{"unban", unban, 2, unban_words},
	{"publish", publish, 4, publish_words},
	{"withdraw", publish, 3, publish_words},
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
			return usage("'fleet %s' does not know what to do with '%s'.",
				     actions[i].name, options->arguments[actions[i].most]);
		code = actions[i].check(options);
		if (code != DONE)
			return code;
		if (fleet_settings_load(call.path, &call.settings, &error))
			return failed(&error);
		code = actions[i].run(&call, &error);
		free(call.settings);
		return code;
	}
	return usage("there is no 'fleet %s'.", options->arguments[0]);
}
