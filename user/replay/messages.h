/* SPDX-License-Identifier: GPL-2.0-only */
/* A folder of raw messages, each of which becomes a UDP datagram in an Ethernet frame. */
#ifndef SIPGUARD_MESSAGES_H
#define SIPGUARD_MESSAGES_H

#include <stddef.h>

#include "base/error.h"
#include "replay/frame.h"

struct messages;

/*
 * Opens the files in `folder`, by name in byte order; folders in it and what is no file are left
 * out. Datagrams go from 192.0.2.1, port 5060, to 192.0.2.2, `port` (host order). 0 with *messages
 * for messages_close(), or -errno.
 */
int messages_open(const char *folder, __u16 port, struct messages **messages, struct error *error);

/*
 * The next message: 1 with *name, which is valid until messages_close(), 0 after the last, -errno.
 * More than FRAME_MESSAGE_MAX bytes are cut off and count as missing. The
 * frame is valid until the next call.
 */
int messages_next(struct messages *messages, struct frame *frame, const char **name,
		  struct error *error);

/* NULL is allowed. */
void messages_close(struct messages *messages);

#endif
