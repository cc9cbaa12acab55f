/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The agent: hands on what this guard learns, and has it know what others have learned. The guard
 * in the kernel waits for none of it, and goes on with what it knows if this or the engine is gone.
 *
 * Two threads: the one that reads the stream judges what it says, and this one, which hears the
 * guard. What both touch is under one lock. Nothing is kept on disk: who begins anew reads the
 * stream from its beginning, and tells what that does not have.
 */
#ifndef SIPGUARD_FLEET_AGENT_H
#define SIPGUARD_FLEET_AGENT_H

#include <pthread.h>

#include "engine/engine.h"
#include "fleet/host.h"
#include "fleet/ledger.h"
#include "fleet/members.h"
#include "fleet/message.h"
#include "shared/published.h"

/* What this host has told. */
struct told {
	__u64 messages;
	__u64 entries[FLEET_KIND__MAX];
	__u64 failures; /* messages that could not be sent; what was in them is told again */
};

#define FLEET_LISTS_MOST 32          /* lists and zones that are read */
#define FLEET_LIST_PREFIXES 100000   /* of one, unless the file says more */

/* What became of lists and zones that were published. */
struct lists_state {
	struct lists_in *in;
	bool again;     /* the guard is another one */
	__u64 taken, refused;
	__u64 spared; /* prefixes kept out of denied lists, since somebody is proven there */
};

struct agent {
	const struct fleet_settings *settings;
	struct engine *engine;
	pthread_mutex_t lock;
	struct host host;
	struct members members;
	struct ledger bans, proofs;
	struct lists_state lists; /* of which `in` belongs to the thread that reads them */
	struct told told;
	struct fleet_writer writer; /* what waits to be sent */
	__u64 run;        /* a random number of this run */
	size_t cell;      /* of the table of proofs, that is looked at next */
	__u32 generation; /* ban_generation of the guard at the last look at its bans */
	__u64 began;      /* ms since 1970 */
	__u32 foreign;    /* bans of others in the guard's table: at the last look, and since */
	bool crowded;     /* that table is more than half full, with what is over, as of then */
};

/*
 * Until a signal ends it. What stops it from beginning is an error: 0 or -errno. That there is no
 * guard, or no engine, does not.
 */
int agent_run(const struct fleet_settings *settings, struct error *error);

/* Forgets what is known of the stream, which is read anew. Under the lock. */
void agent_forget(struct agent *agent);

/* --- taker.c --- */

/* A message of the stream, or one that says that a member is there; takes the lock. */
void taker_told(void *agent, const struct engine_message *message);
void taker_here(void *agent, const struct engine_message *message);

/* --- lists.c --- */

int lists_begin(struct agent *agent);
void lists_end(struct agent *agent);

/* A message of the stream of lists; takes the lock, and the guard's for a change. */
void lists_told(void *agent, const struct engine_message *message);

/* A list or a zone that is published: `text` has a prefix a line. */
struct published {
	enum published_kind kind;
	const char *name;  /* published_is_name() */
	const char *text;
	size_t prefixes;   /* 0: the list is taken off */
	__u64 version;     /* ms since 1970, greater than that of the one before */
	__u64 until;       /* s since 1970; 0: for good, as all zones are */
};

int lists_publish(struct engine *engine, const struct published *list, struct error *error);

/* --- teller.c, under the lock --- */

/* A ban that the guard has just made. */
void teller_ban(struct agent *agent, const struct sg_flow_key *key);

/* Sends what waits for a message to be full. */
void teller_flush(struct agent *agent);

/*
 * Looks through all bans: tells those that the stream does not have, removes those that are over,
 * and counts those of others.
 */
int teller_bans(struct agent *agent, struct error *error);

/* Counts those of others alone: before a word of theirs is judged. */
void teller_count(struct agent *agent);

/* Looks at so many cells of the table of proofs, one after the other, and tells what is new. */
void teller_proofs(struct agent *agent, size_t cells);

/* --- status.c --- */

/* Makes the folder of the file, and has it for this process alone: a descriptor, or -errno. */
int status_lock(const char *path, struct error *error);

/* Writes what the agent knows of itself and others, as a whole. 0 or -errno. */
int status_write(struct agent *agent);

#endif
