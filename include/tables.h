/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tables hold that the guard fills by itself: an entry of each. */
#ifndef SIPGUARD_TABLES_H
#define SIPGUARD_TABLES_H

#include <linux/types.h>

#include "flow.h"
#include "gcra.h"
#include "listed.h"
#include "numbers.h"
#include "sip/text.h"

/* A source's limits in the hashed table: one cache line. */
struct sg_buckets {
	__u64 tat[SG_LIMIT__MAX];
};

/* What a source was dropped for, or would be, or was watched for. */
struct sg_lately_reason {
	__u32 packets; /* in a flood an estimate */
	__u32 last;    /* when: sg_since() */
	__u8 reason;
	__u8 outcome;  /* enum sg_outcome */
	__u8 limit;    /* of limit-flow: enum sg_limit_id of the last one */
	__u8 reserved;
};

/* Such a source, see lately.bpf.h: one cache line. */
struct sg_lately {
	__u64 tag; /* its hash, with the lowest bit set; 0: free */
	struct sg_lately_reason of[SG_LATELY_REASONS];
	__u64 reserved;
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

/* Where the server's next message begins: of the connections in the same places of sg_streams. */
struct sg_sent {
	__u32 next[4];  /* sequence number */
	__u8 state[4];  /* enum stream: READ, PART or LOST; 0: nobody knows */
	__u32 reserved;
};

/* The beginning of a message whose header ends in a later segment. */
struct sg_head {
	__u64 connection; /* its hash; 0: free */
	__u64 time;       /* ns */
	__u32 length;
	__u32 paid;       /* bool: it was charged to the limit of its kind */
	__u8 text[SIP_READ_MAX];
};

/* Until when a flow of this place may be proven, in units of 2^32 ns. */
struct sg_hints {
	__u16 until[4];
};

#define SG_HINT_UNIT 32 /* 2^32 ns; 16 bits of them are 78 hours, half of which lies ahead */

/* Where the hint of a flow is, by its hash: below SG_HINTS, and below 4. */
static inline __u32 sg_hint_line(__u64 hash)
{
	return hash >> 32 & (SG_HINTS - 1);
}

static inline __u32 sg_hint_place(__u64 hash)
{
	return hash >> 60 & 3;
}

/* Whether a hint lies ahead. */
static inline int sg_hinted(__u16 hint, __u64 now)
{
	return (__s16)(hint - (__u16)(now >> SG_HINT_UNIT)) > 0;
}

/* What was seen, see recent.bpf.h: one cache line. */
struct sg_recent {
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
	__u32 tag : 25;      /* of its hash, never 0; 0: free */
	__u32 mixed : 1;     /* others have the same hash, see request_mixes() */
	__u32 waits : 1;     /* it is pending, see guess_begin() */
	__u32 checked : 1;   /* it is a call that was challenged before, and has credentials now */
	__u32 owner : 2;     /* enum secret_owner of the challenge that it answers */
	__u32 answered : 1;  /* the server has */
	__u32 begins : 1;    /* it asks for a new call */
	/*
	 * A number for the user of its credentials, never 0; 0: not known. Of a call that has no
	 * credentials one for the call, see learn_call().
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

/*
 * A session or a registration that somebody asks our server for, see figures.bpf.h. Times are in
 * units of 2^10 ns, by two clocks.
 */
struct sg_attempt {
	__u32 tag;   /* of its hash, never 0; 0: free */
	/* When it was first asked for, and once it rings how long that took; 0: not measured. */
	__u32 begun;
	__u32 last;  /* when it came to where it stands, and the bits above that */
	__u32 above : 16;
	__u32 cseq : 8;  /* the lower bits of its number */
	__u32 registers : 1;
	__u32 zone : 4;
	__u32 state : 3; /* enum figures_state */
};

struct sg_attempts {
	struct sg_attempt attempt[8];
};

/* What is asked for. */
enum sg_figured {
	SG_FIGURED_INVITE,
	SG_FIGURED_REGISTER,
	SG_FIGURED__MAX
};

/* Statuses with a counter of their own: those of RFC 6076, and what an operator looks for. */
#define SG_FIGURED_STATUSES(X)                                                                    \
	X(401) X(402) X(403) X(404) X(407) X(408) X(480) X(486) X(487) X(500) X(503) X(504)       \
	X(600) X(603)

enum sg_figured_status {
#define X(status) SG_STATUS_##status,
	SG_FIGURED_STATUSES(X)
#undef X
	SG_STATUS__MAX
};

/* Delays are counted by these upper bounds, in ms, and behind them by those above the last. */
#define SG_DELAY_BOUNDS(X)                                                                        \
	X(2) X(5) X(20) X(50) X(100) X(200) X(500) X(1000) X(2000) X(5000) X(10000)

#define SG_DELAY_SHIFT 10 /* their unit is 2^10 ns, as above */

enum sg_delay_of {
	SG_DELAY_SESSION,  /* until the server says how a session stands that it then accepts; */
	SG_DELAY_FAILED,   /* or refuses */
	SG_DELAY_REGISTER, /* until it accepts a registration */
	SG_DELAY__MAX
};

struct sg_delay {
	__u64 units; /* all of them together */
#define X(ms) +1
	__u64 count[1 SG_DELAY_BOUNDS(X)];
#undef X
};

#define SG_DELAY_COUNTS (sizeof(((struct sg_delay *)0)->count) / sizeof(__u64))

/* Requests of an epoch, 8.6 s, that no response has left to: on one CPU it may be below 0. */
struct sg_pending {
	__u32 epoch;
	__s32 count;
};

#define SG_PENDINGS 8     /* epochs, a power of two */
#define SG_EPOCH_SHIFT 33 /* of ns */
/* Behind so many epochs 32 s are over: timers B and F of RFC 3261 section 17, 64 * T1. */
#define SG_SILENT_EPOCHS 5

struct sg_figured_counts {
	__u64 requests;  /* the first one, and each that answers a challenge */
	__u64 copies;    /* that came again */
	__u64 resent;    /* final responses that left again */
	__u64 class[6];  /* of responses, by their first digit; of 1xx the first to a request */
	__u64 status[SG_STATUS__MAX];
	__u64 silent;    /* requests without any response; younger ones are below */
	__u64 lost;      /* made room for others before they had a final response */
	struct sg_pending pending[SG_PENDINGS];
};

/* Those that only grow. */
#define SG_FIGURED_WORDS (__builtin_offsetof(struct sg_figured_counts, pending) / sizeof(__u64))

/* Of a zone, on each CPU. */
struct sg_figures {
	__u32 id; /* sg_zone.id: void if the zone of this number has another one */
	__u32 reserved;
	struct sg_figured_counts of[SG_FIGURED__MAX];
	struct sg_delay delay[SG_DELAY__MAX];
};

/* A dialog, or the branch of a request of our server: see dialogs.bpf.h. */
struct sg_dialog {
	__u32 tag;  /* of its hash, never 0; 0: free */
	__u16 time; /* when it was heard of last, see dialog_time() */
	__u8 rank;  /* enum dialog_rank */
	__u8 life;  /* units of time; 0: DIALOG_LONG */
};

struct sg_dialogs {
	struct sg_dialog dialog[8];
};

/* A call that is held against somebody, see calls.bpf.h. */
struct sg_call {
	__u32 tag;   /* of the hash of its dialog, never 0; 0: free */
	__u32 state; /* flags, and above them the epoch in which it was heard of last */
	__u64 who;   /* a hash, as below */
};

struct sg_calls {
	struct sg_call call[4];
};

/* How many somebody has. */
struct sg_caller {
	__u64 who;     /* a hash; 0: free */
	__u32 epoch;   /* the last that is counted below */
	__u32 live[8]; /* by the lower bits of the epoch */
	__u32 reserved;
};

/* The offences of a flow, a source or a user: one cache line. */
struct sg_offences {
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

/* Calls of somebody to dialled prefixes that are watched, see dialled.bpf.h. */
struct sg_dial_calls {
	__u64 who;  /* a hash; 0: free */
	__u64 tat;
	__u64 call; /* a hash of the last one; 0: its INVITE with credentials has come, too */
};

/* That somebody is registered through a zone, see identities.bpf.h. */
struct sg_registered {
	__u32 tag;   /* of the number of his identity, never 0 */
	__u32 zone;  /* sg_zone.id */
	__u64 until; /* ns of the guard's clock; past: free */
};

struct sg_registered_line {
	struct sg_registered cell[SG_REGISTERED_CELLS];
};

/* What the guard knows of a flow that has proven something, as userspace hands it on. */
struct sg_proven {
	__u64 until;      /* ns of the guard's clock */
	__u32 since;      /* of that clock, too: see sg_since() */
	__u32 proof : 4;  /* enum sg_proof */
	__u32 user : 28;  /* of the one who is registered; SG_PROVEN_USERS: several; 0: unknown */
};

#define SG_PROVEN_USERS 0xfffffffU

/* The same with the flow, as the table has it: see proven.bpf.h. */
struct sg_proven_cell {
	__u64 upper; /* sg_net() of the address; */
	__u64 lower; /* and sg_host(). */
	__u64 end;   /* sg_proven_flow(), and above that until when, in units of 2^18 ns */
	__u32 since;
	__u32 proof : 4;
	__u32 user : 28;
};

struct sg_proven_line {
	struct sg_proven_cell cell[SG_PROVEN_CELLS];
};

#define SG_PROVEN_UNIT 18 /* 0.26 ms; no clock that we are given has shorter steps */
#define SG_PROVEN_FLOW ((1ULL << SG_PROVEN_UNIT) - 1)

/* What of a flow is no address. The lowest bit of a transport is set in UDP and not in TCP. */
static inline __u64 sg_proven_flow(const struct sg_flow_key *key)
{
	return key->port | (key->transport & 1) << 16 | (key->family & 2) << 16;
}

static inline __u64 sg_proven_end(__u64 until, __u64 flow)
{
	return (until & ~SG_PROVEN_FLOW) | flow;
}

static inline int sg_proven_lives(__u64 end, __u64 now)
{
	return end >> SG_PROVEN_UNIT > now >> SG_PROVEN_UNIT;
}

/*
 * Its two lines, by its hash; `lines` is a power of two. Never the same one twice: which of two
 * CPUs keeps its cell is told by the line, and a flow would not find its own.
 */
static inline __u32 sg_proven_line_of(__u64 hash, __u32 second, __u32 lines)
{
	return (second ? hash ^ (hash >> 32 | 1) : hash) & (lines - 1);
}

static inline int sg_proven_is_of(const struct sg_proven_cell *cell, const struct sg_flow_key *key)
{
	return cell->lower == sg_host(key->address) && cell->upper == sg_net(key->address) &&
	       (cell->end & SG_PROVEN_FLOW) == sg_proven_flow(key);
}

#define SG_SINCE_SHIFT 30 /* a unit is 2^30 ns, 1.07 s; they last for 146 years */

static inline __u32 sg_since(__u64 now)
{
	return now >> SG_SINCE_SHIFT;
}

/* The connections of a source: see live.bpf.h. */
struct sg_connections {
	__u64 live;       /* SG_LIVE() of it are established; above that is a mark of the source */
	__u32 window;     /* sg_opening_window() of opening[0] */
	__u32 opening[2]; /* SYNs that were let in and led to none yet: lately, and before that */
	__u32 reserved;
};

#define SG_LIVE(live) ((__u32)(live))

/* ns, 4.3 s: a client that is there takes less to connect, one retransmission included. */
#define SG_OPENING_WINDOW (1ULL << 32)

static inline __u32 sg_opening_window(__u64 now)
{
	return now / SG_OPENING_WINDOW;
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

/* The mark of a source's connections: see struct sg_connections. The lower 32 bits are zero. */
static inline __u64 sg_connections_mark(const struct sg_flow_key *source)
{
	const __u32 *a = source->address;
	__u64 number = (__u64)(a[1] ^ a[3]) << 32 | (a[0] ^ a[2]);

	return (number * 0x9e3779b97f4a7c15ULL >> 32 | 1) << 32;
}

/*
 * Adds what one CPU has counted, in the epoch that it is now. What waits for a response is in
 * pending[0] of the sum.
 */
static inline void sg_figures_add(struct sg_figures *sum, const struct sg_figures *one,
				  __u32 epoch)
{
	for (int what = 0; what < SG_FIGURED__MAX; what++) {
		const struct sg_figured_counts *c = &one->of[what];
		struct sg_figured_counts *to = &sum->of[what];

		for (__u32 i = 0; i < SG_FIGURED_WORDS; i++)
			((__u64 *)to)[i] += ((const __u64 *)c)[i];
		for (int i = 0; i < SG_PENDINGS; i++) {
			if (epoch - c->pending[i].epoch < SG_SILENT_EPOCHS)
				to->pending[0].count += c->pending[i].count;
			else
				to->silent += (__s64)c->pending[i].count;
		}
	}
	for (__u32 i = 0; i < sizeof(sum->delay) / 8; i++)
		((__u64 *)sum->delay)[i] += ((const __u64 *)one->delay)[i];
}

_Static_assert(sizeof(struct sg_lately) == 64, "what is known of one is a cache line");
_Static_assert(sizeof(struct sg_buckets) == 64, "the buckets of one are a cache line");
_Static_assert(sizeof(struct sg_offences) == 64, "a line, too");
_Static_assert(!__builtin_offsetof(struct sg_offences, who) &&
	       !__builtin_offsetof(struct sg_asked, source) &&
	       !__builtin_offsetof(struct sg_dial_calls, who) &&
	       !__builtin_offsetof(struct sg_caller, who), "whose it is comes first");
_Static_assert(sizeof(struct sg_asked) == 64 && sizeof(struct sg_transaction) == 16, "and these");
_Static_assert(SG_OFFENCE_ENUMERATION == SG_OFFENCE__MAX - 1 && SG_OFFENCE__MAX == 8,
	       "the others have a place in struct sg_offences");
_Static_assert(sizeof(struct sg_proven_line) == 128, "two cache lines, which are loaded as one");
_Static_assert(sizeof(struct sg_ban) == 16, "memory is fixed");
_Static_assert(sizeof(struct sg_registered_line) == 128, "two cache lines");
_Static_assert(sizeof(struct sg_attempts) == 128, "two cache lines, as that of transactions");
_Static_assert(SG_ZONES <= 16, "a zone has 4 bits in struct sg_attempt");
_Static_assert(SG_PROOF__MAX <= 16, "a proof has 4 bits");
_Static_assert(sizeof(struct sg_streams) == 64, "and this one");
_Static_assert(sizeof(struct sg_dialogs) == 64 && sizeof(struct sg_calls) == 64, "lines, too");
_Static_assert(sizeof(struct sg_secrets) == 64 && sizeof(struct sg_accounts) == 64, "and these");

#endif
