/* SPDX-License-Identifier: GPL-2.0-only */
/* Which header field a line begins, and where its value is. */
#ifndef SIPGUARD_SIP_FIELDS_H
#define SIPGUARD_SIP_FIELDS_H

#include <stddef.h>

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

/* enum sip_field of the `length` bytes at `at`, length > 0. */
SIP_INLINE __u32 sip_name_id(const struct sip_reader *r, __u32 at, __u32 length)
{
	__u64 a = sip_load8(r, at), b = 0, c = 0, colon = (__u64)':' << (8 * length & 63);

	if (length >= SIP_NAME_WORDS)
		return SIP_FIELD_OTHER;
	if (length < 8) {
		a = sip_head(a, length) | colon;
	} else if (length < 16) {
		b = sip_head(sip_load8(r, at + 8), length - 8) | colon;
	} else {
		b = sip_load8(r, at + 8);
		c = sip_head(sip_load8(r, at + 16), length - 16) | colon;
	}
	return sip_field_id(sip_fold(a), sip_fold(b), sip_fold(c));
}

/* A name that is none of the known ones, or is not followed by its colon at once. SIP_NAMED. */
SIP_INLINE int sip_slow_name(struct sip_reader *r, __u32 at)
{
	__u32 c, length, colon;

	length = sip_token_length(r, at);
	colon = at + length;
	c = sip_byte(r, colon);
	if (c != ':') {
		colon += sip_blank_length(r, colon);
		c = sip_byte(r, colon);
	}
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
 * A known name with NULs before its colon, in the first two words: that names the field, too, and
 * what the message breaks is the rule NUL. SIP_NAMED.
 */
SIP_INLINE __u32 sip_nul_name(const struct sip_reader *r, __u32 at)
{
	__u64 a = sip_load8(r, at), b, colon = sip_find(a, ':');
	const struct sip_short_name *brief;
	const struct sip_long_name *name;

	if (colon) {
		a = sip_fold(a & sip_before(colon));
		b = a >> 8 & 0xff ? a : a | ':' << 8;
		brief = &sip_short_names[SIP_SHORT_PLACE(b)];
		return a == (brief->name & ~0ULL >> brief->drop >> 8)
			       ? SIP_NAMED(brief->is.id, at + brief->is.size)
			       : SIP_NO_FIELD;
	}
	b = sip_load8(r, at + 8);
	colon = sip_find(b, ':');
	a = sip_fold(a);
	b = sip_fold(b & sip_before(colon));
	name = &sip_long_names[SIP_LONG_PLACE(a, b & 0xff ? b : ':')];
	if (!colon || name->c || a != name->a || b != (name->b & ~0ULL >> name->drop >> 8))
		return SIP_NO_FIELD;
	return SIP_NAMED(name->is.id, at + 9 + sip_first(colon));
}

/*
 * All lines that do not begin with one of the known names and a colon: those that continue a field,
 * other names, and the first one if there may be a NUL in it. Returns SIP_NAMED.
 */
SIP_FUNCTION int sip_slow_line(struct sip_reader *r, __u32 at, __u32 end, __u32 next)
{
	__u32 named = SIP_NO_FIELD;

	if (!r)
		return SIP_NO_FIELD;
	if (r->message.faults & SIP_FAULT(NUL))
		named = sip_nul_name(r, at);
	if (named == SIP_NO_FIELD && at == r->message.start) {
		r->others++;
		r->message.start_line = sip_span(at, end);
		return SIP_NO_FIELD;
	}
	if (named == SIP_NO_FIELD && sip_is_blank(sip_byte(r, at))) {
		r->others++;
		sip_continue(r, end);
		sip_measure(r, next);
		return SIP_NO_FIELD;
	}
	r->begun = at;
	r->folded = 0;
	r->open = SIP_FIELD__MAX;
	sip_measure(r, next);
	return named == SIP_NO_FIELD ? (__u32)sip_slow_name(r, at) : named;
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

/*
 * The field that a line begins whose name ends with its colon at once, if its first two words tell
 * it; else NULL, as for the blank line.
 */
SIP_INLINE const struct sip_named *sip_known_name(const struct sip_reader *r, sip_place place)
{
	__u64 a = sip_near8(r, place, 0), b;
	const struct sip_short_name *brief = &sip_short_names[SIP_SHORT_PLACE(a)];
	const struct sip_long_name *name;

	if ((a | brief->loose) == brief->full)
		return &brief->is;
	b = sip_near8(r, place, 8);
	name = &sip_long_names[SIP_LONG_PLACE(a, b)];
	if (!(((a | name->loose_a) ^ name->full_a) | ((b | name->loose_b) ^ name->full_b) |
	      name->c))
		return &name->is;
	return NULL;
}

/* A field of a line from `at` to `end`, with its value at `value`. 1: no more are read. */
SIP_INLINE int sip_field(struct sip_reader *r, __u32 id, __u32 value, __u32 end)
{
	struct sip_message *m = &r->message;
	__u64 bit = 1ULL << id;

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

/*
 * A line, `at` to `end`, that begins with `known` or NULL; the next one begins at `next`. Returns 1
 * if no more are read. (A first line that is a header field is taken as one; then the message has
 * no start line.)
 */
SIP_INLINE int sip_line(struct sip_reader *r, const struct sip_named *known, __u32 at, __u32 end,
			__u32 next)
{
	struct sip_message *m = &r->message;
	__u32 id, value;

	if (known) {
		id = known->id;
		value = at + known->size;
		r->begun = at;
		r->folded = 0;
		sip_measure(r, next);
	} else if (at == m->start && !(m->faults & SIP_FAULT(NUL))) {
		r->others++;
		m->start_line = sip_span(at, end);
		return 0;
	} else {
		value = sip_slow_line(r, at, end, next);
		id = SIP_NAMED_ID(value);
		value = SIP_NAMED_VALUE(value);
	}
	return id < SIP_FIELD__MAX ? sip_field(r, id, value, end) : sip_too_many(r);
}

#endif
