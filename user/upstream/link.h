/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How full the link is, from the counters of its interface. It is full when that has been so in
 * some readings in a row, and is no more when it was clearly below in as many in a row.
 */
#ifndef SIPGUARD_UPSTREAM_LINK_H
#define SIPGUARD_UPSTREAM_LINK_H

#include <stdbool.h>

#include <linux/types.h>

/* On Ethernet each frame has 24 bytes more than are counted: preamble, checksum, gap. */
#define LINK_FRAME 24
#define LINK_RELIEF 10 /* percent below the threshold where it is full no more */
#define LINK_LOST 1    /* percent of packets that found no room, and it is full */

/* What is full. */
struct link_limits {
	__u64 bits;      /* a second on the wire; 0: do not look at them */
	__u64 packets;   /* a second; 0: do not look at them */
	unsigned int readings;
};

/* Counters since whenever. `lost` found no room in the ring of the device. */
struct link_reading {
	__u64 time; /* ns */
	__u64 packets, bytes, lost;
	__u64 refused; /* bytes that the guard has refused */
};

struct link {
	struct link_reading last;
	bool known;
	/* Between the last two readings: */
	__u64 bits, packets; /* a second */
	unsigned int lost;    /* percent of those that came */
	unsigned int refused; /* percent of the bytes that came */
	/* And over some of them: */
	unsigned int over, under; /* readings in a row */
	bool hot;  /* the last one was over */
	bool full;
};

/* Takes a reading. Counters that went back begin anew. */
void link_look(struct link *link, const struct link_limits *limits,
	       const struct link_reading *reading);

#endif
