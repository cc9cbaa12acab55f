/* SPDX-License-Identifier: GPL-2.0-only */
/* Who is allowed, denied and banned: a part of abi.h, whose version changes with it. */
#ifndef SIPGUARD_INCLUDE_LISTED_H
#define SIPGUARD_INCLUDE_LISTED_H

#include <linux/types.h>

#define SG_LISTED_BLOCKS 65536 /* of IPv4 addresses: one for each /16 */
#define SG_LIST_ENTRIES (1 << 21) /* prefixes per family: a million allowed, a million denied */

struct sg_prefix4 {
	__u32 length;
	__u8 address[4];
};

struct sg_prefix6 {
	__u32 length;
	__u8 address[16];
};

/* Of a zone: IPv4 is ::ffff:0:0/96 here (RFC 4291 section 2.5.5.2). */
struct sg_zone_prefix {
	__u32 length; /* those of `here` counted, too */
	__u32 here;   /* which zones there are where the packet came in, as bits */
	__u8 address[16];
};

#define SG_ZONE_HERE 32 /* bits of it */

enum sg_list {
	SG_LIST_NONE,
	SG_LIST_ALLOW,
	SG_LIST_DENY,
	SG_LIST_OWN, /* an address of this host: a shorter denied prefix does not reach it */
};

/* What may be on the lists: a bit too many costs time, and no more. And which side is in force. */
enum sg_lists_hint {
	SG_LISTS_ANY = 1,
	SG_LISTS_DENY = 2,
	SG_LISTS_SIDE = 4,     /* its value is the shift to the side of sg_listed.sides in force */
	SG_LISTS_CHANGING = 8, /* for userspace: sides may differ, or somebody was killed then */
};

/*
 * A prefix on a list. It has two sides, of which one bit in sg_state.lists says for all prefixes
 * which one counts. A change of many writes the other side, which no packet reads, and then flips
 * that bit: any packet sees all of the change or nothing of it. When nobody changes anything both
 * sides are alike.
 *
 * A lookup finds the longest prefix alone. So the side on which a prefix is not listed says what
 * the next shorter one says there.
 */
struct sg_listed {
	__u8 sides;  /* two of 4 bits: enum sg_list, SG_LISTED_THERE, SG_LISTED_BY_HAND */
	__u8 length; /* of the prefix: a lookup does not tell which one it has found */
	__u16 name;  /* place of the named list that it is of; 0: none, the operator put it there */
	__u32 until; /* sg_since(), the last of its time; SG_LISTED_FOREVER */
};

#define SG_LISTED_LIST 3    /* of a side: enum sg_list */
#define SG_LISTED_THERE 4   /* the prefix is listed there */
#define SG_LISTED_BY_HAND 8 /* and not, or not only, by a named list */
#define SG_LISTED_SIDE 0xf
#define SG_LISTED_BOTH(side) ((side) * 0x11)

static inline __u32 sg_listed_list(const struct sg_listed *listed, __u32 hint)
{
	return listed->sides >> (hint & SG_LISTS_SIDE) & SG_LISTED_LIST;
}

#define SG_LISTED_FOREVER 0xffffffffU

/* Who has made a ban. */
enum sg_origin {
	SG_ORIGIN_GUARD, /* the data path itself */
	SG_ORIGIN_OPERATOR,
	SG_ORIGIN_FLEET, /* another host's, in the lower 8 bits; above them the hash of its name */
};

/* The lower 8 bits of an origin: enum sg_origin. */
static inline __u32 sg_origin_kind(__u32 origin)
{
	return origin & 0xff;
}

struct sg_ban {
	__u64 until;  /* ns of the guard's clock */
	__u32 cause;  /* enum sg_reason; NONE: only its origin tells */
	__u32 origin; /* enum sg_origin, see there */
};

/* Sets the bits of an IPv4 prefix, address in network order, length 0 to 32, in listed4. */
static inline void sg_listed4_set(__u64 *listed4, const __u8 *address, __u32 length)
{
	__u32 first = address[0] << 8 | address[1];
	__u32 count = length < 16 ? 1U << (16 - length) : 1;

	first &= ~(count - 1);
	for (__u32 block = first; block < first + count; block++)
		__sync_fetch_and_or(&listed4[block / 64], 1ULL << block % 64);
}

_Static_assert(sizeof(struct sg_listed) == 8, "with more, a prefix of IPv6 would not fit 64 bytes");

#endif
