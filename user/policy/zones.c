// SPDX-License-Identifier: GPL-2.0-only
/* The zones of the configuration file, and what of them can hardly be meant. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/names.h"
#include "base/quote.h"
#include "policy/config.h"
#include "policy/config_reader.h"
#include "policy/places.h"

static int zone_read_name(struct reader *r, __u32 i)
{
	struct sg_zone *zones = r->config->kernel.zone;
	const yaml_node_t *node = document_find(&r->document, "zones/%u/name", i);
	const char *name;

	if (!node)
		return document_fail(&r->document, document_find(&r->document, "zones/%u", i),
				     "this zone has no name; give it one, like 'name: carrier'");
	name = document_text(node);
	if (!name_is_valid(name))
		return document_fail(&r->document, node, "'%s' cannot name a zone; take 1 to %d "
				     "letters, digits, '.', '_' or '-'", quote(name).text,
				     SG_ZONE_NAME - 1);
	for (__u32 other = 0; other <= i; other++)
		if (!strcmp(zones[other].name, name))
			return document_fail(&r->document, node, "there is a zone '%s' already%s; "
					     "give this one another name", name,
					     other ? "" : " (that of all sources in no zone)");
	snprintf(zones[i + 1].name, sizeof(zones[i + 1].name), "%s", name);
	zones[i + 1].id = sg_zone_id(name);
	return 0;
}

static int zone_read(struct reader *r, __u32 i)
{
	struct sg_config *kernel = &r->config->kernel;
	struct sg_profile *profile = &kernel->profile[kernel->zone[i + 1].profile];
	struct layer layer = {.document = &r->document, .place = PLACE_ZONE};
	int err;

	*profile = kernel->profile[0];
	snprintf(layer.path, sizeof(layer.path), "zones/%u", i);
	err = zone_read_name(r, i);
	if (!err)
		err = places_read(r, i);
	if (!err)
		err = prefixes_read(r, i);
	/* A known peer is often one flow: it may take all that its source may. */
	if (kernel->zone[i + 1].known)
		memcpy(profile->flow, profile->limit, sizeof(profile->flow));
	if (!err)
		err = profile_apply(r, &layer, i + 1);
	return err ? err : settings_read(r, &layer, i + 1);
}

int zones_read(struct reader *r)
{
	const yaml_node_t *list = document_find(&r->document, "zones");
	size_t zones = document_entries(list);
	int err;

	if (zones >= SG_ZONES)
		return document_fail(&r->document,
				     document_entry(&r->document, list, SG_ZONES - 1),
				     "there are %zu zones, and %d is the most; put prefixes with "
				     "the same limits into one zone", zones, SG_ZONES - 1);
	err = prefixes_begin(r);
	if (err)
		return err;
	for (__u32 i = 0; i < zones; i++) {
		err = zone_read(r, i);
		if (err)
			return err;
	}
	r->config->kernel.zones = zones;
	err = prefixes_check(r);
	return err ? err : places_settle(r);
}

/* --- doubts --- */

static bool exceeds(const struct sg_limit *limit, const struct sg_limit *other)
{
	return limit->rate > other->rate || limit->burst > other->burst;
}

/* A zone that lowers `source` and takes over the rest means it: only what it gives is looked at. */
static bool limit_is_doubtful(const struct sg_config *kernel, __u32 zone, enum sg_limit_id id,
			      char *text, size_t size)
{
	const struct sg_limit *limits = sg_profile_of(kernel, zone)->limit;
	const struct sg_limit *limit = &limits[id], *source = &limits[SG_LIMIT_SOURCE];

	if (!exceeds(limit, source) ||
	    !memcmp(limit, &sg_profile_of(kernel, 0)->limit[id], sizeof(*limit)))
		return false;
	snprintf(text, size, "zone '%s': '%s' is %u per second and %u at once, but 'source', which "
		 "counts every message, %u and %u; raise 'source', too", kernel->zone[zone].name,
		 limit_keys[id], limit->rate, limit->burst, source->rate, source->burst);
	return true;
}

static bool total_is_doubtful(const struct sg_config *kernel, __u32 zone, char *text, size_t size)
{
	const struct sg_limit *total = &kernel->total[sg_zone_total(zone)];
	const struct sg_limit *source = &sg_profile_of(kernel, zone)->limit[SG_LIMIT_SOURCE];

	if (!kernel->zone[zone].known || !exceeds(source, total))
		return false;
	snprintf(text, size, "zone '%s': 'total' is %u per second and %u at once, but 'source' of "
		 "each of its sources %u and %u; raise 'total', or one source uses it up",
		 kernel->zone[zone].name, total->rate, total->burst, source->rate, source->burst);
	return true;
}

/* What a zone says, and the strangers' profile does not, that does nothing there. */
static bool dialled_is_idle(const struct sg_config *kernel, __u32 zone, char *text, size_t size)
{
	if (kernel->dialled_count || !sg_profile_of(kernel, zone)->dialled_zones ||
	    sg_profile_of(kernel, 0)->dialled_zones)
		return false;
	snprintf(text, size, "zone '%s': 'dialled: {zones: yes}' counts nothing, since there are "
		 "no 'dialled-prefixes'; name some, or take it out", kernel->zone[zone].name);
	return true;
}

static bool priority_is_idle(const struct sg_config *kernel, __u32 zone, char *text, size_t size)
{
	if (kernel->zone[zone].known || !sg_profile_of(kernel, zone)->callee_priority ||
	    sg_profile_of(kernel, 0)->callee_priority)
		return false;
	snprintf(text, size, "zone '%s': 'callee: {priority: yes}' does nothing, since nobody is "
		 "believed without prefixes; give the zone some, or take it out",
		 kernel->zone[zone].name);
	return true;
}

/* The key of a limit that zones have to ask for, if the zone gives one and does not ask. */
static const char *unasked_limit(const struct sg_config *kernel, __u32 zone)
{
	const struct sg_profile *p = sg_profile_of(kernel, zone), *top = sg_profile_of(kernel, 0);

	if (!p->calls_zones && p->calls_most && p->calls_most != top->calls_most)
		return "calls";
	if (!p->dialog_zones && (memcmp(&p->dialog, &top->dialog, sizeof(p->dialog)) ||
				 p->dialog_grace != top->dialog_grace))
		return "dialogs";
	if (!p->dialled_zones && (p->dialled_calls != top->dialled_calls ||
				  p->dialled_window != top->dialled_window))
		return "dialled";
	return NULL;
}

static bool limit_is_unasked(const struct sg_config *kernel, __u32 zone, char *text, size_t size)
{
	const char *key = kernel->zone[zone].known ? unasked_limit(kernel, zone) : NULL;

	if (!key)
		return false;
	snprintf(text, size, "zone '%s': '%s' does nothing, since sources of zones are not looked "
		 "at; add 'zones: yes' to it, or take it out", kernel->zone[zone].name, key);
	return true;
}

bool config_lacks_zone(const struct config *config, __u32 zone, char *text, size_t size)
{
	const struct zone_file *file = &config->file[zone];

	if (file->absent)
		snprintf(text, size, "zone '%s': there is no %s, so the fleet has not published it "
			 "to this host yet, and whoever is to be in it is a stranger until then",
			 config->kernel.zone[zone].name, file->path);
	return file->absent;
}

/* By the number of the doubt: of each limit, in place of SOURCE of the total, and four more. */
#define ZONE_DOUBTS (SG_LIMIT__MAX + 4)

static bool zone_is_doubtful(const struct config *config, __u32 zone, __u32 doubt, char *text,
			     size_t size)
{
	const struct sg_config *kernel = &config->kernel;

	switch (doubt) {
	case SG_LIMIT_SOURCE:
		return total_is_doubtful(kernel, zone, text, size);
	case SG_LIMIT__MAX:
		return dialled_is_idle(kernel, zone, text, size);
	case SG_LIMIT__MAX + 1:
		return priority_is_idle(kernel, zone, text, size);
	case SG_LIMIT__MAX + 2:
		return limit_is_unasked(kernel, zone, text, size);
	case SG_LIMIT__MAX + 3:
		return config_lacks_zone(config, zone, text, size);
	}
	return limit_is_doubtful(kernel, zone, doubt, text, size);
}

static bool profile_is_doubtful(const struct config *config, size_t *next, char *text,
				size_t size)
{
	size_t before = config->kernel.zones * ZONE_DOUBTS;

	while (*next - before < config->profile_count) {
		size_t i = (*next)++ - before;

		if (config->profile[i].used)
			continue;
		snprintf(text, size, "profile '%s' is not used; give a zone 'profile: %s', or take "
			 "it out", config->profile[i].name, config->profile[i].name);
		return true;
	}
	return false;
}

static bool fields_are_doubtful(const struct config *config, size_t *next, char *text, size_t size)
{
	const struct sg_config *kernel = &config->kernel;

	if (*next != kernel->zones * ZONE_DOUBTS + config->profile_count ||
	    !kernel->names.count || kernel->topology)
		return false;
	++*next;
	snprintf(text, size, "'topology-fields' has header fields, and 'topology' is off for all; "
		 "write 'topology: mask' for those to whom they are not to be told");
	return true;
}

/* Of each zone, then of the profiles and of header fields. */
bool config_doubt(const struct config *config, size_t *next, char *text, size_t size)
{
	const struct sg_config *kernel = &config->kernel;

	while (*next < kernel->zones * ZONE_DOUBTS) {
		__u32 zone = 1 + *next / ZONE_DOUBTS, doubt = (*next)++ % ZONE_DOUBTS;

		if (zone_is_doubtful(config, zone, doubt, text, size))
			return true;
	}
	return profile_is_doubtful(config, next, text, size) ||
	       fields_are_doubtful(config, next, text, size);
}
