/* SPDX-License-Identifier: GPL-2.0-only */
/* What the steps of the guard hand on to each other about one packet. */
#ifndef SIPGUARD_GUARD_BPF_H
#define SIPGUARD_GUARD_BPF_H

#include "maps.bpf.h"
#include "packet/packet.bpf.h"

struct guard {
	struct packet *p;
	struct sg_state *state;
	struct sg_config *config;
	struct sg_stats *stats;
	struct sg_slot *first;  /* the source's slots, one in each row */
	struct sg_slot *second;
	__u64 now;              /* ns of the guard's clock */
	struct sg_slot *flow_first;
	struct sg_slot *flow_second;
	__u8 slot;              /* of sg_configs, read once: a reload may flip it meanwhile */
	__u8 role;              /* enum sg_port_role of the destination port */
	__u8 class;
	__u8 method;
	__u8 zone;
	__u8 limit;             /* enum sg_limit_id beside SOURCE */
	__u8 proof;             /* enum sg_proof of its flow */
	bool came;              /* the greylist has just let it in */
	__u8 total;             /* which total it pays from, see total_find() */
	__u8 guarded;           /* for a guarded port, or a fragment without a known one */
	bool listed;            /* by a zone: does not pay from the budget of unlisted sources */
};

_Static_assert(sizeof(struct packet) <= sizeof(((struct sg_memo *)0)->packet), "it has its place");

/* False if a map is missing, which no loaded program sees. */
static __always_inline bool guard_open(struct guard *g)
{
	g->state = map_state();
	g->stats = map_stats();
	if (!g->state || !g->stats)
		return false;
	g->slot = *(const volatile __u32 *)&g->state->slot & 1;
	g->config = map_config(g->slot);
	/* Not on the stack, of which the reader of messages needs all it can get. */
	g->p = (struct packet *)g->stats->memo.packet;
	return g->config;
}

#endif
