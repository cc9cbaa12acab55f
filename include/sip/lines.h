/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The walk over the lines of the header. Blocks of 64 bytes become masks of the control characters
 * in them; nearly all of those are line ends. So no load waits for what was found before, as it
 * would in a walk from line end to line end.
 */
#ifndef SIPGUARD_SIP_LINES_H
#define SIPGUARD_SIP_LINES_H

#include "sip/escapes.h"
#include "sip/fields.h"
#include "sip/state.h"
#include "sip/utf8.h"

#define SIP_BLANKS 32 /* bytes of blanks skipped before the start line */
#define SIP_TURNS 14 /* lines without a call, since each one costs: most headers end in them */
#define SIP_PLAIN_LINE 72 /* bytes of a line, the same */
#define SIP_FAR_LINE 256 /* bytes behind those that are looked at in a call */
#define SIP_ROUND 16  /* in each call for what is left */

/* How many blanks stand before the start line (RFC 3261 section 7.5). */
SIP_FUNCTION int sip_blanks(struct sip_reader *r)
{
	__u32 i;

	if (!r)
		return 0;
	for (i = 0; i < SIP_BLANKS && i < r->message.read; i++)
		if (!sip_is_leading(sip_byte(r, i)))
			break;
	return i;
}

/* The control characters among the 64 bytes from `base`, as bits: whatever the bytes are. */
SIP_FUNCTION __u64 sip_controls_any(struct sip_reader *r, __u32 base)
{
	__u64 mask = 0;

	if (!r)
		return 0;
	for (__u32 i = 0; i < SIP_BLOCK; i += 8)
		mask |= (sip_below(sip_load8(r, base + i), ' ') * SIP_GATHER >> 56) << i;
	return mask;
}

/*
 * The same, as fast as it can be done for ASCII. From the last word to the first, each finished
 * before the next: the compiler would have all eight under way, which BPF has no registers for. The
 * constants are in registers for the same reason.
 */
SIP_INLINE __u64 sip_controls(struct sip_reader *r, __u32 at)
{
	SIP_CONSTANT(reach, SIP_EACH(0x80 - ' '));
	SIP_CONSTANT(top, SIP_HIGH);
	SIP_CONSTANT(sums, SIP_GATHER);
	__u64 word, high = 0, mask = 0;
	sip_place place = sip_place_of(r, at);

	SIP_UNROLL
	for (__u32 i = 0; i < 8; i++) {
		word = sip_near8(r, place, SIP_BLOCK - 8 - 8 * i);
		high |= word;
		mask = mask << 8 | ((word + reach) & top) * sums >> 56;
		SIP_BARRIER(mask);
	}
	if (!(high & top))
		return ~mask;
	r->message.flags |= SIP_NOT_ASCII;
	return sip_controls_any(r, at);
}

/*
 * A control character that is not the CR of a CRLF. Returns where the next line begins, if it is a
 * line end, or 0; SIP_LAST at the end of what is read: there is always one in the zeros after it.
 */
SIP_FUNCTION int sip_odd(struct sip_reader *r, __u32 at, __u32 line)
{
	__u32 c;

	if (!r || at >= r->message.read)
		return SIP_LAST;
	c = sip_byte(r, at);
	if (c == '\n' || c == '\r')
		sip_fault(r, SIP_FAULT(LINE_END));
	if (c == '\n')
		return at + 1;
	if (c == '\t' || c == '\r')
		return 0;
	if (at == 0 || sip_byte(r, at - 1) != '\\')
		sip_fault(r, c ? SIP_FAULT(CONTROL) : SIP_FAULT(NUL));
	else if (line == r->message.start)
		sip_fault(r, c ? SIP_FAULT(CONTROL_ESCAPED) : SIP_FAULT(NUL));
	else
		r->behind = 1; /* of sip_escapes() */
	return 0;
}

/*
 * Goes from one control character to the next, or to the next block: one of them a turn. Returns 1
 * if no lines are left. What the verifier should forget, lest it follow each value, is kept in
 * memory.
 */
SIP_INLINE int sip_turns(struct sip_reader *r, __u32 turns)
{
	__u32 line = r->line, block = r->block, at, next;
	const struct sip_named *known;
	__u64 mask = r->pending, low;

	for (__u32 turn = 0; turn < turns; turn++) {
		if (!mask) {
			block += SIP_BLOCK;
			/* Without an LF that belongs to the line end before it. */
			mask = sip_controls(r, block) & ~(((__u64)block - line) >> 63);
			continue;
		}
		low = mask & -mask;
		mask ^= low;
		at = block + sip_bit(low);
		next = at + 2;
		if (sip_load2(r, at) == SIP_CRLF) {
			mask &= mask - 1;
		} else {
			next = sip_odd(r, at, line);
			if (!next)
				continue;
			if (next & SIP_LAST)
				goto last;
		}
		known = sip_known_name(r, sip_place_of(r, line));
		if (!known && at == line) {
			r->message.flags |= SIP_HEAD;
			r->message.body = next;
			goto last;
		}
		if (sip_line(r, known, line, at, next))
			goto last;
		line = next;
	}
	r->pending = mask;
	r->block = block;
	r->line = line;
	return 0;
last:
	r->line = line;
	return 1;
}

static long sip_lines_step(__attribute__((unused)) __u32 i, struct sip_loop *loop)
{
	return sip_turns(loop->r, SIP_ROUND);
}

/* The high bit of each byte that is a control character or not ASCII; exact for the first. */
SIP_INLINE __u64 sip_unplain(__u64 word, __u64 spaces, __u64 top)
{
	return ((word - spaces) | word) & top;
}

/* Where that is, of a line that goes on beyond SIP_PLAIN_LINE; if too far away, the end of all. */
SIP_FUNCTION int sip_far_line(struct sip_reader *r, __u32 at)
{
	__u64 odd;

	if (!r)
		return 0;
	at += SIP_PLAIN_LINE;
	for (__u32 i = 0; i < SIP_FAR_LINE; i += 8) {
		odd = sip_unplain(sip_load8(r, at + i), SIP_EACH(' '), SIP_HIGH);
		if (odd)
			return at + i + sip_first(odd);
	}
	return r->message.read;
}

/*
 * Behind the two bytes from the first on that is a control character or not ASCII: the next line,
 * if those are CRLF. Of a line that is too long it is a place behind the message.
 */
SIP_INLINE sip_place sip_next_line(struct sip_reader *r, sip_place place)
{
	SIP_CONSTANT(spaces, SIP_EACH(' '));
	SIP_CONSTANT(top, SIP_HIGH);
	__u64 odd;

#define LOOK(i)                                                                                   \
	odd = sip_unplain(sip_near8(r, place, i), spaces, top);                                   \
	if (__builtin_expect(odd != 0, 0)) {                                                      \
		SIP_PLACE_ADD(place, (i) + 2);                                                    \
		goto found;                                                                       \
	}
	LOOK(0) LOOK(8) LOOK(16) LOOK(24) LOOK(32) LOOK(40) LOOK(48) LOOK(56)
	LOOK(64)
#undef LOOK
	return sip_place_of(r, sip_far_line(r, sip_place_at(r, place))) + 2;
found:;
	SIP_CONSTANT(ones, SIP_EACH(1));
	/* sip_first(), of which the verifier sees that it is not negative. */
	return place + (((odd - 1) & (ones - 1)) * ones >> 56);
}

/*
 * Lines of ASCII that end with CRLF and have no other control character: nearly all. They are too
 * few to be too many. Returns 1 if no lines are left.
 */
SIP_INLINE int sip_plain_lines(struct sip_reader *r)
{
	const struct sip_named *known;
	__u32 line = r->line, next;
	sip_place place, end;
	int ended = 0;

	for (__u32 turn = 0; turn < SIP_TURNS; turn++) {
		place = sip_place_of(r, line);
		end = sip_next_line(r, place);
		if (sip_near2(r, end - 2) != SIP_CRLF)
			break;
		next = sip_place_at(r, end);
		known = sip_known_name(r, place);
		if (!known && next - 2 == line) {
			r->message.flags |= SIP_HEAD;
			r->message.body = next;
			ended = 1;
			break;
		}
		sip_line(r, known, line, next - 2, next);
		line = next;
	}
	r->line = line;
	r->block = line - SIP_BLOCK;
	return ended;
}

/* What is left of a header of many lines. */
SIP_FUNCTION int sip_more_lines(struct sip_reader *r)
{
	struct sip_loop loop = {r};

	if (!r)
		return 0;
	/* Each turn takes a byte or a block. */
	SIP_REPEAT((SIP_READ_MAX + SIP_READ_MAX / SIP_BLOCK) / SIP_ROUND + 1, sip_lines_step,
		   &loop);
	return 0;
}

/*
 * A line without an end counts, if it is all there is of it. Of one that is cut off only the length
 * does.
 */
SIP_FUNCTION int sip_last_line(struct sip_reader *r)
{
	struct sip_message *m;

	if (!r)
		return 0;
	m = &r->message;
	if (r->line >= m->read || sip_too_many(r))
		return 0;
	if (!(m->flags & SIP_CUT)) {
		sip_line(r, sip_known_name(r, sip_place_of(r, r->line)), r->line, m->read, m->read);
		return 0;
	}
	if (!r->others)
		m->start_line = sip_span(r->line, m->read);
	if (!sip_is_blank(sip_byte(r, r->line)))
		r->begun = r->line;
	sip_measure(r, m->read);
	return 0;
}

/* Fills lines, fields, body and flags of the message. */
SIP_INLINE void sip_lines(struct sip_reader *r)
{
	struct sip_message *m = &r->message;

	if (sip_byte(r, 0) <= ' ')
		m->start = sip_blanks(r);
	m->body = m->read;
	r->line = r->begun = m->start;
	r->pending = 0;
	r->folded = r->others = r->repeats = r->behind = 0;
	r->open = SIP_FIELD__MAX;
	SIP_MEMORY(); /* the verifier would follow each bound of where the first line begins */
	if (!sip_plain_lines(r))
		sip_more_lines(r);
	if (!(m->flags & SIP_HEAD))
		sip_last_line(r);
	m->fields = sip_fields(r);
	m->lines = m->fields + r->others;
	if (m->lines >= SIP_LINES)
		sip_fault(r, SIP_FAULT(FIELDS));
	if (r->behind)
		sip_escapes(r);
	if (m->flags & SIP_NOT_ASCII && r->input.wanted & SIP_FAULT(UTF8))
		sip_utf8(r);
}

#endif
