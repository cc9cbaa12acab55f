/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frames are sent into one end of a veth, or a tun, and sockets behind the other end receive them
 * or do not. In a network namespace of its own. A broken setup ends the test.
 */
#ifndef SIPGUARD_FRAMES_DELIVERY_H
#define SIPGUARD_FRAMES_DELIVERY_H

#include "rows.h"

#define NEAR "sgn" /* where the frames are sent */
#define FAR "sgf"  /* where they come in */
#define MARKER "192.0.2.99" /* allowed: comes after a frame, and tells that it is through */
#define WAIT 120000 /* ms for the marker: only a broken setup takes longer */

struct lab {
	int packet, udp4, udp6, near, far;
	int tun;     /* fd, if frames are written to it; or 0 */
	bool vlan;   /* the kernel has VLAN devices */
	__u16 sport; /* of the frame: each has one of its own */
};

extern struct lab lab;

/* Runs a command of the shell. */
void must(const char *command);
void make_interfaces(void);
void open_sockets(void);

/* The frame of a packet of the row, as it is sent to sockets; its length. */
size_t frame_build(const struct row *row, const struct packet_spec *packet, __u8 *frame);
/* Sends the row, and tells whether a socket gets it. */
bool is_delivered(const struct row *row);
/*
 * An interface that is up sends, and takes IPv6, when work of the kernel's own has been done: on a
 * busy machine that is seconds later.
 */
void await_link(void);

#endif
