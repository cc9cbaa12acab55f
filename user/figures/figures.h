/* SPDX-License-Identifier: GPL-2.0-only */
/* The figures of RFC 6076, by zone, as bpf/figures.bpf.h counts them: docs/figures.md. */
#ifndef SIPGUARD_FIGURES_H
#define SIPGUARD_FIGURES_H

#include "kernel/maps.h"

/* What is reckoned of the counters: X(NAME, key, label, of what is asked for). */
#define FIGURES_RATIOS(X)                                                                         \
	X(SER, "session_establishment_ratio", "SER", INVITE)                                      \
	X(SEER, "session_establishment_effectiveness_ratio", "SEER", INVITE)                      \
	X(ISA, "ineffective_session_attempts", "ISA", INVITE)                                     \
	X(IRA, "ineffective_registration_attempts", "IRA", REGISTER)

enum figures_ratio {
#define X(name, ...) FIGURES_##name,
	FIGURES_RATIOS(X)
#undef X
	FIGURES_RATIO__MAX
};

struct zone_figures {
	bool there;               /* the zone is in the configuration in force, or it is zone 0 */
	char zone[SG_ZONE_NAME];  /* its name; "unlisted" for who is in none */
	struct sg_figures counts; /* of all CPUs, see sg_figures_add() */
};

struct figures {
	bool counted;             /* the configuration says so; else nothing is below */
	struct zone_figures zone[SG_ZONES];
};

/* 0 or -errno. */
int figures_read(const struct maps *maps, struct figures *figures, struct error *error);

/* What was counted between two readings; all of `now` of a zone that was not there. */
void figures_between(const struct figures *then, const struct figures *now,
		     struct figures *between);

/* Attempts: what was asked for, once for all requests that answer its challenges. */
__u64 figures_attempts(const struct sg_figured_counts *counts);
/* Those that have a final response other than a challenge, or have none since it is silent. */
__u64 figures_ended(const struct sg_figured_counts *counts);
/* Those that have none yet, or whose client did not answer a challenge in the end. */
__u64 figures_open(const struct sg_figured_counts *counts);

/* As the RFC reckons it, of the attempts that have ended: 0 to 1, or -1: there are none. */
double figures_ratio(const struct sg_figures *figures, enum figures_ratio ratio);

/* How many delays were measured, and their mean in seconds; 0 if there are none. */
__u64 figures_measured(const struct sg_delay *delay);
double figures_mean(const struct sg_delay *delay);
/* All of them, in seconds. */
double figures_sum(const struct sg_delay *delay);

/* Upper bounds of all but the last of SG_DELAY_COUNTS, in ms. */
extern const unsigned int figures_bounds[];
extern const unsigned int figures_statuses[SG_STATUS__MAX];
extern const char *const figures_keys[FIGURES_RATIO__MAX];
extern const char *const figures_labels[FIGURES_RATIO__MAX];

#endif
