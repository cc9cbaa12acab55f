/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who sends in a recording, and whether his needs are to be provided for. An attacker is in the
 * recording, too, and must not make room for himself: only who has proven that he is a user of the
 * server counts, who is in a zone, and whom the operator names.
 */
#ifndef SIPGUARD_SENDERS_H
#define SIPGUARD_SENDERS_H

#include <stdbool.h>

#include "base/prefix.h"
#include "calibrate/table.h"
#include "policy/config.h"
#include "replay/endpoints.h"
#include "replay/run.h"

/* Why nothing is proposed for a sender. X(NAME, label, text): text stands behind "it". */
#define EXCLUSIONS(X)                                                                             \
	X(BANNED, "banned", "was banned")                                                         \
	X(FAULTY, "faulty", "sends what is dropped for other reasons than limits")                \
	X(UNPROVEN, "unproven", "has proven nothing: no registration, no call")                   \
	X(FAR, "far", "needs more than twenty times what today's limits give")                    \
	X(ZONES, "zones", "needs a zone, and there are as many as there can be")

enum exclusion {
	EXCLUSION_NONE,
#define X(name, label, text) EXCLUSION_##name,
	EXCLUSIONS(X)
#undef X
	EXCLUSION__MAX
};

extern const char *const exclusion_labels[EXCLUSION__MAX];
extern const char *const exclusion_texts[EXCLUSION__MAX];

/* Packets that had a reason, and the reason of the first. */
struct sender_drops {
	__u64 packets;
	enum sg_reason first;
};

struct sender {
	struct sg_flow_key key; /* a source */
	__u32 zone;             /* in the configuration of today */
	__u32 apart;            /* number of the zone that is proposed for it; 0: none */
	enum sg_proof proof;    /* the strongest of its flows */
	bool named;             /* the operator trusts it */
	bool registers;         /* it has sent a REGISTER */
	bool far, crowded;      /* see EXCLUSION_FAR, EXCLUSION_ZONES */
	__u64 packets;          /* for guarded ports */
	__u64 last;             /* ns */
	__u64 bans;             /* packets that came while it was banned */
	struct sender_drops faults, today, proposed;
	__u64 sent[SG_METHOD__MAX]; /* NONE: all but requests */
};

struct senders {
	struct table table;
	const struct config *config;
	const struct prefix *trusted; /* whom the operator names */
	size_t trusted_count;
	/* Of which there was no room: they had sent least, and proven nothing. */
	__u64 forgotten, forgotten_packets;
};

/* 0 or -errno. All pointers stay with who gives them. */
int senders_init(struct senders *senders, const struct config *config,
		 const struct prefix *trusted, size_t count, struct error *error);

/* The sender that a flow is of; NULL: there is no room. */
struct sender *senders_of(struct senders *senders, const struct sg_flow_key *flow);

/* The same, of one that was seen before; NULL: it is none of those. */
struct sender *senders_find(const struct senders *senders, const struct sg_flow_key *flow);

/* A packet of it, which was judged without limits at `now` ns. */
void sender_note(struct sender *sender, const struct judgement *judgement, __u64 now);

/* One more packet with a reason. */
void sender_drop(struct sender_drops *drops, enum sg_reason reason);

enum exclusion sender_exclusion(const struct sender *sender);

/* All of them by packets, the most first; NULL-terminated, to be freed; NULL: no memory. */
struct sender **senders_sort(const struct senders *senders);

void senders_free(struct senders *senders);

#endif
