/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether a header is UTF-8 (RFC 3261 section 7.3.1, RFC 3629). */
#ifndef SIPGUARD_SIP_UTF8_H
#define SIPGUARD_SIP_UTF8_H

#include "sip/state.h"

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

#endif
