/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Step 1, as nearly all packets take it: without a call, and no further than it takes to see that a
 * packet is for no guarded port.
 */
#ifndef SIPGUARD_GLANCE_BPF_H
#define SIPGUARD_GLANCE_BPF_H

#include "packet/packet.bpf.h"

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

/* Bytes of the header of UDP; 0 if its length contradicts `carried`, that of IP. */
static __always_inline __u32 plain_udp(struct packet *p, const struct glance *glance, __u32 carried)
{
	const struct udphdr *udp = (const void *)glance->ports;
	__u32 length;

	if ((const __u8 *)(udp + 1) > glance->end)
		return 0;
	length = bpf_ntohs(udp->len);
	if (length < sizeof(*udp) || (__s32)length > (__s32)carried)
		return 0;
	p->udp_sum = packet_udp_sum(udp);
	p->datagram = length - sizeof(*udp);
	return sizeof(*udp);
}

/* The same of TCP. */
static __always_inline __u32 plain_tcp(struct packet *p, const struct glance *glance, __u32 carried)
{
	const struct tcphdr *tcp = (const void *)glance->ports;
	__u32 header;

	if ((const __u8 *)(tcp + 1) > glance->end)
		return 0;
	header = tcp->doff * 4;
	if (header < sizeof(*tcp) || (__s32)header > (__s32)carried)
		return 0;
	p->syn = tcp->syn && !tcp->ack;
	p->tcp_flags = ((const __u8 *)tcp)[13];
	p->seq = bpf_ntohl(tcp->seq);
	p->ack = bpf_ntohl(tcp->ack_seq);
	p->datagram = carried - header;
	return header;
}

/*
 * Fills in *p from a plain packet. False if its lengths contradict each other, or those of IPv6 its
 * version: it is then read anew.
 *
 * The family is not taken from the way we came, or the verifier would follow each of them through
 * the whole guard.
 */
static __always_inline bool packet_read_plain(struct packet *p, const struct glance *glance,
					      __u32 frame)
{
	long here = glance->end - (const __u8 *)glance->ports;
	const struct ipv6hdr *ip6 = glance->network;
	const struct iphdr *ip = glance->network;
	__u32 carried, header;

	__builtin_memset(p, 0, offsetof(struct packet, fragment_key));
	p->transport = glance->transport;
	p->port = glance->port;
	p->source_port = glance->ports[0];
	p->frame = frame;
	p->network = sg_link_header;
	if (glance->family == 4) {
		packet_source4(p, ip->saddr);
		p->destination = ip->daddr;
		carried = bpf_ntohs(ip->tot_len) - sizeof(*ip);
		p->offset = sg_link_header + sizeof(*ip);
	} else {
		packet_source6(p, &ip6->saddr);
		p->destination = packet_fold6(ip6->daddr.in6_u.u6_addr32);
		carried = bpf_ntohs(ip6->payload_len);
		p->offset = sg_link_header + sizeof(*ip6);
	}
	p->family = *(const volatile __u8 *)glance->network >> 4;
	if (p->family != glance->family)
		return false;
	header = glance->transport == IPPROTO_UDP ? plain_udp(p, glance, carried)
						  : plain_tcp(p, glance, carried);
	if (!header || header > here)
		return false;
	p->offset += header;
	p->length = p->datagram;
	if (p->length > here - header)
		p->length = here - header;
	return true;
}

#endif
