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

#define DIAL_MOST SG_FIXED_DIAL_MOST /* characters of a user that are looked at */
#define DIAL_TAIL SG_FIXED_DIAL_TAIL /* digits that tell a number; an extension has fewer */

/* Where the reading of a number stands: as struct dial in guard.bpf.h. */
struct dial_walk {
	const struct sip_reader *r;
	__u64 head;
	__u32 tail;
	__u32 at;
	__u32 end;
	__u32 digits;
	__u32 count;
	__u32 plus;
	__u32 others; /* flag: it has what no number has, where that makes it none */
};

/* Visual separators (RFC 3966 section 5.1.1) and the other keys of a phone do not matter. */
static __always_inline bool dial_is_mark(__u32 c)
{
	return c == '-' || c == '.' || c == '(' || c == ')' || c == '#' || c == '*';
}

/* One character more; an escape is what it stands for, or it would hide a number. */
static long dial_step(__attribute__((unused)) __u32 i, void *context)
{
	struct dial_walk *d = context;
	__u32 c = sip_byte(d->r, d->at), digit;

	if (c == ':' || c == ';') /* a password, or parameters */
		return 1;
	d->at++;
	if (c == '%') {
		c = span_escaped(d->r, d->at);
		d->at += 2;
	}
	digit = c - '0';
	if (digit < 10) {
		d->tail = d->tail << 4 | digit;
		d->digits++;
		if (d->count < SG_DIALLED_HEAD)
			d->head |= sg_dialled_digit(digit, d->count);
		d->count++;
	} else if (c == '+') {
		d->head = 0;
		d->count = 0;
		d->plus = 1;
	} else if (!dial_is_mark(c)) {
		/* It ends a number: an exchange may take 00X and whatever comes behind that. */
		d->others = d->digits < DIAL_TAIL;
		return 1;
	}
	return d->at >= d->end;
}

/* Whether a new INVITE may call a number: most names are told by their first letter. */
static __always_inline bool dial_may_be_number(const struct guard *g)
{
	struct sip_span callee = callee_of(&g->reader);

	return callee.length && !sip_is_letter(sip_byte(&g->reader, callee.at));
}

/*
 * Reads that number into g->dial: how many digits it has, 0 if it is none. Calls to urn:service:sos
 * have none. Global, as few packets need it.
 */
__noinline int dial_read(struct guard *g)
{
	struct dial_walk walk = {};
	struct sip_span callee;

	if (!g)
		return 0;
	walk.r = &g->reader;
	callee = callee_of(walk.r);
	walk.at = callee.at;
	walk.end = callee.at + callee.length;
	walk.head = walk.tail = walk.digits = walk.count = walk.plus = walk.others =
		span_zero(walk.r);
	bpf_loop(DIAL_MOST, dial_step, &walk, 0);
	if (walk.others)
		return 0;
	g->dial = (struct dial){
		.head = walk.head, .tail = walk.tail, .written = walk.at - callee.at,
		.count = walk.count, .plus = walk.plus, .digits = walk.digits,
	};
	return walk.digits;
}

/* Whom calls are held against: a source, or a proven flow, since accounts are stolen. */
static __always_inline __u64 dial_caller(const struct guard *g)
{
	return is_proven(g) ? g->p.flow : source_hash(&g->p);
}

static __always_inline bool dial_applies(const struct guard *g)
{
	return !g->in_zone && verdict_looks(g, SG_REASON_DIAL_WALK);
}

/* Of a new INVITE that calls a number, whose form it notes. */
static __always_inline __u32 dial_check(const struct guard *g)
{
	const struct sg_profile *profile = profile_of(g);
	struct sg_asked *a;
	__u64 key;
	__u16 form;

	if (g->dial.digits < DIAL_TAIL)
		return SG_REASON_NONE;
	key = span_mix(dial_caller(g), g->dial.tail) | 1;
	form = span_hash(&g->reader, callee_of(&g->reader).at, g->dial.written,
			 SECRET_SALT) >> 48 | 1;
	a = asked_entry(&sg_walks, SG_WALKS, key, profile->dial_window, g->now);
	if (asked_enough(a, form, profile->dial_forms, profile->dial_window, g->now))
		return SG_REASON_DIAL_WALK;
	if (a)
		asked_note(a, form, profile->dial_forms, profile->dial_window, g->now);
	return SG_REASON_NONE;
}

#endif
