// SPDX-License-Identifier: GPL-2.0-only
#include "dispatcher/dispatcher.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <xdp/libxdp.h>

/* In front of what others load: what the guard drops, nobody else has to look at. */
#define PRIORITY 10
#define OURS_MOST 8
#define LOOKS 3
#define LOOKS_PAUSE_US 5000
#define MAPS_MOST 256

struct ours {
	__u32 id[OURS_MOST];
	size_t count;
	__u32 newest;
};

/* libxdp prints by itself, unless it is told not to; what fails is said by who asked. */
static void be_silent(void)
{
	libxdp_set_print(NULL);
}

static bool uses_map(int program, __u32 map)
{
	__u32 maps[MAPS_MOST], size = sizeof(struct bpf_prog_info);
	struct bpf_prog_info info = {
		.nr_map_ids = MAPS_MOST,
		.map_ids = (__u64)(unsigned long)maps,
	};

	if (bpf_obj_get_info_by_fd(program, &info, &size))
		return false;
	for (__u32 i = 0; i < info.nr_map_ids && i < MAPS_MOST; i++) {
		if (maps[i] == map)
			return true;
	}
	return false;
}

/* 0 with what is ours; -ENOENT if there is no dispatcher; or -errno. */
static int look(__u32 ifindex, __u32 map, struct ours *ours)
{
	struct xdp_multiprog *all;
	struct xdp_program *one;
	int err;

	*ours = (struct ours){};
	be_silent();
	all = xdp_multiprog__get_from_ifindex(ifindex);
	err = libxdp_get_error(all);
	if (err)
		return err;
	if (xdp_multiprog__is_legacy(all)) {
		xdp_multiprog__close(all);
		return -ENOENT;
	}
	for (one = xdp_multiprog__next_prog(NULL, all); one;
	     one = xdp_multiprog__next_prog(one, all)) {
		if (!uses_map(xdp_program__fd(one), map) || ours->count == OURS_MOST)
			continue;
		ours->id[ours->count++] = xdp_program__id(one);
		if (xdp_program__id(one) > ours->newest)
			ours->newest = xdp_program__id(one);
	}
	xdp_multiprog__close(all);
	return 0;
}

bool dispatcher_is_there(__u32 ifindex)
{
	struct ours ours;

	return !look(ifindex, 0, &ours);
}

/* While somebody changes the dispatcher, the one that was there is gone when it is looked into. */
int dispatcher_find(__u32 ifindex, __u32 map)
{
	struct ours ours;
	int err = -ENOENT;

	for (int i = 0; i < LOOKS && err != -EPERM; i++) {
		if (i)
			usleep(LOOKS_PAUSE_US);
		err = look(ifindex, map, &ours);
		if (!err && ours.count)
			return ours.newest;
	}
	return err == -ENOENT ? 0 : err;
}

static int detach_one(__u32 ifindex, __u32 id)
{
	struct xdp_program *program = xdp_program__from_id(id);
	int err = libxdp_get_error(program);

	if (err)
		return err;
	err = xdp_program__detach(program, ifindex, XDP_MODE_NATIVE, 0);
	xdp_program__close(program);
	return err;
}

int dispatcher_detach(__u32 ifindex, __u32 map, __u32 keep)
{
	struct ours ours;
	int err = look(ifindex, map, &ours);

	for (size_t i = 0; !err && i < ours.count; i++) {
		if (ours.id[i] != keep)
			err = detach_one(ifindex, ours.id[i]);
	}
	/* An interface that is gone leaves its programs in libxdp's directory. */
	if (err == -ENOENT || err == -ENODEV) {
		libxdp_clean_references(ifindex);
		err = 0;
	}
	return err;
}

/*
 * Where the kernel lets no program stand in for a function of another one, libxdp attaches the
 * program as the only one, which is what a link does better. 0, or -EOPNOTSUPP: it is off again.
 */
static int insist(__u32 ifindex, struct xdp_program *program)
{
	if (dispatcher_is_there(ifindex))
		return 0;
	xdp_program__detach(program, ifindex, XDP_MODE_NATIVE, 0);
	return -EOPNOTSUPP;
}

static int refused(const char *name, int err, struct error *error)
{
	if (err == -EPERM)
		return error_set(error, err, "%s cannot be guarded by libxdp's dispatcher: that "
				 "takes CAP_SYS_ADMIN, which this process lacks.", name);
	return error_set(error, err, "%s cannot be guarded by libxdp's dispatcher: %s: %s.", name,
			 strerror(-err),
			 err == -EBUSY || err == -EEXIST
				 ? "another XDP program that is not libxdp's runs there"
				 : "this kernel, or the driver, cannot do that; leave "
				   "--dispatcher out, or use --xdp generic");
}

int dispatcher_attach(__u32 ifindex, const char *name, struct bpf_object *object,
		      const char *program, struct error *error)
{
	DECLARE_LIBXDP_OPTS(xdp_program_opts, opts, .obj = object, .prog_name = program);
	struct xdp_program *ours;
	struct ours before;
	int err, id;

	/* Who may not look at what is there, libxdp takes it for somebody else's. */
	if (look(ifindex, 0, &before) == -EPERM)
		return refused(name, -EPERM, error);
	ours = xdp_program__create(&opts);
	err = libxdp_get_error(ours);
	if (err)
		return refused(name, err, error);
	err = xdp_program__set_run_prio(ours, PRIORITY);
	if (!err)
		err = xdp_program__set_chain_call_enabled(ours, XDP_PASS, true);
	if (!err)
		err = xdp_program__attach(ours, ifindex, XDP_MODE_NATIVE, 0);
	if (!err)
		err = insist(ifindex, ours);
	id = err ? refused(name, err, error) : (int)xdp_program__id(ours);
	xdp_program__close(ours);
	return id;
}
