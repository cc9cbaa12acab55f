// SPDX-License-Identifier: GPL-2.0-only
/* What the configuration file means: the table of settings, and rules between several keys. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/names.h"
#include "defaults.h"
#include "policy/config.h"
#include "policy/config_check.h"
#include "policy/config_reader.h"
#include "policy/setting.h"

bool name_is_valid(const char *name)
{
	size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "0123456789._-");

	return length && length < SG_ZONE_NAME && !name[length];
}

static const yaml_node_t *node_of(const struct layer *layer, const char *key)
{
	return document_find(layer->document, "%s%s%s", layer->path, *layer->path ? "/" : "", key);
}

static int fail_range(const struct layer *layer, const yaml_node_t *node, const struct setting *s,
		      __u64 value)
{
	return document_fail(layer->document, node, "%s%s%s%llu is out of range; %s %u to %u%s%s",
			     s->noun ? "a " : "", s->noun ? s->noun : "", s->noun ? " of " : "",
			     value, s->range, s->least, s->most, s->unit ? " " : "",
			     s->unit ? s->unit : "");
}

/* --- ports --- */

static int ports_read(struct reader *r, const yaml_node_t *list, const struct setting *s)
{
	__u8 *port = r->config->kernel.port;

	for (__u32 i = 0; i < SG_PORTS; i++)
		port[i] &= ~s->bit;
	for (size_t i = 0; i < document_entries(list); i++) {
		const yaml_node_t *node = document_entry(&r->document, list, i);
		__u64 number = strtoull(document_text(node), NULL, 10);

		if (number < s->least || number > s->most)
			return document_fail(&r->document, node, "port %llu is out of range; %s %u "
					     "to %u", number, s->range, s->least, s->most);
		if (port[number] & s->bit)
			return document_fail(&r->document, node, "port %llu is under '%s' already; "
					     "take one of the two out", number,
					     setting_below(s, "ports"));
		port[number] |= s->bit;
	}
	return 0;
}

/* A TCP payload is either readable or not. */
static int ports_check_tls(struct reader *r, const char *path)
{
	const yaml_node_t *list = document_find(&r->document, "%s", path);

	for (size_t i = 0; i < document_entries(list); i++) {
		const yaml_node_t *node = document_entry(&r->document, list, i);
		const char *port = document_text(node);
		__u8 roles = r->config->kernel.port[atoi(port)];

		if (roles & SG_PORT_TCP && roles & SG_PORT_TLS)
			return document_fail(&r->document, node,
					     "port %s is under both tcp and tls (5060 and 5061 "
					     "are there unless you give the list); take it out of "
					     "one", port);
	}
	return 0;
}

static int ports_check(struct reader *r)
{
	int err = ports_check_tls(r, "ports/tls");

	if (!err)
		err = ports_check_tls(r, "ports/tcp");
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
 * The guard's clock stands still for a tick, and only what the burst allows passes meanwhile: what
 * the rate gives in a tick, and one more, since the TAT is not on the edge of a tick. With 1 alone
 * a rate of 99 at ticks of 10 ms would be one of 50. Where a tick is under a tenth of the interval,
 * 1 is enough: it costs less than a tenth of the rate.
 */
__u64 limit_burst_min(__u64 rate, __u64 window, __u64 tick)
{
	__u64 share = rate * tick / window; /* messages in a tick, times 10^9 */

	if (share <= SG_NSEC_PER_SEC / 10)
		return 1;
	return 1 + (share + SG_NSEC_PER_SEC - 1) / SG_NSEC_PER_SEC;
}

/* Its rate and burst are there; `s` is the row of the burst. */
static int limit_complete(struct reader *r, const struct layer *layer, const struct setting *s,
			  __u32 zone)
{
	struct sg_limit *limit = setting_limit(s, &r->config->kernel, zone);
	const yaml_node_t *burst_node = node_of(layer, s->key);
	const yaml_node_t *rate_node = node_of(layer, (s - 1)->key);
	__u64 least = limit_burst_min(limit->rate, 1, r->tick);

	if ((burst_node || rate_node) && limit->burst < least)
		return document_fail(layer->document, burst_node ? burst_node : rate_node,
				     "a burst of %u cannot hold a rate of %u per second, since "
				     "this kernel's clock moves in steps of %llu ms; make the "
				     "burst %llu or more", limit->burst, limit->rate,
				     r->tick / 1000000, least);
	*limit = sg_limit_of(limit->rate, limit->burst);
	return 0;
}

/* --- the table --- */

static __u32 word_read(const struct setting *s, const char *text)
{
	__u32 number = 0;

	while (strcmp(s->words[number], text))
		number++;
	return number;
}

int number_value(const struct layer *layer, const yaml_node_t *node, const struct setting *s,
		 __u32 *value)
{
	__u64 number = strtoull(document_text(node), NULL, 10);

	if (number < s->least || number > s->most)
		return fail_range(layer, node, s, number);
	*value = number;
	return 0;
}

static int number_read(struct reader *r, const struct layer *layer, const yaml_node_t *node,
		       const struct setting *s, __u32 zone)
{
	__u32 value = 0;
	int err = 0;

	if (s->refused)
		return document_fail(layer->document, node, "%s", s->refused);
	if (s->words)
		value = word_read(s, document_text(node));
	else
		err = number_value(layer, node, s, &value);
	if (!err)
		setting_set(s, &r->config->kernel, zone, value);
	return err;
}

/* A set that is empty would lock out everybody in words that look harmless. */
static int set_read(struct reader *r, const struct layer *layer, const yaml_node_t *list,
		    const struct setting *s, __u32 zone)
{
	__u32 set = s->type == SETTING_ONLY ? 0 : setting_get(s, &r->config->kernel, zone);

	for (size_t i = 0; i < document_entries(list); i++) {
		const yaml_node_t *node = document_entry(layer->document, list, i);
		__u32 bit = 1U << word_read(s, document_text(node));

		set = s->type == SETTING_ONLY ? set | bit : set & ~bit;
	}
	if (!(set & setting_words(s)))
		return document_fail(layer->document, list, "nothing is left of '%.*s'; leave at "
				     "least one", (int)strcspn(s->key, "/"), s->key);
	setting_set(s, &r->config->kernel, zone, set);
	return 0;
}

/* As much of another setting as the row says. */
static void setting_follow(const struct setting *s, struct sg_config *kernel, __u32 zone)
{
	const struct sg_profile *profile = sg_profile_of(kernel, zone);
	__u64 value = *(const __u32 *)((const char *)profile + s->from);

	value *= s->times;
	setting_set(s, kernel, zone, value < s->most ? value : s->most);
}

/* Whether what a row follows is given here. A total follows what all layers have given. */
static bool is_followed(const struct layer *layer, const struct setting *s)
{
	const struct setting *from = settings;

	if (s->scope == SCOPE_ZONE)
		return true;
	while (from->scope != SCOPE_PROFILE || from->offset != s->from || !from->width)
		from++;
	return node_of(layer, from->key);
}

static int setting_read(struct reader *r, const struct layer *layer, const struct setting *s,
			__u32 zone)
{
	const yaml_node_t *node = node_of(layer, s->key);
	bool known = r->config->kernel.zone[zone].known;
	int err = 0;

	if (node && s->scope == SCOPE_ZONE && s->width && !known)
		return document_fail(layer->document, node, "this zone has no prefixes, so who is "
				     "in it is a stranger, and pays from 'totals'; "
				     "take 'total' out");
	if (known && s->times && is_followed(layer, s))
		setting_follow(s, &r->config->kernel, zone);
	if (node && s->type == SETTING_PORTS)
		err = ports_read(r, node, s);
	else if (node && (s->type == SETTING_ONLY || s->type == SETTING_NOT))
		err = set_read(r, layer, node, s, zone);
	else if (node && s->width)
		err = number_read(r, layer, node, s, zone);
	if (!err && s->type == SETTING_BURST)
		err = limit_complete(r, layer, s, zone);
	return err;
}

/* The preset comes before the modes of single reasons, which the file knows better. */
static void preset_read(const struct layer *layer, struct sg_profile *profile)
{
	const yaml_node_t *node = node_of(layer, "validation/preset");
	bool strict;

	if (!node)
		return;
	strict = !strcmp(document_text(node), "strict");
	for (int i = 0; i < SG_REASON__MAX; i++)
		profile->mode[i] = strict ? reason_texts[i].strict : reason_texts[i].mode;
}

int settings_read(struct reader *r, const struct layer *layer, __u32 zone)
{
	struct sg_config *kernel = &r->config->kernel;
	struct sg_profile *p = &kernel->profile[kernel->zone[zone].profile];
	int err = 0;

	preset_read(layer, p);
	domains_apply(r, layer, p);
	for (size_t i = 0; i < settings_count && !err; i++)
		if (setting_is_of(&settings[i], layer->place))
			err = setting_read(r, layer, &settings[i], zone);
	p->new_connections = sg_connections_limit(p->new_connections.rate,
						  p->new_connections.burst, p->live);
	p->rules = sg_rules_of(p->mode);
	return err;
}

/* --- the whole --- */

static int config_read(struct reader *r)
{
	struct sg_config *kernel = &r->config->kernel;
	const struct layer top = {.document = &r->document, .place = PLACE_TOP};
	int err = domains_read(r);

	if (!err)
		err = callees_read(r);
	if (!err)
		err = dialled_read(r);
	if (!err)
		err = topology_read(r);
	if (!err)
		err = profile_apply(r, &top, 0);
	if (!err)
		err = settings_read(r, &top, 0);
	if (!err)
		err = ports_check(r);
	if (err)
		return err;
	for (int i = 0; i < SG_OFFENCE__MAX; i++)
		kernel->ban[i] = sg_ban_rule_of(kernel->ban[i].threshold, kernel->ban[i].window,
						kernel->ban[i].seconds);
	err = profiles_read(r);
	if (!err)
		err = zones_read(r);
	kernel->dialogs = 0;
	for (__u32 zone = 0; zone <= kernel->zones && !err; zone++) {
		kernel->identities |= sg_profile_of(kernel, zone)->identity;
		kernel->topology |= !!sg_profile_of(kernel, zone)->topology;
		kernel->calls |= !!sg_profile_of(kernel, zone)->calls_most;
		kernel->dialogs |= sg_dialogs_of(sg_profile_of(kernel, zone)->mode);
	}
	return err;
}

int config_default(struct config **config)
{
	struct config *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	sg_default_config(&c->kernel);
	dialled_default(&c->kernel);
	snprintf(c->kernel.zone[0].name, sizeof(c->kernel.zone[0].name), "unlisted");
	*config = c;
	return 0;
}

int config_load(const char *path, __u64 tick, struct config **config, struct error *error)
{
	struct reader r = {.tick = tick};
	int err;

	err = document_load(&r.document, path, error);
	if (!err)
		err = config_check(&r.document);
	if (!err)
		err = profiles_shipped(&r.shipped, error);
	if (!err)
		err = config_default(&r.config);
	if (!err)
		err = config_read(&r);
	document_free(&r.document);
	document_free(&r.shipped);
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
	free(config->entries);
	free(config->domains);
	free(config->callees);
	free(config);
}
