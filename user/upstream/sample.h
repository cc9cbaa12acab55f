/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The packets that the guard has refused lately, as far as they were looked at, and what they say:
 * which of our addresses and ports gets most of them, and whether one prefix sends nearly all of
 * that. Whoever sends a packet chooses its source, so a prefix is named only if `spares` holds
 * nobody of it.
 */
#ifndef SIPGUARD_UPSTREAM_SAMPLE_H
#define SIPGUARD_UPSTREAM_SAMPLE_H

#include "announce/rule.h"
#include "upstream/spares.h"

#define SAMPLE_PACKETS 4096 /* the last ones; a power of two */
#define SAMPLE_LEAST 24     /* with fewer nothing is said */
#define SAMPLE_STANDS_OUT 80 /* percent of the bytes to a port: so much is of one prefix */

struct sampled {
	struct rule flow; /* whose source is one address */
	__u64 time;       /* ns */
	__u32 bytes;
};

struct sample {
	struct sampled packet[SAMPLE_PACKETS];
	size_t next, count;
};

/* What is found: `rule` has no action yet. */
struct finding {
	struct rule rule;
	unsigned int share;   /* percent of the bytes to this port: so much the rule covers */
	unsigned int packets; /* that were looked at */
};

void sample_add(struct sample *sample, const struct sampled *packet);

/*
 * Of the packets since `since` (ns) to destinations that one of `ours` is. False: too few were
 * seen, or none was for us. If no prefix stands out, or the one that does is spared, the finding is
 * for all senders.
 */
bool sample_find(const struct sample *sample, __u64 since, const struct prefix *ours, size_t count,
		 const struct spares *spares, struct finding *finding);

/* Bytes since then that a rule covers. */
__u64 sample_bytes(const struct sample *sample, __u64 since, const struct rule *rule);

#endif
