/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An exact table of flows whose entries end by themselves: what is banned.
 *
 * Nothing runs to clear them up, so who puts an entry in looks at old ones: a queue has the keys of
 * the table, and each time the two that wait longest are taken off it. An entry that has ended is
 * deleted, one that has not goes back to the end of the queue. So those that ended first go first,
 * and no entry that is in force ever makes room for another one.
 */
#ifndef SIPGUARD_TABLE_BPF_H
#define SIPGUARD_TABLE_BPF_H

#include <linux/errno.h>

#include "maps.bpf.h"

#define TABLE_LOOK 2      /* keys that are looked at with each new entry */
#define TABLE_LOOK_FULL 16 /* when there is no place */

_Static_assert(!__builtin_offsetof(struct sg_ban, until), "table_sweep() reads it");

static __always_inline void table_sweep(void *map, void *queue, __u64 now, __u32 keys)
{
	struct sg_flow_key key;
	const __u64 *until;

	for (__u32 i = 0; i < keys; i++) {
		if (bpf_map_pop_elem(queue, &key))
			return;
		until = bpf_map_lookup_elem(map, &key);
		if (!until) /* taken away by hand */
			continue;
		if (*until <= now)
			bpf_map_delete_elem(map, &key);
		else
			bpf_map_push_elem(queue, &key, BPF_ANY);
	}
}

/* Adds a new entry. 0, or -errno: there is no place, or somebody else was faster. */
static __always_inline long table_add(void *map, void *queue, const struct sg_flow_key *key,
				      const void *value, __u64 now)
{
	long err;

	table_sweep(map, queue, now, TABLE_LOOK);
	err = bpf_map_update_elem(map, key, value, BPF_NOEXIST);
	if (err == -E2BIG) {
		table_sweep(map, queue, now, TABLE_LOOK_FULL);
		err = bpf_map_update_elem(map, key, value, BPF_NOEXIST);
	}
	if (!err)
		bpf_map_push_elem(queue, key, BPF_ANY);
	return err;
}

#endif
