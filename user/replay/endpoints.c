// SPDX-License-Identifier: GPL-2.0-only
#include "replay/endpoints.h"

#include <netinet/in.h>

#define TAGS_MAX 8     /* of VLANs, as the guard has it */
#define HEADERS_MAX 8  /* of extension, likewise */
#define ETH_P_QINQ2 0x9200
#define PPPOE_HEADER 6 /* RFC 2516 section 4 */
#define PPP_IP 0x21    /* RFC 1332 section 2, RFC 5072 section 3 */
#define PPP_IPV6 0x57
#define TCP_SYN 0x02
#define TCP_ACK 0x10

/* What is still to be read. */
struct cursor {
	const __u8 *at;
	__u32 left;
};

static __u16 word_at(const struct cursor *c, __u32 offset)
{
	return c->at[offset] << 8 | c->at[offset + 1];
}

static bool skip(struct cursor *c, __u32 size)
{
	if (size > c->left)
		return false;
	c->at += size;
	c->left -= size;
	return true;
}

static bool is_tag(__u16 type)
{
	return type == ETH_P_8021Q || type == ETH_P_8021AD || type == ETH_P_QINQ1 ||
	       type == ETH_P_QINQ2;
}

/* The protocol of a session: with one byte if its lowest bit says so (RFC 1661 section 2). */
static __u16 find_ppp(struct cursor *c)
{
	__u16 protocol = 0;
	__u32 size = 2;

	if (!skip(c, PPPOE_HEADER) || c->left < 2)
		return 0;
	protocol = word_at(c, 0);
	if (c->at[0] & 1) {
		protocol = c->at[0];
		size = 1;
	}
	skip(c, size);
	if (protocol == PPP_IP)
		return ETH_P_IP;
	return protocol == PPP_IPV6 ? ETH_P_IPV6 : 0;
}

/* The Ethernet type of what is behind all that. */
static __u16 find_type(struct cursor *c)
{
	__u16 type;

	if (c->left < ETH_HLEN)
		return 0;
	type = word_at(c, ETH_HLEN - 2);
	skip(c, ETH_HLEN);
	for (int i = 0; i < TAGS_MAX && is_tag(type); i++) {
		if (c->left < 4)
			return 0;
		type = word_at(c, 2);
		skip(c, 4);
	}
	return type == ETH_P_PPP_SES ? find_ppp(c) : type;
}

/* What trails the packet in a short frame is none of it. */
static void end_at(struct cursor *c, __u32 length)
{
	if (length && length < c->left)
		c->left = length;
}

static void key4(struct sg_flow_key *key, const __u8 *address)
{
	*key = (struct sg_flow_key){.address = {0, 0, htonl(0xffff)}, .family = 4};
	memcpy(&key->address[3], address, 4);
}

static void key6(struct sg_flow_key *key, const __u8 *address)
{
	*key = (struct sg_flow_key){.family = 6};
	memcpy(key->address, address, 16);
}

/* The protocol behind IPv4; -1: a later fragment, or cut short. */
static int find_ipv4(struct cursor *c, struct endpoints *ends)
{
	__u32 header;
	__u8 protocol;

	if (c->left < 20)
		return -1;
	header = (c->at[0] & 15) * 4;
	protocol = c->at[9];
	key4(&ends->from, c->at + 12);
	key4(&ends->to, c->at + 16);
	if (header < 20 || word_at(c, 6) & 0x1fff)
		return -1;
	end_at(c, word_at(c, 2));
	return skip(c, header) ? protocol : -1;
}

static int find_ipv6(struct cursor *c, struct endpoints *ends)
{
	__u8 protocol;

	if (c->left < 40)
		return -1;
	protocol = c->at[6];
	end_at(c, word_at(c, 4) + 40);
	key6(&ends->from, c->at + 8);
	key6(&ends->to, c->at + 24);
	return skip(c, 40) ? protocol : -1;
}

/* Past the extension headers, of IPv4 AH alone. The protocol behind them, or -1. */
static int skip_extensions(struct cursor *c, int protocol)
{
	for (int i = 0; i < HEADERS_MAX; i++) {
		__u32 size = 8;

		if (protocol != IPPROTO_AH && protocol != IPPROTO_HOPOPTS &&
		    protocol != IPPROTO_ROUTING && protocol != IPPROTO_DSTOPTS &&
		    protocol != IPPROTO_FRAGMENT)
			return protocol;
		if (c->left < 8 || (protocol == IPPROTO_FRAGMENT && word_at(c, 2) & 0xfff8))
			return -1;
		if (protocol == IPPROTO_AH)
			size = (c->at[1] + 2) * 4; /* RFC 4302 section 2.2 */
		else if (protocol != IPPROTO_FRAGMENT)
			size = (c->at[1] + 1) * 8; /* RFC 8200 section 4.2 */
		protocol = c->at[0];
		if (!skip(c, size))
			return -1;
	}
	return -1;
}

static bool find_transport(struct cursor *c, int protocol, struct endpoints *ends)
{
	__u32 header = protocol == IPPROTO_TCP ? 20 : 8;

	if ((protocol != IPPROTO_UDP && protocol != IPPROTO_TCP) || c->left < header)
		return false;
	memcpy(&ends->from.port, c->at, 2);
	memcpy(&ends->to.port, c->at + 2, 2);
	ends->from.transport = ends->to.transport = protocol;
	if (protocol == IPPROTO_TCP) {
		ends->syn = (c->at[13] & (TCP_SYN | TCP_ACK)) == TCP_SYN;
		header = (c->at[12] >> 4) * 4;
	}
	ends->payload = c->left > header ? c->left - header : 0;
	return true;
}

bool endpoints_find(const struct frame *frame, struct endpoints *ends)
{
	struct cursor cursor = {frame->bytes, frame->length};
	__u16 type = find_type(&cursor);
	int protocol = -1;

	*ends = (struct endpoints){};
	if (type == ETH_P_IP)
		protocol = find_ipv4(&cursor, ends);
	else if (type == ETH_P_IPV6)
		protocol = find_ipv6(&cursor, ends);
	return protocol >= 0 && find_transport(&cursor, skip_extensions(&cursor, protocol), ends);
}
