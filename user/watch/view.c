// SPDX-License-Identifier: GPL-2.0-only
#include "watch/view.h"

#include <time.h>

#include "guard/session.h"

static double seconds_of(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

static void read_guard(const struct session *session, struct view *view)
{
	struct error *error = &view->error;
	int err = maps_clock(&session->maps, &view->now, error);

	if (!err)
		err = bans_read(&session->maps, view->now, &view->bans, error);
	if (!err)
		err = connections_read(&session->pins, &session->maps, &view->connections, error);
	if (!err)
		view->snapshot = snapshot_read(session, error);
}

int view_take_of(const struct session *session, struct view *view)
{
	double begun = seconds_of(CLOCK_MONOTONIC);

	*view = (struct view){.taken = seconds_of(CLOCK_REALTIME)};
	read_guard(session, view);
	view->seconds = seconds_of(CLOCK_MONOTONIC) - begun;
	return view->snapshot ? 0 : view->error.code;
}

void view_take(struct view *view)
{
	double begun = seconds_of(CLOCK_MONOTONIC);
	struct session session;

	*view = (struct view){.taken = seconds_of(CLOCK_REALTIME)};
	if (!session_begin(&session, ACCESS_READ, &view->error)) {
		read_guard(&session, view);
		session_end(&session);
	}
	view->seconds = seconds_of(CLOCK_MONOTONIC) - begun;
}

void view_free(struct view *view)
{
	snapshot_free(view->snapshot);
	bans_free(&view->bans);
	connections_free(&view->connections);
	*view = (struct view){};
}
