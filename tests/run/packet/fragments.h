/* SPDX-License-Identifier: GPL-2.0-only */
/* Datagrams in fragments of a full frame, over IPv4 and IPv6, and the verdicts of later ones. */
#ifndef SIPGUARD_TEST_FRAGMENTS_H
#define SIPGUARD_TEST_FRAGMENTS_H

#include "cases.h"

#define REQUEST_WITH(length)                                                                      \
	"OPTIONS sip:bob@example.com SIP/2.0\r\n"                                                 \
	"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK776asdhds\r\n"                             \
	"CSeq: 1 OPTIONS\r\n" length "\r\n"
#define MTU_V4 1480 /* IP payload of a full Ethernet frame */
#define MTU_V6 1448
#define LARGE .fill = 3000

/* The limit of orphans is spent: a later fragment passes only if its first one is known. */
static inline void no_orphans(void)
{
	fix.state->total_tat[SG_TOTAL_ORPHAN_FRAGMENTS_TOTAL] = tat_spent();
}

#define FIRST(id_, ...) .id = id_, .size = MTU_V4, LARGE, __VA_ARGS__
#define LATER(id_, ...) .id = id_, .offset = MTU_V4, .size = MTU_V4, LARGE, __VA_ARGS__
#define LAST(id_, ...) .id = id_, .offset = 2 * MTU_V4, LARGE, __VA_ARGS__
#define FIRST6(id_, ...) .id = id_, .source = IPV6_A, .size = MTU_V6, LARGE, __VA_ARGS__
#define LATER6(id_, ...)                                                                          \
	.id = id_, .source = IPV6_A, .offset = MTU_V6, .size = MTU_V6, LARGE, __VA_ARGS__
#define LAST6(id_, ...) .id = id_, .source = IPV6_A, .offset = 2 * MTU_V6, LARGE, __VA_ARGS__
#define SEND_LATER_PASSES(...) SEND(PASS, NONE, OTHER, NONE, __VA_ARGS__)
#define SEND_ORPHAN(...) SEND(DROP, ORPHAN_FRAGMENT, OTHER, NONE, __VA_ARGS__)
#define SEND_UNGUARDED(...) SEND(UNGUARDED, NONE, OTHER, NONE, __VA_ARGS__)

#endif
