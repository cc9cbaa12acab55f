// SPDX-License-Identifier: GPL-2.0-only
#include "model/listed.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>


const char *const list_names[] = {
	[SG_LIST_NONE] = "none",
	[SG_LIST_ALLOW] = "allow",
	[SG_LIST_DENY] = "deny",
	[SG_LIST_OWN] = "own",
};

enum sg_list lists_lookup(const struct maps *maps, const struct prefix *prefix)
{
	struct sg_listed listed;

	return trie_find(maps, prefix, &listed) ? sg_listed_list(&listed, maps->state->lists)
						 : SG_LIST_NONE;
}

struct copy {
	struct lists *lists;
	size_t room;
	__u32 hint;
	__u32 now; /* sg_since() */
};

static int append(const struct list_entry *entry, void *context)
{
	struct copy *copy = context;
	struct lists *lists = copy->lists;
	struct list_entry *grown;
	__u8 side = entry->listed.sides >> (copy->hint & SG_LISTS_SIDE);

	if (!(side & SG_LISTED_THERE) || entry->listed.until < copy->now)
		return 0;
	if (lists->count == copy->room) {
		copy->room = copy->room ? 2 * copy->room : 1024;
		grown = reallocarray(lists->entry, copy->room, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		lists->entry = grown;
	}
	lists->entry[lists->count] = *entry;
	lists->entry[lists->count++].list = side & SG_LISTED_LIST;
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
	struct copy copy = {.lists = lists, .hint = maps->state->lists};
	__u64 now;
	int err = maps_clock(maps, &now, error);

	*lists = (struct lists){};
	if (err)
		return err;
	copy.now = sg_since(now);
	err = trie_each(maps, append, &copy);
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
		count += lists->entry[i].list == list;
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
	if (*own)
		*count = prefix_unique(*own, *count);
	return *own ? 0 : error_set(error, -ENOMEM, "out of memory.");
}

bool own_is_in(const struct sg_flow_key *key, const struct prefix *own, size_t count)
{
	const struct prefix source = flow_prefix(key);

	for (size_t i = 0; i < count; i++) {
		if (prefix_contains(&source, &own[i]))
			return true;
	}
	return false;
}
