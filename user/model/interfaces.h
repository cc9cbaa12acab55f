/* SPDX-License-Identifier: GPL-2.0-only */
/* Each guarded interface: where the guard runs there, and whether it gets to see what comes in. */
#ifndef SIPGUARD_INTERFACES_H
#define SIPGUARD_INTERFACES_H

#include <net/if.h>

#include "guard/egress.h"
#include "guard/session.h"
#include "model/counters.h"

struct interface {
	char name[IF_NAMESIZE];
	__u32 ifindex;         /* now; 0 if it is gone */
	enum link_state state;
	enum xdp_mode mode;
	const char *hook;      /* "xdp" or "tc" */
	const char *obstacle;  /* why tc and not XDP, of an interface that is here; or NULL */
	enum egress replies;
	enum judge judge;
	__u32 program_id;
	__u64 seen;            /* packets since it was attached, as the guard has counted them */
	__u64 received;        /* and as the driver has; only if */
	bool comparable;       /* both counters are its own, and in sight */
	bool blind;            /* so the guard does not get to see what the driver receives */
	char twice[IF_NAMESIZE]; /* the interface that is charged for the same packets, or "" */
};

struct interfaces {
	struct interface *interface;
	size_t count;
};

extern const char *const link_state_names[];

/* XDP or tc; false of an interface that is gone, or is not guarded any more. */
bool interface_is_guarded(const struct interface *interface);

/* 0 or -errno. Freed by interfaces_free(). */
int interfaces_read(const struct session *session, const struct counters *counters,
		    struct interfaces *interfaces, struct error *error);
void interfaces_free(struct interfaces *interfaces);

#endif
