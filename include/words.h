/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The lists of classes, methods and limits: like reasons.h, one row each, from which enums,
 * counters, labels, configuration keys and JSON keys follow.
 */
#ifndef SIPGUARD_WORDS_H
#define SIPGUARD_WORDS_H

/*
 * X(NAME, label): what a payload is, told from its first bytes.
 * OTHER is what has no start to tell it by: later fragments, TCP segments inside a message,
 * segments without payload.
 */
#define SG_CLASSES(X)                                                                             \
	X(OTHER, "other")                                                                         \
	X(REQUEST, "request")                                                                     \
	X(RESPONSE, "response")                                                                   \
	X(KEEPALIVE, "keepalive")                                                                 \
	X(STUN, "stun")                                                                           \
	X(TLS, "tls")                                                                             \
	X(HTTP, "http")                                                                           \
	X(GARBAGE, "garbage")

/*
 * X(NAME, label, limit): the request methods of RFC 3261 and its extensions (PRACK RFC 3262,
 * SUBSCRIBE and NOTIFY 6665, UPDATE 3311, MESSAGE 3428, REFER 3515, PUBLISH 3903, INFO 6086).
 * NONE is "not a request". UNKNOWN is a well-formed token that is none of them: it passes, since
 * real networks use their own (BENOTIFY, SERVICE, KDMQ).
 */
#define SG_METHODS(X)                                                                             \
	X(NONE, "none", OTHER)                                                                    \
	X(INVITE, "INVITE", INVITE)                                                               \
	X(ACK, "ACK", OTHER)                                                                      \
	X(BYE, "BYE", OTHER)                                                                      \
	X(CANCEL, "CANCEL", OTHER)                                                                \
	X(OPTIONS, "OPTIONS", OPTIONS)                                                            \
	X(REGISTER, "REGISTER", REGISTER)                                                         \
	X(PRACK, "PRACK", OTHER)                                                                  \
	X(SUBSCRIBE, "SUBSCRIBE", EVENT)                                                          \
	X(NOTIFY, "NOTIFY", EVENT)                                                                \
	X(UPDATE, "UPDATE", OTHER)                                                                \
	X(MESSAGE, "MESSAGE", EVENT)                                                              \
	X(REFER, "REFER", OTHER)                                                                  \
	X(PUBLISH, "PUBLISH", EVENT)                                                              \
	X(INFO, "INFO", OTHER)                                                                    \
	X(UNKNOWN, "unknown", OTHER)

/*
 * X(NAME, key, rate, burst, reason): the limits of one source, in messages per second and
 * messages at once. SOURCE counts every message; the others a kind of message each.
 *
 * The defaults must hold for an office of 200 phones behind one address that comes back after a
 * power cut (about 10 messages a phone over 30 s: 2 REGISTER, 6 SUBSCRIBE, 1 PUBLISH, 1 OPTIONS),
 * and for a trunk of 20 calls a second, the widest published limit of a provider.
 */
#define SG_LIMITS(X)                                                                              \
	X(SOURCE, "source", 100, 400, LIMIT_SOURCE)                                               \
	X(INVITE, "invite", 20, 40, LIMIT_INVITE)                                                 \
	X(REGISTER, "register", 50, 300, LIMIT_REGISTER)                                          \
	X(OPTIONS, "options", 60, 40, LIMIT_OPTIONS)                                              \
	X(EVENT, "event", 50, 400, LIMIT_EVENT)                                                   \
	X(OTHER, "other", 100, 400, LIMIT_OTHER)                                                  \
	X(RESPONSE, "response", 100, 400, LIMIT_RESPONSE)                                         \
	X(KEEPALIVE, "keepalive", 50, 200, LIMIT_KEEPALIVE)

/*
 * X(NAME, key, rate, burst): limits that are not per source and kind of message.
 * UNLISTED_TOTAL is the budget of all sources on no list and in no zone: what a PBX of 100 calls
 * a second or ten such offices at once send, and little enough for a server that also has to answer
 * those it knows. What counts is its burst: what is let in at once must fit into the server's
 * socket buffer and leave room, or it pushes out the good ones behind it: where the driver hands
 * out whole pages, as most do under XDP, Kamailio's buffer of 256 KiB holds 104 datagrams of any
 * length.
 * ORPHAN_FRAGMENTS is per source, ORPHAN_FRAGMENTS_TOTAL for all: about 2 MB/s of frames of 1500
 * bytes.
 */
#define SG_TOTALS(X)                                                                              \
	X(UNLISTED_TOTAL, "unlisted-total", 1000, 50)                                             \
	X(ORPHAN_FRAGMENTS, "orphan-fragments", 200, 400)                                         \
	X(ORPHAN_FRAGMENTS_TOTAL, "orphan-fragments-total", 1400, 2800)

#endif
