/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every map and every constant that userspace sets. Who writes what:
 *
 *   map           written by              read by         life
 *   sg_state      userspace, mode and     every packet    pinned; outlives an upgrade
 *                 active in single words;
 *                 packets: total_tat
 *   sg_configs    userspace, that not     guarded packets pinned
 *                 in force
 *   sg_zones      userspace, as above     if zones exist  pinned
 *   sg_domains    userspace, of that not  if domains are  pinned
 *                 in force                listed
 *   sg_own_       userspace, likewise;    if users are    pinned
 *   callees       INVITEs: tat            listed
 *   sg_dialled    userspace, the same     INVITEs         pinned
 *   sg_lists4/6   userspace               if lists exist  pinned
 *   sg_bans       userspace, packets and  if bans exist   pinned
 *                 replies
 *   sg_proven     replies, few packets    if any is       pinned
 *   sg_greylist,  packets in a flood      the same        pinned
 *   sg_returned
 *   sg_offences,  offences              the same        pinned
 *   sg_askers
 *   sg_walks,     INVITEs                 INVITEs         pinned
 *   sg_dial_calls
 *   sg_registered replies                 if a profile    pinned
 *                                         asks for it
 *   sg_identities userspace               the same        pinned
 *   sg_known      replies                 some packets    pinned
 *   sg_secrets    replies                 some packets    pinned
 *   sg_accounts   replies                 replies         pinned
 *   sg_dialogs    what leaves, and what   the same        pinned
 *                 belongs to it
 *   sg_strays     what belongs to nothing the same        pinned
 *   sg_calls,     replies, ACKs           INVITEs         pinned
 *   sg_callers
 *   sg_trans-     admitted messages       replies         pinned
 *   actions
 *   sg_attempts   admitted INVITEs and    the same        pinned
 *                 REGISTERs, replies
 *   sg_figures    the same                userspace       pinned
 *   sg_streams,   segments of TCP         the same        pinned
 *   sg_heads      and replies
 *   sg_sent       replies, handshakes     replies         pinned
 *   sg_openings   SYN-ACKs that leave     segments        pinned
 *   sg_segments   segments                the same        pinned
 *   sg_connect-   sockets that change     SYNs            pinned
 *   ions          their state, SYNs
 *   sg_sockets    sockets that change     the same        of one socket
 *                 their state
 *   sg_namespaces userspace               the same        pinned
 *   sg_slots      userspace               replies         pinned
 *   sg_lately     packets of a reason     userspace       pinned
 *   sg_followers  userspace, few packets  dropped ones,   pinned
 *                                       while somebody
 *                                       follows
 *   sg_rings      userspace               the same        pinned
 *   sg_told       few packets             the same        pinned
 *   sg_syn_buckets  SYNs                SYNs            pinned
 *   sg_callees    INVITEs                 INVITEs         pinned
 *   sg_proofs     replies, few packets    the same        pinned
 *   sg_src_buckets  packets             packets         pinned
 *   sg_flow_buckets
 *   sg_orphans    packets                 packets         pinned
 *   sg_fragments  packets                 packets         pinned
 *   sg_stats      packets                 userspace       pinned
 *   sg_guards     one packet              the same one    scratch
 *
 * A shadow policy (shadow.bpf.h) has some of these of its own, see SG_SHADOW_OWN; of the others it
 * writes none.
 *
 * Why the programs may share the memory of a CPU, sg_guards: each runs to its end before another
 * one begins there. XDP and tc ingress run in softirqs, tc egress with them disabled
 * (__dev_queue_xmit()), and BPF_PROG_RUN does the same. On PREEMPT_RT a lock of each CPU keeps that
 * up; a kernel that is built without it (6.18 on, CONFIG_PREEMPT_RT_NEEDS_BH_LOCK not set) can not
 * run the guard. Programs that run elsewhere (connections.bpf.c) have to do without it.
 *
 * Arrays that packets write are BPF_F_MMAPABLE for its side effect: their values begin on a page,
 * so a value of 64 bytes is one cache line and not two.
 */
#ifndef SIPGUARD_MAPS_BPF_H
#define SIPGUARD_MAPS_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "abi.h"
#include "guard.bpf.h"

/* Such an array; the name of the map is `name`. */
#define MAP_ARRAY(name, entries, type_)                                                           \
	struct {                                                                                  \
		__uint(type, BPF_MAP_TYPE_ARRAY);                                                 \
		__uint(map_flags, BPF_F_MMAPABLE);                                                \
		__uint(max_entries, entries);                                                     \
		__type(key, __u32);                                                               \
		__type(value, type_);                                                             \
	} name SEC(".maps")

/* A word for each of two rows of `row` places, see rows.bpf.h. */
#define MAP_ROWS(name, row)                                                                       \
	struct {                                                                                  \
		__uint(type, BPF_MAP_TYPE_ARRAY);                                                 \
		__uint(max_entries, 2 * (row));                                                   \
		__type(key, __u32);                                                               \
		__type(value, __u64);                                                             \
	} name SEC(".maps")

/*
 * Nanoseconds of one jiffy of this kernel (1e9 / CONFIG_HZ). 0: the clock is sg_replay_clock. One
 * word for both, since the clock has to load the tick anyway: the verifier knows its value, and
 * takes the other way out of the program, which has no instruction more for it.
 */
const volatile __u64 sg_tick = 4000000;

/*
 * Each interface runs an instance of its own, so what differs between them is constant: its place
 * among the counters of interfaces, below SG_INTERFACES.
 */
const volatile __u32 sg_interface;

/* ns, above 0, never going back: written by `sipguard replay` before each packet. */
volatile __u64 sg_replay_clock;

/*
 * The sizes of the tables that packets mask by: constants for the verifier, set before load to
 * those of the guard's preset. Where a map has other ones, a place beyond it is as one that is
 * missing.
 */
const volatile struct sg_sizes sg_sizes = {
#define X(field, map, rows, small, standard, large) .field = standard,
	SG_SIZES(X)
#undef X
};

/*
 * Whether a SYN alone opens a connection, or a segment that begins with a request: in a capture
 * nobody forges, what the server sent may not be in it, nor the handshake. Set by `sipguard
 * replay`.
 */
const volatile __u64 sg_syn_opens;

/*
 * The guard's clock, in ns: the only one the data path reads. Jiffies cost 2 ns where
 * bpf_ktime_get_coarse_ns costs 15 and bpf_ktime_get_ns 30. Limits therefore move in steps of a
 * tick (1 to 10 ms); a burst that is smaller than one tick's worth would throttle the rate, so
 * userspace refuses it.
 */
static __always_inline __u64 clock_now(void)
{
	__u64 jiffies = bpf_jiffies64(), tick = sg_tick;

	return tick ? jiffies * tick : sg_replay_clock;
}

/*
 * Global data, each in a map of its own: at a fixed address, so that nobody has to look it up. Not
 * const: userspace writes it while packets are judged.
 */
struct sg_state sg_state SEC(".data.sg_state");
struct sg_config sg_configs[2] SEC(".data.sg_configs");

/*
 * What packets have spent of totals, and whether the greylist is armed. A shadow, which may write
 * nothing of the guard's, reckons that for itself; all else it reads in sg_state.
 */
#if SHADOW
struct sg_state sg_spent SEC(".data.sg_spent");
#else
#define sg_spent sg_state
#endif

/* One trie of zone numbers for each of sg_configs. */
struct sg_zone_trie {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, SG_ZONE_ENTRIES);
	__type(key, struct sg_zone_prefix);
	__type(value, __u32);
};

struct sg_zone_trie sg_zones_0 SEC(".maps"), sg_zones_1 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 2);
	__type(key, __u32);
	__array(values, struct sg_zone_trie);
} sg_zones SEC(".maps") = {
	.values = {&sg_zones_0, &sg_zones_1},
};

/* The domains of both of sg_configs, see domain.bpf.h. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 2 * SG_DOMAINS);
	__type(key, struct sg_domain_key);
	__type(value, struct sg_domain);
} sg_domains SEC(".maps");

/* The users of both of sg_configs who have a limit of their own, see callee.bpf.h. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 2 * SG_OWN_CALLEES);
	__type(key, struct sg_callee_key);
	__type(value, struct sg_own_callee);
} sg_own_callees SEC(".maps");
/* The dialled prefixes of both of sg_configs, with their exit codes: see dialled.bpf.h. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, SG_DIALLED_ENTRIES);
	__type(key, struct sg_dialled_key);
	__type(value, __u32);
} sg_dialled SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, SG_LIST_ENTRIES);
	__type(key, struct sg_prefix4);
	__type(value, struct sg_listed);
} sg_lists4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, SG_LIST_ENTRIES);
	__type(key, struct sg_prefix6);
	__type(value, struct sg_listed);
} sg_lists6 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SG_BANS);
	__type(key, struct sg_flow_key);
	__type(value, struct sg_ban);
} sg_bans SEC(".maps");

/* Limits of sources: two rows of SG_SOURCE_ROW, see rows.bpf.h. */
MAP_ARRAY(sg_src_buckets, 2 * SG_SOURCE_ROW, struct sg_buckets);

/* Limits of sources for orphan fragments: the same, one TAT each. */
MAP_ROWS(sg_orphans, SG_ORPHAN_ROW);

/* Verdicts of first fragments: two rows of SG_FRAGMENT_ROW, see fragments.bpf.h. */
MAP_ROWS(sg_fragments, SG_FRAGMENT_ROW);

/* Limits of flows: the same. */
MAP_ARRAY(sg_flow_buckets, 2 * SG_FLOW_ROW, struct sg_buckets);

/* Flows that have proven something: see proven.bpf.h. */
MAP_ARRAY(sg_proven, SG_PROVEN, struct sg_proven_line);

/* The keys of sg_bans in the order in which they are looked at again, see table.bpf.h. */
struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, SG_BANS);
	__uint(key_size, 0);
	__type(value, struct sg_flow_key);
} sg_bans_queue SEC(".maps");

/* By the hash of a flow: until when one of that place is proven, see proven.bpf.h. */
MAP_ARRAY(sg_hints, SG_HINTS, struct sg_hints);

MAP_ARRAY(sg_greylist, SG_GREYLIST, struct sg_recent);

/* A bit for each place, and the places: see greylist.bpf.h. */
MAP_ARRAY(sg_returned, SG_RETURNED / 64 + SG_RETURNED, __u64);

MAP_ARRAY(sg_transactions, SG_TRANSACTIONS, struct sg_transactions);

/* Dialogs, and branches of the server's requests: see dialogs.bpf.h. */
MAP_ARRAY(sg_dialogs, SG_DIALOGS, struct sg_dialogs);

/* Limits of what belongs to nothing, by source: as sg_orphans. */
MAP_ROWS(sg_strays, SG_STRAY_ROW);

/* Calls that are held against somebody, and how many each has: see calls.bpf.h. */
MAP_ARRAY(sg_calls, SG_CALLS, struct sg_calls);

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SG_CALLERS);
	__type(key, __u32);
	__type(value, struct sg_caller);
} sg_callers SEC(".maps");

/* Nonces, To tags and branches that the server has told, and to whom: see secrets.bpf.h. */
MAP_ARRAY(sg_secrets, SG_SECRETS, struct sg_secrets);

/* The flows that users have proven by nonces of others, see account.bpf.h. */
MAP_ARRAY(sg_accounts, SG_ACCOUNTS, struct sg_accounts);

MAP_ARRAY(sg_offences, SG_OFFENCE_ENTRIES, struct sg_offences);

/* Users whose passwords the server has accepted from a source, see known.bpf.h. */
MAP_ARRAY(sg_known, SG_KNOWN, struct sg_recent);

MAP_ARRAY(sg_askers, SG_ASKERS, struct sg_asked);

/* In how many forms numbers are dialled, see dial.bpf.h. */
MAP_ARRAY(sg_walks, SG_WALKS, struct sg_asked);

/* Who is registered through which zone, see identities.bpf.h; */
MAP_ARRAY(sg_registered, SG_REGISTERED, struct sg_registered_line);

/* and who is, as the operator says. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, SG_IDENTITIES);
	__type(key, __u64);
	__type(value, struct sg_identity);
} sg_identities SEC(".maps");

/* Limits of replies by destination: as sg_orphans. */
MAP_ROWS(sg_destinations, SG_DESTINATION_ROW);

/* Limits of new connections by source: as sg_orphans. */
MAP_ROWS(sg_syn_buckets, SG_SYN_ROW);

/* Limits of new calls by callee: as sg_orphans. */
MAP_ROWS(sg_callees, SG_CALLEE_ROW);

/* Calls to dialled prefixes by who calls: see dialled.bpf.h. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SG_DIAL_CALLS);
	__type(key, __u32);
	__type(value, struct sg_dial_calls);
} sg_dial_calls SEC(".maps");

/* Limits of proofs by source: as sg_orphans. */
MAP_ROWS(sg_proofs, SG_PROOF_ROW);

/* Connections of TCP whose messages are read, and handshakes: see streams.bpf.h. */
MAP_ARRAY(sg_streams, SG_STREAMS, struct sg_streams);

MAP_ARRAY(sg_sent, SG_STREAMS, struct sg_sent);

MAP_ARRAY(sg_openings, SG_OPENINGS, struct sg_streams);

MAP_ARRAY(sg_heads, SG_HEADS, struct sg_head);

/* Limits of segments that are not read: as sg_orphans. */
MAP_ROWS(sg_segments, SG_SEGMENT_ROW);

/* Sources that have connections, by sg_source_key(). */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SG_CONNECTIONS);
	__type(key, struct sg_flow_key);
	__type(value, struct sg_connections);
} sg_connections SEC(".maps");

/* Which sockets are counted there: it lives and dies with the socket. */
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct sg_socket);
} sg_sockets SEC(".maps");

/* The inodes of network namespaces whose sockets are counted. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SG_NAMESPACES);
	__type(key, __u32);
	__type(value, __u32);
} sg_namespaces SEC(".maps");

/*
 * The place among the counters (sg_interface) of a guarded interface, by its number: for the
 * programs at egress, which are the same for all. SG_INTERFACES, or not there: nobody can tell.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4 * SG_INTERFACES);
	__type(key, __u32);
	__type(value, __u32);
} sg_slots SEC(".maps");

#if !SHADOW /* nobody hears of what it would do but by its own counters */
/* Sessions and registrations that are asked for, and what came of them: see figures.bpf.h. */
MAP_ARRAY(sg_attempts, SG_ATTEMPTS, struct sg_attempts);

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SG_ZONES);
	__type(key, __u32);
	__type(value, struct sg_figures);
} sg_figures SEC(".maps");

MAP_ARRAY(sg_lately, SG_LATELY, struct sg_lately);
MAP_ARRAY(sg_followers, SG_FOLLOWERS, struct sg_follower);
MAP_ARRAY(sg_told, SG_TOLD, struct sg_told);

/* Their rings, of any size: made by who follows. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, SG_FOLLOWERS);
	__type(key, __u32);
	__array(values, struct {
		__uint(type, BPF_MAP_TYPE_RINGBUF);
		__uint(max_entries, 4096);
	});
} sg_rings SEC(".maps");
#endif

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct sg_stats);
} sg_stats SEC(".maps");

/* What is known of the packet that a CPU judges: see guard.bpf.h, and above for who may use it. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct guard);
} sg_guards SEC(".maps");

static __always_inline struct guard *map_guard(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&sg_guards, &zero);
}

/* A shadow counts nothing but differences, which it does for itself: shadow.bpf.h. */
static __always_inline struct sg_stats *map_stats(void)
{
	__u32 zero = 0;

	return SHADOW ? NULL : bpf_map_lookup_elem(&sg_stats, &zero);
}

static __always_inline void count_one(__u32 id)
{
	struct sg_stats *stats = map_stats();

	if (stats)
		stats->count[id]++;
}

/* The configuration by which a packet is judged. */
static __always_inline void guard_open(struct guard *g)
{
	__u32 active = SHADOW ? 0 : *(const volatile __u32 *)&sg_state.active;

	g->active = active & 1;
	g->shadowed = !!(active & SG_ACTIVE_SHADOW);
	g->trial = !!(active & SG_ACTIVE_TRIAL);
	barrier();
}

/* Nothing else is known of it. Not done for most packets, which are for no guarded port. */
static __always_inline void guard_clear(struct guard *g)
{
	__builtin_memset(&g->now, 0, sizeof(*g) - offsetof(struct guard, now));
	barrier();
}

static __always_inline void guard_begin(struct guard *g)
{
	guard_open(g);
	guard_clear(g);
}

/* The configuration that a packet began with. */
static __always_inline const struct sg_config *config_of(const struct guard *g)
{
	return &sg_configs[g->active & 1];
}

/* And of it, what the sources of its zone may. */
static __always_inline const struct sg_profile *profile_of(const struct guard *g)
{
	return &config_of(g)->profile[g->profile & (SG_PROFILES - 1)];
}

#endif
