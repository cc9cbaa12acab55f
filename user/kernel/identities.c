// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/identities.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <bpf/bpf.h>

#include "base/quote.h"
#include "kernel/walk.h"

static int by_text(const void *a, const void *b)
{
	const struct identity *x = a, *y = b;

	return strcmp(x->added.text, y->added.text);
}

/* `prune`: what is over is removed, which needs a session that may change something. */
static int read_map(const struct maps *maps, __u64 now, bool prune, struct identity_list *list)
{
	const void *key, *value;
	struct walk walk;
	int err = walk_begin(&walk, maps->fd[MAP_IDENTITIES]);

	if (err)
		return err;
	while ((err = walk_next(&walk, &key, &value)) > 0) {
		const struct sg_identity *added = value;

		if (added->until > now && list->count < SG_IDENTITIES)
			list->identity[list->count++] =
				(struct identity){*(const __u64 *)key, *added};
		else if (added->until <= now && prune)
			bpf_map_delete_elem(maps->fd[MAP_IDENTITIES], key);
	}
	walk_end(&walk);
	return err;
}

static int read_all(const struct maps *maps, __u64 now, bool prune, struct identity_list *list,
		    struct error *error)
{
	int err;

	*list = (struct identity_list){.identity = calloc(SG_IDENTITIES, sizeof(*list->identity))};
	err = list->identity ? read_map(maps, now, prune, list) : -ENOMEM;
	if (err) {
		identities_free(list);
		return error_set(error, err, "cannot read the identities: %s.", strerror(-err));
	}
	qsort(list->identity, list->count, sizeof(*list->identity), by_text);
	return 0;
}

int identities_read(const struct maps *maps, __u64 now, struct identity_list *list,
		    struct error *error)
{
	return read_all(maps, now, false, list, error);
}

void identities_free(struct identity_list *list)
{
	free(list->identity);
	*list = (struct identity_list){};
}

static __u64 key_of(const struct maps *maps, const struct identity_text *text)
{
	return identity_number(text->text, maps->state->secret, 0);
}

static int by_key(const void *a, const void *b)
{
	const __u64 *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Whether the map can hold these as well, of which some may be there, or stand there twice. */
static int make_room(const struct maps *maps, const struct identity_text *texts, size_t count,
		     __u64 now, struct error *error)
{
	struct identity_list list;
	size_t used, sum;
	__u64 *keys;
	int err = read_all(maps, now, true, &list, error);

	if (err)
		return err;
	used = sum = list.count;
	keys = calloc(used + count + 1, sizeof(*keys));
	if (!keys) {
		identities_free(&list);
		return error_set(error, -ENOMEM, "out of memory.");
	}
	for (size_t i = 0; i < used; i++)
		keys[i] = list.identity[i].key;
	for (size_t i = 0; i < count; i++)
		keys[sum++] = key_of(maps, &texts[i]);
	identities_free(&list);
	qsort(keys, sum, sizeof(*keys), by_key);
	count = 0;
	for (size_t i = 0; i < sum; i++)
		count += !i || keys[i] != keys[i - 1];
	free(keys);
	if (count <= SG_IDENTITIES)
		return 0;
	return error_set(error, -E2BIG, "%zu identities are there, and with these they would be "
			 "%zu: %d are the most, so take some off with `sipguard identity del`.",
			 used, count, SG_IDENTITIES);
}

int identities_add(const struct maps *maps, const struct identity_text *texts, size_t count,
		   __u32 zone, __u64 now, __u64 until, struct error *error)
{
	struct sg_identity added = {.zone = zone, .until = until};
	int err = make_room(maps, texts, count, now, error);

	for (size_t i = 0; i < count && !err; i++) {
		__u64 key = key_of(maps, &texts[i]);

		memcpy(added.text, texts[i].text, sizeof(added.text));
		err = bpf_map_update_elem(maps->fd[MAP_IDENTITIES], &key, &added, BPF_ANY);
		if (err)
			error_set(error, err, "cannot write '%s': %s; those before it are there.",
				  quote(texts[i].text).text, strerror(-err));
	}
	return err;
}

int identities_del(const struct maps *maps, const struct identity_text *texts, size_t count,
		   struct error *error)
{
	struct sg_identity added;
	int err;

	for (size_t i = 0; i < count; i++) {
		__u64 key = key_of(maps, &texts[i]);

		if (bpf_map_lookup_elem(maps->fd[MAP_IDENTITIES], &key, &added))
			return error_set(error, -ENOENT, "'%s' was not added: `sipguard identity "
					 "show` shows what was.", quote(texts[i].text).text);
	}
	for (size_t i = 0; i < count; i++) {
		__u64 key = key_of(maps, &texts[i]);

		err = bpf_map_delete_elem(maps->fd[MAP_IDENTITIES], &key);
		if (err && err != -ENOENT) /* it was named twice */
			return error_set(error, err, "cannot take off '%s': %s.",
					 quote(texts[i].text).text, strerror(-err));
	}
	return 0;
}

__u32 identities_zone(const struct sg_config *config, __u32 id)
{
	for (__u32 zone = 0; zone <= config->zones && zone < SG_ZONES; zone++)
		if (config->zone[zone].id == id)
			return zone;
	return SG_ZONES;
}

int identities_learned(const struct maps *maps, const struct sg_config *config, __u64 now,
		       size_t count[SG_ZONES + 1], struct error *error)
{
	const size_t size = SG_REGISTERED * sizeof(struct sg_registered_line);
	const struct sg_registered *cell;
	void *table = mmap(NULL, size, PROT_READ, MAP_SHARED, maps->fd[MAP_REGISTERED], 0);

	memset(count, 0, (SG_ZONES + 1) * sizeof(*count));
	if (table == MAP_FAILED)
		return error_set(error, -errno, "cannot read who is registered: %s.",
				 strerror(errno));
	cell = table;
	for (size_t i = 0; i < SG_REGISTERED * SG_REGISTERED_CELLS; i++)
		if (cell[i].until > now)
			count[identities_zone(config, cell[i].zone)]++;
	munmap(table, size);
	return 0;
}
