// SPDX-License-Identifier: GPL-2.0-only
/* attach: looks at each interface before anything is changed. */
#include <errno.h>
#include <string.h>

#include "base/notice.h"
#include "cmd/attach.h"
#include "guard/preflight.h"
#include "kernel/netns.h"

const struct guard_link *link_of(const struct link_set *links, __u32 ifindex)
{
	for (size_t i = 0; i < links->count; i++) {
		const struct guard_link *link = &links->link[i];

		if ((link->state == LINK_HERE || link->state == LINK_REMOVED) &&
		    link->ifindex == ifindex)
			return link;
	}
	return NULL;
}

/* What a dead link was attached to had this name. */
bool is_replaced(const struct guard_link *link, const struct target *target)
{
	return !target->running && link->state == LINK_GONE &&
	       strcmp(link->name, target->device.name) == 0;
}

static int refuse_stacked(const struct device_set *devices, const struct device *device,
			  __u32 ifindex, const char *name, struct error *error)
{
	bool above = device_is_above(devices, device->ifindex, ifindex);

	if (!above && !device_is_above(devices, ifindex, device->ifindex))
		return 0;
	return error_set(error, -EBUSY, "%s is %s %s, so what comes in would be judged and charged "
			 "twice: guard only one of them, and detach the other one first if it is "
			 "guarded.", device->name, above ? "above" : "below", name);
}

/* No packet shall pass two guards. */
static int check_stacked(struct attach *a, const struct target *target)
{
	const struct link_set *links = &a->session.links;
	int err = 0;

	for (size_t i = 0; !err && i < links->count; i++) {
		if (links->link[i].state == LINK_HERE)
			err = refuse_stacked(&a->devices, &target->device, links->link[i].ifindex,
					     links->link[i].name, &a->error);
	}
	for (const struct target *other = a->target; !err && other < target; other++)
		err = refuse_stacked(&a->devices, &target->device, other->device.ifindex,
				     other->device.name, &a->error);
	return err;
}

static bool slot_is_used(const struct attach *a, const struct target *target, __u32 slot)
{
	for (size_t i = 0; i < a->session.links.count; i++) {
		if (a->session.links.link[i].place.slot == slot)
			return true;
	}
	for (const struct target *other = a->target; other < target; other++) {
		if (other->place.slot == slot)
			return true;
	}
	return false;
}

/* A free place among the counters. */
static __u32 slot_find(const struct attach *a, const struct target *target)
{
	for (__u32 slot = 0; slot < SG_INTERFACES - 1; slot++) {
		if (!slot_is_used(a, target, slot))
			return slot;
	}
	if (slot_is_used(a, target, SG_INTERFACES - 1))
		notice("%s is beyond the %d interfaces whose packets are counted one by one: it is "
		       "guarded as the others are, and shares the last of their counters.",
		       target->device.name, SG_INTERFACES);
	return SG_INTERFACES - 1;
}

static int target_make_new(struct attach *a, struct target *target)
{
	const struct device *device = &target->device;
	enum xdp_mode mode = a->options->xdp;
	int err = hook_check(device, mode, &a->error);

	if (!err && mode != XDP_MODE_GENERIC && !hook_obstacle(device))
		err = preflight_xdp(device->name, mode, &a->error);
	if (!err)
		err = check_stacked(a, target);
	if (err)
		return err;
	target->blind = true;
	target->place = (struct place){.ifindex = device->ifindex, .netns = netns_here(),
				       .slot = slot_find(a, target)};
	strcpy(target->place.name, device->name);
	return 0;
}

static int target_make_running(struct attach *a, struct target *target)
{
	const struct guard_link *link = target->running;

	target->place = link->place;
	strcpy(target->pin, link->pin);
	target->blind = egress_look(&a->session.pins, link) == EGRESS_MISSING;
	if (a->options->xdp == XDP_MODE_AUTO || a->options->xdp == link_mode(link))
		return 0;
	return error_set(&a->error, -EEXIST, "%s is guarded in %s mode already: detach it first to "
			 "change that.", target->device.name, xdp_mode_names[link_mode(link)]);
}

enum exit_code target_make(struct attach *a, const char *argument, struct target *target)
{
	__u32 ifindex = if_nametoindex(argument);
	int err;

	*target = (struct target){};
	if (!ifindex || device_read(ifindex, &target->device)) {
		error_set(&a->error, -ENODEV, "there is no interface %s here: `ip link` lists "
			  "those there are.", argument);
		return failed(&a->error);
	}
	for (struct target *other = a->target; other < target; other++) {
		if (other->device.ifindex == ifindex)
			return usage("%s is named twice.", target->device.name);
	}
	target->running = link_of(&a->session.links, ifindex);
	err = target->running ? target_make_running(a, target) : target_make_new(a, target);
	return err ? failed(&a->error) : DONE;
}

bool targets_upgrade(const struct attach *a)
{
	if (!pins_exist(&a->session.pins, reply_names[REPLY_ETHERNET]) &&
	    !pins_exist(&a->session.pins, reply_names[REPLY_BARE]))
		return true;
	for (int i = 0; i < a->count; i++) {
		if (a->target[i].running)
			return true;
	}
	return false;
}

/* What is out of reach stays as it is. */
int targets_dispatch(struct attach *a)
{
	int err = 0;

	for (size_t i = 0; a->upgrade && !err && i < a->session.links.count; i++) {
		const struct guard_link *link = &a->session.links.link[i];

		if (link->kind == LINK_DISPATCHED &&
		    (link->state == LINK_HERE || link->state == LINK_REMOVED))
			err = hook_dispatch(&a->session.pins, &a->loader, link, &a->error);
	}
	return err;
}

void targets_listen(struct attach *a)
{
	for (int i = 0; i < a->count; i++) {
		if (!a->target[i].running)
			maps_listen_anew(&a->session.maps);
	}
}
