/* SPDX-License-Identifier: GPL-2.0-only */
/* What `status` and `stats` tell of each guarded interface. */
#ifndef SIPGUARD_INTERFACES_H
#define SIPGUARD_INTERFACES_H

#include <net/if.h>

#include <jansson.h>

#include "guard/session.h"

/* NULL with an error. `stats` are the counters as they are now. */
json_t *interfaces_json(const struct session *session, const struct sg_stats *stats,
			struct error *error);
void interfaces_print(json_t *interfaces);

/* The interface whose packets are counted in a slot; of the last slot there may be several. */
struct counted {
	char name[IF_NAMESIZE]; /* "" if there is none */
	__u32 ifindex;
	__u64 before;           /* what was counted there before it was attached */
};

void interfaces_counted(const struct session *session, struct counted counted[SG_INTERFACES]);

#endif
