/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Captures of both directions, shown to the guard's programs as often as it takes: what comes in is
 * judged, and from what the server sends the guard learns who is proven.
 */
#ifndef SIPGUARD_RECORDING_H
#define SIPGUARD_RECORDING_H

#include <signal.h>

#include "calibrate/live.h"
#include "calibrate/servers.h"
#include "replay/run.h"

struct recording {
	char *const *files; /* in the order of time */
	int count;
	const struct config *config;
	const char *path;   /* of the configuration */
	struct servers servers;
	/* Instead of files: what is seen from now on, for so long, or until *stop. */
	struct live *live;
	__u64 seconds;
	const volatile sig_atomic_t *stop;
	/* Of the last pass. */
	__u64 packets, in, out;
	__u64 unknown;      /* see DIRECTION_UNKNOWN */
	__u64 cut;          /* that were cut short when they were captured, or cannot be judged */
	__u64 foreign;      /* of a link type that is not read */
	__u64 stood;        /* see replay_stood() */
	__u64 lost;         /* see live_lost() */
	__u64 first, last;  /* ns since 1970 */
	struct endpoints puzzle; /* the first one of `unknown` */
};

/* What a pass is told. */
struct sight {
	const struct endpoints *ends;
	const struct judgement *judgement;
	const struct sg_stats *counted;
	enum sg_proof proof; /* of the flow: of who sends, or, of a reply, of who gets it */
	__u64 now;           /* ns, never less than before */
};

struct pass {
	const char *what;            /* it does, in a word or two, for who waits */
	const struct config *config; /* in force */
	void (*came)(void *context, const struct sight *sight);    /* what came in was judged */
	void (*proved)(void *context, const struct sight *sight);  /* a flow; NULL: not asked */
	void *context;
};

/* Reads all of it to know which addresses are the server's. 0 or -errno. */
int recording_open(struct recording *recording, const struct prefix *servers, size_t count,
		   struct error *error);

#define PASSES_MOST 2

/*
 * Shows all of it to guards that know nothing, in enforce mode, one for each of up to PASSES_MOST
 * passes: packet by packet to one after the other. 0 or -errno.
 */
int recording_pass(struct recording *recording, const struct pass *passes, int count,
		   struct error *error);

void recording_close(struct recording *recording);

#endif
