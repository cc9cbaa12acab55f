/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The messages of one frame, one after the other: of a datagram, of a segment of TCP, and of
 * several datagrams that came as one. Where each begins, what it is, which is the next one; and
 * reading it, which copies it once.
 */
#ifndef SIPGUARD_MESSAGES_BPF_H
#define SIPGUARD_MESSAGES_BPF_H

#include "packet/class.bpf.h"
#include "state/heads.bpf.h"
#include "state/streams.bpf.h"
#include "sip/reader.h"

/* KIND of what begins in the text of the reader behind so many blanks, and has `length` bytes. */
static __always_inline __u32 text_kind(const struct sip_reader *r, __u32 blanks, __u32 length)
{
	const __u8 *start = r->text, *end;
	__u32 kind;

	length = forget(length, blanks); /* each way to it would be followed */
	barrier_var(blanks);
	start += blanks & (STREAM_BLOCK - 1);
	end = start + STREAM_BLOCK;
	kind = known_start(start, end, length);
	if (kind == CLASSED(OTHER))
		kind = other_start(start, end, length);
	return forget(kind, length);
}

/* A load balancer tells whom it speaks for, before the first message. */
static __always_inline bool stream_is_proxy_line(const struct sip_reader *r, const struct packet *p)
{
	__u64 word = sip_load8(r, 0);

	return p->fresh && (word == SIP_WORD('P', 'R', 'O', 'X', 'Y', ' ', 'T', 'C') ||
			    word == SIP_WORD('P', 'R', 'O', 'X', 'Y', ' ', 'U', 'N') ||
			    word == SIP_WORD('\r', '\n', '\r', '\n', 0, '\r', '\n', 'Q'));
}

/* KIND of what the text in the reader begins with; `length` bytes of it are known. */
static __always_inline __u32 stream_kind(struct sip_reader *r, struct packet *p, __u32 length)
{
	__u32 kind, blanks = 0;

	if (is_sigcomp(r->text)) {
		p->stream = STREAM_FOREIGN;
		return CLASSED(SIGCOMP);
	}
	if (stream_is_proxy_line(r, p)) {
		p->stream = STREAM_FOREIGN;
		return CLASSED(OTHER);
	}
	if (is_stun(r->text, r->text + STREAM_BLOCK, length)) /* a request begins with NUL */
		return CLASSED(STUN);
	if (sip_is_leading(sip_byte(r, 0))) {
		r->message.read = length < SIP_READ_MAX ? length : SIP_READ_MAX;
		blanks = sip_blanks(r);
		if (blanks == length || blanks >= SIP_BLANKS)
			return CLASSED(KEEPALIVE);
	}
	length -= blanks;
	kind = length < STREAM_KNOWN ? CLASSED(OTHER) : text_kind(r, blanks, length);
	if (length < STREAM_START && (kind == CLASSED(OTHER) || kind == CLASSED(GARBAGE))) {
		p->stream = STREAM_PART;
		return CLASSED(OTHER);
	}
	return kind;
}

static __always_inline bool stream_is_message(__u32 kind)
{
	return KIND_CLASS(kind) == SG_CLASS_REQUEST || KIND_CLASS(kind) == SG_CLASS_RESPONSE ||
	       KIND_CLASS(kind) == SG_CLASS_KEEPALIVE || KIND_CLASS(kind) == SG_CLASS_OTHER;
}

/*
 * KIND of a message whose start line tells it, where it lies in the frame: nearly every one, and it
 * is copied when it has been charged. OTHER of the rest.
 */
static __always_inline __u32 stream_peek(hook_ctx *ctx, const struct packet *p)
{
	struct cursor c = cursor_at(ctx, p);
	__u32 kind;

	if (p->held || p->offset > OFFSET_MAX || p->datagram < STREAM_KNOWN ||
	    c.at + STREAM_KNOWN > c.end)
		return CLASSED(OTHER);
	kind = known_start(c.at, c.end, p->datagram);
	return forget(KIND_CLASS(kind) == SG_CLASS_HTTP ? CLASSED(OTHER) : kind, p->offset);
}

/*
 * Tells the KIND of the message that begins at p->offset, behind p->held bytes that came before;
 * loads it if that takes more than its start. Global: who calls it would be followed through it.
 */
__noinline int stream_load(hook_ctx *ctx, struct packet *p, struct sip_reader *r)
{
	__u32 held, kind;

	if (!p || !r)
		return CLASSED(OTHER);
	held = p->held;
	kind = stream_peek(ctx, p);
	p->kind = kind;
	p->loaded = 0;
	if (kind != CLASSED(OTHER))
		return kind;
	p->loaded = 1;
	barrier_var(held);
	held &= SIP_READ_MAX - 1;
	if (sip_reader_load(ctx, r, held, p->offset, p->datagram, HOOK_SKB)) {
		p->stream = STREAM_LOST;
		return CLASSED(OTHER);
	}
	kind = stream_kind(r, p, held + p->datagram);
	if (p->assumed == STREAM_GUESSED && !stream_is_message(kind)) {
		p->stream = STREAM_GAP; /* a wrong guess */
		kind = CLASSED(OTHER);
	} else if (KIND_CLASS(kind) == SG_CLASS_TLS || KIND_CLASS(kind) == SG_CLASS_HTTP) {
		p->stream = STREAM_FOREIGN;
	}
	p->kind = kind;
	return kind;
}

/* Why a segment is not read. */
static __always_inline void stream_count(__u32 stream)
{
	switch (stream) {
	case STREAM_GAP:
		count_one(SG_COUNT_UNREAD_GAP);
		break;
	case STREAM_OLDER:
		count_one(SG_COUNT_UNREAD_OLDER);
		break;
	case STREAM_LOST:
		count_one(SG_COUNT_UNREAD_LOST);
		break;
	case STREAM_FOREIGN:
		count_one(SG_COUNT_UNREAD_FOREIGN);
		break;
	}
}

/* KIND of a segment that is not read. */
static __always_inline __u32 stream_unread(hook_ctx *ctx, struct packet *p)
{
	__u8 start[2];

	p->kind = CLASSED(OTHER);
	if (p->stream != STREAM_FOREIGN || hook_load(ctx, p->offset, start, sizeof(start)))
		return CLASSED(OTHER);
	return is_tls(start) ? CLASSED(TLS) : CLASSED(OTHER);
}

/* Whether it was a right guess that messages begin here. Many blank lines may be before them. */
static __always_inline bool stream_is_guessed(const struct packet *p, __u32 kind)
{
	return (KIND_CLASS(kind) == SG_CLASS_REQUEST && KIND_METHOD(kind) != SG_METHOD_UNKNOWN) ||
	       (KIND_CLASS(kind) == SG_CLASS_KEEPALIVE && p->datagram > SIP_BLANKS);
}

/*
 * KIND of nearly all segments, without a call: the next message begins with it, and its start line
 * tells what it is. OTHER: it takes stream_class() to say.
 */
static __always_inline __u32 stream_glance(hook_ctx *ctx, struct guard *g)
{
	struct packet *p = &g->p;
	struct sg_streams *line = stream_line(&sg_streams, p->connection, sg_sizes.streams);
	struct sg_stream *s = line ? stream_entry(line, p->connection) : NULL;
	__u32 kind;

	if (!s || s->state != STREAM_READ || s->next != p->seq || s->refused || p->syn ||
	    p->first_fragment || p->tcp_flags & TCP_URG || p->datagram > p->frame - p->offset)
		return CLASSED(OTHER);
	/*
	 * Before the start line is looked at: with the entry at hand the verifier follows its kinds
	 * one by one (461 000 instructions, clang 14, 6.1).
	 */
	if (!SHADOW)
		s->seconds = cell_seconds(g->now);
	p->assumed = s->assumed;
	p->fresh = s->fresh;
	kind = stream_peek(ctx, p);
	if (kind == CLASSED(OTHER))
		return CLASSED(OTHER);
	p->stream = STREAM_READ;
	p->kind = kind;
	return kind;
}

/* Finds out what a segment is to its connection (p->stream), and its KIND. */
__noinline int stream_class(hook_ctx *ctx, struct guard *g)
{
	struct sip_reader *r;
	struct sg_stream *s;
	struct packet *p;
	__u32 kind, role;
	__u64 now;

	if (!g || g->p.frame < g->p.offset)
		return CLASSED(OTHER);
	p = &g->p;
	r = &g->reader;
	role = g->role;
	now = g->now;
	if (p->syn) {
		stream_syn(p, role, now);
		return CLASSED(OTHER);
	}
	s = stream_find(ctx, p, role, now);
	if (!s) {
		if (p->datagram)
			stream_count(p->stream);
		return CLASSED(OTHER);
	}
	if (!p->datagram) {
		p->stream = STREAM_EMPTY;
		return CLASSED(OTHER);
	}
	p->assumed = s->assumed;
	p->stream = stream_look(p, s);
	if (p->stream == STREAM_GAP)
		p->behind = stream_behind(s, p, now);
	if (p->stream == STREAM_PART)
		stream_resume(r, p);
	if (role == SG_PORT_TCP && !stream_is_read(p))
		stream_guess(ctx, p, s);
	/*
	 * From here on the entry is not looked at: each of the four places it may have would be
	 * followed through the reading (55 000 instructions, clang 14 and 19, 6.18).
	 */
	if (stream_is_read(p)) {
		kind = stream_load(ctx, p, r);
		if (!p->unread)
			return kind;
		if (stream_is_guessed(p, kind)) {
			count_one(SG_COUNT_UNREAD_GUESSED);
			return kind;
		}
		p->stream = p->unread;
	}
	if (!p->behind)
		stream_count(p->stream);
	return stream_unread(ctx, p);
}

/* Bytes of the message that was read; 0: it does not say. */
static __always_inline __u64 stream_size(const struct sip_reader *r, const struct packet *p)
{
	const struct sip_message *m = &r->message;
	__u32 length = p->held + p->datagram, class = KIND_CLASS(p->kind);

	if (class == SG_CLASS_KEEPALIVE)
		return length < SIP_BLANKS ? length : SIP_BLANKS;
	if (class == SG_CLASS_STUN)
		return 20 + ((__u32)sip_byte(r, 2) << 8 | sip_byte(r, 3));
	if (class != SG_CLASS_REQUEST && class != SG_CLASS_RESPONSE)
		return 0;
	if (!(m->flags & SIP_HEAD) || !(m->seen & SIP_SEEN(CONTENT_LENGTH)) ||
	    m->faults & STREAM_ENDLESS)
		return 0;
	return (__u64)m->body + m->content_length;
}

/* Most segments hold one message, which ends with them: nothing is to be done but to go on. */
static __always_inline bool stream_ends(struct guard *g)
{
	struct packet *p = &g->p;

	if (p->held || stream_size(&g->reader, p) != p->datagram)
		return false;
	p->seq += p->datagram;
	p->datagram = 0;
	return true;
}

/* --- frames of several datagrams --- */

/*
 * A sender's UDP_SEGMENT, or datagrams that the kernel has put together (GRO), on their way through
 * tc: one skb with one UDP header, all datagrams of one size but the last, which may be shorter.
 */
static __always_inline void datagrams_begin(struct packet *p, __u32 size)
{
	if (!size || p->transport != IPPROTO_UDP || p->datagram <= size)
		return;
	p->part = size;
	p->rest = p->datagram - size;
	p->datagram = size;
	if (p->length > size)
		p->length = size;
}

static __always_inline void datagram_count(struct packet *p, __u32 reason)
{
	if (reason == SG_REASON_NONE)
		p->good++;
	else if (!p->bad++)
		p->worst = reason;
}

static __always_inline __u32 datagram_kind(hook_ctx *ctx, struct packet *p, struct sip_reader *r,
					   __u32 size)
{
	__u32 blanks = 0;

	p->loaded = 1;
	if (size <= KEEPALIVE_ANY)
		return CLASSED(KEEPALIVE);
	if (sip_reader_load(ctx, r, 0, p->offset, size, HOOK_SKB))
		return CLASSED(GARBAGE);
	if (is_stun(r->text, r->text + STREAM_BLOCK, size))
		return CLASSED(STUN);
	if (is_sigcomp(r->text))
		return CLASSED(SIGCOMP);
	if (sip_is_leading(sip_byte(r, 0))) {
		r->message.read = size < SIP_READ_MAX ? size : SIP_READ_MAX;
		blanks = sip_blanks(r);
		if (size <= blanks + KEEPALIVE_ANY)
			return CLASSED(KEEPALIVE);
	}
	return text_kind(r, blanks, size - blanks);
}

/* Goes to the next datagram. Its KIND, as class_datagram(); -1 if there is none. */
__noinline int datagram_next(hook_ctx *ctx, struct guard *g)
{
	struct packet *p;
	__u32 size;

	if (!g || !g->p.rest)
		return -1;
	p = &g->p;
	size = p->rest < p->part ? p->rest : p->part;
	p->offset += p->part;
	p->rest -= size;
	p->datagram = size;
	p->kind = datagram_kind(ctx, p, &g->reader, size);
	return p->kind;
}

/* --- the next message of either --- */

/* Goes to the next message of a segment. Its KIND; -1: there is none. */
__noinline int stream_next(hook_ctx *ctx, struct guard *g)
{
	struct sip_reader *r;
	struct packet *p;
	__u64 size;

	if (!g)
		return -1;
	p = &g->p;
	r = &g->reader;
	if (p->stream != STREAM_READ)
		return -1;
	size = stream_size(r, p);
	if (size <= p->held || size > 1U << 31) {
		p->stream = STREAM_LOST;
		return -1;
	}
	size -= p->held;
	p->held = p->paid = p->fresh = 0;
	p->seq += size;
	if (size >= p->datagram) {
		p->datagram = 0;
		return -1;
	}
	p->offset += size;
	p->datagram -= size;
	return stream_load(ctx, p, r);
}

static __always_inline int message_next(hook_ctx *ctx, struct guard *g)
{
	return HOOK_SKB && g->p.part ? datagram_next(ctx, g) : stream_next(ctx, g);
}

/* --- reading --- */

static __always_inline __u32 message_flags(const struct packet *p)
{
	return (p->first_fragment ? SIP_MORE : 0) |
	       (p->transport == IPPROTO_TCP ? SIP_STREAM : 0);
}

/* Loads the message of a packet into the reader, if it is not there yet. Its length, or 0. */
static __always_inline __u32 message_load(hook_ctx *ctx, const struct packet *p,
					  struct sip_reader *r)
{
	__u32 length;

	if (p->loaded)
		return p->held + p->datagram;
	length = p->frame - p->offset;
	if (length > p->datagram)
		length = p->datagram;
	return sip_reader_load(ctx, r, 0, p->offset, length, HOOK_SKB) ? 0 : length;
}

static __always_inline bool message_applies(__u32 kind)
{
	return KIND_CLASS(kind) == SG_CLASS_REQUEST || KIND_CLASS(kind) == SG_CLASS_RESPONSE;
}

/*
 * Reads the message of a packet: its faults are in g->faults, none if it is known to be no message.
 * One whose header does not end in its segment is read when the rest has come.
 */
__noinline int message_read(hook_ctx *ctx, struct guard *g)
{
	const struct sg_profile *profile;
	struct sip_reader *r;
	struct packet *p;

	if (!g)
		return 0;
	g->faults = 0;
	p = &g->p;
	r = &g->reader;
	profile = profile_of(g);
	if (p->frame < p->offset || ((p->stream || p->part) && !message_applies(p->kind)))
		return 0;
	r->input.length = message_load(ctx, p, r);
	if (!r->input.length) {
		if (p->stream)
			p->stream = STREAM_LOST;
		return 0;
	}
	r->input.wanted = profile->rules | STREAM_ENDLESS;
	r->input.whole = p->whole;
	r->input.flags = message_flags(p);
	sip_read(r, &profile->caps);
	if (p->transport != IPPROTO_TCP || r->message.flags & (SIP_HEAD | SIP_CUT)) {
		g->faults = r->message.faults & profile->rules;
		return 0;
	}
	p->stream = STREAM_PART;
	p->paid = 1;
	return 0;
}

#endif
