/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * TCP is a stream: a segment begins and ends anywhere in a message. The guard knows where one
 * begins, or it does not judge.
 *
 * The first message begins behind the handshake, and each further one behind its predecessor, whose
 * Content-Length says where it ends (RFC 3261 section 18.3), or behind CRLFs (RFC 5626 section
 * 3.5.1). So a connection is an entry with one sequence number, at which its next message begins.
 * Of a segment that holds this place all messages are read, one after the other, SG_PARTS at most.
 * A header that ends in a later segment is kept until then (sg_heads). The entry moves on only with
 * what passes: a segment that was dropped comes again, and is read again.
 *
 * What is not read passes, and is limited by the segment; why it was not is counted:
 *
 *   gap      something before it is missing: lost, or on another way. The place may come again.
 *   older    the connection was there before the guard (the kernel has a socket for it)
 *   lost     a header longer than SIP_READ_MAX, no Content-Length, more than SG_PARTS messages in
 *            one segment, urgent data
 *   foreign  TLS, HTTP and WebSocket, SigComp, a load balancer's PROXY line
 *
 * Who can write here? The sequence number of a handshake is taken from the SYN-ACK that the server
 * sends, and counts when the client acknowledges it, whose number only who received it knows. So a
 * flood of forged SYNs fills sg_openings, where the oldest makes room, and never sg_streams; and a
 * forged SYN for a connection that exists changes nothing, since the kernel does not answer it with
 * a SYN-ACK. To move an entry takes a segment that begins within the message that is expected, or,
 * once something was missing, near it: see stream_guess(). What is guessed holds up nothing, bans
 * nobody, and has no faults; it is charged, so who knows both ports can spend what the peer may.
 */
#ifndef SIPGUARD_STREAM_BPF_H
#define SIPGUARD_STREAM_BPF_H

#include <linux/errno.h>

#include "packet/class.bpf.h"
#include "packet/sockets.bpf.h"
#include "packet/spans.bpf.h"
#include "state/cells.bpf.h"

#define STREAM_HANDSHAKE SG_FIXED_STREAM_HANDSHAKE /* s: as SYN-ACKs are sent */
#define STREAM_WINDOW SG_FIXED_STREAM_WINDOW /* that may have come before the first */
#define STREAM_AHEAD SG_FIXED_STREAM_AHEAD /* farther no receive window goes, mostly */
#define STREAM_REACH SG_FIXED_STREAM_REACH /* the widest window (RFC 7323 section 2.3) */
#define STREAM_HEAD_SECONDS SG_FIXED_STREAM_HEAD /* it comes at once, or after a few losses */
#define STREAM_BEHIND SG_FIXED_STREAM_BEHIND /* s: so long waits TCP at most (RFC 6298) */
#define STREAM_KNOWN 16 /* bytes that tell everything that known_start() knows */
#define STREAM_START (METHOD_LENGTH + 2) /* bytes that tell an unknown method from garbage */
#define STREAM_BLOCK 64
/* Whatever their modes: behind such a message nobody knows where the next one begins. */
#define STREAM_ENDLESS (SIP_FAULT(LENGTH) | SIP_FAULT(REPEATED))

/* What a segment is to its connection; of an entry: what the next one will be. */
enum stream {
	STREAM_NONE,    /* no TCP, or nothing to be read: a SYN, or a connection without an entry */
	STREAM_READ,    /* a message begins in it */
	STREAM_PART,    /* the same, or it goes on with a header; and that does not end in it */
	STREAM_INSIDE,  /* goes on with a message, or comes again */
	STREAM_EMPTY,   /* no payload */
	STREAM_GAP,
	STREAM_OLDER,
	STREAM_LOST,
	STREAM_FOREIGN,
	STREAM_STRAY,   /* of no connection of this host, which serves the port */
};

/* How sure it is that messages begin where a connection goes on. */
enum stream_assumed {
	STREAM_CERTAIN,
	STREAM_CAPTURED, /* by sg_syn_opens, without the handshake */
	STREAM_GUESSED,  /* see stream_guess() */
};

static __always_inline bool stream_is_read(const struct packet *p)
{
	return p->stream == STREAM_READ || p->stream == STREAM_PART;
}

/* Whether a segment that passes moves the entry of its connection. */
static __always_inline bool stream_has_moved(const struct packet *p)
{
	return stream_is_read(p) || p->stream == STREAM_LOST || p->stream == STREAM_FOREIGN;
}

/*
 * Of both ends of a connection; p->flow, of the client's, has the secret. Address and port of the
 * server have a round each: in a sum one could make up for the other.
 */
static __always_inline __u64 stream_hash(const struct packet *p)
{
	return span_mix(span_mix(p->flow, p->destination), p->port) * SPAN_FACTOR;
}

static __always_inline struct sg_streams *stream_line(void *map, __u64 hash, __u32 lines)
{
	__u32 line = hash >> 8 & (lines - 1);

	return bpf_map_lookup_elem(map, &line);
}

/* The entry of a connection in its line, or NULL. */
static __always_inline struct sg_stream *stream_entry(struct sg_streams *line, __u64 hash)
{
	__u32 cell = cells_find(line, hash);

	return cell < CELLS ? &line->stream[cell_index(cell)] : NULL;
}

/* Puts an entry into a table. True if it took the place of another one. */
static __always_inline bool stream_put(struct sg_streams *line, const struct sg_stream *stream,
				       __u64 hash, __u64 now)
{
	struct sg_stream *place = stream_entry(line, hash);
	bool evicts = false;

	if (!place) {
		place = &line->stream[cells_oldest(line, now)];
		evicts = place->tag;
	}
	*place = *stream;
	return evicts;
}

/*
 * What is known of the other direction has the place of the connection in sg_streams: as long as
 * that has its entry, nobody can have this forgotten. NULL if it has none.
 */
static __always_inline struct sg_sent *sent_line(__u64 hash, __u32 *cell)
{
	__u32 line = hash >> 8 & (sg_sizes.streams - 1);
	struct sg_streams *streams = stream_line(&sg_streams, hash, sg_sizes.streams);

	*cell = streams ? cells_find(streams, hash) : CELLS;
	return *cell < CELLS ? bpf_map_lookup_elem(&sg_sent, &line) : NULL;
}

/* Notes where the server's next message begins. */
static __always_inline void sent_note(__u64 hash, __u32 next, __u32 state)
{
	__u32 cell;
	struct sg_sent *sent = sent_line(hash, &cell);

	if (!sent)
		return;
	cell = cell_index(cell);
	sent->next[cell] = next;
	sent->state[cell] = state;
}

/* And where it does: in s->next, with s->state; NONE if nobody knows. */
static __always_inline void sent_recall(__u64 hash, struct sg_stream *s)
{
	__u32 cell;
	const struct sg_sent *sent = sent_line(hash, &cell);

	if (!sent)
		return;
	cell = cell_index(cell);
	s->next = sent->next[cell];
	s->state = sent->state[cell];
}

/*
 * The server answers a SYN: `next` is the client's first byte, `ack` what it will acknowledge. Or
 * it sends one, as who opens connections from its own port does: then the answer tells the first
 * byte. An entry for the same ports is of a connection that has ended.
 */
__noinline int stream_open(const struct packet *p, __u64 now)
{
	__u64 hash = p ? stream_hash(p) : 0;
	struct sg_streams *openings = stream_line(&sg_openings, hash, SG_OPENINGS);
	struct sg_streams *streams = stream_line(&sg_streams, hash, sg_sizes.streams);
	struct sg_stream opening = {.tag = cell_tag(hash), .seconds = cell_seconds(now)};
	struct sg_stream *ended, *syn;

	if (!p || !openings || !streams)
		return 0;
	ended = stream_entry(streams, hash);
	if (ended)
		ended->tag = 0;
	syn = stream_entry(openings, hash);
	/* Nothing was taken of what the SYN brought: then it comes again. */
	if (syn && syn->state && cell_age(syn, now) <= STREAM_HANDSHAKE && p->ack != syn->next)
		opening.state = syn->state;
	opening.fresh = !(p->tcp_flags & TCP_ACK);
	opening.next = p->ack;
	opening.ack = p->seq + 1;
	stream_put(openings, &opening, hash, now);
	return 0;
}

#if SHADOW
/* The guard, which judges next, makes the entry; a shadow has one for as long as it judges. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct sg_stream);
} sg_stream_new SEC(".maps");

static __always_inline struct sg_stream *stream_of_shadow(const struct sg_stream *stream)
{
	__u32 zero = 0;
	struct sg_stream *place = bpf_map_lookup_elem(&sg_stream_new, &zero);

	if (place)
		*place = *stream;
	return place;
}
#endif

/* A new entry; what is evicted for it is not read any more. */
static __always_inline struct sg_stream *stream_add(const struct packet *p, __u32 next,
						    __u32 state, __u64 now)
{
	struct sg_streams *line = stream_line(&sg_streams, p->connection, sg_sizes.streams);
	struct sg_stream stream = {
		.tag = cell_tag(p->connection), .next = next, .state = state,
		.seconds = cell_seconds(now), .fresh = 1,
	};

#if SHADOW
	return stream_of_shadow(&stream);
#endif
	if (!line)
		return NULL;
	if (stream_put(line, &stream, p->connection, now))
		count_one(SG_COUNT_STREAMS_EVICTED);
	sent_note(p->connection, 0, STREAM_NONE);
	return stream_entry(line, p->connection);
}

/* The entry of a connection whose handshake is complete; its first byte is `next`. */
static __always_inline struct sg_stream *stream_opened(const struct packet *p,
						       struct sg_stream *opening, __u32 next,
						       __u32 state, __u64 now)
{
	__u32 sent = opening->ack;
	struct sg_stream *s;

	if (!SHADOW)
		opening->tag = 0;
	s = stream_add(p, next, state, now);
	/* The server may have answered what a SYN brought before the client has said a number. */
	if (!SHADOW)
		sent_note(p->connection, sent,
			  state == STREAM_READ ? STREAM_READ : STREAM_LOST);
	return s;
}

/* The state of a new connection to a port of this role. */
static __always_inline __u32 stream_begun(__u32 role)
{
	return role == SG_PORT_TCP ? STREAM_READ : STREAM_FOREIGN;
}

/* The entry of a connection that the server has opened, if this is what answers its SYN. */
static __always_inline struct sg_stream *stream_answered(const struct packet *p,
							 struct sg_stream *opening, __u32 role,
							 __u64 now)
{
	if (!(p->tcp_flags & TCP_SYN) || p->ack != opening->ack)
		return NULL;
	return stream_opened(p, opening, p->seq + 1,
			     p->datagram ? STREAM_LOST : stream_begun(role), now);
}

/* The entry for a segment that completes a handshake, or NULL. */
static __always_inline struct sg_stream *stream_complete(const struct packet *p, __u32 role,
							 __u64 now)
{
	struct sg_streams *line = stream_line(&sg_openings, p->connection, SG_OPENINGS);
	struct sg_stream *opening = line ? stream_entry(line, p->connection) : NULL;

	if (!opening || !(p->tcp_flags & TCP_ACK) || cell_age(opening, now) > STREAM_HANDSHAKE)
		return NULL;
	if (opening->fresh)
		return stream_answered(p, opening, role, now);
	if (p->ack - opening->ack > STREAM_WINDOW || p->seq - opening->next > STREAM_WINDOW)
		return NULL;
	return stream_opened(p, opening, opening->next,
			     opening->state ? opening->state : stream_begun(role), now);
}

/*
 * A SYN. One that brings data (RFC 7413) may bring the beginning of a message, which is not read,
 * and the SYN-ACK does not tell how much of it the server has taken.
 */
static __always_inline void stream_syn(const struct packet *p, __u32 role, __u64 now)
{
	struct sg_streams *line = stream_line(&sg_openings, p->connection, SG_OPENINGS);
	struct sg_stream opening = {
		.tag = cell_tag(p->connection), .seconds = cell_seconds(now),
		.state = STREAM_LOST, .next = p->seq + 1,
	};

	if (!SHADOW && p->datagram && line)
		stream_put(line, &opening, p->connection, now);
	else if (sg_syn_opens)
		stream_add(p, p->seq + 1, stream_begun(role), now);
}

/*
 * Whether a segment begins like a request. Not like a response, as bodies do. A capture may begin
 * after the handshake: whoever takes it cuts it there, mostly.
 */
static __always_inline bool stream_begins(hook_ctx *ctx, const struct packet *p)
{
	__u8 start[STREAM_KNOWN] __attribute__((aligned(8)));

	if (p->datagram < sizeof(start) || hook_load(ctx, p->offset, start, sizeof(start)))
		return false;
	return KIND_CLASS(known_start(start, start + sizeof(start), p->datagram)) ==
	       SG_CLASS_REQUEST;
}

/*
 * The entry of a connection that is older than the guard, or was evicted, if it is one of this
 * host. One that only goes through may be as old, and nobody can tell, so it is not stray; nor is
 * it given an entry, or forged segments would fill the table.
 */
static __always_inline struct sg_stream *stream_older(hook_ctx *ctx, struct packet *p, __u64 now)
{
	int socket = stream_socket(ctx, p);

	if (socket == STREAM_SOCKET)
		return stream_add(p, 0, STREAM_OLDER, now);
	p->stream = socket == STREAM_SERVED ? STREAM_STRAY : STREAM_OLDER;
	return NULL;
}

/*
 * The entry of the connection of a segment; one is made for a connection that exists. If there is
 * none, p->stream says why.
 */
static __always_inline struct sg_stream *stream_find(hook_ctx *ctx, struct packet *p, __u32 role,
						     __u64 now)
{
	struct sg_streams *line = stream_line(&sg_streams, p->connection, sg_sizes.streams);
	struct sg_stream *s = line ? stream_entry(line, p->connection) : NULL;

	if (!s)
		s = stream_complete(p, role, now);
	if (!s && sg_syn_opens && stream_begins(ctx, p)) {
		s = stream_add(p, p->seq, stream_begun(role), now);
		if (s)
			s->assumed = STREAM_CAPTURED;
	}
	if (!s)
		s = stream_older(ctx, p, now);
	if (!SHADOW && s && !s->refused)
		s->seconds = cell_seconds(now);
	return s;
}

/*
 * What a segment with payload is to the entry of its connection. What comes again of a message that
 * was read is skipped, up to where the next one begins.
 */
static __always_inline __u32 stream_look(struct packet *p, struct sg_stream *s)
{
	__u32 skip = s->next - p->seq;

	if (s->state != STREAM_READ && s->state != STREAM_PART)
		return s->state;
	/* What was missing has come on another way; and the numbers will wrap. */
	if ((__s32)skip < 0 && -skip > STREAM_REACH)
		return STREAM_LOST;
	/* One that is longer than its frame the host throws away. */
	if ((__s32)skip < 0 || p->first_fragment || p->datagram > p->frame - p->offset)
		return STREAM_GAP;
	if (skip >= p->datagram)
		return STREAM_INSIDE;
	if (p->tcp_flags & TCP_URG) /* one byte of it is no part of the stream */
		return STREAM_LOST;
	p->offset += skip;
	p->seq += skip;
	p->datagram -= skip;
	p->fresh = s->fresh;
	return s->state;
}

/*
 * Why a segment before this gap was dropped. It comes again, and the server has no use for what
 * lies behind it before that; let in, that would never be read, and a limit would be none as soon
 * as it had refused something.
 */
static __always_inline __u32 stream_behind(struct sg_stream *s, const struct packet *p, __u64 now)
{
	__u32 end = p->seq + p->datagram;

	if (!s->refused || cell_age(s, now) > STREAM_BEHIND)
		return SG_REASON_NONE;
	if (!SHADOW && (__s32)(end - s->ack) > 0)
		s->ack = end;
	return s->refused;
}

/*
 * Behind a gap, or where nobody knows where messages begin, a segment that begins like a request is
 * taken for one: else who lets one segment come late would have no limits but that of segments.
 * From there on messages are charged, and nothing that the guess may have invented is held against
 * the peer: faults and fingerprints are only counted. Who forges such a segment has to know the
 * connection, and comes as far; so what is certain does not give way to what lies far from it.
 */
static __always_inline bool stream_may_guess(const struct packet *p, const struct sg_stream *s)
{
	if (p->behind || p->first_fragment || p->datagram > p->frame - p->offset)
		return false;
	switch (p->stream) {
	case STREAM_GAP:
		return s->assumed == STREAM_GUESSED || p->seq - s->next <= STREAM_AHEAD;
	case STREAM_INSIDE:
		return s->assumed == STREAM_GUESSED;
	default:
		return true;
	}
}

/* Blank lines may stand before a request: what is behind them is seen when they are read. */
static __always_inline void stream_guess(hook_ctx *ctx, struct packet *p, const struct sg_stream *s)
{
	__u8 first;

	if (!stream_may_guess(p, s) || hook_load(ctx, p->offset, &first, 1) ||
	    (!sip_is_leading(first) && !stream_begins(ctx, p)))
		return;
	p->assumed = STREAM_GUESSED;
	p->unread = p->stream;
	p->stream = STREAM_READ;
}

#endif
