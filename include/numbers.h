/* SPDX-License-Identifier: GPL-2.0-only */
/* How many and which: the sizes of the tables, and everything that has a number. */
#ifndef SIPGUARD_NUMBERS_H
#define SIPGUARD_NUMBERS_H

#include <linux/types.h>

#include "reasons.h"
#include "words.h"

#define SG_PORTS 65536
#define SG_ZONES 16            /* zone 0 is that of sources on no list */
#define SG_PROFILES SG_ZONES   /* profile 0 is that of zone 0, and each zone has one of its own */
#define SG_ZONE_NAME 32        /* with the closing NUL */
#define SG_INTERFACE_NAME 16   /* IFNAMSIZ */
#define SG_ZONE_ENTRIES (1 << 16) /* prefixes of all zones, once for each set of zones at a place */
#define SG_ZONE_INTERFACES 64  /* that zones may name, and place 0 for all others */
#define SG_ZONE_VLANS 32       /* the same of VLANs */
#define SG_VLANS 4096          /* by VLAN ID, IEEE 802.1Q */
#define SG_BANS (1 << 16)
#define SG_SOURCE_ROW (1 << 17) /* places per row of the hashed limit table; two rows, 16 MB */
#define SG_ORPHAN_ROW (1 << 14)
#define SG_FRAGMENT_ROW (1 << 15)
#define SG_FLOW_ROW (1 << 15)  /* places per row of the limit table of flows; two rows, 4 MB */
#define SG_PROVEN (1 << 18)    /* lines of 4 flows that are proven, 32 MB */
#define SG_PROVEN_CELLS 4
/* So many flows find room in as many lines: of more than that one in 100 000 does not. */
#define SG_PROVEN_MOST(lines) (2 * (lines))
#define SG_HINTS (1 << 15)     /* lines of 4; more would leave the cache in a flood */
#define SG_GREYLIST (11 << 14) /* lines of 15 requests, 11 MB: 0.5 s of 5 million a second */
#define SG_WAITING 64
#define SG_RETURNED (1 << 13)  /* requests that came again in a rush, 64 KB */
#define SG_TRANSACTIONS (1 << 14) /* lines of 8, 2 MB */
/*
 * Lines of 8 dialogs and branches, 2 MB: of 65 000 dialogs at once one in a thousand finds no room,
 * of 100 000 two in a hundred.
 */
#define SG_DIALOGS (1 << 15)
#define SG_ATTEMPTS (1 << 12)  /* lines of 8 sessions or registrations, 512 KB */
#define SG_STRAY_ROW (1 << 13)
#define SG_CALLS (1 << 13)     /* lines of 4 calls that are held against somebody, 512 KB */
#define SG_CALLERS (1 << 13)   /* who has such calls, 384 KB */
#define SG_SECRETS (1 << 16)   /* lines of 4, 4 MB: 4 minutes of 1000 challenges a second */
#define SG_ACCOUNTS (1 << 14)  /* lines of 2 users */
#define SG_OFFENCE_ENTRIES (1 << 15) /* flows, sources and users whose offences are remembered */
#define SG_KNOWN (1 << 14)     /* lines of 15 users, 1 MB */
#define SG_ASKERS (1 << 13)    /* sources that ask for users who are not there */
#define SG_ASKED 25            /* such users of each */
#define SG_WALKS (1 << 12)     /* numbers that somebody has dialled, 256 KB */
#define SG_DIAL_CALLS (1 << 13) /* who calls dialled prefixes, 192 KB */
#define SG_REGISTERED (1 << 12) /* lines of 8 identities that are registered, 512 KB */
#define SG_REGISTERED_CELLS 8
#define SG_BAN_RULES 8
#define SG_TOTALS_MAX 8        /* places for limits of all, by enum sg_total_id */
#define SG_TOTAL_PLACES 32     /* those, and behind them one for each zone: sg_zone_total() */
#define SG_DESTINATION_ROW (1 << 14)
#define SG_SYN_ROW (1 << 14)
#define SG_PROOF_ROW (1 << 14)
#define SG_CALLEE_ROW (1 << 14)
#define SG_CONNECTIONS (1 << 16) /* sources that have connections of TCP */
#define SG_STREAMS (1 << 16)   /* lines of 4 connections of TCP, 4 MB */
#define SG_OPENINGS (1 << 13)  /* lines of 4 handshakes that are under way */
#define SG_LATELY (1 << 13)    /* sources that were dropped lately, 512 KB */
#define SG_LATELY_REASONS 4    /* of each */
#define SG_HEADS (1 << 9)      /* headers that began in one segment and end in another, 2 MB */
#define SG_SEGMENT_ROW (1 << 14)
/* Messages of one frame that are read: as many as datagrams (UDP_MAX_SEGMENTS; 64 up to 6.10). */
#define SG_PARTS 128
#define SG_NAMESPACES 64       /* network namespaces in which an interface is guarded */
#define SG_PROVEN_DAYS 1       /* a proof's longest life */
#define SG_FRAGMENT_SECONDS 60 /* RFC 8200 section 4.5: reassembly is given up after 60 s */
#define SG_EXTENSION_HEADERS 8
#define SG_VLAN_TAGS 8
#define SG_INTERFACES 64       /* with counters of their own */
#define SG_MODES 128           /* places for modes of reasons */

enum sg_reason {
	SG_REASON_NONE,
#define X(number, name, label, reference, mode, strict, state, help) SG_REASON_##name = number,
	SG_REASONS(X)
#undef X
#define X(number, ...) +1
	SG_REASON__MAX = 1 SG_REASONS(X) /* rows are in any order, see below */
#undef X
};

enum sg_class {
#define X(name, label) SG_CLASS_##name,
	SG_CLASSES(X)
#undef X
	SG_CLASS__MAX
};

enum sg_method {
#define X(name, label, limit, ...) SG_METHOD_##name,
	SG_METHODS(X)
#undef X
	SG_METHOD__MAX
};

enum sg_limit_id {
#define X(name, key, rate, burst, reason, ...) SG_LIMIT_##name,
	SG_LIMITS(X)
#undef X
	SG_LIMIT__MAX
};

enum sg_total_id {
#define X(name, key, rate, burst, ...) SG_TOTAL_##name,
	SG_TOTALS(X)
#undef X
	SG_TOTAL__MAX
};

enum sg_offence {
#define X(name, key, reason, threshold, window, seconds, ...) SG_OFFENCE_##name,
	SG_OFFENCES(X)
#undef X
	SG_OFFENCE__MAX
};

enum sg_proof {
#define X(name, label, help) SG_PROOF_##name,
	SG_PROOFS(X)
#undef X
	SG_PROOF__MAX
};

enum sg_count {
#define X(name, label, help) SG_COUNT_##name,
	SG_COUNTS(X)
#undef X
	SG_COUNT__MAX
};

enum sg_mode {
	SG_MODE_OFF,     /* the reason is not looked at */
	SG_MODE_MONITOR, /* counted as "would drop", and the packet goes on */
	SG_MODE_ENFORCE,
	SG_MODE__MAX
};

/* Roles of a port, as bits of sg_config.port[]. */
enum sg_port_role {
	SG_PORT_UDP = 1,
	SG_PORT_TCP = 2,
	SG_PORT_TLS = 4, /* TCP whose payload is not readable */
};

#define X(number, ...) +number
_Static_assert(0 SG_REASONS(X) == SG_REASON__MAX * (SG_REASON__MAX - 1) / 2,
	       "reason numbers are dense");
#undef X
_Static_assert(SG_REASON__MAX <= SG_MODES, "each reason has a mode");
_Static_assert(SG_OFFENCE__MAX <= SG_BAN_RULES, "each offence has a rule");
_Static_assert(SG_TOTAL__MAX <= SG_TOTALS_MAX, "each total has its place");
_Static_assert(SG_TOTALS_MAX == 8, "those of the zones begin on a line");
_Static_assert(SG_TOTALS_MAX + SG_ZONES <= SG_TOTAL_PLACES, "and each zone");

#endif
