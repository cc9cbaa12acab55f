/* SPDX-License-Identifier: GPL-2.0-only */
/* Who sends a frame to whom, for who counts by that: the guard itself tells only what it counts. */
#ifndef SIPGUARD_ENDPOINTS_H
#define SIPGUARD_ENDPOINTS_H

#include <stdbool.h>

#include "flow.h"
#include "replay/frame.h"

struct endpoints {
	struct sg_flow_key from, to; /* whole flows, of one transport: UDP or TCP */
	__u32 payload;               /* bytes behind the header of the transport */
	bool syn;                    /* of TCP: SYN without ACK */
};

/*
 * Follows VLAN tags, PPPoE, IP and its extension headers, as far as the guard does. False: it is
 * neither UDP nor TCP, a later fragment, or cut before its ports; then the addresses are there as
 * far as they could be read, without ports, and else of family 0.
 */
bool endpoints_find(const struct frame *frame, struct endpoints *ends);

#endif
