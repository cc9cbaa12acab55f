/* SPDX-License-Identifier: GPL-2.0-only */
/* A policy that is tried on live packets: how its shadow begins, and what it has seen. */
#ifndef SIPGUARD_DIFFERENCES_H
#define SIPGUARD_DIFFERENCES_H

#include "guard/session.h"
#include "guard/shadow.h"
#include "guard/slots.h"
#include "policy/policy.h"
#include "shadowed.h"

/* A number for all that a configuration says to the kernel. Before slots_write(). */
__u64 shadow_digest(const struct config *config);

/*
 * Puts a configuration beside the one in force, in place of the shadow before it, at all interfaces
 * that are guarded. `digest` is that of it. How many there are, or -errno: then none has begun, and
 * if the kernel refused its program, the one before it goes on.
 */
int shadow_begin(struct session *session, const struct policy *policy, __u64 digest,
		 struct error *error);

struct shadow_difference {
	struct sg_shadow_source source;
	struct sg_shadow_seen seen;
};

/* What a shadow has seen by now. Read at one moment, and printed without a map. */
struct differences {
	struct shadow_note note;
	struct sg_config *config;          /* of the shadow: names of its zones */
	__u64 now;                         /* ns of the guard's clock */
	struct sg_shadow_stats stats;      /* of all CPUs */
	struct shadow_difference *sources; /* those with the most packets first */
	size_t source_count;
	struct sg_shadow_example *examples;
	size_t example_count;
	char interface[SLOTS_MOST][IF_NAMESIZE]; /* where it judges */
	size_t interfaces;
};

/* 0; -ENOENT, unsaid: there is no shadow; or -errno. Freed by differences_free(). */
int differences_read(const struct session *session, struct differences *d, struct error *error);
void differences_free(struct differences *d);

#endif
