// SPDX-License-Identifier: GPL-2.0-only
/*
 * The users who have a limit of calls of their own: one list at the top of the file, whose entries
 * name users and what each of them may get.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/quote.h"
#include "policy/config.h"
#include "policy/config_reader.h"

static const yaml_node_t *entry_node(const struct layer *layer, const char *key)
{
	return document_find(layer->document, "%s/%s", layer->path, key);
}

static struct layer entry_layer(const struct reader *r, size_t i)
{
	struct layer layer = {.document = &r->document, .place = PLACE_CALLEE};

	snprintf(layer.path, sizeof(layer.path), "callees/%zu", i);
	return layer;
}

/* --- what they may get --- */

/* A number of the limit; what has no default must be there. */
static int limit_part(const struct layer *layer, const char *key, __u32 *value)
{
	const struct setting *s = setting_find(key, PLACE_CALLEE);
	const yaml_node_t *node = entry_node(layer, key);

	*value = s->standard;
	if (node)
		return number_value(layer, node, s, value);
	if (*value)
		return 0;
	return document_fail(layer->document, entry_node(layer, "limit"), "this limit has no %s; "
			     "give it one, like 'limit: {rate: 10, window: 60, burst: 20}'",
			     s->noun);
}

static int limit_read(const struct reader *r, const struct layer *layer,
		      struct sg_own_callee *callee)
{
	__u32 rate, burst;
	__u64 least, interval;
	int err = limit_part(layer, "limit/rate", &rate);

	if (!err)
		err = limit_part(layer, "limit/window", &callee->window);
	if (!err)
		err = limit_part(layer, "limit/burst", &burst);
	if (err)
		return err;
	least = limit_burst_min(rate, callee->window, r->tick);
	if (burst < least)
		return document_fail(layer->document, entry_node(layer, "limit/burst"),
				     "a burst of %u cannot hold a rate of %u in %u s, since this "
				     "kernel's clock moves in steps of %llu ms; make the burst "
				     "%llu or more", burst, rate, callee->window, r->tick / 1000000,
				     least);
	interval = callee->window * SG_NSEC_PER_SEC / rate;
	callee->limit = (struct sg_limit){interval, (burst - 1) * interval, rate, burst};
	return 0;
}

/* What each user of an entry gets; an entry that says nothing of it has been forgotten. */
static int entry_read(const struct reader *r, const struct layer *layer,
		      struct sg_own_callee *callee)
{
	const yaml_node_t *unlimited = entry_node(layer, "unlimited");
	const yaml_node_t *limit = entry_node(layer, "limit");
	bool none = unlimited && !strcmp(document_text(unlimited), "yes");

	if (none && limit)
		return document_fail(layer->document, limit, "these users are 'unlimited' and have "
				     "a limit; take one of the two out");
	if (!none && !limit)
		return document_fail(layer->document, document_find(layer->document, "%s",
								    layer->path),
				     "these users have no limit of their own; give them one, like "
				     "'limit: {rate: 10, window: 60, burst: 20}', or 'unlimited: "
				     "yes'");
	return none ? 0 : limit_read(r, layer, callee);
}

/* --- users --- */

/* What is wrong with one; NULL: nothing. A user is compared up to its password and parameters. */
static const char *user_fault(const char *user)
{
	if (!*user)
		return "there is nothing";
	if (strlen(user) > SG_CALLEE_MOST)
		return "no more than 64 characters of one are compared, so write no more";
	for (; *user; user++)
		if (!isgraph((unsigned char)*user) || strchr(":;%@<>\"", *user))
			return "write what stands before the '@', like 100 or +4930123456, without "
			       "spaces, 'sip:', password, parameters and escapes";
	return NULL;
}

static int user_read(struct reader *r, const yaml_node_t *node, const struct sg_own_callee *entry)
{
	struct config *config = r->config;
	struct sg_own_callee *callee = &config->callees[config->callee_count];
	const char *fault = user_fault(document_text(node));

	if (fault)
		return document_fail(&r->document, node, "'%s' is no user: %s",
				     quote(document_text(node)).text, fault);
	for (size_t i = 0; i < config->callee_count; i++)
		if (!strcmp(config->callees[i].text, document_text(node)))
			return document_fail(&r->document, node, "the user '%s' is under 'callees' "
					     "already; take him out once", document_text(node));
	*callee = *entry;
	callee->order = config->callee_count++;
	snprintf(callee->text, sizeof(callee->text), "%s", document_text(node));
	return 0;
}

static int users_read(struct reader *r, size_t i)
{
	struct layer layer = entry_layer(r, i);
	const yaml_node_t *users = entry_node(&layer, "users");
	struct sg_own_callee entry = {};
	int err;

	if (!document_entries(users))
		return document_fail(&r->document,
				     users ? users : document_find(&r->document, "%s", layer.path),
				     "there are no users here; name them, like 'users: [hotline]', "
				     "or take the entry out");
	err = entry_read(r, &layer, &entry);
	for (size_t j = 0; j < document_entries(users) && !err; j++)
		err = user_read(r, document_entry(&r->document, users, j), &entry);
	return err;
}

/* Counted before room is made for them. */
static int users_count(const struct reader *r, const yaml_node_t *list, size_t *count)
{
	*count = 0;
	for (size_t i = 0; i < document_entries(list); i++) {
		struct layer layer = entry_layer(r, i);
		const yaml_node_t *users = entry_node(&layer, "users");

		*count += document_entries(users);
		if (*count > SG_OWN_CALLEES)
			return document_fail(&r->document, users, "'callees' has more than %d "
					     "users by here; take some out, and set 'callee' to "
					     "what most users need", SG_OWN_CALLEES);
	}
	return 0;
}

int callees_read(struct reader *r)
{
	const yaml_node_t *list = document_find(&r->document, "callees");
	size_t count;
	int err = users_count(r, list, &count);

	if (err)
		return err;
	r->config->callees = calloc(count + 1, sizeof(*r->config->callees));
	if (!r->config->callees)
		return -ENOMEM;
	for (size_t i = 0; i < document_entries(list) && !err; i++)
		err = users_read(r, i);
	r->config->kernel.callees = r->config->callee_count;
	return err;
}
