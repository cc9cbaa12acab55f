/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Connections of TCP, as a program at a tracepoint of the kernel counts them. It is pinned as the
 * link "connections", and beside it as "connections_all" the iterator that looks at all sockets of
 * a network namespace when it is read. Without them, as on a kernel without BTF, the guard works
 * all the same: only live connections have no limit then.
 *
 * A newer program is attached before the older one ends: both know by the same map which sockets
 * are counted already.
 */
#ifndef SIPGUARD_CONNECTIONS_H
#define SIPGUARD_CONNECTIONS_H

#include "kernel/maps.h"
#include "kernel/pins.h"

enum connection_link {
	CONNECTION_LINK_COUNT,
	CONNECTION_LINK_ALL,
	CONNECTION_LINK__MAX
};

extern const char *const connection_link_names[CONNECTION_LINK__MAX];

struct connections {
	struct sg_flow_key source;
	__u32 live;
	__u32 opening; /* SYNs that were let in a few seconds ago, and led to none yet */
	__u32 silent;  /* of the live ones: that have sent nothing in their time */
};

struct connection_list {
	struct connections *source;
	size_t count;
};

bool connections_are_counted(const struct pins *pins);

/* Has the sockets of this network namespace counted, or gives notice that they are not. */
void connections_add_namespace(const struct maps *maps);

/*
 * Looks at all sockets of this network namespace: counts connections that are older than the guard,
 * and the event of those that have sent nothing in their time. What goes wrong is not said.
 */
void connections_look(const struct pins *pins);

/* The same, and all sources that have any, the most first. 0 or -errno. */
int connections_read(const struct pins *pins, const struct maps *maps, struct connection_list *list,
		     struct error *error);
void connections_free(struct connection_list *list);

#endif
