// SPDX-License-Identifier: GPL-2.0-only
/* events: what happens, as it happens. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "cmd/command.h"
#include "events/changes.h"
#include "events/follow.h"
#include "render/event.h"
#include "render/output.h"

#define RING (1 << 20) /* some ten thousand events */
#define LOOK_MS 500    /* so a change is told within a second */

static volatile sig_atomic_t interrupted;

struct events {
	const struct options *options;
	struct follow *follow;
	struct changes *changes;
};

static void interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

static int print_event(void *context, const struct sg_event *event)
{
	const struct events *e = context;

	if (e->options->json)
		output_json_line(event_json(e->follow, event));
	else
		event_text(e->follow, event);
	return interrupted ? -EINTR : 0;
}

static void print_change(void *context, const struct change *change)
{
	const struct events *e = context;

	if (e->options->json)
		output_json_line(change_json(change));
	else
		change_text(change);
}

/* What was not told since the last time. */
static void print_left_out(struct events *e)
{
	__u64 limited, lost;

	if (!follow_left_out(e->follow, &limited, &lost))
		return;
	if (e->options->json)
		output_json_line(json_pack("{s:s, s:I, s:I}", "event", "left_out", "limited",
					   (json_int_t)limited, "lost", (json_int_t)lost));
	else
		printf("(%llu more of sources that are not named here, %llu lost)\n", limited,
		       lost);
}

static enum exit_code follow(struct events *e)
{
	struct error error = {};
	int err = 0;

	while (!err && !interrupted) {
		err = follow_wait(e->follow, LOOK_MS, &error);
		if (!err)
			print_left_out(e);
		if (!err)
			err = changes_look(e->changes, print_change, e, &error);
		if (output_end() != DONE || !output_has_reader())
			return FAILED;
	}
	return err && err != -EINTR ? failed(&error) : DONE;
}

enum exit_code cmd_events(const struct options *options)
{
	const struct follow_wants wants = {
		.reason = options->reason,
		.source = options->source,
		.outcomes = ~0U,
		.ring = RING,
	};
	struct sigaction action = {.sa_handler = interrupt}; /* without SA_RESTART */
	struct events e = {.options = options, .changes = changes_begin()};
	enum exit_code code = FAILED;
	struct error error = {};
	struct session session;

	if (session_begin(&session, ACCESS_READ, &error)) {
		changes_free(e.changes);
		return failed(&error);
	}
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	e.follow = follow_begin(&session, &wants, print_event, &e, &error);
	session_end(&session);
	if (!e.follow || !e.changes)
		failed(&error);
	else
		code = follow(&e);
	follow_end(e.follow);
	changes_free(e.changes);
	return code;
}
