// SPDX-License-Identifier: GPL-2.0-only
/*
 * Attached to nothing: run by BPF_PROG_RUN on the maps of the guard, it says what the guard knows
 * of a source and one of its flows, by the functions that packets go by. It writes none of them. A
 * program of type syscall would do, but may not look into tries.
 */
#include "packet/class.bpf.h"
#include "packet/flow.bpf.h"
#include "packet/packet.bpf.h"
#include "state/lately.bpf.h"
#include "checks/lists.bpf.h"

char LICENSE[] SEC("license") = "GPL";

/* The question and the answer; and a struct guard, of each command by itself: not sg_guards. */
MAP_ARRAY(sg_why, 1, struct sg_why);
MAP_ARRAY(sg_why_guard, 1, struct guard);

static __always_inline void why_packet(struct guard *g, const struct sg_why *w)
{
	struct packet *p = &g->p;

	p->address32[0] = w->flow.address[0];
	p->address32[1] = w->flow.address[1];
	p->address32[2] = w->flow.address[2];
	p->address32[3] = w->flow.address[3];
	p->family = w->flow.family;
	p->transport = w->flow.transport;
	p->source_port = w->flow.port;
	p->source = p->family == 4 ? sg_source4(p->address32[3])
				   : sg_source6(p->address32[0], p->address32[1]);
	g->now = clock_now();
	p->flow = flow_hash(p);
}

/* What was spent in both rows, and so counts. */
static __always_inline void why_spent(__u64 *tat, struct rows rows)
{
	const struct sg_buckets *first = rows.first, *second = rows.second;

	for (int id = 0; first && second && id < SG_LIMIT__MAX; id++)
		tat[id] = first->tat[id] < second->tat[id] ? first->tat[id] : second->tat[id];
}

static __always_inline void why_list(struct sg_why *w, const struct guard *g)
{
	const struct sg_listed *entry = g->p.family == 4 ? lists_entry4(g, 32)
							 : lists_entry6(g, 128);
	__u32 side = sg_state.lists & SG_LISTS_SIDE;

	w->list = lists_find(g);
	w->list_length = SG_WHY_UNKNOWN;
	/* Else it is a shorter one. */
	if (entry && entry->until >= sg_since(g->now) && entry->sides >> side & SG_LISTED_THERE)
		w->list_length = entry->length;
}

static __always_inline void why_bans(struct sg_why *w, const struct packet *p)
{
	struct sg_flow_key source = source_key(p), flow = w->flow;
	const struct sg_ban *ban = bpf_map_lookup_elem(&sg_bans, &source);

	if (ban && ban->until > w->now)
		w->source_ban = *ban;
	ban = flow.port ? bpf_map_lookup_elem(&sg_bans, &flow) : NULL;
	if (ban && ban->until > w->now)
		w->flow_ban = *ban;
}

static __always_inline void why_proof(struct sg_why *w, struct guard *g)
{
	const struct proven_flow flow = proven_flow_of(&g->p);
	const struct sg_proven_cell *proven = w->flow.port ? proven_entry(&flow, w->now) : NULL;

	if (!proven)
		return;
	g->proof = w->proof = proven->proof;
	w->proof_until = proven->end | SG_PROVEN_FLOW;
}

SEC("xdp")
int why(__attribute__((unused)) struct xdp_md *ctx)
{
	const struct sg_lately *lately;
	__u32 zero = 0;
	struct sg_why *w = bpf_map_lookup_elem(&sg_why, &zero);
	struct guard *g = bpf_map_lookup_elem(&sg_why_guard, &zero);

	if (!g || !w)
		return XDP_ABORTED;
	guard_begin(g);
	why_packet(g, w);
	w->now = g->now;
	w->active = g->active;
	why_list(w, g);
	zone_find(g, w->slot);
	w->zone = g->zone;
	w->profile = g->profile;
	w->in_zone = g->in_zone;
	why_proof(w, g);
	why_bans(w, &g->p);
	why_spent(w->source_tat,
		  rows_find(&sg_src_buckets, source_hash(&g->p), sg_sizes.source_row));
	if (w->flow.port)
		why_spent(w->flow_tat,
			  rows_find(&sg_flow_buckets, g->p.flow >> 8, sg_sizes.flow_row));
	lately = lately_find(source_hash(&g->p), !pays_budget(g));
	if (!lately) /* it was otherwise then */
		lately = lately_find(source_hash(&g->p), pays_budget(g));
	if (lately)
		w->lately = *lately;
	return XDP_PASS;
}
