/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who is called: users who have a limit of their own, and dialled prefixes that are watched. A part
 * of abi.h, whose version changes with it.
 */
#ifndef SIPGUARD_INCLUDE_CALLED_H
#define SIPGUARD_INCLUDE_CALLED_H

#include <linux/types.h>

#include "gcra.h"
#include "numbers.h"

/* --- users --- */

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

/* --- dialled prefixes --- */

#define SG_DIALLED 1024    /* prefixes of a configuration */
#define SG_DIALLED_MOST 10 /* digits of one: what is left of 16 behind a line and an exit code */
#define SG_DIALLED_HEAD 16 /* digits of a number that are looked at */
#define SG_EXITS 16        /* exit codes */
#define SG_EXIT_LEAST 2    /* digits of one */
#define SG_EXIT_MOST 5

/* A digit that gets an outside line from many exchanges may stand before an exit code. */
#define SG_OUTSIDE_LINES "089"

/* In the trie: of two configurations, each exit code alone and behind an outside line. */
#define SG_DIALLED_ENTRIES (2 * (SG_DIALLED + SG_EXITS * sizeof(SG_OUTSIDE_LINES)))

enum sg_dialled_kind {
	SG_DIALLED_EXIT,          /* what is dialled for a +; the value in the trie: its digits */
	SG_DIALLED_INTERNATIONAL, /* of a number behind its + */
	SG_DIALLED_AS_IS,         /* of a number as it is dialled */
};

/* The first `count` digits of numbers: four bits each, the first one highest. */
struct sg_dialled {
	__u64 digits;
	__u32 count;
	__u32 kind;
};

/* A prefix in the trie, or a number that is looked for. */
struct sg_dialled_key {
	__u32 length;  /* bits of what follows */
	__u16 config;  /* which of sg_configs has it */
	__u16 kind;    /* enum sg_dialled_kind */
	__u64 digits;  /* in network order: a trie compares from the first byte on */
};

static inline __u64 sg_dialled_digit(__u32 digit, __u32 place)
{
	return (__u64)digit << (4 * (SG_DIALLED_HEAD - 1 - place));
}

/* An exit code behind one of SG_OUTSIDE_LINES. */
static inline struct sg_dialled sg_dialled_outside(const struct sg_dialled *exit, char line)
{
	struct sg_dialled outside = *exit;

	outside.digits = sg_dialled_digit(line - '0', 0) | exit->digits >> 4;
	outside.count++;
	return outside;
}

static inline struct sg_dialled_key sg_dialled_key_of(__u16 config, __u16 kind, __u64 digits,
						      __u32 count)
{
	struct sg_dialled_key key = {
		.length = 32 + 4 * (count < SG_DIALLED_HEAD ? count : SG_DIALLED_HEAD),
		.config = config,
		.kind = kind,
		.digits = __builtin_bswap64(digits),
	};

	return key;
}

_Static_assert(sizeof(struct sg_dialled_key) == 16, "no gap, which would be a part of the key");
_Static_assert(1 + SG_EXIT_MOST + SG_DIALLED_MOST <= SG_DIALLED_HEAD, "all of a prefix is seen");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "sg_dialled_key.digits is swapped");

#endif
