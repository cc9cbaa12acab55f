/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which way a packet of a recording went. Both directions are in it, and a file does not tell them
 * apart; nor do the ports, where a peer sends from 5060, too.
 */
#ifndef SIPGUARD_SERVERS_H
#define SIPGUARD_SERVERS_H

#include "base/prefix.h"
#include "calibrate/table.h"
#include "policy/config.h"
#include "replay/endpoints.h"

enum direction {
	DIRECTION_OTHER, /* neither comes to a guarded port nor leaves from one */
	DIRECTION_IN,
	DIRECTION_OUT,
	DIRECTION_UNKNOWN, /* between two guarded ports, and nobody knows which of them is ours */
};

struct servers {
	struct table table; /* addresses of IP and of Ethernet, and what is known of each */
	struct table pairs; /* who has spoken with whom from a guarded port to another one */
	const struct sg_config *config;
	const struct prefix *named; /* by the operator: all of them, then */
	size_t named_count;
	__u64 guarded; /* packets to or from a guarded port */
};

/* 0 or -errno. All pointers stay with who gives them. */
int servers_init(struct servers *servers, const struct sg_config *config,
		 const struct prefix *named, size_t count, struct error *error);

/*
 * A packet of the recording, before any is asked for. What is sent from other ports to a guarded
 * one comes in, mostly: who gets most of that is the server. Where all send from guarded ports, as
 * phones of a local network do, it is who has most peers.
 */
void servers_vote(struct servers *servers, const struct frame *frame,
		  const struct endpoints *ends);
enum direction servers_direction(const struct servers *servers, const struct frame *frame,
				 const struct endpoints *ends);

void servers_free(struct servers *servers);

#endif
