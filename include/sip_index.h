/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pass one: where the lines of the header start. Blocks of 64 bytes become masks of the control
 * characters in them; nearly all of those are line ends. Part of sip_reader.h.
 */
#ifndef SIPGUARD_SIP_INDEX_H
#define SIPGUARD_SIP_INDEX_H

#define SIP_BLOCK 64
#define SIP_BLOCKS_STEP 4 /* of the index in one call */
#define SIP_CONTROLS 16   /* control characters of a block in one go, of 64 at most */
#define SIP_CRLF ('\r' | '\n' << 8)

/* The blanks before the start line (RFC 3261 section 7.5), which include NUL: see is_blank(). */
SIP_FUNCTION int sip_blanks(struct sip_reader *r)
{
	__u32 i, c;

	if (!r)
		return 0;
	for (i = 0; i < SIP_BLANKS && i < r->message.read; i++) {
		c = sip_byte(r, i);
		if (c > ' ' || !(0x0000000100002601ULL >> c & 1))
			break;
	}
	return i;
}

/* A control character that ends no line. */
SIP_INLINE void sip_odd(struct sip_reader *r, __u32 at, __u32 c)
{
	if (c == '\t')
		return;
	if (c == '\r')
		sip_fault(r, SIP_FAULT(LINE_END));
	else if (!c && r->starts == 1)
		sip_fault(r, SIP_FAULT(NUL));
	else if (at == 0 || sip_byte(r, at - 1) != '\\')
		sip_fault(r, SIP_FAULT(CONTROL));
}

/* A line that ends at `at`, the next beginning at `next`. Returns 1 if the header ends here. */
SIP_INLINE int sip_line(struct sip_reader *r, __u32 at, __u32 next)
{
	__u32 starts = r->starts;

	if (at == r->line) {
		r->message.flags |= SIP_HEAD;
		r->message.body = next;
		return 1;
	}
	r->line = next;
	r->start[starts & SIP_READER_MASK] = next;
	r->starts = starts + 1;
	if (starts + 1 < SIP_LINES - 1)
		return 0;
	sip_fault(r, SIP_FAULT(FIELDS));
	return 1;
}

/*
 * The control characters among the 64 bytes from `base`, as bits. From the last word to the first,
 * each finished before the next: the compiler would have all eight under way, which BPF has no
 * registers for. The constants are in registers for the same reason.
 */
SIP_INLINE __u64 sip_controls(struct sip_reader *r, __u32 base)
{
	__u64 seven = SIP_SEVEN, reach = SIP_EACH(0x80 - ' '), top = SIP_HIGH, sums = SIP_GATHER;
	__u64 word, plain, high = 0, mask = 0;

	SIP_BARRIER(seven);
	SIP_BARRIER(reach);
	SIP_BARRIER(top);
	SIP_BARRIER(sums);
	base = sip_masked(base);
	SIP_UNROLL
	for (__u32 i = 0; i < 8; i++) {
		word = sip_near8(r, base + (SIP_BLOCK - 8 - 8 * i));
		high |= word;
		plain = (((word & seven) + reach) | word) & top;
		mask = mask << 8 | plain * sums >> 56;
		SIP_BARRIER(mask);
	}
	if (high & top)
		r->message.flags |= SIP_NOT_ASCII;
	return ~mask;
}

/* The next block: its control characters, but for the zeros after the end of the text. */
SIP_INLINE __u64 sip_next_controls(struct sip_reader *r)
{
	__u32 base = r->next, rest = r->message.read - base;
	__u64 mask = sip_controls(r, base);

	if (rest < SIP_BLOCK)
		mask &= (1ULL << (rest & 63)) - 1;
	mask &= ~(__u64)r->carry;
	r->carry = 0;
	r->block = base;
	r->next = base + SIP_BLOCK;
	return mask;
}

/* The lowest of the control characters in `mask`. Returns 1 if the header ends there. */
SIP_INLINE int sip_control(struct sip_reader *r, __u64 *mask)
{
	__u64 low = *mask & -*mask;
	__u32 at = r->block + sip_bit(low), pair = sip_load2(r, at);

	*mask &= ~low;
	if (pair == SIP_CRLF) {
		*mask &= ~(low << 1);
		r->carry = low >> 63;
		return sip_line(r, at, at + 2);
	}
	if ((pair & 0xff) == '\n') {
		sip_fault(r, SIP_FAULT(LINE_END));
		return sip_line(r, at, at + 1);
	}
	sip_odd(r, at, pair & 0xff);
	return 0;
}

/* Four blocks at a time, since each call costs; of one with many control characters a part. */
static long sip_index_step(__attribute__((unused)) __u32 i, struct sip_loop *loop)
{
	struct sip_reader *r = loop->r;
	__u64 mask;

	for (__u32 block = 0; block < SIP_BLOCKS_STEP; block++) {
		mask = r->pending;
		if (!mask) {
			if (r->next >= r->message.read)
				return 1;
			mask = sip_next_controls(r);
		}
		for (__u32 event = 0; event < SIP_CONTROLS && mask; event++)
			if (sip_control(r, &mask))
				return 1;
		r->pending = mask;
	}
	return 0;
}

/*
 * Which bytes of a word, as high bits, may not follow the one before them: too long a form of a
 * character, a surrogate, or beyond the last character (RFC 3629 section 4).
 */
SIP_INLINE __u64 sip_utf8_forbidden(__u64 word, __u64 before)
{
	__u64 fifth = word << 2, fourth = word << 3; /* bits 5 and 4, as high bits */

	return (sip_equal(before, 0xe0) & ~fifth) | (sip_equal(before, 0xed) & fifth) |
	       (sip_equal(before, 0xf0) & ~(fifth | fourth)) |
	       (sip_equal(before, 0xf4) & (fifth | fourth)) |
	       sip_equal(word & SIP_EACH(0xfe), 0xc0) | sip_equal(word, 0xf5) |
	       sip_equal(word & SIP_EACH(0xfe), 0xf6);
}

/*
 * Whether eight bytes go on as UTF-8, given in *owed which of the next bytes must continue a
 * character (high bits, from the first byte on). A lead byte says how many continue it.
 */
SIP_INLINE int sip_utf8_word(__u64 word, __u64 *owed)
{
	__u64 high = word & SIP_HIGH, second = high & word << 1, third = second & word << 2;
	__u64 fourth = third & word << 3, due;

	due = *owed | second << 8 | third << 16 | fourth << 24;
	*owed = second >> 56 | third >> 48 | fourth >> 40;
	/* 0xf8 and above lead nothing. */
	return (high & ~second) == due && !(fourth & word << 4);
}

/* Eight bytes of the header, of which those beyond its end count as ASCII. */
static long sip_utf8_step(__u32 i, struct sip_loop *loop)
{
	struct sip_reader *r = loop->r;
	__u32 at = r->message.start + 8 * i, rest = r->message.body - at;
	__u64 word = sip_load8(r, at), owed = r->owed;

	if (rest < 8)
		word = sip_head(word, rest);
	if (!sip_utf8_word(word, &owed) || sip_utf8_forbidden(word, word << 8 | r->last))
		sip_fault(r, SIP_FAULT(UTF8));
	r->owed = owed;
	r->last = word >> 56;
	return 0;
}

/* Only for the few headers that are not plain ASCII. */
SIP_FUNCTION int sip_utf8(struct sip_reader *r)
{
	struct sip_loop loop = {r};
	__u32 bytes;

	if (!r)
		return 0;
	r->owed = r->last = 0;
	bytes = r->message.body - r->message.start;
	SIP_REPEAT((bytes + 7) / 8, sip_utf8_step, &loop);
	return 0;
}

/* Fills start[], and lines, body and flags of the message. */
SIP_FUNCTION int sip_index(struct sip_reader *r)
{
	struct sip_loop loop = {r};
	struct sip_message *m;
	__u32 starts;

	if (!r)
		return 0;
	m = &r->message;
	if (sip_byte(r, 0) <= ' ')
		m->start = sip_blanks(r);
	r->line = r->start[0] = m->start;
	r->starts = 1;
	r->carry = 0;
	r->pending = 0;
	r->next = m->start;
	m->body = m->read;
	/* A block needs at most four goes, which is a call. */
	SIP_REPEAT(SIP_READ_MAX / SIP_BLOCK + 1, sip_index_step, &loop);

	/* A line without an end counts, if it is all there is of it. */
	starts = r->starts;
	m->lines = starts - 1;
	if (!(m->flags & (SIP_HEAD | SIP_CUT)) && r->line < m->read) {
		r->start[starts & SIP_READER_MASK] = m->read;
		m->lines = starts;
	}
	if (m->flags & SIP_NOT_ASCII && r->input.wanted & SIP_FAULT(UTF8))
		sip_utf8(r);
	return 0;
}

#endif
