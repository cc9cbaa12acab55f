/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What shows that a flow is not forged: it repeats what our server told it and nobody else. A
 * digest nonce (RFC 3261 section 22) in its credentials, a To tag (section 19.3) in its ACK.
 * Remembered are only numbers for (flow, secret), in fixed memory, as long as there is place.
 */
#ifndef SIPGUARD_SECRETS_BPF_H
#define SIPGUARD_SECRETS_BPF_H

#include "seen.bpf.h"
#include "spans.bpf.h"

#define SECRET_NONCE 0x6e6f6e6365000000ULL /* keeps nonces apart from tags */
#define SECRET_TAG 0x7461670000000000ULL

static __always_inline struct sg_seen *secret_line(__u64 key)
{
	return seen_line(&sg_secrets, key >> 32, SG_SECRETS);
}

static __always_inline void secret_tell(__u64 key, __u64 now)
{
	struct sg_seen *line = secret_line(key);

	if (line)
		seen_again(line, key, now);
}

static __always_inline bool secret_known(__u64 key)
{
	const struct sg_seen *line = secret_line(key);

	return line && seen_find(line, seen_tag(key));
}

/* The name of the parameter and the quote that opens its value. */
#define SECRET_NAME SIP_WORD('n', 'o', 'n', 'c', 'e', '=', '"')

struct secret_walk {
	const struct sip_reader *r;
	__u32 before; /* the letter before SECRET_NAME, or 0: the name begins with it */
	__u32 at;
	__u32 quoted; /* within a quoted string */
	__u32 start;  /* of the nonce */
	__u32 stop;   /* behind it */
};

/* Whether the quote at `at` opens the value that is looked for, and no cnonce's, say. */
static __always_inline bool secret_opens(const struct secret_walk *walk, __u32 at)
{
	__u64 word = sip_load8(walk->r, at - 7);
	__u32 before = word & 0xff;

	if ((word >> 8 | SIP_EACH(0x20) >> 8) != SECRET_NAME)
		return false;
	if (walk->before)
		return (before | 0x20) == walk->before;
	return sip_is_blank(before) || before == ',' || before == '\n';
}

/*
 * On to the next quote, backslash or line end. Quoted strings are told from what lies between them,
 * or a forger could have "nonce=" said in a realm or a user name.
 */
static long secret_step(__attribute__((unused)) __u32 step, void *context)
{
	struct secret_walk *walk = context;
	__u64 word = sip_load8(walk->r, walk->at);
	__u64 marks = sip_equal(word, '"') | sip_equal(word, '\\') | sip_equal(word, '\n');
	__u32 at = walk->at + 8, mark;

	if (walk->at >= walk->r->message.body)
		return 1;
	if (!marks) {
		walk->at = at;
		return 0;
	}
	at += sip_first(marks) - 8;
	mark = sip_byte(walk->r, at);
	walk->at = at + 1;
	if (mark == '\n')
		return !sip_is_blank(sip_byte(walk->r, at + 1));
	if (mark == '\\') {
		walk->at += walk->quoted; /* what it escapes is no mark */
		return 0;
	}
	walk->quoted ^= 1;
	if (walk->quoted)
		walk->start = secret_opens(walk, at) ? at + 1 : 0;
	else if (walk->start)
		walk->stop = at;
	return walk->stop != 0;
}

/*
 * A number for the flow and the first nonce of the header field whose value goes on at `at`; 0 if
 * there is none. `before`: as in struct secret_walk.
 */
__noinline __u64 secret_nonce(const struct sip_reader *r, __u32 at, __u64 flow, __u32 before)
{
	struct secret_walk walk = {.r = r, .before = before, .at = at};

	if (!r || at < 8 || at >= r->message.body)
		return 0;
	/*
	 * Zeros that the verifier does not know. Before Linux 6.7 it follows one turn of a loop,
	 * and removes as dead what the values on the stack do not reach in that one.
	 */
	walk.quoted = walk.start = walk.stop = r->message.zero[0];
	bpf_loop(r->message.body - at, secret_step, &walk, 0);
	if (!walk.stop || walk.stop > r->message.body)
		return 0;
	return span_hash(r, walk.start, walk.stop - walk.start, flow ^ SECRET_NONCE);
}

/* Behind the first eight bytes of the next line that begins so; 0 if there is none. */
static __always_inline __u32 secret_field(const struct sip_reader *r, __u32 at, __u64 line)
{
	return span_find(r, at, r->message.body, line, 8);
}

static __always_inline __u64 secret_to_tag(const struct sip_reader *r, __u64 flow)
{
	const struct sip_span *tag = &r->message.party[SIP_TO].tag;

	return tag->length ? span_hash(r, tag->at, tag->length, flow ^ SECRET_TAG) : 0;
}

#endif
