/* SPDX-License-Identifier: GPL-2.0-only */
/* Flows and sources: the keys by which tables know them, and their one hash. */
#ifndef SIPGUARD_FLOW_H
#define SIPGUARD_FLOW_H

#include <linux/types.h>

/*
 * A flow is of one whole address, or a neighbour in the /64 who sends from the same port would be
 * the same flow. All flows of a source together have a key, too: see sg_source_key().
 */
struct sg_flow_key {
	__u32 address[4]; /* network order; IPv4 as ::ffff:0:0/96 */
	__u16 port;       /* network order; 0: a source */
	__u8 transport;   /* IPPROTO_UDP or IPPROTO_TCP; 0: a source */
	__u8 family;      /* 4 or 6 */
};

/*
 * A source as the hashed tables know it: an IPv4 address, or the /64 of an IPv6 address, since a
 * host chooses freely within its /64. Words are in network order. The IPv4 form has the first byte
 * of ff00::/8, which is multicast and never a source (RFC 4291 section 2.7), so no two sources
 * share a number.
 */
static inline __u64 sg_source6(__u32 first_be, __u32 second_be)
{
	return (__u64)second_be << 32 | first_be;
}

static inline __u64 sg_source4(__u32 address_be)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return sg_source6(0x000000ff, address_be);
#else
	return sg_source6(0xff000000, address_be);
#endif
}

/* What tells the hosts of one source apart: the lower half of an address. */
static inline __u64 sg_host(const __u32 *address)
{
	return (__u64)address[3] << 32 | address[2];
}

/* And its upper half. */
static inline __u64 sg_net(const __u32 *address)
{
	return (__u64)address[1] << 32 | address[0];
}

/*
 * The key of all flows of a source together: an IPv4 address, or the upper half of an IPv6 one.
 * Bit 1 is set in 6 and not in 4. A branch would have the verifier follow both.
 */
static inline struct sg_flow_key sg_source_key(__u32 family, const __u32 *address)
{
	__u32 lower = (family >> 1 & 1) - 1;
	struct sg_flow_key key = {
		.address = {address[0], address[1], address[2] & lower, address[3] & lower},
		.family = family,
	};

	return key;
}

/*
 * The hash of a flow, by which all tables know flows and sources. Keyed, by 128 random bits; no
 * SipHash, whose many rounds each packet would pay for, and needs to be none.
 *
 * What an attacker knows: how it is made, and how large the tables are. What he does not: the
 * secret, and any place, which is never shown. He could tell that two addresses of his meet in both
 * rows of a table by one being limited for the other: by the sizes of the tables once in 2^34 pairs
 * of sources, or 2^30 of flows. With many such pairs he could perhaps work at the secret, to aim at
 * somebody else's place. All he would get is to spend that one's limit: over UDP he has it for
 * less, by forging the address.
 *
 * A sender chooses every bit of his host, and must not make up by them for what another /64 differs
 * in from his, or another port. So source and host have a product each, at once, whose factors are
 * secret; and the highest bit, which no factor spreads, goes to different places.
 */
static inline __u64 sg_flow_hash(__u64 source, __u64 host, __u32 port, __u32 transport,
				 const __u64 *secret)
{
	__u64 upper = (source ^ secret[0]) * (secret[1] | 1);
	__u64 lower = (host ^ secret[1]) * (secret[0] | 1);
	__u64 hash = upper ^ upper >> 32 ^ lower ^ lower >> 29;

	hash = (hash ^ ((__u64)port << 8 | transport)) * 0xbf58476d1ce4e5b9ULL;
	hash = (hash ^ hash >> 29) * 0x94d049bb133111ebULL;
	return hash ^ hash >> 32;
}

/* The same of its key. */
static inline __u64 sg_key_hash(const struct sg_flow_key *key, const __u64 *secret)
{
	__u64 source = key->family == 4 ? sg_source4(key->address[3])
					: sg_source6(key->address[0], key->address[1]);

	return sg_flow_hash(source, sg_host(key->address), key->port, key->transport, secret);
}

/* The same of all flows of a source together. */
static inline __u64 sg_source_hash(__u64 source, const __u64 *secret)
{
	return sg_flow_hash(source, 0, 0, 0, secret);
}

_Static_assert(sizeof(struct sg_flow_key) == 20, "no padding in a hash key");

#endif
