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

#include "fleet/engine.h"
#include "fleet/host.h"
#include "fleet/ledger.h"
#include "fleet/members.h"
#include "fleet/message.h"

/* What this host has told. */
struct told {
	__u64 messages;
	__u64 entries[FLEET_KIND__MAX];
	__u64 failures; /* messages that could not be sent; what was in them is told again */
};

struct agent {
	const struct fleet_settings *settings;
	struct engine *engine;
	pthread_mutex_t lock;
	struct host host;
	struct members members;
	struct ledger bans, proofs;
	struct told told;
	struct fleet_writer writer; /* what waits to be sent */
	__u64 run;        /* a random number of this run */
	size_t cell;      /* of the table of proofs, that is looked at next */
	__u32 generation; /* ban_generation of the guard at the last look at its bans */
	__u64 began;      /* ms since 1970 */
};

/*
 * Until a signal ends it. What stops it from beginning is an error: 0 or -errno. That there is no
 * guard, or no engine, does not.
 */
int agent_run(const struct fleet_settings *settings, struct error *error);

/* --- taker.c --- */

/* A message of the stream, or one that says that a member is there; takes the lock. */
void taker_told(void *agent, const struct engine_message *message);
void taker_here(void *agent, const struct engine_message *message);

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

/* Looks at so many cells of the table of proofs, one after the other, and tells what is new. */
void teller_proofs(struct agent *agent, size_t cells);

/* --- status.c --- */

/* Makes the folder of the file, and has it for this process alone: a descriptor, or -errno. */
int status_lock(const char *path, struct error *error);

/* Writes what the agent knows of itself and others, as a whole. 0 or -errno. */
int status_write(struct agent *agent);

#endif
