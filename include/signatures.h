/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Fingerprints of scanners and attack tools: how User-Agent begins, the name in From, and the shape
 * of the branch. Never bytes just anywhere in a message: a body or a reply may quote them. They are
 * no wall, since each tool lets its user change them; they keep out the noise.
 */
#ifndef SIPGUARD_SIGNATURES_H
#define SIPGUARD_SIGNATURES_H

#include "scanners.h"
#include "sip/state.h"

enum sg_signature {
	SG_SIGNATURE_NONE,
	SG_SIGNATURE_LOOKALIKE,
	SG_SIGNATURE_SCANNER,
};

/*
 * By the first word of the text, eight characters at most and up to a blank, slash or parenthesis:
 * its product with a factor that was searched for until no two of them have the same place;
 * -Woverride-init tells if a new one takes one that is in use.
 */
#define SG_SIGNATURES 128
#define SG_SIGNATURE_PLACE(first) ((first) * 0x3dc01c7f23650c7bULL >> 57)

/* Character n of a text, in lower case as the reader's words are; 0 beyond its end. */
#define SG_CHAR(text, n) ((n) < sizeof(text) - 1 ? (__u64)((text)[(n) % sizeof(text)] | 0x20) : 0)
#define SG_TEXT(text, n)                                                                          \
	(SG_CHAR(text, n) | SG_CHAR(text, (n) + 1) << 8 | SG_CHAR(text, (n) + 2) << 16 |          \
	 SG_CHAR(text, (n) + 3) << 24 | SG_CHAR(text, (n) + 4) << 32 |                            \
	 SG_CHAR(text, (n) + 5) << 40 | SG_CHAR(text, (n) + 6) << 48 |                            \
	 SG_CHAR(text, (n) + 7) << 56)
/* Whether the first word reaches as far as character n. */
#define SG_IN(text, n) (SG_CHAR(text, n) && SG_CHAR(text, n) != ' ')
#define SG_FIRST(text)                                                                            \
	(SG_TEXT(text, 0) &                                                                       \
	 (!SG_IN(text, 3) ? 0xffffffULL : !SG_IN(text, 4) ? 0xffffffffULL                         \
	  : !SG_IN(text, 5) ? 0xffffffffffULL : !SG_IN(text, 6) ? 0xffffffffffffULL               \
	  : !SG_IN(text, 7) ? 0xffffffffffffffULL : ~0ULL))

#define SG_SIGNATURE(text_, signature_)                                                           \
	[SG_SIGNATURE_PLACE(SG_FIRST(text_))] = {                                                 \
		SG_FIRST(text_), {SG_TEXT(text_, 0), SG_TEXT(text_, 8), SG_TEXT(text_, 16)},      \
		sizeof(text_) - 1, signature_,                                                    \
	}

SIP_TABLE const struct sg_signature_text sg_signature_texts[SG_SIGNATURES] = {
#define X(text) SG_SIGNATURE(text, SG_SIGNATURE_SCANNER),
	SG_SCANNERS(X)
#undef X
#define X(text) SG_SIGNATURE(text, SG_SIGNATURE_LOOKALIKE),
	SG_LOOKALIKES(X)
#undef X
};

/*
 * Most products begin like none of them: a bit for each way in which one does, by its first three
 * characters, which are in the first word of each (SG_FIRST() counts on it, too).
 */
#define SG_SIGNATURE_BIT(first) (((first) & 0xffffff) * 0x3dc01c7f23650c7bULL >> 56)
#define SG_BEGINS(text, n)                                                                        \
	| (SG_SIGNATURE_BIT(SG_FIRST(text)) / 64 == (n)                                         \
		   ? 1ULL << SG_SIGNATURE_BIT(SG_FIRST(text)) % 64 : 0)

#define SG_BEGINS_0(text) SG_BEGINS(text, 0)
#define SG_BEGINS_1(text) SG_BEGINS(text, 1)
#define SG_BEGINS_2(text) SG_BEGINS(text, 2)
#define SG_BEGINS_3(text) SG_BEGINS(text, 3)
#define SG_BITS(X) (0 SG_SCANNERS(X) SG_LOOKALIKES(X))

SIP_TABLE const __u64 sg_signature_bits[4] = {
	SG_BITS(SG_BEGINS_0), SG_BITS(SG_BEGINS_1), SG_BITS(SG_BEGINS_2), SG_BITS(SG_BEGINS_3),
};

/* Whether the text at `at` may be one of the table. */
SIP_INLINE int sg_signature_begins(const struct sip_reader *r, __u32 at)
{
	__u32 bit = SG_SIGNATURE_BIT(sip_fold(sip_load8(r, at)));

	return sg_signature_bits[bit / 64] >> bit % 64 & 1;
}

/* The first word at `at`, as in the table. */
SIP_INLINE __u64 sg_signature_first(const struct sip_reader *r, __u32 at)
{
	__u64 word = sip_load8(r, at);
	__u64 ends = sip_equal(word, ' ') | sip_equal(word, '/') | sip_equal(word, '(') |
		     sip_equal(word, '\r') | sip_equal(word, '\n') | sip_equal(word, '"') |
		     sip_equal(word, '<');

	ends &= -ends;
	return sip_fold(word) & (ends ? (ends >> 7) - 1 : ~0ULL);
}

SIP_INLINE __u64 sg_signature_differs(const struct sip_reader *r, __u32 at, __u64 text, __u32 size)
{
	__u64 word = sip_load8(r, at) | SIP_EACH(0x20);

	return (size < 8 ? sip_head(word, size) : word) ^ text;
}

SIP_INLINE int sg_is_alphanum(__u32 c)
{
	return sip_is_letter(c) || sip_is_digit(c);
}

/* enum sg_signature of the text at `at`. */
SIP_INLINE __u32 sg_signature_of(const struct sip_reader *r, __u32 at)
{
	__u64 first = sg_signature_first(r, at), differs;
	const struct sg_signature_text *s = &sg_signature_texts[SG_SIGNATURE_PLACE(first)];
	__u32 size = s->size, last, next;

	if (s->first != first || !size)
		return SG_SIGNATURE_NONE;
	differs = sg_signature_differs(r, at, s->text[0], size);
	if (size > 8)
		differs |= sg_signature_differs(r, at + 8, s->text[1], size - 8);
	if (size > 16)
		differs |= sg_signature_differs(r, at + 16, s->text[2], size - 16);
	last = sip_byte(r, at + size - 1);
	next = sip_byte(r, at + size);
	/* Bit 5 makes a hyphen of the carriage return of a value that ends before. */
	if (differs || last < ' ' || (sg_is_alphanum(last) && sg_is_alphanum(next)))
		return SG_SIGNATURE_NONE;
	return s->signature;
}

/* Where the text of a field begins: behind blanks, and a quote. */
SIP_INLINE __u32 sg_signature_start(const struct sip_reader *r, __u32 at)
{
	for (int i = 0; i < 4; i++) {
		if (!sip_is_blank(sip_byte(r, at)))
			break;
		at++;
	}
	return at + (sip_byte(r, at) == '"');
}

/* The name that SIPVicious gives itself in From, and the address that it has there. */
SIP_INLINE int sg_signature_from(const struct sip_reader *r)
{
	const struct sip_message *m = &r->message;
	__u32 at = sg_signature_start(r, m->field[SIP_FIELD_FROM].at);
	__u32 host = m->party[SIP_FROM].host.at;

	if (!(m->seen & SIP_SEEN(FROM)))
		return 0;
	return (sip_fold(sip_load8(r, at)) == SIP_WORD('s', 'i', 'p', 'v', 'i', 'c', 'i', 'o')) ||
	       (m->party[SIP_FROM].host.length == 7 &&
		sip_head(sip_load8(r, host), 7) == SIP_WORD('1', '.', '1', '.', '1', '.', '1'));
}

/* "foo" is that of a probe of Nmap's; SIPPTS draws 71 characters and does not write the cookie. */
SIP_INLINE int sg_signature_branch(const struct sip_reader *r)
{
	const struct sip_span *branch = &r->message.party[SIP_VIA].tag;
	__u64 word = sip_load8(r, branch->at);

	if (branch->length == 3)
		return sip_head(word, 3) == SIP_WORD('f', 'o', 'o');
	return branch->length == 71 &&
	       sip_head(word, 7) != SIP_WORD('z', '9', 'h', 'G', '4', 'b', 'K');
}

/* The user part that SIPp's own scenarios have. */
SIP_INLINE int sg_signature_user(const struct sip_reader *r)
{
	const struct sip_span *user = &r->message.party[SIP_FROM].user;

	return user->length == 4 &&
	       sip_head(sip_load8(r, user->at), 4) == SIP_WORD('s', 'i', 'p', 'p');
}

/* Whether a request that was read may have one at all: nearly none has. */
SIP_INLINE int sg_signature_may_be(const struct sip_reader *r)
{
	const struct sip_message *m = &r->message;
	__u32 agent = sg_signature_start(r, m->field[SIP_FIELD_USER_AGENT].at);

	return (m->seen & SIP_SEEN(USER_AGENT) && sg_signature_begins(r, agent)) ||
	       sg_signature_from(r) || sg_signature_branch(r) || sg_signature_user(r);
}

/* enum sg_signature of a request that was read. */
SIP_INLINE __u32 sg_signature_find(const struct sip_reader *r)
{
	const struct sip_message *m = &r->message;
	__u32 found = SG_SIGNATURE_NONE, at = m->field[SIP_FIELD_USER_AGENT].at;

	if (m->kind != SIP_REQUEST)
		return SG_SIGNATURE_NONE;
	if (sg_signature_from(r) || sg_signature_branch(r))
		return SG_SIGNATURE_SCANNER;
	if (m->seen & SIP_SEEN(USER_AGENT))
		found = sg_signature_of(r, sg_signature_start(r, at));
	if (!found && sg_signature_user(r))
		found = SG_SIGNATURE_LOOKALIKE;
	return found;
}

#endif
