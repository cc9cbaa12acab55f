/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the guard tells those who follow it: what became of packets, and the packets themselves.
 * Each follower has a ring buffer of its own (sg_rings), and says what it wants to hear; nobody
 * else's slowness costs it anything, and its own costs no packet: what finds no room is counted.
 *
 * A follower says again and again until when it listens. So one that was killed is forgotten, and
 * nothing is left that packets would pay for.
 */
#ifndef SIPGUARD_EVENTS_H
#define SIPGUARD_EVENTS_H

#include <linux/types.h>

#include "flow.h"
#include "listed.h"
#include "numbers.h"
#include "tables.h"

#define SG_FOLLOWERS 8   /* at the same time; a power of two */
#define SG_TOLD 8192     /* pairs of source and reason that were told of lately; a power of two */
#define SG_TOLD_SHIFT 30 /* of each pair one event in 2^30 ns, about a second */

/* What is told of a reason in the events of one follower: so many a second, so many at once. */
#define SG_EVENTS_RATE 50
#define SG_EVENTS_BURST 200

/* Bytes of a packet in the ring: the least of these that it fits in; longer ones are cut. */
#define SG_EVENT_SMALL 512
#define SG_EVENT_MEDIUM 2048
#define SG_EVENT_LARGE 16384

enum sg_event_kind {
	SG_EVENT_PACKET, /* what became of a packet: reason and outcome */
	SG_EVENT_BAN,    /* a flow was banned, for this reason */
};

/* What a follower wants of packets. */
enum sg_frames {
	SG_FRAMES_NONE, /* what became of them, and of bans: so many as SG_EVENTS_RATE says */
	SG_FRAMES_ALL,  /* the packets themselves, all of them */
	SG_FRAMES_TOLD, /* the packets themselves of which the first kind is told */
	SG_FRAMES_BANS, /* no packets: every ban, as fast as they come */
};

struct sg_event {
	__u64 time;       /* ns of CLOCK_MONOTONIC */
	__u32 address[4]; /* of the peer, as in struct sg_flow_key */
	__u16 port;       /* of the peer, network order */
	__u16 own_port;   /* our own, host order */
	__u32 interface;  /* its ifindex; 0: not known */
	__u32 frame;      /* bytes of the frame; of several datagrams of all of them */
	__u32 kept;       /* bytes of it that follow */
	__u32 more;       /* of this source and reason that were not told of since the last one */
	__u16 vlan;       /* TCI of a tag that is not in these bytes: the device took it; or 0 */
	__u8 family;      /* 4 or 6 */
	__u8 transport;   /* IPPROTO_UDP or IPPROTO_TCP; 0: not known */
	__u8 kind;        /* enum sg_event_kind */
	__u8 reason;
	__u8 outcome;     /* enum sg_outcome */
	__u8 class;
	__u8 method;
	__u8 zone;        /* its number in the configuration that the packet was judged by, */
	__u8 active;      /* which is this one */
	__u8 leaves;      /* flag: our own host sends it */
};

/* Somebody who follows. Userspace writes all but the last three, in words. */
struct sg_follower {
	__u64 until;      /* ns of the guard's clock: so long it listens; 0 until all else is set */
	__u64 holder;     /* who has this place, and until when: packets do not look at it */
	__u64 reasons[2]; /* a bit for each reason that it wants to hear of */
	__u32 outcomes;   /* a bit for each enum sg_outcome */
	__u32 frames;     /* enum sg_frames */
	__u32 sample;     /* of the packets themselves one in so many; 0 and 1: all */
	__u32 family;     /* 4 or 6: only sources in the prefix; 0: all */
	__u32 address[4]; /* the prefix, */
	__u32 mask[4];    /* and which bits of an address it has */
	__u64 lost;       /* events that found no room in its ring */
	__u64 limited;    /* events that were not told, since there were too many of their reason */
	__u64 tat[SG_MODES]; /* by reason, 0 of bans: see gcra.h */
};

/* A pair of source, reason and follower that was told of lately. */
struct sg_told {
	__u32 tag;
	__u32 time; /* in units of SG_TOLD_SHIFT */
	__u32 more; /* that came since */
	__u32 reserved;
};

/* What is told, in one number: enum sg_event_kind, enum sg_reason, enum sg_outcome. */
#define SG_EVENT_NUMBER(kind, reason, outcome) ((kind) << 16 | (outcome) << 8 | (reason))

/* Of such a pair: the lower bits are its place, the upper half with the lowest bit set its tag. */
static inline __u64 sg_told_hash(__u64 source, __u32 event, __u32 at, const __u64 *secret)
{
	return sg_flow_hash(source, event << 8 | at, 0, 0, secret);
}

/*
 * What is known of a source and one of its flows, for who asks: by the program of why.bpf.c, which
 * looks it up by the functions that packets go by.
 */
#define SG_WHY_UNKNOWN 255

struct sg_why {
	/* Of whom. */
	struct sg_flow_key flow; /* with a port: 0 of a source as a whole; the transport as well */
	__u32 slot;              /* at which interface, its place; SG_INTERFACES: at none */
	/* What is known. Times in ns of the guard's clock, 0: not so. */
	__u64 now;
	__u32 list;              /* enum sg_list */
	__u32 list_length;       /* of the prefix that says so; SG_WHY_UNKNOWN */
	__u8 active;             /* the configuration in force */
	__u8 zone;
	__u8 profile;
	__u8 in_zone;            /* flag */
	__u8 proof;              /* enum sg_proof of the flow */
	__u8 reserved[3];
	__u64 proof_until;
	struct sg_ban source_ban;
	struct sg_ban flow_ban;
	__u64 source_tat[SG_LIMIT__MAX]; /* what it has spent: see gcra.h */
	__u64 flow_tat[SG_LIMIT__MAX];
	struct sg_lately lately;
};

_Static_assert(sizeof(struct sg_event) % 8 == 0, "the packet behind it is aligned");

#endif
