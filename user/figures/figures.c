// SPDX-License-Identifier: GPL-2.0-only
#include "figures/figures.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

/* One zone; `each` has room for all CPUs. */
static int read_zone(int fd, __u32 number, const struct sg_zone *zone, __u32 epoch,
		     struct sg_figures *each, struct zone_figures *figures)
{
	int cpus = libbpf_num_possible_cpus();
	int err = bpf_map_lookup_elem(fd, &number, each);

	if (err)
		return err;
	figures->there = true;
	memcpy(figures->zone, zone->name, sizeof(figures->zone));
	for (int cpu = 0; cpu < cpus; cpu++) {
		if (each[cpu].id == zone->id) /* else nothing was counted there since the reload */
			sg_figures_add(&figures->counts, &each[cpu], epoch);
	}
	/* Another CPU may just say less of what one has said already. */
	for (int i = 0; i < SG_FIGURED__MAX; i++) {
		struct sg_figured_counts *c = &figures->counts.of[i];

		c->silent = (__s64)c->silent < 0 ? 0 : c->silent;
	}
	return 0;
}

static int read_zones(const struct maps *maps, const struct sg_config *config,
		      struct figures *figures, struct error *error)
{
	int cpus = libbpf_num_possible_cpus();
	struct sg_figures *each = cpus > 0 ? calloc(cpus, sizeof(*each)) : NULL;
	__u64 now;
	int err = each ? maps_clock(maps, &now, error)
		       : error_set(error, -ENOMEM, "not enough memory to read the figures.");

	for (__u32 zone = 0; !err && zone <= config->zones && zone < SG_ZONES; zone++) {
		err = read_zone(maps->fd[MAP_FIGURES], zone, &config->zone[zone],
				now >> SG_EPOCH_SHIFT, each, &figures->zone[zone]);
		if (err)
			error_set(error, err, "cannot read the figures: %s.", strerror(-err));
	}
	free(each);
	return err;
}

int figures_read(const struct maps *maps, struct figures *figures, struct error *error)
{
	struct sg_config *config = malloc(sizeof(*config));
	struct note *note = malloc(sizeof(*note));
	int err;

	memset(figures, 0, sizeof(*figures));
	if (!config || !note)
		err = error_set(error, -ENOMEM, "not enough memory to read the figures.");
	else
		err = maps_config(maps, config, note, error);
	if (!err && config->figures) {
		figures->counted = true;
		err = read_zones(maps, config, figures, error);
	}
	free(config);
	free(note);
	return err;
}
