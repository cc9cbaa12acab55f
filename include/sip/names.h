/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The names of header fields and of methods, as words of eight characters filled up with zeros.
 *
 * Each table is indexed by a product, whose factor was searched for until no two names have the
 * same place; -Woverride-init tells if a new name takes one that is in use. So a name costs a
 * compare or two and no branches that an attacker could make unpredictable. A name of a field is
 * found with its colon by what it begins with: where it ends need not be known before.
 */
#ifndef SIPGUARD_SIP_NAMES_H
#define SIPGUARD_SIP_NAMES_H

#include "sip/message.h"
#include "sip/text.h"

/*
 * No two names of the same table begin with the same two characters, or nine, whatever their case:
 * that is one bit of a letter.
 */
#define SIP_CASE 0x20
#define SIP_NO_CASE (0xff & ~SIP_CASE)
#define SIP_SHORT_PLACE(a) ((__u32)((__u32)(a) & SIP_NO_CASE * 0x101U) * 0x107bc2c5U >> 26)
#define SIP_LONG_PLACE(a, b)                                                                      \
	((((a) & SIP_EACH(SIP_NO_CASE)) + ((b) & SIP_NO_CASE)) * 0x9718897d50774b6dULL >> 59)
#define SIP_METHOD_PLACE(a, b) (((a) + (b)) * 0xe0e574dd7254b925ULL >> 60)

/* A name and its colon, and the bits behind the last byte of a word that is not 0. */
#define SIP_COLON(size, a) ((a) | (__u64)':' << 8 * ((size) - 1))
#define SIP_DROP(word) (__builtin_clzll(word) & 56)

/* The loose bits of such a word, and those and the word. */
#define SIP_LOOSE(word) (((word) & SIP_EACH('@')) / ('@' / SIP_CASE) | ~(~0ULL >> SIP_DROP(word)))
#define SIP_FULL(word) ((word) | SIP_LOOSE(word))

/*
 * Names of up to seven characters, folded, and how many bytes they and their colon have. The
 * compact forms of IANA's registry are all here: whoever does not know them can have header fields
 * hidden from it (RFC 3261 section 7.3.3).
 */
SIP_TABLE const struct sip_short_name sip_short_names[64] = {
#define NAME(field, size, a)                                                                      \
	[SIP_SHORT_PLACE(SIP_COLON(size, a))] = {                                                 \
		SIP_LOOSE(SIP_COLON(size, a)), SIP_FULL(SIP_COLON(size, a)), SIP_COLON(size, a),  \
		64 - 8 * (size), {SIP_FIELD_##field, size}}
	NAME(VIA, 2, SIP_WORD('v')),
	NAME(VIA, 4, SIP_WORD('v', 'i', 'a')),
	NAME(FROM, 2, SIP_WORD('f')),
	NAME(FROM, 5, SIP_WORD('f', 'r', 'o', 'm')),
	NAME(TO, 2, SIP_WORD('t')),
	NAME(TO, 3, SIP_WORD('t', 'o')),
	NAME(CALL_ID, 2, SIP_WORD('i')),
	NAME(CALL_ID, 8, SIP_WORD('c', 'a', 'l', 'l', '-', 'i', 'd')),
	NAME(CSEQ, 5, SIP_WORD('c', 's', 'e', 'q')),
	NAME(CONTENT_LENGTH, 2, SIP_WORD('l')),
	NAME(CONTENT_TYPE, 2, SIP_WORD('c')),
	NAME(CONTENT_ENCODING, 2, SIP_WORD('e')),
	NAME(CONTACT, 2, SIP_WORD('m')),
	NAME(CONTACT, 8, SIP_WORD('c', 'o', 'n', 't', 'a', 'c', 't')),
	NAME(EXPIRES, 8, SIP_WORD('e', 'x', 'p', 'i', 'r', 'e', 's')),
	NAME(ROUTE, 6, SIP_WORD('r', 'o', 'u', 't', 'e')),
	NAME(SERVER, 7, SIP_WORD('s', 'e', 'r', 'v', 'e', 'r')),
	NAME(EVENT, 2, SIP_WORD('o')),
	NAME(EVENT, 6, SIP_WORD('e', 'v', 'e', 'n', 't')),
	NAME(ALLOW_EVENTS, 2, SIP_WORD('u')),
	NAME(REFER_TO, 2, SIP_WORD('r')),
	NAME(REFERRED_BY, 2, SIP_WORD('b')),
	NAME(RACK, 5, SIP_WORD('r', 'a', 'c', 'k')),
	NAME(SUPPORTED, 2, SIP_WORD('k')),
	NAME(REQUIRE, 8, SIP_WORD('r', 'e', 'q', 'u', 'i', 'r', 'e')),
	NAME(ALLOW, 6, SIP_WORD('a', 'l', 'l', 'o', 'w')),
	NAME(ACCEPT, 7, SIP_WORD('a', 'c', 'c', 'e', 'p', 't')),
	NAME(ACCEPT_CONTACT, 2, SIP_WORD('a')),
	NAME(REJECT_CONTACT, 2, SIP_WORD('j')),
	NAME(REQUEST_DISPOSITION, 2, SIP_WORD('d')),
	NAME(SESSION_EXPIRES, 2, SIP_WORD('x')),
	NAME(SUBJECT, 2, SIP_WORD('s')),
	NAME(SUBJECT, 8, SIP_WORD('s', 'u', 'b', 'j', 'e', 'c', 't')),
	NAME(IDENTITY, 2, SIP_WORD('y')),
#undef NAME
};

/* Longer ones, of up to 23. */
SIP_TABLE const struct sip_long_name sip_long_names[32] = {
#define NAME(field, a, b, c)                                                                      \
	[SIP_LONG_PLACE(a, b)] = {                                                                \
		SIP_LOOSE(a), SIP_FULL(a), SIP_LOOSE(b), SIP_FULL(b), a, b, c,                    \
		SIP_DROP(b), {SIP_FIELD_##field, 16 - SIP_DROP(b) / 8}}
	NAME(MAX_FORWARDS, SIP_WORD('m', 'a', 'x', '-', 'f', 'o', 'r', 'w'),
	     SIP_WORD('a', 'r', 'd', 's', ':'), 0),
	NAME(CONTENT_LENGTH, SIP_WORD('c', 'o', 'n', 't', 'e', 'n', 't', '-'),
	     SIP_WORD('l', 'e', 'n', 'g', 't', 'h', ':'), 0),
	NAME(CONTENT_TYPE, SIP_WORD('c', 'o', 'n', 't', 'e', 'n', 't', '-'),
	     SIP_WORD('t', 'y', 'p', 'e', ':'), 0),
	NAME(CONTENT_ENCODING, SIP_WORD('c', 'o', 'n', 't', 'e', 'n', 't', '-'),
	     SIP_WORD('e', 'n', 'c', 'o', 'd', 'i', 'n', 'g'), SIP_WORD(':')),
	NAME(RECORD_ROUTE, SIP_WORD('r', 'e', 'c', 'o', 'r', 'd', '-', 'r'),
	     SIP_WORD('o', 'u', 't', 'e', ':'), 0),
	NAME(USER_AGENT, SIP_WORD('u', 's', 'e', 'r', '-', 'a', 'g', 'e'),
	     SIP_WORD('n', 't', ':'), 0),
	NAME(AUTHORIZATION, SIP_WORD('a', 'u', 't', 'h', 'o', 'r', 'i', 'z'),
	     SIP_WORD('a', 't', 'i', 'o', 'n', ':'), 0),
	NAME(PROXY_AUTHORIZATION, SIP_WORD('p', 'r', 'o', 'x', 'y', '-', 'a', 'u'),
	     SIP_WORD('t', 'h', 'o', 'r', 'i', 'z', 'a', 't'), SIP_WORD('i', 'o', 'n', ':')),
	NAME(ALLOW_EVENTS, SIP_WORD('a', 'l', 'l', 'o', 'w', '-', 'e', 'v'),
	     SIP_WORD('e', 'n', 't', 's', ':'), 0),
	NAME(REFER_TO, SIP_WORD('r', 'e', 'f', 'e', 'r', '-', 't', 'o'), SIP_WORD(':'), 0),
	NAME(REFERRED_BY, SIP_WORD('r', 'e', 'f', 'e', 'r', 'r', 'e', 'd'),
	     SIP_WORD('-', 'b', 'y', ':'), 0),
	NAME(SUPPORTED, SIP_WORD('s', 'u', 'p', 'p', 'o', 'r', 't', 'e'), SIP_WORD('d', ':'), 0),
	NAME(ACCEPT_CONTACT, SIP_WORD('a', 'c', 'c', 'e', 'p', 't', '-', 'c'),
	     SIP_WORD('o', 'n', 't', 'a', 'c', 't', ':'), 0),
	NAME(REJECT_CONTACT, SIP_WORD('r', 'e', 'j', 'e', 'c', 't', '-', 'c'),
	     SIP_WORD('o', 'n', 't', 'a', 'c', 't', ':'), 0),
	NAME(REQUEST_DISPOSITION, SIP_WORD('r', 'e', 'q', 'u', 'e', 's', 't', '-'),
	     SIP_WORD('d', 'i', 's', 'p', 'o', 's', 'i', 't'), SIP_WORD('i', 'o', 'n', ':')),
	NAME(SESSION_EXPIRES, SIP_WORD('s', 'e', 's', 's', 'i', 'o', 'n', '-'),
	     SIP_WORD('e', 'x', 'p', 'i', 'r', 'e', 's', ':'), 0),
	NAME(IDENTITY, SIP_WORD('i', 'd', 'e', 'n', 't', 'i', 't', 'y'), SIP_WORD(':'), 0),
#undef NAME
};

/* A place without a name has zeros, which no name is taken for: those of zeros are in use. */
_Static_assert(SIP_SHORT_PLACE(SIP_WORD('e', ':')) == 0, "another factor");
_Static_assert(SIP_LONG_PLACE(SIP_WORD('c', 'o', 'n', 't', 'e', 'n', 't', '-'), 't') == 0,
	       "another factor");

/* Methods, which are case-sensitive (RFC 3261 section 7.1). */
SIP_TABLE const struct sip_method_name sip_methods[16] = {
#define X(name, label, limit, ...)                                                                \
	[SIP_METHOD_PLACE(SIP_WORD(__VA_ARGS__), SIP_WORD2(__VA_ARGS__))] = {                     \
		SIP_WORD(__VA_ARGS__), SIP_WORD2(__VA_ARGS__), SG_METHOD_##name},
	SG_KNOWN_METHODS(X)
#undef X
};

/* enum sip_field of a folded name with its colon, filled up with zeros. */
SIP_INLINE __u32 sip_field_id(__u64 a, __u64 b, __u64 c)
{
	const struct sip_long_name *name = &sip_long_names[SIP_LONG_PLACE(a, b)];
	const struct sip_short_name *brief = &sip_short_names[SIP_SHORT_PLACE(a)];

	if (!b)
		return brief->name == a ? brief->is.id : SIP_FIELD_OTHER;
	return (name->a ^ a) | (name->b ^ b) | (name->c ^ c) ? SIP_FIELD_OTHER : name->is.id;
}

/* enum sg_method of a name of up to 15 characters. */
SIP_INLINE __u32 sip_method_id(__u64 a, __u64 b)
{
	const struct sip_method_name *name = &sip_methods[SIP_METHOD_PLACE(a, b)];

	return (name->a ^ a) | (name->b ^ b) ? SG_METHOD_UNKNOWN : name->id;
}

#endif
