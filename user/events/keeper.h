/* SPDX-License-Identifier: GPL-2.0-only */
/* Following whatever guard there is: it may go, come again, and be another one. */
#ifndef SIPGUARD_KEEPER_H
#define SIPGUARD_KEEPER_H

#include "events/changes.h"
#include "events/follow.h"

#define KEEPER_TURN_NS 500000000 /* between two turns: what changes is told within a second */

/* Who hears of it. */
struct keeper_ears {
	void (*event)(void *context, const struct follow *follow, const struct sg_event *event);
	void (*change)(void *context, const struct change *change); /* NULL: nobody */
	/* Events that were not told: too many of a reason; no room. */
	void (*left_out)(void *context, __u64 limited, __u64 lost);
	void *context;
	bool packets; /* events of packets come with their bytes, and those of bans do not come */
};

struct keeper;

/* NULL: no memory. Freed by keeper_end(). */
struct keeper *keeper_begin(const struct keeper_ears *ears);

/*
 * To be called every KEEPER_TURN_NS: hands on what has happened since the last time. That nothing
 * is guarded is no error, nor is what passes by itself (eight follow already); it is tried again.
 */
void keeper_turn(struct keeper *keeper);

/* Whether it hears of events now: else nothing is guarded, or eight follow already. */
bool keeper_follows(const struct keeper *keeper);

void keeper_end(struct keeper *keeper);

#endif
