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

static int open_pin(const struct pins *pins, const char *name, struct error *error)
{
	int fd = pins_get(pins, "%s", name);

	if (fd < 0)
		error_set(error, fd, "cannot open %s/%s: %s%s.", pins->dir, name, strerror(-fd),
			  fd == -ENOENT ? "; `sipguard detach --all` and attach again" : "");
	return fd;
}

static __u32 value_size(int fd)
{
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &size) ? 0 : info.value_size;
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

	*maps = (struct maps){};
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

/* A trie of the same kind as sg_zones_0, with the entries of the zones: fd or -errno. */
static int zone_trie(const struct config *config)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_NO_PREALLOC);
	int err = 0, fd = bpf_map_create(BPF_MAP_TYPE_LPM_TRIE, "sg_zones_n",
					 sizeof(struct sg_zone_prefix), sizeof(__u32),
					 SG_ZONE_ENTRIES, &opts);

	for (size_t i = 0; fd >= 0 && !err && i < config->entry_count; i++)
		err = bpf_map_update_elem(fd, &config->entries[i].key, &config->entries[i].value,
					  BPF_ANY);
	if (err) {
		close(fd);
		return err;
	}
	return fd;
}

/* The key of a domain in one of sg_configs. */
static struct sg_domain_key domain_key(const struct maps *maps, __u32 which,
				       const struct served_domain *domain)
{
	return (struct sg_domain_key){
		.hash = sg_domain_hash_of(domain->text, maps->state->secret),
		.list = domain->list,
		.config = which,
		.below = domain->dots > 0,
	};
}

/* Takes out what one of sg_configs had, which is not in force. */
static int clear_domains(const struct maps *maps, __u32 which)
{
	struct sg_domain_key key, next;
	int map = maps->fd[MAP_DOMAINS], err = bpf_map_get_next_key(map, NULL, &next);

	while (!err) {
		key = next;
		err = bpf_map_get_next_key(map, &key, &next);
		if (key.config == which && bpf_map_delete_elem(map, &key))
			return -errno;
	}
	return err == -ENOENT ? 0 : err;
}

/* Nobody looks for domains of a configuration that is not in force. */
static int write_domains(const struct maps *maps, __u32 which, const struct config *config)
{
	struct sg_domain value = {};
	int err = clear_domains(maps, which);

	for (size_t i = 0; i < config->domain_count && !err; i++) {
		struct sg_domain_key key = domain_key(maps, which, &config->domains[i]);

		value.order = i;
		snprintf(value.text, sizeof(value.text), "%s", config->domains[i].text);
		err = bpf_map_update_elem(maps->fd[MAP_DOMAINS], &key, &value, BPF_ANY);
	}
	return err;
}

/* Takes out what one of sg_configs had of dialled prefixes. */
static int clear_dialled(const struct maps *maps, __u32 which)
{
	struct sg_dialled_key key, next;
	int map = maps->fd[MAP_DIALLED], err = bpf_map_get_next_key(map, NULL, &next);

	while (!err) {
		key = next;
		err = bpf_map_get_next_key(map, &key, &next);
		if (key.config == which && bpf_map_delete_elem(map, &key))
			return -errno;
	}
	return err == -ENOENT ? 0 : err;
}

static int put_dialled(const struct maps *maps, __u32 which, const struct sg_dialled *dialled)
{
	struct sg_dialled_key key =
		sg_dialled_key_of(which, dialled->kind, dialled->digits, dialled->count);

	return bpf_map_update_elem(maps->fd[MAP_DIALLED], &key, &dialled->count, BPF_ANY);
}

/* An exit code, alone and behind each digit for an outside line. */
static int put_exit(const struct maps *maps, __u32 which, const struct sg_dialled *exit)
{
	int err = put_dialled(maps, which, exit);

	for (const char *line = SG_OUTSIDE_LINES; *line && !err; line++) {
		struct sg_dialled outside = sg_dialled_outside(exit, *line);

		err = put_dialled(maps, which, &outside);
	}
	return err;
}

/* As the domains. Where nothing is watched nobody looks for an exit code, either. */
static int write_dialled(const struct maps *maps, __u32 which, const struct sg_config *kernel)
{
	int err = clear_dialled(maps, which);

	for (__u32 i = 0; i < kernel->dialled_count && !err; i++)
		err = put_dialled(maps, which, &kernel->dialled[i]);
	for (__u32 i = 0; kernel->dialled_count && i < kernel->exit_count && !err; i++)
		err = put_exit(maps, which, &kernel->exit[i]);
	return err;
}

static int put_note(const struct maps *maps, __u32 which, const struct note *note)
{
	return bpf_map_update_elem(maps->fd[MAP_NOTES], &which, note, BPF_ANY);
}

/* Who reads it meanwhile sees by the note that it changes. */
static int write_config(struct maps *maps, __u32 which, const struct config *config,
			const char *path, struct note *note)
{
	int err = bpf_map_lookup_elem(maps->fd[MAP_NOTES], &which, note);

	note->generation = (note->generation + 1) | 1;
	if (!err)
		err = put_note(maps, which, note);
	if (err)
		return err;
	memcpy(&maps->configs[which], &config->kernel, sizeof(config->kernel));
	snprintf(note->path, sizeof(note->path), "%s", path);
	note->generation++;
	return put_note(maps, which, note);
}

int maps_fill(struct maps *maps, __u32 which, const struct config *config, const char *path,
	      struct error *error)
{
	struct note *note = calloc(1, sizeof(*note));
	int trie = zone_trie(config);
	int err = trie < 0 ? trie : 0;

	if (!err && !note)
		err = -ENOMEM;
	/* An update of an array of maps waits for a grace period, and so for all readers. */
	if (!err)
		err = bpf_map_update_elem(maps->fd[MAP_ZONES], &which, &trie, BPF_ANY);
	if (!err)
		err = write_domains(maps, which, config);
	if (!err)
		err = write_dialled(maps, which, &config->kernel);
	if (!err)
		err = write_config(maps, which, config, path, note);
	if (trie >= 0)
		close(trie);
	free(note);
	if (err)
		error_set(error, err, "cannot write the configuration to the kernel: %s.",
			  strerror(-err));
	return err;
}

int maps_fill_spare(struct maps *maps, const struct config *config, const char *path, __u32 *which,
		    struct error *error)
{
	*which = !(maps->state->active & 1);
	return maps_fill(maps, *which, config, path, error);
}

int maps_note(const struct maps *maps, __u32 which, struct note *note, struct error *error)
{
	int err = bpf_map_lookup_elem(maps->fd[MAP_NOTES], &which, note);

	if (err)
		error_set(error, err, "cannot read where the configuration came from: %s.",
			  strerror(-err));
	return err;
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
