/* SPDX-License-Identifier: GPL-2.0-only */
/* What the short programs do with a packet: count that they saw it, see short_guard.bpf.c. */
#ifndef SIPGUARD_SHORT_BPF_H
#define SIPGUARD_SHORT_BPF_H

#include <stdbool.h>

#include "maps.bpf.h"

static __always_inline bool short_count(void)
{
	struct sg_stats *stats = map_stats();

	if (!stats)
		return false;
	stats->unguarded[sg_interface].packets++;
	return true;
}

#endif
