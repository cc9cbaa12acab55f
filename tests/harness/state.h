/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the guard shall know already, written into its maps by its own code: the programs of
 * state.bpf.c. So no test repeats where the guard keeps something, and how.
 */
#ifndef SIPGUARD_TEST_STATE_H
#define SIPGUARD_TEST_STATE_H

#include "abi.h"

/* What the programs are told. */
struct state_request {
	struct sg_flow_key key; /* of a flow, or a source */
	__u32 number;           /* enum sg_proof, sg_offence or sg_limit_id */
	__u32 row;              /* of the limit table */
	__u32 reserved;
	__u64 hash;             /* sg_flow_hash() of the flow; sg_source4() or sg_source6() */
	__u64 time, until;      /* ns of the guard's clock */
};

struct bpf_object;

/* Opens the programs, on the maps of a guard that is loaded; to be loaded. NULL with errno set. */
struct bpf_object *state_open(const struct bpf_object *guard);
/* Runs one. What it returns, 0 or more, or -errno. */
int state_run(const struct bpf_object *state, const char *program,
	      const struct state_request *request);

#endif
