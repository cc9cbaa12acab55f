/* SPDX-License-Identifier: GPL-2.0-only */
/* Following the guard: events and packets as they come, from a ring of one's own. */
#ifndef SIPGUARD_FOLLOW_H
#define SIPGUARD_FOLLOW_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/prefix.h"
#include "guard/session.h"

/* What is wanted. */
struct follow_wants {
	int reason;            /* only of this one; 0: of all */
	struct prefix source;  /* only of sources in it; family 0: of all */
	__u32 outcomes;        /* a bit for each enum sg_outcome */
	enum sg_frames frames; /* the packets themselves, and of these */
	__u32 sample;          /* one of so many; 0 and 1: all */
	size_t ring;           /* bytes of the ring, a power of two of 4096 or more */
};

/* Hears of one event; the bytes of a packet stand behind it. Negative: no more of them. */
typedef int (*follow_each)(void *context, const struct sg_event *event);

struct follow;

/*
 * Begins. The session may end meanwhile. NULL with an error: -EBUSY if SG_FOLLOWERS do already.
 * Freed by follow_end(); who is killed instead is forgotten in five seconds.
 */
struct follow *follow_begin(const struct session *session, const struct follow_wants *wants,
			    follow_each each, void *context, struct error *error);

/* Whether it follows the guard of that session: after a detach and an attach it is another one. */
bool follow_is_of(const struct follow *follow, const struct session *session);

/*
 * Waits for events for at most so many milliseconds, and hands on what there is. To be called at
 * least every three seconds. 0, what `each` has said, or -errno: -ESTALE if this process stood
 * still for so long that somebody else has its place.
 */
int follow_wait(struct follow *follow, int milliseconds, struct error *error);

/* Events that found no room in the ring. */
__u64 follow_lost(const struct follow *follow);

/*
 * How many packets of a source and a reason it will be told of with the next event of them, as no
 * more than one a second is told: those since the last event. 0, if it was never told of them, or
 * others have their place since.
 */
__u32 follow_untold(const struct follow *follow, const struct sg_flow_key *source, int reason,
		    int outcome);

/*
 * What was not told since the last call: *limited were more than is told of one reason, *lost found
 * no room. Whether there was any.
 */
bool follow_left_out(struct follow *follow, __u64 *limited, __u64 *lost);

/* The name of the zone of an event, at most SG_ZONE_NAME bytes with the NUL; "" of none. */
void follow_zone(const struct follow *follow, const struct sg_event *event, char *name);

void follow_end(struct follow *follow);

#endif
