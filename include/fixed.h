/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What decides about packets and cannot be configured, one row each: times, thresholds, and how far
 * is looked. From here the programs have the numbers, and `sipguard status` shows all of them. What
 * is no row is no limit of traffic: sizes of tables (memory.h, numbers.h), units of time, and how
 * much work is put off.
 */
#ifndef SIPGUARD_FIXED_H
#define SIPGUARD_FIXED_H

#include "gcra.h"
#include "identity.h"
#include "numbers.h"

/* A call is known by the epoch, of 2^40 ns, in which it was last heard of. */
#define SG_CALL_EPOCH 40
#define SG_CALL_EPOCHS 8

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
	X(OVERLOAD_ROW, "overload_row", 2, "windows", "of a second in which more is shed")        \
	X(OVERLOAD_LONG, "overload_long", 64, "seconds", "of a window that tells nothing")        \
	X(STREAM_HANDSHAKE, "tcp_handshake", 64, "seconds", "that a handshake may take")          \
	X(STREAM_WINDOW, "tcp_window", 1 << 20, "bytes",                                          \
	  "that may have come before the first segment of a connection is seen")                  \
	X(STREAM_HEAD, "tcp_header", 4, "seconds", "that the rest of a header may take")          \
	X(STREAM_BEHIND, "tcp_behind", 120, "seconds", "that what was refused may come again")    \
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
	X(ROUTES, "routes", 8, "values", "of Route that are looked at")                           \
	X(DIALLED_LEAST, "dialled_least", 5, "digits", "of a number that is watched")             \
	X(DIALLED_INTERNATIONAL, "dialled_international", 8, "digits",                            \
	  "behind an exit code that are an international one")                                    \
	X(DIAL_TAIL, "dial_tail", 8, "digits", "at its end that tell a number")                   \
	X(IDENTITY_DIGITS, "identity_digits", SG_IDENTITY_DIGITS, "digits",                       \
	  "of a user who is compared as a number")

enum sg_fixed {
#define X(name, key, value, unit, help) SG_FIXED_##name = value,
	SG_FIXED(X)
#undef X
};

#endif
