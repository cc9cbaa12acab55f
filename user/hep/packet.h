/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A packet of HEP3, by which collectors (Homer, Kamailio's sipcapture, sngrep) are told of packets
 * that somebody else has seen: "HEP3", its length in 16 bits, and chunks, each with vendor, type
 * and length (github.com/sipcapture/HEP). All that are written here are of vendor 0: what a vendor
 * has of his own, heplify-server takes for a generic one of the same type.
 */
#ifndef SIPGUARD_HEP_PACKET_H
#define SIPGUARD_HEP_PACKET_H

#include <stddef.h>
#include <time.h>

#include <linux/types.h>

/*
 * Bytes of one. The format would have 65535, but heplify-server reads no more than 8192, and ends a
 * TCP connection by which a longer one comes.
 */
#define HEP_MOST 8192
#define HEP_CORRELATION 256 /* bytes of it, with the NUL; a longer one is left out */
#define HEP_KEY 256

enum hep_type {
	HEP_SIP = 1,
	HEP_LOG = 100, /* text or JSON that belongs to the messages of the same correlation */
};

struct hep_packet {
	__u8 family;              /* 4 or 6 */
	__u8 transport;           /* IPPROTO_UDP or IPPROTO_TCP */
	__u8 type;                /* enum hep_type */
	__u8 source[16];          /* of IPv4 the first four bytes, network order */
	__u8 destination[16];
	__u16 source_port;        /* host order */
	__u16 destination_port;
	struct timespec time;     /* since 1970 */
	const char *correlation;  /* NULL: none */
	const void *payload;      /* what does not fit is cut off */
	size_t length;
};

/* Who sends it. */
struct hep_agent {
	__u32 id;
	char key[HEP_KEY];        /* "": none. It goes over the network as it is. */
};

/* How many bytes were written to `to`. */
size_t hep_write(const struct hep_packet *packet, const struct hep_agent *agent,
		 __u8 to[HEP_MOST]);

#endif
