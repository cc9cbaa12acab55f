/* SPDX-License-Identifier: GPL-2.0-only */
/* What the engine is made of, for its own files. */
#ifndef SIPGUARD_ENGINE_PARTS_H
#define SIPGUARD_ENGINE_PARTS_H

#include <pthread.h>

#include "engine/engine.h"
#include "engine/nats.h"

#define FOLLOWED 2     /* streams */
#define LISTENED 4     /* subjects */

struct follower {
	struct engine *engine;
	const char *stream;
	char subject[ENGINE_SUBJECT];
	unsigned int seconds;
	engine_hear hear;
	void *context;
	pthread_t thread;
	bool begun;
	natsSubscription *subscription;
	__u64 handed;     /* messages that the consumer has handed out, as it counts them */
	__u64 last;       /* sequence of the last message that was heard, */
	__s64 stored;     /* and when the servers had it, in ns since 1970: no two have the same */
	bool unsure;      /* whether the stream still has that one */
	__s64 created;    /* of the stream: another one counts from 1 again; */
	__u64 end;        /* its last message, as of the last look; 0: it had none */
	__u64 goal;       /* what it was when all began to be read: who is there has caught up */
	__u64 lag;
	bool caught_up;
	bool again;       /* from the beginning */
	bool old;         /* the consumer hands out what was heard long ago */
	bool troubled;    /* of which engine_trouble() tells */
	bool idle;        /* there was nothing to read */
	bool first;       /* what comes next is the beginning */
	__u64 looked;     /* ns, at the stream */
	char leader[ENGINE_NAME]; /* the server that decides what is in the stream; */
	bool leaderless;  /* and there was none, or it could not be asked */
};

struct listener {
	engine_hear hear;
	void *context;
	const struct nats *nats;
	natsSubscription *subscription;
};

struct engine {
	const struct nats *nats;
	natsConnection *connection;
	jsCtx *js;
	unsigned long losses;
	bool end;
	struct follower follower[FOLLOWED];
	struct listener listener[LISTENED];
	pthread_mutex_t lock; /* of the text */
	char trouble[ENGINE_TEXT];
};

/* Notes what went wrong, for engine_trouble(); "": it is well again. */
void engine_note(struct engine *engine, const char *text);

/* An error that the library has told: -EIO with `what`, its own words, and what to look at. */
int engine_refuse(struct engine *engine, natsStatus status, const char *what, struct error *error);

#endif
