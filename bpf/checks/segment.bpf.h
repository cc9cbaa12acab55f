/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What becomes of a segment of TCP: what it costs if no message is charged for it, and what its
 * connection keeps of it when it has its verdict.
 */
#ifndef SIPGUARD_SEGMENT_BPF_H
#define SIPGUARD_SEGMENT_BPF_H

#include "checks/limits.bpf.h"
#include "checks/lists.bpf.h"
#include "messages.bpf.h"

/* The segment passes: what it has shown is put into the entry of its connection. */
__noinline int stream_commit(const struct guard *g)
{
	const struct packet *p;
	struct sg_streams *line;
	struct sg_stream *s;
	__u32 state;

	if (!g)
		return 0;
	p = &g->p;
	line = stream_line(&sg_streams, p->connection, sg_sizes.streams);
	if (!line)
		return 0;
	s = stream_entry(line, p->connection);
	if (!s)
		return 0;
	state = p->stream;
	if (state == STREAM_PART &&
	    !stream_keep(&g->reader, p, g->now, g->in_zone || is_proven(g)))
		state = STREAM_LOST;
	if (s->state == STREAM_PART && state != STREAM_PART)
		stream_let_go(p);
	if (state == STREAM_PART || state == STREAM_READ)
		s->next = p->seq + (state == STREAM_PART ? p->datagram : 0);
	s->state = state;
	s->assumed = p->assumed;
	s->fresh = 0;
	/* While something is missing of what was refused, TCP sends what is new, too (RFC 5682). */
	if (s->refused && (__s32)(s->next - s->ack) >= 0)
		s->refused = SG_REASON_NONE;
	s->seconds = cell_seconds(g->now);
	return 0;
}

/* The segment that the connection goes on with was dropped. */
__noinline int stream_refuse(const struct guard *g, __u32 reason)
{
	const struct packet *p;
	struct sg_streams *line;
	struct sg_stream *s;

	if (!g)
		return 0;
	p = &g->p;
	line = stream_line(&sg_streams, p->connection, sg_sizes.streams);
	s = line ? stream_entry(line, p->connection) : NULL;
	/*
	 * A guess may be a forgery, or come again though the server has it: then nothing would ever
	 * take away what it holds up.
	 */
	if (!s || p->assumed == STREAM_GUESSED)
		return 0;
	if (!s->refused)
		s->ack = p->seq + p->datagram;
	s->refused = reason;
	s->seconds = cell_seconds(g->now);
	return 0;
}

/* The same, of what most segments show: the connection goes on from here. False: it is not all. */
static __always_inline bool stream_goes_on(const struct packet *p)
{
	struct sg_streams *line = stream_line(&sg_streams, p->connection, sg_sizes.streams);
	struct sg_stream *s = line ? stream_entry(line, p->connection) : NULL;

	if (!s || p->stream != STREAM_READ || s->state != STREAM_READ || s->fresh || s->refused)
		return false;
	s->next = p->seq;
	s->assumed = p->assumed;
	return true;
}

/* Whether it is charged by the segment: what begins in it, if anything, was charged before. */
static __always_inline bool segment_applies(const struct packet *p)
{
	return p->transport == IPPROTO_TCP && !p->syn && (p->stream != STREAM_READ || p->paid);
}

/* A segment that is not read, or goes on with a header: limited by itself. */
__noinline int segment_check(const struct guard *g)
{
	__u64 hash;

	if (!g)
		return SG_REASON_NONE;
	hash = is_proven(g) ? g->p.flow : source_hash(&g->p);
	return rows_pay(&sg_segments, hash, SG_SEGMENT_ROW, g->now, &profile_of(g)->segment)
		       ? SG_REASON_NONE : SG_REASON_LIMIT_SEGMENT;
}

static __always_inline __u32 stray_check(const struct guard *g)
{
	const struct sg_limit *limit = &config_of(g)->total[SG_TOTAL_STRAY_SEGMENTS];
	__u64 *tat = &sg_spent.total_tat[SG_TOTAL_STRAY_SEGMENTS];

	if (gcra_spent(tat, g->now, limit))
		return SG_REASON_STRAY_SEGMENT;
	gcra_charge(tat, g->now, limit);
	return SG_REASON_NONE;
}

#endif
