/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What was told in the fleet of flows: until when, as the stream has it, and when this host has
 * told it last. So nothing is told twice, and what the stream lost or never got is told again.
 *
 * A flow is known by a hash of 64 bits with a secret: no sender can have two of them meet.
 */
#ifndef SIPGUARD_FLEET_LEDGER_H
#define SIPGUARD_FLEET_LEDGER_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/types.h>

#define LEDGER_MOST (1 << 21) /* entries: 32 MB, which no host that holds 64 MB of proofs minds */
#define LEDGER_AGAIN 12       /* s: what was told and is not in the stream by then, is told again */
#define LEDGER_WINDOW 1800    /* s that it is known to be in the stream: half of what that keeps */
#define LEDGER_SLACK 2        /* s by which two ends may differ and be the same */

struct ledger_line {
	__u64 who;  /* 0: free */
	__u32 end;  /* s since 1970; that the stream has; 0: it has none */
	__u16 told; /* when it was read from the stream or sent there: see ledger_time() */
	__u16 member; /* who has told it: a place in struct members; 0: this host */
};

struct ledger {
	struct ledger_line *line;
	size_t room;    /* a power of two, or 0 */
	size_t count;
};

/* A time in s as the lines have it: in units of 4 s, of the last three days. */
static inline __u16 ledger_time(__u32 seconds)
{
	return seconds >> 2;
}

/* NULL: nothing was told of it. Good until the next call that changes the ledger. */
struct ledger_line *ledger_find(const struct ledger *ledger, __u64 who);

/* Likewise, and makes it. NULL: there is no room or no memory. */
struct ledger_line *ledger_put(struct ledger *ledger, __u64 who, __u32 now);

/*
 * Whether this host has to tell that something ends at `end`: the stream has an end that is sooner
 * by more than `slack` s, or none; or has had it from here for so long that it may forget it; or,
 * of what this host knows by itself (`own`), has it from others only. Never if it was told just
 * now.
 */
bool ledger_wants(const struct ledger *ledger, __u64 who, __u32 end, __u32 now, __u32 slack,
		  bool own);

/* Forgets what is over at `now`, and counts what is left of each member in live[]. */
void ledger_prune(struct ledger *ledger, __u32 now, __u32 *live, size_t members);
void ledger_free(struct ledger *ledger);

#endif
