// SPDX-License-Identifier: GPL-2.0-only
/*
 * Profiles: settings under a name, which a zone or the top of the file takes by `profile`. Some are
 * shipped, in the same words as those of a file.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/quote.h"
#include "policy/config.h"
#include "policy/config_reader.h"

/* docs/profiles.md has them, too, with what each is for; a test compares. */
static const char shipped[] =
	"profiles:\n"
	"  - name: access\n"
	"  - name: ims-access\n"
	"    methods: {only: [REGISTER]}\n"
	"  - name: peer\n"
	"    methods: {only: [INVITE, ACK, BYE, CANCEL, OPTIONS, PRACK, SUBSCRIBE, NOTIFY,\n"
	"                     UPDATE, MESSAGE, REFER, PUBLISH, INFO, unknown]}\n"
	"    limits:\n"
	"      source: {rate: 2000, burst: 4000}\n"
	"      invite: {rate: 200, burst: 400}\n"
	"      event: {rate: 500, burst: 1000}\n"
	"      other: {rate: 1500, burst: 3000}\n"
	"      response: {rate: 1500, burst: 3000}\n"
	"    flow-limits:\n"
	"      source: {rate: 2000, burst: 4000}\n"
	"      invite: {rate: 200, burst: 400}\n"
	"      event: {rate: 500, burst: 1000}\n"
	"      other: {rate: 1500, burst: 3000}\n"
	"      response: {rate: 1500, burst: 3000}\n"
	"    identity: yes\n"
	"  - name: core\n"
	"    closed: yes\n"
	"    limits:\n"
	"      source: {rate: 20000, burst: 40000}\n"
	"      invite: {rate: 2000, burst: 4000}\n"
	"      register: {rate: 5000, burst: 10000}\n"
	"      options: {rate: 500, burst: 1000}\n"
	"      event: {rate: 5000, burst: 10000}\n"
	"      other: {rate: 15000, burst: 30000}\n"
	"      response: {rate: 15000, burst: 30000}\n"
	"    flow-limits:\n"
	"      source: {rate: 20000, burst: 40000}\n"
	"      invite: {rate: 2000, burst: 4000}\n"
	"      register: {rate: 5000, burst: 10000}\n"
	"      options: {rate: 500, burst: 1000}\n"
	"      event: {rate: 5000, burst: 10000}\n"
	"      other: {rate: 15000, burst: 30000}\n"
	"      response: {rate: 15000, burst: 30000}\n";

int profiles_shipped(struct document *document, struct error *error)
{
	return document_parse(document, shipped, error);
}

/* The layer of the profile, among the first `count` of the document's; false: it has none. */
static bool find(const struct document *document, const char *name, size_t count,
		 struct layer *layer)
{
	for (size_t i = 0; i < count; i++) {
		const yaml_node_t *node = document_find(document, "profiles/%zu/name", i);

		if (!node || strcmp(document_text(node), name))
			continue;
		*layer = (struct layer){.document = document, .place = PLACE_PROFILE};
		snprintf(layer->path, sizeof(layer->path), "profiles/%zu", i);
		return true;
	}
	return false;
}

static size_t count_of(const struct document *document)
{
	return document_entries(document_find(document, "profiles"));
}

static int fail_unknown(const struct reader *r, const struct layer *layer,
			const yaml_node_t *node)
{
	char names[200] = "";

	for (size_t i = 0; i < count_of(&r->shipped); i++)
		snprintf(names + strlen(names), sizeof(names) - strlen(names), "%s%s",
			 i ? ", " : "",
			 document_text(document_find(&r->shipped, "profiles/%zu/name", i)));
	return document_fail(layer->document, node, "there is no profile '%s'%s; take one of %s, "
			     "or give it under 'profiles'", quote(document_text(node)).text,
			     layer->place == PLACE_PROFILE ? " above this one" : "", names);
}

/* A profile may build on shipped ones and on those that stand above it, so this ends. */
static int apply(struct reader *r, const struct layer *layer, __u32 zone, size_t count)
{
	const yaml_node_t *node = document_find(layer->document, "%s%sprofile", layer->path,
						*layer->path ? "/" : "");
	struct layer found;
	int err;

	if (!node)
		return 0;
	if (!find(&r->shipped, document_text(node), count_of(&r->shipped), &found)) {
		if (!find(&r->document, document_text(node), count, &found))
			return fail_unknown(r, layer, node);
		count = strtoul(found.path + strlen("profiles/"), NULL, 10);
		r->config->profile[count].used = true;
	}
	err = apply(r, &found, zone, count);
	return err ? err : settings_read(r, &found, zone);
}

int profile_apply(struct reader *r, const struct layer *layer, __u32 zone)
{
	size_t count = count_of(&r->document);

	return apply(r, layer, zone, count < CONFIG_PROFILES ? count : CONFIG_PROFILES);
}

static int name_read(struct reader *r, size_t i)
{
	const yaml_node_t *node = document_find(&r->document, "profiles/%zu/name", i);
	const char *name = node ? document_text(node) : NULL;
	struct layer other;

	if (!node)
		return document_fail(&r->document, document_find(&r->document, "profiles/%zu", i),
				     "this profile has no name; give it one, like 'name: carrier'");
	if (!name_is_valid(name))
		return document_fail(&r->document, node, "'%s' cannot name a profile; take 1 to %d "
				     "letters, digits, '.', '_' or '-'", quote(name).text,
				     SG_ZONE_NAME - 1);
	if (find(&r->shipped, name, count_of(&r->shipped), &other))
		return document_fail(&r->document, node, "'%s' is a profile that comes with "
				     "sipguard; give this one another name, and 'profile: %s' to "
				     "build on that", name, name);
	if (find(&r->document, name, i, &other))
		return document_fail(&r->document, node, "there is a profile '%s' already; give "
				     "this one another name", name);
	snprintf(r->config->profile[i].name, SG_ZONE_NAME, "%s", name);
	return 0;
}

/* Upon a copy of zone 0 that nobody takes, so that a profile without a zone is checked, too. */
static int profile_read(struct reader *r, size_t i)
{
	struct config *config = r->config, *scratch = malloc(sizeof(*scratch));
	struct layer layer = {.document = &r->document, .place = PLACE_PROFILE};
	int err;

	if (!scratch)
		return -ENOMEM;
	*scratch = *config;
	snprintf(layer.path, sizeof(layer.path), "profiles/%zu", i);
	r->config = scratch;
	err = apply(r, &layer, 0, i);
	if (!err)
		err = settings_read(r, &layer, 0);
	/* What it builds on is used by it. */
	memcpy(config->profile, scratch->profile, sizeof(config->profile));
	r->config = config;
	free(scratch);
	return err;
}

int profiles_read(struct reader *r)
{
	const yaml_node_t *list = document_find(&r->document, "profiles");
	size_t count = document_entries(list);
	int err = 0;

	if (count > CONFIG_PROFILES)
		return document_fail(&r->document,
				     document_entry(&r->document, list, CONFIG_PROFILES),
				     "there are %zu profiles, and %d is the most; zones that are "
				     "alike can share one", count, CONFIG_PROFILES);
	for (size_t i = 0; i < count && !err; i++) {
		err = name_read(r, i);
		if (!err)
			err = profile_read(r, i);
	}
	r->config->profile_count = count;
	return err;
}
