// SPDX-License-Identifier: GPL-2.0-only
/* mode, reload, explain, check-config. */
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

static enum exit_code mode_of_guard(struct session *session, enum sg_mode mode, bool json)
{
	maps_store(&session->maps.state->mode, mode);
	if (json)
		output_json(json_pack("{s:s}", "mode", mode_names[mode]));
	else
		printf("The guard's mode is %s: %s.\n", mode_names[mode], meaning(mode));
	return DONE;
}

static enum exit_code mode_of_reason(struct session *session, int reason, enum sg_mode mode,
				     bool json)
{
	struct sg_config *config = &session->maps.configs[session->maps.state->active & 1];

	sg_mode_set(config, reason, mode);
	if (json)
		output_json(json_pack("{s:s, s:s, s:s}", "reason", reason_texts[reason].label,
				      "mode", mode_names[mode], "until", "reload"));
	else
		printf("%s: %s, in every zone, until the next reload; the configuration file keeps "
		       "it longer.\n",
		       reason_texts[reason].label, mode_names[mode]);
	return DONE;
}

enum exit_code cmd_mode(const struct options *options)
{
	bool of_reason = options->count == 2;
	int reason = of_reason ? reason_find(options->arguments[0]) : SG_REASON_NONE;
	int mode = mode_find(options->arguments[of_reason]);
	struct error error = {};
	struct session session;
	enum exit_code code;

	if (of_reason && reason <= SG_REASON_NONE)
		return usage("There is no reason '%s' (`sipguard explain` lists them).",
			     options->arguments[0]);
	if (mode < 0)
		return usage("There is no mode '%s': take off, monitor or enforce.",
			     options->arguments[of_reason]);
	if (!of_reason && mode == SG_MODE_OFF)
		return usage("The whole guard has no mode off (`sipguard detach` takes it away).");
	if (session_begin(&session, ACCESS_CHANGE, &error))
		return failed(&error);
	code = of_reason ? mode_of_reason(&session, reason, mode, options->json)
			 : mode_of_guard(&session, mode, options->json);
	session_end(&session);
	return code;
}

static int reload(struct session *session, struct policy *policy, struct error *error)
{
	struct slots slots;
	__u32 which;
	__u64 now;
	int err;

	slots_of_links(&slots, &session->links);
	slots_recall(&slots, places_in_force(&session->maps));
	slots_write(&slots, &policy->config->kernel.places);
	err = maps_fill_spare(&session->maps, policy->config, policy->path, &which, error);
	if (err)
		return err;
	maps_store(&session->maps.state->active, which); /* from here on it is in force */
	err = slots_settle(&slots, &session->maps, error); /* interfaces may have other names now */
	if (err)
		return err;
	tell_doubts(&slots, &policy->config->kernel);
	err = maps_clock(&session->maps, &now, error);
	return err ? err : debts_cut(&session->maps, now, error);
}

/* The file that is in force. */
static int read_again(const struct session *session, struct policy *policy, struct error *error)
{
	struct note note;
	int err = maps_note(&session->maps, session->maps.state->active & 1, &note, error);

	return err ? err : policy_read(note.path, policy, error);
}

enum exit_code cmd_reload(const struct options *options)
{
	struct error error = {}, why = {};
	struct policy policy = {};
	struct session session;
	int err;

	/* Before the lock is taken: it may be a pipe, or a terminal. */
	if (options->config && policy_read(options->config, &policy, &error))
		return failed(&error);
	if (session_begin(&session, ACCESS_CHANGE, &error)) {
		policy_free(&policy);
		return failed(&error);
	}
	err = policy.config ? 0 : read_again(&session, &policy, &error);
	if (!err)
		err = reload(&session, &policy, &error);
	if (!err) {
		/* The host's addresses may have changed. */
		if (lists_settle(&session.maps, &why))
			notice("%s", why.text);
		connections_look(&session.pins); /* more ports may be guarded */
	}
	if (!err && options->json)
		output_json(json_pack("{s:o}", "config", policy.path[0]
				      ? output_string(policy.path) : json_null()));
	else if (!err)
		escape_printf(stdout, "In force: %s.\n", policy_name(policy.path));
	session_end(&session);
	if (err)
		failed(&error);
	policy_free(&policy);
	return err ? FAILED : DONE;
}

/* The help of the proof that has the name of a reason, NULL if there is none. */
static const char *proof_of_name(const char *label)
{
	int proof = proof_find(label);

	return proof > SG_PROOF_NONE ? proof_helps[proof] : NULL;
}

static json_t *explain_json(int reason, int mode)
{
	const struct reason_text *text = &reason_texts[reason];

	return json_pack("{s:s, s:i, s:s, s:s, s:s?, s:s, s:s?}", "reason", text->label,
			 "number", reason, "reference", text->reference,
			 "default_mode", mode_names[text->mode],
			 "mode", mode < 0 ? NULL : mode_names[mode], "help", text->help,
			 "proof", proof_of_name(text->label));
}

static void print_wrapped(const char *text)
{
	size_t column = 0;

	while (*text) {
		size_t word = strcspn(text, " ");

		if (column && column + 1 + word > 96) {
			putchar('\n');
			column = 0;
		}
		column += printf("%s%.*s", column ? " " : "", (int)word, text);
		text += word + (text[word] == ' ');
	}
	putchar('\n');
}

/* What lifts a reason in force: for one peer, if its address is looked at, and for everybody. */
static void explain_lifts(int reason, int mode)
{
	const char *peer = "To let one peer pass: `sipguard allow add PREFIX`. ";
	char everybody[100] = "", lifts[256];

	if (reason == SG_REASON_DENY_LIST)
		peer = "To let one peer pass: `sipguard deny del PREFIX`, or `sipguard allow add` "
		       "with a longer one. ";
	else if (reason == SG_REASON_VLAN_TAGS)
		peer = "";
	if (mode < 0 || mode == SG_MODE_ENFORCE)
		snprintf(everybody, sizeof(everybody), "To let everybody pass, and only count: "
			 "`sipguard mode %s monitor`.", reason_texts[reason].label);
	snprintf(lifts, sizeof(lifts), "%s%s", peer, everybody);
	if (!lifts[0])
		return;
	putchar('\n');
	print_wrapped(lifts);
}

/* What is in force, if a guard is attached and may be read. */
struct in_force {
	__u8 guard; /* enum sg_mode */
	__u8 mode[SG_REASON__MAX];
};

/* Of a reason; -1 without a guard. */
static int mode_in_force(const struct in_force *in_force, int reason)
{
	return in_force ? in_force->mode[reason] : -1;
}

static void explain_text(int reason, const struct in_force *in_force)
{
	const struct reason_text *text = &reason_texts[reason];
	const char *proof = proof_of_name(text->label);
	int mode = mode_in_force(in_force, reason);

	printf("%s (%s)\nMode: %s by default", text->label, text->reference,
	       mode_names[text->mode]);
	if (mode >= 0)
		printf(", %s now", mode_names[mode]);
	if (mode == SG_MODE_ENFORCE && in_force->guard == SG_MODE_MONITOR)
		printf("; but the guard itself is in monitor mode, and drops nothing");
	printf("\n\n");
	print_wrapped(text->help);
	explain_lifts(reason, mode);
	if (!proof)
		return;
	printf("\nIn `sipguard sources` it is what a flow is known by:\n");
	print_wrapped(proof);
}

static void explain_all(const struct in_force *in_force, bool json)
{
	json_t *all = json ? json_array() : NULL;

	for (int reason = 1; reason < SG_REASON__MAX; reason++) {
		if (json)
			json_array_append_new(all, explain_json(reason, mode_in_force(in_force,
										  reason)));
		else
			printf("%-22s %-8s %s\n", reason_texts[reason].label,
			       mode_names[in_force ? in_force->mode[reason]
						   : reason_texts[reason].mode],
			       reason_texts[reason].reference);
	}
	if (json)
		output_json(all);
	else
		printf("\n`sipguard explain REASON` tells more.\n");
}

/* NULL without a guard, else *in_force: more is said with one, but none is needed. */
static const struct in_force *look_in_force(struct in_force *in_force)
{
	struct session session;

	if (!preflight_capable() || session_begin(&session, ACCESS_READ, NULL))
		return NULL;
	in_force->guard = session.maps.state->mode;
	memcpy(in_force->mode, session.maps.configs[session.maps.state->active & 1].profile[0].mode,
	       sizeof(in_force->mode));
	session_end(&session);
	return in_force;
}

/* What is no reason: its `kind` is its key in JSON. */
static enum exit_code explain_word(const char *kind, const char *name, const char *about,
				   const char *help, bool json)
{
	if (json) {
		output_json(json_pack("{s:s, s:s}", kind, name, "help", help));
	} else {
		printf("%s (%s)\n\n", name, about);
		print_wrapped(help);
	}
	return output_end();
}

static enum exit_code explain_event(int event, bool json)
{
	return explain_word("event", count_names[event], "an event, which drops nothing",
			    count_helps[event], json);
}

static enum exit_code explain_proof(int proof, bool json)
{
	return explain_word("proof", proof_names[proof], "what a flow is known by",
			    proof_helps[proof], json);
}

enum exit_code cmd_explain(const struct options *options)
{
	const char *label = options->count ? options->arguments[0] : NULL;
	int reason = label ? reason_find(label) : SG_REASON_NONE;
	int event = label ? count_find(label) : -EINVAL;
	int proof = label ? proof_find(label) : -EINVAL;
	const struct in_force *in_force;
	struct in_force copy;

	if (event >= 0)
		return explain_event(event, options->json);
	if (label && reason <= SG_REASON_NONE && proof > SG_PROOF_NONE)
		return explain_proof(proof, options->json);
	if (label && reason <= SG_REASON_NONE)
		return usage("There is no reason, event or proof '%s' (`sipguard explain` lists "
			     "the reasons, `sipguard stats` has the events, `sipguard sources` the "
			     "proofs).", label);
	in_force = look_in_force(&copy);
	if (!label)
		explain_all(in_force, options->json);
	else if (options->json)
		output_json(explain_json(reason, mode_in_force(in_force, reason)));
	else
		explain_text(reason, in_force);
	return output_end();
}

static json_t *doubts_json(const struct config *config)
{
	json_t *all = json_array();
	char text[256];

	for (size_t next = 0; config_doubt(config, &next, text, sizeof(text));)
		json_array_append_new(all, json_string(text));
	return all;
}

/* A configuration in doubt is valid. */
static void print_valid(const char *path, const struct config *config)
{
	char text[256];

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
