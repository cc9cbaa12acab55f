/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whose packets were refused or watched, as far as events tell. The guard has no account that names
 * strangers; of each source and reason it tells once a second, with how many were like it, and of a
 * reason 50 times a second at most. So a rate is what was seen, at least: a flood from many
 * addresses hides some of its own, and those are counted as not named.
 */
#ifndef SIPGUARD_TALKERS_H
#define SIPGUARD_TALKERS_H

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

/* Forgets who has not been heard of for SENDERS_FORGET. */
void talkers_expire(struct talkers *senders, __u64 now);

/*
 * Packets a second: for each reason from the first event of the last RATE_WINDOW seconds to the
 * last one, or to now if that has been silent for longer than events leave out.
 */
double talker_rate(const struct talker *sender, __u64 now);

#endif
