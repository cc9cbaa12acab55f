/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What comes and goes at some interfaces now, by libpcap: packets of guarded ports, whole, and
 * which way each of them goes.
 */
#ifndef SIPGUARD_LIVE_H
#define SIPGUARD_LIVE_H

#include <stddef.h>

#include "abi.h"
#include "base/error.h"
#include "calibrate/servers.h"

struct live;

/* `ports` is of the configuration. 0 with *live for live_close(), or -errno. */
int live_open(const struct sg_config *ports, const __u32 *ifindexes, size_t count,
	      struct live **live, struct error *error);

/*
 * The next packet, with an Ethernet header: 1; 0 if none came within a tenth of a second, or a
 * signal did; -errno. The frame is valid until the next call.
 */
int live_next(struct live *live, struct frame *frame, enum direction *direction,
	      struct error *error);

/* Packets that came faster than they were taken. */
__u64 live_lost(const struct live *live);

/* NULL is allowed. */
void live_close(struct live *live);

#endif
