/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the steps of the guard hand on to each other about one packet. It lies in memory of each
 * CPU (sg_guards, see maps.bpf.h), so that a global function needs nothing else: a check is
 * `reason = x_check(g)`, or takes the hook's context, too, if it reads the packet itself.
 *
 * Plain numbers only. The verifier knows nothing of what it loads from here, and that is wanted:
 * in registers it follows each way by which a number may have come about through all that comes
 * after. So who uses one as an index masks it.
 */
#ifndef SIPGUARD_GUARD_BPF_H
#define SIPGUARD_GUARD_BPF_H

#include "packet/packet.bpf.h"
#include "sip/state.h"

/* The number that a new call dials, if dial_read() has found one. */
struct dial {
	__u64 head;    /* its first digits, behind a + if it has one, as in struct sg_dialled */
	__u32 tail;    /* its last 8, the last one lowest */
	__u16 written; /* bytes as it was written */
	__u8 count;    /* digits behind the + if it has one, some of them beyond `head` */
	__u8 plus;     /* flag: it has a + */
	__u8 digits;   /* all of them */
};

/* The zone of an address that was looked up lately, or that it has none: see zone_find(). */
struct zone_memo {
	__u64 address[2];
	__u32 here;
	__u32 generation;
	__u32 zone;
	__u32 reserved;
};

#define ZONE_MEMOS 64 /* 2 KB: the peers of a busy host */

/* Bytes of a packet, from its IP header on; in words, as they are compared. */
#define RUSH_WORDS 8
#define RUSH_WORDS4 6 /* of IPv4 */
struct rush_header {
	__u64 word[RUSH_WORDS];
};

/* What packets like this one get in the tick in which it was noted: see rush.bpf.h. */
struct rush {
	__u64 now;    /* that tick; 0: none is noted */
	__u64 looked; /* the last one in which answers were looked at, and how many */
	__u32 looks;
	__u32 generation; /* of the configuration, and which one it was */
	__u32 ban_generation; /* a ban may have been lifted */
	__u8 active;
	__u64 source; /* who has sent it */
	struct rush_header is;   /* what such packets are, */
	struct rush_header mask; /* where it has to be the same */
	__be16 protocol; /* of Ethernet */
	__u8 family;
	__u8 zone;
	__u8 in_zone;
	__u8 method;
	__u8 reason;
	__u8 of;      /* enum rush_of */
	__u8 flow_limit; /* as in struct guard */
};

/* Where the walk over a message that leaves stands, see topology.bpf.h. */
struct topology {
	__u64 sum;      /* what the checksum changes by, not folded */
	__u32 at;       /* where it looks next */
	__u32 value;    /* of the field it is in: behind the colon */
	__u32 kind;     /* enum sg_topology_kind of that */
	__u32 state;    /* of a Warning: enum warning_state */
	__u32 first;    /* byte that is changed, */
	__u32 last;     /* and behind the last one */
	__u32 found;    /* bits of enum sg_topology_kind: where private addresses are */
	__u32 body;     /* where it begins; 0: the header does not end */
	__u32 length;   /* of the body, if the message says so; */
	__u32 sized;    /* flag: it does */
	__u32 response; /* flags */
	__u32 registers;
};

struct guard {
	struct sg_memo memo;      /* first: tests look at it */
	struct zone_memo zone_memo[ZONE_MEMOS];
	struct sip_reader reader; /* the message, and what was found in it */
	struct packet p;
	struct dial dial;
	struct topology topology;
	__u32 lately_tick;        /* see lately.bpf.h */
	__u32 lately_count;
	__u32 figures_tick;       /* see figures.bpf.h */
	__u32 figures_count;
	struct rush rush;
	__u8 paid[SG_TOTAL_PLACES]; /* messages that are paid for, of each total: limits.bpf.h */
	__u8 active;    /* one of sg_configs, read once: a reload may flip it meanwhile */
	__u8 shadowed;  /* flag: there is a shadow to be called */
	__u8 trial;     /* flag: the guard is on trial */
	__u8 role;      /* enum sg_port_role of the destination port */
	/* From here on all is zero when a packet is judged. */
	__u64 now;      /* ns of the guard's clock */
	__u64 faults;   /* of the message that was read, as SIP_FAULT()s */
	__u8 class;
	__u8 method;
	__u8 zone;
	__u8 profile;   /* that of the zone */
	__u8 limit;     /* enum sg_limit_id beside SOURCE */
	__u8 flow_limit;/* the same of its flow, if that has spent one */
	__u8 proof;     /* enum sg_proof of its flow */
	__u8 total;     /* which total it pays from, see total_find() */
	__u8 in_zone;   /* flag: a zone has its source, so it pays nothing from the budget */
	__u8 guarded;   /* flag: for a guarded port, or a fragment without a known one */
	__u8 watched;   /* the first reason that would have ended its way and did not, or none */
	__u8 signature; /* reason of its fingerprint, or none */
	__u8 admitted;  /* flag: the greylist has just let it in */
	__u8 copy;      /* flag: one more copy of a request that was admitted */
	/* Flag: a request with a transaction that is not remembered yet; the first reply to one. */
	__u8 fresh;
	__u8 evident;   /* flag, of a reply: no forger elsewhere can have sent its request */
	__u16 status;   /* of a reply */
#if SHADOW
	__u8 ends;      /* the reason that would end the packet's way, or none */
	__u8 begun;     /* flag: it was judged, and is not compared yet */
#endif
};

#endif
