/* SPDX-License-Identifier: GPL-2.0-only */
/* What the operator allows `upstream` to do: a file of its own, /etc/sipguard/upstream.yaml. */
#ifndef SIPGUARD_ANNOUNCE_SETTINGS_H
#define SIPGUARD_ANNOUNCE_SETTINGS_H

#include <limits.h>
#include <net/if.h>

#include "announce/rule.h"

#define UPSTREAM_FILE "/etc/sipguard/upstream.yaml"
#define UPSTREAM_ADDRESSES 64
#define UPSTREAM_RULES 16 /* at a time, beside exceptions */
#define UPSTREAM_EXCEPTIONS 256

enum speaker_kind { SPEAKER_EXABGP, SPEAKER_GOBGP };
enum choice { CHOICE_NO, CHOICE_LIMIT, CHOICE_DISCARD };

struct upstream {
	char interface[IF_NAMESIZE];
	__u64 speed;            /* bits a second; 0: what the driver says */
	__u32 threshold;        /* percent of it */
	__u32 packets;          /* a second; 0: they are not looked at */
	__u32 full_for;         /* seconds */
	__u32 count_dropped;    /* flag: rx_dropped is what found no room, too */
	__u32 refused;          /* percent of the load that the guard must refuse */
	struct prefix addresses[UPSTREAM_ADDRESSES];
	size_t address_count;   /* 0: those of the interface */
	__u32 speaker;          /* enum speaker_kind */
	char pipe[PATH_MAX];
	char answers[PATH_MAX]; /* "": nobody reads them */
	char api[128];          /* ADDRESS:PORT of GoBGP */
	__u32 action;           /* enum choice, of a rule with a source */
	__u32 all_senders;      /* enum choice, of a rule for all senders */
	__u32 rate;             /* bytes a second; 0: a quarter of the speed */
	__u32 exceptions;       /* rules that let customers through one for all senders */
	__u64 hold, longest;    /* seconds */
	__u32 most;             /* rules at a time */
	__u32 rtbh;             /* flag */
	struct prefix next_hop; /* of RTBH; family 0: not given */
	char community[32];
	__u32 dry_run;          /* flag */
	char state[PATH_MAX];   /* where it is noted what is announced, for the next start */
};

/* The file as a whole; nothing of it is looked for on this machine. 0 or -errno. */
int upstream_read(const char *path, struct upstream *settings, struct error *error);

/*
 * Fills in what depends on this machine: speed, rate, addresses. 0, or -errno with a sentence that
 * says what to write.
 */
int upstream_settle(struct upstream *settings, struct error *error);

#endif
