// SPDX-License-Identifier: GPL-2.0-only
#include "guard/connections.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/notice.h"
#include "kernel/netns.h"
#include "kernel/walk.h"

const char *const connection_link_names[CONNECTION_LINK__MAX] = {
	[CONNECTION_LINK_COUNT] = "connections",
	[CONNECTION_LINK_ALL] = "connections_all",
};

/* The sources of silent connections, one key for each. */
struct silent {
	struct sg_flow_key *key;
	size_t count;
};

bool connections_are_counted(const struct pins *pins)
{
	return pins_exist(pins, connection_link_names[CONNECTION_LINK_COUNT]);
}

void connections_add_namespace(const struct maps *maps)
{
	__u32 key = netns_here(), value = 1;
	int err = key ? 0 : -errno;

	if (!err)
		err = bpf_map_update_elem(maps->fd[MAP_NAMESPACES], &key, &value, BPF_ANY);
	if (err)
		notice("connections of TCP in this network namespace are not counted (%s): live "
		       "ones have no limit.", strerror(-err));
}

/* fd of what the iterator writes, or -errno. */
static int look_begin(const struct pins *pins)
{
	int link = pins_get(pins, "%s", connection_link_names[CONNECTION_LINK_ALL]);
	int fd = link < 0 ? link : bpf_iter_create(link);

	if (link >= 0)
		close(link);
	return fd;
}

/* Reads all that the iterator has to say. 0 or -errno. */
static int look(const struct pins *pins, struct silent *silent)
{
	struct sg_flow_key keys[256], *grown;
	int fd = look_begin(pins);
	int err = fd < 0 ? fd : 0;
	ssize_t size = 0;

	/* A read gives whole keys: the kernel never splits what it has of one socket. */
	while (!err && (size = read(fd, keys, sizeof(keys))) > 0) {
		grown = realloc(silent->key, silent->count * sizeof(*keys) + size);
		if (!grown) {
			err = -ENOMEM;
			break;
		}
		silent->key = grown;
		memcpy(silent->key + silent->count, keys, size);
		silent->count += size / sizeof(*keys);
	}
	if (!err && size < 0)
		err = -errno;
	if (fd >= 0)
		close(fd);
	return err;
}

void connections_look(const struct pins *pins)
{
	struct silent silent = {};

	look(pins, &silent);
	free(silent.key);
}

static int by_source(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct sg_flow_key));
}

static int by_live(const void *a, const void *b)
{
	const struct connections *x = a, *y = b;

	if (x->live != y->live)
		return x->live < y->live ? 1 : -1;
	return by_source(a, b);
}

static int read_map(const struct maps *maps, __u64 now, size_t most, struct connection_list *list)
{
	const void *key, *value;
	struct walk walk;
	int err = walk_begin(&walk, maps->fd[MAP_CONNECTIONS]);

	if (err)
		return err;
	while ((err = walk_next(&walk, &key, &value)) > 0) {
		const struct sg_connections *c = value;

		if (!SG_LIVE(c->live) || list->count == most)
			continue;
		list->source[list->count++] = (struct connections){
			.source = *(const struct sg_flow_key *)key,
			.live = SG_LIVE(c->live),
			.opening = sg_opening(c, now),
		};
	}
	walk_end(&walk);
	return err;
}

static void mark_silent(struct connection_list *list, const struct silent *silent)
{
	struct connections *found;

	qsort(list->source, list->count, sizeof(*list->source), by_source);
	for (size_t i = 0; i < silent->count; i++) {
		found = bsearch(&silent->key[i], list->source, list->count, sizeof(*list->source),
				by_source);
		if (found)
			found->silent++;
	}
	qsort(list->source, list->count, sizeof(*list->source), by_live);
}

int connections_read(const struct pins *pins, const struct maps *maps, struct connection_list *list,
		     struct error *error)
{
	size_t most = maps_entries(maps, MAP_CONNECTIONS);
	struct silent silent = {};
	__u64 now;
	int err = maps_clock(maps, &now, error);

	*list = (struct connection_list){};
	if (err)
		return err;
	if (connections_are_counted(pins))
		err = look(pins, &silent);
	if (err)
		notice("connections that have sent nothing cannot be told (%s): `sipguard attach` "
		       "an interface again.", strerror(-err));
	list->source = calloc(most + 1, sizeof(*list->source));
	err = list->source ? read_map(maps, now, most, list) : -ENOMEM;
	if (!err)
		mark_silent(list, &silent);
	else
		error_set(error, err, "cannot read the connections: %s.", strerror(-err));
	free(silent.key);
	if (err)
		connections_free(list);
	return err;
}

void connections_free(struct connection_list *list)
{
	free(list->source);
	*list = (struct connection_list){};
}

_Static_assert(offsetof(struct connections, source) == 0, "by_source() compares either");
