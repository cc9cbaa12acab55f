// SPDX-License-Identifier: GPL-2.0-only
#include "guard/loader.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "scanners.h"    /* types of the skeletons */
#include "sip/message.h"

#include "base/clock.h"
#include "base/notice.h"
#include "connections.skel.h"
#include "dispatcher/dispatcher.h"
#include "guard.skel.h"
#include "guard/preflight.h"
#include "ingress.skel.h"
#include "reply.skel.h"

/* Global data that all objects share is in sections of this name, a map for each variable. */
#define GLOBAL ".data."

/* The map of an object for `name`, which global data has, too; NULL if it has none. */
static struct bpf_map *find_map(const struct loader *loader, const char *name)
{
	struct bpf_map *map = bpf_object__find_map_by_name(loader->object->obj, name);
	char section[64];

	if (map)
		return map;
	snprintf(section, sizeof(section), GLOBAL "%s", name);
	return bpf_object__find_map_by_name(loader->object->obj, section);
}

static bool is_shared(const struct bpf_map *map)
{
	return strncmp(bpf_map__name(map), GLOBAL, strlen(GLOBAL)) == 0;
}

static int loader_open(struct loader *loader, enum sg_memory memory, struct error *error)
{
	struct sg_sizes sizes;
	int err;

	*loader = (struct loader){
		.notes = -1, .places = -1, .clock = -1, .plain = -1, .connections = {-1, -1},
	};
	loader->object = guard_bpf__open();
	if (!loader->object)
		return error_set(error, -errno, "cannot open the guard's object: %s.",
				 strerror(errno));
	loader->object->rodata->sg_tick = clock_tick();
	sizes_of(memory, &sizes);
	loader->object->rodata->sg_sizes = sizes;
	err = sizes_set(loader->object->obj, &sizes);
	return err ? error_set(error, err, "cannot give the tables their sizes: %s.",
			       strerror(-err)) : 0;
}

/* What is constant, and the same in all programs of a guard. */
#define SAME_CONSTANTS(of, from)                                                                  \
	do {                                                                                      \
		(of)->rodata->sg_tick = (from)->object->rodata->sg_tick;                          \
		(of)->rodata->sg_sizes = (from)->object->rodata->sg_sizes;                        \
	} while (0)

static int loader_finish(struct loader *loader, struct error *error)
{
	int err = guard_bpf__load(loader->object);

	if (err)
		return preflight_kernel(err, error);
	loader->clock = bpf_program__fd(loader->object->progs.guard_clock);
	return 0;
}

/* What judges is loaded by interface, see loader_judge(); so here is little more than the maps. */
static void leave_out_judges(struct loader *loader)
{
	bpf_program__set_autoload(loader->object->progs.guard, false);
	bpf_program__set_autoload(loader->object->progs.guard_frags, false);
}

/*
 * All objects are built with the same maps.bpf.h, so a map of one name is one map. Constants are
 * of each object.
 */
static int share_maps(const struct loader *loader, struct bpf_object *object)
{
	const struct bpf_map *ours;
	struct bpf_map *map;
	int err = 0;

	bpf_object__for_each_map(map, object) {
		if (bpf_map__is_internal(map) && !is_shared(map))
			continue;
		ours = bpf_object__find_map_by_name(loader->object->obj, bpf_map__name(map));
		if (ours && !err)
			err = bpf_map__reuse_fd(map, bpf_map__fd(ours)); /* keeps a duplicate */
	}
	return err;
}

/* What will be loaded of an object: one program, on the guard's maps. */
static int choose_one(const struct loader *loader, struct bpf_object *object, const char *name)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, object)
		bpf_program__set_autoload(program, strcmp(bpf_program__name(program), name) == 0);
	return share_maps(loader, object);
}

/* Loads one program of an object: a new fd of it, or -errno. */
static int load_one(const struct loader *loader, struct bpf_object *object, const char *name,
		    struct error *error)
{
	int err = choose_one(loader, object, name), fd;

	if (!err)
		err = bpf_object__load(object);
	if (err)
		return preflight_kernel(err, error);
	fd = dup(bpf_program__fd(bpf_object__find_program_by_name(object, name)));
	if (fd < 0)
		return error_set(error, -errno, "cannot keep a program open: %s.", strerror(errno));
	return fd;
}

static int cannot_open(const char *what, struct error *error)
{
	return error_set(error, -errno, "cannot open the object of the program %s: %s.", what,
			 strerror(errno));
}

static int load_xdp(const struct loader *loader, enum judge judge, __u32 slot, struct error *error)
{
	struct guard_bpf *object = guard_bpf__open();
	int fd;

	if (!object)
		return cannot_open("for XDP", error);
	SAME_CONSTANTS(object, loader);
	object->rodata->sg_interface = slot;
	fd = load_one(loader, object->obj, judge_names[judge], error);
	guard_bpf__destroy(object);
	return fd;
}

int loader_dispatched(const struct loader *loader, __u32 ifindex, const char *name, __u32 slot,
		      struct error *error)
{
	struct guard_bpf *object = guard_bpf__open();
	int id;

	if (!object)
		return cannot_open("for XDP", error);
	SAME_CONSTANTS(object, loader);
	object->rodata->sg_interface = slot;
	id = choose_one(loader, object->obj, judge_names[JUDGE_DISPATCHED]);
	if (id)
		error_set(error, id, "cannot share the guard's maps: %s.", strerror(-id));
	else
		id = dispatcher_attach(ifindex, name, object->obj, judge_names[JUDGE_DISPATCHED],
				       error);
	guard_bpf__destroy(object);
	return id;
}

static int load_ingress(const struct loader *loader, enum judge judge, __u32 slot,
			struct error *error)
{
	struct ingress_bpf *object = ingress_bpf__open();
	int fd;

	if (!object)
		return cannot_open("at tc ingress", error);
	SAME_CONSTANTS(object, loader);
	object->rodata->sg_interface = slot;
	if (judge == JUDGE_BARE)
		object->rodata->sg_link_header = 0;
	fd = load_one(loader, object->obj, judge_names[judge], error);
	ingress_bpf__destroy(object);
	return fd;
}

int loader_judge(const struct loader *loader, enum judge judge, __u32 slot, struct error *error)
{
	if (judge == JUDGE_PLAIN || judge == JUDGE_FRAGS)
		return load_xdp(loader, judge, slot, error);
	return load_ingress(loader, judge, slot, error);
}

int loader_reply(const struct loader *loader, enum reply reply, struct error *error)
{
	struct reply_bpf *object = reply_bpf__open();
	int fd;

	if (!object)
		return cannot_open("at tc egress", error);
	SAME_CONSTANTS(object, loader);
	if (reply == REPLY_BARE)
		object->rodata->sg_link_header = 0;
	fd = load_one(loader, object->obj, "reply", error);
	reply_bpf__destroy(object);
	return fd;
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

void loader_connections(struct loader *loader)
{
	int err;

	loader->sockets = connections_bpf__open();
	err = loader->sockets ? 0 : -errno;
	if (!err) {
		SAME_CONSTANTS(loader->sockets, loader);
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
	       access("/sys/kernel/btf/vmlinux", R_OK)
		       ? "this kernel does not tell its types in /sys/kernel/btf"
		       : "this kernel refuses the program for that", strerror(-err));
}

static int loader_finish_alone(struct loader *loader, struct error *error)
{
	int err = loader_finish(loader, error);

	if (err)
		return err;
	loader->notes = maps_create_notes();
	loader->places = maps_create_places();
	err = loader->notes < 0 ? loader->notes : loader->places < 0 ? loader->places : 0;
	return err ? preflight_kernel(err, error) : 0;
}

int loader_load(struct loader *loader, enum sg_memory memory, struct error *error)
{
	int err = loader_open(loader, memory, error);

	if (err)
		return err;
	leave_out_judges(loader);
	return loader_finish_alone(loader, error);
}

int loader_load_replay(struct loader *loader, enum sg_memory memory, struct error *error)
{
	int err = loader_open(loader, memory, error);

	if (err)
		return err;
	loader->object->rodata->sg_tick = 0;
	loader->object->rodata->sg_syn_opens = 1;
	bpf_program__set_autoload(loader->object->progs.guard_frags, false);
	err = bpf_map__set_type(loader->object->maps.sg_stats, BPF_MAP_TYPE_ARRAY);
	if (!err)
		err = bpf_map__set_map_flags(loader->object->maps.sg_stats, BPF_F_MMAPABLE);
	if (err)
		return error_set(error, err, "cannot set up the counters for replay: %s.",
				 strerror(-err));
	err = loader_finish_alone(loader, error);
	if (err)
		return err;
	loader->plain = bpf_program__fd(loader->object->progs.guard);
	return 0;
}

/* All that is in there is sg_replay_clock, as in every object. */
static int load_replay(const struct loader *loader, struct bpf_object *object, struct bpf_map *bss,
		       const char *name, struct error *error)
{
	int err = bpf_map__reuse_fd(bss, bpf_map__fd(loader->object->maps.bss));

	return err ? error_set(error, err, "cannot share the clock of replay: %s.", strerror(-err))
		   : load_one(loader, object, name, error);
}

int loader_replay_frags(const struct loader *loader, struct error *error)
{
	struct guard_bpf *object = guard_bpf__open();
	int fd;

	if (!object)
		return cannot_open("for XDP", error);
	SAME_CONSTANTS(object, loader);
	object->rodata->sg_syn_opens = 1;
	fd = load_replay(loader, object->obj, object->maps.bss, judge_names[JUDGE_FRAGS], error);
	guard_bpf__destroy(object);
	return fd;
}

int loader_replay_reply(const struct loader *loader, struct error *error)
{
	struct reply_bpf *object = reply_bpf__open();
	int fd;

	if (!object)
		return cannot_open("at tc egress", error);
	SAME_CONSTANTS(object, loader);
	object->rodata->sg_syn_opens = 1;
	fd = load_replay(loader, object->obj, object->maps.bss, "reply", error);
	reply_bpf__destroy(object);
	return fd;
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

static int reuse(struct loader *loader, const struct pins *pins, const char *name,
		 struct error *error)
{
	struct bpf_map *map = find_map(loader, name);
	int fd = pins_get(pins, "%s", name);
	int err = fd < 0 ? fd : 0;

	if (!err && (!map || !is_same_layout(map, fd)))
		err = -EPROTO;
	if (!err)
		err = bpf_map__reuse_fd(map, fd); /* keeps a duplicate */
	if (fd >= 0)
		close(fd);
	if (err == -EPROTO)
		error_set(error, err, "the guard's tables (%s) are of another sipguard: `sipguard "
			  "detach --all`, and attach again.", name);
	else if (err)
		error_set(error, err, "cannot use the table %s of the guard: %s.", name,
			  strerror(-err));
	return err;
}

/* What the guard was loaded with; of one that is none, reuse() will find it. */
static enum sg_memory pinned_memory(const struct pins *pins)
{
	struct maps maps = {.fd[MAP_PROVEN] = pins_get(pins, "%s", map_names[MAP_PROVEN])};
	enum sg_memory memory = SG_MEMORY_DEFAULT;

	if (maps.fd[MAP_PROVEN] < 0)
		return memory;
	memory = sizes_find(maps_entries(&maps, MAP_PROVEN));
	close(maps.fd[MAP_PROVEN]);
	return memory < SG_MEMORY__MAX ? memory : SG_MEMORY_DEFAULT;
}

int loader_load_over(struct loader *loader, const struct pins *pins, struct error *error)
{
	int err = loader_open(loader, pinned_memory(pins), error);

	if (!err)
		leave_out_judges(loader);
	for (int id = 0; !err && id < MAP_NOTES; id++)
		err = reuse(loader, pins, map_names[id], error);
	return err ? err : loader_finish(loader, error);
}

static int map_fd(const struct loader *loader, enum map_id id)
{
	if (id == MAP_NOTES)
		return loader->notes;
	if (id == MAP_PLACES)
		return loader->places;
	return bpf_map__fd(find_map(loader, map_names[id]));
}

int loader_init(struct loader *loader, const struct config *config, const char *path,
		enum sg_mode mode, __u64 trial, struct error *error)
{
	struct maps maps = {.clock = dup(loader->clock)};
	int err;

	for (int id = 0; id < MAP__MAX; id++)
		maps.fd[id] = dup(map_fd(loader, id));
	err = maps_memory(&maps, error);
	if (!err && getrandom(maps.state->secret, sizeof(maps.state->secret), 0) !=
			    sizeof(maps.state->secret))
		err = error_set(error, -EIO, "cannot get random bytes for the limit tables: %s.",
				strerror(errno));
	if (!err)
		err = maps_fill(&maps, 0, config, path, error);
	if (!err) {
		maps_store(&maps.state->abi, SG_ABI_VERSION);
		maps_store(&maps.state->mode, mode);
		connections_add_namespace(&maps);
		if (trial)
			err = maps_trial_begin(&maps, SG_TRIAL_DETACH, trial, error);
	}
	maps_close(&maps);
	return err;
}

int loader_stats(const struct loader *loader, struct sg_stats *stats, struct error *error)
{
	const struct maps maps = {.fd[MAP_STATS] = map_fd(loader, MAP_STATS)};

	return maps_stats(&maps, stats, error);
}

int loader_pin(const struct loader *loader, const struct pins *pins, struct error *error)
{
	int err = 0;

	for (int id = 0; !err && id < MAP__MAX; id++)
		err = pins_put(pins, map_fd(loader, id), error, "%s", map_names[id]);
	if (!err)
		err = pins_put(pins, loader->clock, error, "guard_clock");
	for (int link = 0; !err && link < CONNECTION_LINK__MAX; link++) {
		if (loader->connections[link] >= 0)
			err = pins_put(pins, loader->connections[link], error, "%s",
				       connection_link_names[link]);
	}
	return err;
}

void loader_close(struct loader *loader)
{
	close_connections(loader);
	guard_bpf__destroy(loader->object);
	if (loader->notes >= 0)
		close(loader->notes);
	if (loader->places >= 0)
		close(loader->places);
	loader->object = NULL;
	loader->notes = loader->places = loader->clock = -1;
}
