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
#include "state/connected.bpf.h"

static __always_inline const struct sg_zone *connect_zone(__u32 slot, __u32 zone)
{
	const struct sg_config *config = map_config(slot & 1);

	return config ? &config->zone[zone & (SG_ZONES - 1)] : NULL;
}

static __always_inline struct rows connect_rows(const struct packet *p)
{
	const struct sg_state *state = map_state();
	__u64 hash = state ? source_flow_hash(p, state) : 0;

	return rows_find(&sg_connects, hash, SG_CONNECT_ROW);
}

__noinline int connect_check(const struct packet *p, __u32 slot, __u32 zone)
{
	const struct sg_zone *z = connect_zone(slot, zone);
	struct rows rows;

	if (!p || !z)
		return SG_REASON_NONE;
	rows = connect_rows(p);
	if (!rows.first || !rows.second)
		return SG_REASON_NONE;
	return rows_spent(rows.first, rows.second, clock_now(), &z->connect)
		       ? SG_REASON_LIMIT_CONNECT : SG_REASON_NONE;
}

__noinline int connections_check(const struct packet *p, __u32 slot, __u32 zone)
{
	const struct sg_zone *z = connect_zone(slot, zone);
	const struct sg_connections *c;
	struct sg_flow_key key;

	if (!p || !z)
		return SG_REASON_NONE;
	key = source_key(p);
	c = bpf_map_lookup_elem(&sg_connections, &key);
	return c && SG_LIVE(c->live) + sg_opening(c, clock_now()) >= z->live
		       ? SG_REASON_CONNECTIONS : SG_REASON_NONE;
}

/* A SYN is let in. */
__noinline int connect_charge(const struct packet *p, __u32 slot, __u32 zone)
{
	const struct sg_zone *z = connect_zone(slot, zone);
	__u64 now = clock_now();
	struct sg_connections *c;
	struct sg_flow_key key;
	struct rows rows;

	if (!p || !z)
		return 0;
	rows = connect_rows(p);
	if (rows.first && rows.second)
		rows_charge(rows.first, rows.second, now, &z->connect);
	key = source_key(p);
	c = bpf_map_lookup_elem(&sg_connections, &key);
	if (c)
		connected_open(c, now);
	return 0;
}

#endif
