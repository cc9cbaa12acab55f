// SPDX-License-Identifier: GPL-2.0-only
/*
 * When bans of one guard are in force at others: looks each one up in every guard's map, as banner
 * prints them, every few milliseconds.
 *
 *   banner ... PINS | seer [--wait SECONDS] PINS...    not the pins of the guard that bans
 *   seer --same MILLISECONDS PINS PINS...              compares all bans with those of the first
 *
 * The first prints {"guards": N, "bans": N, "missing": N, "p50_ms": X, "p99_ms": X, "max_ms": X};
 * what is missing has not come in as many seconds after the last line (10). Times are those of the
 * moment at which a ban was found, at most a pass later than that at which it was there.
 * The second prints {"guards": N, "bans": N, "missing": N, "more": N, "ends_differ": N}: of all
 * guards together, and ends that are farther apart than as many milliseconds.
 */
#include <fcntl.h>

#include "pinned.h"

#define BANS_MAX (1 << 20)
#define PASS     0.002 /* s */
/* What comes in order is found in order: who has so many that are missing in a row has no more. */
#define IN_A_ROW 16
#define THOROUGH 64 /* every so many passes all are looked for */

struct told {
	struct sg_flow_key key;
	double at; /* s */
};

struct guard {
	int bans;
	uint32_t begin;     /* all before it are found */
	float *delay;       /* ms, by ban; negative: not found yet */
};

static struct told *told;
static uint32_t told_count;
static uint64_t bans_seen;
static double wait_for = 10, same_within;
static bool compares;

static const struct option options[] = {
	{"wait", required_argument, NULL, 'w'},
	{"same", required_argument, NULL, 's'},
	{}
};

static bool take(int option)
{
	switch (option) {
	case 'w':
		wait_for = atof(optarg);
		return true;
	case 's':
		same_within = atof(optarg);
		compares = true;
		return true;
	}
	return false;
}

static void *memory(size_t count, size_t size)
{
	void *at = calloc(count, size);

	must(at, "memory");
	return at;
}

/* One line of banner's; false if it is none. */
static bool take_line(const char *line)
{
	unsigned long long at;
	char address[64];
	unsigned int port;

	if (told_count == BANS_MAX || sscanf(line, "%63s %u %llu", address, &port, &at) != 3)
		return false;
	told[told_count++] = (struct told){
		.key = flow_key(&(struct flows){address_read(address), port}, 0), .at = at / 1e9,
	};
	return true;
}

/* What there is to read without waiting. False at its end. */
static bool read_lines(void)
{
	static char buffer[65536];
	static size_t used;
	char *line = buffer, *end;
	ssize_t got = read(STDIN_FILENO, buffer + used, sizeof(buffer) - 1 - used);

	if (got <= 0)
		return got < 0;
	used += got;
	buffer[used] = '\0';
	while ((end = strchr(line, '\n'))) {
		*end = '\0';
		take_line(line);
		line = end + 1;
	}
	used -= line - buffer;
	memmove(buffer, line, used);
	return true;
}

static void look(struct guard *guard, bool thorough)
{
	uint32_t missing = 0;
	struct sg_ban ban;

	while (guard->begin < told_count && guard->delay[guard->begin] >= 0)
		guard->begin++;
	for (uint32_t i = guard->begin; i < told_count; i++) {
		if (guard->delay[i] >= 0)
			continue;
		if (!bpf_map_lookup_elem(guard->bans, &told[i].key, &ban)) {
			guard->delay[i] = (now() - told[i].at) * 1e3;
			if (guard->delay[i] < 0)
				guard->delay[i] = 0;
			bans_seen++;
		} else if (++missing == IN_A_ROW && !thorough) {
			return;
		}
	}
}

static int by_size(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

static void watch_report(const struct guard *guards, int count)
{
	float *all = memory((size_t)count * told_count + 1, sizeof(*all));
	size_t n = 0, wanted = (size_t)count * told_count;

	for (int g = 0; g < count; g++) {
		for (uint32_t i = 0; i < told_count; i++) {
			if (guards[g].delay[i] >= 0)
				all[n++] = guards[g].delay[i];
		}
	}
	qsort(all, n, sizeof(*all), by_size);
	printf("{\"guards\": %d, \"bans\": %u, \"missing\": %zu", count, told_count, wanted - n);
	if (n)
		printf(", \"p50_ms\": %.1f, \"p99_ms\": %.1f, \"max_ms\": %.1f", all[n / 2],
		       all[n * 99 / 100], all[n - 1]);
	printf("}\n");
	free(all);
}

static void watch(struct guard *guards, int count)
{
	double deadline = 0;
	bool more = true;

	must(!fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK), "standard input");
	for (unsigned int pass = 0;; pass++) {
		double begin = now();

		more = more && read_lines();
		for (int g = 0; g < count; g++)
			look(&guards[g], pass % THOROUGH == 0);
		if (!more && !deadline)
			deadline = now() + wait_for;
		if (!more && (bans_seen == (uint64_t)count * told_count || now() > deadline))
			break;
		if (now() < begin + PASS)
			pause_for(begin + PASS - now());
	}
	watch_report(guards, count);
}

/* All of a map, by one walk. The number of entries. */
static uint32_t read_all(int fd, struct sg_flow_key *keys, struct sg_ban *bans)
{
	struct sg_flow_key *last = NULL;
	uint32_t count = 0;

	while (count < BANS_MAX && !bpf_map_get_next_key(fd, last, &keys[count])) {
		last = &keys[count];
		count += !bpf_map_lookup_elem(fd, last, &bans[count]);
	}
	return count;
}

static void compare(const struct guard *guards, int count)
{
	struct sg_flow_key *keys = memory(BANS_MAX, sizeof(*keys));
	struct sg_ban *bans = memory(BANS_MAX, sizeof(*bans)), ban;
	uint32_t missing = 0, more = 0, differ = 0, n, first;

	first = read_all(guards[0].bans, keys, bans);
	for (int g = 1; g < count; g++) {
		for (uint32_t i = 0; i < first; i++) {
			if (bpf_map_lookup_elem(guards[g].bans, &keys[i], &ban))
				missing++;
			else if (llabs((long long)(ban.until - bans[i].until)) > same_within * 1e6)
				differ++;
		}
	}
	for (int g = 1; g < count; g++) {
		n = read_all(guards[g].bans, keys, bans);
		for (uint32_t i = 0; i < n; i++)
			more += !!bpf_map_lookup_elem(guards[0].bans, &keys[i], &ban);
	}
	printf("{\"guards\": %d, \"bans\": %u, \"missing\": %u, \"more\": %u, "
	       "\"ends_differ\": %u}\n", count, first, missing, more, differ);
}

int main(int argc, char **argv)
{
	struct guard *guards;
	int option, count;

	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		if (!take(option))
			return 2;
	}
	count = argc - optind;
	if (count < 1) {
		fprintf(stderr, "seer: wrong usage; its first lines say how\n");
		return 2;
	}
	told = memory(BANS_MAX, sizeof(*told));
	guards = memory(count, sizeof(*guards));
	for (int g = 0; g < count; g++) {
		guards[g].bans = pinned_get(argv[optind + g], "sg_bans");
		guards[g].delay = memory(compares ? 1 : BANS_MAX, sizeof(float));
		for (uint32_t i = 0; !compares && i < BANS_MAX; i++)
			guards[g].delay[i] = -1;
	}
	if (compares)
		compare(guards, count);
	else
		watch(guards, count);
	return 0;
}
