/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads packets from a capture (pcap or pcapng), and makes Ethernet frames of them. */
#ifndef SIPGUARD_CAPTURE_H
#define SIPGUARD_CAPTURE_H

#include <stddef.h>

#include "base/error.h"
#include "replay/frame.h"

struct capture;

/*
 * Opens a capture, compressed with gzip or not; "-" is standard input. Link types that are read are
 * Ethernet, Linux cooked (both versions), raw IP, BSD loopback and PPP; each interface of a pcapng
 * may have another one, and packets of what is not read come as foreign frames. 0 with *capture for
 * capture_close(), or -errno.
 */
int capture_open(const char *path, struct capture **capture, struct error *error);

/*
 * The next packet: 1, 0 at the end, -errno if the file ends inside a packet or
 * holds nonsense; the packets before it are good. The frame is valid until the next call.
 */
int capture_next(struct capture *capture, struct frame *frame, struct error *error);

/* Percent of the file that was read, 1 to 100; 0 where its size is not known. */
unsigned int capture_percent(const struct capture *capture);

/* NULL is allowed. */
void capture_close(struct capture *capture);

#endif
