/* SPDX-License-Identifier: GPL-2.0-only */
/* An Ethernet frame on its way from a capture or a message file to the guard. */
#ifndef SIPGUARD_FRAME_H
#define SIPGUARD_FRAME_H

#include <linux/if_ether.h>
#include <linux/types.h>
#include <stdbool.h>
#include <string.h>

/* The longest message that UDP over IPv4 carries (RFC 791 section 3.1, RFC 768). */
#define FRAME_MESSAGE_MAX (65535 - 20 - 8)

struct frame {
	const __u8 *bytes; /* owned by who made the frame, until he makes the next one */
	__u32 length;      /* of bytes; 0: there is no whole link header, nothing to be judged */
	__u32 missing;     /* bytes that were on the wire and are not here */
	__u64 time;        /* ns since 1970 */
	bool foreign;      /* of a link type that is not read: length is 0 */
};

/*
 * A made-up header of ETH_HLEN bytes, with locally administered addresses: of it the guard reads
 * no more than the type.
 */
static inline void frame_ethernet(__u8 *header, __u16 type)
{
	static const __u8 addresses[2 * ETH_ALEN] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1};

	memcpy(header, addresses, sizeof(addresses));
	header[12] = type >> 8;
	header[13] = type;
}

#endif
