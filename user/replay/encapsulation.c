// SPDX-License-Identifier: GPL-2.0-only
#include "replay/encapsulation.h"

#include <netinet/in.h>

#define HEADERS_MAX 16 /* extension headers followed; the guard drops more than 8 */
#define TAGS_MAX 8     /* of VLANs, as the guard has it */
#define ETH_P_QINQ2 0x9200
#define IPPROTO_L2TP_OVER_IP 115

const char *const encapsulation_labels[ENCAPSULATION__MAX] = {
#define X(name, label, text) [ENCAPSULATION_##name] = label,
	ENCAPSULATIONS(X)
#undef X
};

const char *const encapsulation_texts[ENCAPSULATION__MAX] = {
#define X(name, label, text) [ENCAPSULATION_##name] = text,
	ENCAPSULATIONS(X)
#undef X
};

/* What is still to be read. Past the end all bytes are 0, and `cut` is set. */
struct cursor {
	const __u8 *at;
	__u32 left;
	bool cut;
};

static __u8 byte_at(struct cursor *c, __u32 offset)
{
	if (offset < c->left)
		return c->at[offset];
	c->cut = true;
	return 0;
}

static __u16 word_at(struct cursor *c, __u32 offset)
{
	return byte_at(c, offset) << 8 | byte_at(c, offset + 1);
}

static void skip(struct cursor *c, __u32 size)
{
	if (size > c->left) {
		c->cut = true;
		size = c->left;
	}
	c->at += size;
	c->left -= size;
}

static enum encapsulation find_port(struct cursor *c)
{
	switch (word_at(c, 2)) {
	case 4789:
	case 8472: /* Linux before the number was assigned */
		return ENCAPSULATION_VXLAN;
	case 6081:
		return ENCAPSULATION_GENEVE;
	case 2152:
		return ENCAPSULATION_GTP;
	case 1701:
		return ENCAPSULATION_L2TP;
	default:
		return ENCAPSULATION_NONE;
	}
}

/* `later`: a later fragment, which has no ports. */
static enum encapsulation find_transport(struct cursor *c, __u8 protocol, bool later)
{
	switch (protocol) {
	case IPPROTO_IPIP:
	case IPPROTO_IPV6:
		return ENCAPSULATION_IPIP;
	case IPPROTO_GRE:
		return ENCAPSULATION_GRE;
	case IPPROTO_ESP:
		return ENCAPSULATION_ESP;
	case IPPROTO_SCTP:
		return ENCAPSULATION_SCTP;
	case IPPROTO_L2TP_OVER_IP:
		return ENCAPSULATION_L2TP;
	case IPPROTO_UDP:
		return later ? ENCAPSULATION_NONE : find_port(c);
	case IPPROTO_TCP:
		if (!later)
			word_at(c, 2);
		return ENCAPSULATION_NONE;
	default:
		return ENCAPSULATION_NONE;
	}
}

/* Skips one extension header, which has to be none of fragments. The protocol behind it. */
static __u8 skip_extension(struct cursor *c, __u8 protocol)
{
	__u8 next = byte_at(c, 0);

	if (protocol == IPPROTO_AH)
		skip(c, (byte_at(c, 1) + 2) * 4); /* RFC 4302 section 2.2 */
	else
		skip(c, (byte_at(c, 1) + 1) * 8); /* RFC 8200 section 4.2 */
	return next;
}

static enum encapsulation find_ipv4(struct cursor *c)
{
	__u32 header = (byte_at(c, 0) & 15) * 4;
	bool later = word_at(c, 6) & 0x1fff;
	__u8 protocol = byte_at(c, 9);

	skip(c, header < 20 ? 20 : header);
	for (int i = 0; i < HEADERS_MAX && protocol == IPPROTO_AH && !later && !c->cut; i++)
		protocol = skip_extension(c, protocol);
	return find_transport(c, protocol, later);
}

static enum encapsulation find_ipv6(struct cursor *c)
{
	__u8 protocol = byte_at(c, 6);
	bool later = false;

	skip(c, 40);
	for (int i = 0; i < HEADERS_MAX && !later && !c->cut; i++) {
		if (protocol == IPPROTO_FRAGMENT) {
			later = word_at(c, 2) & 0xfff8;
			protocol = byte_at(c, 0);
			skip(c, 8);
		} else if (protocol == IPPROTO_AH || protocol == IPPROTO_HOPOPTS ||
			   protocol == IPPROTO_ROUTING || protocol == IPPROTO_DSTOPTS) {
			protocol = skip_extension(c, protocol);
		} else {
			break;
		}
	}
	return find_transport(c, protocol, later);
}

static bool is_tag(__u16 type)
{
	return type == ETH_P_8021Q || type == ETH_P_8021AD || type == ETH_P_QINQ1 ||
	       type == ETH_P_QINQ2;
}

/* The guard reads IP in a session; control protocols (RFC 1661 section 2) carry no packets. */
static enum encapsulation find_ppp(struct cursor *c)
{
	__u16 protocol;

	skip(c, 6); /* RFC 2516 section 4 */
	protocol = byte_at(c, 0);
	if (protocol & 1) {
		skip(c, 1);
	} else {
		protocol = word_at(c, 0);
		skip(c, 2);
	}
	if (protocol == 0x21)
		return find_ipv4(c);
	if (protocol == 0x57)
		return find_ipv6(c);
	return protocol >= 0x8000 || c->cut ? ENCAPSULATION_NONE : ENCAPSULATION_PPPOE;
}

static enum encapsulation find(struct cursor *c)
{
	__u16 type = word_at(c, ETH_HLEN - 2);

	skip(c, ETH_HLEN);
	for (int i = 0; i < TAGS_MAX && is_tag(type); i++) {
		type = word_at(c, 2);
		skip(c, 4);
	}
	if (is_tag(type))
		return ENCAPSULATION_VLAN;
	switch (type) {
	case ETH_P_IP:
		return find_ipv4(c);
	case ETH_P_IPV6:
		return find_ipv6(c);
	case ETH_P_MPLS_UC:
	case ETH_P_MPLS_MC:
		return ENCAPSULATION_MPLS;
	case ETH_P_PPP_SES:
		return find_ppp(c);
	default:
		return ENCAPSULATION_NONE;
	}
}

enum encapsulation encapsulation_find(const struct frame *frame, bool *cut)
{
	struct cursor cursor = {frame->bytes, frame->length, false};
	enum encapsulation found = find(&cursor);

	*cut = cursor.cut && found == ENCAPSULATION_NONE;
	return found;
}
