/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What members tell each other: text, a thing a line, at most FLEET_ENTRIES after the first line.
 *
 *   sipguard-fleet 1 1764450000123 5f1c2a9be01d77c3
 *                       version; when it was sent, ms since 1970; by which run of the agent, so
 *                       that two hosts of one name are noticed (0: by a command)
 *   ban 203.0.113.9:5060 udp 1764450600 auth-failure
 *   ban 203.0.113.9 - 1764450600 operator
 *   proof 198.51.100.7:5060 udp 1764453600
 *   lift 203.0.113.9:5060 udp
 *   test 5f1c2a9be01d77c3
 *
 * Ends are seconds since 1970. Who has sent it is told by the subject alone, which the server lets
 * nobody else publish to. A line of a kind that is not known is passed over and counted, so that a
 * later release may tell more; a line that is wrong spoils the message.
 */
#ifndef SIPGUARD_FLEET_MESSAGE_H
#define SIPGUARD_FLEET_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "abi.h"

#define FLEET_ENTRIES 100
#define FLEET_BYTES 8192 /* of a message */
#define FLEET_NONCE 24   /* bytes of it, with the NUL */

enum fleet_what {
	FLEET_BAN,
	FLEET_PROOF,
	FLEET_LIFT,
	FLEET_TEST,
};

struct fleet_entry {
	enum fleet_what what;
	struct sg_flow_key key;  /* but of TEST */
	__u64 end;               /* of BAN and PROOF, s since 1970 */
	__u32 cause;             /* of BAN, enum sg_reason; NONE: an operator */
	char nonce[FLEET_NONCE]; /* of TEST */
};

struct fleet_message {
	__u64 sent;  /* ms since 1970 */
	__u64 run;
	size_t count;
	size_t unknown; /* lines that were passed over */
	struct fleet_entry entry[FLEET_ENTRIES];
};

/*
 * 0, or -EPROTONOSUPPORT: it is of another version; -E2BIG: too long, or too many entries;
 * -EBADMSG: something is wrong in it. Nothing of such a message is to be believed.
 */
int fleet_message_read(const char *data, size_t length, struct fleet_message *message);

/*
 * Which bans may be held against somebody elsewhere: those of an operator (cause NONE), and those
 * that no forger can give (docs/evidence.md). Over TCP none: of a connection to another host the
 * port may be somebody else's, behind the same NAT.
 */
bool fleet_is_evidence(const struct sg_flow_key *key, __u32 cause);

/* One that is being written. */
struct fleet_writer {
	char data[FLEET_BYTES];
	size_t length;
	size_t count;
};

/* Begins an empty one. */
void fleet_writer_begin(struct fleet_writer *writer, __u64 sent, __u64 run);

/* One entry more. False: there is no room, and nothing was written. */
bool fleet_writer_add(struct fleet_writer *writer, const struct fleet_entry *entry);

#endif
