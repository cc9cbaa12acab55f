/* SPDX-License-Identifier: GPL-2.0-only */
/* Who is registered through which zone: whom the operator has added, and how many are learned. */
#ifndef SIPGUARD_IDENTITIES_H
#define SIPGUARD_IDENTITIES_H

#include <stddef.h>

#include "base/identity.h"
#include "kernel/maps.h"

struct identity {
	__u64 key;
	struct sg_identity added;
};

struct identity_list {
	struct identity *identity; /* by their texts */
	size_t count;
};

/* Those that live, at `now` of the guard's clock. 0 and a list for identities_free(), or -errno. */
int identities_read(const struct maps *maps, __u64 now, struct identity_list *list,
		    struct error *error);
void identities_free(struct identity_list *list);

/*
 * Adds all of them or, if there is no room, none: registered through a zone, by its id, until a
 * time. One that is there already gets the new zone and time. What has ended is removed. -errno.
 */
int identities_add(const struct maps *maps, const struct identity_text *texts, size_t count,
		   __u32 zone, __u64 now, __u64 until, struct error *error);

/* Takes off all of them or, if one is not there, none. 0 or -errno. */
int identities_del(const struct maps *maps, const struct identity_text *texts, size_t count,
		   struct error *error);

/*
 * How many the guard has learned from the server's replies and that live, by the zones of a
 * configuration; in the last place those of zones that it does not have any more. 0 or -errno.
 */
int identities_learned(const struct maps *maps, const struct sg_config *config, __u64 now,
		       size_t count[SG_ZONES + 1], struct error *error);

/* The zone of an id; SG_ZONES: the configuration has none. */
__u32 identities_zone(const struct sg_config *config, __u32 id);

#endif
