/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The SIP message reader: one source for the kernel, the tests and the fuzzers. No helpers but
 * bpf_loop, no libc.
 *
 *   input    bytes of a message and how many the datagram has
 *   output   struct sip_message: numbers, offsets and the rules that are broken
 *
 * One walk over the header finds where lines end, eight bytes at a time (sip_lines.h), and tells
 * the field that each begins by its name as words of folded bytes (sip_fields.h, sip_names.h). Then
 * the few values that matter are taken apart: fast if they have the form that nearly all have
 * (sip_plain.h), else the general way (sip_start.h, sip_via.h, sip_scan.h, sip_values.h).
 * sip_check.h has the rules that need no bytes.
 *
 * The bound: the first SIP_READ_MAX (4096) bytes of a message are read, which holds the header of
 * every good message in the captures this was written with (the longest has 3.2 KB). Of a message
 * whose header goes on beyond that, or in other fragments (SIP_CUT), no rule judges what was not
 * read: nothing is missing from it, and the line that is cut off is only measured. The body is
 * never looked at.
 */
#ifndef SIPGUARD_SIP_READER_H
#define SIPGUARD_SIP_READER_H

#include <linux/types.h>

#include "sip_message.h"
#include "sip_rules.h"
#include "sip_text.h"

#define SIP_BLOCK 64
#define SIP_CRLF ('\r' | '\n' << 8)
#define SIP_LAST (1 << 16) /* not an offset: nothing is left */

enum sip_input_flags {
	SIP_STREAM = 1,         /* came by TCP or the like: the body may be in other segments */
	SIP_MORE = 2,           /* the first fragment of a datagram: the rest is elsewhere */
	SIP_PORT_ZERO = 4,      /* the source port is 0 */
	SIP_SOURCE_INVALID = 8, /* the source is multicast, broadcast or none */
};

/* What is known of a message before it is read. */
struct sip_input {
	__u64 wanted;  /* faults to be looked for: of the others some are not. ~0: all */
	__u32 length;  /* bytes of the message, to 65535; the text has SIP_READ_MAX at most */
	__u32 flags;   /* enum sip_input_flags */
	__u32 whole;   /* SIP_MORE: bytes of the message with the rest; 0: not known */
	__u32 reserved;
};

/* Where the scan of an address or a Via stands. */
struct sip_scan {
	__u64 mask;    /* separators of the block that are still to come */
	__u32 block;   /* where the block of 64 begins */
	__u32 base;    /* where the next one does */
	__u32 end;     /* of the value */
	__u32 item;    /* start of the parameter's name or value, or of the URI */
	__u32 host;    /* start of the host, if no @ comes */
	__u32 closed;  /* end of the host, or 0 */
	__u32 party;   /* enum sip_party_id, */
	__u32 state;
	__u32 bracket;
	__u32 wanted;  /* the value that comes is the tag or the branch */
	__u32 done;
	__u32 quote;   /* inside a quoted string: the next byte */
	__u32 quoted;  /* its end was not found yet */
	__u32 begin;   /* of the value */
	__u32 named;   /* a quote was seen where a display name may be */
	__u32 lone;    /* a quote of the display name has no counterpart: none of them counts */
	__u32 name;    /* of the display name: start, or the end of its quoted string */
};

/*
 * A reader's memory: in BPF the value of a per-CPU map, which the caller fills with
 * sip_reader_load(); natively whatever sip_read_native() is given. Not kept from
 * message to message.
 */
struct sip_reader {
#ifdef __bpf__
	__u8 text[SIP_MASK + 1 + SIP_SLACK]; /* a block may begin at the last offset */
#else
	struct sip_source source;
#endif
	struct sip_input input;
	struct sip_scan scan;
	__u64 pending; /* control characters of the block that are still to come */
	__u32 block;   /* where the block begins */
	__u32 line;    /* start of the line the walk is in */
	__u32 begun;   /* start of the current field */
	__u32 open;    /* which one it is, if its span is kept: or SIP_FIELD__MAX */
	__u32 folded;  /* lines that continue it */
	__u32 repeats; /* fields beyond the first of their name */
	__u32 others;  /* lines that begin no field: the first, folds, malformed ones */
	__u32 words;  /* of Call-ID that have ended */
	__u32 inside; /* one of them */
	__u32 behind; /* a control character stands behind a backslash */
	__u32 hidden; /* SIP_HIDES_* of the quoted string so far, if it is one */
	struct {
		__u32 first;  /* of two values, */
		__u32 second; /* where each is */
		__u32 length; /* of the first */
		__u32 differ;
	} repeat;
	__u64 owed;   /* UTF-8: which of the next bytes continue a character, as high bits */
	__u32 last;   /* the byte before them */
	struct sip_message message;
};

/* What a loop over blocks or lines gets; the kernel has it on the stack (bpf_loop, 6.1). */
struct sip_loop {
	struct sip_reader *r;
};

#ifdef __bpf__
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#define SIP_REPEAT(times, step, loop) bpf_loop(times, step, loop, 0)
#else
#define SIP_REPEAT(times, step, loop)                                                             \
	do {                                                                                      \
		__u32 times_ = (times);                                                           \
		for (__u32 i_ = 0; i_ < times_ && !step(i_, loop); i_++)                          \
			;                                                                         \
	} while (0)
#endif

SIP_INLINE void sip_fault(struct sip_reader *r, __u64 faults)
{
	r->message.faults |= faults;
}

#define SIP_SEEN(name) (1ULL << SIP_FIELD_##name)

#include "sip_names.h"
#include "sip_utf8.h"
#include "sip_values.h"
#include "sip_stops.h"
#include "sip_display.h"
#include "sip_scan.h"
#include "sip_via.h"
#include "sip_start.h"
#include "sip_plain.h"
#include "sip_repeat.h"
#include "sip_fields.h"
#include "sip_escapes.h"
#include "sip_lines.h"
#include "sip_check.h"

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
	__u8 *text = r->text + at;

	if (size) {
		/* 6.1 wants the bound this way, and 7.2 the mask: the barrier keeps both. */
		size--;
		barrier_var(size);
		size = (size & (SIP_READ_MAX - 1)) + 1;
		if (skb ? bpf_skb_load_bytes(ctx, offset, text, size)
			: bpf_xdp_load_bytes(ctx, offset, text, size))
			return -1;
	}
	at += size;
	barrier_var(at);
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
