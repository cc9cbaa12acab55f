/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table: ways on which a datagram may come, whether Linux hands it to a socket, and what the
 * guard says to it if its source is denied.
 */
#ifndef SIPGUARD_FRAMES_ROWS_H
#define SIPGUARD_FRAMES_ROWS_H

#include "fixture.h"

/* What a kernel has to have for a row. */
enum needs {
	NEEDS_NOTHING,
	NEEDS_VLAN,     /* VLAN devices */
	NEEDS_ANY_TAGS, /* patience with more than eight tags, as 7.2.13 has and 6.18.44 has not */
	NEEDS_NO_ONE,   /* what no kernel of the matrix has: not tried whether it is delivered */
};

struct row {
	const char *name;
	struct packet_spec packet;
	struct packet_spec second; /* with payload: the next fragment */
	void (*change)(__u8 *frame, size_t *length); /* of the first frame */
	enum needs needs;
	bool delivered;
	enum sg_reason reason; /* NONE: the guard does not read it */
};

extern const struct row rows[];
extern const size_t rows_count;

/* For an skb in pieces; sources are denied. */
extern const struct row large_rows[];
extern const size_t large_rows_count;

#endif
