// SPDX-License-Identifier: GPL-2.0-only
/* From the object files inside this command to a shadow that judges. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "scanners.h" /* types of the skeletons */
#include "sip/message.h"

#include "base/clock.h"
#include "replay/differences.h"
#include "shadow.skel.h"
#include "shadow_ingress.skel.h"

#define GLOBAL ".data." /* of which the maps of global data have their names, see loader.c */
#define ATTACH_TRIES 500 /* the one before may stand there for a while, in another namespace */
#define ATTACH_PAUSE_US 10000

static const char *const own_maps[] = {
#define X(name) #name,
	SG_SHADOW_OWN(X)
#undef X
};

struct beginning {
	struct session *session;
	struct shadow_bpf *base; /* has the maps; its program is not loaded */
	struct maps maps;        /* of the shadow, as maps_fill() wants them */
	int note;
	struct stand_in {
		const struct guard_link *link;
		struct shadow_bpf *xdp;        /* one of the two */
		struct shadow_ingress_bpf *tc;
		struct bpf_program *program;   /* of it */
		int guard;                     /* the program that it stands in, or -1 */
	} at[SLOTS_MOST];
	size_t count;
};

static __u64 digest_add(__u64 digest, const void *bytes, size_t size)
{
	const unsigned char *byte = bytes;

	for (size_t i = 0; i < size; i++)
		digest = (digest ^ byte[i]) * 0x100000001b3ULL;
	return digest;
}

__u64 shadow_digest(const struct config *config)
{
	__u64 digest = digest_add(0xcbf29ce484222325ULL, &config->kernel, sizeof(config->kernel));

	for (size_t i = 0; i < config->entry_count; i++)
		digest = digest_add(digest, &config->entries[i], sizeof(config->entries[i]));
	for (size_t i = 0; i < config->domain_count; i++) {
		const struct served_domain *domain = &config->domains[i];

		digest = digest_add(digest, &domain->list, sizeof(domain->list));
		digest = digest_add(digest, domain->text, strlen(domain->text));
	}
	for (size_t i = 0; i < config->callee_count; i++) {
		const struct sg_own_callee *callee = &config->callees[i];

		digest = digest_add(digest, callee->text, strlen(callee->text));
		digest = digest_add(digest, &callee->limit, sizeof(callee->limit));
	}
	return digest;
}

static const char *plain_name(const struct bpf_map *map)
{
	const char *name = bpf_map__name(map);

	return strncmp(name, GLOBAL, strlen(GLOBAL)) ? name : name + strlen(GLOBAL);
}

static bool is_own(const struct bpf_map *map)
{
	for (size_t i = 0; i < sizeof(own_maps) / sizeof(*own_maps); i++) {
		if (strcmp(plain_name(map), own_maps[i]) == 0)
			return true;
	}
	return false;
}

static bool is_shared(const struct bpf_map *map)
{
	return !is_own(map) && map_find(bpf_map__name(map)) != MAP__MAX;
}

static int refused(int err, struct error *error)
{
	if (err == -EPERM || err == -EINVAL || err == -EACCES || err == -EOPNOTSUPP)
		return error_set(error, err, "this kernel lets no program stand in for a function "
				 "of another one (BPF_PROG_TYPE_EXT: %s), which a shadow needs: "
				 "nothing was changed; `sipguard replay` tries a configuration on "
				 "a capture.", strerror(-err));
	return error_set(error, err, "cannot load the shadow's program: %s; nothing was changed.",
			 strerror(-err));
}

/* The maps, without a program. */
static int make_maps(struct beginning *b, struct error *error)
{
	struct sg_sizes sizes;
	struct bpf_map *map;
	int err;

	b->base = shadow_bpf__open();
	if (!b->base)
		return error_set(error, -errno, "cannot open the object of the shadow: %s.",
				 strerror(errno));
	b->base->rodata->sg_tick = clock_tick();
	sizes_of(sizes_find(maps_entries(&b->session->maps, MAP_PROVEN)), &sizes);
	b->base->rodata->sg_sizes = sizes;
	err = sizes_set(b->base->obj, &sizes);
	bpf_program__set_autoload(b->base->progs.shadow_judge, false);
	bpf_object__for_each_map(map, b->base->obj) {
		int id = map_find(bpf_map__name(map));

		if (!err && is_shared(map))
			err = bpf_map__reuse_fd(map, b->session->maps.fd[id]);
	}
	if (!err)
		err = shadow_bpf__load(b->base);
	return err ? error_set(error, err, "cannot make the tables of the shadow: %s.",
			       strerror(-err)) : 0;
}

/* The guard's maps, but for those that the shadow has. */
static int find_maps(struct beginning *b, struct error *error)
{
	struct bpf_map *map;

	for (int id = 0; id < MAP__MAX; id++)
		b->maps.fd[id] = dup(b->session->maps.fd[id]);
	bpf_object__for_each_map(map, b->base->obj) {
		if (is_own(map) && map_find(bpf_map__name(map)) != MAP__MAX)
			dup2(bpf_map__fd(map), b->maps.fd[map_find(bpf_map__name(map))]);
	}
	close(b->maps.fd[MAP_NOTES]);
	b->maps.fd[MAP_NOTES] = maps_create_notes();
	return maps_memory(&b->maps, error);
}

static __u64 memory_of(const struct beginning *b)
{
	struct maps all = {};
	struct bpf_map *map;
	__u64 bytes = 0;

	bpf_object__for_each_map(map, b->base->obj) {
		all.fd[0] = bpf_map__fd(map);
		if (!is_shared(map) && all.fd[0] >= 0)
			bytes += maps_memory_used(&all, 0);
	}
	return bytes;
}

static int write_note(struct beginning *b, const struct policy *policy, __u64 digest,
		      struct error *error)
{
	struct shadow_note note = {.digest = digest, .memory = memory_of(b)};
	int err = maps_clock(&b->session->maps, &note.begun, error);
	__u32 zero = 0;

	if (err)
		return err;
	memcpy(note.path, policy->path, sizeof(note.path));
	b->note = bpf_map_create(BPF_MAP_TYPE_ARRAY, "note", sizeof(zero), sizeof(note), 1, NULL);
	err = b->note < 0 ? b->note : bpf_map_update_elem(b->note, &zero, &note, BPF_ANY);
	return err ? error_set(error, err, "cannot note what the shadow is: %s.", strerror(-err))
		   : 0;
}

/* All objects have the same maps. */
static int share_with_base(const struct beginning *b, struct bpf_object *object)
{
	struct bpf_map *map;
	int err = 0;

	bpf_object__for_each_map(map, object) {
		const char *name = bpf_map__name(map);
		struct bpf_map *ours = bpf_object__find_map_by_name(b->base->obj, name);

		if (bpf_map__is_internal(map) && strncmp(name, GLOBAL, strlen(GLOBAL)) != 0)
			continue;
		if (ours && !err)
			err = bpf_map__reuse_fd(map, bpf_map__fd(ours));
	}
	return err;
}

static struct bpf_object *open_xdp(const struct beginning *b, struct stand_in *at)
{
	at->xdp = shadow_bpf__open();
	if (!at->xdp)
		return NULL;
	at->xdp->rodata->sg_tick = b->base->rodata->sg_tick;
	at->xdp->rodata->sg_sizes = b->base->rodata->sg_sizes;
	at->xdp->rodata->sg_interface = at->link->place.slot;
	at->program = at->xdp->progs.shadow_judge;
	if (at->link->place.judge == JUDGE_FRAGS)
		bpf_program__set_flags(at->program, BPF_F_XDP_HAS_FRAGS);
	return at->xdp->obj;
}

static struct bpf_object *open_tc(const struct beginning *b, struct stand_in *at)
{
	at->tc = shadow_ingress_bpf__open();
	if (!at->tc)
		return NULL;
	at->tc->rodata->sg_tick = b->base->rodata->sg_tick;
	at->tc->rodata->sg_sizes = b->base->rodata->sg_sizes;
	at->tc->rodata->sg_interface = at->link->place.slot;
	if (at->link->place.judge == JUDGE_BARE)
		at->tc->rodata->sg_link_header = 0;
	at->program = at->tc->progs.shadow_judge;
	return at->tc->obj;
}

/* Loads what stands in the program of one interface. Nothing calls it yet. */
static int load_one(const struct beginning *b, struct stand_in *at, struct error *error)
{
	bool xdp = at->link->place.judge == JUDGE_PLAIN || at->link->place.judge == JUDGE_FRAGS;
	struct bpf_object *object;
	int err;

	if (at->link->place.judge == JUDGE_DISPATCHED)
		return error_set(error, -EOPNOTSUPP, "there can be no shadow of %s, which libxdp's "
				 "dispatcher calls, since no program can stand in one that stands "
				 "in another: attach it without --dispatcher for that.",
				 at->link->name);
	at->guard = bpf_prog_get_fd_by_id(at->link->program_id);
	if (at->guard < 0)
		return error_set(error, at->guard, "cannot open the program that guards %s: %s%s.",
				 at->link->name, strerror(-at->guard), at->guard == -EPERM
				 ? "; a shadow needs CAP_SYS_ADMIN" : "");
	object = xdp ? open_xdp(b, at) : open_tc(b, at);
	if (!object)
		return error_set(error, -errno, "cannot open the object of the shadow: %s.",
				 strerror(errno));
	err = share_with_base(b, object);
	if (!err)
		err = bpf_program__set_attach_target(at->program, at->guard, "shadow");
	if (!err)
		err = bpf_object__load(object);
	return err ? refused(err, error) : 0;
}

static int load_all(struct beginning *b, struct error *error)
{
	const struct link_set *links = &b->session->links;
	int err = 0;

	for (size_t i = 0; !err && i < links->count; i++) {
		if (links->link[i].state == LINK_GONE || links->link[i].state == LINK_REMOVED)
			continue;
		if (b->count == SLOTS_MOST)
			return error_set(error, -E2BIG, "a shadow has %d interfaces at most.",
					 SLOTS_MOST);
		b->at[b->count] = (struct stand_in){.link = &links->link[i], .guard = -1};
		err = load_one(b, &b->at[b->count++], error);
	}
	if (!err && !b->count)
		return error_set(error, -ENODEV, "no interface that is guarded is there.");
	return err;
}

static int pin_maps(const struct beginning *b, struct error *error)
{
	const struct pins *pins = &b->session->pins;
	const int fds[SHADOW_MAP__MAX] = {
		[SHADOW_STATS] = bpf_map__fd(b->base->maps.shadow_stats),
		[SHADOW_SOURCES] = bpf_map__fd(b->base->maps.shadow_sources),
		[SHADOW_EXAMPLES] = bpf_map__fd(b->base->maps.shadow_examples),
		[SHADOW_CONFIGS] = b->maps.fd[MAP_CONFIGS],
		[SHADOW_NOTE] = b->note,
	};
	int err = pins_mkdir(pins, error, "shadow");

	for (int map = 0; !err && map < SHADOW_MAP__MAX; map++)
		err = pins_put(pins, fds[map], error, "shadow/%s", shadow_map_names[map]);
	return err ? err : pins_mkdir(pins, error, "shadow/links");
}

static int attach_one(const struct pins *pins, const struct stand_in *at, struct error *error)
{
	struct bpf_link *link = NULL;
	int err = -EBUSY;

	for (int i = 0; err == -EBUSY && i < ATTACH_TRIES; i++) {
		link = bpf_program__attach_freplace(at->program, at->guard, "shadow");
		err = link ? 0 : -errno;
		if (err == -EBUSY)
			usleep(ATTACH_PAUSE_US);
	}
	if (err)
		return error_set(error, err, "cannot have the shadow judge at %s: %s.",
				 at->link->name, strerror(-err));
	err = pins_put(pins, bpf_link__fd(link), error, "shadow/links/%s", at->link->pin);
	bpf_link__destroy(link); /* the pin keeps it */
	return err;
}

/* From here on a shadow that was there before is gone. */
static int take_place(const struct beginning *b, struct error *error)
{
	const struct pins *pins = &b->session->pins;
	int err = shadow_end(pins, error);

	if (err && err != -ENOENT)
		return err;
	err = pin_maps(b, error);
	for (size_t i = 0; !err && i < b->count; i++)
		err = attach_one(pins, &b->at[i], error);
	if (!err)
		err = shadow_call(pins, true, error);
	if (!err)
		err = pins_mkdir(pins, error, "shadow/on");
	if (err)
		shadow_end(pins, NULL);
	return err;
}

static void close_all(struct beginning *b)
{
	for (size_t i = 0; i < b->count; i++) {
		shadow_bpf__destroy(b->at[i].xdp);
		shadow_ingress_bpf__destroy(b->at[i].tc);
		if (b->at[i].guard >= 0)
			close(b->at[i].guard);
	}
	maps_close(&b->maps);
	if (b->note >= 0)
		close(b->note);
	shadow_bpf__destroy(b->base);
}

int shadow_begin(struct session *session, const struct policy *policy, __u64 digest,
		 struct error *error)
{
	struct beginning *b = calloc(1, sizeof(*b));
	int err;

	if (!b)
		return error_set(error, -ENOMEM, "out of memory.");
	b->session = session;
	b->note = -1;
	err = make_maps(b, error);
	if (!err)
		err = find_maps(b, error);
	if (!err)
		err = maps_fill(&b->maps, 0, policy->config, policy->path, error);
	if (!err)
		err = write_note(b, policy, digest, error);
	if (!err)
		err = load_all(b, error);
	if (!err)
		err = take_place(b, error);
	if (!err)
		err = b->count;
	close_all(b);
	free(b);
	return err;
}
