/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whose packets were refused or watched, as far as events tell. The guard has no account that names
 * strangers; of each source and reason it tells once a second, with how many were like it, and of a
 * reason 50 times a second at most. So a rate is what was seen, at least: a flood from many
 * addresses hides some of its own, and those are counted as not named.
 */
#ifndef SIPGUARD_TALKERS_H
#define SIPGUARD_TALKERS_H

#include <signal.h>
#include <stdbool.h>
#include <time.h>

#include "base/error.h"
#include "events.h"
#include "top/rates.h"

#define SENDERS_MOST 1024
#define SENDERS_FORGET 60   /* s after the last event */
#define SENDER_REASONS 4
#define SENDER_MARKS 6      /* one a second for RATE_WINDOW of them */

/* How many there had been when an event told of them: between two of those the count is whole. */
struct mark {
	__u64 time;      /* ns; 0: free */
	__u64 packets;
};

struct talker_reason {
	int reason;      /* 0: free */
	int outcome;     /* of the last one: enum sg_outcome */
	__u64 packets;
	struct mark mark[SENDER_MARKS]; /* the last one first */
};

struct talker {
	struct sg_flow_key key;  /* an address; of IPv6 its /64 */
	struct sg_flow_key flow; /* its only flow; port 0 if events told of several */
	char zone[SG_ZONE_NAME];
	__u32 interface;         /* ifindex of the last one */
	__u64 packets;           /* since it is known here */
	__u64 last;              /* ns */
	struct talker_reason of[SENDER_REASONS]; /* most packets first */
};

struct talkers {
	struct talker *sender; /* SENDERS_MOST of them */
	size_t count;
	__u64 begun;           /* ns, when it began to listen */
	struct window unnamed; /* packets that belong to nobody here */
};

/* Times are ns of CLOCK_MONOTONIC. 0 or -ENOMEM. Freed by talkers_free(). */
int talkers_begin(struct talkers *senders, __u64 now);
void talkers_free(struct talkers *senders);

/*
 * One event; `zone` is copied. What our own host sends, and bans, belong to no sender. If there is
 * no room, who has not been heard of for longest is forgotten.
 */
void talkers_add(struct talkers *senders, const struct sg_event *event, const char *zone);

/* Whether somebody was told of with that reason already. */
bool talkers_know(const struct talkers *senders, const struct sg_event *event);

/* Forgets who has not been heard of for SENDERS_FORGET. */
void talkers_expire(struct talkers *senders, __u64 now);

/*
 * Packets a second: for each reason from the first event of the last RATE_WINDOW seconds to the
 * last one, or to now if that has been silent for longer than events leave out.
 */
double talker_rate(const struct talker *sender, __u64 now);

/*
 * Who is refused while somebody listens for some seconds, see refused.c. How many packets there are
 * is counted by the guard, and whole; whose they are is known from events.
 */

/* What one source sent that met one reason. */
struct refused_row {
	struct sg_flow_key who; /* a flow, or a source if events told of several of its flows */
	char zone[SG_ZONE_NAME];
	int reason;
	int outcome;            /* of the last one: enum sg_outcome */
	__u64 packets;          /* at least */
	__u64 last;             /* ns of CLOCK_MONOTONIC */
};

struct refused {
	double seconds;         /* that it has listened */
	int mode;               /* of the guard at the end: enum sg_mode */
	__u64 dropped, would_drop; /* packets, as the guard has counted them */
	__u64 named;            /* of both those whose sender events have named */
	struct refused_row *row; /* refused ones first, most packets first; then watched ones */
	size_t count;
};

/*
 * Rows of what was heard, and how many of the counted packets they have: `dropped` and `would_drop`
 * are set. 0 or -ENOMEM. Freed by refused_free().
 */
int refused_sort(const struct talkers *senders, struct refused *refused);

/* Whether what was refused was, or would be. */
bool refused_is(const struct refused_row *row);

/* `when`, ns of CLOCK_MONOTONIC, by the clock of the wall. */
struct timespec refused_time(__u64 when);

/*
 * Listens for so many seconds, or until *stop. 0, or -errno: -ENOTCONN if nothing is guarded, or is
 * any more; -EBUSY if too many follow the guard. To be freed also then.
 */
int refused_listen(__u64 seconds, const volatile sig_atomic_t *stop, struct refused *refused,
		   struct error *error);
void refused_free(struct refused *refused);

#endif
