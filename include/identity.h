/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who somebody says that he is: the identities in a header field (From, To, P-Asserted-Identity),
 * each as a number that is made with the guard's secret. Kernel and userspace take one character
 * after the other by the same function, so what an operator adds is what packets are held against.
 * A part of abi.h, whose version changes with it.
 *
 * Equal are a user and a host, whatever the scheme (sip, sips), the port, the parameters and the
 * password are; escapes of the user stand for what they are, and the host has letters of either
 * case (RFC 3261 section 19.1.4). A user who is a number, of SG_IDENTITY_DIGITS digits or more, is
 * that number at any host, since carriers write their own one behind it; with or without the + of a
 * global one, and whatever separates the digits (RFC 3966 section 5.1.1).
 */
#ifndef SIPGUARD_IDENTITY_H
#define SIPGUARD_IDENTITY_H

#include <linux/types.h>

#include "sip/text.h"

#define SG_IDENTITY_DIGITS 7 /* what is shorter is an extension, and others have the same */
#define SG_IDENTITIES 4096   /* that the operator may add */
#define SG_IDENTITY_TEXT 116 /* with the closing NUL */

/* One that the operator has added, by its number; the text is for who shows it. */
struct sg_identity {
	__u64 until; /* ns of the guard's clock */
	__u32 zone;  /* sg_zone.id */
	char text[SG_IDENTITY_TEXT];
};

/* Where the reading of a header field stands. */
enum sg_identity_state {
	SG_ID_SEEK,    /* a URI, a display name or a < may begin */
	SG_ID_SCHEME,  /* or it is a display name */
	SG_ID_SKIP,    /* up to the next < or comma */
	SG_ID_QUOTED,
	SG_ID_BEHIND,  /* a backslash there */
	SG_ID_USER,
	SG_ID_PERCENT, /* behind the % of an escape, */
	SG_ID_ESCAPE,  /* and behind its first digit */
	SG_ID_REST,    /* parameters and password of the user */
	SG_ID_HOST,
	SG_ID_BRACKET, /* an address of IPv6 */
	SG_ID_TEL,     /* the number of a tel URI */
	SG_ID__STATES
};

enum sg_identity_class {
	SG_ID_OTHER, SG_ID_BLANK, SG_ID_QUOTE, SG_ID_BACKSLASH, SG_ID_LESS, SG_ID_GREATER,
	SG_ID_COMMA, SG_ID_COLON, SG_ID_SEMICOLON, SG_ID_QUESTION, SG_ID_AT, SG_ID_OPEN,
	SG_ID_CLOSE, SG_ID_ESCAPES, SG_ID__CLASSES
};

/* What is to be done with a character, above the state that follows. */
#define SG_ID_STATE 0x0f
#define SG_ID_NAME 0x10    /* it is one of the user, */
#define SG_ID_DECODED 0x20 /* or the end of an escape there, */
#define SG_ID_PLACE 0x30   /* or one of the host, or before it */
#define SG_ID_BEGIN 0x40   /* the scheme has ended */
#define SG_ID_END 0x50     /* an identity has */
#define SG_ID_ACTION 0x70

SIP_TABLE const __u8 sg_identity_class[256] = {
	/* NUL, too: nothing comes behind the end of what is read. */
	['\0'] = SG_ID_BLANK, ['\t'] = SG_ID_BLANK, ['\n'] = SG_ID_BLANK, ['\r'] = SG_ID_BLANK,
	[' '] = SG_ID_BLANK, ['"'] = SG_ID_QUOTE, ['\\'] = SG_ID_BACKSLASH, ['<'] = SG_ID_LESS,
	['>'] = SG_ID_GREATER, [','] = SG_ID_COMMA, [':'] = SG_ID_COLON, [';'] = SG_ID_SEMICOLON,
	['?'] = SG_ID_QUESTION, ['@'] = SG_ID_AT, ['['] = SG_ID_OPEN, [']'] = SG_ID_CLOSE,
	['%'] = SG_ID_ESCAPES,
};

#define SG_ID_ROW(state, other) [16 * SG_ID_##state ... 16 * SG_ID_##state + 15] = (other)
#define SG_ID_AT_(state, class, does) [16 * SG_ID_##state + SG_ID_##class] = (does)

/* By state and class: what is done, and the state that follows. Later rows stand over a whole. */
#pragma GCC diagnostic push
#ifdef __clang__
#pragma GCC diagnostic ignored "-Winitializer-overrides"
#else
#pragma GCC diagnostic ignored "-Woverride-init"
#endif
SIP_TABLE const __u8 sg_identity_next[16 * 16] = {
	SG_ID_ROW(SEEK, SG_ID_SKIP),
	SG_ID_AT_(SEEK, OTHER, SG_ID_SCHEME), SG_ID_AT_(SEEK, BLANK, SG_ID_SEEK),
	SG_ID_AT_(SEEK, QUOTE, SG_ID_QUOTED), SG_ID_AT_(SEEK, LESS, SG_ID_SEEK),
	SG_ID_AT_(SEEK, COMMA, SG_ID_SEEK),
	SG_ID_AT_(SEEK, COLON, SG_ID_SEEK), /* behind the name of the field */

	SG_ID_ROW(SCHEME, SG_ID_SKIP),
	SG_ID_AT_(SCHEME, OTHER, SG_ID_SCHEME),
	SG_ID_AT_(SCHEME, QUOTE, SG_ID_QUOTED), SG_ID_AT_(SCHEME, LESS, SG_ID_SEEK),
	SG_ID_AT_(SCHEME, COMMA, SG_ID_SEEK), SG_ID_AT_(SCHEME, COLON, SG_ID_SKIP | SG_ID_BEGIN),

	SG_ID_ROW(SKIP, SG_ID_SKIP),
	SG_ID_AT_(SKIP, QUOTE, SG_ID_QUOTED), SG_ID_AT_(SKIP, LESS, SG_ID_SEEK),
	SG_ID_AT_(SKIP, COMMA, SG_ID_SEEK),

	SG_ID_ROW(QUOTED, SG_ID_QUOTED),
	SG_ID_AT_(QUOTED, QUOTE, SG_ID_SKIP), SG_ID_AT_(QUOTED, BACKSLASH, SG_ID_BEHIND),

	SG_ID_ROW(BEHIND, SG_ID_QUOTED),

	SG_ID_ROW(USER, SG_ID_USER | SG_ID_NAME),
	SG_ID_AT_(USER, BLANK, SG_ID_SKIP), SG_ID_AT_(USER, LESS, SG_ID_SEEK),
	SG_ID_AT_(USER, GREATER, SG_ID_SKIP), SG_ID_AT_(USER, COLON, SG_ID_REST),
	SG_ID_AT_(USER, SEMICOLON, SG_ID_REST), SG_ID_AT_(USER, AT, SG_ID_HOST | SG_ID_PLACE),
	SG_ID_AT_(USER, ESCAPES, SG_ID_PERCENT),

	SG_ID_ROW(PERCENT, SG_ID_SKIP),
	SG_ID_AT_(PERCENT, OTHER, SG_ID_ESCAPE),

	SG_ID_ROW(ESCAPE, SG_ID_SKIP),
	SG_ID_AT_(ESCAPE, OTHER, SG_ID_USER | SG_ID_DECODED),

	SG_ID_ROW(REST, SG_ID_REST),
	SG_ID_AT_(REST, BLANK, SG_ID_SKIP), SG_ID_AT_(REST, LESS, SG_ID_SEEK),
	SG_ID_AT_(REST, GREATER, SG_ID_SKIP), SG_ID_AT_(REST, AT, SG_ID_HOST | SG_ID_PLACE),

	SG_ID_ROW(HOST, SG_ID_SKIP | SG_ID_END),
	SG_ID_AT_(HOST, OTHER, SG_ID_HOST | SG_ID_PLACE),
	SG_ID_AT_(HOST, AT, SG_ID_HOST | SG_ID_PLACE),
	SG_ID_AT_(HOST, OPEN, SG_ID_BRACKET | SG_ID_PLACE),
	SG_ID_AT_(HOST, CLOSE, SG_ID_HOST | SG_ID_PLACE),
	SG_ID_AT_(HOST, LESS, SG_ID_SEEK | SG_ID_END),
	SG_ID_AT_(HOST, COMMA, SG_ID_SEEK | SG_ID_END),

	SG_ID_ROW(BRACKET, SG_ID_BRACKET | SG_ID_PLACE),
	SG_ID_AT_(BRACKET, CLOSE, SG_ID_HOST | SG_ID_PLACE),
	SG_ID_AT_(BRACKET, BLANK, SG_ID_SKIP | SG_ID_END),
	SG_ID_AT_(BRACKET, GREATER, SG_ID_SKIP | SG_ID_END),

	SG_ID_ROW(TEL, SG_ID_SKIP | SG_ID_END),
	SG_ID_AT_(TEL, OTHER, SG_ID_TEL | SG_ID_NAME), SG_ID_AT_(TEL, LESS, SG_ID_SEEK | SG_ID_END),
	SG_ID_AT_(TEL, COMMA, SG_ID_SEEK | SG_ID_END),
};
#pragma GCC diagnostic pop

struct sg_identity_walk {
	__u64 secret[2]; /* the guard's */
	__u64 found;     /* the number of the identity that is looked for, never 0; 0: not yet */
	__u64 name;      /* what there is of user and host, */
	__u64 number;    /* and of the digits of the user */
	__u32 skip;      /* identities that stand before the one */
	__u32 state;     /* enum sg_identity_state */
	__u32 scheme;    /* the last four characters, if they may be one */
	__u32 length;    /* characters of the user, */
	__u32 digits;    /* digits of these, */
	__u32 others;    /* and what no number has */
	__u32 escape;    /* the last character as a hexadecimal digit */
	__u32 dot;       /* flag: the host has one that nothing has followed yet */
};

/*
 * 1 if they are equal, below 2^31 both, else 0. What follows has no branch: the verifier would
 * follow each, with all that may come behind it (29 000 instructions more, clang 14, 6.18).
 */
SIP_INLINE __u32 sg_identity_is(__u32 a, __u32 b)
{
	__u32 same = ((a ^ b) - 1U) >> 31;

	SIP_BARRIER(same);
	return same;
}

SIP_INLINE __u64 sg_identity_mix(__u64 hash, __u64 word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
	return hash ^ hash >> 32;
}

/* The value of a hexadecimal digit; of anything else some number below 16. */
SIP_INLINE __u32 sg_identity_hex(__u32 c)
{
	return (c + 9 * (c >> 6)) & 0xf;
}

/* One of two values. */
SIP_INLINE __u64 sg_identity_pick(__u32 yes, __u64 a, __u64 b)
{
	return b ^ ((a ^ b) & -(__u64)yes);
}

SIP_INLINE void sg_identity_user(struct sg_identity_walk *walk, __u32 c, __u32 user)
{
	__u32 digit = (c - '0' - 10U) >> 31 & ('/' - c) >> 31, mark;

	mark = sg_identity_is(c, '-') | sg_identity_is(c, '.') | sg_identity_is(c, '(') |
	       sg_identity_is(c, ')') | (sg_identity_is(c, '+') & sg_identity_is(walk->length, 0));
	SIP_BARRIER(digit);
	walk->number = sg_identity_pick(digit & user, sg_identity_mix(walk->number, c),
					walk->number);
	walk->digits += digit & user;
	walk->others += ~(digit | mark) & user;
	walk->length += user;
}

/* Of the user, or of the host, which is in lower case, and whose last dot is none. */
SIP_INLINE void sg_identity_name(struct sg_identity_walk *walk, __u32 c, __u32 user, __u32 host)
{
	__u32 dot = sg_identity_is(c, '.') & host, dots = walk->dot;
	__u32 upper = (c - 'A' - 26U) >> 31 & ('@' - c) >> 31 & host;

	SIP_BARRIER(upper);
	c = (c | upper << 5) | (dots & host) << 8;
	walk->name = sg_identity_pick(user | (host & ~dot), sg_identity_mix(walk->name, c),
				      walk->name);
	walk->dot = sg_identity_pick(host, dot, dots);
}

/* A URI may begin: what follows its scheme is `state`. */
SIP_INLINE __u32 sg_identity_begin(struct sg_identity_walk *walk, __u32 state, __u32 begin)
{
	__u32 scheme = walk->scheme, tel = sg_identity_is(scheme, 't' << 16 | 'e' << 8 | 'l');
	__u32 sip = sg_identity_is(scheme, 's' << 16 | 'i' << 8 | 'p') |
		    sg_identity_is(scheme, 's' << 24 | 'i' << 16 | 'p' << 8 | 's');
	__u32 keeps = begin - 1;

	walk->name = sg_identity_pick(begin, walk->secret[0], walk->name);
	walk->number = sg_identity_pick(begin, ~walk->secret[0], walk->number);
	walk->length &= keeps;
	walk->digits &= keeps;
	walk->others &= keeps;
	walk->dot &= keeps;
	state = sg_identity_pick(begin & tel, SG_ID_TEL, state);
	return sg_identity_pick(begin & sip, SG_ID_USER, state);
}

SIP_INLINE void sg_identity_end(struct sg_identity_walk *walk, __u32 end)
{
	__u32 number = sg_identity_is(walk->others, 0) &
		       (SG_IDENTITY_DIGITS - 1 - walk->digits) >> 31;
	__u32 named = ~(sg_identity_is(walk->length, 0) | sg_identity_is(walk->state, SG_ID_TEL));
	__u32 there = (number | named) & end, last = sg_identity_is(walk->skip, 0);
	__u64 hash = sg_identity_pick(number, walk->number, walk->name);

	walk->skip -= there & ~last;
	hash = (hash ^ walk->secret[1]) * 0xbf58476d1ce4e5b9ULL;
	walk->found = sg_identity_pick(there & last, (hash ^ hash >> 29) | 1, walk->found);
}

/*
 * One character more of a header field; behind the last one a blank. All but `secret` and `skip` is
 * 0 at first. It goes on until something is found, or the field ends.
 */
SIP_INLINE void sg_identity_step(struct sg_identity_walk *walk, __u32 c)
{
	__u32 place = walk->state << 4 | (sg_identity_class[c & 0xff] & 15);
	__u32 next, action, state, hex = sg_identity_hex(c), user, decoded;

	SIP_BARRIER(place); /* the verifier of 6.1 knows no bound of a 32-bit or */
	next = sg_identity_next[place & 0xff];
	action = next & SG_ID_ACTION;
	state = next & SG_ID_STATE;
	sg_identity_end(walk, sg_identity_is(action, SG_ID_END));
	state = sg_identity_begin(walk, state, sg_identity_is(action, SG_ID_BEGIN));
	walk->scheme = (walk->scheme & -sg_identity_is(walk->state, SG_ID_SCHEME)) << 8 |
		       (c & 0x7f) | 0x20;
	walk->state = state;
	decoded = sg_identity_is(action, SG_ID_DECODED);
	user = sg_identity_is(action, SG_ID_NAME) | decoded;
	c = sg_identity_pick(decoded, (walk->escape << 4 | hex) & 0xff, c);
	walk->escape = hex;
	sg_identity_user(walk, c, user);
	sg_identity_name(walk, c, user, sg_identity_is(action, SG_ID_PLACE));
}

_Static_assert(SG_ID__STATES <= 16 && SG_ID__CLASSES <= 16, "a row of 16, a state of four bits");
_Static_assert(sizeof(struct sg_identity) == 128, "4096 of them");

#endif
