/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The SIP message reader: one source for the kernel, the tests and the fuzzers. No helpers but
 * bpf_loop, no libc.
 *
 *   input    bytes of a message and how many the datagram has
 *   output   struct sip_message: numbers, offsets and the rules that are broken
 *
 * One walk over the header finds where lines end, eight bytes at a time (sip/lines.h), and tells
 * the field that each begins by its name as words of folded bytes (sip/fields.h, sip/names.h). Then
 * the few values that matter are taken apart: fast if they have the form that nearly all have
 * (sip/plain.h), else the general way (sip/start.h, sip/via.h, sip/scan.h, sip/values.h).
 * sip/check.h has the rules that need no bytes.
 *
 * The bound: the first SIP_READ_MAX (4096) bytes of a message are read, which holds the header of
 * every good message in the captures this was written with (the longest has 3.2 KB). Of a message
 * whose header goes on beyond that, or in other fragments (SIP_CUT), no rule judges what was not
 * read: nothing is missing from it, and the line that is cut off is only measured. The body is
 * never looked at.
 */
#ifndef SIPGUARD_SIP_READER_H
#define SIPGUARD_SIP_READER_H

#include "sip/check.h"
#include "sip/fields.h"
#include "sip/lines.h"
#include "sip/plain.h"
#include "sip/scan.h"
#include "sip/start.h"
#include "sip/state.h"
#include "sip/values.h"
#include "sip/via.h"

/* Everything but the spans of fields, which are written before they are valid. */
SIP_INLINE void sip_clear(struct sip_message *m)
{
	__builtin_memset(m, 0, __builtin_offsetof(struct sip_message, field));
}

/* The first Contact; a plain one has its host, whatever comes later. */
SIP_INLINE void sip_contact(struct sip_reader *r)
{
	__u64 faults = r->message.faults;
	int plain = sip_plain_contact(r);

	if (plain && !(r->input.wanted & SIP_FAULT(CONTACT)))
		return;
	sip_address(r, SIP_CONTACT, SIP_FIELD_CONTACT);
	if (plain)
		r->message.faults = faults | (r->message.faults & ~SIP_FAULT(HOST_MISSING));
}

SIP_INLINE void sip_values(struct sip_reader *r)
{
	__u64 seen = r->message.seen;

	if (!sip_plain_request(r))
		sip_start_line(r);
	if (r->message.kind == SIP_NEITHER)
		return;
	if (seen & SIP_SEEN(VIA) && !sip_plain_via(r))
		sip_via(r);
	if (seen & SIP_SEEN(FROM) && !sip_plain_address(r, SIP_FROM, SIP_FIELD_FROM))
		sip_address(r, SIP_FROM, SIP_FIELD_FROM);
	if (seen & SIP_SEEN(TO) && !sip_plain_address(r, SIP_TO, SIP_FIELD_TO))
		sip_address(r, SIP_TO, SIP_FIELD_TO);
	sip_all_numbers(r);
	sip_cseq_compare(r);
	sip_call_id(r);
	if (seen & SIP_SEEN(CONTACT))
		sip_contact(r);
}

/*
 * Reads the message whose text and input are in the reader, into r->message. The caps may be any
 * numbers. Returns the faults, which are r->message.faults.
 */
SIP_INLINE __u64 sip_read(struct sip_reader *r, const struct sip_caps *caps)
{
	struct sip_message *m = &r->message;

	sip_clear(m);
	m->read = r->input.length < SIP_READ_MAX ? r->input.length : SIP_READ_MAX;
	if (r->input.length > SIP_READ_MAX || r->input.flags & SIP_MORE)
		m->flags = SIP_CUT;
	sip_lines(r);
	sip_values(r);
	sip_check(r, caps);
	return m->faults;
}

#ifdef __bpf__
/* What is copied without a helper: nearly every message, and where nearly every one begins. */
#define SIP_COPY_MAX 1024
#define SIP_COPY_OFFSET 1023

SIP_INLINE void sip_copy_block(__u8 *to, const __u8 *from)
{
	SIP_UNROLL
	for (__u32 i = 0; i < SIP_BLOCK; i += 8)
		*(__u64 *)(to + i) = *(const __u64 *)(from + i);
}

/*
 * Copies `size` bytes of a packet from `offset` on to the text, if they lie where the program can
 * see them: a helper and its three returns cost as much as 600 bytes (30 ns where returns are made
 * safe). The last block ends where the message does, and overlaps the one before it. Returns 0 if
 * it is left to the helper.
 */
SIP_INLINE int sip_copy(struct sip_reader *r, const __u8 *from, const __u8 *end, __u32 offset,
			__u32 size)
{
	const __u8 *last;
	__u32 at = size - SIP_BLOCK;

	if (offset > SIP_COPY_OFFSET || size < SIP_BLOCK || size > SIP_COPY_MAX)
		return 0;
	SIP_BARRIER(at);
	at &= SIP_COPY_MAX - 1;
	from += offset;
	last = from + at;
	SIP_BARRIER(last);
	if (last + SIP_BLOCK > end)
		return 0;
	for (__u32 i = 0; i < SIP_COPY_MAX && i < at; i += SIP_BLOCK) {
		/* For the verifier: it is before the last one. */
		if (from + i + SIP_BLOCK > end)
			return 0;
		sip_copy_block(r->text + i, from + i);
	}
	sip_copy_block(r->text + at, last);
	return 1;
}

/* The same of any packet, by a helper; 0, or -1 if the packet does not have them. */
SIP_INLINE int sip_copy_far(void *ctx, __u8 *text, __u32 offset, __u32 size, int skb)
{
	/* 6.1 wants the bound this way, and 7.2 the mask: the barrier keeps both. */
	size--;
	SIP_BARRIER(size);
	size = (size & (SIP_READ_MAX - 1)) + 1;
	return (skb ? bpf_skb_load_bytes(ctx, offset, text, size)
		    : bpf_xdp_load_bytes(ctx, offset, text, size)) ? -1 : 0;
}

/* Where the bytes of the packet are that the program can see: of an skb those of its first part. */
SIP_INLINE const __u8 *sip_packet(void *ctx, int skb)
{
	return (const __u8 *)(long)(skb ? ((struct __sk_buff *)ctx)->data
					: ((struct xdp_md *)ctx)->data);
}

SIP_INLINE const __u8 *sip_packet_end(void *ctx, int skb)
{
	return (const __u8 *)(long)(skb ? ((struct __sk_buff *)ctx)->data_end
					: ((struct xdp_md *)ctx)->data_end);
}

/*
 * Copies `length` bytes of a packet from `offset` on to the text, from its byte `at` on, with the
 * zeros after them that the reader counts on; together they become SIP_READ_MAX at most. `at`: what
 * is there already, less than SIP_READ_MAX. `ctx` is that of tc if `skb`, a constant, else that of
 * XDP. 0, or -1 if the packet does not have them.
 */
SIP_INLINE int sip_reader_load(void *ctx, struct sip_reader *r, __u32 at, __u32 offset,
			       __u32 length, int skb)
{
	__u32 size = length < SIP_READ_MAX - at ? length : SIP_READ_MAX - at;
	int copied = __builtin_constant_p(at) && !at &&
		     sip_copy(r, sip_packet(ctx, skb), sip_packet_end(ctx, skb), offset, size);

	if (!copied && size && sip_copy_far(ctx, r->text + at, offset, size, skb))
		return -1;
	at += size;
	SIP_BARRIER(at);
	at &= SIP_MASK;
	for (__u32 i = 0; i < SIP_SLACK; i += 8)
		*(__u64 *)(r->text + at + i) = 0;
	return 0;
}
#else
/*
 * Reads `input->length` bytes at `bytes`, of which no more than SIP_READ_MAX are looked at and none
 * beyond. Returns the faults; *message belongs to the caller.
 */
SIP_INLINE __u64 sip_read_native(const __u8 *bytes, const struct sip_input *input,
				 const struct sip_caps *caps, struct sip_message *message)
{
	struct sip_reader r = {.source.bytes = bytes, .input = *input};

	r.source.length = input->length < SIP_READ_MAX ? input->length : SIP_READ_MAX;
	sip_read(&r, caps);
	*message = r.message;
	return message->faults;
}
#endif

#endif
