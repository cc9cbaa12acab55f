/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The settings that stand alone, one row each. Limits by kind of message, totals, bans, modes and
 * the caps of a message have lists of their own (words.h, reasons.h, sip/rules.h). From all of
 * these follow the fields (abi.h), the defaults (defaults.h) and the table of settings
 * (user/policy/setting.h), by which the file is read and shown. A row here needs a line in
 * tools/sipguard.yaml.
 */
#ifndef SIPGUARD_SETTINGS_H
#define SIPGUARD_SETTINGS_H

#include "gcra.h"
#include "identity.h"
#include "numbers.h"

#define SG_SECONDS_MAX 86400

/*
 * X(TYPE, field, key, least, most, default, range, unit, help): numbers of struct sg_config, __u32.
 * TYPE is NUMBER, SECONDS, FLAG (0 or 1, said as no or yes) or WORD (said as user/policy/setting.c
 * has it by the field). `range` and `unit` stand around
 * least and most in the sentence that refuses another value.
 */
#define SG_GUARD_SETTINGS(X)                                                                      \
	/* enum sg_mode. sg_state.mode is in force: this is what it begins with, or follows. */    \
	X(WORD, config_mode, "mode", 1, 2, 1, "it is", "",                                        \
	  "in which a new guard begins, and a running one goes on when this is changed")          \
	/* enum sg_memory. Only a new guard gets other tables. */                                 \
	X(WORD, memory_preset, "memory", 0, 2, 1, "it is", "",                                    \
	  "how much its tables take: small (20 MB), default (109 MB), large (387 MB)")            \
	/* A caller that is no phone of ours, from one call to the next. */                       \
	X(SECONDS, proven_call, "proven/call", 1, SG_SECONDS_MAX, 600, "it is", "seconds",        \
	  "seconds that a completed call proves a flow, 1 to 86400")                              \
	X(FLAG, proven_unchallenged, "proven/unchallenged", 0, 1, 0, "it is", "",                 \
	  "yes: a REGISTER that the server accepts without a challenge proves, too")              \
	X(SECONDS, greylist_hold, "greylist/hold", 1, SG_SECONDS_MAX, 10, "it is", "seconds",     \
	  "seconds that it stays armed after less than half of that rate is offered")             \
	X(FLAG, overload_shed, "overload/shed", 0, 1, 0, "it is", "",                             \
	  "yes: while the server refuses or is silent, new requests are shed")                    \
	X(NUMBER, overload_share, "overload/share", 1, 100, 50, "it is", "percent",               \
	  "percent of its answers to known senders that are 503, 1 to 100")                       \
	/* Fewer are one trunk whose gateway is down. */                                          \
	X(NUMBER, overload_least, "overload/least", 1, 1000000, 20, "they are", "per second",     \
	  "such answers per second, or requests; fewer tell nothing, 1 to 1000000")               \
	/* A level is raised after two windows of a second, and must not fall in between. */      \
	X(SECONDS, overload_hold, "overload/hold", 5, SG_SECONDS_MAX, 10, "it is", "seconds",     \
	  "seconds until a level less is shed, 5 to 86400")                                       \
	X(FLAG, overload_unchallenged, "overload/unchallenged", 0, 1, 0, "it is", "",             \
	  "yes: requests over UDP without credentials that are looked at tell of it, too")        \
	X(FLAG, figures, "figures", 0, 1, 0, "it is", "",                                         \
	  "yes: delays and outcomes of calls and registrations are counted (RFC 6076)")           \
	/* As long as Kamailio waits for the rest of a message. */                                \
	X(SECONDS, first_data, "connections/first-data", 1, SG_SECONDS_MAX, 20, "it is",          \
	  "seconds", "seconds after which one that has sent nothing is reported")

/*
 * X(TYPE, field, key, least, most, default, range, unit, help): numbers of struct sg_profile,
 * __u32.
 * L(field, key, rate, burst, help): its limits. At the top of the file the key gives that of
 * sources in no zone, which each zone takes over that has not its own.
 * S(field, key, all, help): sets, of words that user/policy/setting.c has by the field: a bit of a
 * __u32 for each. `all` is the default, and has all bits. In the file they are "only" or "not".
 */
#define SG_PROFILE_SETTINGS(X, L, S)                                                              \
	S(methods, "methods", (1U << SG_METHOD__MAX) - 2, "methods of requests")                  \
	S(transports, "transports", SG_PORT_UDP | SG_PORT_TCP | SG_PORT_TLS,                      \
	  "by the lists of ports")                                                                \
	X(FLAG, closed, "closed", 0, 1, 0, "it is", "",                                           \
	  "yes: who is in no zone there is refused")                                              \
	/* Costs no lookup where no profile asks. */                                              \
	X(FLAG, identity, "identity", 0, 1, 0, "it is", "",                                       \
	  "yes: who speaks for somebody that is registered elsewhere is reported")                \
	/* enum sg_topology. Costs no lookup where no profile asks. */                            \
	X(WORD, topology, "topology", 0, 2, 0, "it is", "",                                       \
	  "what messages to them tell of software and network: off, report, mask")                \
	L(new_connections, "connections/new", 20, 50, "of each source, per second and at once")   \
	L(callee, "callee", 10, 40, "new calls to each user, of all strangers together")          \
	X(FLAG, callee_priority, "callee/priority", 0, 1, 0, "it is", "",                         \
	  "yes: no call of a zone with a Resource-Priority is refused for it, or shed")           \
	/* 00, 011, +, none, and one for the exchange's outside line: nobody needs more. */       \
	X(NUMBER, dial_forms, "dial-walk/forms", 2, SG_ASKED, 6, "it is", "forms",                \
	  "forms in which one number may be dialled, 2 to 25")                                    \
	X(SECONDS, dial_window, "dial-walk/window", 1, SG_SECONDS_MAX, 3600, "it is", "seconds",  \
	  "in so many seconds, 1 to 86400")                                                       \
	X(NUMBER, dialled_calls, "dialled/calls", 1, 100000, 10, "it is", "calls",                \
	  "calls at once to dialled-prefixes, 1 to 100000")                                       \
	X(SECONDS, dialled_window, "dialled/window", 1, SG_SECONDS_MAX, 3600, "it is", "seconds", \
	  "seconds in which as many come again, 1 to 86400")                                      \
	X(FLAG, dialled_zones, "dialled/zones", 0, 1, 0, "it is", "",                             \
	  "yes: sources of zones have that limit, too")                                           \
	X(SECONDS, dialled_ban, "dialled/ban", 0, SG_SECONDS_MAX, 0, "it is", "seconds",          \
	  "seconds that a flow of TCP is banned for one more, 0 to 86400; 0: none is")            \
	X(NUMBER, calls_most, "calls/at-once", 0, 10000, 0, "it is", "calls",                     \
	  "calls that one may have at the same time, 0 to 10000; 0: no limit")                    \
	X(FLAG, calls_zones, "calls/zones", 0, 1, 0, "it is", "",                                 \
	  "yes: sources of zones have that limit, each of its own")                               \
	L(dialog, "dialogs", 20, 100, "of each source what belongs to no dialog that was seen")   \
	/* Most subscriptions are renewed within an hour, and few calls are longer. */            \
	X(SECONDS, dialog_grace, "dialogs/grace", 0, SG_SECONDS_MAX, 3600, "it is", "seconds",    \
	  "seconds for which the guard listens before it judges by that, 0 to 86400")             \
	X(FLAG, dialog_zones, "dialogs/zones", 0, 1, 0, "it is", "",                              \
	  "yes: what sources of zones send is looked at, too")                                    \
	X(NUMBER, live, "connections/live", 1, 1000000, 256, "a source may have",                 \
	  "connections", "that a source may have at a time, 1 to 1000000")                        \
	/*                                                                                        \
	 * Those of TLS, of connections older than the guard, what continues a message. A trunk   \
	 * of 100 calls a second over TLS sends 600 messages a second, the INVITE and its like in \
	 * two or three segments.                                                                 \
	 */                                                                                       \
	L(segment, "connections/segments", 1500, 6000,                                            \
	  "those that cannot be read, of each source or proven flow")

/* X(NAME, key, default): the lists of ports; NAME is an enum sg_port_role. */
#define SG_PORT_LISTS(X)                                                                          \
	X(UDP, "udp", 5060)                                                                       \
	X(TCP, "tcp", 5060)                                                                       \
	X(TLS, "tls", 5061)

/*
 * The total of a zone where the file says nothing: as much as ten of its sources may. A zone is
 * made for peers that send much; and it is to be noticed when more of them than that do, or when
 * somebody forges the addresses of all.
 */
#define SG_ZONE_SOURCES 10

/*
 * What decides about packets and cannot be configured, one row each: times, thresholds, and how far
 * is looked. From here the programs have the numbers, and `sipguard status` shows all of them. What
 * is no row is no limit of traffic: sizes of tables (memory.h, numbers.h), units of time, and how
 * much work is put off.
 */

/* A call is known by the epoch, of 2^40 ns, in which it was last heard of. */
#define SG_CALL_EPOCH 40
#define SG_CALL_EPOCHS 8

/* A request with credentials waits for 2^27 ns for its answer: the programs divide by it. */
#define SG_PENDING_SHIFT 27

/* X(NAME, key, value, unit, help): the key with the unit is that in the JSON of status. */
#define SG_FIXED(X)                                                                               \
	X(GREYLIST_EARLY, "greylist_early", 400, "ms",                                            \
	  "sooner a stranger's request has not come again")                                       \
	X(GREYLIST_LATE, "greylist_late", 32000, "ms", "later it begins anew")                    \
	X(GREYLIST_THIRD, "greylist_third", 5000, "ms",                                           \
	  "until when it may come the third time, in a rush")                                     \
	X(GREYLIST_RUSH, "greylist_rush", 625000, "per_second",                                   \
	  "packets of strangers that a CPU has while the greylist is armed; above is a rush")     \
	X(GREYLIST_PACES, "greylist_rush_looks", 16, "per_second", "whether it is one")           \
	X(GREYLIST_LOOKS, "greylist_looks", 4, "per_second", "how much strangers offer")          \
	X(GREYLIST_HOLD, "greylist_stays", 50, "percent",                                         \
	  "of the budget's rate: while strangers offer more, the greylist stays armed")           \
	X(GREYLIST_FEW, "budget_few", 40, "messages",                                             \
	  "that a source may be ahead of its rate to pay from the upper half of the budget")      \
	X(PROVEN_GREYLIST, "greylist_proof", 64, "seconds",                                       \
	  "that a flow is not asked again to come twice")                                         \
	X(PROVEN_GRACE, "proven_grace", 32, "seconds", "that a proof outlives its registration")  \
	X(PROVEN_LIFE, "proven_most", SG_PROVEN_DAYS * 86400, "seconds",                          \
	  "that a registration proves a flow at most")                                            \
	X(ACCOUNT_FLOWS, "account_flows", 4, "flows",                                             \
	  "that a user proves by his password, who was challenged elsewhere, within")             \
	X(ACCOUNT_LIFE, "account_window", 3600, "seconds", "so many seconds")                     \
	X(SERVER_ANSWERS, "server_answers", 64, "seconds",                                        \
	  "since its last answer that the server's answers count as seen")                        \
	X(SERVER_HABIT, "server_challenges", 86400, "seconds",                                    \
	  "since its last challenge of a call that it counts as one that challenges")             \
	X(REPLY_WAIT, "reply_wait", 64, "seconds", "that an answer to our request may take")      \
	X(REPLY_RING, "reply_ring", 240, "seconds", "that one to our INVITE may")                 \
	X(REPLY_OLDER, "connections_older", 7200, "seconds",                                      \
	  "since replies are heard in which connections older than the guard are to be expected") \
	X(TRANSACTION_LIFE, "transaction", 32000, "ms",                                           \
	  "that copies of a request are of one transaction")                                      \
	X(TRANSACTION_WAIT, "transaction_invite", 240000, "ms", "that those of an INVITE are")    \
	X(TRANSACTION_T1, "transaction_copy", 500, "ms",                                          \
	  "in which one more of them may come")                                                   \
	X(TRANSACTION_COPIES, "transaction_copies", 10, "copies",                                 \
	  "of a request that are no new load")                                                    \
	X(DIALOG_LONG, "dialog_confirmed", 86400, "seconds",                                      \
	  "that a dialog is known since it was last heard of")                                    \
	X(DIALOG_SHORT, "dialog_asked", 240, "seconds", "that one is which was only asked for")   \
	X(DIALOG_BRANCH, "dialog_branch", 64, "seconds", "that a branch of ours is known")        \
	X(DIALOG_RINGS, "dialog_rings", 600, "seconds", "that one of an INVITE is")               \
	X(DIALOG_DEAF, "dialog_deaf", 600, "seconds",                                             \
	  "in which nothing has left, and dialogs are listened for anew")                         \
	X(CALL_SILENT, "call_silent",                                                             \
	  (int)(((__u64)SG_CALL_EPOCHS << SG_CALL_EPOCH) / SG_NSEC_PER_SEC), "seconds",           \
	  "in which nothing is heard of a call, and it counts no more")                           \
	X(OVERLOAD_WINDOW, "overload_window", 1000, "ms",                                         \
	  "that the server is watched before more or less is shed")                               \
	X(OVERLOAD_ROW, "overload_row", 2, "windows", "of too many in a row, and more is shed")   \
	X(OVERLOAD_LONG, "overload_long", 64, "seconds", "of a window that tells nothing")        \
	X(STREAM_HANDSHAKE, "tcp_handshake", 64, "seconds", "that a handshake may take")          \
	X(STREAM_WINDOW, "tcp_window", 1 << 20, "bytes",                                          \
	  "that may have come before the first segment of a connection is seen")                  \
	X(STREAM_HEAD, "tcp_header", 4, "seconds", "that the rest of a header may take")          \
	X(STREAM_BEHIND, "tcp_behind", 120, "seconds", "that what was refused may come again")    \
	X(STREAM_AHEAD, "tcp_ahead", 1 << 22, "bytes",                                            \
	  "that may be missing before a segment that is read all the same")                       \
	X(STREAM_REACH, "tcp_reach", 1 << 30, "bytes",                                            \
	  "that may be missing before a connection is read anew")                                 \
	X(FRAGMENT_LIFE, "fragments", SG_FRAGMENT_SECONDS, "seconds",                             \
	  "that later fragments share the verdict of the first")                                  \
	X(FRAGMENT_MIN, "fragment_least", 16, "bytes", "of message in a first fragment")          \
	X(PARTS, "frame_messages", SG_PARTS, "messages", "of a frame that are read")              \
	X(EXTENSIONS, "extension_headers", SG_EXTENSION_HEADERS, "headers", "of IPv6 in a row")   \
	X(TAGS, "vlan_tags", SG_VLAN_TAGS, "tags", "of a frame in a row")                         \
	X(KEEPALIVE_ANY, "keepalive_any", 8, "bytes", "of anything are a keepalive")              \
	X(KEEPALIVE_BLANK, "keepalive_blank", 32, "bytes",                                        \
	  "of line ends, NUL and white space are one, or stand before a message")                 \
	X(METHOD_LENGTH, "method_length", 48, "characters", "of a method")                        \
	X(CREDENTIALS, "credentials", 3, "fields",                                                \
	  "of Authorization, and of Proxy-Authorization, that are looked at")                     \
	X(PENDING, "credentials_wait", (int)((1ULL << SG_PENDING_SHIFT) / 1000000), "ms",         \
	  "that a request with credentials is waited for, if no answer is seen")                  \
	X(ROUTES, "routes", 8, "values", "of Route that are looked at")                           \
	X(FOLDS, "continued", 8, "lines", "that continue a header field, and are looked at")      \
	X(PRIORITIES, "priorities", 4, "lines",                                                   \
	  "that begin as Resource-Priority does, and are looked at")                              \
	X(CONTACTS, "contacts", 10, "values", "of Contact of a 200 that are looked at")           \
	X(BINDINGS, "contacts_length", 2048, "bytes", "of these")                                 \
	X(NONCES, "nonces", 3, "challenges", "of an answer that are remembered")                  \
	X(DIALLED_LEAST, "dialled_least", 5, "digits", "of a number that is watched")             \
	X(DIALLED_INTERNATIONAL, "dialled_international", 8, "digits",                            \
	  "behind an exit code that are an international one")                                    \
	X(DIAL_TAIL, "dial_tail", 8, "digits", "at its end that tell a number")                   \
	X(DIAL_MOST, "dial_most", 64, "characters", "of a user in which a number is looked for")  \
	X(IDENTITY_DIGITS, "identity_digits", SG_IDENTITY_DIGITS, "digits",                       \
	  "of a user who is compared as a number")                                                \
	X(IDENTITY_LINES, "identity_lines", 3, "lines",                                           \
	  "that begin as P-Asserted-Identity does, and are looked at")                            \
	X(IDENTITY_VALUES, "identity_values", 2, "values", "of them that are compared")           \
	X(IDENTITY_READ, "identity_length", 160, "characters", "of such a line that are looked at")

enum sg_fixed {
#define X(name, key, value, unit, help) SG_FIXED_##name = value,
	SG_FIXED(X)
#undef X
};

#endif
