// SPDX-License-Identifier: GPL-2.0-only
/* What a shadow has seen. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "kernel/walk.h"
#include "replay/differences.h"

static int cannot_read(int err, struct error *error)
{
	return error_set(error, err, "cannot read what the shadow has seen: %s.", strerror(-err));
}

static int read_stats(int map, struct differences *d)
{
	int err, cpus = libbpf_num_possible_cpus();
	__u64 *sum = (__u64 *)&d->stats;
	__u32 zero = 0;
	__u64 *all;

	_Static_assert(sizeof(d->stats) % sizeof(*sum) == 0, "nothing but 64-bit counters");
	all = cpus > 0 ? calloc(cpus, sizeof(d->stats)) : NULL;
	if (!all)
		return cpus < 0 ? cpus : -ENOMEM;
	err = bpf_map_lookup_elem(map, &zero, all);
	for (size_t i = 0; !err && i < cpus * sizeof(d->stats) / sizeof(*all); i++)
		sum[i % (sizeof(d->stats) / sizeof(*sum))] += all[i];
	free(all);
	return err;
}

static int by_packets(const void *a, const void *b)
{
	const struct shadow_difference *one = a, *other = b;

	if (one->seen.packets != other->seen.packets)
		return one->seen.packets < other->seen.packets ? 1 : -1;
	return memcmp(&one->source, &other->source, sizeof(one->source));
}

static int read_sources(int map, struct differences *d)
{
	const void *key, *value;
	struct walk walk;
	int err;

	d->sources = calloc(SG_SHADOW_SOURCES, sizeof(*d->sources));
	if (!d->sources)
		return -ENOMEM;
	err = walk_begin(&walk, map);
	if (err)
		return err;
	while (d->source_count < SG_SHADOW_SOURCES && (err = walk_next(&walk, &key, &value)) > 0) {
		struct shadow_difference *one = &d->sources[d->source_count++];

		memcpy(&one->source, key, sizeof(one->source));
		memcpy(&one->seen, value, sizeof(one->seen));
	}
	walk_end(&walk);
	qsort(d->sources, d->source_count, sizeof(*d->sources), by_packets);
	return err < 0 ? err : 0;
}

/* One that is being written is left out. */
static int read_examples(int map, struct differences *d)
{
	int err = 0;

	d->examples = calloc(SG_SHADOW_PLACES, sizeof(*d->examples));
	if (!d->examples)
		return -ENOMEM;
	for (__u32 i = 0; !err && i < SG_SHADOW_PLACES; i++) {
		struct sg_shadow_example *one = &d->examples[d->example_count];

		err = bpf_map_lookup_elem(map, &i, one);
		if (one->length > SG_SHADOW_TEXT)
			one->length = SG_SHADOW_TEXT;
		d->example_count += !err && one->taken == 2;
	}
	return err;
}

static int read_config(int map, struct differences *d)
{
	struct sg_config *both = calloc(2, sizeof(*both));
	__u32 zero = 0;
	int err = both ? bpf_map_lookup_elem(map, &zero, both) : -ENOMEM;

	d->config = both; /* the first one is in use */
	return err;
}

static int read_all(const struct pins *pins, struct differences *d, struct error *error)
{
	static int (*const read_map[SHADOW_MAP__MAX])(int, struct differences *) = {
		[SHADOW_STATS] = read_stats,
		[SHADOW_SOURCES] = read_sources,
		[SHADOW_EXAMPLES] = read_examples,
		[SHADOW_CONFIGS] = read_config,
	};
	int err = 0;

	for (int which = 0; !err && which < SHADOW_MAP__MAX; which++) {
		int map;

		if (!read_map[which])
			continue;
		map = shadow_map(pins, which, error);
		if (map < 0)
			return map == -ENOENT ? -EIO : map;
		err = read_map[which](map, d);
		close(map);
	}
	return err ? cannot_read(err, error) : 0;
}

static void read_interfaces(const struct session *session, struct differences *d)
{
	for (size_t i = 0; i < session->links.count && d->interfaces < SLOTS_MOST; i++) {
		const struct guard_link *link = &session->links.link[i];

		if (shadow_is_at(&session->pins, link))
			memcpy(d->interface[d->interfaces++], link->name, IF_NAMESIZE);
	}
}

int differences_read(const struct session *session, struct differences *d, struct error *error)
{
	int err;

	memset(d, 0, sizeof(*d));
	err = shadow_note(&session->pins, &d->note, error);
	if (err)
		return err;
	err = maps_clock(&session->maps, &d->now, error);
	if (!err)
		err = read_all(&session->pins, d, error);
	read_interfaces(session, d);
	if (err)
		differences_free(d);
	return err;
}

void differences_free(struct differences *d)
{
	free(d->config);
	free(d->sources);
	free(d->examples);
	d->config = NULL;
	d->sources = NULL;
	d->examples = NULL;
}
