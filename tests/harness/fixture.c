// SPDX-License-Identifier: GPL-2.0-only
/* Loads the object, reaches into its maps, runs frames. */
#include "fixture.h"
#include "follower.h"

#include <errno.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "maps.h"
#include "object.h"
#include "state.h"

#define OBJECT "build/bpf/clang14/guard.bpf.o"

struct fixture fix;
struct coverage coverage;
struct maps maps;

static struct bpf_object *object, *at_tc, *bare;
static int programs[PROGRAM__MAX];
static int cpus;
static int listeners[2] = {-1, -1};
/* Only this one has the kernel's clock, and nothing runs of it but what reads that. */
static struct bpf_object *real;

static int print_problem(enum libbpf_print_level level, const char *format, va_list arguments)
{
	return level == LIBBPF_WARN ? vfprintf(stderr, format, arguments) : 0;
}

static __u64 clock_tick(void)
{
	struct timespec tick;

	clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
	return tick.tv_sec * SECOND + tick.tv_nsec;
}

static int find_maps(void)
{
	fix.state = object_memory(object, "sg_state");
	fix.configs = object_memory(object, "sg_configs");
	maps = (struct maps){
		.state = maps.state,
		.lists4 = object_map(object, "sg_lists4"),
		.lists6 = object_map(object, "sg_lists6"),
		.bans = object_map(object, "sg_bans"),
		.zones = {object_map(object, "sg_zones_0"), object_map(object, "sg_zones_1")},
		.domains = object_map(object, "sg_domains"),
		.callees = object_map(object, "sg_own_callees"),
		.dialled = object_map(object, "sg_dialled"),
		.stats = object_map(object, "sg_stats"),
		.figures = object_map(object, "sg_figures"),
		.proven = object_memory(object, "sg_proven"),
		.connections = object_map(object, "sg_connections"),
		.slots = object_map(object, "sg_slots"),
		.src_buckets = object_memory(object, "sg_src_buckets"),
		.flow_buckets = object_memory(object, "sg_flow_buckets"),
		.offences = object_memory(object, "sg_offences"),
		.askers = object_memory(object, "sg_askers"),
		.registered = object_memory(object, "sg_registered"),
		.identities = object_map(object, "sg_identities"),
		.transactions = object_memory(object, "sg_transactions"),
		.attempts = object_memory(object, "sg_attempts"),
		.streams = object_memory(object, "sg_streams"),
		.heads = object_memory(object, "sg_heads"),
		.followers = object_memory(object, "sg_followers"),
		.told = object_memory(object, "sg_told"),
		.lately = object_memory(object, "sg_lately"),
		.rings = object_map(object, "sg_rings"),
	};
	return fix.state && fix.configs && maps.proven && maps.heads && maps.src_buckets &&
	       maps.flow_buckets && maps.offences && maps.askers && maps.transactions &&
	       maps.attempts && maps.streams && maps.registered && maps.followers && maps.told &&
	       maps.lately ? 0 : -1;
}

const char *fixture_object(void)
{
	return getenv("SIPGUARD_OBJ") ? getenv("SIPGUARD_OBJ") : OBJECT;
}

/* One that is open gets the maps of the guard, and the tests' clock. 0 or -errno. */
static int join(struct bpf_object *other)
{
	int error = object_share(other, object);

	error = error ? error : clock_stop(other);
	error = error ? error : bpf_object__load(other);
	return error ? error : clock_take(other);
}

struct bpf_object *fixture_beside(const char *name, const char *program, bool bare, int *fd)
{
	const char *guard = fixture_object(), *slash = strrchr(guard, '/');
	struct bpf_object *other;
	char path[256];
	int error;

	snprintf(path, sizeof(path), "%.*s/%s.bpf.o", (int)(slash ? slash - guard : 1),
		 slash ? guard : ".", name);
	other = object_open(path);
	error = other ? 0 : -errno;
	if (!error) /* each takes its time where the CPU is emulated */
		object_only(other, program);
	if (!error && bare)
		error = object_constant(other, "sg_link_header", 0);
	error = error ? error : join(other);
	*fd = error ? error : object_program(other, program);
	if (*fd >= 0)
		return other;
	print_error("%s does not load%s: %s.\n", path, bare ? " for links without a header" : "",
		    strerror(-*fd));
	return NULL;
}

static int real_open(const char *path)
{
	int error;

	real = object_open(path);
	if (!real)
		return -errno;
	object_only(real, "guard_clock");
	error = object_share(real, object);
	error = error ? error : object_constant(real, "sg_tick", fix.tick);
	return error ? error : bpf_object__load(real);
}

/* The guard of the file, and what a test writes into its maps by. 0 or -errno. */
static int guard_open(const char *path)
{
	int error;

	object = object_open(path);
	error = object ? clock_stop(object) : -errno;
	error = error ? error : bpf_object__load(object);
	error = error ? error : clock_take(object);
	error = error ? error : real_open(path);
	if (error)
		return error;
	maps.state = state_open(object);
	return maps.state ? join(maps.state) : -errno;
}

/*
 * Whether the host that the packets come to serves TCP on port 5060: of its sockets the guard asks
 * the kernel. In a network namespace of the tests' own.
 */
void fixture_serve(bool serves)
{
	const struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(5060)};
	const struct sockaddr_in6 any6 = {.sin6_family = AF_INET6, .sin6_port = htons(5060)};
	int on = 1;

	for (int i = 0; i < 2 && !serves; i++)
		close(listeners[i]);
	if (!serves)
		return;
	listeners[0] = socket(AF_INET, SOCK_STREAM, 0);
	listeners[1] = socket(AF_INET6, SOCK_STREAM, 0);
	assert_int_equal(bind(listeners[0], (const struct sockaddr *)&any, sizeof(any)), 0);
	assert_int_equal(listen(listeners[0], 1), 0);
	if (listeners[1] < 0) /* a kernel without IPv6 */
		return;
	setsockopt(listeners[1], IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	assert_int_equal(bind(listeners[1], (const struct sockaddr *)&any6, sizeof(any6)), 0);
	assert_int_equal(listen(listeners[1], 1), 0);
}

int fixture_open(void **unused)
{
	const char *path = fixture_object();
	int error;

	(void)unused;
	libbpf_set_print(print_problem);
	if (unshare(CLONE_NEWNET)) {
		print_error("The tests get no network namespace: %s.\n", strerror(errno));
		return -1;
	}
	fixture_serve(true);
	cpus = libbpf_num_possible_cpus();
	stay_on_this_cpu();
	fix.tick = clock_tick();
	error = guard_open(path);
	if (error) {
		print_error("%s does not load: %s; build it, or name another in SIPGUARD_OBJ.\n",
			    path, strerror(-error));
		return -1;
	}
	programs[PROGRAM_GUARD] = object_program(object, "guard");
	programs[PROGRAM_FRAGS] = object_program(object, "guard_frags");
	at_tc = fixture_beside("ingress", "ingress", false, &programs[PROGRAM_INGRESS]);
	bare = fixture_beside("guard", "guard_frags", true, &programs[PROGRAM_BARE]);
	return !at_tc || !bare || find_maps() ? -1 : reply_open();
}

int fixture_close(void **unused)
{
	(void)unused;
	fixture_serve(false);
	reply_close();
	bpf_object__close(at_tc);
	bpf_object__close(bare);
	bpf_object__close(real);
	bpf_object__close(maps.state);
	bpf_object__close(object);
	object = bare = at_tc = real = maps.state = NULL;
	return 0;
}

static void map_empty(int fd)
{
	char key[64];

	while (!bpf_map_get_next_key(fd, NULL, key))
		assert_int_equal(bpf_map_delete_elem(fd, key), 0);
}

void proven_fill(int seconds)
{
	__u64 end = sg_proven_end(guard_clock() + seconds * SECOND, 1);

	for (__u32 i = 0; i < SG_PROVEN * SG_PROVEN_CELLS; i++) {
		struct sg_proven_cell *cell =
			&maps.proven[i / SG_PROVEN_CELLS].cell[i % SG_PROVEN_CELLS];

		if (!sg_proven_lives(cell->end, guard_clock()))
			cell->end = end;
	}
}

/* A linear congruential step is random enough: it only has to be another one for each test. */
static void new_secret(void)
{
	static __u64 seed = 20241124;

	for (int i = 0; i < 2; i++) {
		seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
		fix.state->secret[i] = seed;
	}
}

__u32 fixture_generation(void)
{
	static __u32 generation;

	return ++generation;
}

void fixture_reset(enum program program)
{
	clock_move(SECOND);
	fix.program = program;
	fix.gso_size = 0;
	packet_bare = program == PROGRAM_BARE;
	map_empty(maps.lists4);
	map_empty(maps.lists6);
	map_empty(maps.bans);
	/* A million cells: to clear them takes as long as all the rest. */
	if (fix.state->proven)
		memset(maps.proven, 0, SG_PROVEN * sizeof(*maps.proven));
	map_empty(maps.connections);
	map_empty(maps.slots);
	map_empty(maps.zones[0]);
	map_empty(maps.zones[1]);
	map_empty(maps.domains);
	map_empty(maps.callees);
	map_empty(maps.identities);
	config_defaults(&fix.configs[0]);
	fix.configs[0].generation = fixture_generation();
	memset(fix.state, 0, sizeof(*fix.state));
	fix.state->abi = SG_ABI_VERSION;
	fix.state->mode = SG_MODE_ENFORCE;
	followers_end();
	heads_forget();
	new_secret();
	stats_clear();
}

void fixture_begin(enum program program)
{
	fixture_reset(program);
	/* These no secret tells apart: a request of another test would be a copy of that one's. */
	transactions_forget();
	/* A small table, in which those who asked for many in another test keep their places. */
	memset(maps.askers, 0, SG_ASKERS * sizeof(*maps.askers));
	/* Here those of other tests would make no room. */
	memset(maps.registered, 0, SG_REGISTERED * sizeof(*maps.registered));
}

int fixture_program(void)
{
	return programs[fix.program];
}

/* What either hook says, in words of XDP; -1 if it is none of the two. */
static int action_of(__u32 said)
{
	if (fix.program != PROGRAM_INGRESS)
		return said == XDP_PASS || said == XDP_DROP ? (int)said : -1;
	if (said == (__u32)TC_ACT_UNSPEC)
		return XDP_PASS;
	return said == TC_ACT_SHOT ? XDP_DROP : -1;
}

int fixture_run(const __u8 *frame, size_t length)
{
	static __u8 out[FRAME_MAX];
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame, .data_size_in = length,
		    .data_out = out, .data_size_out = sizeof(out), .repeat = 1);
	struct __sk_buff skb = {.gso_size = fix.gso_size, .gso_segs = 1};
	int error, action;

	if (fix.program == PROGRAM_INGRESS && fix.gso_size) {
		options.ctx_in = &skb;
		options.ctx_size_in = sizeof(skb);
	}
	error = bpf_prog_test_run_opts(programs[fix.program], &options);
	if (error)
		fail_msg("the kernel refuses a frame of %zu bytes: %s", length, strerror(-error));
	action = action_of(options.retval);
	if (action < 0)
		fail_msg("action %u for a frame of %zu bytes", options.retval, length);
	assert_int_equal(options.data_size_out, length);
	if (memcmp(frame, out, length))
		fail_msg("a frame of %zu bytes was changed", length);
	return action;
}

__u64 kernel_clock(void)
{
	__u64 now = 0;
	LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = &now, .ctx_size_in = sizeof(now));
	int error = bpf_prog_test_run_opts(object_program(real, "guard_clock"), &options);

	if (error)
		fail_msg("guard_clock does not run: %s", strerror(-error));
	return now;
}

/* What each CPU remembers from packet to packet: all of it, or, with a step, as that changes it. */
static void memos_change(void (*change)(struct sg_memo *memo))
{
	struct bpf_map *map = bpf_object__find_map_by_name(object, "sg_guards");
	size_t size = (bpf_map__value_size(map) + 7) / 8 * 8;
	char *each = calloc(cpus, size);
	__u32 key = 0;

	assert_non_null(each);
	if (change) {
		assert_int_equal(bpf_map_lookup_elem(bpf_map__fd(map), &key, each), 0);
		for (int cpu = 0; cpu < cpus; cpu++)
			change((struct sg_memo *)(each + cpu * size));
	}
	assert_int_equal(bpf_map_update_elem(bpf_map__fd(map), &key, each, BPF_ANY), 0);
	free(each);
}

void memos_forget(void)
{
	memos_change(NULL);
}

void stats_clear(void)
{
	struct sg_stats *zero = calloc(cpus, sizeof(*zero));
	__u32 key = 0;

	assert_non_null(zero);
	assert_int_equal(bpf_map_update_elem(maps.stats, &key, zero, BPF_ANY), 0);
	free(zero);
	memos_forget();
}

static void rush_begin(struct sg_memo *memo)
{
	memo->rush = true;
	/* However long a test has to wait for the CPU, nobody looks again before that. */
	memo->pace_since = guard_clock() + 3600 * SG_NSEC_PER_SEC;
	memo->pace_packets = 0;
}

static void rush_end(struct sg_memo *memo)
{
	memo->rush = false;
	memo->pace_since = guard_clock();
	memo->pace_packets = 0;
}

void rush_set(bool rush)
{
	memos_change(rush ? rush_begin : rush_end);
}

/* Every field is a 64-bit count, so the structs can be added word by word. */
void stats_read(struct sg_stats *sum)
{
	struct sg_stats *each = calloc(cpus, sizeof(*each));
	__u64 *total = (__u64 *)sum;
	__u32 key = 0;

	assert_non_null(each);
	assert_int_equal(bpf_map_lookup_elem(maps.stats, &key, each), 0);
	memset(sum, 0, sizeof(*sum));
	for (int cpu = 0; cpu < cpus; cpu++) {
		const __u64 *part = (const __u64 *)&each[cpu];

		for (size_t i = 0; i < sizeof(*sum) / sizeof(*total); i++)
			total[i] += part[i];
	}
	free(each);
}
