/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the guard knows of a source and one of its flows: asked by the program of why.bpf.c, which
 * looks it up by the functions that packets go by.
 */
#ifndef SIPGUARD_WHY_H
#define SIPGUARD_WHY_H

#include "abi.h"

struct sg_why {
	/* Of whom. */
	struct sg_flow_key flow; /* with a port: 0 of a source as a whole; the transport as well */
	__u32 slot;              /* at which interface, its place; SG_INTERFACES: at none */
	/* What is known. Times in ns of the guard's clock, 0: not so. */
	__u64 now;
	struct sg_listed listed; /* by the longest prefix */
	__u8 active;             /* the configuration in force */
	__u8 zone;
	__u8 profile;
	__u8 in_zone;            /* flag */
	__u8 proof;              /* enum sg_proof of the flow */
	__u8 reserved[3];
	__u64 proof_until;
	struct sg_ban source_ban;
	struct sg_ban flow_ban;
	__u64 source_tat[SG_LIMIT__MAX]; /* what it has spent: see gcra.h */
	__u64 flow_tat[SG_LIMIT__MAX];
	struct sg_lately lately;
};

#endif
