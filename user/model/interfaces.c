// SPDX-License-Identifier: GPL-2.0-only
#include "model/interfaces.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "guard/hook.h"
#include "kernel/device.h"

/* Fewer received packets than this prove nothing: the driver's counter may be a little ahead. */
#define BLIND_RECEIVED 50
/* At tc what the driver counted as up to 128 packets may have been merged into one. */
#define BLIND_SHARE 200

const char *const link_state_names[] = {
	[LINK_HERE] = "guarded",
	[LINK_ELSEWHERE] = "in another network namespace",
	[LINK_GONE] = "gone",
	[LINK_REMOVED] = "not guarded",
};

bool interface_is_guarded(const struct interface *interface)
{
	return interface->state == LINK_HERE || interface->state == LINK_ELSEWHERE;
}

static bool is_blind(const struct interface *interface)
{
	return interface->comparable && interface->received >= BLIND_RECEIVED &&
	       interface->seen < interface->received / BLIND_SHARE + 1 &&
	       interface->seen * BLIND_SHARE < interface->received;
}

static void read_traffic(const struct counters *counters, const struct guard_link *link,
			 struct interface *interface)
{
	const struct counted *counted = &counters->counted[link->place.slot];
	struct device device;

	interface->seen = counters_seen(counters, link->place.slot);
	if (link->state != LINK_HERE || counted->shared || device_read(link->ifindex, &device) ||
	    device.received < counted->received)
		return;
	interface->comparable = true;
	interface->received = device.received - counted->received;
	interface->blind = is_blind(interface);
}

/* The guarded interface by which the same packets come in once more, or before; "" if none. */
static const char *twice(const struct link_set *links, const struct device_set *devices,
			 const struct guard_link *link)
{
	for (size_t i = 0; link->state == LINK_HERE && i < links->count; i++) {
		const struct guard_link *other = &links->link[i];

		if (other != link && other->state == LINK_HERE &&
		    (device_is_above(devices, other->ifindex, link->ifindex) ||
		     device_is_above(devices, link->ifindex, other->ifindex)))
			return other->name;
	}
	return "";
}

static const char *obstacle(const struct device_set *devices, const struct guard_link *link)
{
	for (size_t i = 0; link_mode(link) == XDP_MODE_GENERIC && i < devices->count; i++) {
		if (link->state == LINK_HERE && devices->device[i].ifindex == link->ifindex)
			return hook_obstacle(&devices->device[i]);
	}
	return NULL;
}

static void interface_read(const struct session *session, const struct counters *counters,
			   const struct device_set *devices, const struct guard_link *link,
			   struct interface *interface)
{
	*interface = (struct interface){
		.ifindex = link->ifindex,
		.state = link->state,
		.mode = link_mode(link),
		.hook = link_hook(link),
		.obstacle = obstacle(devices, link),
		.replies = egress_look(&session->pins, link),
		.judge = link->place.judge % JUDGE__MAX,
		.program_id = link->program_id,
	};
	strcpy(interface->name, link->name);
	strcpy(interface->twice, twice(&session->links, devices, link));
	read_traffic(counters, link, interface);
}

int interfaces_read(const struct session *session, const struct counters *counters,
		    struct interfaces *interfaces, struct error *error)
{
	const struct link_set *links = &session->links;
	struct device_set devices;
	int err = devices_read(&devices);

	*interfaces = (struct interfaces){};
	if (err)
		return error_set(error, err, "the kernel does not list its interfaces: %s.",
				 strerror(-err));
	interfaces->interface = calloc(links->count, sizeof(*interfaces->interface));
	if (interfaces->interface)
		interfaces->count = links->count;
	for (size_t i = 0; i < interfaces->count; i++)
		interface_read(session, counters, &devices, &links->link[i],
			       &interfaces->interface[i]);
	free(devices.device);
	return interfaces->interface ? 0 : error_set(error, -ENOMEM, "out of memory.");
}

void interfaces_free(struct interfaces *interfaces)
{
	free(interfaces->interface);
	*interfaces = (struct interfaces){};
}
