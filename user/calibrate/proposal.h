/* SPDX-License-Identifier: GPL-2.0-only */
/* What limits would have dropped nothing of who counts, as changes of a configuration. */
#ifndef SIPGUARD_PROPOSAL_H
#define SIPGUARD_PROPOSAL_H

#include "base/text.h"
#include "calibrate/needs.h"

/* What is left for a day that is busier than the one that was recorded. */
#define PROPOSAL_HEADROOM 1.5
/*
 * Who needs more than so many times today's limits gets a zone with limits of his own: limits of
 * everybody that held for a dialler would hold for its imitators. Above the other one nothing is
 * proposed, unless the operator names him: one stolen account could ask for anything.
 */
#define PROPOSAL_APART 2
#define PROPOSAL_FAR 20

/* One limit of everybody, or of a zone. */
struct proposal_row {
	enum need_scope scope;
	__u32 zone;             /* in the configuration that is proposed */
	__u32 limit;            /* see needs.h */
	struct sg_limit today;  /* of a new zone: what its profile gives */
	struct sg_limit wanted; /* the same, if that is enough */
	bool enough;            /* false: no limit that can be proposed is */
	__u32 most[DEMAND_WINDOWS]; /* messages of the busiest in these windows */
	__u32 usual;            /* in 999 of 1000 seconds in which one sent any; 0: not known */
	struct sg_flow_key who; /* the busiest in a second; all zero: a total */
};

struct proposal {
	struct text text;       /* the whole file as it would be */
	struct text changes;    /* what is new of it, as a file of its own */
	struct config *config;  /* which it gives */
	struct proposal_row *row; /* of all limits for which something came, by zone */
	size_t count;
	size_t changed;         /* rows whose limit is to be another one */
	size_t zones;           /* that are new */
};

/*
 * Marks who is to have a zone of its own (sender.apart), needs too much, or finds none left. True
 * if somebody is who was not before: then totals have to be counted anew, without him.
 */
bool proposal_sort_out(const struct needs *needs, struct senders *senders);

/*
 * For the configuration at `path` ("" for the defaults), which `senders` were told of. 0 with a
 * proposal for proposal_free(), or -errno.
 */
int proposal_make(const struct needs *needs, struct senders *senders, const char *path,
		  struct proposal *proposal, struct error *error);
void proposal_free(struct proposal *proposal);

#endif
