/* SPDX-License-Identifier: GPL-2.0-only */
/* What senders need of each limit: a demand for each, by whom it is of and which limit it is. */
#ifndef SIPGUARD_NEEDS_H
#define SIPGUARD_NEEDS_H

#include "calibrate/demand.h"
#include "calibrate/senders.h"

enum need_scope {
	NEED_SOURCE, /* `limits`, `connections` */
	NEED_FLOW,   /* `flow-limits` */
	NEED_PROVEN, /* `proven-limits` */
	NEED_TOTAL,  /* what many share: `totals`, `total` of a zone */
	NEED__MAX
};

/* Of a source or a flow by enum sg_limit_id, and behind those: */
#define NEED_CONNECT SG_LIMIT__MAX
#define NEED_SEGMENT (SG_LIMIT__MAX + 1)
#define NEED_LIMITS (SG_LIMIT__MAX + 2)
/* Of a total: of strangers by enum need_total, of a zone the first. */
enum need_total { NEED_UDP, NEED_TCP, NEED_SYNS, NEED_TOTALS };

struct need_key {
	__u8 scope;   /* enum need_scope */
	__u8 limit;
	__u8 zone;    /* of a total */
	__u8 reserved;
	struct sg_flow_key who; /* a source, a flow; zero: a total */
};

struct need {
	struct need_key key;
	struct demand demand;
};

struct needs {
	struct table table;
	struct demand_spread *spread[NEED__MAX][SG_ZONES][NEED_LIMITS]; /* NULL: nobody */
	struct demand_spread apart; /* of who is not one of those any more */
	__u64 lost; /* messages for which there was no room */
};

/* 0 or -errno. */
int needs_init(struct needs *needs, struct error *error);

/* What one frame costs. It may lie in a file: a recording has many. */
struct charge {
	__u64 now;               /* ns, no less than before */
	struct sg_flow_key from; /* the flow */
	__u8 proof;              /* enum sg_proof of that */
	__u8 syn, segment;       /* flags: such a one of TCP */
	__u8 reserved;
	/*
	 * By enum sg_limit_id: all messages under SOURCE; of each kind without copies, which cost
	 * nothing of their limit.
	 */
	__u8 messages[SG_LIMIT__MAX];
};

/*
 * `counted` is what the guard has counted for the frame, judged without limits. False: it costs
 * nothing.
 */
bool charge_of(const struct endpoints *ends, enum sg_proof proof, const struct sg_stats *counted,
	       __u64 now, struct charge *charge);

/* A frame of a sender that counts. */
void needs_add(struct needs *needs, const struct sender *sender, const struct charge *charge);

/* When all was added: the last second of each is one, too. */
void needs_end(struct needs *needs, const struct senders *senders);

/* Goes on from *next, 0 at first; NULL: there are no more. */
const struct need *needs_next(const struct needs *needs, size_t *next);

/* The limit in a configuration, of a source's or flow's zone; NULL: there is none for that. */
struct sg_limit *needs_limit(struct sg_config *config, enum need_scope scope, __u32 zone,
			     __u32 limit);

/* The section and key of it in the file. Of a total of a zone the section is "". */
const char *needs_section(enum need_scope scope, __u32 zone, __u32 limit);
const char *needs_key(enum need_scope scope, __u32 zone, __u32 limit);

void needs_free(struct needs *needs);

#endif
