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

#include "packet/flow.bpf.h"
#include "state/rows.bpf.h"
#include "state/table.bpf.h"

#define PROVEN_GREYLIST 64 /* s: enough for a caller to be challenged and answered */
#define PROVEN_GRACE 32    /* s that a proof outlives its binding: 64 * T1 of RFC 3261 */

_Static_assert(SG_PROVEN_DAYS * 86400 < 36 * 3600, "a proof's end is told from its past");

/* Whether a proof is one of those that make a flow proven: see SG_PROOFS. */
static __always_inline bool proof_counts(__u32 proof)
{
	return proof > SG_PROOF_GREYLIST;
}

static __always_inline __u16 *proven_hint(__u64 hash)
{
	__u32 line = sg_hint_line(hash), place = sg_hint_place(hash);
	struct sg_hints *hints = bpf_map_lookup_elem(&sg_hints, &line);

	barrier_var(place);
	return hints ? &hints->until[place & 3] : NULL;
}

/* False if it is not proven; true if it may be. */
static __always_inline bool proven_hinted(__u64 hash, __u64 now)
{
	const __u16 *hint = proven_hint(hash);

	return hint && sg_hinted(*hint, now);
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

static __always_inline void proven_announce(__u64 hash, __u64 until, __u64 now)
{
	__u16 *hint = proven_hint(hash), end = (until >> SG_HINT_UNIT) + 1;

	/* One that was not written for 39 hours may look as if it lay ahead: what is new wins. */
	if (hint && (!proven_hinted(hash, now) || (__s16)(end - *hint) > 0))
		*hint = end;
	if (!sg_state.proven)
		*(volatile __u32 *)&sg_state.proven = 1;
}

/* Adds a flow that has proven something. 0 or -errno. */
static __always_inline long proven_add(const struct sg_flow_key *key, __u32 proof, __u64 now,
				       __u64 until)
{
	struct sg_proven fresh = {.until = until, .since = sg_since(now), .proof = proof};
	long err = table_add(&sg_proven, &sg_proven_queue, key, &fresh, now);

	if (err == -E2BIG)
		count_one(SG_COUNT_PROVEN_FULL);
	if (!err && proof_counts(proof))
		count_one(SG_COUNT_PROVEN);
	return err;
}

/*
 * A flow has proven something until a time, in ns. What it had proven before stays if it is
 * stronger; its time only grows.
 */
static __always_inline void proven_put(const struct sg_flow_key *key, __u64 hash, __u32 proof,
				       __u64 now, __u64 until)
{
	struct sg_proven *entry = bpf_map_lookup_elem(&sg_proven, key);

	if (entry) {
		if (entry->until <= now) {
			entry->since = sg_since(now);
			entry->proof = proof;
			if (proof_counts(proof))
				count_one(SG_COUNT_PROVEN);
		}
		if (entry->proof < proof)
			entry->proof = proof;
		if (entry->until < until)
			entry->until = until;
	} else if (proven_add(key, proof, now, until)) {
		return;
	}
	proven_announce(hash, until, now);
}

/*
 * enum sg_proof of the flow of a packet. Global, and asked only for flows that may have proven
 * something, or the verifier follows each proof through the guard.
 */
__noinline int flow_proof(const struct guard *g)
{
	const struct sg_proven *entry;
	struct sg_flow_key key;

	if (!g)
		return SG_PROOF_NONE;
	key = flow_key(&g->p);
	entry = proven_entry(&key, g->now);
	if (!entry)
		return SG_PROOF_NONE;
	if (entry->proof == SG_PROOF_CONTACT)
		return g->class == SG_CLASS_RESPONSE ? SG_PROOF_CALL : SG_PROOF_NONE;
	return entry->proof;
}

/*
 * Whether the source of a packet may prove one more flow. Who has an account has all the ports of
 * his address, and the table of proofs is one for all.
 */
static __always_inline bool proofs_left(const struct guard *g)
{
	const struct sg_limit *limit = &config_of(g)->total[SG_TOTAL_PROOFS];

	return rows_pay(&sg_proofs, source_hash(&g->p), SG_PROOF_ROW, g->now, limit);
}

/*
 * The flow of a packet has proven something, for as many seconds. Global, as all that few packets
 * need: their variables must not lie on the stack below the reader.
 */
__noinline int flow_proves(const struct guard *g, __u32 proof, __u32 seconds)
{
	struct sg_flow_key key;

	if (!g)
		return 0;
	key = flow_key(&g->p);
	if (proof_counts(proof) && !proven_counts(&key, g->now) && !proofs_left(g)) {
		count_one(SG_COUNT_PROVEN_MANY);
		return 0;
	}
	proven_put(&key, g->p.flow, proof, g->now, g->now + seconds * SG_NSEC_PER_SEC);
	return 0;
}

/*
 * The server has accepted a REGISTER of the flow: `user`, a number of 28 bits, is bound for as many
 * seconds; 0: no more. `there`: no forger elsewhere can have sent it. Global, as flow_proves().
 *
 * Who is registered stays so by any renewal, since nothing is gained by a forged one; so a phone
 * stays known where many are given one nonce. It ends with the binding of its only user: that one
 * has to be there.
 */
__noinline int flow_registers(const struct guard *g, __u32 seconds, __u32 user, __u32 there)
{
	struct sg_proven *entry;
	struct sg_flow_key key;
	bool registered;
	__u64 end;

	if (!g)
		return 0;
	key = flow_key(&g->p);
	entry = proven_entry(&key, g->now);
	registered = entry && entry->proof == SG_PROOF_REGISTER;
	end = g->now + PROVEN_GRACE * SG_NSEC_PER_SEC;
	if (!there && !registered)
		return 0;
	if (seconds) {
		flow_proves(g, SG_PROOF_REGISTER, seconds + PROVEN_GRACE);
		entry = proven_entry(&key, g->now);
		if (entry)
			entry->user = !registered || !entry->user || entry->user == user
					      ? user : SG_PROVEN_USERS;
	} else if (there && registered && entry->user == user && entry->until > end) {
		entry->until = end;
	}
	return 0;
}

/* Whether several users are registered over the flow of a packet. Global, as flow_proves(). */
__noinline int flow_is_shared(const struct guard *g)
{
	const struct sg_proven *entry;
	struct sg_flow_key key;

	if (!g)
		return 0;
	key = flow_key(&g->p);
	entry = proven_entry(&key, g->now);
	return entry && entry->user == SG_PROVEN_USERS;
}

#endif
