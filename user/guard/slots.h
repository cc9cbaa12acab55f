/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which interface has which place among the counters ("slot"), since by that a packet's program
 * knows where the packet came in, and the configuration names interfaces.
 */
#ifndef SIPGUARD_SLOTS_H
#define SIPGUARD_SLOTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "guard/links.h"
#include "kernel/maps.h"

#define SLOTS_MOST (4 * SG_INTERFACES) /* what is beyond is at no interface that a zone can name */

struct slot {
	__u32 number;
	__u32 ifindex;
	char name[IF_NAMESIZE]; /* as it is called now; elsewhere, as when it was attached */
	bool native;            /* and in this network namespace */
	bool elsewhere;
};

struct slots {
	struct slot slot[SLOTS_MOST];
	size_t count;
};

/* Those of all interfaces that are guarded. */
void slots_of_links(struct slots *slots, const struct link_set *links);
/*
 * What an interface in another network namespace is called now nobody tells from here: it keeps the
 * name by which it was known to the configuration in force.
 */
void slots_recall(struct slots *slots, const struct sg_places *places);
void slots_add(struct slots *slots, __u32 number, __u32 ifindex, const char *name, bool native);

/*
 * Writes into a configuration which slot is which of the interfaces that its zones name. Who shares
 * a slot is at none of them.
 */
void slots_write(const struct slots *slots, struct sg_places *places);

/* Of the configuration in force. */
static inline struct sg_places *places_in_force(const struct maps *maps)
{
	return &maps->configs[maps->state->active & 1].places;
}

/* Tells the kernel, also for the configuration in force. 0 or -errno. */
int slots_settle(const struct slots *slots, struct maps *maps, struct error *error);

/*
 * What zones name and nothing can be of. Goes on from *next, 0 at first; true with a sentence,
 * without a stop, in `text`, false if there is nothing more.
 */
bool slots_doubt(const struct slots *slots, const struct sg_config *config, size_t *next,
		 char *text, size_t size);

#endif
