/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Addresses (From, To, Contact, Request-URI) and the top Via: one walk over the bytes that separate
 * their parts, which are all stops (sip/stops.h) but the blanks.
 *
 * What is known so far is kept in memory, in r->scan, and not in registers: the verifier would
 * follow each combination.
 */
#ifndef SIPGUARD_SIP_SCAN_H
#define SIPGUARD_SIP_SCAN_H

#include "sip/display.h"
#include "sip/state.h"
#include "sip/stops.h"
#include "sip/values.h"

#define SIP_EVENTS 4 /* stops taken in a step */

enum sip_scan_state {
	SIP_SCAN_SCHEME, /* of a URI, or a display name */
	SIP_SCAN_HOST,   /* or the user, if an @ comes */
	SIP_SCAN_REST,   /* parameters and headers of the URI */
	SIP_SCAN_AFTER,  /* after the closing > */
	SIP_SCAN_NAME,   /* of a parameter */
	SIP_SCAN_VALUE,
};

/* What is between two offsets without the white space at its ends, as `at` and end << 16. */
SIP_FUNCTION int sip_cut_far(struct sip_reader *r, __u32 at, __u32 end)
{
	if (!r)
		return 0;
	at = sip_skip(r, at, end);
	return at | sip_trim(r, at, end) << 16;
}

SIP_INLINE struct sip_span sip_cut(struct sip_reader *r, __u32 at, __u32 end)
{
	__u32 both;

	if (at >= end)
		return sip_span(0, 0);
	if (sip_byte(r, at) > ' ' && sip_byte(r, end - 1) > ' ')
		return sip_span(at, end);
	both = sip_cut_far(r, at, end);
	return sip_span(both & 0xffff, both >> 16);
}

/* enum sip_scheme of up to seven characters, folded. */
SIP_INLINE __u32 sip_scheme_id(__u64 word)
{
	switch (word) {
	case SIP_WORD('s', 'i', 'p'):
		return SIP_SCHEME_SIP;
	case SIP_WORD('s', 'i', 'p', 's'):
		return SIP_SCHEME_SIPS;
	case SIP_WORD('t', 'e', 'l'):
		return SIP_SCHEME_TEL;
	case SIP_WORD('i', 'm'):
		return SIP_SCHEME_IM;
	case SIP_WORD('p', 'r', 'e', 's'):
		return SIP_SCHEME_PRES;
	case SIP_WORD('u', 'r', 'n'):
		return SIP_SCHEME_URN;
	default:
		return SIP_SCHEME_OTHER;
	}
}

/*
 * scheme = ALPHA *( ALPHA / DIGIT / "+" / "-" / "." ), of which only the first is looked at. No
 * blanks stand before it: < sip:a@b > is no address (RFC 4475 section 3.1.2.14).
 */
SIP_INLINE __u32 sip_scheme(struct sip_reader *r, __u32 at, __u32 end)
{
	__u64 word = sip_load8(r, at);

	if (at >= end || !sip_is_letter(word & 0xff))
		return SIP_SCHEME_NONE;
	return end - at < 8 ? sip_scheme_id(sip_fold(sip_head(word, end - at)))
			    : SIP_SCHEME_OTHER;
}

/* A fault of the value that is taken apart; all of a Contact's are the rule CONTACT's. */
SIP_INLINE void sip_value_fault(struct sip_reader *r, __u64 fault)
{
	sip_fault(r, r->scan.party == SIP_CONTACT ? SIP_FAULT(CONTACT) : fault);
}

/* Eight bytes of a quoted string, or fewer with a backslash and what it escapes. */
static long sip_quote_step(__attribute__((unused)) __u32 i, struct sip_loop *loop)
{
	struct sip_reader *r = loop->r;
	__u32 at = r->scan.quote;
	__u64 word, stop;

	if (at >= r->scan.end)
		return 1;
	word = sip_load8(r, at);
	stop = sip_equal(word, '"') | sip_equal(word, '\\');
	if (!stop) {
		r->scan.quote = at + 8;
		return 0;
	}
	at += sip_first(stop);
	r->scan.quote = at + 2;
	if (sip_byte(r, at) == '\\')
		return 0;
	r->scan.quote = at + 1;
	r->scan.quoted = 0;
	return 1;
}

/* Whether a display name may be here: it ends with a <, or there is none. */
SIP_INLINE int sip_may_be_name(const struct sip_reader *r)
{
	return r->scan.bracket == SIP_BARE && r->scan.state != SIP_SCAN_VALUE &&
	       r->scan.party != SIP_VIA;
}

/*
 * A quote of a display name has, or may have, no counterpart: of three quotes the first may be the
 * one too many, with the others around a parameter. The value is read once more, as if no quotes
 * stood in the name: servers differ in where they see the address then, and so at least nothing is
 * hidden that would not be without the quote, a long tag say.
 */
SIP_INLINE void sip_lone_quote(struct sip_reader *r, struct sip_party *party)
{
	sip_value_fault(r, SIP_FAULT(NAME_QUOTE));
	__builtin_memset(party, 0, sizeof(*party));
	r->scan.base = r->scan.item = r->scan.host = r->scan.name = r->scan.begin;
	r->scan.closed = r->scan.wanted = 0;
	r->scan.state = SIP_SCAN_SCHEME;
	r->scan.bracket = SIP_BARE;
	r->scan.lone = 1;
}

/*
 * Beyond the quoted string that begins at `at`; the scan goes on there, in another block. 1 if it
 * does not end, and it may be for a quote of the display name.
 */
SIP_FUNCTION int sip_at_quote(struct sip_reader *r, __u32 at)
{
	struct sip_loop loop = {r};

	if (!r)
		return 0;
	if (sip_may_be_name(r)) {
		sip_quoted_name(r, at);
		r->scan.named = 1;
	}
	r->scan.quote = at + 1;
	r->scan.quoted = 1;
	SIP_REPEAT(SIP_READ_MAX / 2, sip_quote_step, &loop);
	if (r->scan.quoted || r->scan.quote > r->scan.end) {
		if (r->scan.named && !r->scan.lone)
			return 1;
		sip_value_fault(r, SIP_FAULT(QUOTE));
		r->scan.quote = r->scan.end;
	}
	r->scan.base = r->scan.name = r->scan.quote;
	return 0;
}

/* The tag or the branch, the first there is, ends at `at`. */
SIP_INLINE void sip_take_value(struct sip_reader *r, struct sip_party *party, __u32 at)
{
	if (r->scan.wanted && !party->tag.length)
		party->tag = sip_cut(r, r->scan.item, at);
	r->scan.wanted = 0;
}

/* A parameter's name ends at `at`. */
SIP_INLINE void sip_take_name(struct sip_reader *r, __u32 at)
{
	struct sip_span name = sip_cut(r, r->scan.item, at);
	__u64 word = sip_fold(sip_head(sip_load8(r, name.at), name.length & 7));

	if (!name.length)
		sip_value_fault(r, SIP_FAULT(PARAMETER_EMPTY));
	r->scan.wanted = r->scan.party == SIP_VIA
				 ? name.length == 6 &&
					   word == SIP_WORD('b', 'r', 'a', 'n', 'c', 'h')
				 : name.length == 3 && word == SIP_WORD('t', 'a', 'g');
}

/* The byte after the ] of an IPv6 address between two offsets, or `end` if it has none. */
SIP_FUNCTION int sip_bracket_end(struct sip_reader *r, __u32 at, __u32 end)
{
	if (!r)
		return 0;
	for (__u32 i = 0; i < 64 && at < end; i++, at++)
		if (sip_byte(r, at) == ']')
			return at + 1;
	return end;
}

/* The host ends at `at`, unless it did before. */
SIP_INLINE void sip_take_host(struct sip_reader *r, struct sip_party *party, __u32 at)
{
	__u32 end = r->scan.closed ? r->scan.closed : at, inner;

	if (sip_byte(r, r->scan.host) == '[') {
		inner = sip_bracket_end(r, r->scan.host, end);
		party->port = inner < end && sip_byte(r, inner) == ':';
		end = inner;
	}
	party->host = sip_cut(r, r->scan.host, end);
}

/* A semicolon with no parameter after it. */
SIP_INLINE void sip_empty_parameter(struct sip_reader *r, __u32 at)
{
	if (!sip_cut(r, r->scan.item, at).length)
		sip_value_fault(r, SIP_FAULT(PARAMETER_EMPTY));
}

/* No scheme, no host, a < or > without its counterpart, or something else after the >. */
SIP_INLINE void sip_bad_address(struct sip_reader *r)
{
	switch (r->scan.party) {
	case SIP_URI:
		sip_fault(r, SIP_FAULT(URI_SCHEME));
		break;
	case SIP_VIA:
		sip_fault(r, SIP_FAULT(VIA));
		break;
	default:
		sip_value_fault(r, SIP_FAULT(ADDRESS));
	}
}

/* Between the > and the parameters, or the end, there is nothing. */
SIP_INLINE void sip_after_close(struct sip_reader *r, __u32 at)
{
	if (sip_cut(r, r->scan.item, at).length)
		sip_bad_address(r);
}

/* A parameter begins after `at`, or the value ends there. */
SIP_INLINE void sip_at_semicolon(struct sip_reader *r, struct sip_party *party, __u32 at)
{
	switch (r->scan.state) {
	case SIP_SCAN_HOST:
		sip_take_host(r, party, at);
		r->scan.state = r->scan.bracket == SIP_BARE ? SIP_SCAN_NAME : SIP_SCAN_REST;
		break;
	case SIP_SCAN_AFTER:
		sip_after_close(r, at);
		r->scan.state = SIP_SCAN_NAME;
		break;
	case SIP_SCAN_NAME:
		sip_empty_parameter(r, at);
		break;
	case SIP_SCAN_VALUE:
		sip_take_value(r, party, at);
		r->scan.state = SIP_SCAN_NAME;
		break;
	}
	if (r->scan.state == SIP_SCAN_NAME)
		r->scan.item = at + 1;
}

SIP_INLINE void sip_at_colon(struct sip_reader *r, struct sip_party *party, __u32 at)
{
	if (r->scan.state == SIP_SCAN_SCHEME) {
		party->scheme = sip_scheme(r, r->scan.item, at);
		r->scan.state = SIP_SCAN_HOST;
		r->scan.item = r->scan.host = at + 1;
	} else if (r->scan.state == SIP_SCAN_HOST && !r->scan.closed &&
		   sip_byte(r, r->scan.host) != '[') {
		r->scan.closed = at;
		party->port = 1;
	}
}

/* What comes before an @ is the user, with all of : ; ? & = that it may hold (section 25.1). */
SIP_INLINE void sip_at_at(struct sip_reader *r, struct sip_party *party, __u32 at)
{
	if (party->user.length || r->scan.party == SIP_VIA ||
	    (r->scan.state != SIP_SCAN_HOST && r->scan.state != SIP_SCAN_REST))
		return;
	party->user = sip_cut(r, r->scan.item, at);
	party->port = party->headers = 0;
	r->scan.host = at + 1;
	r->scan.closed = 0;
	r->scan.state = SIP_SCAN_HOST;
}

SIP_INLINE void sip_at_open(struct sip_reader *r, struct sip_party *party, __u32 at)
{
	if (r->scan.bracket != SIP_BARE || r->scan.party == SIP_VIA)
		sip_bad_address(r);
	else if (r->input.wanted & SIP_FAULT(DISPLAY_NAME) && !r->scan.lone)
		sip_display_name(r, at);
	/* What looked like a URI was the display name. */
	party->scheme = SIP_SCHEME_NONE;
	party->user = party->host = party->tag = sip_span(0, 0);
	party->port = 0;
	r->scan.wanted = 0;
	r->scan.bracket = SIP_INSIDE;
	r->scan.state = SIP_SCAN_SCHEME;
	r->scan.item = at + 1;
	r->scan.closed = 0;
}

SIP_INLINE void sip_at_close(struct sip_reader *r, struct sip_party *party, __u32 at)
{
	if (r->scan.bracket != SIP_INSIDE)
		sip_bad_address(r);
	if (r->scan.state == SIP_SCAN_HOST)
		sip_take_host(r, party, at);
	r->scan.bracket = SIP_OUTSIDE;
	r->scan.state = SIP_SCAN_AFTER;
	r->scan.item = at + 1;
}

/* The value ends at `at`, or a comma stands there. */
SIP_INLINE void sip_at_end(struct sip_reader *r, struct sip_party *party, __u32 at)
{
	r->scan.done = 1;
	r->scan.stop = at;
	if (r->scan.state == SIP_SCAN_HOST)
		sip_take_host(r, party, at);
	else if (r->scan.state == SIP_SCAN_VALUE)
		sip_take_value(r, party, at);
	else if (r->scan.state == SIP_SCAN_NAME)
		sip_empty_parameter(r, at);
	else if (r->scan.state == SIP_SCAN_AFTER)
		sip_after_close(r, at);
	if (r->scan.bracket == SIP_INSIDE)
		sip_bad_address(r);
}

/* A comma ends the first element of a list. An empty one follows in `Via: a;;,;,,`. */
SIP_INLINE void sip_at_comma(struct sip_reader *r, struct sip_party *party, __u32 at)
{
	if (r->scan.party == SIP_URI || r->scan.party == SIP_FROM || r->scan.party == SIP_TO ||
	    (r->scan.party != SIP_VIA && r->scan.bracket == SIP_INSIDE))
		return;
	sip_at_end(r, party, at);
	if (r->scan.party != SIP_VIA)
		return;
	at = sip_skip(r, at + 1, r->scan.end);
	if (at == r->scan.end || !sip_is_letter(sip_byte(r, at)))
		sip_fault(r, SIP_FAULT(VIA));
}

SIP_INLINE void sip_at_question(struct sip_reader *r, struct sip_party *party, __u32 at)
{
	if (r->scan.state == SIP_SCAN_HOST && r->scan.bracket != SIP_BARE) {
		sip_take_host(r, party, at);
		r->scan.state = SIP_SCAN_REST;
	}
	if (r->scan.state == SIP_SCAN_REST)
		party->headers = 1;
}

SIP_INLINE void sip_at_equals(struct sip_reader *r, __u32 at)
{
	if (r->scan.state != SIP_SCAN_NAME)
		return;
	sip_take_name(r, at);
	r->scan.state = SIP_SCAN_VALUE;
	r->scan.item = at + 1;
}

SIP_INLINE void sip_separator(struct sip_reader *r, struct sip_party *party, __u32 c, __u32 at)
{
	if (r->scan.done)
		return;
	switch (c) {
	case ';':
		sip_at_semicolon(r, party, at);
		break;
	case ':':
		sip_at_colon(r, party, at);
		break;
	case '@':
		sip_at_at(r, party, at);
		break;
	case '=':
		sip_at_equals(r, at);
		break;
	case '<':
		sip_at_open(r, party, at);
		break;
	case '>':
		sip_at_close(r, party, at);
		break;
	case ',':
		sip_at_comma(r, party, at);
		break;
	case '?':
		sip_at_question(r, party, at);
		break;
	}
}

/* The stops in the next block of at most 64 bytes; 0 at the end of the value. */
SIP_INLINE __u64 sip_next_block(struct sip_reader *r)
{
	__u32 base = r->scan.base, rest = r->scan.end - base;
	__u64 mask = sip_stops_mask(r, base);

	r->scan.block = base;
	r->scan.base = base + SIP_BLOCK;
	return rest < SIP_BLOCK ? mask & ((1ULL << (rest & 63)) - 1) : mask;
}

/*
 * A block, or what is left of one: a few stops at a time, which is what the verifier has to
 * follow in all combinations.
 */
static long sip_scan_step(__attribute__((unused)) __u32 i, struct sip_loop *loop)
{
	struct sip_reader *r = loop->r;
	__u64 low, mask = r->scan.mask;
	struct sip_party *party;
	__u32 at, c;

	if (r->scan.done || r->scan.party >= SIP_PARTIES)
		return 1;
	party = &r->message.party[r->scan.party];
	if (!mask) {
		if (r->scan.base >= r->scan.end)
			return 1;
		mask = sip_next_block(r);
	}
	for (__u32 event = 0; event < SIP_EVENTS && mask; event++) {
		low = mask & -mask;
		mask ^= low;
		at = r->scan.block + sip_bit(low);
		c = sip_byte(r, at);
		/* Some write a \" that quotes nothing. */
		if (c == '"' && sip_byte(r, at - 1) != '\\' &&
		    !(r->scan.lone && r->scan.bracket == SIP_BARE)) {
			r->scan.mask = 0;
			if (sip_at_quote(r, at))
				sip_lone_quote(r, party);
			return 0;
		}
		sip_separator(r, party, c, at);
	}
	r->scan.mask = mask;
	return !mask && r->scan.base >= r->scan.end;
}

/* Takes the value between two offsets apart into a party, beginning in a state. */
SIP_FUNCTION int sip_scan(struct sip_reader *r, __u32 which, __u32 at, __u32 end)
{
	struct sip_loop loop = {r};

	if (!r || which >= SIP_PARTIES || at > end || end > SIP_READ_MAX)
		return 0;
	r->scan.base = r->scan.item = r->scan.host = r->scan.name = r->scan.begin = at;
	r->scan.end = end;
	r->scan.closed = r->scan.wanted = r->scan.done = 0;
	r->scan.named = r->scan.lone = 0;
	r->scan.party = which;
	r->scan.mask = 0;
	/* Each step takes a stop at least, and twice if a quote is alone. */
	SIP_REPEAT(2 * (end - at + SIP_READ_MAX / SIP_BLOCK), sip_scan_step, &loop);
	if (!r->scan.done)
		sip_at_end(r, &r->message.party[which], end);
	return 0;
}

/* From, To or Contact. */
SIP_FUNCTION int sip_address(struct sip_reader *r, __u32 which, __u32 id)
{
	struct sip_party *party;
	struct sip_span value;

	if (!r || which >= SIP_PARTIES || id >= SIP_FIELD__MAX)
		return 0;
	value = sip_value(r, id);
	/* Contact: * unregisters all of them (RFC 3261 section 10.2.2). */
	if (which == SIP_CONTACT && value.length == 1 && sip_byte(r, value.at) == '*')
		return 0;
	r->scan.state = SIP_SCAN_SCHEME;
	r->scan.bracket = SIP_BARE;
	sip_scan(r, which, value.at, value.at + value.length);
	/* Again: clang 19 keeps it where the verifier forgets its bound. */
	SIP_BARRIER(which);
	if (which >= SIP_PARTIES)
		return 0;
	party = &r->message.party[which];
	if (party->scheme == SIP_SCHEME_NONE || !party->host.length)
		sip_bad_address(r);
	if (!party->host.length &&
	    (party->scheme == SIP_SCHEME_SIP || party->scheme == SIP_SCHEME_SIPS))
		sip_fault(r, SIP_FAULT(HOST_MISSING));
	return 0;
}

#endif
