/* SPDX-License-Identifier: GPL-2.0-only */
/* `sipguard upstream`: looks at the link, and has a BGP speaker announce what relieves it. */
#ifndef SIPGUARD_UPSTREAM_RUN_H
#define SIPGUARD_UPSTREAM_RUN_H

#include "upstream/plan.h"
#include "announce/settings.h"

/* Something was announced or withdrawn, or would have been, and why. */
struct upstream_event {
	const struct plan_step *step;
	bool dry_run;
	const char *interface;
	__u64 bits, packets; /* a second, on the wire */
	__u64 speed;         /* bits a second; 0: not known */
	unsigned int lost, refused; /* percent: of the packets no room, of the bytes refused */
	unsigned int share;  /* percent of what is refused at this port that the rule covers */
	size_t spared;       /* rules that let customers through beside it */
	size_t unspared;     /* customers for whom there was no room */
};

typedef void (*upstream_each)(void *context, const struct upstream_event *event);

/*
 * Until a signal ends it; what is announced is withdrawn then. `settings` are settled and stay.
 * 0 or -errno.
 */
int upstream_run(const struct upstream *settings, upstream_each each, void *context,
		 struct error *error);

#endif
