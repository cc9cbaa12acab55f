/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For which reasons a source was dropped lately, for who asks afterwards. Sources that have a zone
 * or a proof have a half of the table for themselves, so no flood of strangers makes the guard
 * forget why it has dropped a customer; of strangers the newest is known.
 *
 * A flood pays for few of its packets: in one tick of the clock a CPU notes the first ones, and of
 * the others one in LATELY_SAMPLE, or LATELY_SPARSE when they are many, which then counts for as
 * many. (The line of another source comes from memory: of one in 16, two CPUs spent 7 ns a packet.)
 */
#ifndef SIPGUARD_LATELY_BPF_H
#define SIPGUARD_LATELY_BPF_H

#include "maps.bpf.h"
#include "state/proven.bpf.h"

#define LATELY_ALL 8     /* packets of a tick */
#define LATELY_SAMPLE 16 /* powers of two */
#define LATELY_SPARSE 128
#define LATELY_MANY 1024 /* packets of a tick */

/* How many packets this one stands for; 0: it is not noted, and pays for no call. */
static __always_inline __u32 lately_weight(struct guard *g)
{
	__u32 tick = g->now >> 20; /* about a millisecond */
	__u32 sample;

	if (g->lately_tick != tick) {
		g->lately_tick = tick;
		g->lately_count = 0;
	}
	if (++g->lately_count <= LATELY_ALL)
		return 1;
	sample = g->lately_count <= LATELY_MANY ? LATELY_SAMPLE : LATELY_SPARSE;
	return g->lately_count & (sample - 1) ? 0 : sample;
}

static __always_inline struct sg_lately *lately_entry(__u64 hash, bool known)
{
	__u32 at = (hash & (SG_LATELY / 2 - 1)) | (known ? SG_LATELY / 2 : 0);

	return bpf_map_lookup_elem(&sg_lately, &at);
}

/* The entry of a source, if it is one that is known, or if it is not; or NULL. */
static __always_inline const struct sg_lately *lately_find(__u64 hash, bool known)
{
	const struct sg_lately *entry = lately_entry(hash, known);

	return entry && entry->tag == (hash | 1) ? entry : NULL;
}

static __always_inline void lately_add(struct sg_lately *entry, const struct guard *g, __u32 reason,
				       __u32 outcome, __u32 packets)
{
	__u32 seconds = sg_since(g->now);
	__u32 least = 0;

	for (__u32 i = 0; i < SG_LATELY_REASONS; i++) {
		struct sg_lately_reason *r = &entry->of[i];

		if (r->packets && r->reason == reason && r->outcome == outcome) {
			r->packets += packets;
			r->last = seconds;
			r->limit = g->flow_limit;
			return;
		}
		if (!r->packets || (entry->of[least].packets && r->last < entry->of[least].last))
			least = i;
	}
	least &= SG_LATELY_REASONS - 1;
	entry->of[least] = (struct sg_lately_reason){
		.packets = packets, .last = seconds, .reason = reason, .outcome = outcome,
		.limit = g->flow_limit,
	};
}

/*
 * So many packets have a reason. Global, as all that only such packets need. Two CPUs that note one
 * source at once may lose one of its packets.
 */
__noinline int lately_note(const struct guard *g, __u32 reason, __u32 outcome, __u32 packets)
{
	struct sg_lately *entry;
	__u64 hash;

	if (!g)
		return 0;
	hash = sg_source_hash(g->p.source, sg_state.secret);
	entry = lately_entry(hash, g->in_zone || proof_counts(g->proof));
	if (!entry)
		return 0;
	if (entry->tag != (hash | 1)) {
		__builtin_memset(entry, 0, sizeof(*entry));
		entry->tag = hash | 1;
	}
	lately_add(entry, g, reason, outcome, packets);
	return 0;
}

#endif
