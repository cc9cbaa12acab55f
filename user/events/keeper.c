// SPDX-License-Identifier: GPL-2.0-only
#include "events/keeper.h"

#include <stdlib.h>

#define RING (1 << 20)         /* some ten thousand events */
#define RING_PACKETS (4 << 20) /* some thousands, or 250 of the largest */

struct keeper {
	struct keeper_ears ears;
	struct follow *follow;
	struct changes *changes;
};

static int hear(void *context, const struct sg_event *event)
{
	struct keeper *k = context;

	k->ears.event(k->ears.context, k->follow, event);
	return 0;
}

struct keeper *keeper_begin(const struct keeper_ears *ears)
{
	struct keeper *k = calloc(1, sizeof(*k));

	if (!k)
		return NULL;
	k->ears = *ears;
	k->changes = changes_begin();
	if (k->changes)
		return k;
	free(k);
	return NULL;
}

static void tell_left_out(struct keeper *k)
{
	__u64 limited, lost;

	if (follow_left_out(k->follow, &limited, &lost))
		k->ears.left_out(k->ears.context, limited, lost);
}

static void leave(struct keeper *k)
{
	follow_end(k->follow);
	k->follow = NULL;
}

static void join(struct keeper *k, const struct session *session)
{
	const struct follow_wants wants = {
		.outcomes = ~0U,
		.frames = k->ears.packets ? SG_FRAMES_TOLD : SG_FRAMES_NONE,
		.ring = k->ears.packets ? RING_PACKETS : RING,
	};

	if (k->follow && !follow_is_of(k->follow, session))
		leave(k);
	if (!k->follow)
		k->follow = follow_begin(session, &wants, hear, k, NULL);
}

static void look(struct keeper *k, const struct session *session)
{
	if (k->ears.change)
		changes_look_at(k->changes, session, k->ears.change, k->ears.context, NULL);
}

void keeper_turn(struct keeper *k)
{
	struct session session;

	/* First what the guard has said, which may be gone by now. */
	if (k->follow && follow_wait(k->follow, 0, NULL))
		leave(k);
	else if (k->follow)
		tell_left_out(k);
	if (session_begin(&session, ACCESS_READ, NULL)) {
		look(k, NULL);
		leave(k);
		return;
	}
	look(k, &session);
	join(k, &session);
	session_end(&session);
}

bool keeper_follows(const struct keeper *k)
{
	return k->follow;
}

void keeper_end(struct keeper *k)
{
	if (!k)
		return;
	leave(k);
	changes_free(k->changes);
	free(k);
}
