/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel programs and the sipguard command share: numbers, map layouts, limits.
 * Any change of a layout here raises SG_ABI_VERSION: pins carry it in their path, and libbpf would
 * reuse a map of equal sizes whatever it holds.
 */
#ifndef SIPGUARD_ABI_H
#define SIPGUARD_ABI_H

#include <linux/types.h>

#include "gcra.h"
#include "reasons.h"
#include "sip/text.h"
#include "words.h"

#define SG_ABI_VERSION 8

#define SG_PORTS 65536
#define SG_ZONES 16            /* zone 0 is that of sources on no list */
#define SG_ZONE_NAME 32        /* with the closing NUL */
#define SG_LISTED_BLOCKS 65536 /* of IPv4 addresses: one for each /16 */
#define SG_LIST_ENTRIES (1 << 21) /* prefixes per family: a million allowed, a million denied */
#define SG_ZONE_ENTRIES (1 << 16) /* prefixes of all zones together */
#define SG_BANS (1 << 16)
#define SG_SLOT_ROW (1 << 17)  /* slots per row of the hashed limit table; two rows, 16 MB */
#define SG_ORPHAN_ROW (1 << 14)
#define SG_FRAGMENT_ROW (1 << 15)
#define SG_FLOW_ROW (1 << 15)  /* slots per row of the limit table of flows; two rows, 4 MB */
#define SG_PROVEN 480000       /* flows that are proven */
#define SG_HINTS (1 << 15)     /* lines of 4; more would leave the cache in a flood */
#define SG_GREYLIST (1 << 17)  /* lines of 15 requests, 8 MB: a second of 2 million a second */
#define SG_WAITING 16
#define SG_RETURNED (1 << 8)   /* lines of 15 requests that came again in a rush, 16 KB */
#define SG_TRANSACTIONS (1 << 14) /* lines of 8, 2 MB */
#define SG_SECRETS (1 << 16)   /* lines of 4, 4 MB: 4 minutes of 1000 challenges a second */
#define SG_ACCOUNTS (1 << 14)  /* lines of 2 users */
#define SG_CONDUCT (1 << 15)   /* flows, sources and users whose offences are remembered */
#define SG_KNOWN (1 << 14)     /* lines of 15 users, 1 MB */
#define SG_ASKERS (1 << 13)    /* sources that ask for users who are not there */
#define SG_ASKED 25            /* such users of each */
#define SG_BAN_RULES 8
#define SG_TOTALS_MAX 8        /* places for limits of all, by enum sg_total_id */
#define SG_TOTAL_PLACES 32     /* those, and behind them one for each zone: sg_zone_total() */
#define SG_DESTINATION_ROW (1 << 14)
#define SG_CONNECT_ROW (1 << 14)
#define SG_PROOF_ROW (1 << 14)
#define SG_CONNECTED (1 << 16) /* sources that have connections of TCP */
#define SG_STREAMS (1 << 16)   /* lines of 4 connections of TCP, 4 MB */
#define SG_OPENINGS (1 << 13)  /* lines of 4 handshakes that are under way */
#define SG_HEADS (1 << 9)      /* headers that began in one segment and end in another, 4 MB */
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
#define X(number, name, label, reference, mode, strict, help) SG_REASON_##name = number,
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
#define X(name, label, limit) SG_METHOD_##name,
	SG_METHODS(X)
#undef X
	SG_METHOD__MAX
};

enum sg_limit_id {
#define X(name, key, rate, burst, reason) SG_LIMIT_##name,
	SG_LIMITS(X)
#undef X
	SG_LIMIT__MAX
};

enum sg_total_id {
#define X(name, key, rate, burst) SG_TOTAL_##name,
	SG_TOTALS(X)
#undef X
	SG_TOTAL__MAX
};

enum sg_offence {
#define X(name, key, reason, threshold, window, seconds) SG_OFFENCE_##name,
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

enum sg_event {
#define X(name, label, help) SG_EVENT_##name,
	SG_EVENTS(X)
#undef X
	SG_EVENT__MAX
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

struct sg_zone {
	char name[SG_ZONE_NAME];
	struct sg_limit limit[SG_LIMIT__MAX]; /* of a source */
	struct sg_limit flow[SG_LIMIT__MAX];
	struct sg_limit connect; /* new connections of a source, see sg_connect_limit_of() */
	struct sg_limit segment; /* of a source, or a proven flow, that are not read */
	__u32 live;              /* connections that a source may have */
	__u32 reserved;
};

/* When a flow is banned: see SG_OFFENCES. */
struct sg_ban_rule {
	struct sg_limit limit; /* what it spends with its offences */
	__u32 threshold;       /* as configured */
	__u32 window;          /* s */
	__u32 seconds;         /* of the ban; 0: it is only limited */
	__u32 reserved;
};

/*
 * Everything the configuration file decides. Two slots exist; sg_state.slot names the one in force.
 * Userspace fills the other one and flips sg_state.slot, so no packet sees half a configuration.
 */
struct sg_config {
	__u32 zones;                  /* zones in use, zone 0 not counted; 0 saves the lookup */
	__u32 reserved;
	__u8 mode[SG_MODES];          /* enum sg_mode by enum sg_reason */
	/* Which grammar rules are looked for: those whose mode is not off, as SIP_FAULT()s. */
	__u64 rules;
	struct sip_caps caps;
	__u32 greylist_hold;          /* s that it stays armed after the last of the flood */
	struct sg_limit total[SG_TOTAL_PLACES];
	struct sg_limit proven[SG_LIMIT__MAX];
	struct sg_ban_rule ban[SG_BAN_RULES]; /* by enum sg_offence */
	__u32 proven_call;            /* s that a completed call proves a flow */
	__u32 proven_unchallenged;    /* a REGISTER needs not have answered a challenge */
	__u32 first_data;             /* s in which a connection has to have sent something */
	__u32 reserved2;
	struct sg_zone zone[SG_ZONES];
	__u8 port[SG_PORTS];          /* enum sg_port_role bits, by port in host order */
};

/* Shared by every packet and mapped into userspace, which changes single words atomically. */
struct sg_state {
	/* Read by every packet: one cache line. */
	__u32 abi;
	__u32 slot;       /* configuration in force: 0 or 1 */
	__u32 mode;       /* SG_MODE_MONITOR or SG_MODE_ENFORCE, over every reason */
	__u32 lists;      /* 0 while no prefix is allowed or denied: the lookup is skipped */
	__u32 source_bans;/* 0 while no source is banned */
	__u32 flow_bans;  /* 0 while no flow is banned */
	__u64 secret[2];  /* key of the hashed tables; kept over an upgrade, or limits reset */
	__u32 ban_generation; /* raised after each change of sg_bans: older memos are void */
	__u32 proven;     /* 0 while no flow was ever proven */
	__u64 greylist_until; /* ns of the guard's clock */
	__u64 guesses_until;  /* until then somebody may have guessed or asked too much */
	/* Written by packets: a line by enum sg_total_id, then those of the zones. */
	__u64 total_tat[SG_TOTAL_PLACES];
	/* What sources that are not proven have sent since `offered_since`, while it is armed. */
	__u64 offered;
	__u64 offered_since;
	__u64 answers_until; /* ns: until then the server counts as one whose answers are seen */
	__u64 challenges_until; /* ns: until then as one that challenges calls */
	__u64 reserved2[4];
	/*
	 * A bit for each /16 in which an IPv4 prefix is allowed or denied. Random sources mostly
	 * fall into none, and are spared the lookup, which takes as long as the rest of their
	 * verdict.
	 */
	__u64 listed4[SG_LISTED_BLOCKS / 64];
};

/* A source's limits in the hashed table: one cache line. */
struct sg_slot {
	__u64 tat[SG_LIMIT__MAX];
};

/* A connection of TCP, see streams.bpf.h. */
struct sg_stream {
	__u32 tag;     /* of its hash, never 0; 0: free */
	__u32 next;    /* sequence number of the byte at which its next message begins */
	/* Of a handshake: what the client acknowledges by then. Else the end of what waits. */
	__u32 ack;
	__u16 seconds; /* when something of it was last seen */
	__u8 state : 4;   /* enum stream; of a handshake LOST, or none */
	__u8 assumed : 2; /* see packet.assumed */
	__u8 fresh : 1;   /* nothing of it was read yet; of a handshake: the server began it */
	/* Why the segment that comes next was dropped, or none: what is behind it waits for it. */
	__u8 refused;
};

struct sg_streams {
	struct sg_stream stream[4];
};

/* The beginning of a message whose header ends in a later segment. */
struct sg_head {
	__u64 connection; /* its hash; 0: free */
	__u64 time;       /* ns */
	__u32 length;
	__u32 paid;       /* bool: it was charged to the limit of its kind */
	__u8 text[SIP_MASK + 1 + SIP_SLACK];
};

/* Until when a flow of this place may be proven, in units of 2^32 ns. */
struct sg_hints {
	__u16 until[4];
};

/* What was seen, see recent.bpf.h: one cache line. */
struct sg_seen {
	__u32 cell[16];
};

/* Something that the server has told, and to whom: see secrets.bpf.h. */
struct sg_secret {
	__u32 tag;     /* of its hash, never 0; 0: free */
	__u32 flow;    /* of the hash of the flow that was told first */
	__u32 source;  /* and of its source */
	__u16 seconds; /* when it was told last */
	__u8 flows;    /* flag: other flows of this source were told, too; */
	__u8 sources;  /* and other sources */
};

struct sg_secrets {
	struct sg_secret secret[4];
};

/* The flows of a user, see account.bpf.h. */
struct sg_account {
	__u32 user;  /* of the hash of his address, never 0; 0: free */
	__u32 flow[4];
	__u16 seconds[4]; /* when each was proven last */
	__u32 reserved;
};

struct sg_accounts {
	struct sg_account account[2];
};

/* A request that was admitted, see transaction.bpf.h. */
struct sg_transaction {
	__u32 tag : 26;      /* of its hash, never 0; 0: free */
	__u32 mixed : 1;     /* others have the same hash, see message_mixes() */
	__u32 waits : 1;     /* it is pending, see guess_begin() */
	__u32 checked : 1;   /* it is a call that was challenged before, and has credentials now */
	__u32 owner : 2;     /* enum secret_owner of the challenge that it answers */
	__u32 answered : 1;  /* the server has */
	/*
	 * A number for the user of its credentials, never 0; 0: not known. Of a call that has no
	 * credentials one for the call, see message_call().
	 */
	__u32 user;
	__u16 port;          /* its source port, network order */
	__u16 asked;         /* of a number for whom it asks for */
	__u16 credentials;   /* of one for its credentials */
	__u16 time : 12;     /* see transaction_time() */
	__u16 copies : 4;
};

struct sg_transactions {
	struct sg_transaction transaction[8];
};

/* The offences of a flow, a source or a user: one cache line. */
struct sg_conduct {
	__u64 who;    /* a hash; 0: free */
	__u64 tat[7]; /* by enum sg_offence but ENUMERATION, which comes last */
};

/* For whom a source has asked that is not there, see asked.bpf.h. */
struct sg_asked {
	__u64 source; /* a hash; 0: free */
	__u32 since;  /* s */
	__u16 count;
	__u16 user[SG_ASKED];
};

struct sg_prefix4 {
	__u32 length;
	__u8 address[4];
};

/* Zones keep IPv4 prefixes here too, as ::ffff:0:0/96 (RFC 4291 section 2.5.5.2). */
struct sg_prefix6 {
	__u32 length;
	__u8 address[16];
};

enum sg_list {
	SG_LIST_NONE,
	SG_LIST_ALLOW,
	SG_LIST_DENY,
	SG_LIST_OWN, /* an address of this host: a shorter denied prefix does not reach it */
};

/*
 * A flow is of one whole address, or a neighbour in the /64 who sends from the same port would be
 * the same flow. All flows of a source together have a key, too: see sg_source_key().
 */
struct sg_flow_key {
	__u32 address[4]; /* network order; IPv4 as ::ffff:0:0/96 */
	__u16 port;       /* network order; 0: a source */
	__u8 transport;   /* IPPROTO_UDP or IPPROTO_TCP; 0: a source */
	__u8 family;      /* 4 or 6 */
};

struct sg_ban {
	__u64 until; /* ns of the guard's clock */
	__u32 cause; /* enum sg_reason; SG_REASON_NONE: the operator */
	__u32 reserved;
};

/* What the guard knows of a flow that has proven something. Of half a million: 16 bytes. */
struct sg_proven {
	__u64 until;      /* ns of the guard's clock */
	__u32 since;      /* of that clock, too: see sg_since() */
	__u32 proof : 4;  /* enum sg_proof */
	__u32 user : 28;  /* a number for the one who is registered; SG_PROVEN_USERS: several */
};

#define SG_PROVEN_USERS 0xfffffffU

#define SG_SINCE_SHIFT 30 /* a unit is 2^30 ns, 1.07 s; they last for 146 years */

static inline __u32 sg_since(__u64 now)
{
	return now >> SG_SINCE_SHIFT;
}

/* The connections of a source: see connected.bpf.h. */
struct sg_connections {
	__u64 live;       /* SG_LIVE() of it are established; above that is a mark of the source */
	__u32 window;     /* sg_opening_window() of opening[0] */
	__u32 opening[2]; /* SYNs that were let in and led to none yet: lately, and before that */
	__u32 reserved;
};

#define SG_LIVE(live) ((__u32)(live))

/* 2^32 ns, 4.3 s: a client that is there takes less to connect, one retransmission included. */
static inline __u32 sg_opening_window(__u64 now)
{
	return now >> 32;
}

/* How many SYNs of the source were let in lately, and have not led to a connection. */
static inline __u32 sg_opening(const struct sg_connections *c, __u64 now)
{
	__u32 age = sg_opening_window(now) - c->window;

	if (age > 1)
		return 0;
	return age ? c->opening[0] : c->opening[0] + c->opening[1];
}

/* What is known of one socket that is counted there. */
struct sg_socket {
	__u64 since;    /* ns of the guard's clock */
	__u32 counted;  /* bool */
	/* bool: it did not send anything in time, or there was no room to count it; an event */
	__u32 reported;
};

struct sg_counter {
	__u64 packets;
	__u64 bytes; /* of the frame, Ethernet header included */
};

/* Disjoint: a packet is in exactly one of the three. */
struct sg_tally {
	struct sg_counter passed;
	struct sg_counter would_drop; /* passed, but enforce mode would have dropped it */
	struct sg_counter dropped;
};

/* What a CPU remembers from packet to packet. No counters: those are in sg_stats. */
struct sg_memo {
	/*
	 * The last answer of the dearest step, since a flood from one source asks for it again and
	 * again: that it is banned (25 ns).
	 */
	__u64 banned_source;
	__u64 banned_until;
	__u32 ban_generation; /* that the ban was read under */
	/* Of the greylist. */
	__u32 offered;        /* not yet in sg_state.offered */
	__u32 rush;
	__u32 waits;          /* how many are in waiting[] */
	__u64 pace_since;     /* ns */
	__u64 pace_packets;   /* offered since then */
	__u64 waiting[SG_WAITING]; /* keys of requests that are not in sg_greylist yet */
};

/* Per CPU: counters, and nothing else, so that userspace may add them up. */
struct sg_stats {
	/* By interface; what is above SG_INTERFACES shares the last place. */
	struct sg_counter unguarded[SG_INTERFACES]; /* not for a guarded port: not looked at */
	__u64 guarded[SG_INTERFACES]; /* packets of those below, of one class each */
	struct sg_counter allowed;   /* passed because of the allow list, among the passed below */
	/* A reason in monitor mode lets the packet go on, so it can be counted under several. */
	struct sg_tally reason[SG_REASON__MAX];
	struct sg_tally class[SG_CLASS__MAX];
	struct sg_tally method[SG_METHOD__MAX];
	__u64 event[SG_EVENT__MAX];
};

/*
 * A source as the hashed tables know it: an IPv4 address, or the /64 of an IPv6 address, since a
 * host chooses freely within its /64. Words are in network order. The IPv4 form has the first byte
 * of ff00::/8, which is multicast and never a source (RFC 4291 section 2.7), so no two sources
 * share a number.
 */
static inline __u64 sg_source6(__u32 first_be, __u32 second_be)
{
	return (__u64)second_be << 32 | first_be;
}

static inline __u64 sg_source4(__u32 address_be)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return sg_source6(0x000000ff, address_be);
#else
	return sg_source6(0xff000000, address_be);
#endif
}

/* What tells the hosts of one source apart: the lower half of an address. */
static inline __u64 sg_host(const __u32 *address)
{
	return (__u64)address[3] << 32 | address[2];
}

/*
 * The key of all flows of a source together: an IPv4 address, or the upper half of an IPv6 one.
 * Bit 1 is set in 6 and not in 4. A branch would have the verifier follow both.
 */
static inline struct sg_flow_key sg_source_key(__u32 family, const __u32 *address)
{
	__u32 lower = (family >> 1 & 1) - 1;
	struct sg_flow_key key = {
		.address = {address[0], address[1], address[2] & lower, address[3] & lower},
		.family = family,
	};

	return key;
}

/* The mark of a source's connections: see struct sg_connections. The lower 32 bits are zero. */
static inline __u64 sg_connections_mark(const struct sg_flow_key *source)
{
	const __u32 *a = source->address;
	__u64 number = (__u64)(a[1] ^ a[3]) << 32 | (a[0] ^ a[2]);

	return (number * 0x9e3779b97f4a7c15ULL >> 32 | 1) << 32;
}

/*
 * The hash of a flow, by which all tables know flows and sources. Keyed, by 128 random bits; no
 * SipHash, which takes 15 ns for one word where this takes 3, and needs to be none.
 *
 * What an attacker knows: how it is made, and how large the tables are. What he does not: the
 * secret, and any place, which is never shown. He could tell that two addresses of his meet in both
 * rows of a table by one being limited for the other, once in 2^34 pairs (sources) or 2^30 (flows),
 * and with many such pairs perhaps work at the secret, to aim at somebody else's place. All he
 * would get is to spend that one's limit: over UDP he has it for less, by forging the address.
 *
 * A sender chooses every bit of his host, and must not make up by them for what another /64 differs
 * in from his, or another port. So source and host have a product each, at once, whose factors are
 * secret; and the highest bit, which no factor spreads, goes to different places.
 */
static inline __u64 sg_flow_hash(__u64 source, __u64 host, __u32 port, __u32 transport,
				 const __u64 *secret)
{
	__u64 upper = (source ^ secret[0]) * (secret[1] | 1);
	__u64 lower = (host ^ secret[1]) * (secret[0] | 1);
	__u64 hash = upper ^ upper >> 32 ^ lower ^ lower >> 29;

	hash = (hash ^ ((__u64)port << 8 | transport)) * 0xbf58476d1ce4e5b9ULL;
	hash = (hash ^ hash >> 29) * 0x94d049bb133111ebULL;
	return hash ^ hash >> 32;
}

/* The same of all flows of a source together. */
static inline __u64 sg_source_hash(__u64 source, const __u64 *secret)
{
	return sg_flow_hash(source, 0, 0, 0, secret);
}

/* Where the total of a zone is, among the totals. */
static inline __u32 sg_zone_total(__u32 zone)
{
	return SG_TOTALS_MAX + zone;
}

/* What sg_config.rules is for these modes. */
static inline __u64 sg_rules_of(const __u8 *mode)
{
	__u64 rules = 0;

#define X(number, name, label, reference, mode_, strict, help)                                    \
	if (mode[number] != SG_MODE_OFF)                                                          \
		rules |= 1ULL << SIP_RULE_##name;
	SIP_RULES(X)
#undef X
	return rules;
}

/*
 * The last of `threshold` (2 to 10^6) offences within `window` seconds is one too many: it bans for
 * `seconds`, or limits until the window has room again.
 */
static inline struct sg_ban_rule sg_ban_rule_of(__u32 threshold, __u32 window, __u32 seconds)
{
	__u64 interval = window * SG_NSEC_PER_SEC / threshold;
	struct sg_ban_rule rule = {
		.limit = {.interval = interval, .tolerance = (threshold - 1) * interval},
		.threshold = threshold,
		.window = window,
		.seconds = seconds,
	};

	return rule;
}

/*
 * A burst of more than a source may have at all would go through before the first of it is there to
 * be counted.
 */
static inline struct sg_limit sg_connect_limit_of(__u32 rate, __u32 burst, __u32 live)
{
	struct sg_limit limit = sg_limit_of(rate, burst < live ? burst : live);

	limit.burst = burst;
	return limit;
}

/* Sets the bits of an IPv4 prefix, address in network order, length 0 to 32, in listed4. */
static inline void sg_listed4_set(__u64 *listed4, const __u8 *address, __u32 length)
{
	__u32 first = address[0] << 8 | address[1];
	__u32 count = length < 16 ? 1U << (16 - length) : 1;

	first &= ~(count - 1);
	for (__u32 block = first; block < first + count; block++)
		__sync_fetch_and_or(&listed4[block / 64], 1ULL << block % 64);
}

#define X(number, ...) +number
_Static_assert(0 SG_REASONS(X) == SG_REASON__MAX * (SG_REASON__MAX - 1) / 2,
	       "reason numbers are dense");
#undef X
_Static_assert(SG_REASON__MAX <= SG_MODES, "each reason has a mode");
_Static_assert(sizeof(struct sg_slot) == 64, "a slot is one cache line");
_Static_assert(__builtin_offsetof(struct sg_state, total_tat) == 64, "one line read, one written");
_Static_assert(__builtin_offsetof(struct sg_state, listed4) % 64 == 0, "and nothing else there");
_Static_assert(SG_OFFENCE__MAX <= SG_BAN_RULES, "each offence has a rule");
_Static_assert(sizeof(struct sg_conduct) == 64, "a line, too");
_Static_assert(!__builtin_offsetof(struct sg_conduct, who) &&
	       !__builtin_offsetof(struct sg_asked, source), "whose it is comes first");
_Static_assert(sizeof(struct sg_asked) == 64 && sizeof(struct sg_transaction) == 16, "and these");
_Static_assert(SG_OFFENCE_ENUMERATION == SG_OFFENCE__MAX - 1 && SG_OFFENCE__MAX == 8,
	       "the others have a place in struct sg_conduct");
_Static_assert(sizeof(struct sg_flow_key) == 20, "no padding in a hash key");
_Static_assert(sizeof(struct sg_proven) == 16 && sizeof(struct sg_ban) == 16, "memory is fixed");
_Static_assert(SG_PROOF__MAX <= 16, "a proof has 4 bits");
_Static_assert(sizeof(struct sg_streams) == 64, "and this one");
_Static_assert(sizeof(struct sg_secrets) == 64 && sizeof(struct sg_accounts) == 64, "and these");
_Static_assert(SG_TOTAL__MAX <= SG_TOTALS_MAX, "each total has its place");
_Static_assert(SG_TOTALS_MAX == 8, "those of the zones begin on a line");
_Static_assert(SG_TOTALS_MAX + SG_ZONES <= SG_TOTAL_PLACES, "and each zone");

#endif
