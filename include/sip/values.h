/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers, CSeq and Call-ID, and what values are made of. */
#ifndef SIPGUARD_SIP_VALUES_H
#define SIPGUARD_SIP_VALUES_H

#include "sip/names.h"
#include "sip/state.h"

#define SIP_NAME_MAX 256 /* bytes of a name that are looked at; longer ones are no names */
#define SIP_SKIP_MAX 1024 /* bytes of white space before a value, and between its parts */
#define SIP_TRIM_MAX 256 /* after it: more are taken for a part of the value */
#define SIP_DIGITS 64 /* of a number with its leading zeros; more are an overflow */

#define SIP_NAME_NEAR 24 /* bytes of a token that are looked at without a call each */

static long sip_token_byte(__attribute__((unused)) __u32 i, struct sip_loop *loop)
{
	struct sip_reader *r = loop->r;

	if (!sip_is_token(sip_byte(r, r->at)))
		return 1;
	r->at++;
	return 0;
}

/*
 * How many bytes from `at` on are a token's, up to SIP_NAME_MAX. A function of its own, as the next
 * one: of what a global function returns the verifier knows nothing, so it follows one length.
 */
SIP_FUNCTION int sip_token_length(struct sip_reader *r, __u32 at)
{
	struct sip_loop loop = {r};

	if (!r)
		return 0;
	for (__u32 i = 0; i < SIP_NAME_NEAR; i++)
		if (!sip_is_token(sip_byte(r, at + i)))
			return i;
	r->at = at + SIP_NAME_NEAR;
	SIP_REPEAT(SIP_NAME_MAX - SIP_NAME_NEAR, sip_token_byte, &loop);
	return r->at - at;
}

/* The same of spaces and tabs. */
SIP_FUNCTION int sip_blank_length(struct sip_reader *r, __u32 at)
{
	__u64 word, solid;

	if (!r)
		return 0;
	for (__u32 i = 0; i < SIP_NAME_MAX; i += 8) {
		word = sip_load8(r, at + i);
		solid = ~(sip_equal(word, ' ') | sip_equal(word, '\t')) & SIP_HIGH;
		if (solid)
			return i + sip_first(solid);
	}
	return SIP_NAME_MAX;
}

/* The high bit of each byte that is no blank of a folded value. */
SIP_INLINE __u64 sip_solid(__u64 word)
{
	return ~(sip_equal(word, ' ') | sip_equal(word, '\t') | sip_equal(word, '\r') |
		 sip_equal(word, '\n')) & SIP_HIGH;
}

SIP_INLINE int sip_is_white(__u32 c)
{
	return c <= ' ' && (0x0000000100002600ULL >> c & 1);
}

/* Beyond the white space at `at`, but not beyond `end`. */
SIP_FUNCTION int sip_skip_far(struct sip_reader *r, __u32 at, __u32 end)
{
	__u64 solid;

	if (!r)
		return 0;
	for (__u32 i = 0; i < SIP_SKIP_MAX / 8 && at < end; i++) {
		solid = sip_solid(sip_load8(r, at));
		if (solid) {
			at += sip_first(solid);
			break;
		}
		at += 8;
	}
	return at < end ? at : end;
}

SIP_INLINE __u32 sip_skip(struct sip_reader *r, __u32 at, __u32 end)
{
	__u32 pair = sip_load2(r, at);

	/* Nearly always it is one space, or none. */
	if (at < end && (pair & 0xff) == ' ') {
		at++;
		pair >>= 8;
	}
	return at < end && sip_is_white(pair & 0xff) ? (__u32)sip_skip_far(r, at, end) : at;
}

/* The end of a value without the white space before it, but not before `at`. */
SIP_FUNCTION int sip_trim_far(struct sip_reader *r, __u32 at, __u32 end)
{
	if (!r)
		return 0;
	for (__u32 i = 0; i < SIP_TRIM_MAX && end > at; i++) {
		if (!sip_is_white(sip_byte(r, end - 1)))
			break;
		end--;
	}
	return end;
}

SIP_INLINE __u32 sip_trim(struct sip_reader *r, __u32 at, __u32 end)
{
	return end > at && sip_is_white(sip_byte(r, end - 1)) ? (__u32)sip_trim_far(r, at, end)
							      : end;
}

SIP_INLINE struct sip_span sip_span(__u32 at, __u32 end)
{
	struct sip_span span = {0, 0};

	if (at < end) {
		span.at = at;
		span.length = end - at;
	}
	return span;
}

SIP_INLINE __u32 sip_field_end(const struct sip_reader *r, __u32 id)
{
	return (__u32)r->message.field[id].at + r->message.field[id].length;
}

/* The value of a field without white space around it; empty if the field does not occur. */
SIP_INLINE struct sip_span sip_value(struct sip_reader *r, __u32 id)
{
	struct sip_span span = {0, 0};
	__u32 at, end;

	if (!(r->message.seen >> id & 1))
		return span;
	end = sip_field_end(r, id);
	at = sip_skip(r, r->message.field[id].at, end);
	return sip_span(at, sip_trim(r, at, end));
}

/* Digits at the low end of a word: 1 to 7 of them, or 0. Up to three are found in half a word. */
SIP_INLINE __u32 sip_digits(__u64 word)
{
	__u32 half = (__u32)word ^ 0x30303030;
	__u32 end = (((half & 0x7f7f7f7f) + 0x76767676) | half) & 0x80808080;
	__u64 digit, other;

	if (end)
		return (((end - 1) & 0x01010101) * 0x01010101 >> 24) - 1;
	digit = word ^ SIP_EACH('0');
	other = (((digit & SIP_SEVEN) + SIP_EACH(0x80 - 10)) | digit) & SIP_HIGH;
	return other ? sip_first(other) : 0;
}

/* The number that the first `digits` (1 to 7) bytes are: pairs of digits, then pairs of those. */
SIP_INLINE __u32 sip_digits_number(__u64 word, __u32 digits)
{
	__u32 half;

	if (digits < 4) {
		half = ((__u32)word ^ 0x30303030) << ((32 - 8 * digits) & 31);
		half = (half * 10 + (half >> 8)) & 0x00ff00ff;
		return (half * 100 + (half >> 16)) & 0xffff;
	}
	word = (word ^ SIP_EACH('0')) << ((64 - 8 * digits) & 63);
	word = (word * 10 + (word >> 8)) & 0x00ff00ff00ff00ffULL;
	word = (word * 100 + (word >> 16)) & 0x0000ffff0000ffffULL;
	return word * 10000 + (word >> 32);
}

/* A number below 2^32 and how many digits it has; 0 digits: none or too large. */
#define SIP_DECIMAL(number, digits) ((__u64)(number) | (__u64)(digits) << 32)
#define SIP_DECIMAL_NUMBER(decimal) ((__u32)(decimal))
#define SIP_DECIMAL_DIGITS(decimal) ((__u32)((decimal) >> 32))

SIP_FUNCTION __u64 sip_decimal(struct sip_reader *r, __u32 at)
{
	__u64 number = 0;
	__u32 i, digit;

	if (!r)
		return 0;
	for (i = 0; i < SIP_DIGITS; i++) {
		digit = sip_byte(r, at + i) - '0';
		if (digit > 9)
			break;
		number = number * 10 + digit;
		if (number > 0xffffffff)
			return 0;
	}
	return i < SIP_DIGITS ? SIP_DECIMAL(number, i) : 0;
}

/* A field that is a number below 2^32 and nothing else; sets `fault` if it is not. */
SIP_INLINE __u32 sip_number(struct sip_reader *r, __u32 id, __u64 fault)
{
	struct sip_span span;
	__u64 decimal;

	span = sip_value(r, id);
	decimal = sip_decimal(r, span.at);
	if (span.length && SIP_DECIMAL_DIGITS(decimal) == span.length)
		return SIP_DECIMAL_NUMBER(decimal);
	sip_fault(r, fault);
	return 0;
}

SIP_FUNCTION int sip_numbers(struct sip_reader *r)
{
	struct sip_message *m;

	if (!r)
		return 0;
	m = &r->message;
	if (m->seen & SIP_SEEN(CONTENT_LENGTH))
		m->content_length = sip_number(r, SIP_FIELD_CONTENT_LENGTH, SIP_FAULT(LENGTH));
	if (m->seen & SIP_SEEN(MAX_FORWARDS))
		m->max_forwards = sip_number(r, SIP_FIELD_MAX_FORWARDS, SIP_FAULT(HOPS));
	if (m->seen & SIP_SEEN(EXPIRES))
		m->expires = sip_number(r, SIP_FIELD_EXPIRES, SIP_FAULT(EXPIRES));
	return 0;
}

/* A method of up to 15 bytes that ends with `c`, as two words; returns its length, or 0. */
SIP_INLINE __u32 sip_method_until(const struct sip_reader *r, __u32 at, __u8 c, __u64 *a, __u64 *b)
{
	__u64 end;

	*a = sip_load8(r, at);
	*b = 0;
	end = sip_find(*a, c);
	if (end) {
		*a &= sip_before(end);
		return sip_first(end);
	}
	*b = sip_load8(r, at + 8);
	end = sip_find(*b, c);
	if (!end)
		return 0;
	*b &= sip_before(end);
	return 8 + sip_first(end);
}

/* enum sg_method of the `length` bytes at `at`, length > 0. */
SIP_INLINE int sip_method_at(const struct sip_reader *r, __u32 at, __u32 length)
{
	__u64 a = sip_load8(r, at), b;

	if (length < 8)
		return sip_method_id(sip_head(a, length), 0);
	b = sip_load8(r, at + 8);
	return length < 16 ? sip_method_id(a, sip_head(b, length - 8)) : SG_METHOD_UNKNOWN;
}

/* Whether `length` bytes at two places are the same, length up to SIP_NAME_MAX. */
SIP_FUNCTION int sip_same(struct sip_reader *r, __u32 a, __u32 b, __u32 length)
{
	__u32 i;

	if (!r || length > SIP_NAME_MAX)
		return 0;
	for (i = 0; i < SIP_NAME_MAX && i + 8 <= length; i += 8)
		if (sip_load8(r, a + i) != sip_load8(r, b + i))
			return 0;
	return !sip_head(sip_load8(r, a + i) ^ sip_load8(r, b + i), length & 7);
}

/* The method in CSeq: is it the start line's? */
SIP_INLINE void sip_cseq_compare(struct sip_reader *r)
{
	struct sip_message *m = &r->message;

	if (!m->cseq_method_id || m->cseq_method_id != m->method_id)
		return;
	if (m->method_id == SG_METHOD_UNKNOWN &&
	    (m->cseq_method.length != m->method.length ||
	     !sip_same(r, m->cseq_method.at, m->method.at, m->method.length)))
		return;
	m->flags |= SIP_SAME_CSEQ;
}

SIP_FUNCTION int sip_cseq(struct sip_reader *r)
{
	struct sip_span span;
	struct sip_message *m;
	__u32 at, end;
	__u64 decimal;

	if (!r)
		return 0;
	m = &r->message;
	span = sip_value(r, SIP_FIELD_CSEQ);
	end = span.at + span.length;
	decimal = sip_decimal(r, span.at);
	at = span.at + SIP_DECIMAL_DIGITS(decimal);
	m->cseq_method = sip_span(sip_skip(r, at, end), end);
	if (!SIP_DECIMAL_DIGITS(decimal) || !m->cseq_method.length || m->cseq_method.at == at) {
		m->cseq_method = sip_span(0, 0);
		sip_fault(r, SIP_FAULT(CSEQ));
		return 0;
	}
	m->cseq = SIP_DECIMAL_NUMBER(decimal);
	if (m->cseq >> 31)
		sip_fault(r, SIP_FAULT(CSEQ_HIGH));
	m->cseq_method_id = sip_method_at(r, m->cseq_method.at, m->cseq_method.length);
	if (m->cseq_method_id == SG_METHOD_UNKNOWN && m->cseq_method.length <= SIP_NAME_MAX &&
	    sip_token_length(r, m->cseq_method.at) < m->cseq_method.length)
		sip_fault(r, SIP_FAULT(CSEQ));
	return 0;
}

/* word of RFC 3261 section 25.1, which Call-ID is made of. */
SIP_INLINE int sip_is_word(__u32 c)
{
	__u64 set = c & 64 ? 0x6fffffffbffffffeULL : 0xd7ffefa600000000ULL;

	return c < 128 && (set >> (c & 63) & 1);
}

static long sip_call_id_byte(__u32 i, struct sip_loop *loop)
{
	struct sip_reader *r = loop->r;
	__u32 c = sip_byte(r, r->message.call_id.at + i);

	if (c != '@') {
		r->inside = 1;
		if (sip_is_word(c))
			return 0;
	}
	/* An @ ends the first word, and nothing else may end one. */
	if (c != '@' || !r->inside || r->words)
		sip_fault(r, SIP_FAULT(CALL_ID));
	r->words++;
	r->inside = 0;
	return 0;
}

/* callid = word [ "@" word ] */
SIP_FUNCTION int sip_call_id_check(struct sip_reader *r)
{
	struct sip_loop loop = {r};
	__u32 length;

	if (!r)
		return 0;
	r->words = r->inside = 0;
	length = r->message.call_id.length;
	SIP_REPEAT(length, sip_call_id_byte, &loop);
	if (!r->inside)
		sip_fault(r, SIP_FAULT(CALL_ID));
	return 0;
}

SIP_INLINE void sip_call_id(struct sip_reader *r)
{
	if (!(r->message.seen >> SIP_FIELD_CALL_ID & 1))
		return;
	r->message.call_id = sip_value(r, SIP_FIELD_CALL_ID);
	if (r->input.wanted & SIP_FAULT(CALL_ID))
		sip_call_id_check(r);
}

#endif
