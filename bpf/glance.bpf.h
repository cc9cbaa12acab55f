/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Step 1, as nearly all packets take it: without a call, and no further than it takes to see that a
 * packet is for no guarded port.
 */
#ifndef SIPGUARD_GLANCE_BPF_H
#define SIPGUARD_GLANCE_BPF_H

#include "packet.bpf.h"

/* As far as a packet is read that turns out not to be for a guarded port. */
struct glance {
	const void *network; /* the IP header */
	const __be16 *ports;
	const __u8 *end;
	__u16 port;          /* destination, host order */
	__u8 transport;
	__u8 family;
};

/*
 * Nearly all packets are plain: no VLAN tag, IP options, extension header or fragment. They take
 * this way and that of packet_read_plain(), without a call, since a return costs 8 ns where the
 * kernel guards it against speculation (SRSO, retbleed). False for the others. UDP and TCP have
 * their ports at the same place.
 */
static __always_inline bool packet_glance(hook_ctx *ctx, struct glance *glance)
{
	struct cursor cursor = {(void *)(long)ctx->data, (void *)(long)ctx->data_end};
	struct cursor *c = &cursor;
	const struct ethhdr *eth;
	const struct ipv6hdr *ip6;
	const struct iphdr *ip;
	__be16 protocol;

	if (sg_link_header) {
		eth = packet_pull(c, sizeof(*eth));
		protocol = eth ? eth->h_proto : 0;
	} else {
		protocol = packet_version(c);
	}
	glance->network = c->at;
	glance->end = c->end;
	if (protocol == bpf_htons(ETH_P_IP)) {
		ip = packet_pull(c, sizeof(*ip));
		if (!ip || *(const __u8 *)ip != 0x45 || ip->frag_off & bpf_htons(IP_MF | IP_OFFSET))
			return false;
		glance->family = 4;
		glance->transport = ip->protocol;
	} else if (protocol == bpf_htons(ETH_P_IPV6)) {
		ip6 = packet_pull(c, sizeof(*ip6));
		if (!ip6)
			return false;
		glance->family = 6;
		glance->transport = ip6->nexthdr;
	} else {
		return false;
	}
	glance->ports = packet_pull(c, 2 * sizeof(*glance->ports));
	if (!glance->ports ||
	    (glance->transport != IPPROTO_UDP && glance->transport != IPPROTO_TCP))
		return false;
	glance->port = bpf_ntohs(glance->ports[1]);
	return true;
}

/*
 * Fills in *p from a plain packet of UDP. False if its lengths contradict each other, or those of
 * IPv6 its version: it is then read anew.
 *
 * TCP is not read here, nor is the family taken from the way we came, or the verifier would follow
 * each of them through the whole guard.
 */
static __always_inline bool packet_read_plain(hook_ctx *ctx, struct packet *p,
					      const struct glance *glance, __u32 frame)
{
	const struct udphdr *udp = (const void *)glance->ports;
	const __u8 *payload = (const void *)(udp + 1);
	const struct ipv6hdr *ip6 = glance->network;
	const struct iphdr *ip = glance->network;
	__u32 carried, length; /* by IP; of the UDP datagram */

	__builtin_memset(p, 0, offsetof(struct packet, fragment_key));
	p->transport = IPPROTO_UDP;
	p->port = glance->port;
	p->frame = frame;
	if (payload > glance->end)
		return false;
	if (glance->family == 4) {
		packet_source4(p, ip);
		carried = bpf_ntohs(ip->tot_len) - sizeof(*ip);
	} else {
		packet_source6(p, ip6);
		carried = bpf_ntohs(ip6->payload_len);
	}
	length = bpf_ntohs(udp->len);
	p->family = *(const volatile __u8 *)glance->network >> 4;
	if (p->family != glance->family || length < sizeof(*udp) || (__s32)length > (__s32)carried)
		return false;
	p->source_port = udp->source;
	p->length = length - sizeof(*udp);
	p->datagram = p->length;
	if (p->length > glance->end - payload)
		p->length = glance->end - payload;
	p->offset = payload - (const __u8 *)(long)ctx->data;
	return true;
}

#endif
