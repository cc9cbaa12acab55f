/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bytes of a message in the reader become others that say nothing, by their field's grammar; and
 * private addresses in it are found. Which fields, and how the packet gets them: topology.bpf.h.
 */
#ifndef SIPGUARD_MASKING_BPF_H
#define SIPGUARD_MASKING_BPF_H

#include "maps.bpf.h"
#include "sip/text.h"

#define TOPOLOGY_ADDRESS 40 /* bytes of an address that are masked: the longest of IPv6 has 39 */

/* What a step of bpf_loop() gets; all that changes is in the guard. */
struct topology_loop {
	struct guard *g;
	__u32 at;
	__u32 end;
};

/* --- masking words --- */

/* All bits of the bytes whose high bit is set. */
static __always_inline __u64 topology_bytes(__u64 high)
{
	return (high >> 7) * 0xff;
}

/* The high bit of each byte from `first` to `last`, both below 127. */
static __always_inline __u64 topology_range(__u64 word, __u8 first, __u8 last)
{
	return sip_below(word, last + 1) & ~sip_below(word, first);
}

/* Every visible character becomes an x: words of RFC 3261 section 20.35 stay words. */
static __always_inline __u64 topology_agent(__u64 word)
{
	__u64 mask = topology_bytes(~sip_below(word, ' ' + 1) & SIP_HIGH);

	return (word & ~mask) | (SIP_EACH('x') & mask);
}

/* Letters become a, digits 0, as in hexadecimal numbers; quotes and brackets stay. */
static __always_inline __u64 topology_listed(__u64 word)
{
	__u64 letters = topology_range(word | SIP_EACH(0x20), 'a', 'z') | (word & SIP_HIGH);
	__u64 digits = topology_bytes(topology_range(word, '0', '9'));

	letters = topology_bytes(letters);
	return (word & ~(letters | digits)) | (SIP_EACH('a') & letters) |
	       (SIP_EACH('0') & digits);
}

/*
 * Puts a word in the place of another one. The sum is that of 16-bit words from the message's
 * start, where the sum of the packet begins with an even byte (struct packet).
 */
static __always_inline void topology_put(struct guard *g, __u32 at, __u64 old, __u64 word)
{
	struct topology *t = &g->topology;
	__u64 sum;

	if (old == word)
		return;
	sum = (word & 0xffffffff) + (word >> 32) + (~old & 0xffffffff) + (~old >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffffffff) + (sum >> 32);
	if ((g->p.offset + at) & 1)
		sum = (sum >> 8 | sum << 24) & 0xffffffff;
	t->sum += sum;
	if (!t->last || at < t->first)
		t->first = at;
	if (at + 8 > t->last)
		t->last = at + 8;
	barrier_var(at);
	at &= SIP_MASK;
	*(__u64 *)(g->reader.text + at) = word;
}

/* Masks eight bytes, or those of them before `end`. */
static __always_inline void topology_word(struct guard *g, __u32 at, __u32 end, __u32 kind)
{
	__u64 old = sip_load8(&g->reader, at), word, keep = 0;

	word = kind == SG_TOPOLOGY_AGENT ? topology_agent(old) : topology_listed(old);
	if (end - at < 8)
		keep = ~0ULL << (8 * (end - at) & 63);
	topology_put(g, at, old, (word & ~keep) | (old & keep));
}

static long topology_word_step(__u32 i, void *context)
{
	struct topology_loop *loop = context;
	__u32 at = loop->at + 8 * i;

	topology_word(loop->g, at, loop->end, loop->g->topology.kind);
	return 0;
}

/* --- Warning: 399 host "text", 399 host "text" --- */

enum warning_state {
	WARNING_CODE,
	WARNING_AGENT,
	WARNING_TEXT,
	WARNING_ESCAPED, /* behind a backslash in it */
	WARNING_BEHIND,  /* the text */
};

/* Whether the character goes, and where the walk stands behind it. */
static __always_inline bool warning_masks(struct topology *t, __u32 c)
{
	__u32 state = t->state;

	if (c <= ' ')
		return false;
	if (state == WARNING_TEXT) {
		t->state = c == '"' ? WARNING_BEHIND : c == '\\' ? WARNING_ESCAPED : WARNING_TEXT;
		return c != '"';
	}
	if (state == WARNING_ESCAPED) {
		t->state = WARNING_TEXT;
		return true;
	}
	if (c == ',' || c == '"') {
		t->state = c == ',' ? WARNING_CODE : WARNING_TEXT;
		return false;
	}
	if (state == WARNING_CODE && sip_is_digit(c))
		return false;
	t->state = WARNING_AGENT;
	return true;
}

static long warning_step(__u32 i, void *context)
{
	struct topology_loop *loop = context;
	struct guard *g = loop->g;
	__u32 at = loop->at + i;
	__u64 old = sip_load8(&g->reader, at);

	/* A code ends with the blank behind it. */
	if ((old & 0xff) <= ' ' && g->topology.state == WARNING_CODE &&
	    sip_is_digit(sip_byte(&g->reader, at - 1)))
		g->topology.state = WARNING_AGENT;
	if (warning_masks(&g->topology, old & 0xff))
		topology_put(g, at, old, (old & ~0xffULL) | 'x');
	return 0;
}

/* --- private addresses --- */

/* Digits and dots with which the word begins, as their bytes. */
static __always_inline __u64 topology_quad(__u64 word)
{
	__u64 other = ~(topology_range(word, '0', '9') | sip_equal(word, '.')) & SIP_HIGH;

	return other ? word & sip_before(other) : word;
}

/* Of the characters of a number below 1000 behind which a dot stands; more, if it is none. */
static __always_inline __u32 topology_octet(__u64 word)
{
	__u32 a = (word & 0xff) - '0', b = (word >> 8 & 0xff) - '0', c = (word >> 16 & 0xff) - '0';

	if ((word >> 16 & 0xff) == '.')
		return a * 10 + b;
	return (word >> 24 & 0xff) == '.' ? a * 100 + b * 10 + c : 1000;
}

/* RFC 1918, RFC 6598, RFC 3927. */
static __always_inline bool topology_private4(__u64 word, __u64 more)
{
	__u64 dots;
	__u32 octet;

	word = topology_quad(word);
	dots = sip_count(sip_equal(word, '.'));
	if (word >> 56)
		dots += sip_count(sip_equal(topology_quad(more), '.'));
	if (dots != 3)
		return false;
	if ((word & 0xffffff) == SIP_WORD('1', '0', '.') ||
	    word == SIP_WORD('1', '9', '2', '.', '1', '6', '8', '.') ||
	    word == SIP_WORD('1', '6', '9', '.', '2', '5', '4', '.'))
		return true;
	octet = topology_octet(word >> 32);
	if ((__u32)word == (__u32)SIP_WORD('1', '7', '2', '.'))
		return octet - 16 < 16;
	return (__u32)word == (__u32)SIP_WORD('1', '0', '0', '.') && octet - 64 < 64;
}

/* fc00::/7 and fe80::/10, whose first group has four digits. */
static __always_inline bool topology_private6(__u64 word)
{
	__u32 second;

	word |= SIP_EACH(0x20);
	second = word >> 8 & 0xff;
	if ((word & 0xff) != 'f' || (word >> 32 & 0xff) != ':' || (word >> 24 & 0xff) == ':')
		return false;
	if (second == 'c' || second == 'd')
		return true;
	word = word >> 16 & 0xff;
	return second == 'e' && (word == '8' || word == '9' || word == 'a' || word == 'b');
}

/* Whether a private address begins at `at`. Global, since few places look like one. */
__noinline int topology_is_private(const struct sip_reader *r, __u32 at)
{
	__u64 word;

	if (!r)
		return 0;
	word = sip_load8(r, at);
	return (word & 0xff) == '1' ? topology_private4(word, sip_load8(r, at + 8))
				    : topology_private6(word);
}

/* Masks the address at `at`, before the end of its field, which has a CR or LF. */
__noinline int topology_mask_address(struct guard *g, __u32 at)
{
	__u64 other, word;

	if (!g)
		return 0;
	for (__u32 i = 0; i < TOPOLOGY_ADDRESS; i += 8) {
		word = sip_load8(&g->reader, at + i);
		other = ~(topology_range(word, '0', ':') | sip_equal(word, '.') |
			  topology_range(word | SIP_EACH(0x20), 'a', 'f')) & SIP_HIGH;
		topology_word(g, at + i, other ? at + i + sip_first(other) : at + i + 8,
			      SG_TOPOLOGY_LISTED);
		if (other)
			break;
	}
	return 0;
}

/* The high bit of each byte behind which an address does not begin: it would be another word. */
static __always_inline __u64 topology_inside(__u64 word)
{
	return topology_range(word | SIP_EACH(0x20), 'a', 'z') | topology_range(word, '0', '9') |
	       sip_equal(word, '.') | sip_equal(word, '_') | (word & SIP_HIGH);
}

/* Looks at eight bytes, of which no two in a row begin an address. */
static long topology_search_step(__u32 i, void *context)
{
	struct topology_loop *loop = context;
	struct guard *g = loop->g;
	__u32 at = loop->at + 8 * i;
	__u64 word = sip_load8(&g->reader, at), before = sip_load8(&g->reader, at - 1), places;

	/* One of IPv4 may stand behind a colon, as in a URI; of IPv6 the colon is its own. */
	places = (sip_equal(word, '1') |
		  (sip_equal(word | SIP_EACH(0x20), 'f') & ~sip_equal(before, ':'))) &
		 ~topology_inside(before);
	for (int n = 0; n < 4 && places; n++, places &= places - 1) {
		__u32 place = at + sip_first(places);

		if (place >= loop->end || !topology_is_private(&g->reader, place))
			continue;
		g->topology.found |= 1U << (g->topology.kind & 31);
		if (g->topology.kind != SG_TOPOLOGY_ADDRESS)
			return 1;
		topology_mask_address(g, place);
	}
	return 0;
}

#endif
