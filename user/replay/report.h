/* SPDX-License-Identifier: GPL-2.0-only */
/* What `sipguard replay` prints: a line for each packet, and the summary. */
#ifndef SIPGUARD_REPLAY_REPORT_H
#define SIPGUARD_REPLAY_REPORT_H

#include <jansson.h>

#include "flow.h"
#include "replay/encapsulation.h"
#include "replay/frame.h"
#include "replay/run.h"

/* Why a packet could not be judged. X(NAME, label, text) */
#define OBSTACLES(X)                                                                              \
	X(TRUNCATED, "truncated", "cut short when it was captured")                               \
	X(SHORT, "too-short", "shorter than its link header")                                     \
	X(LINK, "link-type", "of a link type that replay cannot read")                            \
	X(LARGE, "too-large", "too large for a datagram or for the kernel")

enum obstacle {
	OBSTACLE_NONE,
#define X(name, label, text) OBSTACLE_##name,
	OBSTACLES(X)
#undef X
	OBSTACLE__MAX
};

/* When a packet came, and from whom. Of a message of a folder nothing is known. */
struct report_sender {
	__u64 time;             /* ns since 1970; 0: not known */
	struct sg_flow_key who; /* one address, with its port if it has one; family 0: not known */
};

/* One packet, or one message of a folder. */
struct report_packet {
	__u64 number;           /* from 1 */
	const char *file;       /* name of the capture or of the message */
	__u32 length;           /* of the frame on the wire */
	enum obstacle obstacle; /* if not NONE, the judgement is not to be looked at */
	enum encapsulation encapsulation;
	struct judgement judgement;
	struct report_sender sender;
};

/* Packets of one kind, and the first of them. */
struct report_count {
	struct sg_counter counter;
	__u64 example;
	char *file; /* of the example */
	struct report_sender first, last;
};

struct report {
	bool json, quiet, all; /* all: also lines for packets that are not guarded */
	bool raw;              /* messages of a folder: each has a name of its own */
	bool titled;
	struct report_count reason[2][SG_REASON__MAX]; /* passed, dropped */
	struct report_count unguarded;
	struct report_count obstacle[OBSTACLE__MAX];
	struct report_count encapsulation[ENCAPSULATION__MAX];
	__u64 packets;
};

/* How it was judged, for the summary. */
struct report_terms {
	const char *source; /* capture or folder */
	const char *config; /* its path, NULL for the built-in defaults */
	bool limits;
	bool complete;      /* read to its end */
	__u64 stood;
};

/* Counts a packet and prints its line, if it is to have one. */
void report_packet(struct report *report, const struct report_packet *packet);

/* With --json and lines before it, on standard error, since it is not one of them. */
void report_summary(const struct report *report, const struct report_terms *terms);
void report_free(struct report *report);

#endif
