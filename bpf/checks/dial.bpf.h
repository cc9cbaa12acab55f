/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Toll fraud begins with a walk: one number is dialled with ever other digits before it (00, 011,
 * 900, 9011, +) until one of them gets out of the exchange. Counted are the forms in which somebody
 * dials one number, which is told by its end, whatever stands before that.
 */
#ifndef SIPGUARD_DIAL_BPF_H
#define SIPGUARD_DIAL_BPF_H

#include "checks/callee.bpf.h"
#include "packet/spans.bpf.h"
#include "state/asked.bpf.h"

#define DIAL_WORDS 4 /* of 8 bytes: the end of a user that is looked at */
#define DIAL_TAIL 8  /* digits that tell a number; what is shorter is an extension */

struct dial {
	__u32 tail;   /* four bits for each digit, the last one lowest */
	__u32 digits;
	__u32 others; /* what no number has */
};

/*
 * One character more. Without a branch, or the verifier follows two ways for each. Visual
 * separators (RFC 3966 section 5.1.1), the sign of a global number, and the other keys of a phone
 * are no digits, and do not matter.
 */
static __always_inline void dial_add(struct dial *d, __u32 c, __u32 inside)
{
	__u32 digit = inside & ((c ^ '0') - 10U) >> 31, mark;

	mark = ((c ^ '+') - 1U) >> 31 | ((c ^ '-') - 1U) >> 31 | ((c ^ '.') - 1U) >> 31 |
	       ((c ^ '(') - 1U) >> 31 | ((c ^ ')') - 1U) >> 31 | ((c ^ '#') - 1U) >> 31 |
	       ((c ^ '*') - 1U) >> 31;
	barrier_var(digit);
	barrier_var(mark);
	d->tail = d->tail << 4 * digit | (c & 0xf & -digit);
	d->digits += digit;
	d->others += inside & ~digit & ~mark & 1;
}

/* The end of a user: what is before it are digits, or it is no number. */
static __always_inline void dial_read(const struct sip_reader *r, __u32 at, __u32 length,
				      struct dial *d)
{
	for (__u32 i = 0; i < DIAL_WORDS && 8 * i < length; i++) {
		__u64 word = sip_load8(r, at + 8 * i);

		for (__u32 b = 0; b < 8; b++) {
			__u32 inside = (8 * i + b - length) >> 31;

			barrier_var(inside);
			dial_add(d, word >> 8 * b & 0xff, inside);
		}
	}
}

/*
 * What is counted is of a source, or of a proven flow, since accounts are stolen; and of a number.
 * 0: it is none.
 */
static __always_inline __u64 dial_key(const struct guard *g, __u32 at, __u32 length)
{
	__u32 skipped = length > 8 * DIAL_WORDS ? length - 8 * DIAL_WORDS : 0;
	__u64 who = is_proven(g) ? g->p.flow : source_hash(&g->p);
	struct dial dial = {};

	/* Most names go no further. */
	if (length < DIAL_TAIL || sip_is_letter(sip_load8(&g->reader, at + length - 1) & 0xff))
		return 0;
	dial_read(&g->reader, at + skipped, length - skipped, &dial);
	return dial.digits < DIAL_TAIL || dial.others ? 0 : span_mix(who, dial.tail) | 1;
}

/* Of a new INVITE, whose form it notes. */
static __always_inline __u32 dial_check(const struct guard *g)
{
	const struct sg_profile *profile;
	const struct sip_reader *r;
	struct sip_span callee;
	struct sg_asked *a;
	__u32 length;
	__u64 key;
	__u16 form;

	if (g->in_zone || !verdict_looks(g, SG_REASON_DIAL_WALK))
		return SG_REASON_NONE;
	r = &g->reader;
	callee = callee_of(r);
	length = callee.length ? callee_length(r, callee.at, callee.length) : 0;
	key = length ? dial_key(g, callee.at, length) : 0;
	if (!key)
		return SG_REASON_NONE;
	profile = profile_of(g);
	form = span_hash(r, callee.at, length, SECRET_SALT) >> 48 | 1;
	a = asked_entry(&sg_walks, SG_WALKS, key, profile->dial_window, g->now);
	if (asked_enough(a, form, profile->dial_forms, profile->dial_window, g->now))
		return SG_REASON_DIAL_WALK;
	if (a)
		asked_note(a, form, profile->dial_forms, profile->dial_window, g->now);
	return SG_REASON_NONE;
}

#endif
