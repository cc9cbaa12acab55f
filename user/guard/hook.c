// SPDX-License-Identifier: GPL-2.0-only
#include "guard/hook.h"

#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "dispatcher/dispatcher.h"
#include "guard/egress.h"
#include "guard/preflight.h"
#include "kernel/filter.h"

int hook_check(const struct device *device, enum xdp_mode mode, struct error *error)
{
	if (!device_is_ethernet(device) && !device_is_bare(device))
		return error_set(error, -EOPNOTSUPP, "%s is of a type that the guard cannot read "
				 "(ARPHRD %u): guard the interface below it, or the one by which "
				 "its packets reach the server.", device->name, device->type);
	if ((mode != XDP_MODE_NATIVE && mode != XDP_MODE_DISPATCHER) || !hook_obstacle(device))
		return 0;
	return error_set(error, -EOPNOTSUPP, "%s cannot be guarded by native XDP, because %s: "
			 "leave --xdp out, or use --xdp generic.", device->name,
			 hook_obstacle(device));
}

const char *hook_obstacle(const struct device *device)
{
	if (device_is_bare(device))
		return "its packets have no Ethernet header";
	if (device_is_tun(device))
		return "it is a tap, which hands several datagrams of a guest to XDP as one";
	return NULL;
}

static int xdp_create(__u32 ifindex, int program)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = XDP_FLAGS_DRV_MODE);

	return bpf_link_create(program, ifindex, BPF_XDP, &opts);
}

/* Errors that another mode would not mend. */
static bool is_hopeless(int err)
{
	return err == -EBUSY || err == -EEXIST || err == -EPERM || err == -ENODEV || err == -ENOMEM;
}

/* fd of a link, or -errno in two kinds: *err of loading, which is in `error`, or of attaching. */
static int xdp_try(const struct loader *loader, struct place *place, enum judge judge, int *err,
		   struct error *error)
{
	int link, program = loader_judge(loader, judge, place->slot, error);

	*err = program < 0 ? program : 0;
	if (*err)
		return *err;
	link = xdp_create(place->ifindex, program);
	close(program);
	place->judge = judge;
	return link;
}

/* 0: attached; 1: tc instead, if auto; or -errno. */
static int attach_xdp(const struct loader *loader, enum xdp_mode mode, struct place *place,
		      struct hooked *hooked, struct error *error)
{
	int err, link = xdp_try(loader, place, JUDGE_PLAIN, &err, error);

	if (!err && link < 0 && !is_hopeless(link))
		link = xdp_try(loader, place, JUDGE_FRAGS, &err, error);
	if (err)
		return err;
	hooked->link = link;
	if (link >= 0)
		return 0;
	if (mode == XDP_MODE_NATIVE || is_hopeless(link))
		return preflight_explain(place->name, link, error);
	snprintf(hooked->why, sizeof(hooked->why), "%s", preflight_obstacle(place->name, link));
	return 1;
}

static __u32 program_id(int program)
{
	struct bpf_prog_info info = {};
	__u32 size = sizeof(info);

	return bpf_obj_get_info_by_fd(program, &info, &size) ? 0 : info.id;
}

static int attach_tc(const struct pins *pins, struct place *place, int program,
		     struct hooked *hooked, struct error *error)
{
	hooked->link = tcx_create(place->ifindex, DIRECTION_INGRESS, program);
	if (hooked->link >= 0)
		return 0;
	if (tcx_is_hopeless(hooked->link))
		return filter_explain(place->name, DIRECTION_INGRESS, hooked->link, error);
	/* No tcx in this kernel (EINVAL), or no room in it (ERANGE). */
	hooked->link = -1;
	hooked->program_id = program_id(program);
	return ingress_attach(pins, place, program, error);
}

/* The record first: what libxdp calls without one is what a killed command has left. */
static int attach_dispatched(const struct pins *pins, const struct loader *loader,
			     struct place *place, struct hooked *hooked, struct error *error)
{
	int id;

	place->judge = JUDGE_DISPATCHED;
	id = dispatched_record(pins, place, error);
	if (!id)
		id = loader_dispatched(loader, place->ifindex, place->name, place->slot, error);
	if (id < 0)
		return id;
	hooked->program_id = id;
	return 0;
}

int hook_dispatch(const struct pins *pins, const struct loader *loader,
		  const struct guard_link *link, struct error *error)
{
	int err, id = loader_dispatched(loader, link->ifindex, link->name, link->place.slot,
					error);

	if (id < 0)
		return id;
	err = dispatcher_detach(link->ifindex, links_state_map(pins), id);
	if (err)
		return error_set(error, err, "cannot take the older program from libxdp's "
				 "dispatcher on %s: %s: both judge what comes in there, until "
				 "`sipguard attach %s` is run again.", link->name, strerror(-err),
				 link->name);
	err = link_note_program(pins, link->place.slot, id);
	return err ? error_set(error, err, "cannot note the program of %s: %s.", link->name,
			       strerror(-err)) : 0;
}

int hook_attach(const struct pins *pins, const struct loader *loader, const struct device *device,
		enum xdp_mode mode, struct place *place, struct hooked *hooked, struct error *error)
{
	const char *obstacle = hook_obstacle(device);
	int program, err = 1;

	*hooked = (struct hooked){.link = -1};
	if (mode == XDP_MODE_DISPATCHER)
		return attach_dispatched(pins, loader, place, hooked, error);
	if (mode != XDP_MODE_GENERIC && !obstacle)
		err = attach_xdp(loader, mode, place, hooked, error);
	else if (mode != XDP_MODE_GENERIC)
		snprintf(hooked->why, sizeof(hooked->why), "%s", obstacle);
	if (err <= 0)
		return err;
	place->judge = device_is_bare(device) ? JUDGE_BARE : JUDGE_TC;
	program = loader_judge(loader, place->judge, place->slot, error);
	if (program < 0)
		return program;
	err = attach_tc(pins, place, program, hooked, error);
	close(program);
	return err;
}
