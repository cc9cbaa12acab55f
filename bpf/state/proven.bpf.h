/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Flows that have proven something: that they are phones of ours (REGISTER), partners of a call
 * (CALL), asked by our own server (CONTACT), or at least no forgery (GREYLIST). What has not proven
 * anything cannot put anything out of this table.
 *
 * A flood of random sources looks each of them up. The lookup of a hash table of this size takes
 * longer than all the rest of their verdict, so an array of 256 KB tells for a place of the hash
 * until when any flow there is proven. It needs no clearing: what is past says no.
 */
#ifndef SIPGUARD_PROVEN_BPF_H
#define SIPGUARD_PROVEN_BPF_H

#include <linux/errno.h>

#include "state/table.bpf.h"

#define PROVEN_GREYLIST 64 /* s: enough for a caller to be challenged and answered */
#define PROVEN_GRACE 32    /* s that a proof outlives its binding: 64 * T1 of RFC 3261 */
#define PROVEN_UNIT 32 /* 2^32 ns; 16 bits of them are 78 hours, half of which lies ahead */

_Static_assert(SG_PROVEN_DAYS * 86400 < 36 * 3600, "a proof's end is told from its past");

/* Whether a proof is one of those that make a flow proven: see SG_PROOFS. */
static __always_inline bool proof_counts(__u32 proof)
{
	return proof > SG_PROOF_GREYLIST;
}

static __always_inline __u16 *proven_hint(__u64 hash)
{
	__u32 line = hash >> 32 & (SG_HINTS - 1), place = hash >> 60 & 3;
	struct sg_hints *hints = bpf_map_lookup_elem(&sg_hints, &line);

	barrier_var(place);
	return hints ? &hints->until[place & 3] : NULL;
}

/* False if it is not proven; true if it may be. */
static __always_inline bool proven_hinted(__u64 hash, __u64 now)
{
	const __u16 *hint = proven_hint(hash);

	return hint && (__s16)(*hint - (__u16)(now >> PROVEN_UNIT)) > 0;
}

static __always_inline struct sg_proven *proven_entry(const struct sg_flow_key *key, __u64 now)
{
	struct sg_proven *entry = bpf_map_lookup_elem(&sg_proven, key);

	return entry && entry->until > now ? entry : NULL;
}

/* Whether a flow is proven already. */
static __always_inline bool proven_counts(const struct sg_flow_key *key, __u64 now)
{
	const struct sg_proven *entry = proven_entry(key, now);

	return entry && proof_counts(entry->proof);
}

static __always_inline void proven_announce(struct sg_state *state, __u64 hash, __u64 until,
					    __u64 now)
{
	__u16 *hint = proven_hint(hash), end = (until >> PROVEN_UNIT) + 1;

	/* One that was not written for 39 hours may look as if it lay ahead: what is new wins. */
	if (hint && (!proven_hinted(hash, now) || (__s16)(end - *hint) > 0))
		*hint = end;
	if (!state->proven)
		*(volatile __u32 *)&state->proven = 1;
}

/*
 * A flow has proven something until a time, in ns. What it had proven before stays if it is
 * stronger; its time only grows.
 */
static __always_inline void proven_put(struct sg_state *state, struct sg_stats *stats,
				       const struct sg_flow_key *key, __u64 hash, __u32 proof,
				       __u64 now, __u64 until)
{
	struct sg_proven fresh = {.until = until, .since = sg_since(now), .proof = proof};
	struct sg_proven *entry = bpf_map_lookup_elem(&sg_proven, key);
	long err = 0;

	if (entry) {
		if (entry->until <= now) {
			entry->since = sg_since(now);
			entry->proof = proof;
			stats->event[SG_EVENT_PROVEN] += proof_counts(proof);
		}
		if (entry->proof < proof)
			entry->proof = proof;
		if (entry->until < until)
			entry->until = until;
	} else {
		err = table_add(&sg_proven, &sg_proven_queue, key, &fresh, now);
		stats->event[SG_EVENT_PROVEN_FULL] += err == -E2BIG;
		stats->event[SG_EVENT_PROVEN] += !err && proof_counts(proof);
	}
	if (!err)
		proven_announce(state, hash, until, now);
}

#endif
