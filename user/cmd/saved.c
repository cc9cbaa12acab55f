// SPDX-License-Identifier: GPL-2.0-only
/* save and restore: what the guard knows, over a reboot. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/escape.h"
#include "base/names.h"
#include "base/notice.h"
#include "base/text.h"
#include "cmd/command.h"
#include "guard/session.h"
#include "policy/config.h"
#include "render/output.h"
#include "saved/saved.h"

static const char *path_of(const struct options *options)
{
	return options->count ? options->arguments[0] : SAVED_FILE;
}

static void print_what(const char *did, const char *path, const struct saved_counts *c,
		       const char *end)
{
	escape_printf(stdout, "%s %s: %zu %s, %zu named %s, %zu %s, %zu proven %s, %zu %s%s", did,
		      path, c->prefixes, word_for(c->prefixes, "prefix", "prefixes"),
		      c->lists, word_for(c->lists, "list", "lists"),
		      c->bans, word_for(c->bans, "ban", "bans"),
		      c->flows, word_for(c->flows, "flow", "flows"),
		      c->identities, word_for(c->identities, "identity", "identities"), end);
}

enum exit_code cmd_save(const struct options *options)
{
	const char *path = path_of(options);
	struct error error = {};
	struct session session;
	struct saved saved = {};
	size_t prefixes;
	int err = session_begin(&session, ACCESS_READ, &error);

	if (err)
		return failed(&error);
	err = saved_gather(&session, &saved, &error);
	session_end(&session); /* a disk may be slow */
	if (!err)
		err = saved_write(path, &saved, &error);
	if (err) {
		saved_free(&saved);
		return failed(&error);
	}
	prefixes = saved.prefixes.count + saved.items.count;
	if (options->json) {
		output_json(json_pack("{s:o, s:I, s:I, s:I, s:I, s:I}", "file",
				      output_string(path), "prefixes",
				      (json_int_t)prefixes, "lists",
				      (json_int_t)saved.named.count, "bans",
				      (json_int_t)saved.bans.count, "flows",
				      (json_int_t)saved.flows.count, "identities",
				      (json_int_t)saved.identities.count));
	} else {
		print_what("Saved in", path, &(struct saved_counts){
			.prefixes = prefixes,
			.lists = saved.named.count,
			.bans = saved.bans.count,
			.flows = saved.flows.count,
			.identities = saved.identities.count,
		}, ".");
		putchar('\n');
	}
	saved_free(&saved);
	return output_end();
}

/* Those of one mode that are there; the first ones with a configuration. How it went. */
static enum exit_code attach_mode(const struct saved *saved, enum xdp_mode mode,
				  const char **config)
{
	const struct saved_interface *interface = saved->interfaces.item;
	struct options options = {.xdp = mode, .config = *config, .quiet = true, .monitor = true};
	char *names[SAVED_INTERFACES];

	for (size_t i = 0; i < saved->interfaces.count; i++) {
		if (interface[i].mode == mode && if_nametoindex(interface[i].name))
			names[options.count++] = (char *)interface[i].name;
	}
	options.arguments = names;
	if (!options.count)
		return DONE;
	*config = NULL;
	return cmd_attach(&options);
}

/*
 * Where nothing is guarded. *missing: interfaces that are not there; *gone: its configuration is
 * not. Without the zones of that, enforce would drop customers: it is monitor then.
 */
static enum exit_code attach_all(struct saved *saved, size_t *missing, bool *gone)
{
	const struct saved_interface *interface = saved->interfaces.item;
	const char *config = saved->config[0] ? saved->config : NULL;
	enum exit_code code;

	for (size_t i = 0; i < saved->interfaces.count; i++) {
		if (if_nametoindex(interface[i].name))
			continue;
		++*missing;
		notice("there is no interface %s here: `sipguard attach %s` once it is there.",
		       interface[i].name, interface[i].name);
	}
	if (config && access(config, F_OK)) {
		notice("%s is gone, so the guard begins with another configuration, and in monitor "
		       "mode: `sipguard mode enforce` when it is the right one.", config);
		config = NULL;
		saved->mode = SG_MODE_MONITOR;
		*gone = true;
	}
	code = attach_mode(saved, XDP_MODE_NATIVE, &config);
	if (code == DONE)
		code = attach_mode(saved, XDP_MODE_GENERIC, &config);
	return code == DONE ? attach_mode(saved, XDP_MODE_DISPATCHER, &config) : code;
}

/*
 * The sentence of what is wrong gets an end: where the file is now. One that somebody has named by
 * mistake, the configuration say, is not taken away.
 */
static enum exit_code refuse(const char *path, bool named, const struct error *why)
{
	bool foreign = why->code == -EILSEQ;
	char aside[PATH_MAX];
	struct error error = {};

	if (why->code != -EBADMSG && !foreign)
		return failed(why);
	if (foreign && named)
		error_set(&error, why->code, "%s, and it is left as it is.", why->text);
	else if (saved_keep_aside(path, aside))
		error_set(&error, why->code, "%s, and it cannot be renamed.", why->text);
	else
		error_set(&error, why->code, "%s; it is kept as %s.", why->text, aside);
	return failed(&error);
}

static void report(const struct saved *saved, const struct saved_counts *counts, const char *path,
		   bool json)
{
	if (json) {
		output_json(json_pack("{s:o, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "file",
				      output_string(path), "mode", mode_names[saved->mode],
				      "prefixes", (json_int_t)counts->prefixes, "lists",
				      (json_int_t)counts->lists, "bans",
				      (json_int_t)counts->bans, "flows",
				      (json_int_t)counts->flows, "identities",
				      (json_int_t)counts->identities, "over",
				      (json_int_t)counts->over, "refused",
				      (json_int_t)counts->refused));
		return;
	}
	print_what("Restored from", path, counts, "");
	printf("; %zu had ended, %zu %s refused or found no room. The guard's mode is %s.\n",
	       counts->over, counts->refused, word_for(counts->refused, "was", "were"),
	       mode_names[saved->mode]);
}

/* Whether the configuration in force has a zone of a fleet whose file is not there. */
static bool lacks_zone(const struct session *session)
{
	struct config *config = NULL;
	struct error error = {};
	struct note note;
	char text[512];
	bool lacks = false;

	if (maps_note(&session->maps, session->maps.state->active & 1, &note, &error) ||
	    !note.path[0] || config_load(note.path, clock_tick(), &config, &error))
		return false;
	for (__u32 zone = 1; !lacks && zone <= config->kernel.zones; zone++)
		lacks = config_lacks_zone(config, zone, text, sizeof(text));
	config_free(config);
	return lacks;
}

/*
 * What the configuration says of the mode is newer than what was saved if it said something else
 * then. A guard that was running already has followed it in its own time.
 */
static void follow_config(const struct session *session, struct saved *saved, bool is_new)
{
	const struct sg_state *state = session->maps.state;
	enum sg_mode was = saved->config_mode == SG_MODE_OFF ? SG_MODE_MONITOR : saved->config_mode;
	enum sg_mode says = session->maps.configs[state->active & 1].config_mode;

	if (says == was)
		return;
	saved->mode = is_new ? says : state->mode % SG_MODE__MAX;
	notice("the configuration says `mode: %s`, and said another one when this was saved, so "
	       "the guard's mode is not the saved one.", mode_names[says % SG_MODE__MAX]);
}

/*
 * What an operator has said to a guard that runs is newer than what was saved, or than what the
 * next interface has its unit restore: `mode monitor` in an emergency is not taken back.
 */
static void follow_operator(const struct session *session, struct saved *saved)
{
	const struct sg_state *state = session->maps.state;
	enum sg_mode mode = state->mode % SG_MODE__MAX;

	if (!state->mode_said || mode == saved->mode)
		return;
	notice("the guard's mode stays %s, as `sipguard mode` was told since it was attached; %s "
	       "was saved.", mode_names[mode], mode_names[saved->mode]);
	saved->mode = mode;
}

/* As above: enforce would drop those who are to be in it. */
static void settle_mode(const struct session *session, struct saved *saved)
{
	if (saved->mode != SG_MODE_ENFORCE || !lacks_zone(session))
		return;
	notice("a zone of the fleet is not here, so the guard begins in monitor mode: `sipguard "
	       "mode enforce` when it is, or without it.");
	saved->mode = SG_MODE_MONITOR;
}

/* is_new: the guard began for this, and in monitor mode, so that the mode is still to be set. */
static enum exit_code restore(struct saved *saved, const char *path, bool json, bool is_new)
{
	struct saved_counts counts;
	struct error error = {};
	struct session session;
	bool gone = false;
	size_t missing = 0;
	enum exit_code code;
	int err = session_begin(&session, ACCESS_CHANGE, &error);

	if (err == -ENOTCONN && saved->interfaces.count) {
		is_new = true;
		code = attach_all(saved, &missing, &gone);
		if (code != DONE)
			return code;
		error = (struct error){};
		err = session_begin(&session, ACCESS_CHANGE, &error);
	}
	if (err)
		return failed(&error);
	if (!gone)
		follow_config(&session, saved, is_new);
	follow_operator(&session, saved);
	settle_mode(&session, saved);
	err = saved_apply(&session, saved, &counts, &error);
	session_end(&session);
	if (err)
		return failed(&error);
	report(saved, &counts, path, json);
	code = output_end();
	return code == DONE && missing ? FAILED : code;
}

/* Where nothing was saved: the mode is what the configuration says. */
static enum exit_code restore_nothing(bool is_new)
{
	struct saved nothing = {};
	struct error error = {};
	struct session session;

	notice("there is no %s, so nothing was restored.", SAVED_FILE);
	if (!is_new)
		return DONE;
	if (session_begin(&session, ACCESS_CHANGE, &error))
		return failed(&error);
	if (!session.maps.state->mode_said) {
		nothing.mode = session.maps.configs[session.maps.state->active & 1].config_mode;
		settle_mode(&session, &nothing);
		maps_store(&session.maps.state->mode, nothing.mode);
		printf("The guard's mode is %s.\n", mode_names[nothing.mode]);
	}
	session_end(&session);
	return output_end();
}

static bool is_guarded(void)
{
	struct error error = {};
	struct session session;

	if (session_begin(&session, ACCESS_READ, &error))
		return false;
	session_end(&session);
	return true;
}

enum exit_code attach_and_restore(const struct options *options)
{
	struct options first = *options;
	bool is_new = !is_guarded();
	struct saved saved = {};
	struct error error = {};
	enum exit_code code;
	int err;

	if (options->enforce || options->seconds || options->json)
		return usage("--restore goes with none of --enforce, --for and --json.");
	first.given &= ~(__u64)OPTION_RESTORE;
	first.monitor = true;
	code = cmd_attach(&first);
	if (code != DONE)
		return code;
	err = saved_read(SAVED_FILE, &saved, &error);
	if (err == -ENOENT)
		code = restore_nothing(is_new);
	else
		code = err ? refuse(SAVED_FILE, false, &error)
			   : restore(&saved, SAVED_FILE, false, is_new);
	saved_free(&saved);
	if (code != DONE && is_new)
		notice("what was saved is not there, so the guard begins in monitor mode: "
		       "`sipguard mode enforce` when its lists are right.");
	return DONE;
}

enum exit_code cmd_restore(const struct options *options)
{
	const char *path = path_of(options);
	struct saved saved = {};
	struct error error = {};
	enum exit_code code;
	int err = saved_read(path, &saved, &error);

	if (err == -ENOENT && !options->count) { /* the first boot */
		notice("there is no %s, so nothing was restored.", path);
		return DONE;
	}
	if (err == -ENOENT)
		error_set(&error, err, "there is no file %s: `sipguard save` writes one.", path);
	code = err ? refuse(path, options->count, &error)
		   : restore(&saved, path, options->json, false);
	saved_free(&saved);
	return code;
}
