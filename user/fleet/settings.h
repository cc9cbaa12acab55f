/* SPDX-License-Identifier: GPL-2.0-only */
/* The file of the fleet: where its engine is, what this host shares, and what it takes. */
#ifndef SIPGUARD_FLEET_SETTINGS_H
#define SIPGUARD_FLEET_SETTINGS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include <linux/types.h>

#include "abi.h"
#include "base/error.h"
#include "engine/engine.h"

/* --- what hosts share, and what becomes of it where it arrives --- */

/* X(NAME, key in the file and in status, what it is) */
#define FLEET_KINDS(X)                                                                            \
	X(BANS, "bans", "bans that a guard has made by evidence that no forger can give")         \
	X(OPERATOR_BANS, "operator-bans", "bans by hand")                                         \
	X(PROOFS, "proofs", "proofs of registration")                                             \
	X(LISTS, "lists", "named lists and zones")

enum fleet_kind {
#define X(NAME, key, help) FLEET_##NAME,
	FLEET_KINDS(X)
#undef X
	FLEET_KIND__MAX
};

extern const char *const fleet_kind_names[FLEET_KIND__MAX];

/*
 * X(NAME, word, help): what becomes of an entry. In the order in which it is asked; what is after
 * WOULD was refused.
 */
#define FLEET_OUTCOMES(X)                                                                         \
	X(TAKEN, "taken", "it is in force here")                                                  \
	X(KNOWN, "known", "it was known already")                                                 \
	X(OVER, "over", "its time was over when it was read")                                     \
	X(WOULD, "would", "it would be taken, but the mode is monitor")                           \
	X(OFF, "off", "its kind or its member is off here")                                       \
	X(EVIDENCE, "evidence", "a forger could have its reason held against others")             \
	X(END, "end", "its end lies too far ahead")                                               \
	X(CLOCK, "clock", "it was made in a minute that is still to come, by the clock here")     \
	X(ADDRESS, "address", "it is no address of somebody else on the Internet")                \
	X(OWN, "own", "it is an address of this host")                                            \
	X(ALLOWED, "allowed", "it is on the allow list here")                                     \
	X(PROVEN, "proven", "a flow of its address is proven here")                               \
	X(RATE, "rate", "its member has sent more in a minute than is taken")                     \
	X(FULL, "full", "there are as many as are taken in all")

enum fleet_outcome {
#define X(NAME, word, help) FLEET_##NAME,
	FLEET_OUTCOMES(X)
#undef X
	FLEET_OUTCOME__MAX
};

extern const char *const fleet_outcome_names[FLEET_OUTCOME__MAX];

#define FLEET_MEMBER ENGINE_NAME
#define FLEET_MEMBERS 1024   /* that are told apart; what further ones say is not taken */

/* --- the file --- */

#define FLEET_FILE "/etc/sipguard/fleet.yaml"
#define FLEET_MEMBER_VARIABLE "SIPGUARD_MEMBER"
#define FLEET_STATUS "/run/sipguard/fleet.json"
#define FLEET_FROM 64 /* members that are treated apart */

/* What is taken of a kind. */
struct fleet_take {
	__u32 mode;       /* enum sg_mode */
	__u32 per_minute; /* entries of one member */
	/* In force at a time; 0: a half of the bans there is room for, a quarter of the proofs. */
	__u32 most;
	__u32 most_each;  /* of one member; 0: half of that */
};

struct fleet_from {
	char member[FLEET_MEMBER];
	__u32 mode; /* that is not exceeded for it */
};

struct fleet_settings {
	struct engine_access access;
	char password_file[PATH_MAX]; /* whose first line is the password */
	__u32 share[FLEET_KIND__MAX]; /* flag; none of LISTS, which are published by hand */
	struct fleet_take take[FLEET_KIND__MAX];
	struct fleet_from from[FLEET_FROM];
	size_t froms;
	__u32 private_addresses; /* flag */
	char status[PATH_MAX];
};

/*
 * 0 or -errno, with a sentence and its place in the file. What is not said is the default: to share
 * bans and proofs, and to take nothing (monitor). The member's name is that of the environment, its
 * dots as _, else that of the file, else the first label of the host's. Freed by free().
 */
int fleet_settings_load(const char *path, struct fleet_settings **settings, struct error *error);

/* Names of members are words of subjects: letters, digits, - and _, under FLEET_MEMBER. */
bool fleet_is_member(const char *name);

/* What counts for a kind and a member. */
enum sg_mode fleet_mode(const struct fleet_settings *settings, enum fleet_kind kind,
			const char *member);

#endif
