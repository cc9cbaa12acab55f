/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Step 3: allow and deny lists, zones, bans, proofs. Each lookup is skipped while its map is
 * empty.
 */
#ifndef SIPGUARD_LISTS_BPF_H
#define SIPGUARD_LISTS_BPF_H

#include "checks/limits.bpf.h"
#include "context.bpf.h"
#include "state/proven.bpf.h"

static __always_inline __u32 *lists_entry4(const struct guard *g)
{
	struct sg_prefix4 key = {.length = 32};

	__builtin_memcpy(key.address, &g->p->address32[3], 4);
	return bpf_map_lookup_elem(&sg_lists4, &key);
}

static __always_inline __u32 *lists_entry6(const struct guard *g)
{
	struct sg_prefix6 key = {.length = 128};

	__builtin_memcpy(key.address, g->p->address, 16);
	return bpf_map_lookup_elem(&sg_lists6, &key);
}

/*
 * False if no list has a prefix of this /16. The mask is for 6.1, whose verifier knows no bound of
 * a 32-bit or ("R2 max value is outside of the allowed memory range", clang 14 and 19), and the
 * barrier for the compiler, which does.
 */
static __always_inline bool lists_concern4(const struct guard *g)
{
	__u32 block = g->p->address[12] << 8 | g->p->address[13];

	barrier_var(block);
	block &= SG_LISTED_BLOCKS - 1;
	return g->state->listed4[block / 64] >> block % 64 & 1;
}

/* The longest prefix decides, whichever list it is on. enum sg_list. */
static __always_inline __u32 lists_find(const struct guard *g)
{
	const __u32 *list;

	if (!g->state->lists || (g->p->family == 4 && !lists_concern4(g)))
		return SG_LIST_NONE;
	list = g->p->family == 4 ? lists_entry4(g) : lists_entry6(g);
	return list ? *list : SG_LIST_NONE;
}

static __always_inline const __u32 *zones_entry(const struct guard *g)
{
	struct sg_prefix6 key = {.length = 128};
	__u32 slot = g->slot;
	void *trie = bpf_map_lookup_elem(&sg_zones, &slot);

	__builtin_memcpy(key.address, g->p->address, 16);
	return trie ? bpf_map_lookup_elem(trie, &key) : NULL;
}

/* Zone 0 unless a configured zone has the source; zones are on a list of their own. */
static __always_inline void zones_find(struct guard *g)
{
	const __u32 *zone = g->config->zones ? zones_entry(g) : NULL;

	if (zone) {
		g->zone = *zone;
		g->listed = true;
	}
}

static __always_inline struct sg_flow_key flow_key(const struct packet *p)
{
	struct sg_flow_key key = {
		.port = p->source_port,
		.transport = p->transport,
		.family = p->family,
	};

	__builtin_memcpy(key.address, p->address, sizeof(key.address));
	return key;
}

/* The key of all flows of a source together. */
static __always_inline struct sg_flow_key source_key(const struct packet *p)
{
	return sg_source_key(p->family, p->address32);
}

/* The hash of a packet's flow, which it keeps as p->flow. */
static __always_inline __u64 flow_hash(const struct packet *p, const struct sg_state *state)
{
	return sg_flow_hash(p->source, sg_host(p->address32), p->source_port, p->transport,
			    state->secret);
}

/* The same of all flows of its source together. */
static __always_inline __u64 source_flow_hash(const struct packet *p, const struct sg_state *state)
{
	return sg_flow_hash(p->source, 0, 0, 0, state->secret);
}

static __always_inline __u64 banned_until(const struct sg_flow_key *key)
{
	const struct sg_ban *ban = bpf_map_lookup_elem(&sg_bans, key);

	return ban ? ban->until : 0;
}

/* The memo holds only what was found banned, so a new ban needs no new generation to be seen. */
static __always_inline bool source_banned(const struct guard *g)
{
	__u32 generation = *(const volatile __u32 *)&g->state->ban_generation;
	struct sg_memo *memo = &g->stats->memo;

	if (memo->banned_source != g->p->source || memo->ban_generation != generation) {
		struct sg_flow_key key = source_key(g->p);
		__u64 until = banned_until(&key);

		if (g->now >= until)
			return false;
		memo->banned_source = g->p->source;
		memo->banned_until = until;
		memo->ban_generation = generation;
	}
	return g->now < memo->banned_until;
}

/* A proven flow answers only for a ban of its source that the operator has made. */
static __always_inline bool source_banned_by_hand(const struct guard *g)
{
	struct sg_flow_key key = source_key(g->p);
	const struct sg_ban *ban = bpf_map_lookup_elem(&sg_bans, &key);

	return ban && g->now < ban->until && ban->cause == SG_REASON_NONE;
}

static __always_inline __u32 ban_source_check(const struct guard *g)
{
	bool banned = g->state->source_bans && (proof_counts(g->proof) ? source_banned_by_hand(g)
								       : source_banned(g));

	return banned ? SG_REASON_BAN_SOURCE : SG_REASON_NONE;
}

static __always_inline __u32 ban_flow_check(const struct guard *g)
{
	struct sg_flow_key key;

	if (!g->state->flow_bans)
		return SG_REASON_NONE;
	key = flow_key(g->p);
	return g->now < banned_until(&key) ? SG_REASON_BAN_FLOW : SG_REASON_NONE;
}

/*
 * enum sg_proof of the flow of a packet. Global, and asked only for flows that may have proven
 * something, or the verifier follows each proof through the guard.
 */
__noinline int flow_proof(const struct packet *p, __u32 class, __u64 now)
{
	const struct sg_proven *entry;
	struct sg_flow_key key;

	if (!p)
		return SG_PROOF_NONE;
	key = flow_key(p);
	entry = proven_entry(&key, now);
	if (!entry)
		return SG_PROOF_NONE;
	if (entry->proof == SG_PROOF_CONTACT)
		return class == SG_CLASS_RESPONSE ? SG_PROOF_CALL : SG_PROOF_NONE;
	return entry->proof;
}

/* What the flow has proven, if any flow has proven anything. */
static __always_inline void flow_know(struct guard *g)
{
	if (!g->p->flow) /* of TCP its connection is found by it */
		g->p->flow = flow_hash(g->p, g->state);
	if (g->state->proven && proven_hinted(g->p->flow, g->now))
		g->proof = flow_proof(g->p, g->class, g->now);
}

/*
 * Whether the source of a packet may prove one more flow. Who has an account has all the ports of
 * his address, and the table of proofs is one for all.
 */
static __always_inline bool proofs_left(const struct packet *p, const struct sg_state *state,
					__u64 now)
{
	const struct sg_config *config = map_config(*(const volatile __u32 *)&state->slot & 1);
	struct rows tat = rows_find(&sg_proofs, source_flow_hash(p, state), SG_PROOF_ROW);
	const struct sg_limit *limit;

	if (!config || !tat.first || !tat.second)
		return true;
	limit = &config->total[SG_TOTAL_PROOFS];
	if (rows_spent(tat.first, tat.second, now, limit))
		return false;
	rows_charge(tat.first, tat.second, now, limit);
	return true;
}

/*
 * The flow of a packet has proven something, for as many seconds. Global, as all that few packets
 * need: their variables must not lie on the stack below the reader.
 */
__noinline int flow_proves(const struct packet *p, __u32 proof, __u32 seconds)
{
	struct sg_state *state = map_state();
	struct sg_stats *stats = map_stats();
	struct sg_flow_key key;
	__u64 now = clock_now();

	if (!p || !state || !stats)
		return 0;
	key = flow_key(p);
	if (proof_counts(proof) && !proven_counts(&key, now) && !proofs_left(p, state, now)) {
		stats->event[SG_EVENT_PROVEN_MANY]++;
		return 0;
	}
	proven_put(state, stats, &key, p->flow, proof, now, now + seconds * SG_NSEC_PER_SEC);
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
__noinline int flow_registers(const struct packet *p, __u32 seconds, __u32 user, __u32 there)
{
	struct sg_proven *entry;
	struct sg_flow_key key;
	__u64 now = clock_now(), end = now + PROVEN_GRACE * SG_NSEC_PER_SEC;
	bool registered;

	if (!p)
		return 0;
	key = flow_key(p);
	entry = proven_entry(&key, now);
	registered = entry && entry->proof == SG_PROOF_REGISTER;
	if (!there && !registered)
		return 0;
	if (seconds) {
		flow_proves(p, SG_PROOF_REGISTER, seconds + PROVEN_GRACE);
		entry = proven_entry(&key, now);
		if (entry)
			entry->user = !registered || entry->user == user ? user : SG_PROVEN_USERS;
	} else if (there && registered && entry->user == user && entry->until > end) {
		entry->until = end;
	}
	return 0;
}

/* Whether several users are registered over the flow of a packet. Global, as flow_proves(). */
__noinline int flow_is_shared(const struct packet *p)
{
	const struct sg_proven *entry;
	struct sg_flow_key key;

	if (!p)
		return 0;
	key = flow_key(p);
	entry = proven_entry(&key, clock_now());
	return entry && entry->user == SG_PROVEN_USERS;
}

#endif
