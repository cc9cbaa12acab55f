// SPDX-License-Identifier: GPL-2.0-only
/* calibrate: limits that a recording would have needed. Changes something only with --apply. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/escape.h"
#include "base/notice.h"
#include "calibrate/edit.h"
#include "cmd/command.h"
#include "guard/preflight.h"
#include "guard/session.h"
#include "render/output.h"
#include "show/calibrate.h"

#define NAMED_MOST 64 /* prefixes of an option */

static volatile sig_atomic_t stop;

static void interrupt(int signal)
{
	(void)signal;
	stop = 1;
}

struct named {
	struct prefix prefix[NAMED_MOST];
	size_t count;
};

/* "PREFIX,PREFIX": DONE, or USAGE after saying what is wrong. */
static enum exit_code read_named(const char *option, const char *text, struct named *named)
{
	struct error error = {};
	char *copy = text ? strdup(text) : NULL, *rest = NULL;
	enum exit_code code = DONE;

	for (char *word = copy ? strtok_r(copy, ",", &rest) : NULL; word && code == DONE;
	     word = strtok_r(NULL, ",", &rest)) {
		if (named->count == NAMED_MOST)
			code = usage("--%s takes %d prefixes at most.", option, NAMED_MOST);
		else if (prefix_parse(word, &named->prefix[named->count++], &error))
			code = usage("--%s: %s", option, error.text);
	}
	free(copy);
	return text && code == DONE && !named->count ? usage("--%s takes prefixes.", option) : code;
}

/* Where --apply puts it. */
static const char *target_of(const struct policy *policy)
{
	return policy->path[0] ? policy->path : POLICY_FILE;
}

/* Not what somebody has changed while the recording was read. */
static int check_unchanged(const struct policy *policy, const char *before, struct error *error)
{
	struct text now;
	int err;

	if (!policy->path[0])
		return access(POLICY_FILE, F_OK) ? 0 : error_set(error, -EEXIST, "%s was made "
			"meanwhile: nothing was written; run calibrate again.", POLICY_FILE);
	err = edit_begin(policy->path, &now, error);
	if (!err && strcmp(now.data, before))
		err = error_set(error, -EEXIST, "%s was changed meanwhile: nothing was written; "
				"run calibrate again.", policy->path);
	text_free(&now);
	return err;
}

/* What is in the file now is put in force, if a guard is attached. */
static enum exit_code put_in_force(const struct policy *policy, bool json)
{
	const char *path = target_of(policy);
	const struct options reload = {.config = path, .json = json};
	struct session session;
	struct error error = {};
	int err = session_begin(&session, ACCESS_READ, &error);

	if (err == -ENOTCONN) {
		notice("no guard is attached: `sipguard attach IFACE%s%s` reads it.",
		       strcmp(path, POLICY_FILE) ? " --config " : "",
		       strcmp(path, POLICY_FILE) ? path : "");
		return DONE;
	}
	if (err)
		return failed(&error);
	session_end(&session);
	return cmd_reload(&reload);
}

static enum exit_code apply(const struct calibration *c, const char *before, bool json)
{
	const char *path = target_of(c->policy);
	struct error error = {};

	if (!c->proposal.changed && !c->proposal.zones) {
		notice("there is nothing to apply: %s is as it was.", path);
		return DONE;
	}
	if (check_unchanged(c->policy, before, &error) ||
	    edit_install(path, &c->proposal.text, true, &error))
		return failed(&error);
	notice("wrote %s%s%s%s.", path, c->policy->path[0] ? "; what it was is in " : "",
	       c->policy->path[0] ? path : "", c->policy->path[0] ? ".bak" : "");
	return put_in_force(c->policy, json);
}

static enum exit_code write_to(const struct calibration *c, const char *path)
{
	struct error error = {};

	if (!strcmp(path, "-")) {
		fputs(c->proposal.text.data, stdout);
		return output_end();
	}
	return edit_install(path, &c->proposal.text, false, &error) ? failed(&error) : DONE;
}

static enum exit_code report(const struct calibration *c, const struct options *options,
			     const char *before)
{
	enum exit_code code = DONE;

	if (options->write && !strcmp(options->write, "-"))
		return write_to(c, "-");
	if (options->json)
		output_json(calibrate_json(c));
	else
		calibrate_print(c);
	code = output_end();
	if (code == DONE && options->write)
		code = write_to(c, options->write);
	return code == DONE && options->apply ? apply(c, before, options->json) : code;
}

/* The file that is in force, unless another one is named. */
static int read_in_force(const struct options *options, struct session *session,
			 struct policy *policy, struct error *error)
{
	struct note note;
	int err;

	if (options->config)
		return policy_read(options->config, policy, error);
	err = maps_note(&session->maps, session->maps.state->active & 1, &note, error);
	return err ? err : policy_read(note.path, policy, error);
}

/* At the interfaces that are guarded now. */
static int listen_begin(const struct options *options, struct session *session,
			struct policy *policy, struct live **live, struct error *error)
{
	struct sigaction action = {.sa_handler = interrupt}; /* without SA_RESTART */
	__u32 ifindexes[SG_INTERFACES];
	size_t count = 0;
	int err = read_in_force(options, session, policy, error);

	if (err)
		return err;
	for (size_t i = 0; i < session->links.count && count < SG_INTERFACES; i++) {
		const struct guard_link *link = &session->links.link[i];

		if (link->state == LINK_HERE)
			ifindexes[count++] = link->ifindex;
	}
	if (session->maps.state->mode == SG_MODE_ENFORCE)
		notice("the guard's mode is enforce: what it drops is not seen at interfaces where "
		       "it runs in the driver.");
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	return live_open(&policy->config->kernel, ifindexes, count, live, error);
}

/* Which configuration, and what is looked at. */
static int begin(const struct options *options, struct policy *policy, struct live **live,
		 struct error *error)
{
	struct session session;
	int err;

	if (options->count)
		return policy_read(options->config, policy, error);
	err = session_begin(&session, ACCESS_READ, error);
	if (err)
		return err;
	err = listen_begin(options, &session, policy, live, error);
	session_end(&session);
	return err;
}

static enum exit_code calibrate(const struct options *options, const struct named *trusted,
				const struct named *servers)
{
	struct policy policy = {};
	struct calibration c = {
		.policy = &policy, .files = options->arguments, .file_count = options->count,
		.trusted = trusted->prefix, .trusted_count = trusted->count,
		.servers = servers->prefix, .server_count = servers->count,
		.seconds = options->seconds, .stop = &stop,
	};
	struct text before = {};
	struct error error = {};
	enum exit_code code;
	int err = begin(options, &policy, &c.live, &error);

	say_progress();
	if (!err)
		err = edit_begin(policy.path, &before, &error);
	if (!err)
		err = calibration_run(&c, &error);
	code = err ? failed(&error) : report(&c, options, before.data);
	calibration_free(&c);
	live_close(c.live);
	text_free(&before);
	policy_free(&policy);
	return code;
}

enum exit_code cmd_calibrate(const struct options *options)
{
	struct named trusted = {}, servers = {};
	struct error error = {};
	enum exit_code code = read_named("trust", options->trust, &trusted);

	if (code == DONE)
		code = read_named("server", options->server, &servers);
	if (code != DONE)
		return code;
	if (!options->count == !options->seconds)
		return usage("name captures, or say by --for how long to listen.");
	if (options->write && options->apply)
		return usage("--write writes another file, and --apply the one in force.");
	for (int i = 0; i < options->count; i++) {
		if (!strcmp(options->arguments[i], "-"))
			return usage("the recording is read several times: give it as a file.");
	}
	return preflight_capabilities(&error) ? failed(&error)
					      : calibrate(options, &trusted, &servers);
}
