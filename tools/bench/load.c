// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loads the guard's object and writes its default configuration straight into the maps.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "bench.h"
#include "defaults.h"
#include "object.h"
#include "state.h"

static int map_fd(const struct target *target, const char *name)
{
	int fd = object_map(target->object, name);

	if (fd < 0)
		bench_die("The object has no map %s: build the bench and the guard anew.", name);
	return fd;
}

static void *map_open(const struct target *target, const char *name)
{
	void *memory = object_memory(target->object, name);

	if (!memory)
		bench_die("Map %s cannot be mapped (%s).", name, strerror(errno));
	return memory;
}

void target_load(struct target *target, const char *path)
{
	target->object = object_open(path);
	if (!target->object)
		bench_die("%s cannot be opened (%s): run \"make\" first.", path, strerror(errno));
	if (bpf_object__load(target->object))
		bench_die("The kernel refuses %s (%s): run as root.", path, strerror(errno));
	target->writer = state_open(target->object);
	if (!target->writer || bpf_object__load(target->writer))
		bench_die("The kernel refuses what writes proofs (%s).", strerror(errno));
	target->state = map_open(target, "sg_state");
	target->config = map_open(target, "sg_configs");
	target->src_buckets = map_open(target, "sg_src_buckets");
	target->flow_buckets = map_open(target, "sg_flow_buckets");
	target->offences = map_open(target, "sg_offences");
	target->stats = map_fd(target, "sg_stats");
	target->bans = map_fd(target, "sg_bans");
	target->per_cpu = calloc(libbpf_num_possible_cpus(), sizeof(*target->per_cpu));
	if (!target->per_cpu)
		bench_die("Out of memory.");
	target_reset(target);
}

static __u64 target_clock(const struct target *target)
{
	__u64 now = 0;
	LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = &now, .ctx_size_in = sizeof(now));

	if (bpf_prog_test_run_opts(target_program(target, "guard_clock"), &options))
		bench_die("The guard's clock cannot be read (%s).", strerror(errno));
	return now;
}

static struct sg_flow_key ban_key(__u32 source)
{
	__u32 address[4] = {0, 0, htobe32(0xffff), htobe32(source)};

	return sg_source_key(4, address);
}

static void sender_unban(const struct target *target, __u32 source)
{
	struct sg_flow_key key = ban_key(source);

	bpf_map_delete_elem(target->bans, &key);
	key.port = htobe16(BENCH_PORT);
	key.transport = IPPROTO_UDP;
	bpf_map_delete_elem(target->bans, &key);
}

void target_reset(struct target *target)
{
	for (__u32 sender = 0; sender < BENCH_SENDERS; sender++)
		sender_unban(target, BENCH_SOURCE + sender);
	memset(target->config, 0, sizeof(*target->config));
	sg_default_config(target->config);
	memset(target->state, 0, sizeof(*target->state));
	target->state->abi = SG_ABI_VERSION;
	target->state->mode = SG_MODE_ENFORCE;
	target->state->secret[0] = 0x243f6a8885a308d3ULL;
	target->state->secret[1] = 0x13198a2e03707344ULL;
	memset(target->src_buckets, 0, 2 * SG_SOURCE_ROW * sizeof(*target->src_buckets));
	memset(target->flow_buckets, 0, 2 * SG_FLOW_ROW * sizeof(*target->flow_buckets));
	memset(target->offences, 0, SG_OFFENCE_ENTRIES * sizeof(*target->offences));
}

void target_lift_limits(struct target *target)
{
	const struct sg_limit lifted = {.interval = 1, .tolerance = 1ULL << 50};

	for (int total = 0; total < SG_TOTAL_PLACES; total++)
		target->config->total[total] = lifted;
	for (int i = 0; i < SG_LIMIT__MAX; i++) {
		target->config->profile[0].limit[i] = lifted;
		target->config->profile[0].flow[i] = lifted;
		target->config->proven[i] = lifted;
	}
	target->config->profile[0].callee = lifted;
	sg_mode_set(target->config, SG_REASON_MALFORMED, SG_MODE_OFF); /* or it is soon banned */
}

static void sender_prove(struct target *target, __u32 source)
{
	struct state_request request = {
		.key = ban_key(source),
		.number = SG_PROOF_REGISTER,
		.time = target_clock(target),
	};
	int err;

	request.key.port = htobe16(BENCH_PORT);
	request.key.transport = IPPROTO_UDP;
	request.hash = sg_flow_hash(sg_source4(request.key.address[3]),
				    sg_host(request.key.address), request.key.port,
				    request.key.transport, target->state->secret);
	request.until = request.time + 3600 * SG_NSEC_PER_SEC;
	err = state_run(target->writer, "state_prove", &request);
	if (err < 0)
		bench_die("The proof cannot be written (%s).", strerror(-err));
}

void target_prove(struct target *target)
{
	for (__u32 sender = 0; sender < BENCH_SENDERS; sender++)
		sender_prove(target, BENCH_SOURCE + sender);
}

/* Prefixes of IPv4, of any length from /16 to /28, all over the addresses. */
static struct sg_zone_prefix zone_prefix(__u32 number)
{
	__u32 length = 16 + number % 13;
	struct sg_zone_prefix key = {
		.length = SG_ZONE_HERE + 96 + length,
		.address = {[10] = 0xff, [11] = 0xff},
	};
	__u32 address = htobe32((number * 2654435761U) >> (32 - length) << (32 - length));

	memcpy(key.address + 12, &address, sizeof(address));
	return key;
}

static void zone_put(int trie, const struct sg_zone_prefix *key, __u32 zone)
{
	__u32 value = zone | SG_ZONE_KNOWN;

	if (bpf_map_update_elem(trie, key, &value, BPF_ANY))
		bench_die("A prefix of a zone cannot be written (%s).", strerror(errno));
}

void target_zones(struct target *target, __u32 zones, __u32 prefixes)
{
	static __u32 generation;
	__u32 address = htobe32(BENCH_SOURCE), number;
	struct sg_zone_prefix key = {};
	int trie = map_fd(target, "sg_zones_0");

	while (!bpf_map_get_next_key(trie, NULL, &key))
		bpf_map_delete_elem(trie, &key);
	target->config->zones = zones;
	target->config->generation = ++generation;
	for (number = 1; number <= zones; number++) {
		target->config->profile[number] = target->config->profile[0];
		target->config->zone[number].profile = number;
	}
	for (number = 1; number < prefixes; number++) {
		key = zone_prefix(number);
		zone_put(trie, &key, 1 + number % zones);
	}
	if (!zones)
		return;
	key = zone_prefix(12); /* of 28 bits */
	memcpy(key.address + 12, &address, sizeof(address));
	zone_put(trie, &key, zones);
}

void target_ban(struct target *target)
{
	struct sg_ban ban = {.until = ~0ULL, .origin = SG_ORIGIN_OPERATOR};
	struct sg_flow_key key;

	for (__u32 sender = 0; sender < BENCH_SENDERS; sender++) {
		key = ban_key(BENCH_SOURCE + sender);
		if (bpf_map_update_elem(target->bans, &key, &ban, BPF_ANY))
			bench_die("The ban cannot be written (%s).", strerror(errno));
	}
	target->state->source_bans = 1;
}

int target_program(const struct target *target, const char *name)
{
	int fd = object_program(target->object, name);

	if (fd < 0)
		bench_die("There is no program %s: build the bench and the guard anew.", name);
	return fd;
}

static const struct sg_stats *stats_of_cpus(const struct target *target)
{
	__u32 zero = 0;

	if (bpf_map_lookup_elem(target->stats, &zero, target->per_cpu))
		bench_die("The counters cannot be read (%s).", strerror(errno));
	return target->per_cpu;
}

__u64 target_counted(const struct target *target, enum sg_reason reason)
{
	const struct sg_stats *stats = stats_of_cpus(target);
	__u64 packets = 0;

	for (int cpu = 0; cpu < libbpf_num_possible_cpus(); cpu++) {
		const struct sg_tally *tally = &stats[cpu].reason[reason];

		packets += reason ? tally->dropped.packets : tally->passed.packets;
	}
	return packets;
}

__u64 target_unguarded(const struct target *target)
{
	const struct sg_stats *stats = stats_of_cpus(target);
	__u64 packets = 0;

	for (int cpu = 0; cpu < libbpf_num_possible_cpus(); cpu++)
		packets += stats[cpu].unguarded[0].packets;
	return packets;
}

/* The kernel tells what a map takes in its fdinfo alone. */
static __u64 map_memory(int fd)
{
	unsigned long long bytes = 0;
	char path[64], line[128];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "r");
	if (!file)
		bench_die("%s cannot be read (%s).", path, strerror(errno));
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "memlock: %llu", &bytes) == 1)
			break;
	fclose(file);
	return bytes;
}

__u64 target_memory(const struct target *target)
{
	struct bpf_map *map;
	__u64 bytes = 0;

	bpf_object__for_each_map(map, target->object)
		bytes += map_memory(bpf_map__fd(map));
	return bytes;
}
