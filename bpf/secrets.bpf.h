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
	__u32 line = key >> 32 & (SG_SECRETS - 1);

	return bpf_map_lookup_elem(&sg_secrets, &line);
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

/* Where the first nonce between `at` and `end` begins; 0 if there is none. */
static __always_inline __u32 secret_nonce_find(const struct sip_reader *r, __u32 at, __u32 end)
{
	const __u64 word = SIP_WORD('n', 'o', 'n', 'c', 'e', '=', '"');
	__u32 start = span_find(r, at, end, word, 7);

	/* That was a cnonce: the client's own. */
	if (start && (sip_byte(r, start - 8) | 0x20) == 'c')
		start = span_find(r, start, end, word, 7);
	return start;
}

/* A number for the nonce that begins at `start` and the flow; 0 if it does not end. */
static __always_inline __u64 secret_nonce(const struct sip_reader *r, __u32 start, __u32 end,
					  __u64 flow)
{
	__u32 stop = start ? span_find(r, start, end, '"' | 0x20, 1) : 0;

	return stop ? span_hash(r, start, stop - start, flow ^ SECRET_NONCE) : 0;
}

static __always_inline __u64 secret_to_tag(const struct sip_reader *r, __u64 flow)
{
	const struct sip_span *tag = &r->message.party[SIP_TO].tag;

	return tag->length ? span_hash(r, tag->at, tag->length, flow ^ SECRET_TAG) : 0;
}

#endif
