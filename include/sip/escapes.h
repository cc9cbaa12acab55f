/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Control characters behind a backslash: in a quoted string they are escaped (RFC 3261 section
 * 25.1, quoted-pair), elsewhere the backslash means nothing.
 *
 * Only for headers that have such a character, which none of a working device has: one more walk
 * over the header, from one quote, backslash, colon or line end to the next.
 */
#ifndef SIPGUARD_SIP_ESCAPES_H
#define SIPGUARD_SIP_ESCAPES_H

#include "sip/state.h"

/* What a backslash may hide. */
#define SIP_HIDES_NUL 1
#define SIP_HIDES_CONTROL 2

/* Where in a field. */
#define SIP_IN_NAME 0
#define SIP_IN_VALUE 1
#define SIP_IN_STRING 2

/* What the byte at `at` is, behind a backslash: SIP_HIDES_*, or 0. */
SIP_INLINE __u32 sip_behind(const struct sip_reader *r, __u32 at)
{
	__u32 c = sip_byte(r, at);

	if (c >= ' ' || c == '\t' || c == '\r' || c == '\n')
		return 0;
	return c ? SIP_HIDES_CONTROL : SIP_HIDES_NUL;
}

SIP_INLINE void sip_hidden(struct sip_reader *r, __u32 hidden)
{
	if (hidden & SIP_HIDES_NUL)
		sip_fault(r, SIP_FAULT(NUL));
	if (hidden & SIP_HIDES_CONTROL)
		sip_fault(r, SIP_FAULT(CONTROL_ESCAPED));
}

/* A backslash at `at`; returns where to go on. In a string it escapes the next byte. */
SIP_INLINE __u32 sip_at_backslash(struct sip_reader *r, __u32 at)
{
	__u32 next = sip_byte(r, at + 1);

	if (r->inside != SIP_IN_STRING) {
		sip_hidden(r, sip_behind(r, at + 1));
		return at + 1;
	}
	r->hidden |= sip_behind(r, at + 1);
	if (next == '\\' && sip_behind(r, at + 2))
		sip_fault(r, sip_byte(r, at + 2) ? SIP_FAULT(CONTROL) : SIP_FAULT(NUL));
	return next == '\n' ? at + 1 : at + 2;
}

/* The end of a line, and of a string that did not end in it. */
SIP_INLINE void sip_at_line_end(struct sip_reader *r, __u32 at)
{
	if (sip_is_blank(sip_byte(r, at + 1)))
		return;
	sip_hidden(r, r->hidden);
	r->hidden = 0;
	r->inside = SIP_IN_NAME;
}

/* One of the stops, at `at`; returns where to go on. */
SIP_INLINE __u32 sip_escapes_stop(struct sip_reader *r, __u32 at)
{
	switch (sip_byte(r, at)) {
	case '\\':
		return sip_at_backslash(r, at);
	case '\n':
		sip_at_line_end(r, at);
		break;
	case ':':
		if (r->inside == SIP_IN_NAME)
			r->inside = SIP_IN_VALUE;
		break;
	case '"':
		if (r->inside == SIP_IN_STRING) {
			r->inside = SIP_IN_VALUE;
			r->hidden = 0;
		} else if (r->inside == SIP_IN_VALUE && sip_byte(r, at - 1) != '\\') {
			r->inside = SIP_IN_STRING;
		}
		break;
	}
	return at + 1;
}

static long sip_escapes_step(__attribute__((unused)) __u32 i, struct sip_loop *loop)
{
	struct sip_reader *r = loop->r;
	__u32 at = r->last;
	__u64 word, stop;

	if (at >= r->message.body)
		return 1;
	word = sip_load8(r, at);
	stop = sip_equal(word, '"') | sip_equal(word, '\\') | sip_equal(word, '\n') |
	       sip_equal(word, ':');
	if (!stop) {
		r->last = at + 8;
		return 0;
	}
	at += sip_first(stop);
	if (at >= r->message.body)
		return 1;
	r->last = sip_escapes_stop(r, at);
	return 0;
}

/* After the lines are known. */
SIP_FUNCTION int sip_escapes(struct sip_reader *r)
{
	struct sip_loop loop = {r};

	if (!r)
		return 0;
	r->last = r->message.start + r->message.start_line.length;
	r->inside = SIP_IN_NAME;
	r->hidden = 0;
	SIP_REPEAT(SIP_READ_MAX, sip_escapes_step, &loop);
	sip_hidden(r, r->hidden);
	return 0;
}

#endif
