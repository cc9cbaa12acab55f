/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which users a source is known to have: the server has accepted a password of theirs from there.
 * What others do from that source, or forge in its name, takes nothing from them. Remembered until
 * somebody else needs the place: what is known grows old, and not wrong.
 */
#ifndef SIPGUARD_KNOWN_BPF_H
#define SIPGUARD_KNOWN_BPF_H

#include "packet/spans.bpf.h"
#include "state/recent.bpf.h"
#include "state/secrets.bpf.h"

/* A user of a source, by numbers for them; 0: there is none. */
static __always_inline __u64 known_key_of(__u32 source, __u32 user)
{
	return source && user ? span_mix((__u64)source << 32, user) : 0;
}

/* The same of the source of a packet. */
static __always_inline __u64 known_key(const struct packet *p, __u32 user)
{
	return known_key_of(secret_number(source_hash(p)), user);
}

static __always_inline bool known_is(__u64 key)
{
	const struct sg_recent *line = recent_line(&sg_known, key, SG_KNOWN);

	return key && line && recent_find(line, recent_tag(key));
}

/*
 * Whether a user has a nonce that was told to one source alone, and is known from there: he roams,
 * and keeps it. No forger elsewhere has such a one.
 */
static __always_inline bool known_roams(__u64 nonce, __u32 user)
{
	return known_is(known_key_of(secret_source(nonce), user));
}

static __always_inline void known_note(__u64 key)
{
	struct sg_recent *line = recent_line(&sg_known, key, SG_KNOWN);

	if (key && line && !recent_find(line, recent_tag(key)))
		recent_put(line, key, 0);
}

#endif
