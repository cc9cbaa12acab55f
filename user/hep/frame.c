// SPDX-License-Identifier: GPL-2.0-only
#include "hep/frame.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#define LINK_MOST 64 /* Ethernet, eight tags and PPPoE have 54 */
#define HEADERS 8    /* extension headers of IPv6, as many as the guard follows */
#define IP4_OFFSET 0x1fff
#define IP6_OFFSET 0xfff8
#define UDP_HEADER 8
#define TCP_HEADER 20

/* What is left of the frame. */
struct rest {
	const __u8 *at;
	size_t left;
};

static __u16 word(const __u8 *at)
{
	return at[0] << 8 | at[1];
}

static void skip(struct rest *rest, size_t bytes)
{
	if (bytes > rest->left)
		bytes = rest->left;
	rest->at += bytes;
	rest->left -= bytes;
}

/* Ends the rest after so many bytes: what pads a short frame is none of the packet. */
static void cut(struct rest *rest, size_t bytes)
{
	if (bytes && bytes < rest->left)
		rest->left = bytes;
}

/*
 * Where the header of the link ends: at the IP header that has the address of the peer. The guard
 * has read it there, behind whatever tags, or without any link.
 */
static bool find_ip(const struct sg_event *event, struct rest *rest)
{
	bool ip4 = event->family == 4;
	size_t size = ip4 ? 4 : 16, own = ip4 ? 12 : 8, header = ip4 ? 20 : 40;
	const __u8 *peer = (const __u8 *)event->address + (ip4 ? 12 : 0);
	size_t at = own + (event->leaves ? size : 0);

	for (int i = 0; i < LINK_MOST && rest->left >= header; i++) {
		if (rest->at[0] >> 4 == event->family && !memcmp(rest->at + at, peer, size))
			return true;
		skip(rest, 1);
	}
	return false;
}

/* The transport; 0 of a later fragment, or if it is not in these bytes. */
static int pass_ip4(struct rest *rest)
{
	__u8 protocol = rest->at[9];
	bool later = word(rest->at + 6) & IP4_OFFSET;

	cut(rest, word(rest->at + 2));
	skip(rest, (rest->at[0] & 15) * 4);
	return later ? 0 : protocol;
}

static int pass_ip6(struct rest *rest)
{
	__u8 next = rest->at[6];
	__u16 length = word(rest->at + 4);

	cut(rest, length ? 40 + length : 0); /* 0: longer than that, by an option */
	skip(rest, 40);
	for (int i = 0; i < HEADERS && rest->left >= 8; i++) {
		const __u8 *header = rest->at;

		switch (next) {
		case IPPROTO_FRAGMENT:
			skip(rest, 8);
			if (word(header + 2) & IP6_OFFSET)
				return 0;
			break;
		case IPPROTO_AH:
			skip(rest, (header[1] + 2) * 4);
			break;
		case IPPROTO_HOPOPTS:
		case IPPROTO_ROUTING:
		case IPPROTO_DSTOPTS:
		case IPPROTO_MH:
			skip(rest, (header[1] + 1) * 8);
			break;
		default:
			return next;
		}
		next = header[0];
	}
	return 0;
}

static void read_transport(struct rest *rest, int transport, struct hep_packet *p)
{
	size_t header = transport == IPPROTO_UDP ? UDP_HEADER : TCP_HEADER;

	if ((transport != IPPROTO_UDP && transport != IPPROTO_TCP) || rest->left < header)
		return;
	p->transport = transport;
	p->source_port = word(rest->at);
	p->destination_port = word(rest->at + 2);
	if (transport == IPPROTO_UDP)
		cut(rest, word(rest->at + 4));
	else
		header = (rest->at[12] >> 4) * 4;
	skip(rest, header);
	p->payload = rest->at;
	p->length = rest->left;
}

/* As the event has it: of the peer, and of this host the port. */
static void set_known(const struct sg_event *event, struct hep_packet *p)
{
	bool ip4 = event->family == 4;
	__u8 *peer = event->leaves ? p->destination : p->source;

	*p = (struct hep_packet){.family = event->family, .payload = ""};
	p->transport = event->transport ? event->transport : IPPROTO_UDP;
	memcpy(peer, (const __u8 *)event->address + (ip4 ? 12 : 0), ip4 ? 4 : 16);
	p->source_port = event->leaves ? event->own_port : ntohs(event->port);
	p->destination_port = event->leaves ? ntohs(event->port) : event->own_port;
}

bool frame_read(const struct sg_event *event, struct hep_packet *p)
{
	struct rest rest = {(const __u8 *)(event + 1), event->kept};
	bool ip4 = event->family == 4;
	size_t size = ip4 ? 4 : 16, source = ip4 ? 12 : 8;

	set_known(event, p);
	if (!find_ip(event, &rest))
		return false;
	memcpy(p->source, rest.at + source, size);
	memcpy(p->destination, rest.at + source + size, size);
	read_transport(&rest, ip4 ? pass_ip4(&rest) : pass_ip6(&rest), p);
	return true;
}
