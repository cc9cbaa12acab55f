/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the guard refuses of what comes in by one interface: how much, and a sample of the packets
 * themselves. Packets are followed only while `wanted`; else the guard has nothing to tell.
 */
#ifndef SIPGUARD_UPSTREAM_FLOOD_H
#define SIPGUARD_UPSTREAM_FLOOD_H

#include "upstream/sample.h"

#define FLOOD_ONE_IN 16 /* refused packets are looked at */

struct flood {
	__u32 ifindex;
	struct follow *follow;
	struct sample sample;
	bool guarded;   /* there is a guard now */
	bool by_itself; /* that interface is guarded itself; else all packets count */
	__u64 refused;  /* bytes, of all that ever were refused: for link_look() */
	__u64 counted;  /* what the guard had counted at the last turn */
	__u64 heard, mine; /* bytes that were looked at since then, and came in there */
};

/* To be called at each turn. `now` in ns of CLOCK_MONOTONIC. */
void flood_turn(struct flood *flood, bool wanted);

void flood_end(struct flood *flood);

#endif
