/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Step 3: allow and deny lists, zones, bans, proofs. Each lookup is skipped while its map is
 * empty.
 */
#ifndef SIPGUARD_LISTS_BPF_H
#define SIPGUARD_LISTS_BPF_H

#include "checks/limits.bpf.h"
#include "maps.bpf.h"
#include "packet/spans.bpf.h"
#include "state/proven.bpf.h"

/* The entry of the longest prefix of at most `length` bits that has the source. */
static __always_inline const struct sg_listed *lists_entry4(const struct guard *g, __u32 length)
{
	struct sg_prefix4 key = {.length = length};

	__builtin_memcpy(key.address, &g->p.address32[3], 4);
	return bpf_map_lookup_elem(&sg_lists4, &key);
}

static __always_inline const struct sg_listed *lists_entry6(const struct guard *g, __u32 length)
{
	struct sg_prefix6 key = {.length = length};

	__builtin_memcpy(key.address, g->p.address, 16);
	return bpf_map_lookup_elem(&sg_lists6, &key);
}

/*
 * False if no list has a prefix of this /16. The mask is for 6.1, whose verifier knows no bound of
 * a 32-bit or ("R2 max value is outside of the allowed memory range", clang 14 and 19), and the
 * barrier for the compiler, which does.
 */
static __always_inline bool lists_concern4(const struct guard *g)
{
	__u32 block = g->p.address[12] << 8 | g->p.address[13];

	barrier_var(block);
	block &= SG_LISTED_BLOCKS - 1;
	return sg_state.listed4[block / 64] >> block % 64 & 1;
}

/*
 * What is listed behind a prefix of `length` bits whose time is over, until somebody tidies: of
 * several of those, one inside the other, nothing. enum sg_list. Few packets come here.
 */
__noinline int lists_find_shorter(const struct guard *g, __u32 length, __u32 hint)
{
	const struct sg_listed *entry;

	if (!g || !length)
		return SG_LIST_NONE;
	entry = g->p.family == 4 ? lists_entry4(g, length - 1) : lists_entry6(g, length - 1);
	return entry && entry->until >= sg_since(g->now) ? sg_listed_list(entry, hint)
							  : SG_LIST_NONE;
}

/* The longest prefix decides, whichever list it is on. enum sg_list. */
static __always_inline __u32 lists_find(const struct guard *g)
{
	__u32 hint = *(const volatile __u32 *)&sg_state.lists; /* once: it has the side */
	const struct sg_listed *entry;

	if (!hint || (g->p.family == 4 && !lists_concern4(g)))
		return SG_LIST_NONE;
	entry = g->p.family == 4 ? lists_entry4(g, 32) : lists_entry6(g, 128);
	if (!entry)
		return SG_LIST_NONE;
	return entry->until >= sg_since(g->now) ? sg_listed_list(entry, hint)
						: lists_find_shorter(g, entry->length, hint);
}

/*
 * Whether an address is nobody's: multicast, the limited broadcast, 0.0.0.0/8, :: (RFC 1122 section
 * 3.2.1.3). Any other may be somebody's, private ones and 240.0.0.0/4 included.
 */
static __always_inline bool address_is_nobodys(const struct packet *p)
{
	const __u32 *word = p->address32;
	__u32 first = p->address[12];

	if (p->family == 4)
		return !first | (first >> 4 == 14) | (word[3] == 0xffffffff);
	return (p->address[0] == 0xff) | !(word[0] | word[1] | word[2] | word[3]);
}

/*
 * A sender that there cannot be, whatever he sends: told from what was read of the headers, without
 * a lookup. The kernel takes packets from port 0, of UDP and of TCP.
 */
static __always_inline __u32 sender_check(const struct guard *g)
{
	__u32 reason = SG_REASON_NONE;

	if (address_is_nobodys(&g->p))
		reason = SG_REASON_SOURCE_ADDRESS;
	if (!g->p.source_port)
		reason = SG_REASON_SOURCE_PORT;
	return forget(reason, g->now); /* or each is followed through all that comes after */
}

/* Which zones there are where the packet came in, or leaves. The masks are as in limit_index(). */
static __always_inline __u32 zones_here(const struct guard *g, __u32 slot)
{
	const struct sg_places *places = &config_of(g)->places;
	__u32 interface = slot < SG_INTERFACES ? places->interface_of[slot] : 0;
	__u32 vlan = places->vlan_of[g->p.vlan & (SG_VLANS - 1)];

	barrier_var(interface);
	barrier_var(vlan);
	return places->zones[interface & (SG_ZONE_INTERFACES - 1)][vlan & (SG_ZONE_VLANS - 1)];
}

/* What the trie has for the source among these zones; 0: nothing. */
static __always_inline __u32 zones_look(const struct guard *g, __u32 here)
{
	struct sg_zone_prefix key = {.length = SG_ZONE_HERE + 128, .here = here};
	__u32 active = g->active;
	void *trie = bpf_map_lookup_elem(&sg_zones, &active);
	const __u32 *zone;

	__builtin_memcpy(key.address, g->p.address, 16);
	zone = trie ? bpf_map_lookup_elem(trie, &key) : NULL;
	return zone ? *zone : 0;
}

/*
 * The same. Most of what zones send comes from few addresses, and of 10 000 prefixes a lookup costs
 * 80 ns: a CPU remembers the last ones.
 */
static __always_inline __u32 zones_entry(struct guard *g, __u32 slot)
{
	__u32 here = zones_here(g, slot);
	__u32 generation = config_of(g)->generation;
	struct zone_memo *memo;
	__u64 address[2];

	__builtin_memcpy(address, g->p.address, 16);
	memo = &g->zone_memo[((address[0] ^ address[1]) * SPAN_FACTOR) >> 58 & (ZONE_MEMOS - 1)];
	if (memo->address[0] == address[0] && memo->address[1] == address[1] &&
	    memo->here == here && memo->generation == generation)
		return memo->zone;
	memo->zone = zones_look(g, here);
	memo->address[0] = address[0];
	memo->address[1] = address[1];
	memo->here = here;
	memo->generation = generation;
	return memo->zone;
}

/*
 * Zone 0 unless there is one for the source at the interface in this place among the counters;
 * zones are on a list of their own.
 */
static __always_inline void zone_find(struct guard *g, __u32 slot)
{
	__u32 zone = config_of(g)->zones ? zones_entry(g, slot) : 0;

	if (!zone)
		return;
	barrier_var(zone);
	g->zone = zone & (SG_ZONES - 1);
	g->profile = config_of(g)->zone[zone & (SG_ZONES - 1)].profile;
	g->in_zone = !!(zone & SG_ZONE_KNOWN);
}

static __always_inline __u64 banned_until(const struct sg_flow_key *key)
{
	const struct sg_ban *ban = bpf_map_lookup_elem(&sg_bans, key);

	return ban ? ban->until : 0;
}

/* The memo holds only what was found banned, so a new ban needs no new generation to be seen. */
static __always_inline bool source_banned(struct guard *g)
{
	__u32 generation = *(const volatile __u32 *)&sg_state.ban_generation;
	struct sg_memo *memo = &g->memo;

	if (memo->banned_source != g->p.source || memo->ban_generation != generation) {
		struct sg_flow_key key = source_key(&g->p);
		__u64 until = banned_until(&key);

		if (g->now >= until)
			return false;
		memo->banned_source = g->p.source;
		memo->banned_until = until;
		memo->ban_generation = generation;
	}
	return g->now < memo->banned_until;
}

/* A proven flow answers only for a ban of its source that the operator has made. */
static __always_inline bool source_banned_by_hand(const struct guard *g)
{
	struct sg_flow_key key = source_key(&g->p);
	const struct sg_ban *ban = bpf_map_lookup_elem(&sg_bans, &key);

	return ban && g->now < ban->until && ban->origin == SG_ORIGIN_OPERATOR;
}

static __always_inline __u32 ban_source_check(struct guard *g)
{
	bool banned = sg_state.source_bans && (proof_counts(g->proof) ? source_banned_by_hand(g)
								       : source_banned(g));

	return banned ? SG_REASON_BAN_SOURCE : SG_REASON_NONE;
}

static __always_inline __u32 ban_flow_check(const struct guard *g)
{
	struct sg_flow_key key;

	if (!sg_state.flow_bans)
		return SG_REASON_NONE;
	key = flow_key(&g->p);
	return g->now < banned_until(&key) ? SG_REASON_BAN_FLOW : SG_REASON_NONE;
}

/* What the flow has proven, if any flow has proven anything. */
static __always_inline void flow_know(struct guard *g)
{
	if (!g->p.flow) /* of TCP its connection is found by it */
		g->p.flow = flow_hash(&g->p);
	if (sg_state.proven && proven_hinted(g->p.flow, g->now))
		g->proof = flow_proof(g);
}

#endif
