/* SPDX-License-Identifier: GPL-2.0-only */
/* A frame that an event brings, taken apart: whose it is, and what it carries. */
#ifndef SIPGUARD_HEP_FRAME_H
#define SIPGUARD_HEP_FRAME_H

#include <stdbool.h>

#include "abi.h"
#include "hep/packet.h"

/*
 * Addresses, ports and payload of the packet of `event`, whose bytes follow it; the payload points
 * there. What the bytes do not tell (a later fragment has no ports) is taken from the event, or 0.
 * false: the IP header is not there, and the packet has no payload.
 */
bool frame_read(const struct sg_event *event, struct hep_packet *packet);

#endif
