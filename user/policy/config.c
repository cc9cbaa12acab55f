// SPDX-License-Identifier: GPL-2.0-only
/* What the configuration file means: ranges, inheritance, and rules between several keys. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/names.h"
#include "base/prefix.h"
#include "base/quote.h"
#include "defaults.h"
#include "policy/config.h"
#include "policy/config_schema.h"
#include "policy/document.h"

#define PATH_SIZE 96

struct reader {
	struct document document;
	const struct file *file;
	struct config *config;
	__u64 tick; /* ns */
};

static const char *const port_keys[FILE_PORT__MAX] = {
#define X(name, key) [FILE_PORT_##name] = key,
	CONFIG_PORTS(X)
#undef X
};

static const __u8 port_roles[FILE_PORT__MAX] = {
#define X(name, key) [FILE_PORT_##name] = SG_PORT_##name,
	CONFIG_PORTS(X)
#undef X
};

/* --- ports --- */

static int ports_read_list(struct reader *r, enum file_port which, const struct file_list *list)
{
	__u8 *port = r->config->kernel.port;
	const yaml_node_t *node;

	if (!document_find(&r->document, "ports/%s", port_keys[which]))
		return 0;
	for (__u32 i = 0; i < SG_PORTS; i++)
		port[i] &= ~port_roles[which];
	for (__u32 i = 0; i < list->count; i++) {
		__u64 number = list->item[i];

		node = document_find(&r->document, "ports/%s/%u", port_keys[which], i);
		if (number < 1 || number >= SG_PORTS)
			return document_fail(&r->document, node, "port %llu is out of range; ports "
					     "are 1 to %d", number, SG_PORTS - 1);
		if (port[number] & port_roles[which])
			return document_fail(&r->document, node, "port %llu is under '%s' already; "
					     "take one of the two out", number, port_keys[which]);
		port[number] |= port_roles[which];
	}
	return 0;
}

/* A TCP payload is either readable or not. */
static int ports_check_tls(const struct reader *r, enum file_port which)
{
	const struct file_list *list = &r->file->ports->of[which];

	for (__u32 i = 0; i < list->count; i++)
		if (r->config->kernel.port[list->item[i]] & SG_PORT_TCP &&
		    r->config->kernel.port[list->item[i]] & SG_PORT_TLS)
			return document_fail(&r->document,
					     document_find(&r->document, "ports/%s/%u",
							   port_keys[which], i),
					     "port %llu is under both tcp and tls (5060 and 5061 "
					     "are there unless you give the list); take it out of "
					     "one",
					     list->item[i]);
	return 0;
}

static int ports_read(struct reader *r)
{
	int err = 0;

	if (!r->file->ports)
		return 0;
	for (int i = 0; i < FILE_PORT__MAX && !err; i++)
		err = ports_read_list(r, i, &r->file->ports->of[i]);
	if (!err)
		err = ports_check_tls(r, FILE_PORT_TLS);
	if (!err)
		err = ports_check_tls(r, FILE_PORT_TCP);
	if (err)
		return err;
	for (__u32 i = 0; i < SG_PORTS; i++)
		if (r->config->kernel.port[i])
			return 0;
	return document_fail(&r->document, document_find(&r->document, "ports"),
			     "no port is left to guard; name at least one");
}

/* --- limits --- */

/*
 * The smallest burst that holds the rate. The guard's clock stands still for a tick, and only what
 * the burst allows passes meanwhile: what the rate gives in a tick, and one more, since the TAT is
 * not on the edge of a tick. With 1 alone a rate of 99 at ticks of 10 ms would be one of 50. Where
 * a tick is under a tenth of the interval, 1 is enough: it costs less than a tenth of the rate.
 */
static __u64 burst_min(__u64 rate, __u64 tick)
{
	__u64 share = rate * tick; /* messages in a tick, times 10^9 */

	if (share <= SG_NSEC_PER_SEC / 10)
		return 1;
	return 1 + (share + SG_NSEC_PER_SEC - 1) / SG_NSEC_PER_SEC;
}

/* `limit` holds what is inherited. `path` is that of the limit in the file. */
static int limit_read(struct reader *r, const struct file_limit *given, struct sg_limit *limit,
		      const char *path)
{
	const yaml_node_t *rate_node, *burst_node;
	__u64 rate, burst;

	if (!given)
		return 0;
	rate = given->rate ? *given->rate : limit->rate;
	burst = given->burst ? *given->burst : limit->burst;
	rate_node = document_find(&r->document, "%s/rate", path);
	burst_node = document_find(&r->document, "%s/burst", path);
	if (rate < 1 || rate > SG_RATE_MAX)
		return document_fail(&r->document, rate_node, "a rate of %llu is out of range; it "
				     "is 1 to %d per second", rate, SG_RATE_MAX);
	if (burst < 1 || burst > SG_BURST_MAX)
		return document_fail(&r->document, burst_node, "a burst of %llu is out of range; "
				     "it is 1 to %d", burst, SG_BURST_MAX);
	if (burst < burst_min(rate, r->tick))
		return document_fail(&r->document, burst_node ? burst_node : rate_node,
				     "a burst of %llu cannot hold a rate of %llu per second, since "
				     "this kernel's clock moves in steps of %llu ms; make the "
				     "burst %llu or more", burst, rate, r->tick / 1000000,
				     burst_min(rate, r->tick));
	*limit = sg_limit_of(rate, burst);
	return 0;
}

/* `under` is the path of the mapping in the file, whose keys are `keys`. */
static int limits_read(struct reader *r, struct file_limit *const *given, struct sg_limit *limit,
		       const char *const *keys, __u32 count, const char *under)
{
	char path[PATH_SIZE];
	int err = 0;

	for (__u32 i = 0; i < count && !err; i++) {
		snprintf(path, sizeof(path), "%s/%s", under, keys[i]);
		err = limit_read(r, given[i], &limit[i], path);
	}
	return err;
}

/* --- what flows are known for, and banned for --- */

#define THRESHOLD_MAX 100000
#define SECONDS_MAX 86400

/* *seconds stays what it is if the file does not say. */
static int seconds_read(struct reader *r, const __u64 *given, const char *path, __u32 *seconds)
{
	if (!given)
		return 0;
	if (*given < 1 || *given > SECONDS_MAX)
		return document_fail(&r->document, document_find(&r->document, "%s", path),
				     "%llu is out of range; it is 1 to %d seconds", *given,
				     SECONDS_MAX);
	*seconds = *given;
	return 0;
}

#define LIVE_MAX 1000000

/* `profile` holds what is inherited. `under` is the path of the mapping in the file. */
static int connections_read(struct reader *r, const struct file_connections *given,
			    struct sg_profile *profile, const char *under)
{
	char path[PATH_SIZE];
	int err;

	if (!given)
		return 0;
	snprintf(path, sizeof(path), "%s/new", under);
	err = limit_read(r, given->fresh, &profile->connect, path);
	if (err)
		return err;
	snprintf(path, sizeof(path), "%s/live", under);
	if (given->live && (*given->live < 1 || *given->live > LIVE_MAX))
		return document_fail(&r->document, document_find(&r->document, "%s", path),
				     "%llu is out of range; a source may have 1 to %d connections",
				     *given->live, LIVE_MAX);
	if (given->live)
		profile->live = *given->live;
	snprintf(path, sizeof(path), "%s/segments", under);
	err = limit_read(r, given->segments, &profile->segment, path);
	if (err)
		return err;
	profile->connect = sg_connect_limit_of(profile->connect.rate, profile->connect.burst,
					       profile->live);
	snprintf(path, sizeof(path), "%s/first-data", under);
	return seconds_read(r, given->first_data, path, &r->config->kernel.first_data);
}

static int ban_read(struct reader *r, enum sg_offence offence)
{
	const struct file_ban *given = r->file->bans->of[offence];
	struct sg_ban_rule *rule = &r->config->kernel.ban[offence];
	__u64 most = offence == SG_OFFENCE_ENUMERATION ? SG_ASKED : THRESHOLD_MAX;
	__u32 threshold = rule->threshold, window = rule->window, seconds = rule->seconds;
	char path[PATH_SIZE];
	int err;

	if (!given)
		return 0;
	snprintf(path, sizeof(path), "bans/%s/threshold", offence_keys[offence]);
	if (given->threshold && (*given->threshold < 2 || *given->threshold > most))
		return document_fail(&r->document, document_find(&r->document, "%s", path),
				     "a threshold of %llu is out of range; it is 2 to %llu",
				     *given->threshold, most);
	if (given->threshold)
		threshold = *given->threshold;
	snprintf(path, sizeof(path), "bans/%s/window", offence_keys[offence]);
	err = seconds_read(r, given->window, path, &window);
	snprintf(path, sizeof(path), "bans/%s/time", offence_keys[offence]);
	if (!err && given->time && !seconds)
		return document_fail(&r->document, document_find(&r->document, "%s", path),
				     "'%s' has no time: nobody is banned for it, what goes on is "
				     "dropped until the window has room again",
				     offence_keys[offence]);
	if (!err)
		err = seconds_read(r, given->time, path, &seconds);
	if (!err)
		*rule = sg_ban_rule_of(threshold, window, seconds);
	return err;
}

static int conduct_read(struct reader *r)
{
	const struct file *file = r->file;
	struct sg_config *kernel = &r->config->kernel;
	int err = 0;

	if (file->proven)
		err = seconds_read(r, file->proven->call, "proven/call", &kernel->proven_call);
	if (file->proven && file->proven->unchallenged)
		kernel->proven_unchallenged = *file->proven->unchallenged;
	if (!err && file->greylist)
		err = seconds_read(r, file->greylist->hold, "greylist/hold",
				   &kernel->greylist_hold);
	for (int i = 0; !err && file->bans && i < SG_OFFENCE__MAX; i++)
		err = ban_read(r, i);
	return err;
}

/* --- validation --- */

#define CAP_MAX 65535  /* no datagram is longer */

static int caps_read(struct reader *r)
{
	__u32 *cap = (__u32 *)&r->config->kernel.profile[0].caps;
	__u64 *const *given = r->file->validation->cap;

	for (int i = 0; i < SIP_CAP__MAX; i++) {
		__u64 most = i == SIP_CAP_fields ? SIP_FIELDS_MAX : CAP_MAX;

		if (!given[i])
			continue;
		if (*given[i] < 1 || *given[i] > most)
			return document_fail(&r->document,
					     document_find(&r->document, "validation/%s",
							   cap_keys[i]),
					     "%llu is out of range; '%s' is 1 to %llu", *given[i],
					     cap_keys[i], most);
		cap[i] = *given[i];
	}
	return 0;
}

/* The preset comes before the modes of single reasons, which the file knows better. */
static int validation_read(struct reader *r)
{
	const struct file_validation *validation = r->file->validation;
	struct sg_config *kernel = &r->config->kernel;

	if (!validation)
		return 0;
	if (validation->preset && *validation->preset == PRESET_STRICT) {
		for (int i = 0; i < SG_REASON__MAX; i++)
			kernel->profile[0].mode[i] = reason_texts[i].strict;
	}
	return caps_read(r);
}

static void modes_read(struct reader *r)
{
	const struct file_modes *modes = r->file->modes;

	for (int i = 0; modes && i < SG_REASON__MAX; i++)
		if (modes->of[i])
			r->config->kernel.profile[0].mode[i] = *modes->of[i];
}

/* --- zones --- */

/* Names stand in tables, JSON and shell commands. */
static bool name_is_valid(const char *name)
{
	size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "0123456789._-");

	return length && length < SG_ZONE_NAME && !name[length];
}

static int zone_read_name(struct reader *r, __u32 i)
{
	struct sg_zone *zones = r->config->kernel.zone;
	const char *name = r->file->zone[i].name;
	const yaml_node_t *node = document_find(&r->document, "zones/%u/name", i);

	if (!node)
		return document_fail(&r->document, document_find(&r->document, "zones/%u", i),
				     "this zone has no name; give it one, like 'name: carrier'");
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
	return 0;
}

/* Zones know IPv4 as ::ffff:0:0/96, so an IPv6 prefix must not reach around that. */
static int zone_add_prefix(struct reader *r, __u32 i, __u32 entry)
{
	struct zone_prefix *added = &r->config->prefixes[r->config->prefix_count];
	const char *text = r->file->zone[i].prefix[entry];
	struct prefix prefix, mapped = {AF_INET6, 96, {[10] = 0xff, [11] = 0xff}};
	const yaml_node_t *node;
	struct error why = {};

	node = document_find(&r->document, "zones/%u/prefixes/%u", i, entry);
	if (prefix_parse(text, &prefix, &why))
		return document_fail(&r->document, node, "%s", why.text);
	if (prefix_contains(&prefix, &mapped))
		return document_fail(&r->document, node, "'%s' is too wide for a zone; write "
				     "2000::/3 for every global IPv6 source, and 0.0.0.0/0 for "
				     "every IPv4 source", text);
	added->zone = i + 1;
	if (prefix.family == AF_INET6) {
		added->prefix.length = prefix.length;
		memcpy(added->prefix.address, prefix.address, 16);
	} else {
		added->prefix.length = prefix.length + 96;
		memcpy(added->prefix.address, mapped.address, 12);
		memcpy(added->prefix.address + 12, prefix.address, 4);
	}
	r->config->prefix_count++;
	return 0;
}

/* What all its sources may together; after their own limits, from which the default follows. */
static int zone_read_total(struct reader *r, __u32 i)
{
	struct sg_config *kernel = &r->config->kernel;
	struct sg_limit *total = &kernel->total[sg_zone_total(i + 1)];
	char path[PATH_SIZE];

	*total = sg_zone_total_of(&kernel->profile[i + 1].limit[SG_LIMIT_SOURCE]);
	snprintf(path, sizeof(path), "zones/%u/total", i);
	return limit_read(r, r->file->zone[i].total, total, path);
}

static int zone_read(struct reader *r, __u32 i)
{
	const struct file_zone *given = &r->file->zone[i];
	struct sg_profile *profile = &r->config->kernel.profile[i + 1];
	char path[PATH_SIZE];
	int err;

	err = zone_read_name(r, i);
	if (err)
		return err;
	if (!given->prefixes)
		return document_fail(&r->document, document_find(&r->document, "zones/%u", i),
				     "zone '%s' has no prefixes; give it at least one, like "
				     "'prefixes: [192.0.2.0/24]'", given->name);
	for (__u32 entry = 0; entry < given->prefixes; entry++) {
		err = zone_add_prefix(r, i, entry);
		if (err)
			return err;
	}
	*profile = r->config->kernel.profile[0];
	snprintf(path, sizeof(path), "zones/%u/limits", i);
	if (given->limits)
		err = limits_read(r, given->limits->of, profile->limit, limit_keys, SG_LIMIT__MAX,
				  path);
	/* A known peer is often one flow: it may take all that its source may. */
	memcpy(profile->flow, profile->limit, sizeof(profile->flow));
	snprintf(path, sizeof(path), "zones/%u/flow-limits", i);
	if (!err && given->flow_limits)
		err = limits_read(r, given->flow_limits->of, profile->flow, limit_keys,
				  SG_LIMIT__MAX, path);
	if (!err)
		err = zone_read_total(r, i);
	snprintf(path, sizeof(path), "zones/%u/connections", i);
	return err ? err : connections_read(r, given->connections, profile, path);
}

/* By prefix, and equal ones as they stand in the file. */
static int prefix_order(const void *a, const void *b)
{
	const struct zone_prefix *const *left = a, *const *right = b;
	int order = memcmp(&(*left)->prefix, &(*right)->prefix, sizeof((*left)->prefix));

	return order ? order : (*left > *right) - (*left < *right);
}

static int fail_duplicate(struct reader *r, const struct zone_prefix *first,
			  const struct zone_prefix *second)
{
	__u32 zone = second->zone - 1, entry = second - r->config->prefixes;

	for (__u32 i = 0; i < zone; i++)
		entry -= r->file->zone[i].prefixes;
	return document_fail(&r->document,
			     document_find(&r->document, "zones/%u/prefixes/%u", zone, entry),
			     "'%s' is in zone '%s' already; take it out of one",
			     r->file->zone[zone].prefix[entry],
			     r->config->kernel.zone[first->zone].name);
}

static int zones_check_duplicates(struct reader *r)
{
	size_t count = r->config->prefix_count;
	struct zone_prefix **sorted = calloc(count + 1, sizeof(*sorted));
	int err = 0;

	if (!sorted)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		sorted[i] = &r->config->prefixes[i];
	qsort(sorted, count, sizeof(*sorted), prefix_order);
	for (size_t i = 1; i < count && !err; i++)
		if (!memcmp(&sorted[i - 1]->prefix, &sorted[i]->prefix, sizeof(sorted[i]->prefix)))
			err = fail_duplicate(r, sorted[i - 1], sorted[i]);
	free(sorted);
	return err;
}

static int zones_read(struct reader *r)
{
	size_t prefixes = 0;
	int err;

	if (r->file->zones >= SG_ZONES)
		return document_fail(&r->document,
				     document_find(&r->document, "zones/%u", SG_ZONES - 1),
				     "there are %u zones, and %d is the most; put prefixes with "
				     "the same limits into one zone", r->file->zones, SG_ZONES - 1);
	for (__u32 i = 0; i < r->file->zones; i++)
		prefixes += r->file->zone[i].prefixes;
	if (prefixes > SG_ZONE_ENTRIES)
		return document_fail(&r->document, document_find(&r->document, "zones"),
				     "the zones have %zu prefixes together, and %d is the most; "
				     "use shorter prefixes", prefixes, SG_ZONE_ENTRIES);
	r->config->prefixes = calloc(prefixes + 1, sizeof(*r->config->prefixes));
	if (!r->config->prefixes)
		return -ENOMEM;
	for (__u32 i = 0; i < r->file->zones; i++) {
		err = zone_read(r, i);
		if (err)
			return err;
	}
	r->config->kernel.zones = r->file->zones;
	return zones_check_duplicates(r);
}

/* --- the whole --- */

int config_default(struct config **config)
{
	struct config *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	sg_default_config(&c->kernel);
	snprintf(c->kernel.zone[0].name, sizeof(c->kernel.zone[0].name), "unlisted");
	*config = c;
	return 0;
}

static int config_read(struct reader *r)
{
	const struct file *file = r->file;
	struct sg_config *kernel = &r->config->kernel;
	int err;

	err = ports_read(r);
	if (!err && file->limits)
		err = limits_read(r, file->limits->of, kernel->profile[0].limit, limit_keys,
				  SG_LIMIT__MAX, "limits");
	if (!err && file->flow_limits)
		err = limits_read(r, file->flow_limits->of, kernel->profile[0].flow, limit_keys,
				  SG_LIMIT__MAX, "flow-limits");
	if (!err && file->proven_limits)
		err = limits_read(r, file->proven_limits->of, kernel->proven, limit_keys,
				  SG_LIMIT__MAX, "proven-limits");
	if (!err)
		err = connections_read(r, file->connections, &kernel->profile[0], "connections");
	if (!err && file->totals)
		err = limits_read(r, file->totals->of, kernel->total, total_keys, SG_TOTAL__MAX,
				  "totals");
	if (!err)
		err = conduct_read(r);
	if (!err)
		err = validation_read(r);
	if (err)
		return err;
	modes_read(r);
	kernel->profile[0].rules = sg_rules_of(kernel->profile[0].mode);
	return zones_read(r);
}

int config_load(const char *path, __u64 tick, struct config **config, struct error *error)
{
	struct reader r = {.tick = tick};
	int err;

	err = document_load(&r.document, path, &config_schema, error);
	if (!err)
		err = config_default(&r.config);
	if (!err) {
		r.file = r.document.data;
		err = config_read(&r);
	}
	document_free(&r.document);
	if (err == -ENOMEM)
		snprintf(error->text, sizeof(error->text), "out of memory");
	if (err)
		config_free(r.config);
	else
		*config = r.config;
	return err;
}

void config_free(struct config *config)
{
	if (!config)
		return;
	free(config->prefixes);
	free(config);
}
