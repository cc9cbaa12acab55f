// SPDX-License-Identifier: GPL-2.0-only
#include "model/listed.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "kernel/walk.h"

#define BATCH 65536

const char *const list_names[] = {
	[SG_LIST_NONE] = "none",
	[SG_LIST_ALLOW] = "allow",
	[SG_LIST_DENY] = "deny",
	[SG_LIST_OWN] = "own",
};

/* The key of either map: a length, then the address. */
union list_key {
	struct sg_prefix4 v4;
	struct sg_prefix6 v6;
};

static size_t address_size(int family)
{
	return family == AF_INET ? 4 : 16;
}

static size_t key_size(int family)
{
	return sizeof(__u32) + address_size(family);
}

static int map_of(const struct maps *maps, int family)
{
	return maps->fd[family == AF_INET ? MAP_LISTS4 : MAP_LISTS6];
}

static void key_of(const struct prefix *prefix, void *key)
{
	memcpy(key, &prefix->length, sizeof(prefix->length));
	memcpy((char *)key + sizeof(prefix->length), prefix->address, address_size(prefix->family));
}

static struct list_entry entry_of(int family, const void *key, const struct sg_listed *listed)
{
	struct list_entry entry = {.prefix.family = family, .listed = *listed};

	memcpy(&entry.prefix.length, key, sizeof(entry.prefix.length));
	memcpy(entry.prefix.address, (const char *)key + sizeof(entry.prefix.length),
	       address_size(family));
	return entry;
}

int prefix_compare(const void *a, const void *b)
{
	const struct prefix *p = a, *q = b;
	int order = p->family - q->family;

	if (!order)
		order = memcmp(p->address, q->address, sizeof(p->address));
	return order ? order : (int)p->length - (int)q->length;
}

/* That of the longest prefix that contains it. */
static bool lookup(const struct maps *maps, const struct prefix *prefix, struct sg_listed *listed)
{
	union list_key key;

	key_of(prefix, &key);
	return bpf_map_lookup_elem(map_of(maps, prefix->family), &key, listed) == 0;
}

bool listed_exact(const struct maps *maps, const struct prefix *prefix, struct sg_listed *listed)
{
	return lookup(maps, prefix, listed) && listed->length == prefix->length;
}

enum sg_list lists_lookup(const struct maps *maps, const struct prefix *prefix)
{
	struct sg_listed listed;

	return lookup(maps, prefix, &listed) ? listed.list : SG_LIST_NONE;
}

/* Before the prefix is in the map, or packets would not look for it yet. */
static void mark_block(const struct maps *maps, const struct prefix *prefix)
{
	if (prefix->family == AF_INET)
		sg_listed4_set(maps->state->listed4, prefix->address, prefix->length);
}

static int put_one(const struct maps *maps, const struct prefix *prefix, struct sg_listed listed)
{
	union list_key key;

	listed.length = prefix->length;
	mark_block(maps, prefix);
	key_of(prefix, &key);
	return bpf_map_update_elem(map_of(maps, prefix->family), &key, &listed, BPF_ANY);
}

struct batch {
	void *keys;
	struct sg_listed *values;
};

/* Writes the prefixes of one family, as many at a time as fit a batch. */
static int put_family(const struct maps *maps, int family, struct batch *batch,
		      struct sg_listed listed, const struct prefix *prefixes, size_t count)
{
	__u32 used = 0, written;
	int err = 0;

	for (size_t i = 0; !err && i <= count; i++) {
		if (i < count && prefixes[i].family == family) {
			key_of(&prefixes[i], (char *)batch->keys + used * key_size(family));
			listed.length = prefixes[i].length;
			batch->values[used++] = listed;
			mark_block(maps, &prefixes[i]);
		}
		if (used && (used == BATCH || i == count)) {
			written = used;
			err = bpf_map_update_batch(map_of(maps, family), batch->keys, batch->values,
						   &written, NULL);
			used = 0;
		}
	}
	return err;
}

int listed_put(const struct maps *maps, const struct prefix *prefixes, size_t count,
	       struct sg_listed listed)
{
	struct batch batch;
	int err = -ENOMEM;

	if (count == 1)
		return put_one(maps, prefixes, listed);
	batch.keys = calloc(BATCH, sizeof(union list_key));
	batch.values = calloc(BATCH, sizeof(*batch.values));
	if (batch.keys && batch.values)
		err = put_family(maps, AF_INET, &batch, listed, prefixes, count);
	if (!err)
		err = put_family(maps, AF_INET6, &batch, listed, prefixes, count);
	free(batch.keys);
	free(batch.values);
	return err;
}

int listed_take(const struct maps *maps, const struct prefix *prefix)
{
	union list_key key;

	key_of(prefix, &key);
	return bpf_map_delete_elem(map_of(maps, prefix->family), &key);
}

static int each_of_family(const struct maps *maps, int family,
			  int (*visit)(const struct list_entry *entry, void *context),
			  void *context)
{
	const void *key, *value;
	struct list_entry entry;
	struct walk walk;
	int err = walk_begin(&walk, map_of(maps, family));

	if (err)
		return err;
	while ((err = walk_next(&walk, &key, &value)) > 0) {
		entry = entry_of(family, key, value);
		err = visit(&entry, context);
		if (err)
			break;
	}
	walk_end(&walk);
	return err;
}

int listed_each(const struct maps *maps,
		int (*visit)(const struct list_entry *entry, void *context), void *context)
{
	int err = each_of_family(maps, AF_INET, visit, context);

	return err ? err : each_of_family(maps, AF_INET6, visit, context);
}

struct copy {
	struct lists *lists;
	size_t room;
};

static int append(const struct list_entry *entry, void *context)
{
	struct copy *copy = context;
	struct lists *lists = copy->lists;
	struct list_entry *grown;

	if (lists->count == copy->room) {
		copy->room = copy->room ? 2 * copy->room : 1024;
		grown = reallocarray(lists->entry, copy->room, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		lists->entry = grown;
	}
	lists->entry[lists->count++] = *entry;
	return 0;
}

/* Each prefix once. */
static void sort(struct lists *lists)
{
	size_t count = 0;

	if (lists->count)
		qsort(lists->entry, lists->count, sizeof(*lists->entry), prefix_compare);
	for (size_t i = 0; i < lists->count; i++) {
		if (!count || prefix_compare(&lists->entry[count - 1], &lists->entry[i]))
			lists->entry[count++] = lists->entry[i];
	}
	lists->count = count;
}

int lists_read(const struct maps *maps, struct lists *lists, struct error *error)
{
	struct copy copy = {.lists = lists};
	int err;

	*lists = (struct lists){};
	err = listed_each(maps, append, &copy);
	if (err) {
		lists_free(lists);
		return error_set(error, err, "cannot read the allow and deny lists: %s.",
				 strerror(-err));
	}
	sort(lists);
	return 0;
}

void lists_free(struct lists *lists)
{
	free(lists->entry);
	*lists = (struct lists){};
}

size_t lists_count(const struct lists *lists, enum sg_list list)
{
	size_t count = 0;

	for (size_t i = 0; i < lists->count; i++)
		count += lists->entry[i].listed.list == list;
	return count;
}

int own_addresses(struct prefix **own, size_t *count, struct error *error)
{
	struct ifaddrs *all, *one;
	struct prefix *p;
	size_t n = 0;

	if (getifaddrs(&all))
		return error_set(error, -errno, "cannot list the addresses of this host: %s.",
				 strerror(errno));
	for (one = all; one; one = one->ifa_next)
		n++;
	*count = 0;
	*own = p = calloc(n + 1, sizeof(*p));
	for (one = all; p && one; one = one->ifa_next) {
		if (!one->ifa_addr || one->ifa_flags & IFF_LOOPBACK)
			continue;
		p->family = one->ifa_addr->sa_family;
		if (p->family == AF_INET)
			memcpy(p->address, &((struct sockaddr_in *)one->ifa_addr)->sin_addr, 4);
		else if (p->family == AF_INET6)
			memcpy(p->address, &((struct sockaddr_in6 *)one->ifa_addr)->sin6_addr, 16);
		else
			continue;
		p->length = p->family == AF_INET ? 32 : 128;
		p++;
		(*count)++;
	}
	freeifaddrs(all);
	return *own ? 0 : error_set(error, -ENOMEM, "out of memory.");
}

_Static_assert(offsetof(struct list_entry, prefix) == 0, "prefix_compare() compares either");
