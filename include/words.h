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
 * segments without payload. SIGCOMP is SIP that is compressed (RFC 3320, RFC 5049): a datagram that
 * is passed unread, and charged like all others.
 */
#define SG_CLASSES(X)                                                                             \
	X(OTHER, "other")                                                                         \
	X(REQUEST, "request")                                                                     \
	X(RESPONSE, "response")                                                                   \
	X(KEEPALIVE, "keepalive")                                                                 \
	X(STUN, "stun")                                                                           \
	X(TLS, "tls")                                                                             \
	X(HTTP, "http")                                                                           \
	X(GARBAGE, "garbage")                                                                     \
	X(SIGCOMP, "sigcomp")

/*
 * X(NAME, label, limit, letters): the request methods of RFC 3261 and its extensions (PRACK RFC
 * 3262, SUBSCRIBE and NOTIFY 6665, UPDATE 3311, MESSAGE 3428, REFER 3515, PUBLISH 3903, INFO 6086).
 * The letters are the label again (bpf/packet/class.bpf.h insists), since in C a character of a
 * string is no constant that an index or a case could be made from.
 */
#define SG_KNOWN_METHODS(X)                                                                       \
	X(INVITE, "INVITE", INVITE, 'I', 'N', 'V', 'I', 'T', 'E')                                 \
	X(ACK, "ACK", OTHER, 'A', 'C', 'K')                                                       \
	X(BYE, "BYE", OTHER, 'B', 'Y', 'E')                                                       \
	X(CANCEL, "CANCEL", OTHER, 'C', 'A', 'N', 'C', 'E', 'L')                                  \
	X(OPTIONS, "OPTIONS", OPTIONS, 'O', 'P', 'T', 'I', 'O', 'N', 'S')                         \
	X(REGISTER, "REGISTER", REGISTER, 'R', 'E', 'G', 'I', 'S', 'T', 'E', 'R')                 \
	X(PRACK, "PRACK", OTHER, 'P', 'R', 'A', 'C', 'K')                                         \
	X(SUBSCRIBE, "SUBSCRIBE", EVENT, 'S', 'U', 'B', 'S', 'C', 'R', 'I', 'B', 'E')             \
	X(NOTIFY, "NOTIFY", EVENT, 'N', 'O', 'T', 'I', 'F', 'Y')                                  \
	X(UPDATE, "UPDATE", OTHER, 'U', 'P', 'D', 'A', 'T', 'E')                                  \
	X(MESSAGE, "MESSAGE", EVENT, 'M', 'E', 'S', 'S', 'A', 'G', 'E')                           \
	X(REFER, "REFER", OTHER, 'R', 'E', 'F', 'E', 'R')                                         \
	X(PUBLISH, "PUBLISH", EVENT, 'P', 'U', 'B', 'L', 'I', 'S', 'H')                           \
	X(INFO, "INFO", OTHER, 'I', 'N', 'F', 'O')

/*
 * Those, and two without letters. NONE is "not a request". UNKNOWN is a well-formed token that is
 * none of them: it passes, since real networks use their own (BENOTIFY, SERVICE, KDMQ).
 */
#define SG_METHODS(X)                                                                             \
	X(NONE, "none", OTHER)                                                                    \
	SG_KNOWN_METHODS(X)                                                                       \
	X(UNKNOWN, "unknown", OTHER)

/*
 * X(NAME, key, rate, burst, reason, help): the limits of one source, in messages per second and
 * messages at once. SOURCE counts every message; the others a kind of message each.
 *
 * The defaults must hold for an office of 200 phones behind one address that comes back after a
 * power cut (about 10 messages a phone over 30 s: 2 REGISTER, 6 SUBSCRIBE, 1 PUBLISH, 1 OPTIONS),
 * and for a trunk of 20 calls a second, the widest published limit of a provider.
 */
#define SG_LIMITS(X)                                                                              \
	X(SOURCE, "source", 100, 400, LIMIT_SOURCE,                                               \
	  "all messages and new TCP connections together")                                        \
	X(INVITE, "invite", 20, 40, LIMIT_INVITE, "INVITE requests")                              \
	X(REGISTER, "register", 50, 300, LIMIT_REGISTER, "REGISTER requests")                     \
	X(OPTIONS, "options", 60, 40, LIMIT_OPTIONS, "OPTIONS requests")                          \
	X(EVENT, "event", 50, 400, LIMIT_EVENT, "SUBSCRIBE, NOTIFY, MESSAGE, PUBLISH")            \
	X(OTHER, "other", 100, 400, LIMIT_OTHER, "every other request, known or not")             \
	X(RESPONSE, "response", 100, 400, LIMIT_RESPONSE, "responses")                            \
	X(KEEPALIVE, "keepalive", 50, 200, LIMIT_KEEPALIVE,                                       \
	  "CRLF, NUL, empty and tiny datagrams, STUN")

/*
 * X(NAME, rate, burst, proven rate, proven burst): the limits of one flow (source address, port
 * and transport) by the names of SG_LIMITS; first those of flows that are not proven, then of
 * proven ones. A flow is mostly one phone, but a trunk is one flow, too: what is not proven has to
 * leave room for a trunk of 20 calls a second, and leaves a fifth of what its address may to
 * others. Proven flows are asked for nothing but these.
 */
#define SG_FLOW_LIMITS(X)                                                                         \
	X(SOURCE, 80, 320, 400, 1600)                                                             \
	X(INVITE, 20, 40, 80, 160)                                                                \
	X(REGISTER, 20, 60, 60, 300)                                                              \
	X(OPTIONS, 60, 40, 120, 160)                                                              \
	X(EVENT, 30, 200, 120, 600)                                                               \
	X(OTHER, 80, 320, 400, 1600)                                                              \
	X(RESPONSE, 80, 320, 400, 1600)                                                           \
	X(KEEPALIVE, 10, 60, 20, 120)

/*
 * X(NAME, key, reason, threshold, window, seconds, help): what a flow is banned for by itself: this
 * many times within a window of seconds, and for how many seconds. Where that is 0 nobody is
 * banned: what goes on is dropped until the window has room again.
 *
 * FLOOD, MALFORMED and SCANNER are for connections of TCP, since over UDP anybody can commit them
 * in somebody's name. AUTH are wrong passwords for challenges that were told to a flow alone.
 *
 * The rows GUESS limit how many wrong passwords are judged of users who were never registered from
 * that source: of a flow (or, if the user was, of that user alone), of a source, and of a source
 * those that a forger may have sent. An hour that begins with all of them at once has twice as
 * many: 12 of a flow, 60 of a source. One flow leaves its neighbours more than half of a source.
 */
#define SG_OFFENCES(X)                                                                            \
	X(FLOOD, "flood", FLOOD, 1000, 10, 30, "messages beyond the limit of the flow")           \
	X(MALFORMED, "malformed", MALFORMED, 25, 30, 60, "messages against the grammar of SIP")   \
	X(SCANNER, "scanner", SCANNER, 10, 30, 60, "messages of scanners and attack tools")       \
	X(AUTH, "auth-failure", AUTH_FAILURE, 6, 3600, 600,                                       \
	  "wrong passwords, of users not known from its source, for challenges told to this "     \
	  "flow alone")                                                                           \
	X(GUESS, "guesses", AUTH_FAILURE, 6, 3600, 0,                                             \
	  "wrong passwords: of a flow, by users not known from its source; and of each known "    \
	  "user")                                                                                 \
	X(GUESS_SOURCE, "guesses-source", AUTH_FAILURE, 24, 3600, 0,                              \
	  "wrong passwords: of a source, by users not known from there, with nonces told to it "  \
	  "alone")                                                                                \
	X(GUESS_FORGED, "guesses-forged", AUTH_FAILURE, 6, 3600, 0,                               \
	  "wrong passwords with other nonces, which somebody else may have sent")                 \
	X(ENUMERATION, "enumeration", ENUMERATION, 24, 600, 0,                                    \
	  "users that a source asks for in vain")

/*
 * X(NAME, label, help): what made a flow known; the stronger later. Those after GREYLIST are what
 * is called proven.
 */
#define SG_PROOFS(X)                                                                              \
	X(NONE, "none",                                                                           \
	  "Nothing.")                                                                             \
	X(CONTACT, "contact",                                                                     \
	  "Our server has sent the flow a request within 64 s (an INVITE: 240 s), so its "        \
	  "responses are wanted, and no more: whoever has our server relay a request can make "   \
	  "that so.")                                                                             \
	X(GREYLIST, "greylist",                                                                   \
	  "It has sent a request twice while the greylist was armed, so somebody is there, and "  \
	  "no more.")                                                                             \
	X(CALL, "call",                                                                           \
	  "It has completed a call: an ACK with the To tag that was told to this flow alone, "    \
	  "or a 2xx with the branch of our INVITE. Only a customer whose own phone answers, or "  \
	  "somebody on the path, can do that in another one's name, one call for each.")          \
	X(REGISTER, "register",                                                                   \
	  "The server has accepted its REGISTER in answer to a challenge that was told to this "  \
	  "source alone (over TCP: any), until the binding ends and 32 s more. With a nonce "     \
	  "that others were told a user proves four flows an hour, so a customer can prove "      \
	  "that many of somebody else's by his own password.")

/* X(NAME, label, help): what is counted beside packets. */
#define SG_COUNTS(X)                                                                              \
	X(GREYLIST_ARMED, "greylist-armed",                                                       \
	  "Strangers came faster than the budget of unlisted sources lets in; for some "          \
	  "seconds from then on each of them had to come twice (greylist).")                      \
	X(GREYLIST_ADMITTED, "greylist-admitted",                                                 \
	  "A stranger came again while the greylist was armed, as phones do, and was let "        \
	  "in.")                                                                                  \
	X(OVERLOAD_ARMED, "overload-armed",                                                       \
	  "The server refused too much, or was silent, and new requests began to be shed "        \
	  "(overload).")                                                                          \
	X(RETRANSMISSIONS, "retransmissions",                                                     \
	  "A request of a transaction that was admitted before came again. It costs nothing "     \
	  "of the limit of its method.")                                                          \
	X(PROVEN, "proven",                                                                       \
	  "A flow has proven that somebody is there who gets our answers; no flood of "           \
	  "strangers stops it from then on.")                                                     \
	X(PROVEN_FULL, "proven-full",                                                             \
	  "A flow has proven it, and there was no room for it: the table is full of others. "     \
	  "It stays a stranger.")                                                                 \
	X(PROVEN_MANY, "proven-many",                                                             \
	  "A flow has proven it, and its source had proven as many as it may for now (totals: "   \
	  "proofs). It stays a stranger.")                                                        \
	X(BANS, "bans",                                                                           \
	  "A source or a flow was banned.")                                                       \
	X(BANS_FULL, "bans-full",                                                                 \
	  "A ban was due, and the table is full of others. The offender is not banned; the "      \
	  "limits hold for it.")                                                                  \
	X(OFFENCES_FULL, "offences-full",                                                         \
	  "There was no room for one more offender, and the one with the least to his account "   \
	  "made it.")                                                                             \
	X(CONNECTION_SILENT, "connection-silent",                                                 \
	  "A connection of TCP has sent nothing in the time that connections: first-data "        \
	  "gives it.")                                                                            \
	X(CONNECTIONS_FULL, "connections-full",                                                   \
	  "A connection of TCP is not counted, for want of room or memory: its source has "       \
	  "that much more.")                                                                      \
	X(UNREAD_GAP, "unread-gap",                                                               \
	  "A segment of TCP was not read, since something before it was missing: it was "         \
	  "lost, comes late, or takes another way. It passes, and is charged as a segment.")      \
	X(UNREAD_OLDER, "unread-older",                                                           \
	  "A segment was not read, since its connection was there before the guard, or goes "     \
	  "through this host to a server elsewhere and was not seen from its beginning. It "      \
	  "passes, and is charged as a segment.")                                                 \
	X(UNREAD_LOST, "unread-lost",                                                             \
	  "A segment was not read, since nobody can tell where the next message begins: a "       \
	  "header of more than 4096 bytes, no Content-Length, more than 128 messages at "         \
	  "once, urgent data. It passes, and is charged as a segment.")                           \
	X(UNREAD_GUESSED, "unread-guessed",                                                       \
	  "A segment that would not have been read begins like a request and is taken for "       \
	  "one. Its messages are charged; their faults are only counted.")                        \
	X(UNREAD_FOREIGN, "unread-foreign",                                                       \
	  "A segment of a connection that does not carry plain SIP: TLS, HTTP and "               \
	  "WebSocket, SigComp, or behind a load balancer's PROXY line. It passes, and is "        \
	  "charged as a segment.")                                                                \
	X(DIALLED_FULL, "dialled-full",                                                           \
	  "There was no room for one more who calls dialled-prefixes, and one with fewer calls "  \
	  "made it: his are forgotten.")                                                          \
	X(DIALOGS_FULL, "dialogs-full",                                                           \
	  "There was no room for one more dialog or request of the server's, and it was not "     \
	  "remembered, or the least of those there made it: where there is no room nothing "      \
	  "counts as unknown (dialog-unknown, transaction-unknown).")                             \
	X(CALLS_FULL, "calls-full",                                                               \
	  "There was no room for one more call, or for one more who has calls (`calls: "          \
	  "at-once`), and one of others made it, or it is not counted: somebody may have more "   \
	  "calls than that.")                                                                     \
	X(STREAMS_EVICTED, "streams-evicted",                                                     \
	  "The table of connections had no room, and the one of which nothing was seen for "      \
	  "the longest time made it. What it sends later counts as unread-older.")                \
	X(IDENTITIES_FULL, "identities-full",                                                     \
	  "There was no room to remember one more user who has registered, and the one whose "    \
	  "binding ends first made it. Nobody is reported for speaking for him until he "         \
	  "registers again.")                                                                     \
	X(TOPOLOGY_MASKED, "topology-masked",                                                     \
	  "A message left with values masked that name software, hosts or what else "             \
	  "topology-fields has (topology: mask). Its length is what it was, so the length of "    \
	  "each value is still told.")                                                            \
	X(TOPOLOGY_FOUND, "topology-found",                                                       \
	  "A message left with such values as they are, since topology is report, or the "        \
	  "guard only monitors.")                                                                 \
	X(TOPOLOGY_FAILED, "topology-failed",                                                     \
	  "A message left with such values as they are, since it could not be changed: no "       \
	  "memory, TCP behind extension headers of IPv6, or what AH signs.")                      \
	X(TOPOLOGY_CUT, "topology-cut",                                                           \
	  "The header of a message that left does not end in its first packet, or within 4096 "   \
	  "bytes and 256 lines: what comes behind is as it was.")                                 \
	X(TOPOLOGY_UNREAD, "topology-unread",                                                     \
	  "A segment of TCP left that begins within a message (mostly a body), or has more than " \
	  "16 of them, or a frame of more than 16 datagrams: the rest is as it was.")             \
	X(TOPOLOGY_VIA, "topology-via",                                                           \
	  "A request left with a private address in a Via: of our server, or of who it asks "     \
	  "for. It is never changed, as the answer comes back by it.")                            \
	X(TOPOLOGY_CONTACT, "topology-contact",                                                   \
	  "A message left with a private address in its Contact, which the peer needs to send "   \
	  "what follows in the dialog. Not counted of answers to REGISTER, which repeat the "     \
	  "peer's own.")                                                                          \
	X(TOPOLOGY_ROUTE, "topology-route",                                                       \
	  "A message left with a private address in Record-Route or Route. In an answer it may "  \
	  "be that of a proxy of the peer.")                                                      \
	X(TOPOLOGY_CALL_ID, "topology-call-id",                                                   \
	  "A request left with a private address in its Call-ID.")                                \
	X(TOPOLOGY_BODY, "topology-body",                                                         \
	  "A message left with a private address in its session description.")                    \
	X(REPLIES_SEEN, "replies-seen",                                                           \
	  "A reply of the server left by a guarded interface, and could teach who is proven. If " \
	  "there are none though requests pass, they leave by an interface that is not guarded: " \
	  "`sipguard attach` it, too.")                                                           \
	X(REPLIES_UNREAD, "replies-unread",                                                       \
	  "A segment of the server's left, and nobody can tell where the next message begins "    \
	  "in it: a header of more than 4096 bytes, no Content-Length, or what was before it "    \
	  "left by another way. What it answers teaches nothing, and is in no figure.")

/*
 * X(NAME, key, rate, burst, help): limits that are not per source and kind of message.
 * UNLISTED_TOTAL is the budget of all sources on no list and in no zone: what a PBX of 100 calls a
 * second or ten such offices at once send, and little enough for a server that also has to answer
 * those it knows. What counts is its burst: what is let in at once must fit into the server's
 * socket buffer and leave room, or it pushes out the good ones behind it: where the driver hands
 * out whole pages, as most do under XDP, Kamailio's buffer of 256 KiB holds 104 datagrams of any
 * length.
 * ORPHAN_FRAGMENTS is per source, ORPHAN_FRAGMENTS_TOTAL for all: about 2 MB/s of frames of 1500
 * bytes. REPLIES is per destination that is not proven: what an office of 200 phones is challenged
 * with when it comes back at once, and no more than a victim of our replies can bear.
 * UNLISTED_TCP is the same budget for what comes by connections of TCP, whose senders are there: no
 * greylist tells them apart, so they would take that of UDP from those who come again. SYNS is no
 * more than the kernel's SYN cookies cope with (CONFIG_SYN_COOKIES), since a limit would refuse
 * the good ones with the forged ones; what one source may open has a limit of its own.
 * PROOFS is per source: flows that become proven, so that nobody who has an account fills the table
 * of all; what an office of thousands proves in a morning.
 * STRAY_SEGMENTS is for all: segments of TCP to a port that this host serves, of no connection that
 * it has, as after its restart; the kernel answers each with a reset.
 */
#define SG_TOTALS(X)                                                                              \
	X(UNLISTED_TOTAL, "unlisted-total", 1000, 50,                                             \
	  "all sources that are on no list and in no zone, together, over UDP")                   \
	X(ORPHAN_FRAGMENTS, "orphan-fragments", 200, 400,                                         \
	  "later fragments of each source whose first one was not seen")                          \
	X(ORPHAN_FRAGMENTS_TOTAL, "orphan-fragments-total", 1400, 2800,                           \
	  "later fragments of all sources together whose first one was not seen")                 \
	X(REPLIES, "replies", 100, 400,                                                           \
	  "replies to each destination that is on no list, in no zone and not proven")            \
	X(STRAY_SEGMENTS, "stray-segments", 5000, 10000,                                          \
	  "segments of TCP of no connection that exists, of all")                                 \
	X(UNLISTED_TCP, "unlisted-tcp", 1000, 50,                                                 \
	  "what sources on no list and in no zone send by connections of TCP, together")          \
	X(SYNS, "syns", 50000, 10000,                                                             \
	  "new connections (SYNs) of sources on no list and in no zone, together")                \
	X(PROOFS, "proofs", 2, 4000,                                                              \
	  "flows of each source that become proven")

#endif
