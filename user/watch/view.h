/* SPDX-License-Identifier: GPL-2.0-only */
/* What `watch` shows, as it was read at one moment, or why nothing could be read. */
#ifndef SIPGUARD_VIEW_H
#define SIPGUARD_VIEW_H

#include "base/error.h"
#include "guard/connections.h"
#include "model/bans.h"
#include "model/snapshot.h"

struct view {
	struct snapshot *snapshot; /* NULL: the guard could not be read, error says why */
	struct ban_list bans;
	struct connection_list connections;
	__u64 now;                 /* ns of the guard's clock */
	double taken;              /* seconds since 1970 */
	double seconds;            /* that the reading took */
	struct error error;        /* code -ENOTCONN: no interface is guarded */
};

/* What `watch` has done itself, since it began. Each number is written by one thread. */
struct self {
	__u64 readings;       /* of the guard */
	__u64 failures;       /* of those: it could not be read, though it may be there */
	__u64 answers[6];     /* of HTTP, by the first digit of their status; 0: none was made */
	__u64 evicted;        /* connections that made room for newer ones */
	__u64 late;           /* and those that were closed because they took too long */
	bool hep;             /* packets go to a collector: */
	__u64 hep_sent;       /* so many, */
	__u64 hep_refused;    /* of which so many were refused */
	__u64 hep_lost;       /* and these found no room on their way, or nobody who takes them */
};

/*
 * Opens the guard anew, so it may have been detached, attached and upgraded since the last time.
 * Freed by view_free(), whatever came of it. Takes as long as `status` does.
 */
void view_take(struct view *view);

/* The same of a session that was begun for it: 0 or -errno, which is in view->error, too. */
int view_take_of(const struct session *session, struct view *view);
void view_free(struct view *view);

#endif
