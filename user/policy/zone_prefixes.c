// SPDX-License-Identifier: GPL-2.0-only
/* The prefixes of zones: those in the configuration, those in files beside it; none is twice. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/lines.h"
#include "base/prefix.h"
#include "policy/config.h"
#include "policy/config_reader.h"
#include "policy/places.h"

static const __u8 mapped4[12] = {[10] = 0xff, [11] = 0xff};

/* The list of prefixes of the zone that is entry `i` of the list; NULL if there is none. */
static const yaml_node_t *prefixes_of(const struct reader *r, __u32 i)
{
	return document_find(&r->document, "zones/%u/prefixes", i);
}

static const yaml_node_t *file_of(const struct reader *r, __u32 i)
{
	return document_find(&r->document, "zones/%u/prefixes-file", i);
}

/* Of one that is in the configuration. */
static const yaml_node_t *node_of(const struct reader *r, const struct zone_prefix *prefix)
{
	return document_entry(&r->document, prefixes_of(r, prefix->zone - 1), prefix->entry);
}

/* The place is that of the key: who edits the configuration finds there which file is meant. */
static int fail_file(const struct reader *r, __u32 zone, __u32 line, const char *text)
{
	const char *name = r->config->kernel.zone[zone].name, *path = r->config->file[zone].path;

	if (!line)
		return document_fail(&r->document, file_of(r, zone - 1), "zone '%s', %s: %s", name,
				     path, text);
	return document_fail(&r->document, file_of(r, zone - 1), "zone '%s', %s line %u: %s", name,
			     path, line, text);
}

static int __attribute__((format(printf, 3, 4))) fail_prefix(const struct reader *r,
							      const struct zone_prefix *prefix,
							      const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (prefix->line)
		return fail_file(r, prefix->zone, prefix->line, text);
	return document_fail(&r->document, node_of(r, prefix), "%s", text);
}

static int fail_count(const struct reader *r, size_t count)
{
	return document_fail(&r->document, document_find(&r->document, "zones"),
			     "the zones have %zu prefixes together, and %d is the most; use "
			     "shorter prefixes", count, SG_ZONE_ENTRIES);
}

/* --- reading --- */

/* Zones know IPv4 as ::ffff:0:0/96, so an IPv6 prefix must not reach around that. */
static int add_prefix(struct reader *r, const char *text, struct zone_prefix added)
{
	struct prefix prefix, mapped = {.family = AF_INET6, .length = 96};
	struct error why = {};

	memcpy(mapped.address, mapped4, sizeof(mapped4));
	if (prefix_parse(text, &prefix, &why))
		return fail_prefix(r, &added, "%s", why.text);
	if (prefix_contains(&prefix, &mapped))
		return fail_prefix(r, &added, "'%s' is too wide for a zone; write 2000::/3 for "
				   "every global IPv6 source, and 0.0.0.0/0 for every IPv4 source",
				   text);
	if (prefix.family == AF_INET6) {
		added.prefix.length = prefix.length;
		memcpy(added.prefix.address, prefix.address, 16);
	} else {
		added.prefix.length = prefix.length + 96;
		memcpy(added.prefix.address, mapped4, sizeof(mapped4));
		memcpy(added.prefix.address + sizeof(mapped4), prefix.address, 4);
	}
	r->config->prefixes[r->config->prefix_count++] = added;
	return 0;
}

struct filing {
	struct reader *r;
	__u32 zone;
	bool failed; /* the error is complete, and of the configuration */
};

static int file_line(void *context, const char *text, struct error *error)
{
	struct filing *f = context;
	size_t count = f->r->config->prefix_count;
	int err;

	if (count == SG_ZONE_ENTRIES)
		err = fail_count(f->r, count + 1);
	else
		err = add_prefix(f->r, text, (struct zone_prefix){.zone = f->zone,
								  .line = error->line});
	f->failed = err != 0;
	return err;
}

/* Of a fleet, by its own folder. */
static bool is_shared(const char *path)
{
	const char *name = path + strlen(CONFIG_FLEET_ZONES);

	return !strncmp(path, CONFIG_FLEET_ZONES, strlen(CONFIG_FLEET_ZONES)) && *name &&
	       !strchr(name, '/');
}

/* What is no file might have no end, or come later. */
static int look_at_file(struct reader *r, __u32 zone)
{
	struct zone_file *file = &r->config->file[zone];
	char text[128];
	struct stat st;

	if (stat(file->path, &st)) {
		file->absent = errno == ENOENT && is_shared(file->path);
		if (file->absent)
			return 0;
		snprintf(text, sizeof(text), "cannot read it: %s; name a readable text file",
			 strerror(errno));
		return fail_file(r, zone, 0, text);
	}
	if (!S_ISREG(st.st_mode))
		return fail_file(r, zone, 0, "it is no plain file; name one with a prefix a line");
	if (st.st_size <= ZONE_FILE_SIZE)
		return 0;
	snprintf(text, sizeof(text), "it is larger than %d KiB, so hardly a list of a zone's "
		 "prefixes; use shorter prefixes", ZONE_FILE_SIZE >> 10);
	return fail_file(r, zone, 0, text);
}

/* An empty download is no zone of nobody. A fleet has one that was withdrawn. */
static int check_empty(struct reader *r, __u32 zone, size_t before)
{
	if (r->config->prefix_count > before || is_shared(r->config->file[zone].path))
		return 0;
	return fail_file(r, zone, 0, "there is no prefix in it; write one, or take "
			 "'prefixes-file' out");
}

static int read_file(struct reader *r, __u32 zone)
{
	struct filing filing = {.r = r, .zone = zone};
	size_t before = r->config->prefix_count;
	struct error why = {};
	int err;

	err = look_at_file(r, zone);
	if (err || r->config->file[zone].absent)
		return err;
	err = lines_read(r->config->file[zone].path, "prefix", file_line, &filing, &why);
	if (filing.failed)
		return err;
	return err ? fail_file(r, zone, why.line, why.text) : check_empty(r, zone, before);
}

static int read_path(struct reader *r, const yaml_node_t *node, __u32 zone)
{
	struct zone_file *file = &r->config->file[zone];
	const char *path = document_text(node);

	/* A relative one would mean another file for each folder that a command is called in. */
	if (path[0] != '/' || strlen(path) >= sizeof(file->path))
		return document_fail(&r->document, node, "'prefixes-file' takes the path of a file "
				     "from / on, of at most %zu bytes", sizeof(file->path) - 1);
	strcpy(file->path, path);
	return read_file(r, zone);
}

int prefixes_read(struct reader *r, __u32 i)
{
	const yaml_node_t *list = prefixes_of(r, i), *file = file_of(r, i);
	struct sg_zone *zone = &r->config->kernel.zone[i + 1];
	int err = 0;

	zone->known = document_entries(list) || file;
	if (!zone->known && (list || !places_names_any(zone)))
		return document_fail(&r->document,
				     list ? list : document_find(&r->document, "zones/%u", i),
				     "zone '%s' has no prefixes; give it at least one, like "
				     "'prefixes: [192.0.2.0/24]', or name interfaces or vlans "
				     "instead if it is that of all strangers there", zone->name);
	for (__u32 entry = 0; entry < document_entries(list) && !err; entry++)
		err = add_prefix(r, document_text(document_entry(&r->document, list, entry)),
				 (struct zone_prefix){.zone = i + 1, .entry = entry});
	return err || !file ? err : read_path(r, file, i + 1);
}

int prefixes_begin(struct reader *r)
{
	const yaml_node_t *list = document_find(&r->document, "zones");
	size_t count = 0, room;
	bool files = false;

	for (__u32 i = 0; i < document_entries(list); i++) {
		count += document_entries(prefixes_of(r, i));
		files |= !!file_of(r, i);
	}
	if (count > SG_ZONE_ENTRIES)
		return fail_count(r, count);
	room = files ? SG_ZONE_ENTRIES : count;
	r->config->prefixes = calloc(room + 1, sizeof(*r->config->prefixes));
	return r->config->prefixes ? 0 : -ENOMEM;
}

/* --- none twice --- */

/* By prefix, and equal ones in the order in which they were read. */
static int prefix_order(const void *a, const void *b)
{
	const struct zone_prefix *const *left = a, *const *right = b;
	int order = memcmp(&(*left)->prefix, &(*right)->prefix, sizeof((*left)->prefix));

	return order ? order : (*left > *right) - (*left < *right);
}

static const char *text_of(const struct reader *r, const struct zone_prefix *at,
			   char text[PREFIX_TEXT])
{
	struct prefix prefix = {.family = AF_INET6, .length = at->prefix.length};

	if (!at->line)
		return document_text(node_of(r, at));
	memcpy(prefix.address, at->prefix.address, sizeof(prefix.address));
	if (prefix.length >= 96 && !memcmp(prefix.address, mapped4, sizeof(mapped4))) {
		prefix = (struct prefix){.family = AF_INET, .length = at->prefix.length - 96};
		memcpy(prefix.address, (const __u8 *)at->prefix.address + sizeof(mapped4), 4);
	}
	prefix_format(&prefix, text, PREFIX_TEXT);
	return text;
}

static int fail_duplicate(struct reader *r, const struct zone_prefix *first,
			  const struct zone_prefix *second)
{
	const struct sg_zone *zones = r->config->kernel.zone;
	char text[PREFIX_TEXT];

	return fail_prefix(r, second, "'%s' is in zone '%s' already%s; take it out of one",
			   text_of(r, second, text), zones[first->zone].name,
			   places_names_any(&zones[second->zone])
				   ? ", and something can come in where both are" : "");
}

/* Whether one before it is the same prefix, where the zone of neither comes first. */
static int check_duplicate(struct reader *r, struct zone_prefix *const *sorted, size_t i)
{
	const struct sg_zone *zones = r->config->kernel.zone;
	const struct zone_prefix *this = sorted[i];

	while (i-- && !memcmp(&sorted[i]->prefix, &this->prefix, sizeof(this->prefix)))
		if (places_collide(&zones[sorted[i]->zone], &zones[this->zone]))
			return fail_duplicate(r, sorted[i], this);
	return 0;
}

int prefixes_check(struct reader *r)
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
		err = check_duplicate(r, sorted, i);
	free(sorted);
	return err;
}
