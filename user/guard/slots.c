// SPDX-License-Identifier: GPL-2.0-only
#include "guard/slots.h"

#include <stdio.h>
#include <string.h>

#include <bpf/bpf.h>

#include "kernel/device.h"

void slots_add(struct slots *slots, __u32 number, __u32 ifindex, const char *name, bool native)
{
	struct slot *slot = &slots->slot[slots->count];

	if (slots->count == SLOTS_MOST)
		return;
	*slot = (struct slot){.number = number, .ifindex = ifindex, .native = native};
	snprintf(slot->name, sizeof(slot->name), "%s", name);
	slots->count++;
}

void slots_of_links(struct slots *slots, const struct link_set *links)
{
	slots->count = 0;
	for (size_t i = 0; i < links->count; i++) {
		const struct guard_link *link = &links->link[i];

		if (!link->ifindex || slots->count == SLOTS_MOST)
			continue;
		slots_add(slots, link->place.slot, link->ifindex, link->name,
			  link->state == LINK_HERE && link_mode(link) == XDP_MODE_NATIVE);
		slots->slot[slots->count - 1].elsewhere = link->state == LINK_ELSEWHERE;
	}
}

void slots_recall(struct slots *slots, const struct sg_places *places)
{
	for (size_t i = 0; i < slots->count; i++) {
		struct slot *slot = &slots->slot[i];
		__u8 known = places->interface_of[slot->number % SG_INTERFACES];

		if (slot->elsewhere && known)
			snprintf(slot->name, sizeof(slot->name), "%s",
				 places->interface[known % SG_ZONE_INTERFACES]);
	}
}

/* Whether somebody else has the place. */
static bool is_shared(const struct slots *slots, const struct slot *slot)
{
	for (size_t i = 0; i < slots->count; i++) {
		if (&slots->slot[i] != slot && slots->slot[i].number == slot->number)
			return true;
	}
	return false;
}

static __u8 number_of(const struct sg_places *places, const char *name)
{
	for (__u32 number = 1; number < SG_ZONE_INTERFACES; number++) {
		if (!strncmp(places->interface[number], name, SG_INTERFACE_NAME))
			return number;
	}
	return 0;
}

/* Whether one of another namespace has the same index, and zones tell the two apart. */
static bool is_ambiguous(const struct slots *slots, const struct slot *slot,
			 const struct sg_places *places)
{
	for (size_t i = 0; i < slots->count; i++) {
		const struct slot *other = &slots->slot[i];

		if (other->ifindex == slot->ifindex && other->number != slot->number &&
		    number_of(places, other->name) != number_of(places, slot->name))
			return true;
	}
	return false;
}

void slots_write(const struct slots *slots, struct sg_places *places)
{
	__u8 numbers[SG_INTERFACES] = {};

	for (size_t i = 0; i < slots->count; i++) {
		const struct slot *slot = &slots->slot[i];

		if (slot->number < SG_INTERFACES && !is_shared(slots, slot))
			numbers[slot->number] = number_of(places, slot->name);
	}
	/* Byte by byte: packets may read them. */
	for (__u32 number = 0; number < SG_INTERFACES; number++)
		__atomic_store_n(&places->interface_of[number], numbers[number], __ATOMIC_RELAXED);
}

/* Takes out the numbers of interfaces that are not guarded any more, or the map would fill up. */
static void forget_others(const struct slots *slots, int map)
{
	__u32 gone[SLOTS_MOST], ifindex, *last = NULL;
	size_t count = 0, i;

	while (count < SLOTS_MOST && !bpf_map_get_next_key(map, last, &ifindex)) {
		for (i = 0; i < slots->count && slots->slot[i].ifindex != ifindex; i++)
			;
		if (i == slots->count)
			gone[count++] = ifindex;
		last = &ifindex;
	}
	while (count)
		bpf_map_delete_elem(map, &gone[--count]);
}

int slots_settle(const struct slots *slots, struct maps *maps, struct error *error)
{
	struct sg_places *places = places_in_force(maps);
	int err = 0, map = maps->fd[MAP_SLOTS];

	forget_others(slots, map);
	for (size_t i = 0; i < slots->count && !err; i++) {
		const struct slot *slot = &slots->slot[i];
		__u32 number = is_ambiguous(slots, slot, places) ? SG_INTERFACES : slot->number;

		err = bpf_map_update_elem(map, &slot->ifindex, &number, BPF_ANY);
	}
	slots_write(slots, places);
	if (err)
		error_set(error, err, "cannot tell the guard which interface is which: %s.",
			  strerror(-err));
	return err;
}

static const struct slot *slot_named(const struct slots *slots, const char *name)
{
	for (size_t i = 0; i < slots->count; i++) {
		if (!strcmp(slots->slot[i].name, name))
			return &slots->slot[i];
	}
	return NULL;
}

/* Whether a zone is on a VLAN at this interface. */
static bool has_vlan(const struct sg_config *config, const struct slot *slot)
{
	__u8 number = number_of(&config->places, slot->name);

	for (__u32 zone = 1; zone <= config->zones; zone++) {
		const struct sg_zone *z = &config->zone[zone];

		if (z->vlans && (!z->interfaces || z->interfaces >> number & 1))
			return true;
	}
	return false;
}

static bool doubt_interface(const struct slots *slots, const struct sg_places *places,
			    const char *name, char *text, size_t size)
{
	const struct slot *slot = slot_named(slots, name);

	if (!slot)
		snprintf(text, size, "zones name the interface %s, which is not guarded, and what "
			 "comes in by others is not theirs: correct the name and `sipguard "
			 "reload`, or `sipguard attach %s`", name, name);
	else if (is_shared(slots, slot))
		snprintf(text, size, "zones name the interface %s, which shares its counters with "
			 "others and so cannot be told from them: detach those that need no "
			 "guard, and attach it again", name);
	else if (is_ambiguous(slots, slot, places))
		snprintf(text, size, "the interface %s has the index of one in another network "
			 "namespace that is of other zones, so their replies cannot be told "
			 "apart, and go by what zones without interfaces say", name);
	else
		return false;
	return true;
}

static bool doubt_tags(const struct slot *slot, const struct sg_config *config, char *text,
		       size_t size)
{
	if (!slot->native || !has_vlan(config, slot) || !device_takes_tags_off(slot->name))
		return false;
	snprintf(text, size, "zones name VLANs, and %s takes the tags off before the guard sees "
		 "them: `ethtool -K %s rxvlan off` (of a veth: txvlan off at its other end), or "
		 "detach it and attach it with --xdp generic", slot->name, slot->name);
	return true;
}

bool slots_doubt(const struct slots *slots, const struct sg_config *config, size_t *next,
		 char *text, size_t size)
{
	while (*next < SG_ZONE_INTERFACES + slots->count) {
		size_t i = (*next)++;

		if (i < SG_ZONE_INTERFACES
			    ? *config->places.interface[i] &&
				      doubt_interface(slots, &config->places,
						      config->places.interface[i], text, size)
			    : doubt_tags(&slots->slot[i - SG_ZONE_INTERFACES], config, text, size))
			return true;
	}
	return false;
}
