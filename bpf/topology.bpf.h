/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a message that leaves tells of the software and the network behind it, if the profile of who
 * gets it asks. Values that name software are masked where they lie, so that the message keeps its
 * length and its grammar; where private addresses are told in what the peer needs, they are only
 * counted: a masked Via, Contact, Route or body would end the call.
 *
 * Only header fields that end in this packet are masked, since a comment or a quoted string must
 * not lose one of its ends. A segment of TCP that comes again with another beginning (after a
 * change of its size) may be sent as it is.
 */
#ifndef SIPGUARD_TOPOLOGY_BPF_H
#define SIPGUARD_TOPOLOGY_BPF_H

#include "checks/lists.bpf.h"
#include "packet/class.bpf.h"
#include "packet/masking.bpf.h"
#include "sip/reader.h"

#define TOPOLOGY_START 16    /* bytes that tell a message */
#define TOPOLOGY_TURNS 256   /* lines, and blocks of 64 bytes, of a header */
#define TOPOLOGY_MESSAGES 16 /* of one packet; of 64 the verifier takes 70 000 more */
#define TOPOLOGY_NAME_WORDS (SG_TOPOLOGY_NAME / 8)
#define TOPOLOGY_DIGITS 6    /* of a Content-Length */
#define TOPOLOGY_BLANKS 8    /* before them */

#define UDP_CHECK 6          /* offset of the checksum in its header */
#define TCP_CHECK 16

/* --- fields --- */

/* Of "Content-Length: 123"; what is no number ends the walk over the messages. */
static __always_inline void topology_length(struct guard *g, __u32 at)
{
	__u32 length = 0, digits = 0;

	for (__u32 i = 0; i < TOPOLOGY_BLANKS + TOPOLOGY_DIGITS; i++) {
		__u32 c = sip_byte(&g->reader, at + i);

		if (sip_is_digit(c)) {
			length = length * 10 + c - '0';
			digits++;
		} else if (digits || !sip_is_blank(c)) {
			break;
		}
	}
	g->topology.length = length;
	g->topology.sized = digits && digits <= TOPOLOGY_DIGITS;
}

/* Whether the value ends so, before its CRLF. */
static __always_inline bool topology_ends_register(const struct sip_reader *r, __u32 end)
{
	return sip_load8(r, end - 10) == SIP_WORD('R', 'E', 'G', 'I', 'S', 'T', 'E', 'R');
}

/*
 * Of an answer: its Via and Call-ID came from the peer. (A Contact did, too, if it answers a
 * REGISTER.)
 */
static __always_inline bool topology_is_theirs(const struct topology *t)
{
	return t->response && (t->kind == SG_TOPOLOGY_VIA || t->kind == SG_TOPOLOGY_CALL_ID);
}

/* The field that ends at `end` is one of those that are masked, or looked at. */
__noinline int topology_field(struct guard *g, __u32 end)
{
	struct topology_loop loop = {.g = g, .end = end};
	struct topology *t;

	if (!g || end > SIP_READ_MAX)
		return 0;
	t = &g->topology;
	loop.at = t->value;
	if (loop.at >= end)
		return 0;
	switch (t->kind) {
	case SG_TOPOLOGY_AGENT:
	case SG_TOPOLOGY_LISTED:
		bpf_loop((end - loop.at + 7) / 8, topology_word_step, &loop, 0);
		break;
	case SG_TOPOLOGY_WARNING:
		t->state = WARNING_CODE;
		bpf_loop(end - loop.at, warning_step, &loop, 0);
		break;
	case SG_TOPOLOGY_CSEQ:
		t->registers = topology_ends_register(&g->reader, end);
		return 0;
	case SG_TOPOLOGY_LENGTH:
		topology_length(g, loop.at);
		return 0;
	default:
		if (!topology_is_theirs(t))
			bpf_loop((end - loop.at + 7) / 8, topology_search_step, &loop, 0);
	}
	return 0;
}

/* Which field begins at `at`, and where its value does. */
static __always_inline void topology_begin(struct guard *g, __u32 at)
{
	const struct sg_topology_names *names = &config_of(g)->names;
	struct topology *t = &g->topology;
	__u64 hash = 0, word, stop = 0, place;

	for (__u32 i = 0; i < TOPOLOGY_NAME_WORDS; i++) {
		word = sip_load8(&g->reader, at);
		stop = (sip_equal(word, ':') | sip_below(word, ' ' + 1));
		if (stop)
			word &= sip_before(stop);
		hash = sg_topology_step(hash, word);
		at += stop ? sip_first(stop) : 8;
		if (stop)
			break;
	}
	t->kind = SG_TOPOLOGY_NONE;
	place = names->place[sg_topology_place(hash, names->factor) & (SG_TOPOLOGY_PLACES - 1)];
	if ((place ^ hash) & ~SG_TOPOLOGY_KIND)
		return;
	/* Blanks may stand before the colon, and nothing else. */
	word = sip_load8(&g->reader, at);
	stop = sip_equal(word, ':');
	if (!stop || (~(sip_equal(word, ' ') | sip_equal(word, '\t')) & SIP_HIGH &
		      sip_before(stop)))
		return;
	t->value = at + sip_first(stop) + 1;
	t->kind = place & SG_TOPOLOGY_KIND;
}

/* Where the next line begins, if one ends within the block at `at`; 0. */
static __always_inline __u32 topology_line(const struct sip_reader *r, __u32 at)
{
	for (__u32 i = 0; i < SIP_BLOCK; i += 8) {
		__u64 end = sip_find(sip_load8(r, at + i), '\n');

		if (end)
			return at + i + sip_first(end) + 1;
	}
	return 0;
}

/* Goes to the next line, or 64 bytes on. A field ends where a line begins that is no fold. */
static long topology_step(__attribute__((unused)) __u32 turn, void *context)
{
	struct topology_loop *loop = context;
	struct guard *g = loop->g;
	struct topology *t = &g->topology;
	__u32 at = t->at, next = topology_line(&g->reader, at), c;

	t->at = next ? next : at + SIP_BLOCK;
	if (t->at >= loop->end)
		return 1;
	c = sip_byte(&g->reader, next);
	if (!next || sip_is_blank(c))
		return 0;
	if (t->kind)
		topology_field(g, next);
	if (c == '\n' || sip_load2(&g->reader, next) == SIP_CRLF) {
		t->body = next + (c == '\n' ? 1 : 2);
		return 1;
	}
	topology_begin(g, next);
	return 0;
}

/* Addresses in a session description (RFC 4566), as far as it lies here. */
static __always_inline void topology_body(struct guard *g, __u32 end)
{
	struct topology_loop loop = {.g = g, .at = g->topology.body, .end = end};

	if (g->topology.sized && g->topology.length < end - loop.at)
		loop.end = loop.at + g->topology.length;
	if (loop.at >= loop.end || sip_load2(&g->reader, loop.at) != ('v' | '=' << 8))
		return;
	g->topology.kind = SG_TOPOLOGY_BODY;
	bpf_loop((loop.end - loop.at + 7) / 8, topology_search_step, &loop, 0);
}

/* --- the packet --- */

/*
 * Where the checksum is; 0: it is not known. Behind extension headers nobody looks for it, and what
 * AH signs is not to be changed: it was signed before it comes here.
 */
static __always_inline __u32 topology_checksum(struct __sk_buff *skb, const struct guard *g,
					       __u32 payload)
{
	__u8 byte;

	if (g->p.sealed)
		return 0;
	if (g->p.transport == IPPROTO_UDP)
		return payload - sizeof(struct udphdr) + UDP_CHECK;
	if (g->p.family == 4)
		return bpf_skb_load_bytes(skb, g->p.network, &byte, 1)
			       ? 0 : g->p.network + (byte & 0xf) * 4 + TCP_CHECK;
	return bpf_skb_load_bytes(skb, g->p.network + offsetof(struct ipv6hdr, nexthdr), &byte,
				  1) || byte != IPPROTO_TCP
		       ? 0 : g->p.network + sizeof(struct ipv6hdr) + TCP_CHECK;
}

/*
 * Of one frame that is cut into datagrams later: its sum is that of the pseudo header, and each of
 * them gets its own when it is cut. Where the device makes no sums (6.11 on) nothing else tells
 * that, and the kernel would change it.
 */
static __always_inline bool topology_sum_comes_later(const struct __sk_buff *skb,
						     const struct guard *g)
{
	return g->p.transport == IPPROTO_UDP && skb->gso_size;
}

/*
 * Writes what was masked into the packet. Where the device makes the sum (CHECKSUM_PARTIAL) the
 * kernel leaves it alone. All is writable before the first byte is written, so nothing is left half
 * done. What the sender keeps for TCP to send again is not touched: the skb gets memory of its own.
 */
__noinline int topology_write(struct __sk_buff *skb, struct guard *g, __u32 payload)
{
	__u32 first, size, check;
	struct topology *t;
	__u64 sum;

	if (!g)
		return -1;
	t = &g->topology;
	first = t->first;
	size = t->last - first;
	sum = t->sum;
	check = topology_checksum(skb, g, payload);
	if (!check || first >= SIP_READ_MAX || !size || size > SIP_READ_MAX ||
	    bpf_skb_pull_data(skb, g->p.offset + first + size))
		return -1;
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	if (!topology_sum_comes_later(skb, g) &&
	    bpf_l4_csum_replace(skb, check, 0, sum,
				g->p.transport == IPPROTO_UDP ? BPF_F_MARK_MANGLED_0 : 0))
		return -1;
	first &= SIP_READ_MAX - 1;
	size--;
	barrier_var(size);
	size = (size & (SIP_READ_MAX - 1)) + 1;
	return bpf_skb_store_bytes(skb, g->p.offset + first, g->reader.text + first, size, 0);
}

static __always_inline void topology_count(const struct topology *t)
{
	if (t->found & 1U << SG_TOPOLOGY_VIA)
		count_one(SG_COUNT_TOPOLOGY_VIA);
	if (t->found & 1U << SG_TOPOLOGY_CONTACT && !(t->response && t->registers))
		count_one(SG_COUNT_TOPOLOGY_CONTACT);
	if (t->found & 1U << SG_TOPOLOGY_ROUTE)
		count_one(SG_COUNT_TOPOLOGY_ROUTE);
	if (t->found & 1U << SG_TOPOLOGY_CALL_ID)
		count_one(SG_COUNT_TOPOLOGY_CALL_ID);
	if (t->found & 1U << SG_TOPOLOGY_BODY)
		count_one(SG_COUNT_TOPOLOGY_BODY);
	if (!t->body)
		count_one(SG_COUNT_TOPOLOGY_CUT);
}

/*
 * The message at p->offset, of `left` bytes in this packet. How many of them it has, if it tells;
 * 0; -1: no message begins there.
 */
__noinline int topology_message(struct __sk_buff *skb, struct guard *g, __u32 payload, __u32 left)
{
	struct topology_loop loop = {.g = g};
	struct topology *t;
	__u32 kind;

	if (!g || left < TOPOLOGY_START ||
	    sip_reader_load(skb, &g->reader, 0, g->p.offset, left, HOOK_SKB))
		return -1;
	kind = known_start(g->reader.text, g->reader.text + TOPOLOGY_START, left);
	if (KIND_CLASS(kind) != SG_CLASS_REQUEST && KIND_CLASS(kind) != SG_CLASS_RESPONSE)
		return -1;
	t = &g->topology;
	__builtin_memset(t, 0, sizeof(*t));
	t->response = KIND_CLASS(kind) == SG_CLASS_RESPONSE;
	loop.end = left < SIP_READ_MAX ? left : SIP_READ_MAX;
	bpf_loop(TOPOLOGY_TURNS, topology_step, &loop, 0);
	if (t->body)
		topology_body(g, loop.end);
	topology_count(t);
	/* Its last word may go beyond it. */
	if (t->last > loop.end)
		t->last = loop.end;
	if (t->last && (profile_of(g)->topology != SG_TOPOLOGY_MASK ||
			sg_state.mode != SG_MODE_ENFORCE)) {
		count_one(SG_COUNT_TOPOLOGY_FOUND);
	} else if (t->last) {
		if (topology_write(skb, g, payload))
			count_one(SG_COUNT_TOPOLOGY_FAILED);
		else
			count_one(SG_COUNT_TOPOLOGY_MASKED);
	}
	return t->body && t->sized ? t->body + t->length : 0;
}

/*
 * All messages of a packet, the first ones at least; `slot`: the place of its interface among the
 * counters. A datagram has one, and several may come as one frame to be cut into datagrams later.
 */
__noinline int topology_packet(struct __sk_buff *skb, struct guard *g, __u32 slot)
{
	__u32 payload, left, part;
	int size;

	if (!g)
		return 0;
	zone_find(g, slot);
	if (!profile_of(g)->topology)
		return 0;
	payload = g->p.offset;
	left = g->p.datagram;
	part = g->p.transport == IPPROTO_UDP ? skb->gso_size : left;
	for (int i = 0; i < TOPOLOGY_MESSAGES && left >= TOPOLOGY_START; i++) {
		size = topology_message(skb, g, payload, part && part < left ? part : left);
		if (g->p.transport == IPPROTO_UDP)
			size = part;
		if (size < 0)
			break;
		if (!size || (__u32)size >= left)
			return 0;
		g->p.offset += size;
		left -= size;
	}
	if (left >= TOPOLOGY_START)
		count_one(SG_COUNT_TOPOLOGY_UNREAD);
	return 0;
}

/* Nothing but a load where no profile asks. */
static __always_inline bool topology_applies(const struct guard *g)
{
	return config_of(g)->topology;
}

#endif
