/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pass two: which header field each line begins, by its name as words of eight folded bytes.
 * Part of sip_reader.h.
 */
#ifndef SIPGUARD_SIP_FIELDS_H
#define SIPGUARD_SIP_FIELDS_H

#define SIP_NAME_MAX 256 /* bytes of a name that are looked at; longer ones are no names */
#define SIP_LINES_STEP 8 /* lines that are looked at in one call */
#define SIP_NAME_WORDS 24 /* the longest names that are known fit */

/*
 * A name, folded and filled up with zeros, as three words. The table is indexed by a product of
 * their sum, whose factor was searched for until no two names have the same place; -Woverride-init
 * tells if a new name takes one that is in use. So a name costs two compares and no branches that
 * an attacker could make unpredictable.
 */
#define SIP_NAME_FACTOR 0x7b5f5cae900eca69ULL
#define SIP_NAME_PLACE(a, b, c) (((a) + (b) + (c)) * SIP_NAME_FACTOR >> 57)

/*
 * The compact forms of IANA's registry are all here: whoever does not know them can have header
 * fields hidden from it (RFC 3261 section 7.3.3).
 */
SIP_TABLE const struct sip_name sip_names[128] = {
#define NAME(field, a, b, c) [SIP_NAME_PLACE(a, b, c)] = {a, b, c, SIP_FIELD_##field}
	NAME(VIA, SIP_WORD('v'), 0, 0),
	NAME(VIA, SIP_WORD('v', 'i', 'a'), 0, 0),
	NAME(FROM, SIP_WORD('f'), 0, 0),
	NAME(FROM, SIP_WORD('f', 'r', 'o', 'm'), 0, 0),
	NAME(TO, SIP_WORD('t'), 0, 0),
	NAME(TO, SIP_WORD('t', 'o'), 0, 0),
	NAME(CALL_ID, SIP_WORD('i'), 0, 0),
	NAME(CALL_ID, SIP_WORD('c', 'a', 'l', 'l', '-', 'i', 'd'), 0, 0),
	NAME(CSEQ, SIP_WORD('c', 's', 'e', 'q'), 0, 0),
	NAME(MAX_FORWARDS, SIP_WORD('m', 'a', 'x', '-', 'f', 'o', 'r', 'w'),
	     SIP_WORD('a', 'r', 'd', 's'), 0),
	NAME(CONTENT_LENGTH, SIP_WORD('l'), 0, 0),
	NAME(CONTENT_LENGTH, SIP_WORD('c', 'o', 'n', 't', 'e', 'n', 't', '-'),
	     SIP_WORD('l', 'e', 'n', 'g', 't', 'h'), 0),
	NAME(CONTENT_TYPE, SIP_WORD('c'), 0, 0),
	NAME(CONTENT_TYPE, SIP_WORD('c', 'o', 'n', 't', 'e', 'n', 't', '-'),
	     SIP_WORD('t', 'y', 'p', 'e'), 0),
	NAME(CONTENT_ENCODING, SIP_WORD('e'), 0, 0),
	NAME(CONTENT_ENCODING, SIP_WORD('c', 'o', 'n', 't', 'e', 'n', 't', '-'),
	     SIP_WORD('e', 'n', 'c', 'o', 'd', 'i', 'n', 'g'), 0),
	NAME(CONTACT, SIP_WORD('m'), 0, 0),
	NAME(CONTACT, SIP_WORD('c', 'o', 'n', 't', 'a', 'c', 't'), 0, 0),
	NAME(EXPIRES, SIP_WORD('e', 'x', 'p', 'i', 'r', 'e', 's'), 0, 0),
	NAME(ROUTE, SIP_WORD('r', 'o', 'u', 't', 'e'), 0, 0),
	NAME(RECORD_ROUTE, SIP_WORD('r', 'e', 'c', 'o', 'r', 'd', '-', 'r'),
	     SIP_WORD('o', 'u', 't', 'e'), 0),
	NAME(USER_AGENT, SIP_WORD('u', 's', 'e', 'r', '-', 'a', 'g', 'e'),
	     SIP_WORD('n', 't'), 0),
	NAME(SERVER, SIP_WORD('s', 'e', 'r', 'v', 'e', 'r'), 0, 0),
	NAME(AUTHORIZATION, SIP_WORD('a', 'u', 't', 'h', 'o', 'r', 'i', 'z'),
	     SIP_WORD('a', 't', 'i', 'o', 'n'), 0),
	NAME(PROXY_AUTHORIZATION, SIP_WORD('p', 'r', 'o', 'x', 'y', '-', 'a', 'u'),
	     SIP_WORD('t', 'h', 'o', 'r', 'i', 'z', 'a', 't'), SIP_WORD('i', 'o', 'n')),
	NAME(EVENT, SIP_WORD('o'), 0, 0),
	NAME(EVENT, SIP_WORD('e', 'v', 'e', 'n', 't'), 0, 0),
	NAME(ALLOW_EVENTS, SIP_WORD('u'), 0, 0),
	NAME(ALLOW_EVENTS, SIP_WORD('a', 'l', 'l', 'o', 'w', '-', 'e', 'v'),
	     SIP_WORD('e', 'n', 't', 's'), 0),
	NAME(REFER_TO, SIP_WORD('r'), 0, 0),
	NAME(REFER_TO, SIP_WORD('r', 'e', 'f', 'e', 'r', '-', 't', 'o'), 0, 0),
	NAME(REFERRED_BY, SIP_WORD('b'), 0, 0),
	NAME(REFERRED_BY, SIP_WORD('r', 'e', 'f', 'e', 'r', 'r', 'e', 'd'),
	     SIP_WORD('-', 'b', 'y'), 0),
	NAME(RACK, SIP_WORD('r', 'a', 'c', 'k'), 0, 0),
	NAME(SUPPORTED, SIP_WORD('k'), 0, 0),
	NAME(SUPPORTED, SIP_WORD('s', 'u', 'p', 'p', 'o', 'r', 't', 'e'),
	     SIP_WORD('d'), 0),
	NAME(REQUIRE, SIP_WORD('r', 'e', 'q', 'u', 'i', 'r', 'e'), 0, 0),
	NAME(ALLOW, SIP_WORD('a', 'l', 'l', 'o', 'w'), 0, 0),
	NAME(ACCEPT, SIP_WORD('a', 'c', 'c', 'e', 'p', 't'), 0, 0),
	NAME(ACCEPT_CONTACT, SIP_WORD('a'), 0, 0),
	NAME(ACCEPT_CONTACT, SIP_WORD('a', 'c', 'c', 'e', 'p', 't', '-', 'c'),
	     SIP_WORD('o', 'n', 't', 'a', 'c', 't'), 0),
	NAME(REJECT_CONTACT, SIP_WORD('j'), 0, 0),
	NAME(REJECT_CONTACT, SIP_WORD('r', 'e', 'j', 'e', 'c', 't', '-', 'c'),
	     SIP_WORD('o', 'n', 't', 'a', 'c', 't'), 0),
	NAME(REQUEST_DISPOSITION, SIP_WORD('d'), 0, 0),
	NAME(REQUEST_DISPOSITION, SIP_WORD('r', 'e', 'q', 'u', 'e', 's', 't', '-'),
	     SIP_WORD('d', 'i', 's', 'p', 'o', 's', 'i', 't'), SIP_WORD('i', 'o', 'n')),
	NAME(SESSION_EXPIRES, SIP_WORD('x'), 0, 0),
	NAME(SESSION_EXPIRES, SIP_WORD('s', 'e', 's', 's', 'i', 'o', 'n', '-'),
	     SIP_WORD('e', 'x', 'p', 'i', 'r', 'e', 's'), 0),
	NAME(SUBJECT, SIP_WORD('s'), 0, 0),
	NAME(SUBJECT, SIP_WORD('s', 'u', 'b', 'j', 'e', 'c', 't'), 0, 0),
	NAME(IDENTITY, SIP_WORD('y'), 0, 0),
	NAME(IDENTITY, SIP_WORD('i', 'd', 'e', 'n', 't', 'i', 't', 'y'), 0, 0),
#undef NAME
};

/* enum sip_field of a name. */
SIP_INLINE int sip_field_id(__u64 a, __u64 b, __u64 c)
{
	const struct sip_name *name = &sip_names[SIP_NAME_PLACE(a, b, c)];

	return (name->a ^ a) | (name->b ^ b) | (name->c ^ c) ? SIP_FIELD_OTHER : name->id;
}

/* The same of the `length` bytes at `at`. */
SIP_INLINE int sip_name_id(const struct sip_reader *r, __u32 at, __u32 length)
{
	__u64 a = sip_load8(r, at), b = 0, c = 0;

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

#define SIP_NO_FIELD 0xff
#define SIP_NAMED(id, value) ((id) | (value) << 8)
#define SIP_NAMED_ID(named) ((named) & 0xff)
#define SIP_NAMED_VALUE(named) ((named) >> 8)

/*
 * How many bytes from `at` on are a token's, up to SIP_NAME_MAX. A function of its own, as the next
 * one: of what a global function returns the verifier knows nothing, so it follows one length.
 */
SIP_FUNCTION int sip_token_length(struct sip_reader *r, __u32 at)
{
	__u32 i;

	if (!r)
		return 0;
	for (i = 0; i < SIP_NAME_MAX; i++)
		if (!sip_is_token(sip_byte(r, at + i)))
			break;
	return i;
}

/* The same of spaces and tabs. */
SIP_FUNCTION int sip_blank_length(struct sip_reader *r, __u32 at)
{
	__u32 i;

	if (!r)
		return 0;
	for (i = 0; i < SIP_NAME_MAX; i++)
		if (!sip_is_blank(sip_byte(r, at + i)))
			break;
	return i;
}

/*
 * A line whose name is none of the known ones, or is not followed by its colon at once. Returns
 * SIP_NAMED: the field, and where its value begins.
 */
SIP_FUNCTION int sip_slow_name(struct sip_reader *r, __u32 at)
{
	__u32 c, length, colon;

	if (!r)
		return SIP_NO_FIELD;
	length = sip_token_length(r, at);
	colon = at + length + sip_blank_length(r, at + length);
	c = sip_byte(r, colon);
	if (c == ':' && length)
		return SIP_NAMED(sip_name_id(r, at, length), colon + 1);
	sip_fault(r, SIP_FAULT(FIELD_LINE));
	/* Not the zeros after the end of what was read. */
	if (!c && colon < r->message.read)
		sip_fault(r, SIP_FAULT(NUL));
	return SIP_NO_FIELD;
}

/* SIP_NAMED of the line at `at`, which begins with the word `a`. */
SIP_INLINE __u32 sip_name_at(struct sip_reader *r, __u32 at, __u64 a)
{
	__u64 b = 0, colon = sip_equal(a, ':');
	__u32 n, id;

	if (colon) {
		n = sip_first(colon);
		a = sip_head(a, n);
	} else {
		b = sip_load8(r, at + 8);
		colon = sip_equal(b, ':');
		if (!colon)
			return sip_slow_name(r, at);
		n = sip_first(colon);
		b = sip_head(b, n);
		n += 8;
	}
	id = sip_field_id(sip_fold(a), sip_fold(b), 0);
	return id == SIP_FIELD_OTHER ? (__u32)sip_slow_name(r, at) : SIP_NAMED(id, at + n + 1);
}

SIP_INLINE void sip_measure(struct sip_reader *r, __u32 end)
{
	__u32 length = end - r->begun;

	if (length > r->message.longest)
		r->message.longest = length;
}

/* A line that continues a field (RFC 3261 section 7.3.1); one after the start line does not. */
SIP_INLINE void sip_continue(struct sip_reader *r, __u32 end)
{
	__u32 id = r->open;

	if (!r->message.fields && !r->folded)
		sip_fault(r, SIP_FAULT(FIELD_LINE));
	r->folded++;
	if (r->folded > r->message.folds)
		r->message.folds = r->folded;
	if (id < SIP_FIELD__MAX)
		r->message.field[id].length = end - r->message.field[id].at;
	sip_measure(r, end);
}

SIP_INLINE void sip_field(struct sip_reader *r, __u32 id, __u32 value, __u32 end)
{
	struct sip_message *m = &r->message;
	__u64 bit;

	if (id >= SIP_FIELD__MAX)
		return;
	bit = 1ULL << id;
	m->fields++;
	m->count[id]++;
	if (m->seen & bit) {
		m->again |= bit;
		return;
	}
	m->seen |= bit;
	m->field[id].at = value;
	m->field[id].length = end - value;
	r->open = id;
}

/* A line of the header, `at` to `end`. */
SIP_INLINE void sip_header_line(struct sip_reader *r, __u32 at, __u32 end)
{
	__u64 word = sip_load8(r, at);
	__u32 named;

	if (sip_is_blank(word & 0xff)) {
		sip_continue(r, end);
		return;
	}
	r->begun = at;
	r->folded = 0;
	r->open = SIP_FIELD__MAX;
	sip_measure(r, end);
	named = sip_name_at(r, at, word);
	sip_field(r, SIP_NAMED_ID(named), SIP_NAMED_VALUE(named), end);
}

/* Eight lines at a time: a call for each would cost half as much as the line. */
static long sip_header_lines(__u32 i, struct sip_loop *loop)
{
	struct sip_reader *r = loop->r;
	__u32 line = i * SIP_LINES_STEP, lines = r->message.lines, at, end;

	at = r->start[(line + 1) & SIP_READER_MASK];
	for (__u32 step = 1; step <= SIP_LINES_STEP; step++, at = end) {
		if (line + step >= lines)
			return 1;
		end = r->start[(line + step + 1) & SIP_READER_MASK];
		sip_header_line(r, at, end);
	}
	return 0;
}

/* Fills seen, again, count[], field[], fields, folds and longest of the message. */
SIP_FUNCTION int sip_fields(struct sip_reader *r)
{
	struct sip_loop loop = {r};
	struct sip_message *m;

	if (!r)
		return 0;
	m = &r->message;
	r->folded = 0;
	r->begun = m->start;
	r->open = SIP_FIELD__MAX;
	SIP_REPEAT(SIP_LINES / SIP_LINES_STEP, sip_header_lines, &loop);
	/* The line that is cut off only counts by its length. */
	if (m->flags & SIP_CUT && !(m->flags & SIP_HEAD)) {
		if (!sip_is_blank(sip_byte(r, r->line)))
			r->begun = r->line;
		sip_measure(r, m->read);
	}
	return 0;
}

#endif
