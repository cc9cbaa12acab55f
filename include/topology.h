/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a message that leaves tells of the network behind it: the header fields that are masked, and
 * those in which addresses are looked for. A part of abi.h, whose version changes with it.
 */
#ifndef SIPGUARD_INCLUDE_TOPOLOGY_H
#define SIPGUARD_INCLUDE_TOPOLOGY_H

#include <linux/types.h>

#define SG_TOPOLOGY_FIELDS 16  /* that the operator names */
#define SG_TOPOLOGY_NAME 32    /* characters of a name that are compared */
#define SG_TOPOLOGY_TEXT 40    /* with the closing NUL */
#define SG_TOPOLOGY_PLACES 256
#define SG_TOPOLOGY_TRIES 10000

enum sg_topology {
	SG_TOPOLOGY_OFF,
	SG_TOPOLOGY_REPORT, /* counted, and sent as it is */
	SG_TOPOLOGY_MASK,
};

/* What is done with a field. */
enum sg_topology_kind {
	SG_TOPOLOGY_NONE,
	/* Masked, so that it still is what the grammar says (RFC 3261 section 25.1). */
	SG_TOPOLOGY_AGENT,   /* words: each character becomes an x */
	SG_TOPOLOGY_WARNING, /* code, host and quoted text */
	SG_TOPOLOGY_LISTED,  /* anything: letters become a, digits 0, the rest stays */
	SG_TOPOLOGY_ADDRESS, /* the same of private addresses alone */
	/* Looked at. */
	SG_TOPOLOGY_VIA,
	SG_TOPOLOGY_CONTACT,
	SG_TOPOLOGY_ROUTE,
	SG_TOPOLOGY_CALL_ID,
	SG_TOPOLOGY_BODY,    /* no field */
	SG_TOPOLOGY_CSEQ,    /* whether it answers a REGISTER */
	SG_TOPOLOGY_LENGTH,
	SG_TOPOLOGY__MAX
};

/*
 * X(kind, name): those that are always there. In the four with addresses these are of no use to who
 * gets them: what caused an error, where to hear of it, and what a network charges by, which is not
 * to leave it at all (RFC 7315 section 5.6).
 */
#define SG_TOPOLOGY_BUILT_IN(X)                                                                   \
	X(AGENT, "Server")                                                                        \
	X(AGENT, "User-Agent")                                                                    \
	X(WARNING, "Warning")                                                                     \
	X(ADDRESS, "Reason")                                                                      \
	X(ADDRESS, "Error-Info")                                                                  \
	X(ADDRESS, "P-Charging-Vector")                                                           \
	X(ADDRESS, "P-Charging-Function-Addresses")                                               \
	X(VIA, "Via")                                                                             \
	X(VIA, "v")                                                                               \
	X(CONTACT, "Contact")                                                                     \
	X(CONTACT, "m")                                                                           \
	X(ROUTE, "Route")                                                                         \
	X(ROUTE, "Record-Route")                                                                  \
	X(CALL_ID, "Call-ID")                                                                     \
	X(CALL_ID, "i")                                                                           \
	X(CSEQ, "CSeq")                                                                           \
	X(LENGTH, "Content-Length")                                                               \
	X(LENGTH, "l")

/*
 * The names by a product, whose factor is searched for until no two have the same place, so that a
 * line costs one of them and no loop.
 */
struct sg_topology_names {
	__u64 factor;
	__u64 place[SG_TOPOLOGY_PLACES]; /* hash, and the kind in its lowest byte; 0: none */
	__u32 count;
	__u32 reserved;
	char listed[SG_TOPOLOGY_FIELDS][SG_TOPOLOGY_TEXT]; /* for who shows them */
};

#define SG_TOPOLOGY_KIND 0xffULL

/* The hash of a name, eight characters a step, folded as sip_fold() does. */
static inline __u64 sg_topology_step(__u64 hash, __u64 word)
{
	word |= word >> 1 & 0x2020202020202020ULL;
	hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
	return hash ^ hash >> 29;
}

static inline __u32 sg_topology_place(__u64 hash, __u64 factor)
{
	return (hash | SG_TOPOLOGY_KIND) * factor >> 56;
}

/* For userspace. The last word may be empty: it ends the name. */
static inline __u64 sg_topology_hash(const char *name)
{
	__u64 hash = 0, word, length = __builtin_strlen(name);

	for (__u64 at = 0; at < SG_TOPOLOGY_NAME; at += 8) {
		word = 0;
		for (__u64 i = at; i < at + 8 && i < length; i++)
			word |= (__u64)(unsigned char)name[i] << 8 * (i - at);
		hash = sg_topology_step(hash, word);
		if (length < at + 8)
			break;
	}
	return hash;
}

/* Puts all of the names in their places; 0 if two of them meet. */
static inline int sg_topology_fill(struct sg_topology_names *names)
{
	static const struct {
		const char *name;
		__u8 kind;
	} built_in[] = {
#define X(kind, name) {name, SG_TOPOLOGY_##kind},
		SG_TOPOLOGY_BUILT_IN(X)
#undef X
	};
	const __u32 own = sizeof(built_in) / sizeof(built_in[0]);

	__builtin_memset(names->place, 0, sizeof(names->place));
	for (__u32 i = 0; i < own + names->count; i++) {
		__u64 hash = sg_topology_hash(i < own ? built_in[i].name : names->listed[i - own]);
		__u64 *place = &names->place[sg_topology_place(hash, names->factor)];

		if (*place)
			return 0;
		*place = (hash & ~SG_TOPOLOGY_KIND) | (i < own ? built_in[i].kind
							       : SG_TOPOLOGY_LISTED);
	}
	return 1;
}

/*
 * With the most names one factor in ten does. 0 if none is found: of names that differ two would
 * have the same hash.
 */
static inline int sg_topology_build(struct sg_topology_names *names)
{
	names->factor = 0x9e3779b97f4a7c15ULL;
	for (__u32 i = 0; i < SG_TOPOLOGY_TRIES; i++) {
		if (sg_topology_fill(names))
			return 1;
		names->factor = names->factor * 0x5851f42d4c957f2dULL + 0x14057b7ef767814eULL;
	}
	return 0;
}

_Static_assert(SG_TOPOLOGY_PLACES == 1 << (64 - 56), "the highest byte of a product");
_Static_assert(SG_TOPOLOGY_TEXT > SG_TOPOLOGY_NAME, "room for the NUL");

#endif
