/* SPDX-License-Identifier: GPL-2.0-only */
/* Whose a packet is: its flow, and all flows of its source together, as keys and as hashes. */
#ifndef SIPGUARD_FLOW_BPF_H
#define SIPGUARD_FLOW_BPF_H

#include "maps.bpf.h"

static __always_inline struct sg_flow_key flow_key(const struct packet *p)
{
	struct sg_flow_key key = {
		.port = p->source_port,
		.transport = p->transport,
		.family = p->family,
	};

	__builtin_memcpy(key.address, p->address, sizeof(key.address));
	return key;
}

/* The key of all flows of a source together. */
static __always_inline struct sg_flow_key source_key(const struct packet *p)
{
	return sg_source_key(p->family, p->address32);
}

/* The hash of a packet's flow, which it keeps as p->flow. */
static __always_inline __u64 flow_hash(const struct packet *p)
{
	return sg_flow_hash(p->source, sg_host(p->address32), p->source_port, p->transport,
			    sg_state.secret);
}

/* The same of all flows of its source together. */
static __always_inline __u64 source_hash(const struct packet *p)
{
	return sg_source_hash(p->source, sg_state.secret);
}

#endif
