/* SPDX-License-Identifier: GPL-2.0-only */
/* The flows that have proven something, as userspace reads them. */
#ifndef SIPGUARD_PROVEN_H
#define SIPGUARD_PROVEN_H

#include <stddef.h>

#include "kernel/maps.h"

struct proven {
	struct sg_flow_key key;
	struct sg_proven proven;
};

struct proven_list {
	struct proven *flow; /* those whose time is not over at `now` */
	size_t count;
};

/* 0 with a list for proven_free(), or -errno. `now` in ns of the guard's clock. */
int proven_read(const struct maps *maps, __u64 now, struct proven_list *list, struct error *error);
void proven_free(struct proven_list *list);

/*
 * Flows of before, with who is registered over them unknown; what is there already stays; what
 * finds no place is left out and counted in *refused. 0 or -errno: then some are known.
 */
int proven_restore(struct maps *maps, const struct proven *flows, size_t count, __u64 now,
		   size_t *refused, struct error *error);

/* 0; -ENOENT: it is not proven; or -errno, unsaid. */
int proven_forget(const struct maps *maps, const struct sg_flow_key *key, __u64 now);

/* By address and port. */
void proven_sort(struct proven_list *list);

/* How many have proven as much, by enum sg_proof. */
void proven_count(const struct proven_list *list, size_t count[SG_PROOF__MAX]);

#endif
