// SPDX-License-Identifier: GPL-2.0-only
#include "loader.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "scanners.h"    /* types of the skeletons */
#include "sip_message.h"

#include "connections.skel.h"
#include "guard.skel.h"
#include "log.h"
#include "preflight.h"
#include "reply.skel.h"

static int loader_open(struct loader *loader)
{
	*loader = (struct loader){
		.notes = -1, .clock = -1, .reply = -1, .connections = {-1, -1},
	};
	for (int variant = 0; variant < VARIANT__MAX; variant++)
		loader->programs[variant] = -1;
	loader->object = guard_bpf__open();
	if (!loader->object) {
		fail("cannot open the guard's object: %s.", strerror(errno));
		return -errno;
	}
	loader->object->rodata->sg_tick = maps_tick();
	return 0;
}

static int loader_finish(struct loader *loader)
{
	int err = guard_bpf__load(loader->object);

	if (err) {
		preflight_kernel(err);
		return err;
	}
	loader->programs[VARIANT_PLAIN] = bpf_program__fd(loader->object->progs.guard);
	loader->programs[VARIANT_FRAGS] = bpf_program__fd(loader->object->progs.guard_frags);
	loader->clock = bpf_program__fd(loader->object->progs.guard_clock);
	return 0;
}

/* All objects are built with the same maps.bpf.h, so a map of one name is one map. */
static int share_maps(const struct loader *loader, struct bpf_object *object)
{
	const struct bpf_map *ours;
	struct bpf_map *map;
	int err = 0;

	bpf_object__for_each_map(map, object) {
		ours = bpf_object__find_map_by_name(loader->object->obj, bpf_map__name(map));
		if (ours && !err)
			err = bpf_map__reuse_fd(map, bpf_map__fd(ours)); /* keeps a duplicate */
	}
	return err;
}

/* After loader_finish(): the program at egress, which works on the maps of the guard. */
static int loader_finish_reply(struct loader *loader)
{
	int err;

	loader->replies = reply_bpf__open();
	if (!loader->replies) {
		err = -errno;
		fail("cannot open the object of the program at egress: %s.", strerror(-err));
		return err;
	}
	/* Constants are not shared by sharing maps. */
	loader->replies->rodata->sg_tick = loader->object->rodata->sg_tick;
	err = share_maps(loader, loader->replies->obj);
	if (!err)
		err = reply_bpf__load(loader->replies);
	if (err)
		preflight_kernel(err);
	else
		loader->reply = bpf_program__fd(loader->replies->progs.reply);
	return err;
}

/* Links end with their last fd, unless they are pinned. 0 or -errno. */
static int attach_connections(struct loader *loader)
{
	int count = bpf_program__fd(loader->sockets->progs.connections);
	int all = bpf_program__fd(loader->sockets->progs.connections_all);

	loader->connections[CONNECTION_LINK_COUNT] = bpf_raw_tracepoint_open(NULL, count);
	if (loader->connections[CONNECTION_LINK_COUNT] < 0)
		return loader->connections[CONNECTION_LINK_COUNT];
	loader->connections[CONNECTION_LINK_ALL] = bpf_link_create(all, 0, BPF_TRACE_ITER, NULL);
	return loader->connections[CONNECTION_LINK_ALL] < 0
		       ? loader->connections[CONNECTION_LINK_ALL] : 0;
}

static void close_connections(struct loader *loader)
{
	for (int link = 0; loader->sockets && link < CONNECTION_LINK__MAX; link++) {
		if (loader->connections[link] >= 0)
			close(loader->connections[link]);
		loader->connections[link] = -1;
	}
	connections_bpf__destroy(loader->sockets);
	loader->sockets = NULL;
}

/*
 * After loader_finish(): the programs that count connections. They look into the kernel's own
 * types; a guard without them is better than none.
 */
static void loader_finish_connections(struct loader *loader)
{
	int err;

	loader->sockets = connections_bpf__open();
	err = loader->sockets ? 0 : -errno;
	if (!err) {
		loader->sockets->rodata->sg_tick = loader->object->rodata->sg_tick;
		err = share_maps(loader, loader->sockets->obj);
	}
	if (!err)
		err = connections_bpf__load(loader->sockets);
	if (!err)
		err = attach_connections(loader);
	if (!err)
		return;
	close_connections(loader);
	notice("connections of TCP are not counted, so live ones have no limit: %s (%s).",
	       access("/sys/kernel/btf/vmlinux", R_OK) ? "this kernel does not tell its types in "
	       "/sys/kernel/btf" : "this kernel refuses the program for that", strerror(-err));
}

/* What works on the maps of the guard. */
static int loader_finish_others(struct loader *loader)
{
	int err = loader_finish_reply(loader);

	if (!err)
		loader_finish_connections(loader);
	return err;
}

static int loader_finish_alone(struct loader *loader)
{
	int err = loader_finish(loader);

	if (err)
		return err;
	loader->notes = maps_create_notes();
	if (loader->notes < 0)
		preflight_kernel(loader->notes);
	return loader->notes < 0 ? loader->notes : 0;
}

int loader_load(struct loader *loader)
{
	int err = loader_open(loader);

	if (!err)
		err = loader_finish_alone(loader);
	return err ? err : loader_finish_others(loader);
}

int loader_load_replay(struct loader *loader)
{
	int err = loader_open(loader);

	if (err)
		return err;
	loader->object->rodata->sg_tick = 0;
	loader->object->rodata->sg_syn_opens = 1;
	err = bpf_map__set_type(loader->object->maps.sg_stats, BPF_MAP_TYPE_ARRAY);
	if (!err)
		err = bpf_map__set_map_flags(loader->object->maps.sg_stats, BPF_F_MMAPABLE);
	if (err) {
		fail("cannot set up the counters for replay: %s.", strerror(-err));
		return err;
	}
	return loader_finish_alone(loader);
}

/* libbpf takes any map it is given: only we know that the layout must be the same. */
static bool is_same_layout(const struct bpf_map *map, int fd)
{
	struct bpf_map_info info = {};
	__u32 size = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &size) == 0 && info.type == bpf_map__type(map) &&
	       info.key_size == bpf_map__key_size(map) &&
	       info.value_size == bpf_map__value_size(map) &&
	       info.max_entries == bpf_map__max_entries(map) &&
	       info.map_flags == bpf_map__map_flags(map);
}

static int reuse(struct loader *loader, const struct pins *pins, const char *name)
{
	struct bpf_map *map = bpf_object__find_map_by_name(loader->object->obj, name);
	int fd = pins_get(pins, "%s", name);
	int err = fd < 0 ? fd : 0;

	if (!err && (!map || !is_same_layout(map, fd)))
		err = -EPROTO;
	if (!err)
		err = bpf_map__reuse_fd(map, fd); /* keeps a duplicate */
	if (fd >= 0)
		close(fd);
	if (err)
		fail("the pinned map %s is not what this sipguard works with (%s): `sipguard "
		     "detach --all` and attach again.", name, strerror(-err));
	return err;
}

int loader_load_over(struct loader *loader, const struct pins *pins)
{
	int err = loader_open(loader);

	for (int id = 0; !err && id < MAP_NOTES; id++)
		err = reuse(loader, pins, map_names[id]);
	if (!err)
		err = loader_finish(loader);
	return err ? err : loader_finish_others(loader);
}

static int map_fd(const struct loader *loader, enum map_id id)
{
	if (id == MAP_NOTES)
		return loader->notes;
	return bpf_object__find_map_fd_by_name(loader->object->obj, map_names[id]);
}

int loader_init(struct loader *loader, const struct config *config, const char *path,
		enum sg_mode mode)
{
	struct maps maps = {};
	int err;

	for (int id = 0; id < MAP__MAX; id++)
		maps.fd[id] = dup(map_fd(loader, id));
	err = maps_memory(&maps);
	if (!err && getrandom(maps.state->secret, sizeof(maps.state->secret), 0) !=
			    sizeof(maps.state->secret)) {
		err = -EIO;
		fail("cannot get random bytes for the limit tables: %s.", strerror(errno));
	}
	if (!err)
		err = maps_fill(&maps, 0, config, path);
	if (!err) {
		maps_store(&maps.state->abi, SG_ABI_VERSION);
		maps_store(&maps.state->mode, mode);
		connections_add_namespace(&maps);
	}
	maps_close(&maps);
	return err;
}

int loader_pin(const struct loader *loader, const struct pins *pins)
{
	int err = 0;

	for (int id = 0; !err && id < MAP__MAX; id++)
		err = pins_put(pins, map_fd(loader, id), "%s", map_names[id]);
	for (int variant = 0; !err && variant < VARIANT__MAX; variant++)
		err = pins_put(pins, loader->programs[variant], "%s", variant_names[variant]);
	if (!err)
		err = pins_put(pins, loader->clock, "guard_clock");
	if (!err)
		err = pins_put(pins, loader->reply, "reply");
	for (int link = 0; !err && link < CONNECTION_LINK__MAX; link++) {
		if (loader->connections[link] >= 0)
			err = pins_put(pins, loader->connections[link], "%s",
				       connection_link_names[link]);
	}
	return err;
}

void loader_close(struct loader *loader)
{
	close_connections(loader);
	reply_bpf__destroy(loader->replies);
	guard_bpf__destroy(loader->object);
	if (loader->notes >= 0)
		close(loader->notes);
	loader->object = NULL;
	loader->replies = NULL;
	loader->notes = -1;
}
