/* SPDX-License-Identifier: GPL-2.0-only */
/* The header of the link: Ethernet, VLAN tags, PPPoE, or none. */
#ifndef SIPGUARD_LINK_BPF_H
#define SIPGUARD_LINK_BPF_H

#include <stdbool.h>
#include <linux/if_ether.h>
#include <bpf/bpf_endian.h>

#include "hook.bpf.h"
#include "numbers.h"

#define ETH_P_QINQ2 0x9200 /* beside ETH_P_QINQ1: what switches wrote before 802.1ad */
#define VLAN_ID 0x0fff /* of a tag's control; 0 is none, but a priority */
#define PPP_IP 0x21
#define PPP_IPV6 0x57

/*
 * Bytes of the header of the link, set before loading: 14, Ethernet, or 0, for interfaces whose
 * packets begin with the IP header (tun, ppp, WireGuard).
 */
const volatile __u32 sg_link_header = ETH_HLEN;

/* What is still to be read of the frame. */
struct cursor {
	const __u8 *at;
	const __u8 *end;
};

struct vlan_header {
	__be16 control;
	__be16 protocol;
};

/* Moves past `size` bytes; NULL if the frame ends before. */
static __always_inline const void *packet_pull(struct cursor *c, __u32 size)
{
	const __u8 *header = c->at;

	if (header + size > c->end)
		return NULL;
	c->at = header + size;
	return header;
}

/* Of 802.1Q, and what was before 802.1ad, which Linux does not take off but others do. */
static __always_inline bool is_tag(__be16 protocol)
{
	return protocol == bpf_htons(ETH_P_8021Q) || protocol == bpf_htons(ETH_P_8021AD) ||
	       protocol == bpf_htons(ETH_P_QINQ1) || protocol == bpf_htons(ETH_P_QINQ2);
}

/* RFC 2516 section 4 */
struct pppoe_header {
	__u8 version;
	__u8 code;
	__be16 session;
	__be16 length;
};

static __always_inline __be16 ppp_protocol(__u32 protocol)
{
	if (protocol == PPP_IP)
		return bpf_htons(ETH_P_IP);
	return protocol == PPP_IPV6 ? bpf_htons(ETH_P_IPV6) : 0;
}

/*
 * What a PPPoE session carries, as the protocol of Ethernet; 0 if it is neither IPv4 nor IPv6. Its
 * number is odd, so one byte is enough (RFC 1661 section 6.5); Linux takes both forms.
 */
static __always_inline __be16 packet_pppoe(struct cursor *c)
{
	const __u8 *protocol;

	if (!packet_pull(c, sizeof(struct pppoe_header)))
		return 0;
	protocol = packet_pull(c, 1);
	if (!protocol)
		return 0;
	if (protocol[0] & 1)
		return ppp_protocol(protocol[0]);
	if (!packet_pull(c, 1))
		return 0;
	return ppp_protocol(protocol[0] << 8 | protocol[1]);
}

/* Where there is no header of the link, the version of IP tells. */
static __always_inline __be16 packet_version(const struct cursor *c)
{
	if (c->at + 1 > c->end)
		return 0;
	switch (*c->at >> 4) {
	case 4:
		return bpf_htons(ETH_P_IP);
	case 6:
		return bpf_htons(ETH_P_IPV6);
	default:
		return 0;
	}
}

/*
 * Network order of the protocol behind Ethernet, tags and PPPoE; 0 if the frame ends before, that
 * of a tag if there are more than we follow. Linux takes off one tag after the other, as far as
 * they have a VLAN device or say nothing but a priority (VID 0). *vlan, 0 before, becomes the ID of
 * the outermost tag that has one.
 */
static __always_inline __be16 packet_link(struct cursor *c, __u16 *vlan)
{
	const struct vlan_header *tag;
	const struct ethhdr *eth;
	__be16 protocol;

	if (!sg_link_header)
		return packet_version(c);
	eth = packet_pull(c, sizeof(*eth));
	if (!eth)
		return 0;
	protocol = eth->h_proto;
	for (int i = 0; i < SG_VLAN_TAGS && is_tag(protocol); i++) {
		tag = packet_pull(c, sizeof(*tag));
		if (!tag)
			return 0;
		protocol = tag->protocol;
		if (!*vlan)
			*vlan = bpf_ntohs(tag->control) & VLAN_ID;
	}
	return protocol == bpf_htons(ETH_P_PPP_SES) ? packet_pppoe(c) : protocol;
}

#endif
