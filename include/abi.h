/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the kernel programs and the sipguard command share: numbers, map layouts, limits.
 * A change of a layout that leaves the sizes of sg_state, sg_config and sg_stats as they are
 * raises SG_ABI_VERSION: pins carry it in their path. Where one of them changes, as with each new
 * reason or setting, that tells (maps_open()).
 */
#ifndef SIPGUARD_ABI_H
#define SIPGUARD_ABI_H

#include <linux/types.h>

#include "called.h"
#include "domain.h"
#include "events.h"
#include "flow.h"
#include "gcra.h"
#include "identity.h"
#include "listed.h"
#include "memory.h"
#include "numbers.h"
#include "overload.h"
#include "settings.h"
#include "tables.h"
#include "topology.h"

#define SG_ABI_VERSION 17

/*
 * Who is meant: the sources that a prefix of it has, where it is; without a prefix all that are in
 * no other zone there, who stay strangers. Zone 0 is that of sources in no zone.
 */
struct sg_zone {
	char name[SG_ZONE_NAME];
	__u32 profile;    /* what they may, below SG_PROFILES */
	__u32 known;      /* flag: it has prefixes */
	__u32 id;         /* of the name, see sg_zone_id(); 0: of zone 0 */
	__u32 vlans;      /* by bits for sg_places.vlan[]; 0: on all of them, and without a tag */
	__u64 interfaces; /* by bits for sg_places.interface[]; 0: at all of them */
	__u64 since;      /* when it got its number, of the guard's clock in units of 2^10 ns */
};

/* What the trie of the zones has: the number of a zone, and whether its source is known. */
#define SG_ZONE_KNOWN 0x100 /* a prefix of it has the source: no stranger */

/*
 * Where packets come in. An interface or a VLAN that zones name has a number of its own here; all
 * others are 0.
 */
struct sg_places {
	__u8 interface_of[SG_INTERFACES];  /* number of an interface, by sg_interface */
	__u8 vlan_of[SG_VLANS];            /* number of a VLAN, by its ID */
	/* Which zones are there, as bits by their numbers. */
	__u16 zones[SG_ZONE_INTERFACES][SG_ZONE_VLANS];
	/* For userspace. */
	char interface[SG_ZONE_INTERFACES][SG_INTERFACE_NAME];
	__u16 vlan[SG_ZONE_VLANS];
};

/* What the sources of the zones may that have it, and what is looked for in what they send. */
struct sg_profile {
	struct sg_limit limit[SG_LIMIT__MAX]; /* of a source */
	struct sg_limit flow[SG_LIMIT__MAX];
	__u8 mode[SG_MODES]; /* enum sg_mode by enum sg_reason */
	/* Which grammar rules are looked for: those whose mode is not off, as SIP_FAULT()s. */
	__u64 rules;
	struct sip_caps caps;
	__u32 domains; /* number of its list of domains; */
	/* Bit 0: that has names. Bit n: and domains with n dots, whose names below are served. */
	__u32 served;
#define X(type, field, ...) __u32 field;
#define L(field, ...) struct sg_limit field;
#define S(field, ...) __u32 field;
	SG_PROFILE_SETTINGS(X, L, S)
#undef S
#undef L
#undef X
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
 * Everything the configuration file decides. There are two, and sg_state.active names the one in
 * force. Userspace fills the other one and flips that, so no packet sees half a configuration.
 */
struct sg_config {
	__u32 zones;                  /* zones in use, zone 0 not counted; 0 saves the lookup */
	__u32 generation;             /* no other configuration had it: memos of others are void */
	__u32 callees;                /* users with a limit of their own; likewise */
	__u32 dialled_count;          /* prefixes that are watched; 0 saves the lookup */
	__u32 exit_count;
	__u32 dialogs;                /* flag: a profile looks for dialogs, so they are learned */
	__u32 calls;                  /* flag: a profile limits calls, so they are counted */
	__u32 identities;             /* flag: a profile asks who is registered, so it is learned */
	__u32 topology;               /* flag: a profile asks what leaves; 0 saves looking */
#define X(type, field, ...) __u32 field;
	SG_GUARD_SETTINGS(X)
#undef X
	struct sg_limit total[SG_TOTAL_PLACES];
	struct sg_limit proven[SG_LIMIT__MAX];
	struct sg_ban_rule ban[SG_BAN_RULES]; /* by enum sg_offence */
	struct sg_zone zone[SG_ZONES];
	struct sg_places places;
	struct sg_profile profile[SG_PROFILES];
	/* Packets look for these in sg_dialled. */
	struct sg_dialled dialled[SG_DIALLED];
	struct sg_dialled exit[SG_EXITS];
	struct sg_topology_names names;
	__u8 port[SG_PORTS];          /* enum sg_port_role bits, by port in host order */
};

#define SG_ACTIVE_SHADOW 2 /* a shadow is running, so it is called */
#define SG_ACTIVE_TRIAL 4  /* the guard is on trial: sg_state.trial_until counts */

/*
 * What becomes of a guard on trial when its time is over, if nobody has confirmed. The data path
 * does it itself, so it needs no process to be alive; either way nothing is dropped any more.
 */
enum sg_trial {
	SG_TRIAL_NONE,
	SG_TRIAL_MODE,   /* its mode is monitor */
	SG_TRIAL_DETACH, /* everything passes as if it were not there; the next command detaches */
};

/* Shared by every packet and mapped into userspace, which changes single words atomically. */
struct sg_state {
	/* Read by every packet: one cache line. */
	__u32 abi;
	__u32 active;     /* configuration in force: 0 or 1; and SG_ACTIVE_SHADOW, _TRIAL */
	__u32 mode;       /* SG_MODE_MONITOR or SG_MODE_ENFORCE, over every reason */
	__u32 lists;      /* enum sg_lists_hint; 0: no prefix is listed, the lookup is skipped */
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
	__u64 dialogs_until;    /* ns: until then the guard hears what leaves, */
	__u64 dialogs_since;    /* and has without a gap since then */
	__u64 followed_until;   /* ns: until then somebody follows, see events.h */
	__u64 trial_until;      /* ns; */
	__u32 trial;            /* enum sg_trial; only while SG_ACTIVE_TRIAL is set */
	/* Rows of the tries that are allowed, and denied, as userspace counts when it writes. */
	__u32 listed[2];
	__u32 listed_end;       /* sg_since(): none of them is over before; 0: none ends */
	__u64 heard_since;      /* ns: what leaves is heard since then; 0: nothing has left yet */
	__u32 mode_said;        /* 1: an operator has said the mode; of userspace alone */
	__u32 reserved2[9];
	struct sg_overload overload;
	/*
	 * A bit for each /16 in which an IPv4 prefix is allowed or denied. Random sources mostly
	 * fall into none, and are spared the lookup, which takes as long as the rest of their
	 * verdict.
	 */
	__u64 listed4[SG_LISTED_BLOCKS / 64];
};

struct sg_counter {
	__u64 packets;
	__u64 bytes; /* of the frame, Ethernet header included */
};

enum sg_outcome {
	SG_OUTCOME_PASSED,
	SG_OUTCOME_WOULD_DROP, /* passes only since the guard's mode is monitor */
	SG_OUTCOME_DROPPED,
	/* Of reasons: passes in enforce mode, too, since the reason monitors, or is let go. */
	SG_OUTCOME_WATCHED,
	SG_OUTCOME__MAX
};

/*
 * Under its class and its method a packet is in exactly one of the first three: one that was only
 * watched has passed. Under reasons it may be watched several times, and be in one of the others
 * for the reason that ended its way.
 */
struct sg_tally {
	union {
		struct {
			struct sg_counter passed, would_drop, dropped, watched;
		};
		struct sg_counter of[SG_OUTCOME__MAX];
	};
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
	struct sg_tally reason[SG_REASON__MAX];
	struct sg_tally class[SG_CLASS__MAX];
	struct sg_tally method[SG_METHOD__MAX];
	__u64 count[SG_COUNT__MAX];
};

/* What a zone is known by in tables that outlive a reload: its number may be another one then. */
static inline __u32 sg_zone_id(const char *name)
{
	__u32 hash = 0x811c9dc5;

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 0x01000193;
	return hash | 1;
}

/* Where the total of a zone is, among the totals. */
static inline __u32 sg_zone_total(__u32 zone)
{
	return SG_TOTALS_MAX + zone;
}

/* What the sources of a zone may. */
static inline const struct sg_profile *sg_profile_of(const struct sg_config *config, __u32 zone)
{
	return &config->profile[config->zone[zone].profile % SG_PROFILES];
}

/* What sg_profile.rules is for these modes. */
static inline __u64 sg_rules_of(const __u8 *mode)
{
	__u64 rules = 0;

#define X(number, name, label, reference, mode_, strict, state, help)                             \
	if (mode[number] != SG_MODE_OFF)                                                          \
		rules |= 1ULL << SIP_RULE_##name;
	SIP_RULES(X)
#undef X
	return rules;
}

/* Whether the modes of a profile want dialogs learned: what they are for is looked for. */
static inline __u32 sg_dialogs_of(const __u8 *mode)
{
	return mode[SG_REASON_DIALOG_UNKNOWN] || mode[SG_REASON_TRANSACTION_UNKNOWN] ||
	       mode[SG_REASON_LIMIT_DIALOG];
}

/* Switches a reason in all profiles. A packet sees each of them old or new. */
static inline void sg_mode_set(struct sg_config *config, __u32 reason, __u8 mode)
{
	__u32 dialogs = 0;

	for (__u32 i = 0; i < SG_PROFILES; i++) {
		struct sg_profile *profile = &config->profile[i];

		__atomic_store_n(&profile->mode[reason], mode, __ATOMIC_RELEASE);
		__atomic_store_n(&profile->rules, sg_rules_of(profile->mode), __ATOMIC_RELEASE);
		dialogs |= sg_dialogs_of(profile->mode);
	}
	__atomic_store_n(&config->dialogs, dialogs, __ATOMIC_RELEASE);
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
static inline struct sg_limit sg_connections_limit(__u32 rate, __u32 burst, __u32 live)
{
	struct sg_limit limit = sg_limit_of(rate, burst < live ? burst : live);

	limit.burst = burst;
	return limit;
}

_Static_assert(SG_ZONES <= 16, "a zone has a bit in sg_places.zones[]");
_Static_assert(__builtin_offsetof(struct sg_state, total_tat) == 64, "one line read, one written");
_Static_assert(__builtin_offsetof(struct sg_state, overload) % 64 == 0, "a line of its own");
_Static_assert(__builtin_offsetof(struct sg_state, listed4) % 64 == 0, "and nothing else there");

#endif
