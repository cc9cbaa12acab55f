/* SPDX-License-Identifier: GPL-2.0-only */
/* The guard's maps, for the fixture's own files. */
#ifndef SIPGUARD_TEST_MAPS_H
#define SIPGUARD_TEST_MAPS_H

struct maps {
	struct bpf_object *state; /* programs that write them, see state.h */
	struct sg_buckets *src_buckets;    /* these are mapped */
	struct sg_buckets *flow_buckets;
	struct sg_offences *offences;
	struct sg_asked *askers;
	struct sg_registered_line *registered;
	struct sg_transactions *transactions;
	struct sg_attempts *attempts;
	struct sg_streams *streams;
	struct sg_head *heads;
	struct sg_proven_line *proven;
	struct sg_follower *followers;
	struct sg_told *told;
	struct sg_lately *lately;
	int lists4, lists6, bans, zones[2], domains, callees, dialled, stats, connections;
	int slots, identities, rings, figures;
};

extern struct maps maps;

/* The number of a source, see sg_source4(). */
__u64 source_of(const char *address);

#endif
