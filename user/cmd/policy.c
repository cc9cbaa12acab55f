// SPDX-License-Identifier: GPL-2.0-only
/* mode, reload, check-config. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/escape.h"
#include "base/names.h"
#include "base/notice.h"
#include "cmd/command.h"
#include "guard/connections.h"
#include "guard/preflight.h"
#include "guard/session.h"
#include "guard/slots.h"
#include "model/debts.h"
#include "model/lists.h"
#include "policy/policy.h"
#include "render/output.h"

static const char *meaning(enum sg_mode mode)
{
	return mode == SG_MODE_ENFORCE ? "what a reason in enforce mode applies to is dropped"
				       : "nothing is dropped, only counted";
}

/* Nothing of a trial is left to be taken back once its mode is monitor. */
static void mode_store(struct maps *maps, enum sg_mode mode)
{
	if (mode == SG_MODE_MONITOR && maps->state->trial == SG_TRIAL_MODE)
		maps_trial_end(maps);
	maps_store(&maps->state->mode, mode);
}

/* On trial first, so that whoever dies in between leaves nothing that stays shut. */
static int mode_on_trial(struct session *session, __u64 seconds, struct error *error)
{
	return seconds ? maps_trial_begin(&session->maps, SG_TRIAL_MODE, seconds, error) : 0;
}

/* A new guard would begin otherwise. */
static void tell_config_mode(enum sg_mode mode, enum sg_mode says)
{
	if (mode == SG_MODE_MONITOR && says == SG_MODE_ENFORCE)
		printf("The configuration says `mode: enforce`, and a new guard begins so: change "
		       "it there, too, if that is not to be.\n");
	else if (mode != says)
		printf("A new guard begins in monitor mode; `mode: enforce` in the configuration "
		       "has it begin in enforce mode.\n");
}

/* That of the whole guard, and how long it is on trial. */
static enum exit_code tell_mode(const struct session *session, bool json)
{
	struct error error = {};
	const struct maps *maps = &session->maps;
	enum sg_mode mode = maps->state->mode;
	enum sg_mode says = maps->configs[maps->state->active & 1].config_mode;
	enum sg_trial trial;
	__u64 now, left = 0;

	if (maps_clock(&session->maps, &now, &error))
		return failed(&error);
	trial = maps_trial(&session->maps, now, &left);
	if (json) {
		output_json(json_pack("{s:s, s:o, s:s}", "mode", mode_names[mode], "seconds_left",
				      trial ? json_integer(left / SG_NSEC_PER_SEC) : json_null(),
				      "config_mode", mode_names[says % SG_MODE__MAX]));
		return DONE;
	}
	printf("The guard's mode is %s: %s.\n", mode_names[mode], meaning(mode));
	if (trial)
		tell_trial(trial, (left + SG_NSEC_PER_SEC - 1) / SG_NSEC_PER_SEC);
	else
		tell_config_mode(mode, says);
	return DONE;
}

static enum exit_code mode_of_guard(struct session *session, enum sg_mode mode,
				    const struct options *options)
{
	struct error error = {};

	if (mode_on_trial(session, options->seconds, &error))
		return failed(&error);
	/* First: whoever dies in between leaves nothing that a restore takes back. */
	maps_store(&session->maps.state->mode_said, 1);
	mode_store(&session->maps, mode);
	return tell_mode(session, options->json);
}

static enum exit_code mode_of_reason(struct session *session, int reason, enum sg_mode mode,
				     bool json)
{
	struct error error = {};

	if (maps_mode_by_hand(&session->maps, reason, mode, &error))
		return failed(&error);
	if (json)
		output_json(json_pack("{s:s, s:s, s:s}", "reason", reason_texts[reason].label,
				      "mode", mode_names[mode], "until", "reload"));
	else
		printf("%s: %s, in every zone, until the next reload; the configuration file keeps "
		       "it longer.\n",
		       reason_texts[reason].label, mode_names[mode]);
	return DONE;
}

static enum exit_code mode_now(const struct options *options)
{
	struct error error = {};
	struct session session;
	enum exit_code code;

	if (options->seconds)
		return usage("--for goes with `mode enforce` alone.");
	if (session_begin(&session, ACCESS_READ, &error))
		return failed(&error);
	code = tell_mode(&session, options->json);
	session_end(&session);
	return code;
}

static enum exit_code change_mode(const struct options *options)
{
	bool of_reason = options->count == 2;
	int reason = of_reason ? reason_find(options->arguments[0]) : SG_REASON_NONE;
	int mode = mode_find(options->arguments[of_reason]);
	struct error error = {};
	struct session session;
	enum exit_code code;

	if (of_reason && reason <= SG_REASON_NONE)
		return usage("there is no reason '%s': `sipguard explain` lists them.",
			     options->arguments[0]);
	if (mode < 0 && !of_reason && reason_find(options->arguments[0]) > SG_REASON_NONE)
		return usage("say which mode '%s' is to have: off, monitor or enforce.",
			     options->arguments[0]);
	if (mode < 0)
		return usage("there is no mode '%s': use %smonitor or enforce.",
			     options->arguments[of_reason], of_reason ? "off, " : "");
	if (!of_reason && mode == SG_MODE_OFF)
		return usage("the whole guard has no mode off: `sipguard detach` takes it away.");
	if (options->seconds && (of_reason || mode != SG_MODE_ENFORCE))
		return usage("--for goes with `mode enforce` alone: monitor drops nothing that "
			     "would have to be taken back.");
	if (session_begin(&session, ACCESS_CHANGE, &error))
		return failed(&error);
	code = of_reason ? mode_of_reason(&session, reason, mode, options->json)
			 : mode_of_guard(&session, mode, options);
	session_end(&session);
	return code;
}

enum exit_code cmd_mode(const struct options *options)
{
	return options->count ? change_mode(options) : mode_now(options);
}

enum sg_mode mode_first(const struct options *options, const struct config *config)
{
	if (options->enforce)
		return SG_MODE_ENFORCE;
	return options->monitor ? SG_MODE_MONITOR : policy_mode(config);
}

enum sg_mode mode_after(const struct options *options, const struct session *session,
			const struct config *config)
{
	const struct maps *maps = &session->maps;
	const struct sg_config *before = &maps->configs[maps->state->active & 1];
	enum sg_mode mode = maps->state->mode;

	if (options && options->enforce)
		return SG_MODE_ENFORCE;
	if (!config)
		return mode;
	/* Without one of its zones it does not go to enforce, and it does not leave it either. */
	if (before->config_mode == config->kernel.config_mode ||
	    (config->kernel.config_mode == SG_MODE_ENFORCE &&
	     policy_mode(config) != SG_MODE_ENFORCE))
		return mode;
	return config->kernel.config_mode;
}

/* What follows a reload. What of it fails changes nothing about what is in force now. */
static void reload_settle(struct session *session, const struct slots *slots)
{
	struct error why = {};
	__u64 now;

	/* Interfaces may have other names now, and the host other addresses. */
	if (slots_settle(slots, &session->maps, &why))
		notice("%s", why.text);
	if (maps_clock(&session->maps, &now, &why) || debts_cut(&session->maps, now, &why))
		notice("%s", why.text);
	if (lists_settle(&session->maps, &why))
		notice("%s", why.text);
	connections_look(&session->pins); /* more ports may be guarded */
}

int reload(struct session *session, struct policy *policy, struct error *error)
{
	enum sg_mode mode;
	struct slots slots;
	bool changes;
	__u32 which;
	int err;

	slots_of_links(&slots, &session->links);
	slots_recall(&slots, places_in_force(&session->maps));
	slots_write(&slots, &policy->config->kernel.places);
	err = maps_fill_spare(&session->maps, policy->config, policy->path, &which, error);
	if (err)
		return err;
	mode = mode_after(NULL, session, policy->config);
	changes = mode != session->maps.state->mode;
	/* Whoever is killed in between leaves a guard that drops no more than either of the two. */
	if (changes && mode == SG_MODE_MONITOR)
		mode_store(&session->maps, mode);
	maps_activate(&session->maps, which); /* from here on it is in force */
	if (changes && mode == SG_MODE_ENFORCE)
		mode_store(&session->maps, mode);
	if (changes)
		notice("the guard's mode is %s now, as the configuration has another one than "
		       "before: %s.", mode_names[mode], meaning(mode));
	reload_settle(session, &slots);
	tell_doubts(&slots, &session->maps);
	return 0;
}

/* The file that is in force. */
static int read_again(const struct session *session, struct policy *policy, struct error *error)
{
	struct note note;
	int err = maps_note(&session->maps, session->maps.state->active & 1, &note, error);

	return err ? err : policy_read(note.path, policy, error);
}

/* A mistake in the file: who is in a hurry has to know that it changed nothing. */
static enum exit_code refused(struct error *error)
{
	size_t length = strlen(error->text);

	if (error->file)
		snprintf(error->text + length, sizeof(error->text) - length,
			 "; what was in force stays so");
	return failed(error);
}

enum exit_code cmd_reload(const struct options *options)
{
	struct error error = {};
	struct policy policy = {};
	struct session session;
	int err;

	/* Before the lock is taken: it may be a pipe, or a terminal. */
	if (options->config && policy_read(options->config, &policy, &error))
		return refused(&error);
	/* The agent of a fleet has it run with the rights to its tables alone. */
	if (session_begin(&session, preflight_capable() ? ACCESS_CHANGE : ACCESS_TABLES_CHANGE,
			  &error)) {
		policy_free(&policy);
		return failed(&error);
	}
	err = policy.config ? 0 : read_again(&session, &policy, &error);
	if (!err)
		err = reload(&session, &policy, &error);
	if (!err && options->json)
		output_json(json_pack("{s:o, s:s}", "config", policy.path[0]
				      ? output_string(policy.path) : json_null(),
				      "mode", mode_names[session.maps.state->mode % SG_MODE__MAX]));
	else if (!err)
		escape_printf(stdout, "In force: %s.\n", policy_name(policy.path));
	session_end(&session);
	if (err)
		refused(&error);
	policy_free(&policy);
	return err ? FAILED : DONE;
}

static json_t *doubts_json(const struct config *config)
{
	json_t *all = json_array();
	char text[512];

	for (size_t next = 0; config_doubt(config, &next, text, sizeof(text));)
		json_array_append_new(all, json_string(text));
	return all;
}

/* A configuration in doubt is valid. */
static void print_valid(const char *path, const struct config *config)
{
	char text[512];

	for (size_t next = 0; config_doubt(config, &next, text, sizeof(text));)
		escape_printf(stdout, "%s: NOTICE %s.\n", path, text);
	escape_printf(stdout, "%s: no mistakes.\n", path);
}

enum exit_code cmd_check_config(const struct options *options)
{
	const char *path = options->arguments[0];
	struct error error = {};
	struct config *config = NULL;
	int err = config_load(path, clock_tick(), &config, &error);

	error.file = path;
	if (err && options->json)
		output_json(json_pack("{s:o, s:b, s:i, s:i, s:s}", "file", output_string(path),
				      "valid", 0, "line", error.line, "column", error.column,
				      "error", error.text));
	else if (err)
		failed(&error);
	else if (options->json)
		output_json(json_pack("{s:o, s:b, s:o}", "file", output_string(path), "valid", 1,
				      "notices", doubts_json(config)));
	else
		print_valid(path, config);
	config_free(config);
	return output_end() == DONE && !err ? DONE : FAILED;
}
