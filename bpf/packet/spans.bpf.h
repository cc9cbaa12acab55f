/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the steps behind the reader do with spans of a message that was read: take them together
 * into one number, look for a word in them. Global functions, which the verifier looks at once.
 */
#ifndef SIPGUARD_SPANS_BPF_H
#define SIPGUARD_SPANS_BPF_H

#include "maps.bpf.h"

#define SPAN_HASHED 128 /* bytes of a span that count */
#define SPAN_FACTOR 0x9e3779b97f4a7c15ULL

static __always_inline __u64 span_mix(__u64 hash, __u64 word)
{
	hash = (hash ^ word) * SPAN_FACTOR;
	return hash ^ hash >> 29;
}

/*
 * Returns x as a number of which the verifier knows nothing, as forget() does: or it follows each
 * number of turns of a loop through what comes behind.
 */
static __always_inline __u32 span_forget(const struct sip_reader *r, __u32 x)
{
	__u32 unknown = r->message.cseq;

	x ^= unknown;
	barrier_var(x);
	return x ^ unknown;
}

/*
 * A number for `length` bytes at `at`; never 0. Inlined in the way of each request: a call costs
 * more than its turns, of which most spans have two or three.
 */
static __always_inline __u64 span_hash_inline(const struct sip_reader *r, __u32 at, __u32 length,
					      __u64 hash)
{
	__u32 rest;

	if (length > SPAN_HASHED)
		length = SPAN_HASHED;
	hash = span_mix(hash, length);
	for (__u32 i = 8; i <= SPAN_HASHED && i <= length; i += 8, at += 8)
		hash = span_mix(hash, sip_load8(r, at));
	at = span_forget(r, at);
	rest = length & 7;
	if (rest)
		hash = span_mix(hash, sip_head(sip_load8(r, at), rest));
	return hash | 1;
}

/* The same where it is not. */
__noinline __u64 span_hash(const struct sip_reader *r, __u32 at, __u32 length, __u64 hash)
{
	return r ? span_hash_inline(r, at, length, hash) : 1;
}

/* One of both, as `inlined`, a constant, says. */
static __always_inline __u64 span_number(const struct sip_reader *r, const struct sip_span *span,
					 __u64 hash, bool inlined)
{
	return inlined ? span_hash_inline(r, span->at, span->length, hash)
		       : span_hash(r, span->at, span->length, hash);
}

/*
 * A zero that the verifier does not know, for what a step of bpf_loop() changes on the stack.
 * Before Linux 6.7 it follows one turn of a loop, and removes as dead what the values on the stack
 * do not reach in that one.
 */
static __always_inline __u32 span_zero(const struct sip_reader *r)
{
	return r->message.zero[0];
}

static __always_inline __u32 span_hex(__u32 c)
{
	return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* The character whose escape has these two digits (RFC 3261 section 25.1). */
static __always_inline __u32 span_escaped(const struct sip_reader *r, __u32 at)
{
	return (span_hex(sip_byte(r, at)) << 4 | (span_hex(sip_byte(r, at + 1)) & 0xf)) & 0xff;
}

struct span_digits {
	const struct sip_reader *r;
	__u32 at;
	__u32 length;
	__u32 address; /* host order */
	__u32 part;
	__u32 digits;  /* of the part */
	__u32 parts;   /* that have ended */
};

/* One character of an address, and behind the last a dot. Nothing is left of one that is none. */
static long span_digit(__u32 i, void *context)
{
	struct span_digits *d = context;
	__u32 c = i < d->length ? sip_byte(d->r, d->at + i) : '.';

	if (c == '.' && d->digits) {
		d->address = d->address << 8 | d->part;
		d->part = d->digits = 0;
		d->parts++;
		return 0;
	}
	c -= '0';
	d->part = d->part * 10 + c;
	/* No zeros before others: some read octal numbers then. */
	if (c > 9 || d->part > 255 || (d->digits && d->part < 10)) {
		d->parts = 0;
		return 1;
	}
	d->digits++;
	return 0;
}

/* What span_address4() gives for an address in network order. */
#define SPAN_ADDRESS4(address) (1ULL << 32 | (__u32)(address))

/* The address of IPv4 that `length` bytes at `at` are; 0: they are none. */
__noinline __u64 span_address4(const struct sip_reader *r, __u32 at, __u32 length)
{
	struct span_digits d = {.r = r, .at = at, .length = length};

	if (!r || length < 7 || length > 15)
		return 0;
	d.address = d.part = d.digits = d.parts = span_zero(r);
	bpf_loop(length + 1, span_digit, &d, 0);
	return d.parts == 4 ? SPAN_ADDRESS4(bpf_htonl(d.address)) : 0;
}

struct span_walk {
	const struct sip_reader *r;
	__u64 hash;
	__u32 at;
	__u32 end;
};

static long span_sum_step(__u32 step, void *context)
{
	struct span_walk *walk = context;
	__u32 at = walk->at + step * SPAN_HASHED;

	walk->hash = span_hash(walk->r, at, walk->end - at, walk->hash);
	return 0;
}

/* As span_hash(), of all bytes between `at` and `end`. Most are short, and bpf_loop() is dear. */
__noinline __u64 span_sum(const struct sip_reader *r, __u32 at, __u32 end, __u64 hash)
{
	struct span_walk walk = {.r = r, .at = at + SPAN_HASHED, .end = end};

	if (!r || at >= end || end > SIP_READ_MAX)
		return hash | 1;
	hash = span_hash(r, at, end - at, hash);
	if (end - at <= SPAN_HASHED)
		return hash;
	walk.hash = hash;
	bpf_loop((end - at - 1) / SPAN_HASHED, span_sum_step, &walk, 0);
	return walk.hash;
}

struct span_search {
	const struct sip_reader *r;
	__u64 word;  /* letters in lower case */
	__u64 mask;  /* of its bytes */
	__u64 fold;  /* bit 5 of those that have it: letters of either case are equal */
	__u32 size;
	__u32 at;
	__u32 end;
	__u32 found; /* behind the word */
};

/* Looks at the eight places that begin in one word of the text. */
static long span_step(__u32 step, void *context)
{
	struct span_search *s = context;
	__u32 at = s->at + step * 8;

	for (__u32 i = 0; i < 8; i++) {
		if (((sip_load8(s->r, at + i) | s->fold) & s->mask) != s->word)
			continue;
		s->found = at + i + s->size;
		return 1;
	}
	return 0;
}

/* Where the first `word` between `at` and `end` ends; 0 if there is none. */
__noinline int span_find(const struct sip_reader *r, __u32 at, __u32 end, __u64 word, __u32 size)
{
	struct span_search search = {.r = r, .word = word, .size = size, .at = at, .end = end};

	if (!r || at >= end || end > SIP_READ_MAX || !size || size > 8)
		return 0;
	search.mask = size < 8 ? sip_head(~0ULL, size) : ~0ULL;
	search.fold = word & SIP_EACH(0x20);
	bpf_loop((end - at + 7) / 8, span_step, &search, 0);
	return search.found <= end ? search.found : 0;
}

/* Behind the first eight bytes of the next line that begins so; 0 if there is none. */
static __always_inline __u32 span_line(const struct sip_reader *r, __u32 at, __u64 line)
{
	return span_find(r, at, r->message.body, line, 8);
}

#define SPAN_FOLDS SG_FIXED_FOLDS /* lines that continue a field, and are looked at */

/* Where the header field ends that goes on at `at`; the body if it has more folds. */
__noinline int span_field_end(const struct sip_reader *r, __u32 at)
{
	if (!r)
		return 0;
	for (int i = 0; i <= SPAN_FOLDS; i++) {
		at = span_find(r, at, r->message.body, SIP_WORD('\n'), 1);
		if (!at)
			break;
		if (!sip_is_blank(sip_byte(r, at)))
			return at;
	}
	return r->message.body;
}

#endif
