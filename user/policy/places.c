// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where zones are. A packet comes in at an interface and on a VLAN. Each of these that a zone names
 * has a number, all others are 0; so there is a table of places, and at each of them a set of
 * zones. The trie has the prefixes of each set by themselves: a packet costs one lookup, however
 * many zones and places there are.
 */
#include "policy/places.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/quote.h"

#define VLAN_MOST 4094 /* IEEE 802.1Q; 0 is no VLAN, 4095 reserved */

/* --- reading --- */

/* As the kernel's dev_valid_name(). */
static bool is_interface(const char *name)
{
	size_t length = strlen(name);

	return length && length < SG_INTERFACE_NAME && !strpbrk(name, "/: \t\n\v\f\r") &&
	       strcmp(name, ".") && strcmp(name, "..");
}

static int interface_read(struct reader *r, struct sg_zone *zone, const yaml_node_t *node)
{
	struct sg_places *places = &r->config->kernel.places;
	const char *name = document_text(node);
	__u32 number = 1;

	if (!is_interface(name))
		return document_fail(&r->document, node, "'%s' cannot be the name of an interface; "
				     "`ip link` shows those there are", quote(name).text);
	while (number < SG_ZONE_INTERFACES && *places->interface[number] &&
	       strcmp(places->interface[number], name))
		number++;
	if (number == SG_ZONE_INTERFACES)
		return document_fail(&r->document, node, "the zones name more than %d interfaces; "
				     "leave out those whose sources their prefixes tell",
				     SG_ZONE_INTERFACES - 1);
	strcpy(places->interface[number], name);
	zone->interfaces |= 1ULL << number;
	return 0;
}

static int vlan_read(struct reader *r, struct sg_zone *zone, const yaml_node_t *node)
{
	struct sg_places *places = &r->config->kernel.places;
	__u64 id = strtoull(document_text(node), NULL, 10);
	__u32 number = 1;

	if (id < 1 || id > VLAN_MOST)
		return document_fail(&r->document, node, "VLAN %llu is out of range; their IDs are "
				     "1 to %d", id, VLAN_MOST);
	while (number < SG_ZONE_VLANS && places->vlan[number] && places->vlan[number] != id)
		number++;
	if (number == SG_ZONE_VLANS)
		return document_fail(&r->document, node, "the zones name more than %d VLANs; have "
				     "zones of alike VLANs share their limits without naming them",
				     SG_ZONE_VLANS - 1);
	places->vlan[number] = id;
	places->vlan_of[id] = number;
	zone->vlans |= 1U << number;
	return 0;
}

static int list_read(struct reader *r, __u32 i, const char *key,
		     int (*entry_read)(struct reader *, struct sg_zone *, const yaml_node_t *))
{
	const yaml_node_t *list = document_find(&r->document, "zones/%u/%s", i, key);
	int err = 0;

	if (list && !document_entries(list))
		return document_fail(&r->document, list, "'%s' is empty; name one, or take the key "
				     "out if the zone is everywhere", key);
	for (size_t entry = 0; entry < document_entries(list) && !err; entry++)
		err = entry_read(r, &r->config->kernel.zone[i + 1],
				 document_entry(&r->document, list, entry));
	return err;
}

int places_read(struct reader *r, __u32 i)
{
	int err = list_read(r, i, "interfaces", interface_read);

	return err ? err : list_read(r, i, "vlans", vlan_read);
}

/* --- comparing --- */

bool places_names_any(const struct sg_zone *zone)
{
	return zone->interfaces || zone->vlans;
}

/* How closely a zone says where it is. */
static int closeness(const struct sg_zone *zone)
{
	return !!zone->interfaces + !!zone->vlans;
}

static bool meet(__u64 one, __u64 other)
{
	return !one || !other || one & other;
}

bool places_collide(const struct sg_zone *one, const struct sg_zone *other)
{
	return closeness(one) == closeness(other) && meet(one->interfaces, other->interfaces) &&
	       meet(one->vlans, other->vlans);
}

/* --- who is in no other zone --- */

/*
 * Whether a zone says what holds for the strangers where it is: it has no prefixes, or lets none
 * of them in.
 */
static bool has_strangers(const struct sg_config *kernel, __u32 zone)
{
	const struct sg_zone *z = &kernel->zone[zone];

	return !z->known || (sg_profile_of(kernel, zone)->closed && places_names_any(z));
}

static size_t count_prefixes(const struct config *config, __u32 zone)
{
	size_t count = 0;

	for (size_t i = 0; i < config->prefix_count; i++)
		count += config->prefixes[i].zone == zone;
	return count;
}

/*
 * Where only zones may send, a file of the fleet that is not there would lock out those who are in
 * it. One that is empty was withdrawn; where it has the only prefixes, it would lock out all.
 */
static int check_file(struct reader *r, __u32 zone)
{
	const struct config *config = r->config;
	const struct zone_file *file = &config->file[zone];
	const yaml_node_t *node = document_find(&r->document, "zones/%u/prefixes-file", zone - 1);

	if (!file->path[0] || !sg_profile_of(&config->kernel, zone)->closed)
		return 0;
	if (file->absent)
		return document_fail(&r->document, node, "zone '%s' is closed, and there is no %s, "
				     "so who is to be in it could not send anything; have the "
				     "fleet publish it first, or say 'closed: no' until then",
				     config->kernel.zone[zone].name, file->path);
	if (places_names_any(&config->kernel.zone[zone]) ? !count_prefixes(config, zone)
							 : !config->prefix_count)
		return document_fail(&r->document, node, "zone '%s' is closed, and %s has no "
				     "prefix, so nobody could send anything there; take the zone "
				     "out, or say 'closed: no'", config->kernel.zone[zone].name,
				     file->path);
	return 0;
}

static int check_closed(struct reader *r, __u32 zone)
{
	const struct sg_config *kernel = &r->config->kernel;
	const struct sg_zone *z = &kernel->zone[zone];
	const yaml_node_t *node = document_find(&r->document, "zones/%u", zone - 1);

	if (!sg_profile_of(kernel, zone)->closed)
		return 0;
	if (!z->known)
		return document_fail(&r->document, node, "zone '%s' is closed and has no prefixes, "
				     "so nobody could send anything there; give it prefixes, or "
				     "'closed: no' if the top of the file is closed", z->name);
	if (!places_names_any(z) && !sg_profile_of(kernel, 0)->closed)
		return document_fail(&r->document, node, "zone '%s' is closed and names neither "
				     "interfaces nor vlans, so nobody else could send anything "
				     "anywhere; name them, or give the top of the file 'closed: "
				     "yes' if that is meant", z->name);
	return 0;
}

static int check_strangers(struct reader *r, __u32 zone)
{
	const struct sg_config *kernel = &r->config->kernel;

	for (__u32 other = 1; other < zone && has_strangers(kernel, zone); other++) {
		if (!has_strangers(kernel, other) ||
		    !places_collide(&kernel->zone[other], &kernel->zone[zone]) ||
		    (kernel->zone[other].known && kernel->zone[zone].known))
			continue;
		return document_fail(&r->document,
				     document_find(&r->document, "zones/%u", zone - 1),
				     "zone '%s' says who else may send where zone '%s' does, too; "
				     "name other interfaces or vlans in one of them, or say "
				     "'closed: no' in the one that is closed",
				     kernel->zone[zone].name, kernel->zone[other].name);
	}
	return 0;
}

/* The key, or that of the profile that has it. */
static const yaml_node_t *closed_at_top(const struct reader *r)
{
	const yaml_node_t *node = document_find(&r->document, "closed");

	return node ? node : document_find(&r->document, "profile");
}

static int check_all(struct reader *r)
{
	const struct sg_config *kernel = &r->config->kernel;
	int err = 0;

	if (sg_profile_of(kernel, 0)->closed && !kernel->zones)
		return document_fail(&r->document, closed_at_top(r),
				     "only zones may send anything ('closed'), and there is none; "
				     "add one, or say 'closed: no'");
	for (__u32 zone = 1; zone <= kernel->zones && !err; zone++) {
		err = check_closed(r, zone);
		if (!err)
			err = check_file(r, zone);
		if (!err)
			err = check_strangers(r, zone);
	}
	return err;
}

/* --- the table and the trie --- */

/* The zones at a place, as bits. */
static __u16 zones_at(const struct sg_config *kernel, __u32 interface, __u32 vlan)
{
	__u16 zones = 0;

	for (__u32 zone = 1; zone <= kernel->zones; zone++) {
		const struct sg_zone *z = &kernel->zone[zone];

		if ((!z->interfaces || z->interfaces >> interface & 1) &&
		    (!z->vlans || z->vlans >> vlan & 1))
			zones |= 1U << zone;
	}
	return zones;
}

/* Fills in the table. Each set of zones once in sets[]; their number. */
static size_t settle_table(struct sg_config *kernel, __u16 *sets)
{
	struct sg_places *places = &kernel->places;
	size_t count = 0, i;

	for (__u32 interface = 0; interface < SG_ZONE_INTERFACES; interface++) {
		for (__u32 vlan = 0; vlan < SG_ZONE_VLANS; vlan++) {
			__u16 zones = zones_at(kernel, interface, vlan);

			places->zones[interface][vlan] = zones;
			for (i = 0; i < count && sets[i] != zones; i++)
				;
			if (i == count && zones)
				sets[count++] = zones;
		}
	}
	return count;
}

static void add(struct config *config, __u16 here, const struct sg_prefix6 *prefix, __u32 value)
{
	struct zone_entry *entry = &config->entries[config->entry_count++];

	*entry = (struct zone_entry){.key = {.length = SG_ZONE_HERE, .here = here}, .value = value};
	if (!prefix)
		return;
	entry->key.length += prefix->length;
	memcpy(entry->key.address, prefix->address, sizeof(entry->key.address));
}

/* What the trie has where one set of zones is: who names the place more closely comes later. */
static void add_set(struct config *config, __u16 here)
{
	const struct sg_config *kernel = &config->kernel;

	for (int close = 0; close <= 2; close++) {
		for (__u32 zone = 1; zone <= kernel->zones; zone++)
			if (here >> zone & 1 && closeness(&kernel->zone[zone]) == close &&
			    has_strangers(kernel, zone))
				add(config, here, NULL, zone);
		for (size_t i = 0; i < config->prefix_count; i++) {
			const struct zone_prefix *p = &config->prefixes[i];

			if (here >> p->zone & 1 && closeness(&kernel->zone[p->zone]) == close)
				add(config, here, &p->prefix, p->zone | SG_ZONE_KNOWN);
		}
	}
}

static size_t count_set(const struct config *config, __u16 here)
{
	size_t count = 0;

	for (__u32 zone = 1; zone <= config->kernel.zones; zone++)
		count += here >> zone & 1 && has_strangers(&config->kernel, zone);
	for (size_t i = 0; i < config->prefix_count; i++)
		count += here >> config->prefixes[i].zone & 1;
	return count;
}

int places_settle(struct reader *r)
{
	__u16 sets[SG_ZONE_INTERFACES * SG_ZONE_VLANS] = {};
	struct config *config = r->config;
	size_t count = settle_table(&config->kernel, sets), room = 0;
	int err = check_all(r);

	if (err)
		return err;
	for (size_t i = 0; i < count; i++)
		room += count_set(config, sets[i]);
	if (room > SG_ZONE_ENTRIES)
		return document_fail(&r->document, document_find(&r->document, "zones"),
				     "the zones have %zu prefixes together, each counted once for "
				     "every set of zones that share a place, and %d is the most; "
				     "name fewer places, or use shorter prefixes", room,
				     SG_ZONE_ENTRIES);
	config->entries = calloc(room + 1, sizeof(*config->entries));
	if (!config->entries)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		add_set(config, sets[i]);
	return 0;
}
