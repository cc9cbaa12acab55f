/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a configuration in the kernel names: the domains that the server serves, and the users who
 * have a limit of their own.
 */
#ifndef SIPGUARD_SERVED_H
#define SIPGUARD_SERVED_H

#include <stddef.h>

#include "kernel/maps.h"

struct served {
	__u32 list; /* see sg_profile.domains */
	struct sg_domain domain;
};

struct served_list {
	struct served *served; /* of all lists, in the order of the file */
	size_t count;
	struct sg_own_callee *callees; /* likewise */
	size_t callee_count;
};

/* Those of one of sg_configs. 0 with a list for served_free(), or -errno. */
int served_read(const struct maps *maps, __u32 which, struct served_list *list,
		struct error *error);
void served_free(struct served_list *list);

#endif
