/* SPDX-License-Identifier: GPL-2.0-only */
/* A file of packets with comments (pcapng), by Wireshark's wiretap. */
#ifndef SIPGUARD_PACKETS_H
#define SIPGUARD_PACKETS_H

#include <stddef.h>
#include <time.h>

#include "abi.h"
#include "base/error.h"

struct packets;

/*
 * Begins a file for packets of these interfaces, at least one, and of any that come later; "-" is
 * standard output. A file that is there already is overwritten. NULL with an error. Ended by
 * packets_end(). The path has to stay until then.
 */
struct packets *packets_begin(const char *path, const __u32 *interfaces, size_t count,
			      struct error *error);

/*
 * Adds a packet of which `event` tells and whose bytes follow it. 0 or -errno; then the file can be
 * read up to there.
 */
int packets_add(struct packets *packets, const struct sg_event *event,
		const struct timespec *time, const char *comment, struct error *error);

/* What was written so far goes to the file. 0 or -errno. */
int packets_flush(struct packets *packets, struct error *error);

__u64 packets_bytes(const struct packets *packets);

/* 0 or -errno. */
int packets_end(struct packets *packets, struct error *error);

#endif
