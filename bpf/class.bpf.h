/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Step 2: which port a packet is for, and what the first bytes of the message say it is.
 *
 * `length` bytes at p belong to the message and lie in memory; `end` says the same to the verifier,
 * which cannot see that length <= end - p. `end` may lie further, since Ethernet pads short frames.
 */
#ifndef SIPGUARD_CLASS_BPF_H
#define SIPGUARD_CLASS_BPF_H

#include "guard.bpf.h"

#define KEEPALIVE_ANY 8    /* real devices send `jaK` and `hello`; nothing SIP is as short */
#define KEEPALIVE_BLANK 32 /* CR, LF, NUL, white space; also what may stand before a message */
#define METHOD_LENGTH 48   /* registered methods have up to 9 characters, RFC 4475 one of 43 */
#define FRAGMENT_MIN 16    /* bytes of message in a first fragment; 24 with the UDP header */

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

/* The characters c < 64 of a set, and those from 64 to 127, as bits: no branch for each of them. */
static __always_inline bool in_set(__u8 c, __u64 low, __u64 high)
{
	return c < 128 && ((c & 64 ? high : low) >> (c & 63) & 1);
}

/* NUL, TAB, LF, CR, space. */
static __always_inline bool is_blank(__u8 c)
{
	return in_set(c, 0x0000000100002601ULL, 0);
}

static __always_inline bool is_letter(__u8 c)
{
	return (__u8)((c | 0x20) - 'a') < 26;
}

/* token of RFC 3261 section 25.1: alphanum and - . ! % * _ + ` ' ~ */
static __always_inline bool is_token(__u8 c)
{
	return in_set(c, 0x03ff6ca200000000ULL, 0x47ffffff87fffffeULL);
}

#define REQUEST(name) KIND(SG_CLASS_REQUEST, SG_METHOD_##name)
#define CLASSED(name) KIND(SG_CLASS_##name, SG_METHOD_NONE)

/*
 * A start line that the first bytes settle: a known method and a space (RFC 3261 section 7.1,
 * case-sensitive), or SIP/2.0 and a space in any case (section 7.2; 7.1 for the case). Needs
 * more than eight bytes of message. OTHER: none of them.
 */
static __always_inline __u32 known_start(const __u8 *p, const __u8 *end, __u32 length)
{
	__u64 word = load8(p);

	if ((word & FIRST(7)) == WORD("INVITE "))
		return REQUEST(INVITE);
	if (word == WORD("REGISTER") && p + 9 <= end && p[8] == ' ')
		return REQUEST(REGISTER);
	if (word == WORD("OPTIONS "))
		return REQUEST(OPTIONS);
	if ((word | FOLD) == WORD("sip/2.0 "))
		return CLASSED(RESPONSE);
	if ((word & FIRST(4)) == WORD("ACK "))
		return REQUEST(ACK);
	if ((word & FIRST(4)) == WORD("BYE "))
		return REQUEST(BYE);
	if ((word & FIRST(7)) == WORD("CANCEL "))
		return REQUEST(CANCEL);
	if (word == WORD("SUBSCRIB") && length > 9 && p + 10 <= end && p[8] == 'E' && p[9] == ' ')
		return REQUEST(SUBSCRIBE);
	if ((word & FIRST(7)) == WORD("NOTIFY "))
		return REQUEST(NOTIFY);
	if (word == WORD("MESSAGE "))
		return REQUEST(MESSAGE);
	if (word == WORD("PUBLISH "))
		return REQUEST(PUBLISH);
	if ((word & FIRST(5)) == WORD("INFO "))
		return REQUEST(INFO);
	if ((word & FIRST(7)) == WORD("UPDATE "))
		return REQUEST(UPDATE);
	if ((word & FIRST(6)) == WORD("PRACK "))
		return REQUEST(PRACK);
	if ((word & FIRST(6)) == WORD("REFER "))
		return REQUEST(REFER);
	return CLASSED(OTHER);
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

/* HTTP with an absolute path, or an HTTP status line: xhttp and WebSocket use SIP's TCP port. */
static __always_inline bool is_http(const __u8 *p)
{
	__u64 word = load8(p);

	return (word & FIRST(5)) == WORD("GET /") ||
	       (word & FIRST(6)) == WORD("POST /") ||
	       (word & FIRST(5)) == WORD("PUT /") ||
	       (word & FIRST(6)) == WORD("HEAD /") ||
	       (word & FIRST(7)) == WORD("HTTP/1.");
}

/*
 * How many blanks stand at the start of the message, counted up to KEEPALIVE_BLANK + 1. RFC 3261
 * section 7.5 has blank lines before the start line skipped; a keepalive is nothing but blanks.
 *
 * This and the next three are global so that the verifier forgets how it came to the result.
 * Inlined, each of the 33 counts was followed through all that comes after: no end within minutes
 * (clang 14, 6.18).
 */
__noinline int class_blanks(struct xdp_md *ctx, const struct packet *p)
{
	struct cursor c;
	__u32 i;

	if (!p)
		return 0;
	c = cursor_at(ctx, p);
	for (i = 0; i <= KEEPALIVE_BLANK; i++) {
		if (i >= p->length || c.at + i + 1 > c.end || !is_blank(c.at[i]))
			break;
	}
	return i;
}

/*
 * KIND of a message with a token behind the blanks: HTTP, or a method nobody has registered if one
 * space follows and the letter a URI scheme begins with. A message in which the longest one would
 * not fit is too short for the header fields that every request has (RFC 3261 section 8.1.1).
 */
__noinline int class_token(struct xdp_md *ctx, const struct packet *p, __u32 blanks)
{
	const __u8 *at;
	struct cursor c;
	__u32 i;

	if (!p || blanks > KEEPALIVE_BLANK)
		return CLASSED(GARBAGE);
	c = cursor_at(ctx, p);
	at = c.at + blanks;
	if (at + 8 <= c.end && is_http(at))
		return CLASSED(HTTP);
	if (p->length < blanks + METHOD_LENGTH + 2 || at + METHOD_LENGTH + 2 > c.end)
		return CLASSED(GARBAGE);
	for (i = 0; i < METHOD_LENGTH && is_token(at[i]); i++)
		;
	return i > 0 && at[i] == ' ' && is_letter(at[i + 1]) ? REQUEST(UNKNOWN) : CLASSED(GARBAGE);
}

/* KIND of a datagram that begins with a blank. */
__noinline int class_after_blanks(struct xdp_md *ctx, const struct packet *p)
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
	if (kind != CLASSED(OTHER))
		return kind;
	return is_tls(c.at) ? CLASSED(TLS) : class_token(ctx, p, blanks);
}

/* KIND of a datagram that does not begin with a token. */
__noinline int class_no_token(struct xdp_md *ctx, const struct packet *p)
{
	struct cursor c;

	if (!p)
		return CLASSED(OTHER);
	c = cursor_at(ctx, p);
	if (c.at + 8 > c.end)
		return CLASSED(KEEPALIVE);
	if (is_stun(c.at, c.end, p->length))
		return CLASSED(STUN);
	if (is_blank(c.at[0]))
		return class_after_blanks(ctx, p);
	return is_tls(c.at) ? CLASSED(TLS) : CLASSED(GARBAGE);
}

/* KIND of a UDP payload; of the usual ones without a call, see packet_glance(). */
static __always_inline __u32 class_datagram(struct xdp_md *ctx, const struct packet *p)
{
	struct cursor c = cursor_at(ctx, p);
	__u32 kind;

	if (p->length <= KEEPALIVE_ANY || c.at + 8 > c.end)
		return CLASSED(KEEPALIVE);
	kind = known_start(c.at, c.end, p->length);
	if (kind != CLASSED(OTHER))
		return kind;
	return is_token(c.at[0]) ? class_token(ctx, p, 0) : class_no_token(ctx, p);
}

/*
 * KIND of the payload of a TCP segment. A segment may start anywhere in a message, so what is not
 * recognised is OTHER, and a short one is a keepalive only if it is blank (RFC 5626 section 4.4.1).
 */
static __always_inline __u32 class_segment(struct xdp_md *ctx, const struct packet *p)
{
	__u32 kind;

	if (p->length <= KEEPALIVE_ANY)
		return p->length && class_blanks(ctx, p) == (int)p->length ? CLASSED(KEEPALIVE)
								      : CLASSED(OTHER);
	kind = class_datagram(ctx, p);
	return kind == CLASSED(GARBAGE) ? CLASSED(OTHER) : kind;
}

/* KIND of the payload of a TCP segment to a port of this role. Global as the ones above. */
__noinline int class_stream(struct xdp_md *ctx, const struct packet *p, __u32 role)
{
	struct cursor c;

	if (!p)
		return CLASSED(OTHER);
	if (role == SG_PORT_TCP)
		return class_segment(ctx, p);
	c = cursor_at(ctx, p);
	if (p->length >= 2 && c.at + 2 <= c.end && is_tls(c.at))
		return CLASSED(TLS);
	return CLASSED(OTHER);
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

static __always_inline void class_find(struct xdp_md *ctx, struct guard *g)
{
	__u32 kind = g->role == SG_PORT_UDP ? class_datagram(ctx, g->p)
					    : (__u32)class_stream(ctx, g->p, g->role);

	kind = forget(kind, g->now);
	g->class = KIND_CLASS(kind);
	g->method = KIND_METHOD(kind);
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
	return g->config->port[port & (SG_PORTS - 1)] & mask;
}

static __always_inline __u32 udp_check(const struct guard *g)
{
	return g->p->malformed ? SG_REASON_UDP_LENGTH : SG_REASON_NONE;
}

static __always_inline __u32 fragment_check(const struct guard *g)
{
	bool tiny = g->p->tiny || (g->p->first_fragment && g->p->transport == IPPROTO_UDP &&
				  g->p->length < FRAGMENT_MIN);

	return tiny ? SG_REASON_TINY_FRAGMENT : SG_REASON_NONE;
}

static __always_inline __u32 class_check(const struct guard *g)
{
	return g->class == SG_CLASS_GARBAGE ? SG_REASON_GARBAGE : SG_REASON_NONE;
}

#endif
