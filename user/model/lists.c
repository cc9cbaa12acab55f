// SPDX-License-Identifier: GPL-2.0-only
#include "model/lists.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "kernel/netns.h"
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

static void entry_of(int family, const void *key, __u32 list, struct list_entry *entry)
{
	*entry = (struct list_entry){.prefix.family = family, .list = list};
	memcpy(&entry->prefix.length, key, sizeof(entry->prefix.length));
	memcpy(entry->prefix.address, (const char *)key + sizeof(entry->prefix.length),
	       address_size(family));
}

static int by_prefix(const void *a, const void *b)
{
	const struct prefix *p = a, *q = b;
	int order = p->family - q->family;

	if (!order)
		order = memcmp(p->address, q->address, sizeof(p->address));
	return order ? order : (int)p->length - (int)q->length;
}

struct batch {
	void *keys;
	__u32 *values;
};

static int batch_make(struct batch *batch)
{
	batch->keys = calloc(BATCH, sizeof(union list_key));
	batch->values = calloc(BATCH, sizeof(__u32));
	return batch->keys && batch->values ? 0 : -ENOMEM;
}

static void batch_free(struct batch *batch)
{
	free(batch->keys);
	free(batch->values);
}

static int append(struct lists *lists, size_t *room, int family, const void *key, __u32 list)
{
	struct list_entry *grown;

	if (lists->count == *room) {
		*room = *room ? 2 * *room : 1024;
		grown = reallocarray(lists->entry, *room, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		lists->entry = grown;
	}
	entry_of(family, key, list, &lists->entry[lists->count++]);
	return 0;
}

static int read_family(const struct maps *maps, int family, size_t *room, struct lists *lists)
{
	const void *key, *value;
	struct walk walk;
	int err = walk_begin(&walk, map_of(maps, family));

	if (err)
		return err;
	while ((err = walk_next(&walk, &key, &value)) > 0) {
		err = append(lists, room, family, key, *(const __u32 *)value);
		if (err)
			break;
	}
	walk_end(&walk);
	return err;
}

/* A trie that is changed while it is read may tell of an entry twice. */
static void sort(struct lists *lists)
{
	size_t count = 0;

	if (lists->count)
		qsort(lists->entry, lists->count, sizeof(*lists->entry), by_prefix);
	for (size_t i = 0; i < lists->count; i++) {
		if (!count || by_prefix(&lists->entry[count - 1], &lists->entry[i]))
			lists->entry[count++] = lists->entry[i];
	}
	lists->count = count;
}

int lists_read(const struct maps *maps, struct lists *lists, struct error *error)
{
	size_t room = 0;
	int err;

	*lists = (struct lists){};
	err = read_family(maps, AF_INET, &room, lists);
	if (!err)
		err = read_family(maps, AF_INET6, &room, lists);
	sort(lists);
	if (!err)
		return 0;
	lists_free(lists);
	return error_set(error, err, "cannot read the allow and deny lists: %s.", strerror(-err));
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
		count += lists->entry[i].list == list;
	return count;
}

enum sg_list lists_exact(const struct lists *lists, const struct prefix *prefix)
{
	const struct list_entry *entry = NULL;

	if (lists->count)
		entry = bsearch(prefix, lists->entry, lists->count, sizeof(*entry), by_prefix);
	return entry ? entry->list : SG_LIST_NONE;
}

enum sg_list lists_lookup(const struct maps *maps, const struct prefix *prefix)
{
	union list_key key;
	__u32 list;

	key_of(prefix, &key);
	return bpf_map_lookup_elem(map_of(maps, prefix->family), &key, &list) ? SG_LIST_NONE : list;
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

/* Before the prefix is in the map, or packets would not look for it yet. */
static void mark_block(const struct maps *maps, const struct prefix *prefix)
{
	if (prefix->family == AF_INET)
		sg_listed4_set(maps->state->listed4, prefix->address, prefix->length);
}

/* Clears the bits of blocks that have no prefix any more. Marked too many, they only cost time. */
static void clear_blocks(const struct maps *maps, const struct lists *lists)
{
	__u64 listed4[SG_LISTED_BLOCKS / 64] = {};

	for (size_t i = 0; i < lists->count; i++) {
		const struct prefix *prefix = &lists->entry[i].prefix;

		if (prefix->family == AF_INET)
			sg_listed4_set(listed4, prefix->address, prefix->length);
	}
	for (size_t i = 0; i < SG_LISTED_BLOCKS / 64; i++)
		__atomic_store_n(&maps->state->listed4[i], listed4[i], __ATOMIC_RELEASE);
}

static int set_one(const struct maps *maps, const struct prefix *prefix, __u32 list)
{
	union list_key key;

	mark_block(maps, prefix);
	key_of(prefix, &key);
	return bpf_map_update_elem(map_of(maps, prefix->family), &key, &list, BPF_ANY);
}

static int unset_one(const struct maps *maps, const struct prefix *prefix)
{
	union list_key key;

	key_of(prefix, &key);
	return bpf_map_delete_elem(map_of(maps, prefix->family), &key);
}

/* Writes the prefixes of one family, as many at a time as fit a batch. */
static int set_family(const struct maps *maps, int family, struct batch *batch, enum sg_list list,
		      const struct prefix *prefixes, size_t count)
{
	__u32 used = 0, written;
	int err = 0;

	for (size_t i = 0; !err && i <= count; i++) {
		if (i < count && prefixes[i].family == family) {
			key_of(&prefixes[i], (char *)batch->keys + used * key_size(family));
			batch->values[used++] = list;
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

static int set_many(const struct maps *maps, enum sg_list list, const struct prefix *prefixes,
		    size_t count)
{
	struct batch batch = {};
	int err;

	if (count == 1)
		return set_one(maps, prefixes, list);
	err = batch_make(&batch);
	if (!err)
		err = set_family(maps, AF_INET, &batch, list, prefixes, count);
	if (!err)
		err = set_family(maps, AF_INET6, &batch, list, prefixes, count);
	batch_free(&batch);
	return err;
}

/* Puts back what `lists` has for these prefixes. */
static void restore(const struct maps *maps, const struct lists *lists,
		    const struct prefix *prefixes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		enum sg_list list = lists_exact(lists, &prefixes[i]);

		if (list == SG_LIST_NONE)
			unset_one(maps, &prefixes[i]);
		else
			set_one(maps, &prefixes[i], list);
	}
}

static bool is_own(const struct prefix *own, size_t count, const struct prefix *prefix)
{
	for (size_t i = 0; i < count; i++) {
		if (by_prefix(&own[i], prefix) == 0)
			return true;
	}
	return false;
}

/* Whether it guards in other network namespaces, too, whose addresses nobody sees from here. */
static bool has_others(const struct maps *maps)
{
	__u32 here = netns_here();
	const void *key, *value;
	bool others = false;
	struct walk walk;

	if (walk_begin(&walk, maps->fd[MAP_NAMESPACES]))
		return true;
	while (walk_next(&walk, &key, &value) > 0)
		others |= *(const __u32 *)key != here;
	walk_end(&walk);
	return others;
}

/* Takes back entries of addresses that are no longer ours. */
static void drop_stale(const struct maps *maps, const struct lists *lists, const struct prefix *own,
		       size_t count)
{
	if (has_others(maps))
		return;
	for (size_t i = 0; i < lists->count; i++) {
		const struct list_entry *entry = &lists->entry[i];

		if (entry->list == SG_LIST_OWN && !is_own(own, count, &entry->prefix))
			unset_one(maps, &entry->prefix);
	}
}

/*
 * An entry of full length for each own address, which no denied prefix can outdo. An address that
 * the operator allows stays as it is.
 */
static int protect_own(const struct maps *maps, const struct lists *lists, const struct prefix *own,
		       size_t count, struct error *error)
{
	int err = 0;

	for (size_t i = 0; !err && i < count; i++) {
		enum sg_list list = lists_exact(lists, &own[i]);

		if (list != SG_LIST_ALLOW && list != SG_LIST_OWN)
			err = set_one(maps, &own[i], SG_LIST_OWN);
	}
	if (err)
		error_set(error, err, "cannot protect the own addresses: %s.", strerror(-err));
	return err;
}

static int refuse_conflicts(const struct lists *lists, enum sg_list list,
			    const struct prefix *prefixes, size_t count, const struct prefix *own,
			    size_t own_count, struct error *error)
{
	char text[PREFIX_TEXT];

	for (size_t i = 0; i < count; i++) {
		enum sg_list now = lists_exact(lists, &prefixes[i]);
		bool other = now == SG_LIST_ALLOW || now == SG_LIST_DENY ? now != list : false;

		prefix_format(&prefixes[i], text, sizeof(text));
		if (list == SG_LIST_DENY && is_own(own, own_count, &prefixes[i]))
			return error_set(error, -EINVAL, "%s is an address of this host, which is "
					 "never denied: take it out and try again.", text);
		if (other)
			return error_set(error, -EEXIST, "%s is on the %s list: remove it there "
					 "first, with `sipguard %s del %s`.", text, list_names[now],
					 list_names[now], text);
	}
	return 0;
}

static int add_checked(struct maps *maps, const struct lists *lists, enum sg_list list,
		       const struct prefix *prefixes, size_t count, const struct prefix *own,
		       size_t own_count, struct error *error)
{
	bool denies = list == SG_LIST_DENY || lists_count(lists, SG_LIST_DENY);
	__u32 hint = maps->state->lists;
	sigset_t signals, before;
	int err = 0;

	/* Own addresses first: not one packet may meet the denied prefix alone. */
	if (denies) {
		drop_stale(maps, lists, own, own_count);
		err = protect_own(maps, lists, own, own_count, error);
	}
	if (err)
		return err;
	maps_store(&maps->state->lists, 1);
	/* All or nothing: who presses Ctrl-C waits, some seconds for a million. */
	sigfillset(&signals);
	sigprocmask(SIG_BLOCK, &signals, &before);
	err = set_many(maps, list, prefixes, count);
	if (err)
		restore(maps, lists, prefixes, count);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (!err)
		return 0;
	maps_store(&maps->state->lists, hint);
	if (err == -ENOSPC)
		error_set(error, err, "the lists hold at most %d prefixes of a family, allowed and "
			  "denied together: remove some, or join neighbours to shorter prefixes.",
			  SG_LIST_ENTRIES);
	else
		error_set(error, err, "cannot write the %s list: %s.", list_names[list],
			  strerror(-err));
	return err;
}

int lists_add(struct maps *maps, enum sg_list list, const struct prefix *prefixes, size_t count,
	      struct error *error)
{
	struct prefix *own = NULL;
	size_t own_count = 0;
	struct lists lists;
	int err = lists_read(maps, &lists, error);

	if (err)
		return err;
	err = own_addresses(&own, &own_count, error);
	if (!err)
		err = refuse_conflicts(&lists, list, prefixes, count, own, own_count, error);
	if (!err && count)
		err = add_checked(maps, &lists, list, prefixes, count, own, own_count, error);
	free(own);
	lists_free(&lists);
	return err;
}

static int refuse_absent(const struct lists *lists, enum sg_list list,
			 const struct prefix *prefixes, size_t count, struct error *error)
{
	char text[PREFIX_TEXT];

	for (size_t i = 0; i < count; i++) {
		if (lists_exact(lists, &prefixes[i]) == list)
			continue;
		prefix_format(&prefixes[i], text, sizeof(text));
		return error_set(error, -ENOENT, "%s is not on the %s list: `sipguard %s show` "
				 "prints what is.", text, list_names[list], list_names[list]);
	}
	return 0;
}

/* Own addresses need protection from denied prefixes; packets look while anything is listed. */
static int settle(struct maps *maps, struct error *error)
{
	struct prefix *own = NULL;
	size_t own_count = 0;
	struct lists lists;
	int err = lists_read(maps, &lists, error);
	bool denies;

	if (err)
		return err;
	clear_blocks(maps, &lists);
	denies = lists_count(&lists, SG_LIST_DENY) != 0;
	if (!denies && !lists_count(&lists, SG_LIST_ALLOW))
		maps_store(&maps->state->lists, 0);
	if (denies)
		err = own_addresses(&own, &own_count, error);
	if (!err) {
		drop_stale(maps, &lists, own, own_count);
		err = protect_own(maps, &lists, own, own_count, error);
	}
	free(own);
	lists_free(&lists);
	return err;
}

int lists_del(struct maps *maps, enum sg_list list, const struct prefix *prefixes, size_t count,
	      struct error *error)
{
	struct lists lists;
	int err = lists_read(maps, &lists, error);

	if (err)
		return err;
	err = refuse_absent(&lists, list, prefixes, count, error);
	lists_free(&lists);
	for (size_t i = 0; !err && i < count; i++) {
		err = unset_one(maps, &prefixes[i]);
		if (err == -ENOENT) /* named twice */
			err = 0;
		if (err)
			error_set(error, err, "cannot change the %s list: %s.", list_names[list],
				  strerror(-err));
	}
	return err ? err : settle(maps, error);
}

int lists_refresh_own(struct maps *maps, struct error *error)
{
	return settle(maps, error);
}
