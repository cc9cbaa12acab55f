/* SPDX-License-Identifier: GPL-2.0-only */
/* Chooses where the guard runs on an interface, and has it run there. */
#ifndef SIPGUARD_HOOK_H
#define SIPGUARD_HOOK_H

#include "guard/links.h"
#include "guard/loader.h"
#include "kernel/device.h"
#include "kernel/pins.h"

#define HOOK_WHY 160

/*
 * Whether the interface can be guarded in this mode at all: 0, or -errno. Looks at nothing but its
 * type.
 */
int hook_check(const struct device *device, enum xdp_mode mode, struct error *error);

/* Why tc and not XDP, in a few words, whatever its driver can do; NULL: no such reason. */
const char *hook_obstacle(const struct device *device);

/* What was attached, and is not guarded for good before its link is pinned. */
struct hooked {
	int link;           /* -1: by a filter of clsact, or called by a dispatcher */
	__u32 program_id;   /* of that; 0 if there is a link */
	char why[HOOK_WHY]; /* auto took tc, because of that; "" if it did not */
};

/*
 * Loads what is to judge the interface of `place`, and attaches it as `mode` asks. Fills in
 * place->judge. 0 or -errno.
 */
int hook_attach(const struct pins *pins, const struct loader *loader, const struct device *device,
		enum xdp_mode mode, struct place *place, struct hooked *hooked,
		struct error *error);

/*
 * Has the dispatcher of a link, which is DISPATCHED, call another program: the new one first, then
 * the older one is taken off. In between, less than a tenth of a second, both judge, so a packet is
 * charged twice. 0 or -errno; then the older one goes on.
 */
int hook_dispatch(const struct pins *pins, const struct loader *loader,
		  const struct guard_link *link, struct error *error);

#endif
