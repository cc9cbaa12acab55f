/* SPDX-License-Identifier: GPL-2.0-only */
/* The domains that a server serves: a part of abi.h, whose version changes with it. */
#ifndef SIPGUARD_INCLUDE_DOMAIN_H
#define SIPGUARD_INCLUDE_DOMAIN_H

#include <linux/types.h>

#define SG_DOMAINS 1024    /* of all lists of a configuration together */
#define SG_DOMAIN_MOST 253 /* characters of a name without its last dot (RFC 1035 section 2.3.4) */
#define SG_DOMAIN_DOTS 8   /* of an entry that begins with a dot */
#define SG_DOMAIN_TEXT 256 /* with the dot before it and the closing NUL */

/* Which domain is served by which list: packets look for it, and read nothing more. */
struct sg_domain_key {
	__u64 hash;   /* see sg_domain_step() */
	__u32 list;   /* sg_profile.domains */
	__u16 config; /* which of sg_configs has the list */
	__u16 below;  /* flag: the names below it, and not the name itself */
};

/* For who shows it. */
struct sg_domain {
	__u32 order; /* place in the list */
	char text[SG_DOMAIN_TEXT];
};

/*
 * One character more of a name, in lower case, from its end to its beginning: so each domain above
 * a name is met on the way. Begins with the first word of the guard's secret and ends with
 * sg_domain_hash(): nobody else can tell which names have the hash of one that is served.
 */
static inline __u64 sg_domain_step(__u64 hash, __u32 c)
{
	hash = (hash ^ c) * 0x9e3779b97f4a7c15ULL;
	return hash ^ hash >> 32;
}

static inline __u64 sg_domain_hash(__u64 hash, __u64 secret)
{
	hash = (hash ^ secret) * 0xbf58476d1ce4e5b9ULL;
	return hash ^ hash >> 29;
}

/* That of a name as it is in a list. */
static inline __u64 sg_domain_hash_of(const char *name, const __u64 *secret)
{
	__u64 hash = secret[0];

	for (__u64 length = __builtin_strlen(name); length; length--)
		hash = sg_domain_step(hash, (unsigned char)name[length - 1]);
	return sg_domain_hash(hash, secret[1]);
}

_Static_assert(sizeof(struct sg_domain_key) == 16, "no gap, which would be a part of the key");

#endif
