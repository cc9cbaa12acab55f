/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tables whose entries each have one of two places, which begins with the hash of whose it is: of
 * offences, of who asks, of who calls. If both are taken, the table says which of them makes room.
 */
#ifndef SIPGUARD_PAIR_BPF_H
#define SIPGUARD_PAIR_BPF_H

#include "maps.bpf.h"

struct pair {
	void *first; /* NULL, either of them, only if the map is missing */
	void *second;
};

/* The two places of `who` in a table of `size` entries, a power of two. */
static __always_inline struct pair pair_of(void *map, __u64 who, __u32 size)
{
	__u32 first = who >> 12 & (size - 1), second = who >> 40 & (size - 1);

	return (struct pair){
		bpf_map_lookup_elem(map, &first), bpf_map_lookup_elem(map, &second),
	};
}

/* The entry of `who`, NULL if he has none. */
static __always_inline void *pair_find(struct pair pair, __u64 who)
{
	if (pair.first && *(const __u64 *)pair.first == who)
		return pair.first;
	return pair.second && *(const __u64 *)pair.second == who ? pair.second : NULL;
}

#endif
