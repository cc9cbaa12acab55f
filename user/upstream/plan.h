/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is to be announced and withdrawn, and when: decided from how full the link is and what was
 * found of the flood. No clock and no file of its own.
 *
 *   link full -> rule -> still full, something else found -> next rule -> ... -> RTBH, if allowed
 *
 * A rule that limits lets enough through to see whether the flood goes on: it stays as long as that
 * comes, and `hold` longer. One that drops all shows a quiet link whatever happens behind the
 * router: it is withdrawn after `hold`, and if the link is full again at once, it comes back for
 * twice as long. No rule stays longer than `longest`; after that it needs a cause again.
 */
#ifndef SIPGUARD_UPSTREAM_PLAN_H
#define SIPGUARD_UPSTREAM_PLAN_H

#include "announce/settings.h"

#define PLAN_MOST UPSTREAM_RULES
#define PLAN_PAST (2 * PLAN_MOST)
#define PLAN_SETTLE_NS 2000000000ULL    /* so long a rule may take to show what it does */
#define PLAN_BLACKHOLE_NS 10000000000ULL /* so long rules were tried before an address goes dark */

enum plan_why {
	WHY_FULL,    /* announced: the link is full */
	WHY_OVER,    /* withdrawn: its time is over, and nothing of the flood was seen */
	WHY_LONGEST, /* withdrawn: no rule stays longer */
	WHY_END,     /* withdrawn: this process ends */
	WHY_LEFT,    /* withdrawn: a process before this one has left it */
	WHY__MAX
};

struct plan_limits {
	__u64 hold, longest; /* ns */
	size_t most;         /* rules at a time, up to PLAN_MOST */
	struct prefix blackhole; /* our address that may go dark; family 0: none */
};

struct planned {
	struct rule rule;
	__u64 since, until; /* ns: when it was announced, and until when it stays */
	__u64 hold;
};

struct past {
	struct rule rule;
	__u64 ended, hold;
};

struct plan {
	struct planned planned[PLAN_MOST];
	size_t count;
	struct past past[PLAN_PAST];
	size_t pasts; /* how many there ever were */
	__u64 last;   /* when one was announced */
};

struct plan_step {
	bool announce; /* else withdraw */
	enum plan_why why;
	struct rule rule;
	__u64 seconds; /* to be announced for so long; or was there for so long */
};

/*
 * The next step, and notes that it is done; false: there is none. `full`: of the link. `found`: the
 * rule with its action that would help, or NULL. To be called until there is none.
 */
bool plan_next(struct plan *plan, const struct plan_limits *limits, __u64 now, bool full,
	       const struct rule *found, struct plan_step *step);

/* Packets that rule `i` lets through although they are refused show that the flood goes on. */
void plan_seen(struct plan *plan, size_t i, __u64 now);

/* Withdraws what there is, one at each call; false: there is none left. */
bool plan_end(struct plan *plan, __u64 now, struct plan_step *step);

/* Whether a rule for the same packets is announced. */
bool plan_has(const struct plan *plan, const struct rule *rule);

#endif
