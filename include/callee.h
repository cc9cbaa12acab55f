/* SPDX-License-Identifier: GPL-2.0-only */
/* Users who have a limit of their own: a part of abi.h, whose version changes with it. */
#ifndef SIPGUARD_INCLUDE_CALLEE_H
#define SIPGUARD_INCLUDE_CALLEE_H

#include <linux/types.h>

#include "gcra.h"
#include "numbers.h"

#define SG_OWN_CALLEES 1024   /* of a configuration */
#define SG_CALLEE_MOST 64     /* characters of a user that are compared */
#define SG_CALLEE_TEXT 72     /* with the closing NUL */
#define SG_CALLEE_WINDOW 3600 /* s: with it and the largest burst a TAT stays below 2^62 ns */

struct sg_callee_key {
	__u64 hash;   /* sg_callee_hash() */
	__u64 config; /* which of sg_configs has the user */
};

struct sg_own_callee {
	struct sg_limit limit; /* rate: calls in `window`; all 0: there is none */
	__u32 window;          /* s */
	/* For who shows it. */
	__u32 order;           /* place in the list */
	char text[SG_CALLEE_TEXT];
	/*
	 * Written by packets: of each zone, of its proven flows behind that. Not in a table that
	 * others share: a limit of few calls in an hour would be theirs for as long.
	 */
	__u64 tat[2 * SG_ZONES];
};

/*
 * What callee_hash() gives for a user in a message. The secret keeps others from aiming at one.
 * Users who meet whatever it is differ by characters beyond ASCII: a call to such a one is charged
 * to him whom the caller could as well have called.
 */
static inline __u64 sg_callee_hash(const char *user, __u64 secret)
{
	__u64 hash = secret, length = __builtin_strlen(user), word;

	for (__u64 at = 0; at < length; at += 8) {
		word = 0;
		__builtin_memcpy(&word, user + at, length - at < 8 ? length - at : 8);
		hash = (hash ^ word) * 0x9e3779b97f4a7c15ULL;
		hash ^= hash >> 29;
	}
	hash = (hash ^ length) * 0x9e3779b97f4a7c15ULL;
	return (hash ^ hash >> 29) | 1;
}

_Static_assert(SG_CALLEE_TEXT > SG_CALLEE_MOST, "room for the NUL");
_Static_assert(SG_CALLEE_WINDOW * SG_NSEC_PER_SEC * SG_BURST_MAX < 1ULL << 62, "no overflow");
_Static_assert(sizeof(struct sg_callee_key) == 16, "no gap, which would be a part of the key");

#endif
