/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Limits of a source's connections: how many it opens in a time, and how many it has. What they
 * refuse is the SYN: the client sends it again after a second (RFC 6298 section 2), so nothing more
 * is done about it. Half-open ones are the kernel's affair, which has SYN cookies for them.
 *
 * A SYN is also a message of its source, and pays from the budget: or a flood of them from random
 * sources would cost more than one of messages.
 *
 * All functions here are global, as all that few packets need: the verifier looks at them once.
 */
#ifndef SIPGUARD_CONNECT_BPF_H
#define SIPGUARD_CONNECT_BPF_H

#include "checks/limits.bpf.h"
#include "checks/lists.bpf.h"
#include "state/live.bpf.h"

static __always_inline struct rows connection_rows(const struct guard *g)
{
	return rows_find(&sg_syn_buckets, source_hash(&g->p), SG_SYN_ROW);
}

__noinline int connection_check(const struct guard *g)
{
	struct rows rows;

	if (!g)
		return SG_REASON_NONE;
	rows = connection_rows(g);
	if (!rows.first || !rows.second)
		return SG_REASON_NONE;
	return rows_spent(rows.first, rows.second, g->now, &profile_of(g)->new_connections)
		       ? SG_REASON_LIMIT_CONNECT : SG_REASON_NONE;
}

__noinline int connections_check(const struct guard *g)
{
	const struct sg_connections *c;
	struct sg_flow_key key;

	if (!g)
		return SG_REASON_NONE;
	key = source_key(&g->p);
	c = bpf_map_lookup_elem(&sg_connections, &key);
	return c && SG_LIVE(c->live) + sg_opening(c, g->now) >= profile_of(g)->live
		       ? SG_REASON_CONNECTIONS : SG_REASON_NONE;
}

/* A SYN is let in. */
__noinline int connection_charge(const struct guard *g)
{
	struct sg_connections *c;
	struct sg_flow_key key;
	struct rows rows;

	if (!g)
		return 0;
	rows = connection_rows(g);
	if (rows.first && rows.second)
		rows_charge(rows.first, rows.second, g->now, &profile_of(g)->new_connections);
	if (SHADOW)
		return 0;
	key = source_key(&g->p);
	c = bpf_map_lookup_elem(&sg_connections, &key);
	if (c)
		live_open(c, g->now);
	return 0;
}

#endif
