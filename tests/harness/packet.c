// SPDX-License-Identifier: GPL-2.0-only
#include "packet.h"

#include <arpa/inet.h>
#include <assert.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <string.h>
#include <stdio.h>

#define OTHER_OR(value, other) ((value) ? (value) : (other))

struct buffer {
	__u8 bytes[FRAME_MAX];
	size_t length;
};

static void put(struct buffer *b, const void *bytes, size_t length)
{
	assert(b->length + length <= sizeof(b->bytes));
	memcpy(b->bytes + b->length, bytes, length);
	b->length += length;
}

static void fill(struct buffer *b, char byte, size_t length)
{
	assert(b->length + length <= sizeof(b->bytes));
	memset(b->bytes + b->length, byte, length);
	b->length += length;
}

bool packet_bare;

bool packet_needs_link(const struct packet_spec *spec)
{
	return spec->vlan[0] || spec->ethertype || spec->pppoe;
}

bool packet_is_ipv6(const struct packet_spec *spec)
{
	return spec->source && strchr(spec->source, ':');
}

static __u8 transport_of(const struct packet_spec *spec)
{
	return OTHER_OR(spec->transport, IPPROTO_UDP);
}

/* Each message is a transaction of its own, unless it shall be the one before it again. */
static unsigned int transactions;

static void number_branch(struct buffer *b, size_t start, const struct packet_spec *spec)
{
	static const char branch[] = "branch=z9hG4bK776asdhds";
	char number[16];
	__u8 *at = memmem(b->bytes + start, b->length - start, branch, strlen(branch));

	transactions += !spec->again;
	if (!at)
		return;
	snprintf(number, sizeof(number), "%09u", transactions);
	memcpy(at + strlen(branch) - strlen(number), number, strlen(number));
}

static void put_payload(struct buffer *b, const struct packet_spec *spec)
{
	const char *payload = OTHER_OR(spec->payload, spec->syn ? "" : SIP_REQUEST("OPTIONS"));
	size_t start = b->length;

	put(b, payload, OTHER_OR(spec->length, strlen(payload)));
	number_branch(b, start, spec);
	fill(b, 'x', spec->fill);
}

/* Adds bytes to a sum of RFC 1071, from an even place on. */
static __u32 sum_add(__u32 sum, const __u8 *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		sum += i % 2 ? bytes[i] : bytes[i] << 8;
	return sum;
}

static __be16 sum_end(__u32 sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(~sum);
}

void packet_sum_ipv4(__u8 *header)
{
	__u8 *check = header + offsetof(struct iphdr, check);
	__be16 sum = 0;

	memcpy(check, &sum, sizeof(sum));
	sum = sum_end(sum_add(0, header, (header[0] & 15) * 4));
	memcpy(check, &sum, sizeof(sum));
}

static const char *source_of(const struct packet_spec *spec)
{
	return OTHER_OR(spec->source, PACKET_CLIENT4);
}

static const char *destination_of(const struct packet_spec *spec)
{
	return OTHER_OR(spec->destination,
			packet_is_ipv6(spec) ? PACKET_SERVER6 : PACKET_SERVER4);
}

/* Of a whole segment or datagram, whose own sum is 0 yet. */
static __be16 transport_sum(const struct packet_spec *spec, const __u8 *bytes, size_t length)
{
	int family = packet_is_ipv6(spec) ? AF_INET6 : AF_INET;
	size_t size = family == AF_INET6 ? 16 : 4;
	__u32 sum = transport_of(spec) + length;
	__u8 address[16];

	inet_pton(family, source_of(spec), address);
	sum = sum_add(sum, address, size);
	inet_pton(family, destination_of(spec), address);
	sum = sum_add(sum, address, size);
	return sum_end(sum_add(sum, bytes, length));
}

static void put_udp(struct buffer *b, const struct packet_spec *spec)
{
	/* The same message has the same, and another one another. */
	__u16 made_up = 1 + (transactions + !spec->again) % 65535;
	struct udphdr udp = {
		.check = htons(spec->sums ? 0 : made_up),
		.source = htons(spec->sport_zero ? 0 : OTHER_OR(spec->sport, 40000)),
		.dest = htons(OTHER_OR(spec->dport, 5060)),
	};
	size_t start = b->length;

	put(b, &udp, sizeof(udp));
	put_payload(b, spec);
	udp.len = htons(b->length - start + spec->udp_length_error);
	memcpy(b->bytes + start, &udp, sizeof(udp));
	if (!spec->sums || spec->udp_length_error)
		return;
	udp.check = transport_sum(spec, b->bytes + start, b->length - start);
	udp.check = OTHER_OR(udp.check, 0xffff);
	memcpy(b->bytes + start, &udp, sizeof(udp));
}

static void put_tcp(struct buffer *b, const struct packet_spec *spec)
{
	struct tcphdr tcp = {
		.source = htons(spec->sport_zero ? 0 : OTHER_OR(spec->sport, 40000)),
		.dest = htons(OTHER_OR(spec->dport, 5060)),
		.doff = OTHER_OR(spec->tcp_offset, (sizeof(tcp) + spec->tcp_options) / 4),
		.syn = spec->syn,
		.ack = spec->ack || !spec->syn,
		.psh = !spec->syn,
		.urg = spec->urgent,
		.seq = htonl(spec->numbered ? spec->seq : TCP_SEQ),
		.ack_seq = htonl(OTHER_OR(spec->ack_seq, TCP_SEQ_ACK)),
		.window = htons(64240),
	};

	size_t start = b->length;

	put(b, &tcp, sizeof(tcp));
	fill(b, 1, spec->tcp_options); /* NOP */
	put_payload(b, spec);
	if (!spec->sums)
		return;
	tcp.check = transport_sum(spec, b->bytes + start, b->length - start);
	memcpy(b->bytes + start, &tcp, sizeof(tcp));
}

static void put_transport(struct buffer *b, const struct packet_spec *spec)
{
	if (transport_of(spec) == IPPROTO_UDP)
		put_udp(b, spec);
	else if (transport_of(spec) == IPPROTO_TCP)
		put_tcp(b, spec);
	else
		put_payload(b, spec);
}

static __u8 chain_protocol(char letter)
{
	switch (letter) {
	case 'h':
	case 'j':
		return IPPROTO_HOPOPTS;
	case 'r':
		return IPPROTO_ROUTING;
	case 'a':
		return IPPROTO_AH;
	case 'f':
		return IPPROTO_FRAGMENT;
	default:
		return IPPROTO_DSTOPTS;
	}
}

/* The next header that a header before `chain` names. */
static __u8 chain_next(const char *chain, const struct packet_spec *spec)
{
	return *chain ? chain_protocol(*chain) : transport_of(spec);
}

/* All letters but f. */
static void put_extension(struct buffer *b, char letter, __u8 next)
{
	__u8 header[1024] = {next};
	size_t size = 8;

	if (letter == 'D' || letter == 'L') {
		/* Options of a type that is skipped when unknown (RFC 8200 section 4.2). */
		size = letter == 'D' ? sizeof(header) : sizeof(header) / 4;
		header[1] = size / 8 - 1;
		for (size_t at = 2; at + 2 <= size; at += 2 + header[at + 1]) {
			header[at] = 0x1e;
			header[at + 1] = size - at - 2 > 255 ? 250 : size - at - 2;
		}
	} else if (letter == 'j') {
		header[2] = 0xc2; /* RFC 2675 section 2, with the least length that is one */
		header[3] = 4;
		header[5] = 1;
	} else if (letter == 'a') {
		size = 24; /* ICV of 96 bits */
		header[1] = size / 4 - 2;
	} else if (letter != 'r') {
		header[2] = 1; /* PadN */
		header[3] = 4;
	}
	put(b, header, size);
}

/* The chain with f in it if the packet is a fragment. `room` has 32 bytes. */
static const char *chain_of(const struct packet_spec *spec, char *room)
{
	strcpy(room, OTHER_OR(spec->chain, ""));
	if (spec->id && !strchr(room, 'f'))
		strcat(room, "f");
	return room;
}

/* What is fragmented: the headers behind f, and the rest. */
static void put_fragmentable(struct buffer *b, const struct packet_spec *spec)
{
	char room[32];
	const char *chain = strchr(chain_of(spec, room), 'f');

	if (!packet_is_ipv6(spec))
		chain = spec->chain;
	else if (chain)
		chain++;
	for (; chain && *chain; chain++)
		put_extension(b, *chain, chain_next(chain + 1, spec));
	put_transport(b, spec);
}

size_t packet_fragmentable(const struct packet_spec *spec)
{
	struct buffer whole = {.length = 0};

	put_fragmentable(&whole, spec);
	return whole.length;
}

/* Appends this fragment's part of the datagram; true if more fragments follow. */
static bool put_fragment(struct buffer *b, const struct packet_spec *spec)
{
	struct buffer whole = {.length = 0};
	size_t size;

	put_fragmentable(&whole, spec);
	assert(spec->offset <= whole.length && spec->offset % 8 == 0);
	size = OTHER_OR(spec->size, whole.length - spec->offset);
	assert(spec->offset + size <= whole.length);
	put(b, whole.bytes + spec->offset, size);
	return spec->more || spec->offset + size < whole.length;
}

static void put_ipv4(struct buffer *b, const struct packet_spec *spec)
{
	struct iphdr ip = {
		.version = OTHER_OR(spec->version, 4),
		.ihl = OTHER_OR(spec->ihl, (sizeof(ip) + spec->options) / 4),
		.ttl = 64,
		.protocol = chain_next(OTHER_OR(spec->chain, ""), spec),
		.id = htons(spec->id),
	};
	size_t start = b->length;
	bool more;

	inet_pton(AF_INET, source_of(spec), &ip.saddr);
	inet_pton(AF_INET, destination_of(spec), &ip.daddr);
	put(b, &ip, sizeof(ip));
	fill(b, 1, spec->options); /* no operation */
	more = put_fragment(b, spec);
	ip.tot_len = spec->length_zero ? 0 : htons(b->length - start + spec->length_error);
	ip.frag_off = htons((more ? 0x2000 : 0) | spec->offset / 8);
	memcpy(b->bytes + start, &ip, sizeof(ip));
	if (spec->sums && start + ip.ihl * 4 <= b->length)
		packet_sum_ipv4(b->bytes + start);
}

static void put_ipv6(struct buffer *b, const struct packet_spec *spec)
{
	char room[32];
	const char *chain = chain_of(spec, room);
	struct ipv6hdr ip = {
		.version = OTHER_OR(spec->version, 6),
		.hop_limit = 64,
		.nexthdr = chain_next(chain, spec),
	};
	struct {
		__u8 next, reserved;
		__be16 offset;
		__be32 id;
	} fragment = {.id = htonl(spec->id)};
	size_t start = b->length, at = 0;

	inet_pton(AF_INET6, spec->source, &ip.saddr);
	inet_pton(AF_INET6, destination_of(spec), &ip.daddr);
	put(b, &ip, sizeof(ip));
	for (; *chain && *chain != 'f'; chain++)
		put_extension(b, *chain, chain_next(chain + 1, spec));
	if (*chain) {
		fragment.next = chain_next(chain + 1, spec);
		at = b->length;
		put(b, &fragment, sizeof(fragment));
	}
	fragment.offset = htons(spec->offset | put_fragment(b, spec));
	if (at)
		memcpy(b->bytes + at, &fragment, sizeof(fragment));
	ip.payload_len = htons(b->length - start - sizeof(ip) + spec->length_error);
	if (spec->length_zero)
		ip.payload_len = 0;
	memcpy(b->bytes + start, &ip, sizeof(ip));
}

/* RFC 2516 section 4; the length is none that anybody reads. */
static void put_pppoe(struct buffer *b, const struct packet_spec *spec)
{
	static const __u8 session[] = {0x11, 0, 0, 1, 0, 64};
	__u16 protocol = OTHER_OR(spec->ppp, packet_is_ipv6(spec) ? 0x57 : 0x21);
	__u8 bytes[] = {protocol >> 8, protocol};

	put(b, session, sizeof(session));
	put(b, bytes + spec->ppp_short, sizeof(bytes) - spec->ppp_short);
}

static __u16 ethertype_of(const struct packet_spec *spec)
{
	if (spec->ethertype)
		return spec->ethertype;
	if (spec->pppoe)
		return ETH_P_PPP_SES;
	return packet_is_ipv6(spec) ? ETH_P_IPV6 : ETH_P_IP;
}

static void put_ethernet(struct buffer *b, const struct packet_spec *spec)
{
	static const __u8 addresses[2 * ETH_ALEN] = {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2};
	__u16 protocol, tag;

	put(b, addresses, sizeof(addresses));
	for (size_t i = 0; i < sizeof(spec->vlan) / sizeof(spec->vlan[0]) && spec->vlan[i]; i++) {
		protocol = htons(spec->vlan[i]);
		tag = htons(spec->priority ? 0x6000 : spec->vid[i] ? spec->vid[i] : 100);
		put(b, &protocol, sizeof(protocol));
		put(b, &tag, sizeof(tag));
	}
	protocol = htons(ethertype_of(spec));
	put(b, &protocol, sizeof(protocol));
	if (spec->pppoe)
		put_pppoe(b, spec);
}

size_t packet_build(const struct packet_spec *spec, __u8 *frame)
{
	struct buffer b = {.length = 0};

	if (!packet_bare)
		put_ethernet(&b, spec);
	if (packet_is_ipv6(spec))
		put_ipv6(&b, spec);
	else
		put_ipv4(&b, spec);
	fill(&b, spec->pad_byte, spec->pad);
	memcpy(frame, b.bytes, b.length);
	return b.length;
}
