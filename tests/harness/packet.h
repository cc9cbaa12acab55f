/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Builds frames from a description. What is not said is what a good packet has: the zero value of
 * every field is an OPTIONS request over UDP and IPv4 to port 5060, in an untagged Ethernet frame.
 *
 * Checksums are no sums unless `sums` is set: the guard only compares them.
 */
#ifndef SIPGUARD_TEST_PACKET_H
#define SIPGUARD_TEST_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/if_ether.h>
#include <linux/types.h>
#include <netinet/in.h>

#define FRAME_MAX 16384
/* Who sends, and who gets it, if nothing else is said. */
#define PACKET_CLIENT4 "192.0.2.1"
#define PACKET_SERVER4 "198.51.100.1"
#define PACKET_SERVER6 "2001:db8:ffff::1"
#define TCP_SEQ 0xfffffff0U /* the numbers wrap within the first message */
#define TCP_SEQ_ACK 5000

#define SIP_HEADERS(method)                                                                       \
	"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK776asdhds\r\n"                             \
	"Max-Forwards: 70\r\n"                                                                    \
	"To: Bob <sip:bob@example.com>\r\n"                                                       \
	"From: Alice <sip:alice@example.com>;tag=1928301774\r\n"                                  \
	"Call-ID: a84b4c76e66710@192.0.2.1\r\n"                                                   \
	"CSeq: 314159 " method "\r\n"                                                             \
	"Content-Length: 0\r\n\r\n"
#define SIP_REQUEST(method) method " sip:bob@example.com SIP/2.0\r\n" SIP_HEADERS(method)
#define SIP_RESPONSE "SIP/2.0 200 OK\r\n" SIP_HEADERS("OPTIONS")
/* Fields of struct packet_spec. */
#define OVER_TCP .transport = IPPROTO_TCP
#define BYTES(bytes) .payload = (bytes), .length = sizeof(bytes) - 1
#define EIGHT_TAGS                                                                                \
	.vlan = {ETH_P_8021AD, ETH_P_8021Q, ETH_P_QINQ1, 0x9200, ETH_P_8021Q, ETH_P_8021Q,        \
		 ETH_P_8021AD, ETH_P_8021Q}

#define IPV6_A "2001:db8:1:2::a"
#define IPV6_B "2001:db8:1:2:ffff::b" /* in the same /64 */
#define IPV6_C "2001:db8:1:3::c"      /* in the /64 next to it */

/* Binary, as UDP floods are, and longer than any keepalive. */
#define NOT_SIP "\x80\x12\x34\x56\x00\x00\x10\xe1\x9a\xbc\xde\xf0 some bytes of another protocol"

struct packet_spec {
	/* Ethernet; none of it if packet_bare is set */
	__u16 vlan[10];       /* protocols of the tags, outermost first; 0 ends them */
	__u16 vid[10];        /* their IDs; 0: 100 */
	bool priority;        /* the tags have VID 0, not 100 */
	__u16 ethertype;      /* instead of that of IPv4 or IPv6 */
	bool pppoe;           /* in a session of PPP over Ethernet */
	__u16 ppp;            /* protocol there, instead of that of IPv4 or IPv6 */
	bool ppp_short;       /* in one byte */
	size_t pad;           /* bytes behind the IP packet, as Ethernet adds below 60 */
	char pad_byte;

	/* IP; an address with a colon makes it IPv6 */
	const char *source;
	const char *destination;
	__u8 options;         /* bytes of IPv4 options, a multiple of 4 */
	__u8 ihl;             /* instead of the right one */
	__u8 version;         /* instead of the right one */
	int length_error;     /* added to the length in the IP header */
	bool length_zero;     /* it is 0 */
	/*
	 * IPv6 extension headers: h hop-by-hop, r routing, d destination options, D the same with
	 * 1024 bytes, L with 256, j hop-by-hop with a jumbo payload, a AH, f fragment. Those behind
	 * f are part of what is fragmented. Of IPv4: a, as often as it likes.
	 */
	const char *chain;

	/* A fragment; for IPv6 "f" is added to the chain if it is not there. */
	__u32 id;             /* 0: not a fragment */
	size_t offset;        /* of this fragment, in bytes, a multiple of 8 */
	size_t size;          /* of this fragment; 0: up to the end of the datagram */
	bool more;            /* sets the flag in the last one, too */

	/* Transport */
	__u8 transport;       /* IPPROTO_; 0: UDP. Others than UDP and TCP are only a payload. */
	__u16 sport;          /* 0: 40000 */
	bool sport_zero;
	__u16 dport;          /* 0: 5060 */
	int udp_length_error; /* added to the length in the UDP header */
	__u8 tcp_options;     /* bytes, a multiple of 4 */
	__u8 tcp_offset;      /* data offset in words, instead of the right one */
	bool syn;             /* SYN alone; otherwise PSH and ACK */
	bool ack;             /* with syn: SYN and ACK */
	bool urgent;
	/*
	 * Sequence and acknowledgment number. If it is not numbered, the segment is the first one
	 * of a new connection, whose handshake fixture_run() has seen: TCP_SEQ and TCP_SEQ_ACK.
	 */
	bool numbered;
	__u32 seq, ack_seq;
	bool stray;           /* there was no handshake */

	const char *payload;  /* NULL: an OPTIONS request, or nothing with syn */
	size_t length;        /* of payload; 0: up to its NUL */
	size_t fill;          /* as many 'x' follow the payload */
	bool again;           /* the branch that the packet before had, not a new one */
	/* For a network stack: sums are right. A UDP header of a wrong length has none. */
	bool sums;
};

/* Packets begin with the IP header, as those of tun do. */
extern bool packet_bare;

/* Whether the packet has what only a header of the link can tell. */
bool packet_needs_link(const struct packet_spec *spec);

/* Writes the frame to `frame`, which has FRAME_MAX bytes, and returns its length. */
size_t packet_build(const struct packet_spec *spec, __u8 *frame);

/* Bytes of what is fragmented: the transport header, the payload, extension headers behind f. */
size_t packet_fragmentable(const struct packet_spec *spec);

/* Puts the right sum into a header of IPv4 whose length is right, options included. */
void packet_sum_ipv4(__u8 *header);

/* Whether the packet is IPv6. */
bool packet_is_ipv6(const struct packet_spec *spec);

#endif
