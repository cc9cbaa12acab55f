/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Headers of messages that end in a later segment than they begin: the text is kept until the rest
 * has come. Fixed memory; who finds both of his places taken is not read (streams.bpf.h).
 */
#ifndef SIPGUARD_HEAD_BPF_H
#define SIPGUARD_HEAD_BPF_H

#include "state/streams.bpf.h"

struct stream_copy {
	const __u8 *from;
	__u8 *to;
};

static long stream_copy_block(__u32 block, void *context)
{
	struct stream_copy *copy = context;
	__u32 at = block * STREAM_BLOCK & (SIP_READ_MAX - 1);

	for (__u32 i = 0; i < STREAM_BLOCK; i += 8)
		*(__u64 *)(copy->to + at + i) = *(const __u64 *)(copy->from + at + i);
	return 0;
}

/* Of a connection and a direction: each has a header of its own. */
static __always_inline __u64 stream_head_key(const struct packet *p)
{
	return p->leaves ? ~p->connection : p->connection;
}

/* One of the two places where the header of a connection may be kept. */
static __always_inline struct sg_head *stream_head(__u64 connection, __u32 second)
{
	__u32 place = (second ? connection >> 20 : connection >> 4) & (sg_sizes.heads - 1);

	return bpf_map_lookup_elem(&sg_heads, &place);
}

static __always_inline struct sg_head *stream_kept(__u64 connection)
{
	struct sg_head *first = stream_head(connection, 0);
	struct sg_head *second = stream_head(connection, 1);

	if (first && first->connection == connection)
		return first;
	return second && second->connection == connection ? second : NULL;
}

static __always_inline bool stream_is_free(const struct sg_head *head, __u64 now)
{
	return head && (!head->connection ||
			now - head->time > STREAM_HEAD_SECONDS * SG_NSEC_PER_SEC);
}

/*
 * The place of a header that is kept, or a new one; NULL if others are in both. Strangers can fill
 * all places: whom the guard trusts takes one of theirs.
 */
static __always_inline struct sg_head *stream_head_place(__u64 connection, __u64 now, bool trusted)
{
	struct sg_head *head = stream_kept(connection);

	if (head)
		return head;
	head = stream_head(connection, 0);
	if (stream_is_free(head, now))
		return head;
	head = stream_head(connection, 1);
	return trusted || stream_is_free(head, now) ? head : NULL;
}

static __always_inline void stream_copy(__u8 *to, const __u8 *from, __u32 length)
{
	struct stream_copy copy = {.from = from, .to = to};

	bpf_loop((length + STREAM_BLOCK - 1) / STREAM_BLOCK, stream_copy_block, &copy, 0);
}

/*
 * Copies what was kept of a message to the reader. How many bytes it is; 0: it is not there any
 * more.
 */
static __always_inline __u32 stream_recall(struct sip_reader *r, struct packet *p)
{
	__u64 key = stream_head_key(p);
	struct sg_head *head = stream_kept(key);
	__u32 length = head ? head->length : 0;

	if (length >= SIP_READ_MAX)
		return 0;
	if (length)
		stream_copy(r->text, head->text, length);
	/* Another CPU may have put another header there meanwhile. */
	if (!head || *(const volatile __u64 *)&head->connection != key)
		return 0;
	p->paid = head->paid;
	return length;
}

/* A segment goes on with a header that was kept: a message begins in it, from here on. */
static __always_inline void stream_resume(struct sip_reader *r, struct packet *p)
{
	p->held = stream_recall(r, p);
	p->stream = p->held ? STREAM_READ : STREAM_LOST;
}

/* Keeps the text that is in the reader, the beginning of a message. False if there is no room. */
static __always_inline bool stream_keep(const struct sip_reader *r, const struct packet *p,
					__u64 now, bool trusted)
{
	__u64 key = stream_head_key(p);
	struct sg_head *head = stream_head_place(key, now, trusted);
	__u32 length = p->held + p->datagram;

	if (!head || length >= SIP_READ_MAX)
		return false;
	*(volatile __u64 *)&head->connection = 0; /* nobody may take half of it: stream_recall() */
	head->time = now;
	head->length = length;
	head->paid = p->paid;
	stream_copy(head->text, r->text, length);
	*(volatile __u64 *)&head->connection = key;
	return true;
}

/* Its message was read. */
static __always_inline void stream_let_go(const struct packet *p)
{
	struct sg_head *head = stream_kept(stream_head_key(p));

	if (head)
		head->connection = 0;
}

#endif
