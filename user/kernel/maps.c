// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/maps.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#define CONFIG_TRIES 100 /* each takes a reload to fail */

const char *const map_names[MAP__MAX] = {
#define X(name, label) label,
	MAPS(X)
#undef X
};

/* Global data is in maps of their own, named after their section. */
#define GLOBAL ".data."

enum map_id map_find(const char *name)
{
	if (strncmp(name, GLOBAL, strlen(GLOBAL)) == 0)
		name += strlen(GLOBAL);
	for (int id = 0; id < MAP__MAX; id++) {
		if (strcmp(name, map_names[id]) == 0)
			return id;
	}
	return MAP__MAX;
}

static int open_pin(const struct pins *pins, const char *name, struct error *error)
{
	int fd = pins_get(pins, "%s", name);

	if (fd < 0)
		error_set(error, fd, "cannot open %s/%s: %s%s.", pins->dir, name, strerror(-fd),
			  fd == -ENOENT ? "; `sipguard detach --all` and attach again" : "");
	return fd;
}

/* All zero if the kernel does not tell. */
static struct bpf_map_info info_of(int fd)
{
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &size) ? (struct bpf_map_info){} : info;
}

static __u32 value_size(int fd)
{
	return info_of(fd).value_size;
}

__u32 maps_entries(const struct maps *maps, enum map_id id)
{
	return info_of(maps->fd[id]).max_entries;
}

__u32 map_number(int fd)
{
	return info_of(fd).id;
}

__u32 maps_number(const struct maps *maps, enum map_id id)
{
	return map_number(maps->fd[id]);
}

static const struct sg_sizes presets[SG_MEMORY__MAX] = {
#define X(field, map, rows, small, standard, large) .field = small,
	[SG_MEMORY_SMALL] = { SG_SIZES(X) },
#undef X
#define X(field, map, rows, small, standard, large) .field = standard,
	[SG_MEMORY_DEFAULT] = { SG_SIZES(X) },
#undef X
#define X(field, map, rows, small, standard, large) .field = large,
	[SG_MEMORY_LARGE] = { SG_SIZES(X) },
#undef X
};

void sizes_of(enum sg_memory memory, struct sg_sizes *sizes)
{
	*sizes = presets[memory % SG_MEMORY__MAX];
}

enum sg_memory sizes_find(__u32 proven)
{
	enum sg_memory memory = SG_MEMORY_SMALL;

	while (memory < SG_MEMORY__MAX && presets[memory].proven != proven)
		memory++;
	return memory;
}

int sizes_set(struct bpf_object *object, const struct sg_sizes *sizes)
{
	struct bpf_map *map;
	int err = 0;

#define X(field, name, rows, ...)                                                                 \
	map = bpf_object__find_map_by_name(object, name);                                         \
	if (!err && map)                                                                          \
		err = bpf_map__set_max_entries(map, rows * sizes->field);
	SG_SIZES(X)
#undef X
	return err;
}

/* Whether they have the layout that we know, but for what only SG_ABI_VERSION tells. */
static int check_sizes(const struct pins *pins, const struct maps *maps, struct error *error)
{
	if (value_size(maps->fd[MAP_STATE]) == sizeof(*maps->state) &&
	    value_size(maps->fd[MAP_CONFIGS]) == 2 * sizeof(*maps->configs) &&
	    value_size(maps->fd[MAP_STATS]) == sizeof(struct sg_stats))
		return 0;
	return error_set(error, -EPROTO, "the guard's maps in %s/v%d are of another sipguard: "
			 "`sipguard detach --all`, and attach again, at the same interfaces.",
			 pins->shown, SG_ABI_VERSION);
}

int maps_open(const struct pins *pins, struct maps *maps, struct error *error)
{
	int err = 0;

	*maps = (struct maps){.pins = pins};
	for (int id = 0; !err && id < MAP__MAX; id++) {
		maps->fd[id] = open_pin(pins, map_names[id], error);
		err = maps->fd[id] < 0 ? maps->fd[id] : 0;
	}
	if (!err) {
		maps->clock = open_pin(pins, "guard_clock", error);
		err = maps->clock < 0 ? maps->clock : 0;
	}
	if (!err)
		err = check_sizes(pins, maps, error);
	if (!err)
		err = maps_memory(maps, error);
	if (err)
		maps_close(maps);
	return err;
}

int maps_memory(struct maps *maps, struct error *error)
{
	maps->state = mmap(NULL, sizeof(*maps->state), PROT_READ | PROT_WRITE, MAP_SHARED,
			   maps->fd[MAP_STATE], 0);
	if (maps->state == MAP_FAILED)
		maps->state = NULL;
	maps->configs = mmap(NULL, 2 * sizeof(*maps->configs), PROT_READ | PROT_WRITE, MAP_SHARED,
			     maps->fd[MAP_CONFIGS], 0);
	if (maps->configs == MAP_FAILED)
		maps->configs = NULL;
	if (maps->state && maps->configs)
		return 0;
	return error_set(error, -ENOMEM, "cannot map the guard's state into memory: %s.",
			 strerror(errno));
}

void maps_close(struct maps *maps)
{
	if (maps->state)
		munmap(maps->state, sizeof(*maps->state));
	if (maps->configs)
		munmap(maps->configs, 2 * sizeof(*maps->configs));
	for (int id = 0; id < MAP__MAX; id++) {
		if (maps->fd[id] > 0)
			close(maps->fd[id]);
	}
	if (maps->clock > 0)
		close(maps->clock);
	*maps = (struct maps){};
}

int maps_create_notes(void)
{
	return bpf_map_create(BPF_MAP_TYPE_ARRAY, map_names[MAP_NOTES], sizeof(__u32),
			      sizeof(struct note), 2, NULL);
}

int maps_create_places(void)
{
	return bpf_map_create(BPF_MAP_TYPE_ARRAY, map_names[MAP_PLACES], sizeof(__u32),
			      sizeof(struct place_note), SG_INTERFACES, NULL);
}

void maps_store(__u32 *word, __u32 value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

void maps_listen_anew(struct maps *maps)
{
	__atomic_store_n(&maps->state->dialogs_until, 0, __ATOMIC_RELEASE);
	__atomic_store_n(&maps->state->heard_since, 0, __ATOMIC_RELEASE);
}

void maps_activate(struct maps *maps, __u32 which)
{
	/* By the one in force nobody has listened. */
	if (maps->configs[which].dialogs && !maps->configs[maps->state->active & 1].dialogs)
		maps_listen_anew(maps);
	maps_store(&maps->state->active, (maps->state->active & ~1U) | which);
}

int maps_trial_begin(struct maps *maps, enum sg_trial trial, __u64 seconds, struct error *error)
{
	struct sg_state *state = maps->state;
	__u64 now, left;
	int err = maps_clock(maps, &now, error);

	if (err)
		return err;
	if (maps_trial(maps, now, &left) == SG_TRIAL_DETACH)
		trial = SG_TRIAL_DETACH;
	__atomic_store_n(&state->trial_until, now + seconds * SG_NSEC_PER_SEC, __ATOMIC_RELEASE);
	maps_store(&state->trial, trial);
	maps_store(&state->active, state->active | SG_ACTIVE_TRIAL);
	return 0;
}

void maps_trial_end(struct maps *maps)
{
	maps_store(&maps->state->active, maps->state->active & ~SG_ACTIVE_TRIAL);
	/* Of a packet that has seen the flag just before. */
	__atomic_store_n(&maps->state->trial_until, 0, __ATOMIC_RELEASE);
}

enum sg_trial maps_trial(const struct maps *maps, __u64 now, __u64 *left)
{
	const struct sg_state *state = maps->state;

	*left = 0;
	if (!(__atomic_load_n(&state->active, __ATOMIC_ACQUIRE) & SG_ACTIVE_TRIAL))
		return SG_TRIAL_NONE;
	if (state->trial_until > now)
		*left = state->trial_until - now;
	return state->trial;
}

/* An update of an array of maps waits for a grace period: of one that nobody else has. */
int maps_wait_for_packets(void)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts);
	__u32 zero = 0;
	int err, outer = -1, inner = bpf_map_create(BPF_MAP_TYPE_ARRAY, "waits_inner", sizeof(zero),
						    sizeof(zero), 1, NULL);

	if (inner < 0)
		return inner;
	opts.inner_map_fd = inner;
	outer = bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "waits_outer", sizeof(zero),
			       sizeof(zero), 1, &opts);
	err = outer < 0 ? outer : bpf_map_update_elem(outer, &zero, &inner, BPF_ANY);
	if (outer >= 0)
		close(outer);
	close(inner);
	return err;
}

__u64 maps_memory_used(const struct maps *maps, enum map_id id)
{
	unsigned long long bytes = 0;
	char path[64], row[128];
	FILE *info;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", maps->fd[id]);
	info = fopen(path, "re");
	while (info && fgets(row, sizeof(row), info)) {
		if (sscanf(row, "memlock: %llu", &bytes) == 1)
			break;
	}
	if (info)
		fclose(info);
	return bytes;
}

int maps_stats(const struct maps *maps, struct sg_stats *stats, struct error *error)
{
	int cpus = libbpf_num_possible_cpus();
	__u64 *sum = (__u64 *)stats;
	const __u64 *one;
	__u32 zero = 0;
	void *all;
	int err;

	_Static_assert(sizeof(*stats) % sizeof(*sum) == 0, "nothing but 64-bit counters");
	memset(stats, 0, sizeof(*stats));
	all = cpus > 0 ? calloc(cpus, sizeof(*stats)) : NULL;
	err = all ? bpf_map_lookup_elem(maps->fd[MAP_STATS], &zero, all) : -ENOMEM;
	if (err)
		error_set(error, err, "cannot read the counters: %s.", strerror(-err));
	for (int cpu = 0; !err && cpu < cpus; cpu++) {
		one = (const __u64 *)((const struct sg_stats *)all + cpu);
		for (size_t i = 0; i < sizeof(*stats) / sizeof(*sum); i++)
			sum[i] += one[i];
	}
	free(all);
	return err;
}

__u64 maps_seen(const struct sg_stats *stats, __u32 slot)
{
	return stats->unguarded[slot].packets + stats->guarded[slot];
}

int maps_clock(const struct maps *maps, __u64 *now, struct error *error)
{
	/* A syscall program writes its answer into what it was given. */
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = now, .ctx_size_in = sizeof(*now));
	int err;

	*now = 0;
	err = bpf_prog_test_run_opts(maps->clock, &opts);
	if (!err && !*now)
		err = -EIO;
	if (err)
		error_set(error, err, "cannot read the guard's clock: %s.", strerror(-err));
	return err;
}

int maps_note(const struct maps *maps, __u32 which, struct note *note, struct error *error)
{
	int err = bpf_map_lookup_elem(maps->fd[MAP_NOTES], &which, note);

	if (err)
		error_set(error, err, "cannot read where the configuration came from: %s.",
			  strerror(-err));
	return err;
}

int maps_mode_by_hand(struct maps *maps, __u32 reason, enum sg_mode mode, struct error *error)
{
	__u32 which = maps->state->active & 1;
	struct note note;
	int err = maps_note(maps, which, &note, error);

	if (err)
		return err;
	note.by_hand[reason / 64] |= 1ULL << reason % 64;
	err = bpf_map_update_elem(maps->fd[MAP_NOTES], &which, &note, BPF_ANY);
	if (err)
		return error_set(error, err, "cannot note that the mode was set by hand: %s.",
				 strerror(-err));
	if (!maps->configs[which].dialogs)
		maps_listen_anew(maps);
	sg_mode_set(&maps->configs[which], reason, mode);
	return 0;
}

static __u32 config_in_force(const struct maps *maps)
{
	return __atomic_load_n(&maps->state->active, __ATOMIC_ACQUIRE) & 1;
}

int maps_config(const struct maps *maps, struct sg_config *config, struct note *note,
		struct error *error)
{
	__u32 which, generation;
	int err;

	for (int i = 0; i < CONFIG_TRIES; i++) {
		which = config_in_force(maps);
		err = maps_note(maps, which, note, error);
		if (err)
			return err;
		generation = note->generation;
		memcpy(config, &maps->configs[which], sizeof(*config));
		err = maps_note(maps, which, note, error);
		if (err)
			return err;
		if (!(generation & 1) && note->generation == generation &&
		    which == config_in_force(maps))
			return 0;
	}
	return error_set(error, -EAGAIN, "the configuration changes faster than it can be read: "
			 "try again.");
}
