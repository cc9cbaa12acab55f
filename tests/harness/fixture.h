/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guard under test: the object that ships, loaded once, with its maps within reach. Every test
 * starts from fixture_reset(): defaults of include/, mode enforce, no lists, no bans, no zones,
 * counters zero, and a new secret, so that no limit remembers an earlier test.
 */
#ifndef SIPGUARD_TEST_FIXTURE_H
#define SIPGUARD_TEST_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "abi.h"
#include "clock.h"
#include "packet.h"

struct bpf_object;

#define BIT(n) (1ULL << (n))

/* Reasons, of which there are more than 64. */
typedef unsigned __int128 reason_set;

#define REASON_BIT(n) ((reason_set)1 << (n))
#define SECOND SG_NSEC_PER_SEC
#define MS (SECOND / 1000)
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

enum program {
	PROGRAM_GUARD,
	PROGRAM_FRAGS,
	PROGRAM_INGRESS, /* at tc */
	PROGRAM_BARE, /* for links without a header; frames of several buffers, too */
	PROGRAM__MAX
};

struct fixture {
	struct sg_state *state;    /* these point into the maps */
	struct sg_config *configs; /* two */
	__u64 tick;                /* ns */
	enum program program;      /* the one that runs */
	__u32 gso_size;            /* of the datagrams of what it gets; 0: one */
};

extern struct fixture fix;

enum outcome {
	PASS,       /* guarded, no reason ends its way, whatever the guard's mode is */
	DROP,
	WOULD_DROP, /* a reason does, but the guard's mode is monitor */
	UNGUARDED,
};

/* What a packet must do: the action, and every counter that moves. */
struct expectation {
	enum outcome outcome;
	enum sg_reason reason; /* the one that ends its way */
	enum sg_class class;
	enum sg_method method;
	reason_set watched;    /* REASON_BIT()s of reasons that match, and let it go on */
	bool allowed;          /* by the allow list */
};

/* For cmocka: the whole group. The object is $SIPGUARD_OBJ. */
int fixture_open(void **unused);
int fixture_close(void **unused);
void fixture_serve(bool serves);
void fixture_reset(enum program program);
/*
 * The same at the start of a test, with what takes as long as many packets: transactions and who
 * asked are forgotten.
 */
void fixture_begin(enum program program);

/* The path of the object. */
const char *fixture_object(void);
/*
 * Opens the object `name` that lies beside the guard's, on the maps of the guard; `bare`: for links
 * without a header. Its program in *fd. NULL after saying why.
 */
struct bpf_object *fixture_beside(const char *name, const char *program, bool bare, int *fd);

/* The program that runs: fd. */
int fixture_program(void);

/* Runs a frame. The kernel must accept it, and the action must be XDP_PASS or XDP_DROP. */
int fixture_run(const __u8 *frame, size_t length);

/* Sums of all CPUs since the last fixture_reset() or stats_clear(). */
void stats_read(struct sg_stats *sum);
void stats_clear(void);
/* The first reason for which a packet was dropped since then; NONE. */
enum sg_reason dropping_reason(void);

/* Builds and runs a packet; fails with `where` unless it does exactly what is expected. */
void packet_check(const char *where, const struct packet_spec *spec,
		  const struct expectation *expected);
/* The same without an expectation. True if it was dropped. */
bool packet_dropped(const struct packet_spec *spec);

#define STRING_(x) #x
#define STRING(x) STRING_(x)
#define SEND(outcome_, reason_, class_, method_, ...)                                             \
	packet_check(__FILE__ ":" STRING(__LINE__), &(struct packet_spec){__VA_ARGS__},           \
		     &(struct expectation){.outcome = outcome_, .reason = SG_REASON_##reason_,    \
					   .class = SG_CLASS_##class_,                            \
					   .method = SG_METHOD_##method_})
#define SEND_WATCHED(outcome_, reason_, watched_, class_, method_, ...)                           \
	packet_check(__FILE__ ":" STRING(__LINE__), &(struct packet_spec){__VA_ARGS__},           \
		     &(struct expectation){.outcome = outcome_, .reason = SG_REASON_##reason_,    \
					   .class = SG_CLASS_##class_, .watched = watched_,       \
					   .method = SG_METHOD_##method_})

/* The configuration in force and what lies beside it. Prefixes as in "2001:db8::/32". */
struct sg_config *config(void);
void config_defaults(struct sg_config *config);
void mode_set(enum sg_reason reason, enum sg_mode mode);
void list_set(const char *prefix, enum sg_list list);
void list_put(const char *prefix, struct sg_listed value); /* whose length is set here */
/* Never the same twice: what is remembered of the zones of a configuration is void. */
__u32 fixture_generation(void);
/* Of one of the two configurations; sg_config.zones grows to `zone`. */
void zone_set(int which, const char *prefix, __u32 zone);
/* Where sg_places.zones[] has `here`; without a prefix all that are in no other zone there. */
void zone_set_at(int which, __u32 here, const char *prefix, __u32 zone);
/* An interface, by its number, has this place among the counters. */
void slot_set(__u32 ifindex, __u32 slot);
/* Somebody is registered through a zone, as the operator says, for as many seconds from now. */
void identity_set(const char *uri, __u32 zone, int seconds);
/* One more that is served, by the list of a zone; in lower case, as of a file that was read. */
void domain_set(__u32 zone, const char *domain);
/* One more user with a limit of his own, in the configuration in force. */
void callee_set(const char *user, struct sg_limit limit);
/* One more dialled prefix that is watched, or exit code, as a file has them; none are there. */
void dialled_set(const char *prefix);
void exit_set(const char *code);
void dialled_forget(void);
/* A flow if transport is not 0. Seconds from now, negative: it has run out. */
void ban_set(const char *address, __u8 transport, __u16 port, int seconds);
void ban_lift(const char *address);
/* A ban of a source, by the operator (NONE) or for what its flows did. */
void ban_set_cause(const char *address, enum sg_reason cause, int seconds);

/*
 * What a flow has proven, an hour ago, for as many seconds from now; nothing else. With negative
 * ones it is over.
 */
void proven_set(const char *address, __u8 transport, __u16 port, enum sg_proof proof, int seconds);
/* The hash of a flow, by which it has its place. */
__u64 flow_hash(const char *address, __u8 transport, __u16 port);
/* All other cells have flows, for as many seconds. */
void proven_fill(int seconds);
/* Who is registered over it, as in struct sg_proven; it is proven. */
void proven_user(const char *address, __u8 transport, __u16 port, __u32 user);
/* It has guessed more passwords than a flow may. */
void guessed_set(const char *address, __u8 transport, __u16 port);
/* As many flows, sources and users as the guard can remember have guessed once, or more of them. */
void guessed_by_all(void);
/* Each place that a dialog of the rank (enum dialog_rank: 3 of strangers, 4) can take has one. */
void dialogs_fill(__u32 rank);
/* The same of calls that do not count, three times over. */
void calls_fill(void);
/* The same asked: NONE if it has not, or it is over. */
enum sg_proof proven_of(const char *address, __u8 transport, __u16 port);
int proven_seconds(const char *address, __u8 transport, __u16 port);
/*
 * How many packets of a source are known to have had a reason and an outcome lately; of those who
 * have a zone or a proof, or of strangers.
 */
__u32 lately_of(const char *address, bool known, enum sg_reason reason, enum sg_outcome outcome);
/* Of a stranger that was dropped for the limit of its flow lately: which one. */
enum sg_limit_id lately_limit(const char *address);
/* A source has so many connections of TCP; how many sources have any. */
void connections_set(const char *address, __u32 live);
int connections_known(void);

/* --- replies (reply.c) --- */

/* The reply program, on the maps of the guard. 0 or -1. */
int reply_open(void);
void reply_close(void);

/*
 * As reply_dropped(), below: the frame as it leaves is in `sent`, which has FRAME_MAX bytes. Its
 * length.
 */
size_t reply_sends(const struct packet_spec *spec, __u8 *sent, bool *dropped);

/*
 * A packet of the server leaves, to spec->destination and spec->dport, from the guarded port unless
 * spec->sport says another one. True if it was dropped.
 */
/* The server accepts the connection of a peer, whose first byte has the number `seq`. */
void connection_accept(const struct packet_spec *peer, __u32 seq);
bool reply_dropped(const struct packet_spec *spec);

/* Whether a flow (of a source: transport and port 0) is banned, and why. */
bool ban_find(const char *address, __u8 transport, __u16 port, struct sg_ban *ban);
/* Every CPU is, or is not, offered more than the greylist looks at one by one. */
void rush_set(bool rush);
/* What CPUs remember from packet to packet, the answers of a tick among it. */
void memos_forget(void);

/* `burst` messages, then none for an hour. */
struct sg_limit limit_hourly(__u32 burst);
/* A limit of nothing: refuses from the start. tat_spent() goes with it. */
__u64 tat_spent(void);
/* A limit of a source is spent in one of the two rows of the table, 0 or 1. */
void limit_spend(const char *address, enum sg_limit_id limit, int row);
/* As if nobody had sent anything: what sources and flows have spent, transactions, streams. */
void limits_forget(void);
void transactions_forget(void);
void streams_forget(void);
void heads_forget(void); /* headers that began and never ended */
void heads_fill(void);   /* with those of others */
void offences_forget(void);
/* The figures of a zone, of all CPUs together; and none are there, nor any attempt. */
void figures_read(__u32 zone, struct sg_figures *sum);
void figures_forget(void);
/* An IP id that no test has used. */
__u32 fragment_id(void);
/* The clock of the guard outside of tests, see clock.h. */
__u64 kernel_clock(void);

/* What the suite has shown; main.c insists on all of it. */
struct coverage {
	__u64 class, method;           /* hit */
	__u64 near_class, near_method; /* a neighbour that is nearly it, and is not */
	reason_set reason, near_reason;
};

extern struct coverage coverage;

#endif
