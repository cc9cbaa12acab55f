/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of the bench share. */
#ifndef SIPGUARD_BENCH_H
#define SIPGUARD_BENCH_H

#include <stdbool.h>
#include <stddef.h>

#include <bpf/libbpf.h>
#include <jansson.h>

#include "abi.h"
#include "packet.h"

/* Says on standard error what is wrong, and ends the process with status 1. */
void bench_die(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* frames.c: what is sent. */
enum message {
	MESSAGE_INVITE, /* BENCH_INVITE_LENGTH bytes */
	MESSAGE_REGISTER,
	MESSAGE_OPTIONS,
	MESSAGE_KEEPALIVE,
	MESSAGE_GARBAGE, /* as long as the INVITE */
	MESSAGE_DNS,     /* to a port that is not guarded */
	MESSAGE_HTTPS,   /* a TCP segment to one */
	MESSAGE_MALFORMED, /* the INVITE, with a CSeq that is no number */
	MESSAGE_200,     /* valid, and of that many bytes, nearly all of them header */
	MESSAGE_400,
	MESSAGE_800,
	MESSAGE_1400,
	MESSAGE_4000,
	MESSAGE_OPTIONS_TCP,
	MESSAGE_INVITE_TCP,
	MESSAGE__MAX
};

#define BENCH_INVITE_LENGTH 619
#define BENCH_TEXT_MAX 4096
/*
 * Who sends, host order; on the second of two CPUs the next address, as a flow's packets come to
 * one CPU.
 */
#define BENCH_SOURCE 0xc0000201
#define BENCH_SENDERS 2
#define BENCH_PORT 5060         /* of its UDP messages */

/* The text of a SIP message or keepalive; *length without the closing NUL. */
char *message_text(enum message message, size_t *length);
/* Writes the Ethernet frame of the sender with that number, and returns its length. */
size_t frame_build(enum message message, __u32 sender, unsigned char frame[FRAME_MAX]);

/* load.c: the guard as the bench sees it. */
struct target {
	struct bpf_object *object;
	struct bpf_object *writer; /* see tests/harness/state.h */
	struct sg_state *state; /* these five are mapped: set by plain stores */
	struct sg_config *config;
	struct sg_buckets *src_buckets;
	struct sg_buckets *flow_buckets;
	struct sg_offences *offences;
	int stats;
	int bans;
	struct sg_stats *per_cpu; /* room for one sg_stats per possible CPU */
};

/* Opens and loads the object; default configuration, enforce mode. Dies on failure. */
void target_load(struct target *target, const char *path);
/* Back to the default configuration, with no bans, no list, and every limit untouched. */
void target_reset(struct target *target);
/* No limit fires any more, yet each is charged. */
void target_lift_limits(struct target *target);
/* The flow of each sender is proven. */
void target_prove(struct target *target);
/* Zones, each with a profile as the default one, and so many prefixes in all. The senders
 * are in the last zone. None: 0, 0.
 */
void target_zones(struct target *target, __u32 zones, __u32 prefixes);
/* All senders. */
void target_ban(struct target *target);
/* File descriptor of a program. Dies if there is none. */
int target_program(const struct target *target, const char *name);
/* Packets counted for a reason in enforce mode (SG_REASON_NONE: passed), over all CPUs. */
__u64 target_counted(const struct target *target, enum sg_reason reason);
__u64 target_unguarded(const struct target *target);
/* Bytes the kernel charges for all maps of the object. */
__u64 target_memory(const struct target *target);

/* parse.c: a message read by SIP libraries, in ns a message. */
double parse_sofia(const char *text, size_t length, unsigned int repeat);
double parse_osip(const char *text, size_t length, unsigned int repeat);

/*
 * prog_run.c: measures the entries of the guard object and of the bench object: a JSON array. Those
 * with these names (a list that ends with NULL), and what is taken off them; without names all.
 * With another CPU than this thread's (or -1) each is measured on both at once, too, as often.
 */
json_t *prog_run(const char *guard, const char *bench, char **names, int other_cpu);
/* Runs the program so often on this CPU; ns a packet of the thread's CPU time. */
double program_run(int program, enum message message, __u32 sender, unsigned int repeat);

/*
 * two_cpus.c: the same in bursts on this CPU and the other one at once, on the same maps, each with
 * a sender of its own. Of each burst the slower of the two counts, of all bursts the fastest.
 */
double program_run_both(int program, enum message message, unsigned int repeat,
			unsigned int bursts, int other_cpu);
/* Binds the thread to the CPU it is on. Another one that it might have used, or -1. */
int bind_and_find_other(void);

/* CPU time of this thread, ns. */
__u64 cpu_time(void);

#endif
