/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Step 1: from the Ethernet header to the payload of UDP or TCP. Reads headers, judges nothing.
 */
#ifndef SIPGUARD_PACKET_BPF_H
#define SIPGUARD_PACKET_BPF_H

#include <stdbool.h>
#include <linux/bpf.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "abi.h"
#include "packet/link.bpf.h"

#define OFFSET_MAX 0x3ff /* of a message in its frame; keeps the verifier's ranges small */
#define IP_MF 0x2000
#define IP_OFFSET 0x1fff
#define IP6_MF 0x0001
#define IP6_OFFSET 0xfff8

/*
 * What a packet is. Plain numbers only: the struct is handed to global functions, after which the
 * verifier knows nothing of its content, and that is wanted: pointers would be lost, but so are the
 * thousand ways by which the reader may have come to a number.
 */
struct packet {
	/*
	 * Of the peer, who may have sent it or, at egress, gets it: so flows, lists and zones are
	 * found by the same functions.
	 */
	__u64 source;        /* see sg_source4() */
	union {
		__u8 address[16];
		__u32 address32[4];
	};                   /* its address; IPv4 as ::ffff:0:0/96 */
	__u32 length;        /* of the message, as far as it lies in this buffer */
	__u32 datagram;      /* of the message, as far as it lies in this packet */
	__u32 offset;        /* of the message in the frame */
	__u16 source_port;   /* of the peer, network order */
	__u16 port;          /* our own, host order */
	__u8 family;         /* 4 or 6 */
	__u8 transport;      /* IPPROTO_UDP or IPPROTO_TCP */
	__u8 first_fragment; /* flags */
	__u8 later_fragment;
	__u8 syn;
	__u8 malformed;      /* the lengths of the headers contradict each other */
	__u8 tiny;           /* a first fragment that ends inside the TCP header */
	__u8 cut;            /* it ends inside its extension headers */
	__u8 stream;         /* enum stream: what a segment of TCP is to its connection */
	__u8 tcp_flags;      /* TCP_... */
	__u64 flow;          /* the hash of its flow, see flow_know() */
	__u32 frame;         /* length of the frame */
	__u32 whole;         /* of the message whose first fragment this is, by its UDP header */
	__u32 held;          /* bytes of the message that came in earlier segments */
	__u8 fresh;          /* flag: nothing of its connection was read before */
	__u8 paid;           /* flag: the message was charged when it began; */
	__u8 more;           /* flag: its frame has more messages than one */
	__u8 skims;          /* flag: its messages are only read, since one has */
	__u8 worst;          /* this reason; of several datagrams that of the first bad one */
	__u8 bad;            /* of those: how many would be dropped, */
	__u8 good;           /* and how many would not */
	__u16 kind;          /* KIND of the message, if it is one of a stream or one of several */
	__u16 part;          /* bytes of each datagram of a coalesced frame; 0: it has one */
	__u8 assumed;        /* enum stream_assumed: how sure it is that a message begins there */
	__u8 unread;         /* enum stream: what it would be without a guess; 0: there was none */
	__u8 behind;         /* the reason for which the segment before it was dropped, or none */
	__u8 loaded;         /* flag: the reader has the message already */
	__u8 leaves;         /* flag: our own host sends it */
	__u32 rest;          /* bytes of those that are still to come */
	__u32 udp_sum;       /* checksum and length, as they stand in the header of UDP */
	__u16 vlan;          /* ID of its outermost VLAN; 0: none */
	__u8 sealed;         /* flag: AH signs it */
	/* From here on packet_read_plain() sets nothing. */
	__u64 fragment_key;  /* folds source, destination, id and transport of a fragment */
	__u64 destination;   /* a fold of our own address */
	__u64 connection;    /* the hash of its connection, see streams.bpf.h */
	__u64 transaction;   /* the key of its transaction, see transaction.bpf.h */
	__u64 call;          /* of a request: a number for its Call-ID, see transaction_call() */
	__u32 seq;           /* sequence number of the byte at `offset` */
	__u32 ack;           /* acknowledgment number */
	__u16 network;       /* offset of the IP header */
	__u8 methods[16];    /* if there are more: how many have which method */
	/* What its request tells of who sends it, as in struct sg_transaction. */
	__u32 user;
	__u16 asked;
	__u16 credentials;
	__u8 owner;
	__u8 checked;
	__u8 waits;
	__u8 known;          /* flag: the source is known to have the user of its credentials */
	__u8 mixed;
	__u8 begins;
	__u8 roams;          /* flag: its nonce is its user's, from elsewhere */
	__u8 place;          /* of its transaction, see transaction_place() */
	__u8 recalled;       /* flag, of a reply: its request is remembered */
};

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10
#define TCP_URG 0x20

enum packet_kind {
	PACKET_FOREIGN,  /* neither UDP nor TCP over IP, or too short to tell */
	PACKET_CHAIN,    /* more extension headers of IP than we follow */
	PACKET_TAGS,     /* more VLAN tags than we follow */
	PACKET_FRAGMENT, /* a later fragment: has no ports */
	PACKET_PORTS,    /* ports, length and payload are set */
};

/*
 * Not a hash with a secret: who can forge the source address of a fragment needs no collision to
 * have it judged like another one. It only has to spread.
 */
static __always_inline __u64 fragment_fold(__u64 source, __u64 destination, __u32 id,
					   __u8 transport)
{
	__u64 key = source * 0x9e3779b97f4a7c15ULL;

	key = (key ^ (key >> 29) ^ destination) * 0xbf58476d1ce4e5b9ULL;
	key = (key ^ (key >> 32) ^ id ^ ((__u64)transport << 32)) * 0x94d049bb133111ebULL;
	return key ^ (key >> 31);
}

static __always_inline void packet_fragment(struct packet *p, bool first, __u64 destination,
					    __u32 id)
{
	p->first_fragment = first;
	p->later_fragment = !first;
	p->fragment_key = fragment_fold(p->source, destination, id, p->transport);
}

/* A fold of an address of IPv6, or of IPv4 as ::ffff:0:0/96. */
static __always_inline __u64 packet_fold6(const __u32 *address)
{
	return (__u64)(address[0] ^ address[2]) << 32 | (address[1] ^ address[3]);
}

static __always_inline void packet_source4(struct packet *p, __be32 address)
{
	p->source = sg_source4(address);
	p->address32[0] = p->address32[1] = 0; /* an earlier packet may have left its own */
	p->address32[2] = bpf_htonl(0xffff);
	p->address32[3] = address;
}

static __always_inline void packet_source6(struct packet *p, const struct in6_addr *address)
{
	__builtin_memcpy(p->address, address, 16);
	p->source = sg_source6(p->address32[0], p->address32[1]);
}

/* Both ends; at egress it is the peer who gets the packet. */
static __always_inline void packet_ends4(struct packet *p, const struct iphdr *ip)
{
	packet_source4(p, p->leaves ? ip->daddr : ip->saddr);
	p->destination = p->leaves ? ip->saddr : ip->daddr;
}

static __always_inline void packet_ends6(struct packet *p, const struct ipv6hdr *ip)
{
	const struct in6_addr *own = p->leaves ? &ip->saddr : &ip->daddr;

	packet_source6(p, p->leaves ? &ip->daddr : &ip->saddr);
	p->destination = packet_fold6(own->in6_u.u6_addr32);
}

/* Both begin with their ports. */
static __always_inline void packet_ports(struct packet *p, const __be16 *ports)
{
	p->source_port = ports[p->leaves ? 1 : 0];
	p->port = bpf_ntohs(ports[p->leaves ? 0 : 1]);
}

/*
 * Leaves p->transport 0, which is neither UDP nor TCP, if there is no whole IPv4 header. The length
 * of coalesced segments of TCP beyond 64 KB (BIG TCP) does not fit and is 0.
 */
static __always_inline void packet_ipv4(hook_ctx *ctx, struct cursor *c, struct packet *p)
{
	const struct iphdr *ip = packet_pull(c, sizeof(*ip));
	__u32 header, total;
	__u16 offset;

	if (!ip || ip->version != 4)
		return;
	header = ip->ihl * 4;
	total = bpf_ntohs(ip->tot_len);
	if (!total && ip->protocol == IPPROTO_TCP)
		total = p->frame - (p->offset & OFFSET_MAX);
	if (header < sizeof(*ip) || total < header)
		return;
	if (!packet_pull(c, header - sizeof(*ip)))
		return;
	p->family = 4;
	p->transport = ip->protocol;
	packet_ends4(p, ip);
	p->length = total - header;
	p->offset = c->at - (const __u8 *)(long)ctx->data;
	offset = bpf_ntohs(ip->frag_off);
	if (offset & (IP_MF | IP_OFFSET))
		packet_fragment(p, !(offset & IP_OFFSET), ip->daddr, ip->id);
}

/* The common start of the extension headers; AH counts its length in another unit. */
struct extension_header {
	__u8 next;
	__u8 length;
	__be16 offset;
	__be32 id;
};

static __always_inline __u32 packet_udp_sum(const struct udphdr *udp)
{
	return (__u32)udp->check << 16 | udp->len;
}

/*
 * The length of a UDP message is that of its own header, inside that of the IP packet, inside
 * that of the frame: Ethernet pads, and a first fragment holds less than the header says.
 */
static __always_inline bool packet_udp(struct cursor *c, struct packet *p)
{
	const struct udphdr *udp = packet_pull(c, sizeof(*udp));
	__u32 length;

	if (!udp || p->length < sizeof(*udp))
		return false;
	packet_ports(p, &udp->source);
	p->udp_sum = packet_udp_sum(udp);
	length = bpf_ntohs(udp->len);
	/* A length of 0 is a jumbogram's (RFC 2675): Linux takes it in any packet of IPv6. */
	p->malformed = length < sizeof(*udp) || (length > p->length && !p->first_fragment);
	if (length >= sizeof(*udp) && length < p->length)
		p->length = length;
	p->length -= sizeof(*udp);
	if (p->first_fragment && length >= sizeof(*udp))
		p->whole = length - sizeof(*udp);
	return true;
}

static __always_inline bool packet_tcp(struct cursor *c, struct packet *p)
{
	const __be16 *ports = (const void *)c->at;
	const struct tcphdr *tcp;
	__u32 header;

	/* The shortest fragment has 8 bytes, so the ports are always in the first one. */
	if (c->at + 2 * sizeof(*ports) > c->end || p->length < 2 * sizeof(*ports))
		return false;
	packet_ports(p, ports);
	tcp = packet_pull(c, sizeof(*tcp));
	header = tcp ? tcp->doff * 4 : 0;
	if (header < sizeof(*tcp) || header > p->length ||
	    !packet_pull(c, header - sizeof(*tcp))) {
		p->tiny = p->first_fragment;
		p->length = 0;
		return p->tiny;
	}
	p->syn = tcp->syn && !tcp->ack;
	p->tcp_flags = ((const __u8 *)tcp)[13];
	p->seq = bpf_ntohl(tcp->seq);
	p->ack = bpf_ntohl(tcp->ack_seq);
	p->length -= header;
	return true;
}

/* IPv4 has no extension headers but that one which secures the rest. */
static __always_inline bool is_extension(const struct packet *p)
{
	__u8 protocol = p->transport;

	if (p->family == 4)
		return protocol == IPPROTO_AH;
	return protocol == IPPROTO_HOPOPTS || protocol == IPPROTO_ROUTING ||
	       protocol == IPPROTO_DSTOPTS || protocol == IPPROTO_FRAGMENT ||
	       protocol == IPPROTO_AH;
}

static __always_inline enum packet_kind packet_transport(struct cursor *c, struct packet *p)
{
	bool udp = p->transport == IPPROTO_UDP, tcp = p->transport == IPPROTO_TCP;

	/* Other headers may stand between the fragment header and UDP (RFC 8200 section 4.1). */
	if (p->later_fragment)
		return udp || tcp || is_extension(p) ? PACKET_FRAGMENT : PACKET_FOREIGN;
	if (!(udp && packet_udp(c, p)) && !(tcp && packet_tcp(c, p))) {
		/*
		 * A first fragment that ends in its extension headers keeps its ports back for the
		 * next one (RFC 7112), and Linux puts the two together.
		 */
		if (p->first_fragment && p->cut)
			return PACKET_CHAIN;
		/* Not remembered, or what follows would pass as the rest of a foreign datagram. */
		p->first_fragment = 0;
		return PACKET_FOREIGN;
	}
	p->datagram = p->length;
	if (p->length > c->end - c->at)
		p->length = c->end - c->at;
	return PACKET_PORTS;
}

/* Bytes of headers, with the start of the message that tells its class. */
#define HEADERS_PLAIN 192
#define HEADERS_MAX (OFFSET_MAX + 129)

/*
 * An skb may lie in pieces: brings `size` bytes of it, if it has them, into the first, where
 * pointers reach. Nearly always they are there. XDP gets its headers in one buffer, and a shadow
 * finds what the guard has brought: a program that changes the packet could not stand in for a
 * function that does not (6.13 on, and 6.12 of today).
 */
#if HOOK_SKB && !SHADOW
static __always_inline void headers_pull(hook_ctx *ctx, __u32 frame, __u32 size)
{
	__u32 there = ctx->data_end - ctx->data;

	if (there < size && there < frame)
		bpf_skb_pull_data(ctx, size < frame ? size : frame);
}
#else
#define headers_pull(ctx, frame, size) do { } while (0)
#endif

/* Continues where p->offset says. */
static __always_inline struct cursor cursor_at(hook_ctx *ctx, const struct packet *p)
{
	struct cursor c = {(void *)(long)ctx->data, (void *)(long)ctx->data_end};

	c.at += p->offset & OFFSET_MAX;
	return c;
}

/*
 * Reads one extension header, p->transport, and sets p->transport to what follows it; to
 * IPPROTO_NONE and p->cut if it is cut off, to itself if it is longer than we reach. `destination`
 * is a fold of the destination address.
 *
 * Global: inlined in the loop, its ways multiply (over 20 s in the verifier, clang 19, 6.18).
 */
__noinline int packet_extension(hook_ctx *ctx, struct packet *p, __u64 destination)
{
	const struct extension_header *header;
	struct cursor cursor, *c = &cursor;
	__u32 size = sizeof(*header);
	__u16 fragment;
	__u8 type;

	if (!p)
		return 0;
	cursor = cursor_at(ctx, p);
	type = p->transport;
	p->transport = IPPROTO_NONE;
	p->cut = 1;
	header = packet_pull(c, sizeof(*header));
	if (!header)
		return 0;
	if (type == IPPROTO_AH)
		size = (header->length + 2) * 4; /* RFC 4302 section 2.2 */
	else if (type != IPPROTO_FRAGMENT)
		size = (header->length + 1) * 8; /* RFC 8200 section 4.2 */
	if (size < sizeof(*header) || size > p->length)
		return 0;
	p->cut = 0;
	if (p->offset + size > OFFSET_MAX) {
		p->transport = type; /* out of reach: to the caller the chain does not end */
		return 0;
	}
	p->offset += size;
	p->length -= size;
	p->transport = header->next;
	p->sealed |= type == IPPROTO_AH;
	fragment = bpf_ntohs(header->offset);
	/* With neither bit set it is whole (an "atomic fragment", RFC 6946). */
	if (type == IPPROTO_FRAGMENT && fragment & (IP6_MF | IP6_OFFSET))
		packet_fragment(p, !(fragment & IP6_OFFSET), destination, header->id);
	return 0;
}

/*
 * As packet_ipv4(). A payload length of 0 is a jumbogram's (RFC 2675), or whatever stands behind
 * hop-by-hop options: of both Linux takes the rest of the frame. So it is of coalesced segments of
 * TCP beyond 64 KB.
 */
static __always_inline __u64 packet_ipv6(hook_ctx *ctx, struct cursor *c, struct packet *p)
{
	const struct ipv6hdr *ip = packet_pull(c, sizeof(*ip));

	if (!ip || ip->version != 6)
		return 0;
	packet_ends6(p, ip);
	p->family = 6;
	p->length = bpf_ntohs(ip->payload_len);
	p->transport = ip->nexthdr;
	p->offset = c->at - (const __u8 *)(long)ctx->data;
	if (!p->length && (ip->nexthdr == IPPROTO_HOPOPTS || ip->nexthdr == IPPROTO_TCP))
		p->length = p->frame - (p->offset & OFFSET_MAX);
	return p->destination ^ p->address32[3];
}

/* Follows the extension headers. False if they are more than we follow. */
static __always_inline bool packet_extensions(hook_ctx *ctx, struct packet *p, __u64 destination)
{
	for (int i = 0; i < SG_EXTENSION_HEADERS; i++) {
		if (p->later_fragment || !is_extension(p))
			return true;
		packet_extension(ctx, p, destination);
	}
	return p->later_fragment || !is_extension(p);
}

/* The outermost tag of an skb is not in the frame. */
static __always_inline void packet_tag(hook_ctx *ctx, struct packet *p)
{
	__u32 vlan = hook_vlan(ctx) & VLAN_ID;

	if (vlan)
		p->vlan = vlan;
}

/*
 * Fills in *p; `leaves`: of a packet at egress. enum packet_kind.
 *
 * Global, so that it is verified once by itself: inlined with the rest of the guard it took over a
 * million instructions (clang 14 and 19, 6.18).
 */
__noinline int packet_read(hook_ctx *ctx, struct packet *p, __u32 frame, __u32 leaves)
{
	struct cursor cursor = {(void *)(long)ctx->data, (void *)(long)ctx->data_end};
	struct cursor *c = &cursor;
	__u64 destination = 0;
	__be16 protocol;
	int kind;

	if (!p)
		return PACKET_FOREIGN;
	*p = (struct packet){.frame = frame, .leaves = leaves};
	protocol = packet_link(c, &p->vlan);
	p->offset = p->network = c->at - (const __u8 *)(long)ctx->data;
	/* So that the verifier forgets how many tags there were. */
	cursor = cursor_at(ctx, p);
	if (is_tag(protocol))
		return PACKET_TAGS;
	if (protocol == bpf_htons(ETH_P_IP))
		packet_ipv4(ctx, c, p);
	else if (protocol == bpf_htons(ETH_P_IPV6))
		destination = packet_ipv6(ctx, c, p);
	if (!packet_extensions(ctx, p, destination))
		return PACKET_CHAIN;
	cursor = cursor_at(ctx, p);
	kind = packet_transport(c, p);
	p->offset = c->at - (const __u8 *)(long)ctx->data;
	return kind;
}

#endif
