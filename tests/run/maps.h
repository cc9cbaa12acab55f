/* SPDX-License-Identifier: GPL-2.0-only */
/* File descriptors of the maps, for the fixture's own files. */
#ifndef SIPGUARD_TEST_MAPS_H
#define SIPGUARD_TEST_MAPS_H

struct maps {
	struct sg_seen *greylist;
	struct sg_transactions *transactions;
	struct sg_streams *streams;
	int lists4, lists6, bans, zones[2], fragments, stats, proven, hints, connections;
};

extern struct maps maps;

#endif
