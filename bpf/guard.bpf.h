/* SPDX-License-Identifier: GPL-2.0-only */
/* What the steps of the guard hand on to each other about one packet. */
#ifndef SIPGUARD_GUARD_BPF_H
#define SIPGUARD_GUARD_BPF_H

#include "maps.bpf.h"
#include "packet.bpf.h"

struct guard {
	struct packet *p;
	struct sg_state *state;
	struct sg_config *config;
	struct sg_stats *stats;
	struct sg_slot *first;  /* the source's slots, one in each row */
	struct sg_slot *second;
	__u64 now;              /* ns of the guard's clock */
	__u32 slot;             /* of sg_configs, read once: a reload may flip it meanwhile */
	__u32 frame;            /* length of the frame */
	__u32 role;             /* enum sg_port_role of the destination port */
	__u32 class;
	__u32 method;
	__u32 zone;
	__u32 limit;            /* enum sg_limit_id beside SOURCE */
	__u32 watched;          /* the first reason in monitor mode that matched, or none */
	bool guarded;           /* for a guarded port, or a fragment without a known one */
	bool listed;            /* by a zone: does not pay from the budget of unlisted sources */
};

_Static_assert(sizeof(struct packet) <= sizeof(((struct sg_memo *)0)->packet), "it has its place");

#endif
