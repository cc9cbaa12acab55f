// SPDX-License-Identifier: GPL-2.0-only
#include "guard/links.h"

#include <dirent.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "dispatcher/dispatcher.h"
#include "kernel/filter.h"
#include "kernel/maps.h"
#include "kernel/netns.h"

#define LINK_TYPE_XDP 6 /* of enum bpf_link_type, whose newer ones Debian 12's headers lack */

const char *const judge_names[JUDGE__MAX] = {
	[JUDGE_PLAIN] = "guard",
	[JUDGE_FRAGS] = "guard_frags",
	[JUDGE_TC] = "ingress",
	[JUDGE_BARE] = "ingress",
	[JUDGE_DISPATCHED] = "guard",
};

const char *const xdp_mode_names[] = {
	[XDP_MODE_AUTO] = "auto",
	[XDP_MODE_NATIVE] = "native",
	[XDP_MODE_GENERIC] = "generic",
	[XDP_MODE_DISPATCHER] = "dispatcher",
};

static bool xdp_runs(__u32 ifindex, __u32 id)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);

	return !bpf_xdp_query(ifindex, 0, &query) &&
	       (query.drv_prog_id == id || query.skb_prog_id == id || query.hw_prog_id == id);
}

/* Of `struct bpf_link_info`, xdp.ifindex and tcx.ifindex are one word; tcx.attach_type follows. */
static int open_pinned(const struct pins *pins, const char *dir, struct guard_link *link,
		       struct error *error)
{
	struct bpf_link_info info = {};
	__u32 size = sizeof(info), tcx[2];
	bool here;
	int err;

	link->fd = pins_get(pins, "%s/%s", dir, link->pin);
	err = link->fd < 0 ? link->fd : bpf_obj_get_info_by_fd(link->fd, &info, &size);
	if (err) {
		if (link->fd >= 0)
			close(link->fd);
		return error_set(error, err, "cannot open the link %s/%s/%s: %s.", pins->dir, dir,
				 link->pin, strerror(-err));
	}
	memcpy(tcx, &info.xdp, sizeof(tcx));
	link->kind = info.type == LINK_TYPE_XDP ? LINK_XDP : LINK_TCX;
	link->id = info.id;
	link->ifindex = info.xdp.ifindex;
	link->program_id = info.prog_id;
	here = link->kind == LINK_XDP ? xdp_runs(link->ifindex, info.prog_id)
				      : tcx_runs(link->ifindex, tcx[1], info.prog_id);
	link->state = !link->ifindex ? LINK_GONE : here ? LINK_HERE : LINK_ELSEWHERE;
	return 0;
}

/* The program of a filter in another network namespace, if that noted is still in the kernel. */
static __u32 noted_program(const struct pins *pins, __u32 slot)
{
	int fd, map = pins_get(pins, "%s", map_names[MAP_PLACES]);
	struct place_note note = {};

	if (map < 0)
		return 0;
	if (bpf_map_lookup_elem(map, &slot, &note))
		note.program = 0;
	close(map);
	fd = note.program ? bpf_prog_get_fd_by_id(note.program) : -ENOENT;
	if (fd >= 0)
		close(fd);
	return fd == -ENOENT ? 0 : note.program;
}

__u32 links_state_map(const struct pins *pins)
{
	int map = pins_get(pins, "%s", map_names[MAP_STATE]);
	__u32 number;

	if (map < 0)
		return 0;
	number = map_number(map);
	close(map);
	return number;
}

/* What runs on the interface here, or 0. Who may not look at a dispatcher has what was noted. */
static __u32 runs_here(const struct pins *pins, const struct guard_link *link)
{
	int id;

	if (link->kind == LINK_CLSACT)
		return filter_program(link->ifindex, DIRECTION_INGRESS);
	id = dispatcher_find(link->ifindex, links_state_map(pins));
	return id == -EPERM ? noted_program(pins, link->place.slot) : id < 0 ? 0 : id;
}

/*
 * Nothing but the filter tells where it is, and it goes when its interface moves or ends. So it is
 * with what a dispatcher calls.
 */
static void open_directory(const struct pins *pins, struct guard_link *link)
{
	bool here = link->place.netns == netns_here();
	char name[IF_NAMESIZE];

	link->fd = -1;
	link->kind = link->place.judge == JUDGE_DISPATCHED ? LINK_DISPATCHED : LINK_CLSACT;
	link->ifindex = link->place.ifindex;
	link->program_id = here ? runs_here(pins, link) : noted_program(pins, link->place.slot);
	if (link->program_id)
		link->state = here ? LINK_HERE : LINK_ELSEWHERE;
	else if (here && if_indextoname(link->ifindex, name))
		link->state = LINK_REMOVED;
	else
		link->state = LINK_GONE;
	if (link->state == LINK_GONE)
		link->ifindex = 0;
}

static int link_open(const struct pins *pins, const char *dir, const struct dirent *entry,
		     struct guard_link *link, struct error *error)
{
	int err = 0;

	strcpy(link->pin, entry->d_name);
	if (entry->d_type == DT_DIR)
		open_directory(pins, link);
	else
		err = open_pinned(pins, dir, link, error);
	if (err)
		return err;
	if ((link->state != LINK_HERE && link->state != LINK_REMOVED) ||
	    !if_indextoname(link->ifindex, link->name))
		strcpy(link->name, link->place.name);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct guard_link *)a)->name, ((const struct guard_link *)b)->name);
}

static int link_append(struct link_set *set, const struct guard_link *link, struct error *error)
{
	struct guard_link *grown = reallocarray(set->link, set->count + 1, sizeof(*grown));

	if (!grown) {
		if (link->fd >= 0)
			close(link->fd);
		return error_set(error, -ENOMEM, "out of memory.");
	}
	set->link = grown;
	set->link[set->count++] = *link;
	return 0;
}

int links_read(const struct pins *pins, const char *name, struct link_set *set, struct error *error)
{
	struct guard_link link;
	struct dirent *entry;
	char path[PIN_PATH];
	int err = 0;
	DIR *dir;

	*set = (struct link_set){};
	dir = opendir(pins_path(pins, path, "%s", name));
	if (!dir)
		return pins_unreadable(path, error);
	while (!err && (entry = readdir(dir))) {
		link = (struct guard_link){.fd = -1};
		if (entry->d_name[0] == '.' || strlen(entry->d_name) >= sizeof(link.pin) ||
		    !place_parse(entry->d_name, &link.place))
			continue;
		err = link_open(pins, name, entry, &link, error);
		if (!err)
			err = link_append(set, &link, error);
	}
	closedir(dir);
	if (err)
		links_free(set);
	else if (set->count)
		qsort(set->link, set->count, sizeof(*set->link), by_name);
	return err;
}

void links_free(struct link_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		if (set->link[i].fd >= 0)
			close(set->link[i].fd);
	}
	free(set->link);
	*set = (struct link_set){};
}

const struct guard_link *links_find(const struct link_set *set, const char *name)
{
	const struct guard_link *gone = NULL;
	__u32 ifindex = if_nametoindex(name);

	for (size_t i = 0; i < set->count; i++) {
		const struct guard_link *link = &set->link[i];

		if (link->state == LINK_HERE && link->ifindex == ifindex)
			return link;
		if (link->state != LINK_HERE && strcmp(link->name, name) == 0)
			gone = link;
	}
	return gone;
}

bool links_elsewhere(const struct link_set *set)
{
	size_t elsewhere = 0;

	for (size_t i = 0; i < set->count; i++) {
		if (set->link[i].state == LINK_HERE)
			return false;
		elsewhere += set->link[i].state == LINK_ELSEWHERE;
	}
	return elsewhere;
}

const struct guard_link *links_find_pin(const struct link_set *set, const char *pin)
{
	for (size_t i = 0; i < set->count; i++) {
		if (strcmp(set->link[i].pin, pin) == 0)
			return &set->link[i];
	}
	return NULL;
}

enum xdp_mode link_mode(const struct guard_link *link)
{
	if (link->kind == LINK_DISPATCHED)
		return XDP_MODE_DISPATCHER;
	return link->kind == LINK_XDP ? XDP_MODE_NATIVE : XDP_MODE_GENERIC;
}

const char *link_hook(const struct guard_link *link)
{
	return link->kind == LINK_XDP || link->kind == LINK_DISPATCHED ? "xdp" : "tc";
}

const char *link_text(const struct guard_link *link)
{
	if (link->kind == LINK_DISPATCHED)
		return "native XDP, called by libxdp's dispatcher";
	return link->kind == LINK_XDP ? "native XDP" : "at tc ingress";
}

static __u32 program_id(int program)
{
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);

	return bpf_obj_get_info_by_fd(program, &info, &size) ? 0 : info.id;
}

int link_note_program(const struct pins *pins, __u32 slot, __u32 program)
{
	int map = pins_get(pins, "%s", map_names[MAP_PLACES]);
	struct place_note note;
	int err = map < 0 ? map : bpf_map_lookup_elem(map, &slot, &note);

	if (!err) {
		note.program = program;
		err = bpf_map_update_elem(map, &slot, &note, BPF_ANY);
	}
	if (map >= 0)
		close(map);
	return err;
}

int link_update(const struct pins *pins, const struct guard_link *link, int program)
{
	int err;

	if (link->state == LINK_GONE)
		return 0;
	if (link->kind == LINK_DISPATCHED)
		return 0;
	if (link->kind != LINK_CLSACT)
		return bpf_link_update(link->fd, program, NULL);
	if (link->state == LINK_ELSEWHERE)
		return -EXDEV;
	err = filter_prepare(link->ifindex);
	if (!err)
		err = filter_set(link->ifindex, DIRECTION_INGRESS, program);
	return err ? err : link_note_program(pins, link->place.slot, program_id(program));
}

int link_reachable(const struct pins *pins, const struct guard_link *link, struct error *error)
{
	if (link->kind != LINK_DISPATCHED ||
	    dispatcher_find(link->ifindex, links_state_map(pins)) != -EPERM)
		return 0;
	return error_set(error, -EPERM, "%s is guarded by libxdp's dispatcher, and this process "
			 "lacks CAP_SYS_ADMIN, so it cannot change that: run sipguard as root.",
			 link->name);
}

void link_detach(const struct guard_link *link)
{
	if (link->fd >= 0)
		bpf_link_detach(link->fd);
}

int link_note(const struct pins *pins, __u32 slot, __u32 program, __u64 received, __u64 seen)
{
	struct place_note note = {.received = received, .seen = seen, .program = program};
	int map = pins_get(pins, "%s", map_names[MAP_PLACES]);
	int err = map < 0 ? map : bpf_map_update_elem(map, &slot, &note, BPF_ANY);

	if (map >= 0)
		close(map);
	return err;
}
