// SPDX-License-Identifier: GPL-2.0-only
#include "links.h"

#include <dirent.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "log.h"
#include "preflight.h"

const char *const variant_names[VARIANT__MAX] = {
	[VARIANT_PLAIN] = "guard",
	[VARIANT_FRAGS] = "guard_frags",
};

const char *const xdp_mode_names[] = {
	[XDP_MODE_AUTO] = "auto",
	[XDP_MODE_NATIVE] = "native",
	[XDP_MODE_GENERIC] = "generic",
	[XDP_MODE_NONE] = "none",
};

static int link_open(const struct pins *pins, const char *dir, struct guard_link *link)
{
	struct bpf_link_info info = {};
	__u32 size = sizeof(info);
	int err;

	link->fd = pins_get(pins, "%s/%s", dir, link->pin);
	err = link->fd < 0 ? link->fd : bpf_obj_get_info_by_fd(link->fd, &info, &size);
	if (err) {
		fail("cannot open the link %s/%s/%s: %s.", pins->dir, dir, link->pin,
		     strerror(-err));
		if (link->fd >= 0)
			close(link->fd);
		return err;
	}
	pins_decode(link->pin, link->name);
	link->id = info.id;
	link->ifindex = info.xdp.ifindex;
	link->program_id = info.prog_id;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct guard_link *)a)->name, ((const struct guard_link *)b)->name);
}

static int link_append(struct link_set *set, const struct guard_link *link)
{
	struct guard_link *grown = reallocarray(set->link, set->count + 1, sizeof(*grown));

	if (!grown) {
		close(link->fd);
		return -ENOMEM;
	}
	set->link = grown;
	set->link[set->count++] = *link;
	return 0;
}

int links_read(const struct pins *pins, const char *name, struct link_set *set)
{
	struct guard_link link;
	struct dirent *entry;
	char path[PIN_PATH];
	int err = 0;
	DIR *dir;

	*set = (struct link_set){};
	dir = opendir(pins_path(pins, path, "%s", name));
	if (!dir)
		return 0;
	while (!err && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' || strlen(entry->d_name) >= sizeof(link.pin))
			continue;
		strcpy(link.pin, entry->d_name);
		err = link_open(pins, name, &link);
		if (!err)
			err = link_append(set, &link);
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
	for (size_t i = 0; i < set->count; i++)
		close(set->link[i].fd);
	free(set->link);
	*set = (struct link_set){};
}

const struct guard_link *links_find(const struct link_set *set, const char *name)
{
	for (size_t i = 0; i < set->count; i++) {
		if (strcmp(set->link[i].name, name) == 0)
			return &set->link[i];
	}
	return NULL;
}

void programs_get(const struct pins *pins, const char *dir, struct programs *programs)
{
	for (int variant = 0; variant < VARIANT__MAX; variant++) {
		struct bpf_prog_info info = {};
		__u32 size = sizeof(info);
		int fd = pins_get(pins, "%s/%s", dir, variant_names[variant]);

		if (fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &size))
			info.id = 0;
		programs->fd[variant] = fd;
		programs->id[variant] = info.id;
	}
}

void programs_put(struct programs *programs)
{
	for (int variant = 0; variant < VARIANT__MAX; variant++) {
		if (programs->fd[variant] >= 0)
			close(programs->fd[variant]);
		programs->fd[variant] = -1;
	}
}

enum variant programs_variant(const struct programs *programs, const struct guard_link *link)
{
	for (int variant = 0; variant < VARIANT__MAX; variant++) {
		if (link->ifindex && link->program_id == programs->id[variant])
			return variant;
	}
	return VARIANT__MAX;
}

enum xdp_mode link_mode(const struct guard_link *link)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);

	if (!link->ifindex || bpf_xdp_query(link->ifindex, 0, &query))
		return XDP_MODE_NONE;
	if (query.drv_prog_id == link->program_id)
		return XDP_MODE_NATIVE;
	return query.skb_prog_id == link->program_id ? XDP_MODE_GENERIC : XDP_MODE_NONE;
}

static int create(unsigned int ifindex, int program, __u32 flags)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = flags);

	return bpf_link_create(program, ifindex, BPF_XDP, &opts);
}

/* Errors that another mode would not mend. */
static bool is_hopeless(int err)
{
	return err == -EBUSY || err == -EEXIST || err == -EPERM || err == -ENODEV || err == -ENOMEM;
}

int link_create(const char *name, const int programs[VARIANT__MAX], enum xdp_mode mode,
		const char **fallback)
{
	unsigned int ifindex = if_nametoindex(name);
	int fd = -EOPNOTSUPP;

	*fallback = NULL;
	if (mode != XDP_MODE_GENERIC) {
		fd = create(ifindex, programs[VARIANT_PLAIN], XDP_FLAGS_DRV_MODE);
		if (fd < 0 && !is_hopeless(fd))
			fd = create(ifindex, programs[VARIANT_FRAGS], XDP_FLAGS_DRV_MODE);
		if (fd >= 0)
			return fd;
		if (mode == XDP_MODE_NATIVE || is_hopeless(fd)) {
			preflight_explain(name, fd);
			return fd;
		}
		*fallback = preflight_obstacle(name, fd);
	}
	fd = create(ifindex, programs[VARIANT_PLAIN], XDP_FLAGS_SKB_MODE);
	if (fd < 0)
		preflight_explain(name, fd);
	return fd;
}
