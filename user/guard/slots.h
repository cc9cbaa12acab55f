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
	bool native;
};

struct slots {
	struct slot slot[SLOTS_MOST];
	size_t count;
};

/* Those of all interfaces that are guarded. */
void slots_of_links(struct slots *slots, const struct link_set *links);
void slots_add(struct slots *slots, __u32 number, __u32 ifindex, const char *name, bool native);

/*
 * Writes into a configuration which slot is which of the interfaces that its zones name. Who shares
 * a slot is at none of them.
 */
void slots_write(const struct slots *slots, struct sg_places *places);

/* Tells the kernel, also for the configuration in force. 0 or -errno. */
int slots_settle(const struct slots *slots, struct maps *maps, struct error *error);

/* Gives notice of what zones name and nothing comes from. */
void slots_doubt(const struct slots *slots, const struct sg_places *places);

#endif
