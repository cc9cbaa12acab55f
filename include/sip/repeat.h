/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A header field that a message has once stands there twice. Several products write one twice, with
 * the same value, which contradicts nothing; with two values each element may believe another one.
 *
 */
#ifndef SIPGUARD_SIP_REPEAT_H
#define SIPGUARD_SIP_REPEAT_H

#include "sip/state.h"
#include "sip/values.h"

/* What stands once in a message; To has a rule of its own. */
#define SIP_SINGLE                                                                                \
	(SIP_SEEN(FROM) | SIP_SEEN(TO) | SIP_SEEN(CALL_ID) | SIP_SEEN(CSEQ) |                     \
	 SIP_SEEN(CONTENT_LENGTH) | SIP_SEEN(MAX_FORWARDS))

/* Eight bytes of the two values, or the last of them. */
static long sip_repeat_step(__u32 i, struct sip_loop *loop)
{
	struct sip_reader *r = loop->r;
	__u32 at = 8 * i, rest = r->repeat.length - at;
	__u64 difference = sip_load8(r, r->repeat.first + at) ^ sip_load8(r, r->repeat.second + at);

	if (rest < 8)
		difference = sip_head(difference, rest);
	r->repeat.differ = difference != 0;
	return r->repeat.differ;
}

/* Whether a value ends at `at`: behind blanks comes a line end, and no line that continues it. */
SIP_FUNCTION int sip_value_ends(struct sip_reader *r, __u32 at)
{
	if (!r)
		return 0;
	at += sip_blank_length(r, at);
	if (at >= r->message.read)
		return 1;
	if (sip_byte(r, at) == '\r')
		at++;
	return sip_byte(r, at) == '\n' && !sip_is_blank(sip_byte(r, at + 1));
}

/* Where a value begins, from behind its colon: also in a line that continues it. */
SIP_FUNCTION int sip_value_begins(struct sip_reader *r, __u32 at)
{
	__u32 end;

	if (!r)
		return 0;
	at += sip_blank_length(r, at);
	end = at + (sip_byte(r, at) == '\r');
	if (sip_byte(r, end) == '\n' && sip_is_blank(sip_byte(r, end + 1)))
		at = end + 1 + sip_blank_length(r, end + 1);
	return at;
}

/* The value at `second` is the `first` one, byte by byte. */
SIP_FUNCTION int sip_same_bytes(struct sip_reader *r, __u32 first, __u32 length, __u32 second)
{
	struct sip_loop loop = {r};

	/* Behind the end there are only zeros, of which a value may be made, too. */
	if (!r || second + length > r->message.read)
		return 0;
	r->repeat.first = first;
	r->repeat.second = second;
	r->repeat.length = length;
	r->repeat.differ = 0;
	SIP_REPEAT((length + 7) / 8, sip_repeat_step, &loop);
	return !r->repeat.differ && sip_value_ends(r, second + length);
}

/* Both are numbers, and the same one: 70 and 070. */
SIP_FUNCTION int sip_same_number(struct sip_reader *r, __u32 first, __u32 length, __u32 second)
{
	__u64 a, b;

	if (!r)
		return 0;
	a = sip_decimal(r, first);
	b = sip_decimal(r, second);
	if (!length || SIP_DECIMAL_DIGITS(a) != length || !SIP_DECIMAL_DIGITS(b))
		return 0;
	return SIP_DECIMAL_NUMBER(a) == SIP_DECIMAL_NUMBER(b) &&
	       sip_value_ends(r, second + SIP_DECIMAL_DIGITS(b));
}

/*
 * A field of SIP_SINGLE stands there once more, with its value at `at`. The first one has ended, so
 * its span is whole. The cost is that of its bytes: they are compared as long as they are the same.
 */
SIP_FUNCTION int sip_repeat(struct sip_reader *r, __u32 id, __u32 at)
{
	struct sip_span first;

	if (!r || id >= SIP_FIELD__MAX)
		return 0;
	first = sip_value(r, id);
	at = sip_value_begins(r, at);
	if (sip_same_bytes(r, first.at, first.length, at))
		return 0;
	if ((id == SIP_FIELD_CONTENT_LENGTH || id == SIP_FIELD_MAX_FORWARDS) &&
	    sip_same_number(r, first.at, first.length, at))
		return 0;
	sip_fault(r, id == SIP_FIELD_TO ? SIP_FAULT(TO_REPEATED) : SIP_FAULT(REPEATED));
	return 0;
}

#endif
