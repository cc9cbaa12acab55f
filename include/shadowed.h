/* SPDX-License-Identifier: GPL-2.0-only */
/* What a shadow policy counts: packets that it and the configuration in force do not agree on. */
#ifndef SIPGUARD_SHADOWED_H
#define SIPGUARD_SHADOWED_H

#include <linux/types.h>

#include "abi.h"

/*
 * The tables that a shadow has of its own, since what is in them follows from its configuration.
 * All others are the guard's, which it only reads: the test that shows it to the verifier
 * (tests/kernels/verify.c) makes those read-only.
 */
#define SG_SHADOW_OWN(X)                                                                          \
	X(sg_configs)                                                                             \
	X(sg_spent)                                                                               \
	X(sg_zones)                                                                               \
	X(sg_domains)                                                                             \
	X(sg_own_callees)                                                                         \
	X(sg_dialled)                                                                             \
	X(sg_src_buckets)                                                                         \
	X(sg_flow_buckets)                                                                        \
	X(sg_orphans)                                                                             \
	X(sg_fragments)                                                                           \
	X(sg_greylist)                                                                            \
	X(sg_returned)                                                                            \
	X(sg_walks)                                                                               \
	X(sg_dial_calls)                                                                          \
	X(sg_callees)                                                                             \
	X(sg_strays)                                                                              \
	X(sg_syn_buckets)                                                                         \
	X(sg_segments)                                                                            \
	X(sg_guards)                                                                              \
	X(sg_stream_new)

#define SG_SHADOW_SOURCES 8192
#define SG_SHADOW_EXAMPLES 2  /* of each way and reason */
#define SG_SHADOW_TEXT 256 /* a power of two */

/* Who drops: the reason is that of the one who does. */
enum sg_shadow_way {
	SG_SHADOW_DROPS,  /* the shadow would, and it passes now */
	SG_SHADOW_PASSES, /* in the shadow it would pass, and it is dropped now */
	SG_SHADOW_WAYS
};

/* Of each CPU. */
struct sg_shadow_stats {
	__u64 judged;
	__u64 full; /* differences of sources that found no place in the table of sources */
	struct sg_counter of[SG_SHADOW_WAYS][SG_REASON__MAX];
};

struct sg_shadow_source {
	__u32 address[4]; /* as in struct sg_flow_key */
	__u8 family;
	__u8 way;
	__u8 reason;
	__u8 zone;        /* of the shadow's configuration */
};

/* Of such a source. Each CPU adds to it as it comes: a few may be lost. */
struct sg_shadow_seen {
	__u64 packets;
	__u64 first; /* ns of the guard's clock */
	__u64 last;
};

/* A packet of which there is one: the first of its way and reason. */
struct sg_shadow_example {
	__u32 taken;  /* 0: free; 1: it is being written; 2: whole */
	__u16 length; /* of its text */
	__u16 port;   /* of the source, network order */
	__u8 transport;
	__u8 reserved[7];
	__u64 time;
	struct sg_shadow_source source;
	__u8 text[SG_SHADOW_TEXT];
};

#define SG_SHADOW_PLACES (SG_SHADOW_WAYS * SG_REASON__MAX * SG_SHADOW_EXAMPLES)

#endif
