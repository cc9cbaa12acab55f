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

#include "guard.skel.h"
#include "log.h"
#include "preflight.h"
#include "reply.skel.h"

static int loader_open(struct loader *loader)
{
	*loader = (struct loader){.notes = -1, .clock = -1, .reply = -1};
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

/* The two objects are built with the same maps.bpf.h, so a map of one name is one map. */
static int share_maps(struct loader *loader)
{
	const struct bpf_map *ours;
	struct bpf_map *map;
	int err = 0;

	bpf_object__for_each_map(map, loader->replies->obj) {
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
	err = share_maps(loader);
	if (!err)
		err = reply_bpf__load(loader->replies);
	if (err)
		preflight_kernel(err);
	else
		loader->reply = bpf_program__fd(loader->replies->progs.reply);
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
	return err ? err : loader_finish_reply(loader);
}

int loader_load_replay(struct loader *loader)
{
	int err = loader_open(loader);

	if (err)
		return err;
	loader->object->rodata->sg_tick = 0;
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
	return err ? err : loader_finish_reply(loader);
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
	return err ? err : pins_put(pins, loader->reply, "reply");
}

void loader_close(struct loader *loader)
{
	reply_bpf__destroy(loader->replies);
	guard_bpf__destroy(loader->object);
	if (loader->notes >= 0)
		close(loader->notes);
	loader->object = NULL;
	loader->replies = NULL;
	loader->notes = -1;
}
