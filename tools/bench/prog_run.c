// SPDX-License-Identifier: GPL-2.0-only
/*
 * BPF_PROG_RUN: the nanoseconds a program takes for a packet. All entries are measured in turn,
 * round after round, each round beginning with another one, so that a slow minute of the machine
 * falls on all of them. A measurement is the fastest of some bursts, since whatever else runs on
 * the machine can only add to it; an entry is the median of its measurements.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <jansson.h>

#include "bench.h"
#include "object.h"

#define ROUNDS 7
#define WARM_UP 20000
#define SPEND 3000000 /* packets, or 200 ms: no burst is left, and a rush is known for one */
#define BURSTS 10
#define PACKETS 100000 /* in each of them */
#define MESSAGES 2000 /* likewise, of the userspace parsers, which take microseconds each */

enum flags {
	BASE = 1,       /* a program of the bench: counts nothing */
	UNGUARDED = 2,
	LIFTED = 4,     /* limits that never fire */
	BANNED = 8,
	NO_BUDGET = 16, /* of unlisted sources: each packet goes on to the hashed table */
	NO_GREYLIST = 32,
	PROVEN = 64,
	ZONE = 128,     /* the source is in the only zone, of one prefix */
	ZONES = 256,    /* in one of four, of 10 000 */
	FIGURES = 512,  /* counted for RFC 6076, as what comes again */
};

struct entry {
	const char *name;
	const char *program;   /* NULL: a parser in userspace */
	double (*parse)(const char *text, size_t length, unsigned int repeat);
	enum message message;
	unsigned int flags;
	enum sg_reason reason; /* that every packet must meet; NONE: passed */
	__u32 sources;         /* 0: one */
	__u32 bytes;           /* of the message, if the cost of a byte is asked for */
	double bar;            /* ns over bare-drop; 0: none */
	double ns[ROUNDS];
	double median;
	double both[ROUNDS];   /* on two CPUs at once */
	double both_median;
	__u64 memory;
	bool chosen;
};

#define RANDOM(name_, flags_, reason_, sources_, bar_)                                             \
	{.name = name_, .program = "bench_random", .message = MESSAGE_INVITE, .flags = flags_,     \
	 .reason = SG_REASON_##reason_, .sources = sources_, .bar = bar_}
#define GUARD(name_, message_, flags_, reason_, bar_)                                              \
	{.name = name_, .program = "guard", .message = MESSAGE_##message_, .flags = flags_,        \
	 .reason = SG_REASON_##reason_, .bar = bar_}
/* A frame of 4000 bytes has several buffers. */
#define SIZED(bytes_)                                                                              \
	{.name = "valid-" #bytes_ "-bytes", .program = "guard_frags", .bytes = bytes_,             \
	 .message = MESSAGE_##bytes_, .flags = LIFTED}
#define STREAM(name_, message_)                                                                    \
	{.name = name_, .program = "bench_stream", .message = MESSAGE_##message_, .flags = LIFTED}
#define NEW(name_, flags_)                                                                         \
	{.name = name_, .program = "bench_new", .message = MESSAGE_INVITE, .flags = LIFTED | flags_}
#define PLAIN(name_, program_, sources_)                                                           \
	{.name = name_, .program = program_, .message = MESSAGE_INVITE, .flags = BASE,             \
	 .sources = sources_}

/* A budget that is off does not stop the packets that a source limit will. */
static struct entry entries[] = {
	PLAIN("bare-drop", "bench_drop", 0),
	PLAIN("bare-parse", "bench_parse", 0),
	PLAIN("rewrite-source", "bench_rewrite", 100000000),
	{.name = "rewrite-seq", .program = "bench_rewrite_seq", .message = MESSAGE_OPTIONS_TCP,
	 .flags = BASE},
	GUARD("not-sip", DNS, UNGUARDED, NONE, 15),
	GUARD("not-sip-tcp", HTTPS, UNGUARDED, NONE, 15),
	GUARD("banned-source", INVITE, BANNED, BAN_SOURCE, 40),
	GUARD("garbage", GARBAGE, 0, GARBAGE, 40),
	/* Soon banned, since it never ceases. */
	GUARD("over-limit-one-source", INVITE, NO_GREYLIST, LIMIT_FLOW, 50),
	RANDOM("over-limit-random-sources", NO_GREYLIST, UNLISTED_BUDGET, 10000000, 110),
	RANDOM("over-limit-random-sources-1k", NO_GREYLIST, UNLISTED_BUDGET, 1000, 110),
	RANDOM("over-limit-random-sources-1M", NO_GREYLIST, UNLISTED_BUDGET, 1000000, 110),
	RANDOM("over-limit-random-sources-100M", NO_GREYLIST, UNLISTED_BUDGET, 100000000, 110),
	RANDOM("greylisted-random-sources", 0, GREYLIST, 100000000, 120),
	RANDOM("random-sources-table-1k", NO_BUDGET, LIMIT_FLOW, 1000, 0),
	RANDOM("random-sources-table-1M", NO_BUDGET, LIMIT_FLOW, 1000000, 0),
	RANDOM("random-sources-table-100M", NO_BUDGET, LIMIT_FLOW, 100000000, 0),
	GUARD("keepalive", KEEPALIVE, LIFTED, NONE, 0),
	GUARD("valid-options", OPTIONS, LIFTED, NONE, 200),
	GUARD("zone-options", OPTIONS, LIFTED | ZONE, NONE, 0),
	GUARD("zones-options", OPTIONS, LIFTED | ZONES, NONE, 0),
	GUARD("proven-options", OPTIONS, LIFTED | PROVEN, NONE, 0),
	GUARD("valid-register", REGISTER, LIFTED, NONE, 0),
	GUARD("valid-invite", INVITE, LIFTED, NONE, 300),
	GUARD("figures-invite", INVITE, LIFTED | FIGURES, NONE, 340),
	NEW("new-invite", 0),
	NEW("figures-new-invite", FIGURES),
	GUARD("malformed-invite", MALFORMED, LIFTED, CSEQ, 300),
	STREAM("valid-options-tcp", OPTIONS_TCP),
	STREAM("valid-invite-tcp", INVITE_TCP),
	SIZED(200),
	SIZED(400),
	SIZED(800),
	SIZED(1400),
	SIZED(4000),
	{.name = "sofia-sip-parse-invite", .parse = parse_sofia},
	{.name = "osip-parse-invite", .parse = parse_osip},
};

#define ENTRIES (sizeof(entries) / sizeof(entries[0]))

struct run {
	struct target guard; /* the object that ships */
	struct target bench; /* the same code, with the bench's programs around it */
	int other_cpu;       /* to measure on both at once; -1: not */
};

static struct target *entry_target(struct run *run, const struct entry *entry)
{
	return strncmp(entry->program, "guard", 5) ? &run->bench : &run->guard;
}

static void variable_set(const struct target *target, const char *name, __u32 value)
{
	__u32 *variable = object_variable(target->object, ".data", name);

	if (!variable)
		bench_die("The object has no variable %s: build the bench anew.", name);
	*variable = value;
}

/* Where the Call-ID of a message is in its frame. */
static __u32 call_id_of(enum message message)
{
	unsigned char frame[FRAME_MAX];
	size_t length = frame_build(message, 0, frame);
	const unsigned char *at = memmem(frame, length, "Call-ID: ", 9);

	return at ? at - frame + 9 : 0;
}

double program_run(int program, enum message message, __u32 sender, unsigned int repeat)
{
	unsigned char frame[FRAME_MAX];
	LIBBPF_OPTS(bpf_test_run_opts, options,
		.data_in = frame,
		.data_size_in = frame_build(message, sender, frame),
		.repeat = repeat,
	);
	__u64 start = cpu_time();

	if (bpf_prog_test_run_opts(program, &options))
		bench_die("BPF_PROG_RUN failed (%s).", strerror(errno));
	return (double)(cpu_time() - start) / repeat;
}

static void entry_prepare(struct target *target, const struct entry *entry)
{
	target_reset(target);
	if (entry->flags & LIFTED)
		target_lift_limits(target);
	if (entry->flags & BANNED)
		target_ban(target);
	if (entry->flags & NO_BUDGET)
		sg_mode_set(target->config, SG_REASON_UNLISTED_BUDGET, SG_MODE_OFF);
	if (entry->flags & NO_GREYLIST)
		sg_mode_set(target->config, SG_REASON_GREYLIST, SG_MODE_OFF);
	if (entry->flags & ZONE)
		target_zones(target, 1, 1);
	if (entry->flags & ZONES)
		target_zones(target, 4, 10000);
	if (entry->flags & FIGURES)
		target->config->figures = 1;
	if (entry->flags & PROVEN)
		target_prove(target);
	if (entry->sources)
		variable_set(target, "bench_sources", entry->sources);
	if (!strcmp(entry->program, "bench_new"))
		variable_set(target, "bench_call_id", call_id_of(entry->message));
}

static __u64 entry_counted(const struct target *target, const struct entry *entry)
{
	return entry->flags & UNGUARDED ? target_unguarded(target)
					: target_counted(target, entry->reason);
}

/*
 * A figure counts only if the packets took the way it is named after. In the table of sources some
 * are within their limits.
 */
static void entry_check(const struct entry *entry, __u64 counted, unsigned int packets)
{
	if (!(entry->flags & (BASE | NO_BUDGET)) && counted < packets * 0.99)
		bench_die("%s: %llu of %u packets took the way that was to be measured.",
			  entry->name, (unsigned long long)counted, packets);
}

static unsigned int warm_up(const struct entry *entry)
{
	return entry->flags & LIFTED ? WARM_UP : SPEND;
}

static double measure_program(struct run *run, struct entry *entry)
{
	struct target *target = entry_target(run, entry);
	int program = target_program(target, entry->program);
	double ns, least = INFINITY;
	__u64 counted;

	entry_prepare(target, entry);
	program_run(program, entry->message, 0, warm_up(entry));
	counted = entry_counted(target, entry);
	for (int burst = 0; burst < BURSTS; burst++) {
		ns = program_run(program, entry->message, 0, PACKETS);
		least = fmin(least, ns);
	}
	entry_check(entry, entry_counted(target, entry) - counted, BURSTS * PACKETS);
	entry->memory = target_memory(target);
	return least;
}

static double measure_both(struct run *run, struct entry *entry)
{
	struct target *target = entry_target(run, entry);
	int program = target_program(target, entry->program);
	double least;
	__u64 counted;

	entry_prepare(target, entry);
	program_run_both(program, entry->message, warm_up(entry), 1, run->other_cpu);
	counted = entry_counted(target, entry);
	least = program_run_both(program, entry->message, PACKETS, BURSTS, run->other_cpu);
	entry_check(entry, entry_counted(target, entry) - counted, 2 * BURSTS * PACKETS);
	return least;
}

static double measure_parser(double (*parse)(const char *, size_t, unsigned int))
{
	double least = INFINITY;
	const char *text;
	size_t length;

	text = message_text(MESSAGE_INVITE, &length);
	for (int burst = 0; burst < BURSTS; burst++)
		least = fmin(least, parse(text, length, MESSAGES));
	return least;
}

static void measure(struct run *run, struct entry *entry, size_t round)
{
	if (entry->program)
		entry->ns[round] = measure_program(run, entry);
	else
		entry->ns[round] = measure_parser(entry->parse);
	if (entry->program && run->other_cpu >= 0)
		entry->both[round] = measure_both(run, entry);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static const struct entry *entry_find(const char *name)
{
	for (size_t i = 0; i < ENTRIES; i++)
		if (!strcmp(entries[i].name, name))
			return &entries[i];
	bench_die("There is no entry %s.", name);
}

/* The rewriting of the source, or of the sequence number, is the bench's work, not the guard's. */
static void take_off_rewrite(const char *work, const char *program)
{
	double share = entry_find(work)->median - entry_find("bare-drop")->median;
	double both = entry_find(work)->both_median - entry_find("bare-drop")->both_median;

	for (size_t i = 0; i < ENTRIES; i++) {
		if (entries[i].program && !strcmp(entries[i].program, program)) {
			entries[i].median -= share;
			entries[i].both_median -= both;
		}
	}
}

static json_t *entry_json(const struct entry *entry)
{
	json_t *json = json_pack("{s:s,s:f}", "name", entry->name, "ns", entry->median);

	if (entry->program)
		json_object_set_new(json, "over_bare_drop", json_real(
			entry->median - entry_find("bare-drop")->median));
	if (entry->both_median > 0)
		json_object_set_new(json, "two_cpus",
				    json_real(entry->both_median / entry->median));
	if (entry->bar)
		json_object_set_new(json, "bar", json_real(entry->bar));
	if (entry->bytes)
		json_object_set_new(json, "bytes", json_integer(entry->bytes));
	if (entry->sources && !(entry->flags & BASE)) {
		json_object_set_new(json, "sources", json_integer(entry->sources));
		json_object_set_new(json, "map_bytes", json_integer(entry->memory));
	}
	return json;
}

static void entries_choose(char **names)
{
	for (size_t i = 0; i < ENTRIES; i++) {
		struct entry *entry = &entries[i];

		entry->chosen = !*names || entry->flags & BASE;
		for (char **name = names; *name; name++)
			entry->chosen |= !strcmp(*name, entry->name);
	}
	for (; *names; names++)
		entry_find(*names);
}

static double median_of(double ns[ROUNDS])
{
	qsort(ns, ROUNDS, sizeof(double), compare);
	return ns[ROUNDS / 2];
}

json_t *prog_run(const char *guard, const char *bench, char **names, int other_cpu)
{
	struct run run = {.other_cpu = other_cpu};
	json_t *list = json_array();

	entries_choose(names);
	target_load(&run.guard, guard);
	target_load(&run.bench, bench);
	for (size_t round = 0; round < ROUNDS; round++) {
		for (size_t i = 0; i < ENTRIES; i++) {
			struct entry *entry = &entries[(i + round * 5) % ENTRIES];

			if (entry->chosen)
				measure(&run, entry, round);
		}
	}
	for (size_t i = 0; i < ENTRIES; i++) {
		entries[i].median = median_of(entries[i].ns);
		entries[i].both_median = median_of(entries[i].both);
	}
	take_off_rewrite("rewrite-source", "bench_random");
	take_off_rewrite("rewrite-seq", "bench_stream");
	for (size_t i = 0; i < ENTRIES; i++)
		if (entries[i].chosen)
			json_array_append_new(list, entry_json(&entries[i]));
	return list;
}
