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

#endif
