/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every map and every constant that userspace sets. Who writes what:
 *
 *   map           written by              read by         life
 *   sg_state      userspace, mode and     every packet    pinned; outlives an upgrade
 *                 slot in single words;
 *                 packets: total_tat
 *   sg_configs    userspace, the slot     guarded packets pinned
 *                 not in force
 *   sg_zones      userspace, as above     if zones exist  pinned
 *   sg_lists4/6   userspace               if lists exist  pinned
 *   sg_bans       userspace               if bans exist   pinned
 *   sg_slots      packets                 packets         pinned
 *   sg_orphans    packets                 packets         pinned
 *   sg_fragments  packets                 packets         pinned
 *   sg_stats      packets                 userspace       pinned
 *   sg_reader     one packet              the same one    scratch
 *
 * Arrays that packets write are BPF_F_MMAPABLE for its side effect: their values begin on a page,
 * so a 64-byte slot is one cache line and not two.
 */
#ifndef SIPGUARD_MAPS_BPF_H
#define SIPGUARD_MAPS_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "abi.h"
#include "sip_reader.h"

/*
 * Nanoseconds of one jiffy of this kernel (1e9 / CONFIG_HZ). 0: the clock is sg_replay_clock. One
 * word for both, since the clock has to load the tick anyway: the verifier knows its value, and
 * takes the other way out of the program, which has no instruction more for it.
 */
const volatile __u64 sg_tick = 4000000;

/* ns, above 0, never going back: written by `sipguard replay` before each packet. */
volatile __u64 sg_replay_clock;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct sg_state);
} sg_state SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct sg_config);
} sg_configs SEC(".maps");

/* One trie of zone numbers for each slot of sg_configs. */
struct sg_zone_trie {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, SG_ZONE_ENTRIES);
	__type(key, struct sg_prefix6);
	__type(value, __u32);
};

struct sg_zone_trie sg_zones_0 SEC(".maps"), sg_zones_1 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct sg_zone_trie);
} sg_zones SEC(".maps") = {
	.values = {&sg_zones_0, &sg_zones_1},
};

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, SG_LIST_ENTRIES);
	__type(key, struct sg_prefix4);
	__type(value, __u32); /* enum sg_list */
} sg_lists4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, SG_LIST_ENTRIES);
	__type(key, struct sg_prefix6);
	__type(value, __u32); /* enum sg_list */
} sg_lists6 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SG_BANS);
	__type(key, struct sg_ban_key);
	__type(value, struct sg_ban);
} sg_bans SEC(".maps");

/* Limits of sources: two rows of SG_SLOT_ROW, see limits.bpf.h. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 2 * SG_SLOT_ROW);
	__type(key, __u32);
	__type(value, struct sg_slot);
} sg_slots SEC(".maps");

/* Limits of sources for orphan fragments: the same, one TAT a slot. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2 * SG_ORPHAN_ROW);
	__type(key, __u32);
	__type(value, __u64);
} sg_orphans SEC(".maps");

/* Verdicts of first fragments: two rows of SG_FRAGMENT_ROW, see fragment.bpf.h. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2 * SG_FRAGMENT_ROW);
	__type(key, __u32);
	__type(value, __u64);
} sg_fragments SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct sg_stats);
} sg_stats SEC(".maps");

/* A copy of the message that is read, and what is found in it. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct sip_reader);
} sg_reader SEC(".maps");

static __always_inline struct sg_state *map_state(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&sg_state, &zero);
}

static __always_inline struct sg_config *map_config(__u32 slot)
{
	return bpf_map_lookup_elem(&sg_configs, &slot);
}

static __always_inline struct sip_reader *map_reader(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&sg_reader, &zero);
}

static __always_inline struct sg_stats *map_stats(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&sg_stats, &zero);
}

#endif
