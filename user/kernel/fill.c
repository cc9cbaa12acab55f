// SPDX-License-Identifier: GPL-2.0-only
/* Writes a configuration to the maps: that of the two that is not in force. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "kernel/maps.h"

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

/* What the entries of both of sg_configs go by. */
union listed_key {
	struct sg_domain_key domain;
	struct sg_callee_key callee;
	struct sg_dialled_key dialled;
};

static __u32 config_of_domain(const union listed_key *key)
{
	return key->domain.config;
}

static __u32 config_of_callee(const union listed_key *key)
{
	return key->callee.config;
}

static __u32 config_of_dialled(const union listed_key *key)
{
	return key->dialled.config;
}

/* Takes out what one of sg_configs had, which is not in force. */
static int clear_listed(int map, __u32 which, __u32 (*config_of)(const union listed_key *))
{
	union listed_key key, next;
	int err = bpf_map_get_next_key(map, NULL, &next);

	while (!err) {
		key = next;
		err = bpf_map_get_next_key(map, &key, &next);
		if (config_of(&key) == which && bpf_map_delete_elem(map, &key))
			return -errno;
	}
	return err == -ENOENT ? 0 : err;
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

/* Nobody looks for domains of a configuration that is not in force. */
static int write_domains(const struct maps *maps, __u32 which, const struct config *config)
{
	struct sg_domain value = {};
	int err = clear_listed(maps->fd[MAP_DOMAINS], which, config_of_domain);

	for (size_t i = 0; i < config->domain_count && !err; i++) {
		struct sg_domain_key key = domain_key(maps, which, &config->domains[i]);

		value.order = i;
		snprintf(value.text, sizeof(value.text), "%s", config->domains[i].text);
		err = bpf_map_update_elem(maps->fd[MAP_DOMAINS], &key, &value, BPF_ANY);
	}
	return err;
}

/* A limit that the configuration in force has, too, goes on as it is: a reload frees no calls. */
static int write_callees(const struct maps *maps, __u32 which, const struct config *config)
{
	int map = maps->fd[MAP_OWN_CALLEES], err = clear_listed(map, which, config_of_callee);

	for (size_t i = 0; i < config->callee_count && !err; i++) {
		struct sg_own_callee value = config->callees[i], old;
		struct sg_callee_key key = {
			.hash = sg_callee_hash(value.text, maps->state->secret[1]),
			.config = !which,
		};

		if (!bpf_map_lookup_elem(map, &key, &old) &&
		    !memcmp(&old.limit, &value.limit, sizeof(value.limit)))
			memcpy(value.tat, old.tat, sizeof(value.tat));
		key.config = which;
		err = bpf_map_update_elem(map, &key, &value, BPF_ANY);
	}
	return err;
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
	int err = clear_listed(maps->fd[MAP_DIALLED], which, config_of_dialled);

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

/* A zone that has the number of another one begins now. */
static void date_zones(const struct sg_config *old, struct sg_config *fresh, __u64 now)
{
	for (int i = 0; i < SG_ZONES; i++)
		fresh->zone[i].since = fresh->zone[i].id == old->zone[i].id
					       ? old->zone[i].since : now >> SG_DELAY_SHIFT;
}

/* Who reads it meanwhile sees by the note that it changes. */
static int write_config(struct maps *maps, __u32 which, const struct config *config,
			const char *path, struct note *note)
{
	int err = bpf_map_lookup_elem(maps->fd[MAP_NOTES], &which, note);
	struct error ignored = {};
	__u32 generation;
	__u64 now = 0;

	if (err)
		return err;
	/* The first one finds no clock yet, and no attempts that are older. */
	if (maps->configs[!which].generation && maps_clock(maps, &now, &ignored))
		now = 0;
	note->generation = (note->generation + 1) | 1;
	err = put_note(maps, which, note);
	if (err)
		return err;
	/* Above both: one that was in force for a moment may have been undone. */
	generation = maps->configs[which].generation;
	if (generation < maps->configs[!which].generation)
		generation = maps->configs[!which].generation;
	memcpy(&maps->configs[which], &config->kernel, sizeof(config->kernel));
	date_zones(&maps->configs[!which], &maps->configs[which], now);
	maps->configs[which].generation = generation + 1;
	snprintf(note->path, sizeof(note->path), "%s", path);
	memset(note->by_hand, 0, sizeof(note->by_hand));
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
		err = write_callees(maps, which, config);
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
