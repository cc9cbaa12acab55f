// SPDX-License-Identifier: GPL-2.0-only
/* Loads the object, reaches into its maps, runs frames. */
#include "fixture.h"

#include <errno.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>

#include "maps.h"

#define OBJECT "build/bpf/clang14/guard.bpf.o"

struct fixture fix;
struct coverage coverage;
struct maps maps;

static struct bpf_object *object, *at_tc, *bare;
static int programs[PROGRAM__MAX], clock_program;
static struct sg_head *heads;
static int cpus;
static int listeners[2] = {-1, -1};

/*
 * The guard's clock stands still, so that no test depends on how long the machine takes: what has
 * to go by is said by clock_move(). Each object has its own, all of them show the same.
 */
#define CLOCK_START (100000 * SECOND)
#define CLOCKS_MAX 8
static volatile __u64 *clocks[CLOCKS_MAX];
static int clock_count;
/* Only this one has the kernel's. */
static struct bpf_object *real;
static int real_program;

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

/* The offset of a variable in a section, or -1, and its size. */
static int variable_offset(const struct bpf_object *object, const char *in, const char *name,
			   __u32 *bytes)
{
	const struct btf *btf = bpf_object__btf(object);
	int section = btf__find_by_name_kind(btf, in, BTF_KIND_DATASEC);
	const struct btf_type *type = btf__type_by_id(btf, section);
	const struct btf_var_secinfo *variable = type ? btf_var_secinfos(type) : NULL;

	for (int i = 0; variable && i < btf_vlen(type); i++, variable++) {
		const struct btf_type *var = btf__type_by_id(btf, variable->type);

		*bytes = variable->size;
		if (!strcmp(btf__name_by_offset(btf, var->name_off), name))
			return variable->offset;
	}
	return -1;
}

int fixture_constant(struct bpf_object *object, const char *name, __u64 value)
{
	__u32 bytes = 0;
	int offset = variable_offset(object, ".rodata", name, &bytes),
	    error = -ENOENT;
	struct bpf_map *map;
	size_t size;

	bpf_object__for_each_map(map, object) {
		const void *initial = bpf_map__initial_value(map, &size);
		char *copy;

		if (offset < 0 || !initial || !strstr(bpf_map__name(map), ".rodata"))
			continue;
		copy = malloc(size);
		assert_non_null(copy);
		memcpy(copy, initial, size);
		if (bytes == sizeof(__u32))
			memcpy(copy + offset, &(__u32){value}, bytes);
		else
			memcpy(copy + offset, &value, sizeof(value));
		error = bpf_map__set_initial_value(map, copy, size);
		free(copy);
	}
	return error;
}

/* What is global data in the object is a map by the name of its section. */
static struct bpf_map *find_map(const char *name)
{
	struct bpf_map *map = bpf_object__find_map_by_name(object, name);
	char section[64];

	snprintf(section, sizeof(section), ".data.%s", name);
	return map ? map : bpf_object__find_map_by_name(object, section);
}

int fixture_map(const char *name)
{
	int fd = bpf_object__find_map_fd_by_name(object, name);

	if (fd < 0)
		print_error("The object has no map %s.\n", name);
	return fd;
}

void *fixture_memory(const char *name)
{
	struct bpf_map *map = find_map(name);
	size_t size;
	void *memory;

	if (!map)
		return NULL;
	size = (size_t)(bpf_map__value_size(map) + 7) / 8 * 8 * bpf_map__max_entries(map);
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);
	return memory == MAP_FAILED ? NULL : memory;
}

static int find_maps(void)
{
	fix.state = fixture_memory("sg_state");
	fix.configs = fixture_memory("sg_configs");
	fix.slots = fixture_memory("sg_slots");
	fix.flow_slots = fixture_memory("sg_flow_slots");
	fix.conduct = fixture_memory("sg_conduct");
	heads = fixture_memory("sg_heads");
	maps = (struct maps){
		.lists4 = fixture_map("sg_lists4"),
		.lists6 = fixture_map("sg_lists6"),
		.bans = fixture_map("sg_bans"),
		.zones = {fixture_map("sg_zones_0"), fixture_map("sg_zones_1")},
		.fragments = fixture_map("sg_fragments"),
		.stats = fixture_map("sg_stats"),
		.proven = fixture_map("sg_proven"),
		.hints = fixture_map("sg_hints"),
		.connections = fixture_map("sg_connections"),
		.greylist = fixture_memory("sg_greylist"),
		.transactions = fixture_memory("sg_transactions"),
		.streams = fixture_memory("sg_streams"),
	};
	return fix.state && fix.configs && fix.slots && fix.flow_slots && fix.conduct && heads &&
	       maps.greylist && maps.transactions && maps.streams ? 0 : -1;
}

static int program_fd(const struct bpf_object *object, const char *name)
{
	struct bpf_program *program = bpf_object__find_program_by_name(object, name);

	if (!program)
		print_error("The object has no program %s.\n", name);
	return program ? bpf_program__fd(program) : -1;
}

const char *fixture_object(void)
{
	return getenv("SIPGUARD_OBJ") ? getenv("SIPGUARD_OBJ") : OBJECT;
}

/* What a CPU keeps for itself has to be met again by the next packet. */
static void stay_on_this_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* Takes the object's clock, once it is loaded. */
static int clock_take(const struct bpf_object *of)
{
	__u32 bytes;
	int offset = variable_offset(of, ".bss", "sg_replay_clock", &bytes);
	struct bpf_map *map;
	char *memory;

	bpf_object__for_each_map(map, of) {
		if (offset < 0 || clock_count == CLOCKS_MAX || !strstr(bpf_map__name(map), ".bss"))
			continue;
		memory = mmap(NULL, bpf_map__value_size(map), PROT_READ | PROT_WRITE, MAP_SHARED,
			      bpf_map__fd(map), 0);
		if (memory == MAP_FAILED)
			return -1;
		clocks[clock_count] = (volatile __u64 *)(memory + offset);
		*clocks[clock_count++] = CLOCK_START;
		return 0;
	}
	return -1;
}

void clock_move(__u64 ns)
{
	for (int i = 0; i < clock_count; i++)
		*clocks[i] += ns;
}

static int share_maps(struct bpf_object *other)
{
	struct bpf_map *map;
	int error = 0;

	bpf_object__for_each_map(map, other) {
		const struct bpf_map *ours =
			bpf_object__find_map_by_name(object, bpf_map__name(map));

		if (ours && strstr(bpf_map__name(map), "sg_") && !error)
			error = bpf_map__reuse_fd(map, bpf_map__fd(ours));
	}
	return error;
}

/* Of the programs of an object, loads no other one. */
static void only_load(struct bpf_object *from, const char *name)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, from)
		bpf_program__set_autoload(program, !strcmp(bpf_program__name(program), name));
}

struct bpf_object *fixture_beside(const char *name, const char *program, bool bare, int *fd)
{
	const char *guard = fixture_object(), *slash = strrchr(guard, '/');
	struct bpf_object *other;
	char path[256];

	snprintf(path, sizeof(path), "%.*s/%s.bpf.o", (int)(slash ? slash - guard : 1),
		 slash ? guard : ".", name);
	other = bpf_object__open_file(path, NULL);
	if (other) /* each takes its time where the CPU is emulated */
		only_load(other, program);
	if (!other || fixture_constant(other, "sg_tick", 0) ||
	    (bare && fixture_constant(other, "sg_link_header", 0)) || share_maps(other) ||
	    bpf_object__load(other) || clock_take(other)) {
		print_error("%s does not load%s: %s.\n", path,
			    bare ? " for links without a header" : "", strerror(errno));
		return NULL;
	}
	*fd = program_fd(other, program);
	return *fd < 0 ? NULL : other;
}

/* The guard's object, of which nothing runs but what reads the clock, the kernel's. */
static int real_open(const char *path)
{
	real = bpf_object__open_file(path, NULL);
	if (!real || fixture_constant(real, "sg_tick", fix.tick) || share_maps(real))
		return -1;
	only_load(real, "guard_clock");
	if (bpf_object__load(real))
		return -1;
	real_program = program_fd(real, "guard_clock");
	return real_program < 0 ? -1 : 0;
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
	object = bpf_object__open_file(path, NULL);
	if (!object || fixture_constant(object, "sg_tick", 0)) {
		print_error("%s cannot be read as a guard; build it, or name it in SIPGUARD_OBJ.\n",
			    path);
		return -1;
	}
	if (bpf_object__load(object) || clock_take(object) || real_open(path)) {
		print_error("%s does not load: %s.\n", path, strerror(errno));
		return -1;
	}
	programs[PROGRAM_GUARD] = program_fd(object, "guard");
	programs[PROGRAM_FRAGS] = program_fd(object, "guard_frags");
	clock_program = program_fd(object, "guard_clock");
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
	bpf_object__close(object);
	object = bare = real = NULL;
	return 0;
}

static void map_empty(int fd)
{
	char key[64];

	while (!bpf_map_get_next_key(fd, NULL, key))
		assert_int_equal(bpf_map_delete_elem(fd, key), 0);
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

void fixture_reset(enum program program)
{
	clock_move(SECOND);
	fix.program = program;
	fix.gso_size = 0;
	packet_bare = program == PROGRAM_BARE;
	map_empty(maps.lists4);
	map_empty(maps.lists6);
	map_empty(maps.bans);
	/* To find that half a million places are empty takes as long as all the rest. */
	if (fix.state->proven)
		map_empty(maps.proven);
	map_empty(maps.connections);
	map_empty(maps.zones[0]);
	map_empty(maps.zones[1]);
	config_defaults(&fix.configs[0]);
	memset(fix.state, 0, sizeof(*fix.state));
	fix.state->abi = SG_ABI_VERSION;
	fix.state->mode = SG_MODE_ENFORCE;
	for (int i = 0; i < SG_HEADS; i++)
		heads[i].connection = 0;
	new_secret();
	stats_clear();
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

static __u64 run_clock(int program)
{
	__u64 now = 0;
	LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = &now, .ctx_size_in = sizeof(now));
	int error = bpf_prog_test_run_opts(program, &options);

	if (error)
		fail_msg("guard_clock does not run: %s", strerror(-error));
	return now;
}

__u64 guard_clock(void)
{
	return run_clock(clock_program);
}

__u64 kernel_clock(void)
{
	return run_clock(real_program);
}

/* What each CPU remembers from packet to packet: all of it, or, with a step, as that changes it. */
static void memos_change(void (*change)(struct sg_memo *memo))
{
	struct bpf_map *map = find_map("sg_guards");
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

void stats_clear(void)
{
	struct sg_stats *zero = calloc(cpus, sizeof(*zero));
	__u32 key = 0;

	assert_non_null(zero);
	assert_int_equal(bpf_map_update_elem(maps.stats, &key, zero, BPF_ANY), 0);
	free(zero);
	memos_change(NULL);
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
