/* SPDX-License-Identifier: GPL-2.0-only */
/* Dialled prefixes that are watched: a part of abi.h, whose version changes with it. */
#ifndef SIPGUARD_INCLUDE_DIALLED_H
#define SIPGUARD_INCLUDE_DIALLED_H

#include <linux/types.h>

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
