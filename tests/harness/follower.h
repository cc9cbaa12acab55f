/* SPDX-License-Identifier: GPL-2.0-only */
/* Somebody who follows the guard, and what he hears. */
#ifndef SIPGUARD_TEST_FOLLOWER_H
#define SIPGUARD_TEST_FOLLOWER_H

#include "abi.h"

#define FOLLOWER_RING 65536

/* What a follower has heard. */
struct heard {
	int count;
	int bans;             /* of these */
	struct sg_event last;
	struct sg_event ban;  /* the last one */
	__u8 bytes[SG_EVENT_LARGE]; /* of its packet */
};

/*
 * Has the place `at` hear what `wants` says, whose `until` is set if it is 0; with an empty ring.
 * Ended by fixture_reset().
 */
void follower_begin(int at, const struct sg_follower *wants);

/* As what the guard has in that place. */
struct sg_follower *follower_place(int at);

/* What came since the last time. */
struct heard *follower_hears(int at);

void followers_end(void);

#endif
