/* SPDX-License-Identifier: GPL-2.0-only */
/* What `attach` knows of the interfaces that it was given. */
#ifndef SIPGUARD_ATTACH_H
#define SIPGUARD_ATTACH_H

#include "cmd/command.h"
#include "guard/egress.h"
#include "guard/hook.h"
#include "guard/loader.h"
#include "guard/session.h"
#include "guard/slots.h"
#include "kernel/device.h"
#include "policy/policy.h"

struct trial {
	__u64 until; /* ns of the guard's clock; 0: there was none */
	__u32 what;  /* enum sg_trial */
};

struct target {
	struct device device;
	struct place place;               /* of its link, which is there or to come */
	char pin[PLACE_PIN];
	const struct guard_link *running; /* it is guarded already */
	bool blind;                       /* nothing at egress sees what it sends */
	bool attached;                    /* `hooked` is set */
	struct hooked hooked;
};

struct attach {
	const struct options *options;
	struct session session;
	struct policy policy;     /* config NULL: the one in force stays */
	struct loader loader;
	struct device_set devices;
	struct slots slots;       /* of what is guarded, and will be */
	int reply[REPLY__MAX];    /* the programs for egress; -1: not needed */
	bool upgrade;             /* what is attached already gets this version's programs */
	struct target *target;
	int count;
	enum sg_trial trial;      /* with --for: what becomes of the guard then */
	bool on_trial;            /* trial_begin() has changed what is in `before` */
	struct trial before;
	struct error error;
};

/* The link of an interface of this namespace, whatever it is called now; NULL: none. */
const struct guard_link *link_of(const struct link_set *links, __u32 ifindex);

/* Whether a dead link goes when the target is attached: the interface is its like. */
bool is_replaced(const struct guard_link *link, const struct target *target);

/*
 * Looks whether the interface can be guarded, and where it will be counted. The argument may be an
 * alternative name. DONE, or how the command shall end, after saying why.
 */
enum exit_code target_make(struct attach *a, const char *argument, struct target *target);

/*
 * Whether some of the targets are guarded already. Also if the programs for egress are not pinned:
 * those that others use must not be without one.
 */
bool targets_upgrade(const struct attach *a);

/*
 * With --for, a guard that is running is on trial before anything of it changes, so that whoever
 * dies halfway leaves nothing that stays shut. 0 or -errno. trial_undo() puts back what was.
 */
int trial_begin(struct attach *a);
void trial_undo(struct attach *a);

/*
 * Upgrades what libxdp's dispatchers call, after all else: libxdp knows no journal. 0 or -errno,
 * and then some of them have this version's program, and some the older one.
 */
int targets_dispatch(struct attach *a);

/* At a target where nobody has listened yet there are calls that the guard does not know. */
void targets_listen(struct attach *a);

#endif
