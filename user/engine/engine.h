/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The engine of the fleet, NATS with JetStream: what is told there is kept in a stream, in one
 * order for all, and read again by who was away. Nothing of replication is ours.
 *
 *   SIPGUARD        sipguard.told.MEMBER   what members tell: bans, proofs; kept for an hour
 *   SIPGUARD_LISTS  sipguard.list.>        the last of each part of lists and zones; kept for good
 *   (no stream)     sipguard.here.MEMBER   that it is there, every few seconds
 *                   sipguard.seen.MEMBER.X that X has seen a test of MEMBER
 */
#ifndef SIPGUARD_ENGINE_H
#define SIPGUARD_ENGINE_H

#include <stdbool.h>
#include <stddef.h>

#include <limits.h>

#include <linux/types.h>

#include "base/error.h"

#define ENGINE_TOLD "SIPGUARD"
#define ENGINE_LISTS "SIPGUARD_LISTS"
#define SUBJECT_TOLD "sipguard.told."
#define SUBJECT_HERE "sipguard.here."
#define SUBJECT_SEEN "sipguard.seen."
#define SUBJECT_LIST "sipguard.list."
#define ENGINE_SUBJECT 192
#define ENGINE_NAME 64    /* bytes of the name of a member, with the NUL: a label of the DNS fits */
#define ENGINE_TEXT 256
#define ENGINE_SERVERS 16

#define ENGINE_WINDOW 3600        /* s that the stream keeps what was told */
#define ENGINE_PER_MEMBER 16384   /* messages of one: who floods pushes out his own */

/* Where the servers are, and as whom they are asked. */
struct engine_access {
	char member[ENGINE_NAME];
	char server[ENGINE_SERVERS][ENGINE_TEXT];
	size_t servers;
	/* Files; "": none. */
	char ca[PATH_MAX], certificate[PATH_MAX], key[PATH_MAX], credentials[PATH_MAX];
	char user[ENGINE_TEXT], password[ENGINE_TEXT];
};

struct engine;

/*
 * A message of a stream, or of a subject; good until the call returns. A NUL is behind its data.
 * Where all is read anew and there is nothing, that is said by one with the subject "".
 */
struct engine_message {
	const char *subject;
	const char *data;
	size_t length;
	__u64 sequence; /* of the stream; 0: of none */
	__s64 stored;   /* ns since 1970, by the server's clock; 0: of no stream */
	__u64 pending;  /* that come after it at the moment */
	bool first;     /* all is read anew: what was known of the stream may be wrong */
};

typedef void (*engine_hear)(void *context, const struct engine_message *message);

/*
 * Connects, with the name that others see. With `wait` the first try has to succeed; without, the
 * engine may be gone, and is tried for as long as it takes. NULL with an error. Loads the library.
 */
struct engine *engine_open(const struct engine_access *access, bool wait, struct error *error);

/*
 * Ends all that was begun on it, and the library with it; no function is called any more when it
 * returns. For who ends soon.
 */
void engine_close(struct engine *engine);

bool engine_is_connected(const struct engine *engine);

/*
 * Whether it is over: libnats (3.4.1) ends a connection for good once the servers have refused who
 * it is twice, whatever it was told of trying again. Another engine has to be opened.
 */
bool engine_is_closed(const struct engine *engine);

/* How often the connection was lost. */
unsigned long engine_losses(const struct engine *engine);

/* What the server or the library said last of what went wrong; "": nothing. */
void engine_trouble(struct engine *engine, char text[ENGINE_TEXT]);

/*
 * Sends without waiting for an answer; for two seconds at most if the connection is stuck. 0, or
 * -ENOTCONN: it is not connected; or -EIO. That it has arrived is seen by reading it.
 */
int engine_publish(struct engine *engine, const char *subject, const void *data, size_t length);

/*
 * Waits until what was sent has reached the server: 0; -EPERM: something that was sent so far is
 * not permitted; or -EIO.
 */
int engine_flush(struct engine *engine, int milliseconds);

/* Sends, and waits until the stream has it; for five seconds at most. 0 or -errno. */
int engine_tell(struct engine *engine, const char *subject, const void *data, size_t length,
		struct error *error);

/* Hears what is sent to a subject from now on, in a thread of the library's. 0 or -errno. */
int engine_listen(struct engine *engine, const char *subject, engine_hear hear, void *context,
		  struct error *error);

/*
 * Reads a stream in its order, each message once, in a thread of its own: what is not older than
 * `seconds` (0: all), and from then on whatever comes, over restarts and partitions. Where another
 * server leads the stream, or none did for a while, it is read anew: a leader that was cut off has
 * handed out what the others never had, under numbers that they gave to others. So is a stream that
 * was emptied or made again. 0 or -errno.
 */
int engine_follow(struct engine *engine, const char *stream, unsigned int seconds,
		  engine_hear hear, void *context, struct error *error);

/* Reads all that is followed from the beginning again: soon, within three seconds. */
void engine_again(struct engine *engine);

/* Messages of the stream that were not read yet, as far as is known; of none, 0. */
__u64 engine_lag(const struct engine *engine, const char *stream);

/* Whether all was read that was there when it was begun. */
bool engine_caught_up(const struct engine *engine, const char *stream);

/*
 * Makes the streams, or brings them up to date, each of so many bytes at most. For who may: see
 * docs/fleet.md. 0 with the number of servers that have each of them: 3, or 1; or -errno.
 */
int engine_setup(struct engine *engine, unsigned int *replicas, __u64 bytes, struct error *error);

#endif
