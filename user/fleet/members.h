/* SPDX-License-Identifier: GPL-2.0-only */
/* Who is in the fleet, as this host has seen it, and what became of what they have told. */
#ifndef SIPGUARD_FLEET_MEMBERS_H
#define SIPGUARD_FLEET_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/types.h>

#include "fleet/settings.h"

/* Messages of which nothing was believed. X(NAME, word) */
#define FLEET_FAULTS(X)                                                                           \
	X(MALFORMED, "malformed")                                                                 \
	X(OVERSIZED, "oversized")                                                                 \
	X(VERSION, "other-version")

enum fleet_fault {
#define X(NAME, word) FLEET_##NAME,
	FLEET_FAULTS(X)
#undef X
	FLEET_FAULT__MAX
};

extern const char *const fleet_fault_names[FLEET_FAULT__MAX];

struct member {
	char name[FLEET_MEMBER];
	__u32 id;             /* hash of the name, 24 bits: who has made a ban, see sg_ban.origin */
	__u64 heard;          /* ms since 1970, by our clock: that it is there; 0: never */
	__s64 ahead;          /* ms that its clock is ahead of ours, as of then */
	__u64 told;           /* messages of the stream */
	__u64 faults[FLEET_FAULT__MAX];
	__u64 unknown;        /* entries of a kind that is not known */
	__u64 lifts;
	__u64 outcomes[FLEET_KIND__MAX][FLEET_OUTCOME__MAX];
	__u64 tat[FLEET_KIND__MAX]; /* ns since 1970, of the server's clock: see gcra.h */
	__u32 live[FLEET_KIND__MAX]; /* entries of it in force here; bans by hand among BANS */
	__u64 twin;           /* ms since 1970, by our clock: another host of this name; 0: never */
	bool skewed;          /* its clock is off, which was said */
};

/* Whether another host of this name was heard in the last minute; `now` in ms since 1970. */
bool member_has_twin(const struct member *member, __u64 now);

/* Place 0 is this host itself. */
struct members {
	struct member *member;
	size_t count;
	__u64 crowd; /* messages of nobody whose name can be, or for whom there was no place */
};

/* 0 or -ENOMEM. */
int members_begin(struct members *members, const char *self);
void members_end(struct members *members);

/* The one of that name, which is made if there is room; NULL: there is none. */
struct member *members_find(struct members *members, const char *name);

/* What they have paid and what of theirs is in force: all is read again. */
void members_forget(struct members *members);

__u32 member_place(const struct members *members, const struct member *member);
__u32 member_id(const char *name);

#endif
