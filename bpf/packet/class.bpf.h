/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Step 2: which port a packet is for, and what the first bytes of the message say it is.
 *
 * `length` bytes at p belong to the message and lie in memory; `end` says the same to the verifier,
 * which cannot see that length <= end - p. `end` may lie further, since Ethernet pads short frames.
 */
#ifndef SIPGUARD_CLASS_BPF_H
#define SIPGUARD_CLASS_BPF_H

#include "maps.bpf.h"
#include "sip/text.h"

/* Real devices send `jaK` and `hello`; nothing SIP is as short. */
#define KEEPALIVE_ANY SG_FIXED_KEEPALIVE_ANY
/* CR, LF, NUL, white space; also what may stand before a message. */
#define KEEPALIVE_BLANK SG_FIXED_KEEPALIVE_BLANK
/* Registered methods have up to 9 characters, RFC 4475 one of 43. */
#define METHOD_LENGTH SG_FIXED_METHOD_LENGTH
/* Bytes of message in a first fragment; 24 with the UDP header. */
#define FRAGMENT_MIN SG_FIXED_FRAGMENT_MIN

/* Class and method in one number, since BPF functions return no structs. */
#define KIND(class, method) ((class) | (method) << 8)
#define KIND_CLASS(kind) ((kind) & 0xff)
#define KIND_METHOD(kind) ((kind) >> 8)

/* Up to eight characters as they lie in memory, on either byte order. */
union word {
	char text[8];
	__u64 value;
};

#define WORD(string) (((union word){.text = string}).value)
#define FIRST(n) (((union word){.text = {[0 ...(n)-1] = (char)0xff}}).value)
#define FOLD 0x2020202020202020ULL /* sets bit 5: letters become lower case */

static __always_inline __u64 load8(const __u8 *p)
{
	return *(const __u64 *)p; /* memcpy would become eight byte loads */
}

#define REQUEST(name) KIND(SG_CLASS_REQUEST, SG_METHOD_##name)
#define CLASSED(name) KIND(SG_CLASS_##name, SG_METHOD_NONE)

/* The first four characters as a number that a switch takes: it needs five tests, not twenty. */
#define FOUR(...) ((__u32)SIP_WORD(__VA_ARGS__))

/* With FOUR() known, whether the first `n` characters are `string`, which may be eight long. */
#define STARTS(n, string) ((word & FIRST(n)) == WORD(string))

#define METHOD_LEAST 3 /* letters of known methods: FOUR() and the space need three, */
#define METHOD_MOST 9  /* and method_start() looks at no more than these and the space */
#define X(name, label, limit, ...)                                                                \
	_Static_assert(sizeof(label) == sizeof((const char[]){__VA_ARGS__, 0}) &&                 \
		       !__builtin_memcmp(label, ((const char[]){__VA_ARGS__}), sizeof(label) - 1), \
		       "the letters of a method are those of its label");                         \
	_Static_assert(sizeof(label) - 1 >= METHOD_LEAST && sizeof(label) - 1 <= METHOD_MOST,     \
		       "known_start() tells methods of this length");
SG_KNOWN_METHODS(X)
#undef X

/*
 * With FOUR() known: `kind` if the message begins with the `n` characters, 4 to 10, of a method
 * and its space, else OTHER. `first` has eight of them and `second` the others; all three are
 * constants. Eight bytes are in `word`, and nine are known to be the message's. One expression: for
 * one with returns in between the verifier follows up to 470 instructions more (clang 14).
 */
static __always_inline __u32 method_start(const __u8 *p, const __u8 *end, __u32 length, __u64 word,
					  __u32 n, __u64 first, __u64 second, __u32 kind)
{
	__u64 mask = n < 8 ? ~(~0ULL << (8 * n & 63)) : ~0ULL;
	bool begins = n <= 4 || ((word & mask) == first &&
				 (n <= 8 || (p + n <= end && p[8] == (second & 0xff) &&
					     (n == 9 || (length >= n && p[9] == ' ')))));

	return begins ? kind : CLASSED(OTHER);
}

#define METHOD_CASE(name, label, limit, ...)                                                      \
	case FOUR(__VA_ARGS__, ' '):                                                              \
		return method_start(p, end, length, word, sizeof(label),                          \
				    SIP_WORD(__VA_ARGS__, ' '), SIP_WORD2(__VA_ARGS__, ' '),      \
				    REQUEST(name));

/*
 * A start line that the first bytes settle: a known method and a space (RFC 3261 section 7.1,
 * case-sensitive), SIP/2.0 and a space in any case (section 7.2; 7.1 for the case), or HTTP with an
 * absolute path or an HTTP status line, since xhttp and WebSocket use SIP's TCP port. Needs more
 * than eight bytes of message. OTHER: none of them.
 */
static __always_inline __u32 known_start(const __u8 *p, const __u8 *end, __u32 length)
{
	const __u32 other = CLASSED(OTHER);
	__u64 word = load8(p);

	if ((word | FOLD) == WORD("sip/2.0 "))
		return CLASSED(RESPONSE);
	switch (*(const __u32 *)p) {
	SG_KNOWN_METHODS(METHOD_CASE)
	case FOUR('G', 'E', 'T', ' '):
		return STARTS(5, "GET /") ? CLASSED(HTTP) : other;
	case FOUR('P', 'O', 'S', 'T'):
		return STARTS(6, "POST /") ? CLASSED(HTTP) : other;
	case FOUR('P', 'U', 'T', ' '):
		return STARTS(5, "PUT /") ? CLASSED(HTTP) : other;
	case FOUR('H', 'E', 'A', 'D'):
		return STARTS(6, "HEAD /") ? CLASSED(HTTP) : other;
	case FOUR('H', 'T', 'T', 'P'):
		return STARTS(7, "HTTP/1.") ? CLASSED(HTTP) : other;
	default:
		return other;
	}
}

/*
 * STUN by its magic cookie (RFC 8489 section 5), or, since old devices still send the cookieless
 * form as a keepalive, by the Binding types and a length that fits exactly (RFC 3489 section 11.1).
 */
static __always_inline bool is_stun(const __u8 *p, const __u8 *end, __u32 length)
{
	if (p[0] > 1 || length < 20 || p + 8 > end)
		return 0;
	if (p[4] == 0x21 && p[5] == 0x12 && p[6] == 0xa4 && p[7] == 0x42)
		return 1;
	return p[1] == 1 && (__u32)(p[2] << 8 | p[3]) + 20 == length;
}

/* A TLS or DTLS record: content types 20 to 23, major version 3 (RFC 8446 5.1) or 254 (9147 4). */
static __always_inline bool is_tls(const __u8 *p)
{
	return (__u8)(p[0] - 20) < 4 && (p[1] == 3 || p[1] == 254);
}

/*
 * A message of SigComp: its first byte is 11111xxx, with which no UTF-8 begins, so it can share a
 * port with SIP (RFC 3320 section 7).
 */
static __always_inline bool is_sigcomp(const __u8 *p)
{
	return p[0] >= 0xf8;
}

/*
 * How many blanks stand at the start of the message, counted up to KEEPALIVE_BLANK + 1. RFC 3261
 * section 7.5 has blank lines before the start line skipped; a keepalive is nothing but blanks.
 *
 * Global, so that the verifier forgets how it came to the result.
 * Inlined, each of the 33 counts was followed through all that comes after: no end within minutes
 * (clang 14, 6.18).
 */
__noinline int class_blanks(hook_ctx *ctx, const struct packet *p)
{
	struct cursor c;
	__u32 i;

	if (!p)
		return 0;
	c = cursor_at(ctx, p);
	for (i = 0; i <= KEEPALIVE_BLANK; i++) {
		if (i >= p->length || c.at + i + 1 > c.end || !sip_is_leading(c.at[i]))
			break;
	}
	return i;
}

/*
 * Whether the message begins with a method nobody has registered: a token, one space, and the
 * letter a URI scheme begins with. A message in which the longest one would not fit is too short
 * for the header fields that every request has (RFC 3261 section 8.1.1).
 */
static __always_inline bool is_unknown_method(const __u8 *p, const __u8 *end, __u32 length)
{
	__u32 i;

	/* Or clang 14 counts from another copy of the pointer than it checks ("offset is
	 * outside of the packet").
	 */
	barrier_var(p);
	if (length < METHOD_LENGTH + 2 || p + METHOD_LENGTH + 2 > end)
		return false;
	for (i = 0; i < METHOD_LENGTH && sip_is_token(p[i]); i++)
		;
	return i > 0 && p[i] == ' ' && sip_is_letter(p[i + 1]);
}

/* KIND of a start that is neither known, nor STUN, nor blank. Needs eight readable bytes. */
static __always_inline __u32 other_start(const __u8 *p, const __u8 *end, __u32 length)
{
	if (is_tls(p))
		return CLASSED(TLS);
	return is_unknown_method(p, end, length) ? REQUEST(UNKNOWN) : CLASSED(GARBAGE);
}

/* KIND of a datagram that begins with a blank. Global as class_blanks(). */
__noinline int class_after_blanks(hook_ctx *ctx, const struct packet *p)
{
	__u32 kind, blanks = class_blanks(ctx, p);
	struct cursor c;

	if (!p || blanks > KEEPALIVE_BLANK)
		return CLASSED(GARBAGE);
	c = cursor_at(ctx, p);
	c.at += blanks;
	if (p->length <= blanks + KEEPALIVE_ANY || c.at + 8 > c.end)
		return CLASSED(KEEPALIVE);
	kind = known_start(c.at, c.end, p->length - blanks);
	return kind == CLASSED(OTHER) ? other_start(c.at, c.end, p->length - blanks) : kind;
}

/* KIND of a UDP payload; of nearly all without a call, see packet_glance(). */
static __always_inline __u32 class_datagram(hook_ctx *ctx, const struct packet *p)
{
	struct cursor c = cursor_at(ctx, p);
	__u32 kind;

	if (p->length <= KEEPALIVE_ANY || c.at + 8 > c.end)
		return CLASSED(KEEPALIVE);
	kind = known_start(c.at, c.end, p->length);
	if (kind != CLASSED(OTHER))
		return kind;
	/* What it is known not to be would be followed on (15 000 instructions, clang 19, 6.18). */
	barrier();
	if (is_stun(c.at, c.end, p->length))
		return CLASSED(STUN);
	if (sip_is_leading(c.at[0]))
		return class_after_blanks(ctx, p);
	if (is_sigcomp(c.at))
		return CLASSED(SIGCOMP);
	return other_start(c.at, c.end, p->length);
}

/*
 * Returns x as a number of which the verifier knows nothing, so that it follows one way onwards and
 * not one for each value that x may have (known_start() has 16).
 */
static __always_inline __u32 forget(__u32 x, __u32 unknown)
{
	barrier_var(unknown);
	x ^= unknown;
	barrier_var(x);
	return x ^ unknown;
}

/*
 * The role of a destination port for a transport, UDP or TCP; 0 if it is not guarded. The barrier
 * keeps the mask: up to 6.12 the verifier knows no bound of what was byte-swapped ("math between
 * map_value pointer and register with unbounded min value", clang 14 and 19).
 */
static __always_inline __u32 port_role(const struct guard *g, __u8 transport, __u32 port)
{
	__u8 mask = transport == IPPROTO_UDP ? SG_PORT_UDP : SG_PORT_TCP | SG_PORT_TLS;

	barrier_var(port);
	return config_of(g)->port[port & (SG_PORTS - 1)] & mask;
}

/* The barrier keeps the verifier from following each kind: see guard.bpf.h. */
static __always_inline void class_set(struct guard *g, __u32 kind)
{
	g->class = KIND_CLASS(kind);
	g->method = KIND_METHOD(kind);
	barrier();
}

static __always_inline __u32 udp_check(const struct guard *g)
{
	return g->p.malformed ? SG_REASON_UDP_LENGTH : SG_REASON_NONE;
}

static __always_inline __u32 fragment_check(const struct guard *g)
{
	bool tiny = g->p.tiny || (g->p.first_fragment && g->p.transport == IPPROTO_UDP &&
				  g->p.length < FRAGMENT_MIN);

	return tiny ? SG_REASON_TINY_FRAGMENT : SG_REASON_NONE;
}

static __always_inline __u32 class_check(const struct guard *g)
{
	return g->class == SG_CLASS_GARBAGE ? SG_REASON_GARBAGE : SG_REASON_NONE;
}

#endif
