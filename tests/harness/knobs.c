// SPDX-License-Identifier: GPL-2.0-only
/* What a test turns before it sends: configuration, lists, zones, bans, and time. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "defaults.h"
#include "fixture.h"
#include "maps.h"
#include "state.h"

struct sg_config *config(void)
{
	return &fix.configs[fix.state->active & 1];
}

void config_defaults(struct sg_config *config)
{
	memset(config, 0, sizeof(*config));
	sg_default_config(config);
	/* Each rule of grammar is tested with the others off: messages here need not be perfect. */
#define X(number, name, label, reference, mode_, strict, state, help)                             \
	sg_mode_set(config, number, SG_MODE_OFF);
	SIP_RULES(X)
#undef X
}

void mode_set(enum sg_reason reason, enum sg_mode mode)
{
	sg_mode_set(config(), reason, mode);
}

/* The address of "2001:db8::/32" or "2001:db8::1"; returns the prefix length. */
static __u32 address_parse(const char *text, bool *ipv6, __u8 *address)
{
	char room[64], *slash;

	strncpy(room, text, sizeof(room) - 1);
	room[sizeof(room) - 1] = 0;
	*ipv6 = strchr(room, ':');
	slash = strchr(room, '/');
	if (slash)
		*slash = 0;
	memset(address, 0, 16);
	assert_int_equal(inet_pton(*ipv6 ? AF_INET6 : AF_INET, room, address), 1);
	return slash ? (__u32)atoi(slash + 1) : *ipv6 ? 128 : 32;
}

void list_set(const char *prefix, enum sg_list list)
{
	list_put(prefix, (struct sg_listed){
		.sides = SG_LISTED_BOTH(list | SG_LISTED_THERE | SG_LISTED_BY_HAND),
		.until = SG_LISTED_FOREVER,
	});
}

void list_put(const char *prefix, struct sg_listed value)
{
	struct sg_prefix6 key6;
	struct sg_prefix4 key4;
	bool ipv6;

	key6.length = key4.length = address_parse(prefix, &ipv6, key6.address);
	value.length = key4.length;
	memcpy(key4.address, key6.address, sizeof(key4.address));
	assert_int_equal(bpf_map_update_elem(ipv6 ? maps.lists6 : maps.lists4,
					     ipv6 ? (void *)&key6 : (void *)&key4, &value, BPF_ANY),
			 0);
	if (!ipv6)
		sg_listed4_set(fix.state->listed4, key4.address, key4.length);
	fix.state->lists = SG_LISTS_ANY | SG_LISTS_DENY;
}

void zone_set_at(int which, __u32 here, const char *prefix, __u32 zone)
{
	struct sg_zone_prefix key = {.length = SG_ZONE_HERE, .here = here};
	__u32 value = zone | (prefix ? SG_ZONE_KNOWN : 0);
	__u8 address[16];
	bool ipv6;

	if (prefix) {
		key.length += address_parse(prefix, &ipv6, address);
		memcpy(key.address, address, 16);
		if (!ipv6) {
			key.length += 96;
			memset(key.address, 0, 10);
			key.address[10] = key.address[11] = 0xff;
			memcpy(key.address + 12, address, 4);
		}
	}
	assert_int_equal(bpf_map_update_elem(maps.zones[which], &key, &value, BPF_ANY), 0);
	fix.configs[which].generation = fixture_generation();
	if (fix.configs[which].zones < zone)
		fix.configs[which].zones = zone;
	fix.configs[which].zone[zone].id = zone;
}

void zone_set(int which, const char *prefix, __u32 zone)
{
	zone_set_at(which, 0, prefix, zone);
}

void slot_set(__u32 ifindex, __u32 slot)
{
	assert_int_equal(bpf_map_update_elem(maps.slots, &ifindex, &slot, BPF_ANY), 0);
}

void domain_set(__u32 zone, const char *domain)
{
	struct sg_profile *profile = &config()->profile[zone];
	struct sg_domain value = {};
	struct sg_domain_key key = {
		.hash = sg_domain_hash_of(domain, fix.state->secret),
		.list = zone + 1,
		.config = fix.state->active,
		.below = *domain == '.',
	};
	int dots = 0;

	for (const char *c = domain; *domain == '.' && *c; c++)
		dots += *c == '.';
	profile->domains = key.list;
	profile->served |= 1U << dots;
	assert_int_equal(bpf_map_update_elem(maps.domains, &key, &value, BPF_ANY), 0);
}

void callee_set(const char *user, struct sg_limit limit)
{
	struct sg_own_callee value = {.limit = limit, .window = 1};
	struct sg_callee_key key = {
		.hash = sg_callee_hash(user, fix.state->secret[1]),
		.config = fix.state->active,
	};

	config()->callees++;
	assert_int_equal(bpf_map_update_elem(maps.callees, &key, &value, BPF_ANY), 0);
}

static struct sg_dialled dialled_of(const char *digits, enum sg_dialled_kind kind)
{
	struct sg_dialled dialled = {.kind = kind};

	for (; *digits; digits++)
		dialled.digits |= sg_dialled_digit(*digits - '0', dialled.count++);
	return dialled;
}

static void dialled_put(struct sg_dialled dialled)
{
	struct sg_dialled_key key = sg_dialled_key_of(fix.state->active, dialled.kind,
						      dialled.digits, dialled.count);

	assert_int_equal(bpf_map_update_elem(maps.dialled, &key, &dialled.count, BPF_ANY), 0);
}

void dialled_set(const char *prefix)
{
	bool plus = *prefix == '+';

	dialled_put(dialled_of(prefix + plus, plus ? SG_DIALLED_INTERNATIONAL : SG_DIALLED_AS_IS));
	config()->dialled_count++;
}

void exit_set(const char *code)
{
	struct sg_dialled exit = dialled_of(code, SG_DIALLED_EXIT);

	dialled_put(exit);
	for (const char *line = SG_OUTSIDE_LINES; *line; line++)
		dialled_put(sg_dialled_outside(&exit, *line));
}

void dialled_forget(void)
{
	struct sg_dialled_key key;

	while (!bpf_map_get_next_key(maps.dialled, NULL, &key))
		assert_int_equal(bpf_map_delete_elem(maps.dialled, &key), 0);
	config()->dialled_count = 0;
}

void identity_set(const char *uri, __u32 zone, int seconds)
{
	struct sg_identity_walk walk = {
		.secret = {fix.state->secret[0], fix.state->secret[1]},
	};
	struct sg_identity value = {.zone = zone};

	for (const char *c = uri; *c; c++)
		sg_identity_step(&walk, (unsigned char)*c);
	sg_identity_step(&walk, ' ');
	value.until = guard_clock() + seconds * SECOND;
	assert_int_equal(bpf_map_update_elem(maps.identities, &walk.found, &value, BPF_ANY), 0);
}

__u64 source_of(const char *text)
{
	__u32 words[4];
	bool ipv6;

	address_parse(text, &ipv6, (__u8 *)words);
	return ipv6 ? sg_source6(words[0], words[1]) : sg_source4(words[0]);
}

/* Of a source, if transport is 0. */
static struct sg_flow_key flow_key(const char *text, __u8 transport, __u16 port)
{
	struct sg_flow_key key = {.transport = transport, .port = htons(port)};
	__u32 words[4];
	bool ipv6;

	address_parse(text, &ipv6, (__u8 *)words);
	key.family = ipv6 ? 6 : 4;
	if (ipv6) {
		memcpy(key.address, words, sizeof(key.address));
	} else {
		key.address[2] = htonl(0xffff);
		key.address[3] = words[0];
	}
	return transport ? key : sg_source_key(key.family, key.address);
}

__u64 flow_hash(const char *address, __u8 transport, __u16 port)
{
	struct sg_flow_key key = flow_key(address, transport, port);

	return sg_flow_hash(source_of(address), sg_host(key.address), key.port, transport,
			    fix.state->secret);
}

void ban_lift(const char *address)
{
	struct sg_flow_key key = flow_key(address, 0, 0);

	assert_int_equal(bpf_map_delete_elem(maps.bans, &key), 0);
	fix.state->ban_generation++;
}

void ban_set(const char *address, __u8 transport, __u16 port, int seconds)
{
	struct sg_flow_key key = flow_key(address, transport, port);
	__u64 now = guard_clock();
	struct sg_ban ban = {.until = now + seconds * SECOND, .origin = SG_ORIGIN_OPERATOR};

	assert_int_equal(bpf_map_update_elem(maps.bans, &key, &ban, BPF_ANY), 0);
	if (transport)
		fix.state->flow_bans = 1;
	else
		fix.state->source_bans = 1;
}

struct sg_limit limit_hourly(__u32 burst)
{
	const __u64 hour = 3600 * SECOND;

	return (struct sg_limit){.interval = hour, .tolerance = (burst - 1) * hour};
}

__u64 tat_spent(void)
{
	return 1ULL << 62;
}

/* What the guard's own code is told to write, see state.bpf.c. */
static int write_state(const char *program, const struct state_request *request)
{
	int result = state_run(maps.state, program, request);

	if (result < 0)
		fail_msg("%s does not run: %s", program, strerror(-result));
	return result;
}

void limit_spend(const char *address, enum sg_limit_id limit, int row)
{
	write_state("state_spend", &(struct state_request){
		.hash = source_of(address), .number = limit, .row = row, .until = tat_spent(),
	});
	memos_forget(); /* no packet spends a limit while the clock stands still */
}

void limits_forget(void)
{
	memset(maps.src_buckets, 0, 2 * SG_SOURCE_ROW * sizeof(*maps.src_buckets));
	memset(maps.flow_buckets, 0, 2 * SG_FLOW_ROW * sizeof(*maps.flow_buckets));
}

void transactions_forget(void)
{
	memset(maps.transactions, 0, SG_TRANSACTIONS * sizeof(*maps.transactions));
}

void figures_read(__u32 zone, struct sg_figures *sum)
{
	int cpus = libbpf_num_possible_cpus();
	struct sg_figures *each = calloc(cpus, sizeof(*each));

	memset(sum, 0, sizeof(*sum));
	assert_non_null(each);
	assert_int_equal(bpf_map_lookup_elem(maps.figures, &zone, each), 0);
	for (int cpu = 0; cpu < cpus; cpu++)
		sg_figures_add(sum, &each[cpu], guard_clock() >> SG_EPOCH_SHIFT);
	free(each);
}

void figures_forget(void)
{
	struct sg_figures *zero = calloc(libbpf_num_possible_cpus(), sizeof(*zero));

	assert_non_null(zero);
	for (__u32 zone = 0; zone < SG_ZONES; zone++)
		assert_int_equal(bpf_map_update_elem(maps.figures, &zone, zero, BPF_ANY), 0);
	free(zero);
	memset(maps.attempts, 0, SG_ATTEMPTS * sizeof(*maps.attempts));
}

void streams_forget(void)
{
	memset(maps.streams, 0, SG_STREAMS * sizeof(*maps.streams));
}

void heads_forget(void)
{
	for (int i = 0; i < SG_HEADS; i++)
		maps.heads[i].connection = 0;
}

void heads_fill(void)
{
	for (int i = 0; i < SG_HEADS; i++) {
		maps.heads[i].connection = 1;
		maps.heads[i].time = guard_clock();
	}
}

void offences_forget(void)
{
	memset(maps.offences, 0, SG_OFFENCE_ENTRIES * sizeof(*maps.offences));
}

__u32 fragment_id(void)
{
	static __u32 id;

	/* 16 bits, for IPv4. A run has some hundreds. */
	return ++id & 0xffff;
}

void ban_set_cause(const char *address, enum sg_reason cause, int seconds)
{
	struct sg_flow_key key = flow_key(address, 0, 0);
	__u64 now = guard_clock();
	struct sg_ban ban = {
		.until = now + seconds * SECOND,
		.cause = cause,
		.origin = cause == SG_REASON_NONE ? SG_ORIGIN_OPERATOR : SG_ORIGIN_GUARD,
	};

	assert_int_equal(bpf_map_update_elem(maps.bans, &key, &ban, BPF_ANY), 0);
	fix.state->source_bans = 1;
	fix.state->ban_generation++;
}

bool ban_find(const char *address, __u8 transport, __u16 port, struct sg_ban *ban)
{
	struct sg_flow_key key = flow_key(address, transport, port);

	return !bpf_map_lookup_elem(maps.bans, &key, ban) && ban->until > guard_clock();
}

void proven_set(const char *address, __u8 transport, __u16 port, enum sg_proof proof, int seconds)
{
	write_state("state_prove", &(struct state_request){
		.key = flow_key(address, transport, port),
		.hash = flow_hash(address, transport, port),
		.number = proof,
		.time = guard_clock() - 3600 * SECOND,
		.until = guard_clock() + seconds * SECOND,
	});
}

/* That of a flow which is proven; or NULL. */
static struct sg_proven_cell *proven_cell(const char *address, __u8 transport, __u16 port)
{
	struct sg_flow_key key = flow_key(address, transport, port);
	__u64 hash = flow_hash(address, transport, port);

	for (int i = 0; i < 2 * SG_PROVEN_CELLS; i++) {
		__u32 line = sg_proven_line_of(hash, i / SG_PROVEN_CELLS, SG_PROVEN);
		struct sg_proven_cell *cell = &maps.proven[line].cell[i % SG_PROVEN_CELLS];

		if (sg_proven_is_of(cell, &key) && sg_proven_lives(cell->end, guard_clock()))
			return cell;
	}
	return NULL;
}

void proven_user(const char *address, __u8 transport, __u16 port, __u32 user)
{
	struct sg_proven_cell *cell = proven_cell(address, transport, port);

	assert_non_null(cell);
	cell->user = user;
}

void guessed_set(const char *address, __u8 transport, __u16 port)
{
	struct state_request guess = {
		.number = SG_OFFENCE_GUESS, .hash = flow_hash(address, transport, port),
	};
	int guesses = 0;

	while (!write_state("state_offend", &guess))
		assert_true(++guesses < 1000000);
}

void guessed_by_all(void)
{
	struct state_request guess = {.number = SG_OFFENCE_GUESS};

	/* Each has one of two places: so many leave none free. */
	for (__u64 i = 1; i <= 4 * SG_OFFENCE_ENTRIES; i++) {
		guess.hash = i * 0x9e3779b97f4a7c15ULL;
		write_state("state_offend", &guess);
	}
}

void dialogs_fill(__u32 rank)
{
	write_state("state_dialogs", &(struct state_request){.number = rank});
}

void calls_fill(void)
{
	write_state("state_calls", &(struct state_request){});
}

enum sg_proof proven_of(const char *address, __u8 transport, __u16 port)
{
	const struct sg_proven_cell *cell = proven_cell(address, transport, port);

	return cell ? cell->proof : SG_PROOF_NONE;
}

/* For how many seconds more; 0: it is not. */
int proven_seconds(const char *address, __u8 transport, __u16 port)
{
	const struct sg_proven_cell *cell = proven_cell(address, transport, port);

	return cell ? ((cell->end | SG_PROVEN_FLOW) - guard_clock()) / SECOND : 0;
}

void connections_set(const char *address, __u32 live)
{
	struct state_request request = {.key = flow_key(address, 0, 0)};
	struct sg_connections c;
	__u32 is = bpf_map_lookup_elem(maps.connections, &request.key, &c) ? 0 : SG_LIVE(c.live);

	for (; is < live; is++)
		assert_int_equal(write_state("state_connect", &request), 1);
	for (; is > live; is--)
		write_state("state_disconnect", &request);
}

int connections_known(void)
{
	struct sg_flow_key key, *at = NULL;
	int count = 0;

	for (; bpf_map_get_next_key(maps.connections, at, &key) == 0; at = &key)
		count++;
	return count;
}
