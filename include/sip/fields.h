/* SPDX-License-Identifier: GPL-2.0-only */
/* Which header field a line begins, and where its value is. */
#ifndef SIPGUARD_SIP_FIELDS_H
#define SIPGUARD_SIP_FIELDS_H

#include "sip/names.h"
#include "sip/repeat.h"
#include "sip/state.h"
#include "sip/values.h"

#define SIP_NAME_WORDS 24 /* the longest names that are known fit */

/* The field that a line begins, and where its value does. */
#define SIP_NO_FIELD 0xff
#define SIP_NAMED(id, value) ((id) | (value) << 8)
#define SIP_NAMED_ID(named) ((named) & 0xff)
#define SIP_NAMED_VALUE(named) ((named) >> 8)

/* enum sip_field of the `length` bytes at `at`. */
SIP_INLINE __u32 sip_name_id(const struct sip_reader *r, __u32 at, __u32 length)
{
	__u64 a = sip_load8(r, at), b, c = 0;

	if (length >= SIP_NAME_WORDS)
		return SIP_FIELD_OTHER;
	if (length < 8)
		return sip_field_id(sip_fold(sip_head(a, length)), 0, 0);
	b = sip_load8(r, at + 8);
	if (length < 16)
		b = sip_head(b, length - 8);
	else
		c = sip_head(sip_load8(r, at + 16), length - 16);
	return sip_field_id(sip_fold(a), sip_fold(b), sip_fold(c));
}

/* A name that is none of the known ones, or is not followed by its colon at once. SIP_NAMED. */
SIP_INLINE int sip_slow_name(struct sip_reader *r, __u32 at)
{
	__u32 c, length, colon;

	length = sip_token_length(r, at);
	colon = at + length + sip_blank_length(r, at + length);
	c = sip_byte(r, colon);
	if (c == ':' && length)
		return SIP_NAMED(sip_name_id(r, at, length), colon + 1);
	sip_fault(r, SIP_FAULT(FIELD_LINE));
	r->others++;
	return SIP_NO_FIELD;
}

SIP_INLINE void sip_measure(struct sip_reader *r, __u32 next)
{
	__u32 length = next - r->begun;

	if (length > r->message.longest)
		r->message.longest = length;
}

/* A line that continues a field (RFC 3261 section 7.3.1); one after the start line does not. */
SIP_INLINE void sip_continue(struct sip_reader *r, __u32 end)
{
	__u32 id = r->open;

	if (!r->message.seen && !r->folded)
		sip_fault(r, SIP_FAULT(FIELD_LINE));
	r->folded++;
	if (r->folded > r->message.folds)
		r->message.folds = r->folded;
	if (id < SIP_FIELD__MAX)
		r->message.field[id].length = end - r->message.field[id].at;
}

/*
 * All lines that do not begin with one of the known names and a colon: the first one, those that
 * continue a field, and other names. (A first line that is a header field is taken as one; then the
 * message has no start line.) Returns SIP_NAMED.
 */
SIP_FUNCTION int sip_slow_line(struct sip_reader *r, __u32 at, __u32 end, __u32 next)
{
	struct sip_message *m;

	if (!r)
		return SIP_NO_FIELD;
	m = &r->message;
	if (at == m->start) {
		r->others++;
		m->start_line = sip_span(at, end);
		return SIP_NO_FIELD;
	}
	if (sip_is_blank(sip_byte(r, at))) {
		r->others++;
		sip_continue(r, end);
		sip_measure(r, next);
		return SIP_NO_FIELD;
	}
	r->begun = at;
	r->folded = 0;
	r->open = SIP_FIELD__MAX;
	sip_measure(r, next);
	return sip_slow_name(r, at);
}

/* It stands there once more, with its value at `value`: only how often is kept. */
SIP_INLINE void sip_again(struct sip_reader *r, __u32 id, __u32 value)
{
	if (SIP_SINGLE >> id & 1)
		sip_repeat(r, id, value);
	r->message.again |= 1ULL << id;
	r->message.more[id]++;
	r->repeats++;
	r->open = SIP_FIELD__MAX;
}

/* How many header fields there are. */
SIP_INLINE __u32 sip_fields(const struct sip_reader *r)
{
	return sip_count(r->message.seen) + r->repeats;
}

SIP_INLINE int sip_too_many(const struct sip_reader *r)
{
	return sip_fields(r) + r->others >= SIP_LINES;
}

/* A line, `at` to `end`; the next one begins at `next`. Returns 1 if no more are read. */
SIP_INLINE int sip_line(struct sip_reader *r, __u32 at, __u32 end, __u32 next)
{
	__u32 id = SIP_NO_FIELD, value = 0, named;
	sip_place place = sip_place_of(r, at);
	__u64 a = sip_near8(r, place, 0), b, colon = sip_find(a, ':'), bit;
	const struct sip_short_name *brief;
	const struct sip_long_name *name;
	struct sip_message *m = &r->message;

	if (colon) {
		a = sip_fold(a & sip_before(colon));
		brief = &sip_short_names[SIP_SHORT_PLACE(a)];
		if (brief->name == a) {
			id = brief->id;
			value = at + brief->size;
		}
	} else {
		b = sip_near8(r, place, 8);
		colon = sip_find(b, ':');
		a = sip_fold(a);
		b = sip_fold(b & sip_before(colon));
		name = &sip_long_names[SIP_LONG_PLACE(a, b, 0)];
		if (colon && !((name->a ^ a) | (name->b ^ b) | name->c)) {
			id = name->id;
			value = at + 9 + sip_first(colon);
		}
	}
	if (id < SIP_FIELD__MAX) {
		r->begun = at;
		r->folded = 0;
		sip_measure(r, next);
	} else {
		named = sip_slow_line(r, at, end, next);
		id = SIP_NAMED_ID(named);
		value = SIP_NAMED_VALUE(named);
		if (id >= SIP_FIELD__MAX)
			return sip_too_many(r);
	}
	bit = 1ULL << id;
	if (m->seen & bit) {
		sip_again(r, id, value);
		return sip_too_many(r);
	}
	m->seen |= bit;
	m->field[id].at = value;
	m->field[id].length = end - value;
	r->open = id;
	return 0; /* there are not that many kinds */
}

#endif
