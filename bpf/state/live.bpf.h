/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How many connections of TCP a source has. An entry is made when a connection is established,
 * which takes an answer to what we sent, so none is made for a forged source; the last connection
 * that ends takes it away.
 *
 * That must stay exact while other CPUs do the same, and the kernel gives the memory of a deleted
 * entry to the next one at once. So `live` bears a mark of its source: whoever changes it compares
 * both, and what is being deleted has no mark. What an entry says of SYNs is only for some seconds,
 * and needs no such care.
 */
#ifndef SIPGUARD_LIVE_BPF_H
#define SIPGUARD_LIVE_BPF_H

#include <stdbool.h>
#include <linux/errno.h>

#include "maps.bpf.h"

#define LIVE_TRIES 64

static __always_inline bool live_marked(__u64 live, __u64 mark)
{
	return live >> 32 == mark >> 32;
}

static __always_inline void live_open(struct sg_connections *c, __u64 now)
{
	__u32 window = sg_opening_window(now), age = window - c->window;

	if (age) {
		c->opening[1] = age == 1 ? c->opening[0] : 0;
		c->opening[0] = 0;
		c->window = window;
	}
	__sync_fetch_and_add(&c->opening[0], 1);
}

/* Takes one off, and never below 0. */
static __always_inline bool live_decrease(__u32 *number)
{
	for (int i = 0; i < 4; i++) {
		__u32 old = *(volatile __u32 *)number;

		if (!old)
			return false;
		if (__sync_val_compare_and_swap(number, old, old - 1) == old)
			return true;
	}
	return false;
}

/* One more is established. False: there is no room, and nothing was counted. */
static __always_inline bool live_add(const struct sg_flow_key *key)
{
	const __u64 mark = sg_connections_mark(key);
	const struct sg_connections one = {.live = mark | 1};
	struct sg_connections *c;
	__u64 live;
	long err;

	for (int i = 0; i < LIVE_TRIES; i++) {
		c = bpf_map_lookup_elem(&sg_connections, key);
		if (!c) {
			err = bpf_map_update_elem(&sg_connections, key, &one, BPF_NOEXIST);
			if (!err || err == -E2BIG)
				return !err;
			continue;
		}
		live = *(volatile __u64 *)&c->live;
		if (!live_marked(live, mark) ||
		    __sync_val_compare_and_swap(&c->live, live, live + 1) != live)
			continue;
		if (!live_decrease(&c->opening[1]))
			live_decrease(&c->opening[0]);
		return true;
	}
	return false;
}

/* One that was added has ended. */
static __always_inline void live_remove(const struct sg_flow_key *key)
{
	const __u64 mark = sg_connections_mark(key);
	struct sg_connections *c;
	__u64 live, left;

	for (int i = 0; i < LIVE_TRIES; i++) {
		c = bpf_map_lookup_elem(&sg_connections, key);
		if (!c)
			return;
		live = *(volatile __u64 *)&c->live;
		left = SG_LIVE(live) > 1 ? live - 1 : 0;
		if (!live_marked(live, mark) ||
		    __sync_val_compare_and_swap(&c->live, live, left) != live)
			continue;
		if (!left)
			bpf_map_delete_elem(&sg_connections, key);
		return;
	}
}

#endif
