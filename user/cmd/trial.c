// SPDX-License-Identifier: GPL-2.0-only
/* What is tried for a time: --for of attach and of mode, and confirm. */
#include <errno.h>
#include <stdio.h>

#include "base/names.h"
#include "cmd/attach.h"
#include "render/output.h"

static const char *const trial_labels[] = {
	[SG_TRIAL_NONE] = "nothing",
	[SG_TRIAL_MODE] = "mode",
	[SG_TRIAL_DETACH] = "attach",
};

void tell_trial(enum sg_trial trial, __u64 seconds)
{
	char time[OUTPUT_TEXT];

	output_seconds(seconds, time);
	if (trial == SG_TRIAL_DETACH)
		printf("In %s it lets everything pass and detaches by itself, unless you say "
		       "`sipguard confirm`.\n", time);
	else
		printf("In %s it goes to monitor mode by itself, unless you say `sipguard "
		       "confirm`.\n", time);
}

int trial_begin(struct attach *a)
{
	struct maps *maps = &a->session.maps;
	__u64 now, left;
	int err;

	if (!a->options->seconds)
		return 0;
	err = maps_clock(maps, &now, &a->error);
	if (err)
		return err;
	a->before.what = maps_trial(maps, now, &left);
	a->before.until = a->before.what ? maps->state->trial_until : 0;
	/* Lists, bans and what it knows are worth more than what is tried, so it stays. */
	err = maps_trial_begin(maps, SG_TRIAL_MODE, a->options->seconds, &a->error);
	a->on_trial = !err;
	return err;
}

void trial_undo(struct attach *a)
{
	struct sg_state *state = a->session.maps.state;

	if (!a->on_trial)
		return;
	a->on_trial = false;
	maps_store(&state->trial, a->before.what);
	if (a->before.until)
		__atomic_store_n(&state->trial_until, a->before.until, __ATOMIC_RELEASE);
	else
		maps_trial_end(&a->session.maps);
}

enum exit_code cmd_confirm(const struct options *options)
{
	struct error error = {};
	struct session session;
	enum sg_trial trial;
	enum sg_mode mode;
	__u64 now, left;
	int err;

	if (session_begin(&session, ACCESS_CHANGE, &error))
		return failed(&error);
	err = maps_clock(&session.maps, &now, &error);
	trial = err ? SG_TRIAL_NONE : maps_trial(&session.maps, now, &left);
	if (!err && (trial == SG_TRIAL_NONE || !left))
		err = error_set(&error, -ENOENT, "nothing waits to be confirmed, so nothing was "
				"changed: `sipguard status` shows what is in force.");
	if (!err)
		maps_trial_end(&session.maps);
	mode = session.maps.state->mode % SG_MODE__MAX;
	session_end(&session);
	if (err)
		return failed(&error);
	if (options->json)
		output_json(json_pack("{s:s, s:s}", "confirmed", trial_labels[trial], "mode",
				      mode_names[mode]));
	else
		printf("Confirmed: the guard stays as it is, in mode %s.\n", mode_names[mode]);
	return output_end();
}
