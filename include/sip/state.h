/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the layers of the message reader (sip/reader.h) share: what is known of a message before it
 * is read, where the reading stands, and the loops.
 */
#ifndef SIPGUARD_SIP_STATE_H
#define SIPGUARD_SIP_STATE_H

#include <linux/types.h>

#ifdef __bpf__
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#endif

#include "sip/message.h"
#include "sip/rules.h"
#include "sip/text.h"

#define SIP_BLOCK 64
#define SIP_CRLF ('\r' | '\n' << 8)
#define SIP_LAST (1 << 16) /* not an offset: nothing is left */

enum sip_input_flags {
	SIP_STREAM = 1, /* came by TCP or the like: the body may be in other segments */
	SIP_MORE = 2,   /* the first fragment of a datagram: the rest is elsewhere */
};

/* What is known of a message before it is read. */
struct sip_input {
	__u64 wanted;  /* faults to be looked for: of the others some are not. ~0: all */
	__u32 length;  /* bytes of the message, to 65535; the text has SIP_READ_MAX at most */
	__u32 flags;   /* enum sip_input_flags */
	__u32 whole;   /* SIP_MORE: bytes of the message with the rest; 0: not known */
	__u32 zero;    /* always, which the verifier does not know: see sip_forget() */
};

enum sip_scan_bracket {
	SIP_BARE,     /* no < yet: a semicolon begins parameters of the header field */
	SIP_INSIDE,
	SIP_OUTSIDE,  /* after the > */
	SIP_ONLY_URI, /* the Request-URI: all parameters are its own */
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
	__u32 bracket; /* enum sip_scan_bracket */
	__u32 wanted;  /* the value that comes is the tag or the branch */
	__u32 done;
	__u32 quote;   /* inside a quoted string: the next byte */
	__u32 quoted;  /* its end was not found yet */
	__u32 begin;   /* of the value */
	__u32 stop;    /* where it ends, once done */
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
	__u32 at;     /* where a token may end */
	__u64 owed;   /* UTF-8: which of the next bytes continue a character, as high bits */
	__u32 last;   /* the byte before them */
	struct sip_message message;
};

/* What a loop over blocks or lines gets; the kernel has it on the stack (bpf_loop, 6.1). */
struct sip_loop {
	struct sip_reader *r;
};

#ifdef __bpf__
#define SIP_REPEAT(times, step, loop) bpf_loop(times, step, loop, 0)
#else
#define SIP_REPEAT(times, step, loop)                                                             \
	do {                                                                                      \
		__u32 times_ = (times);                                                           \
		for (__u32 i_ = 0; i_ < times_ && !step(i_, loop); i_++)                          \
			;                                                                         \
	} while (0)
#endif

/*
 * The same number, of which the verifier knows nothing: else it follows each range that an offset
 * may be in, one for each word that it may have been found in (clang 19, 6.18).
 */
SIP_INLINE __u32 sip_forget(const struct sip_reader *r, __u32 x)
{
	return x + r->input.zero;
}

SIP_INLINE void sip_fault(struct sip_reader *r, __u64 faults)
{
	r->message.faults |= faults;
}

#define SIP_SEEN(name) (1ULL << SIP_FIELD_##name)

#endif
