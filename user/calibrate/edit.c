// SPDX-License-Identifier: GPL-2.0-only
#include "calibrate/edit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "policy/document.h"

#define PATH_SIZE 128

static int no_memory(struct error *error)
{
	return error_set(error, -ENOMEM, "out of memory.");
}

int edit_begin(const char *path, struct text *text, struct error *error)
{
	struct document document;
	int err;

	*text = (struct text){};
	if (!path[0]) {
		text_add(text, "%s", "");
		return text->lost ? no_memory(error) : 0;
	}
	err = document_load(&document, path, error);
	if (!err)
		text_add(text, "%.*s", (int)document.size, (const char *)document.text);
	document_free(&document);
	if (!err && text->lost)
		err = no_memory(error);
	return err;
}

/* What is in the middle of being changed; it was well before. */
static int parse(struct document *document, const char *text, struct error *error)
{
	int err = document_parse(document, text, error);

	if (err != -EINVAL)
		return err;
	*error = (struct error){};
	return error_set(error, err, "the configuration is written in a way that cannot be changed "
			 "in place: put the proposal in by hand.");
}

/* libyaml counts characters. */
static size_t offset_of(const char *text, size_t characters)
{
	size_t offset = 0;

	while (text[offset] && characters) {
		offset++;
		while ((text[offset] & 0xc0) == 0x80)
			offset++;
		characters--;
	}
	return offset;
}

/* Puts a text in the place of what lies between two offsets. */
static int put(struct text *text, size_t from, size_t to, const char *what, struct error *error)
{
	struct text changed = {};

	text_add(&changed, "%.*s%s%s", (int)from, text->data, what, text->data + to);
	if (changed.lost) {
		text_free(&changed);
		return no_memory(error);
	}
	text_free(text);
	*text = changed;
	return 0;
}

/*
 * Where the line of an offset begins, with the comments above it, which are about it. The offset
 * itself if something else stands before it in its line.
 */
static size_t line_of(const char *text, size_t offset)
{
	size_t line = offset, above;

	while (line && text[line - 1] == ' ')
		line--;
	if (line && text[line - 1] != '\n')
		return offset;
	while (line) {
		above = line - 1;
		while (above && text[above - 1] != '\n')
			above--;
		if (text[above + strspn(text + above, " ")] != '#')
			break;
		line = above;
	}
	return line;
}

/* Of a mapping behind its first entry, which is a name mostly. */
static int insert_in_block(struct text *text, const struct document *document,
			   const yaml_node_t *node, const char *what, struct error *error)
{
	const yaml_node_pair_t *pair = node->data.mapping.pairs.start + 1;
	const char *dash = node->type == YAML_SEQUENCE_NODE ? "- " : "";
	int column = node->start_mark.column, err;
	const yaml_node_t *before = node;
	size_t start, line;
	char *entry;

	if (node->type == YAML_MAPPING_NODE && pair < node->data.mapping.pairs.top)
		before = document_node(document, pair->key);
	start = offset_of(text->data, before->start_mark.index);
	line = line_of(text->data, start);
	if (line == start && column)
		err = asprintf(&entry, "%s%s\n%*s", dash, what, column, "");
	else
		err = asprintf(&entry, "%*s%s%s\n", column, "", dash, what);
	if (err < 0)
		return no_memory(error);
	err = put(text, line, line, entry, error);
	free(entry);
	return err;
}

/* In brackets: a mapping begins with what was there, a name mostly. */
static int insert_in_flow(struct text *text, const yaml_node_t *node, const char *what, bool empty,
			  struct error *error)
{
	bool last = node->type == YAML_MAPPING_NODE && !empty;
	size_t at = last ? offset_of(text->data, node->end_mark.index) - 1
			 : offset_of(text->data, node->start_mark.index) + 1;
	size_t before = at;
	char *entry;
	int err;

	while (last && strchr(" \t\n", text->data[before - 1]))
		before--;
	last = last && text->data[before - 1] != ',';
	if (asprintf(&entry, "%s%s%s", last ? ", " : "", what,
		     node->type == YAML_SEQUENCE_NODE && !empty ? ", " : "") < 0)
		return no_memory(error);
	err = put(text, at, at, entry, error);
	free(entry);
	return err;
}

/* A mapping, or a sequence, with one more entry; of a sequence it is the first. */
static int insert(struct text *text, const struct document *document, const yaml_node_t *node,
		  const char *what, struct error *error)
{
	bool flow, empty;

	if (node->type == YAML_MAPPING_NODE) {
		flow = node->data.mapping.style == YAML_FLOW_MAPPING_STYLE;
		empty = node->data.mapping.pairs.start == node->data.mapping.pairs.top;
	} else {
		flow = node->data.sequence.style == YAML_FLOW_SEQUENCE_STYLE;
		empty = node->data.sequence.items.start == node->data.sequence.items.top;
	}
	return flow ? insert_in_flow(text, node, what, empty, error)
		    : insert_in_block(text, document, node, what, error);
}

static int append(struct text *text, const char *what, struct error *error)
{
	bool ends = !text->length || text->data[text->length - 1] == '\n';

	text_add(text, "%s%s\n", ends ? "" : "\n", what);
	return text->lost ? no_memory(error) : 0;
}

/* An entry of the top of the file: at its end, since what is at its start explains the first. */
static int insert_at_top(struct text *text, const struct document *document, const char *what,
			 struct error *error)
{
	const yaml_node_t *root = document->parsed ? document_root(document) : NULL;
	char *entry;
	size_t end;
	int err;

	if (root && root->type == YAML_MAPPING_NODE &&
	    root->data.mapping.style == YAML_FLOW_MAPPING_STYLE)
		return insert(text, document, root, what, error);
	if (!root || document->yaml.end_implicit)
		return append(text, what, error);
	if (asprintf(&entry, "%s\n", what) < 0)
		return no_memory(error);
	/* Before the mark that ends the document, at whose end this is. */
	end = offset_of(text->data, document->yaml.end_mark.index) - strlen("...");
	err = put(text, end, end, entry, error);
	free(entry);
	return err;
}

static int replace_scalar(struct text *text, const yaml_node_t *node, const char *value,
			  struct error *error)
{
	return put(text, offset_of(text->data, node->start_mark.index),
		   offset_of(text->data, node->end_mark.index), value, error);
}

static int not_known(const char *key, struct error *error)
{
	return error_set(error, -EINVAL, "the file writes '%s' in a way that cannot be changed in "
			 "place: put it in by hand.", key);
}

/* One number of a limit that is there. */
static int set_number(struct text *text, const char *path, const char *name, __u32 number,
		      struct error *error)
{
	struct document document;
	const yaml_node_t *limit, *node;
	char value[32];
	int err = parse(&document, text->data, error);

	if (err) {
		document_free(&document);
		return err;
	}
	limit = document_find(&document, "%s", path);
	node = document_find(&document, "%s/%s", path, name);
	snprintf(value, sizeof(value), "%s%s%u", node ? "" : name, node ? "" : ": ", number);
	if (!limit || limit->type != YAML_MAPPING_NODE || (node && node->type != YAML_SCALAR_NODE))
		err = not_known(path, error);
	else if (node)
		err = replace_scalar(text, node, value, error);
	else
		err = insert(text, &document, limit, value, error);
	document_free(&document);
	return err;
}

static int set_new(struct text *text, const struct document *document, const char *parent,
		   const char *section, const char *entry, struct error *error)
{
	const yaml_node_t *node = NULL;
	char path[PATH_SIZE], *whole = NULL;
	int err;

	snprintf(path, sizeof(path), "%s%s%s", parent, *parent && *section ? "/" : "", section);
	if (*path && document->parsed)
		node = document_find(document, "%s", path);
	if (node && node->type == YAML_MAPPING_NODE)
		return insert(text, document, node, entry, error);
	if (node || !*section)
		return not_known(*section ? section : entry, error);
	if (asprintf(&whole, !*parent ? "%s:\n  %s" : "%s: {%s}", section, entry) < 0)
		return no_memory(error);
	node = *parent ? document_find(document, "%s", parent) : NULL;
	if (!*parent)
		err = insert_at_top(text, document, whole, error);
	else if (node && node->type == YAML_MAPPING_NODE)
		err = insert(text, document, node, whole, error);
	else
		err = not_known(parent, error);
	free(whole);
	return err;
}

int edit_limit(struct text *text, const char *parent, const char *section, const char *key,
	       const struct sg_limit *limit, struct error *error)
{
	char path[PATH_SIZE], entry[PATH_SIZE];
	struct document document = {};
	bool empty = !text->data[strspn(text->data, " \n")], there;
	int err = empty ? 0 : parse(&document, text->data, error);

	if (err) {
		document_free(&document);
		return err;
	}
	snprintf(path, sizeof(path), "%s%s%s%s%s", parent, *parent ? "/" : "", section,
		 *section ? "/" : "", key);
	snprintf(entry, sizeof(entry), "%s: {rate: %u, burst: %u}", key, limit->rate,
		 limit->burst);
	there = !empty && document_find(&document, "%s", path);
	if (empty && *parent)
		err = not_known(parent, error);
	else if (!there)
		err = set_new(text, &document, parent, section, entry, error);
	document_free(&document);
	if (!err && there)
		err = set_number(text, path, "rate", limit->rate, error);
	if (!err && there)
		err = set_number(text, path, "burst", limit->burst, error);
	return err;
}

int edit_zone(struct text *text, const char *name, const struct prefix *prefix,
	      const char *profile, struct error *error)
{
	bool empty = !text->data[strspn(text->data, " \n")];
	char address[PREFIX_TEXT], zone[2 * PATH_SIZE], whole[3 * PATH_SIZE];
	struct document document = {};
	const yaml_node_t *zones;
	int err = empty ? 0 : parse(&document, text->data, error);

	prefix_format(prefix, address, sizeof(address));
	/* In one line, as that may stand in every place. */
	snprintf(zone, sizeof(zone), "{name: %s, prefixes: [\"%s\"]%s%s}", name, address,
		 profile ? ", profile: " : "", profile ? profile : "");
	snprintf(whole, sizeof(whole), "zones:\n  - %s", zone);
	zones = err || empty ? NULL : document_find(&document, "zones");
	if (!err && zones && zones->type != YAML_SEQUENCE_NODE)
		err = not_known("zones", error);
	else if (!err && zones)
		err = insert(text, &document, zones, zone, error);
	else if (!err)
		err = insert_at_top(text, &document, whole, error);
	document_free(&document);
	return err;
}

/* --- in the place of a file --- */

static int write_all(int fd, const struct text *text)
{
	size_t written = 0;

	while (written < text->length) {
		ssize_t more = write(fd, text->data + written, text->length - written);

		if (more < 0 && errno != EINTR)
			return -errno;
		written += more > 0 ? more : 0;
	}
	return fsync(fd) ? -errno : 0;
}

/* As the file that it is to replace, if there is one. */
static int take_over(int fd, const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return errno == ENOENT ? (fchmod(fd, 0644) ? -errno : 0) : -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (fchown(fd, st.st_uid, st.st_gid) || fchmod(fd, st.st_mode & 07777))
		return -errno;
	return 0;
}

/* The file that is there keeps its own bytes, under another name. */
static int keep_old(const char *path)
{
	char kept[PATH_MAX];

	if (snprintf(kept, sizeof(kept), "%s.bak", path) >= (int)sizeof(kept))
		return -ENAMETOOLONG;
	if (unlink(kept) && errno != ENOENT)
		return -errno;
	return link(path, kept) && errno != ENOENT ? -errno : 0;
}

static int replace(const char *path, const struct text *text, bool keep)
{
	char fresh[PATH_MAX];
	int fd, err;

	if (snprintf(fresh, sizeof(fresh), "%s.XXXXXX", path) >= (int)sizeof(fresh))
		return -ENAMETOOLONG;
	fd = mkostemp(fresh, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	err = take_over(fd, path);
	if (!err)
		err = write_all(fd, text);
	if (close(fd) && !err)
		err = -errno;
	if (!err && keep)
		err = keep_old(path);
	if (!err && rename(fresh, path))
		err = -errno;
	if (err)
		unlink(fresh);
	return err;
}

int edit_install(const char *path, const struct text *text, bool keep, struct error *error)
{
	char *real = realpath(path, NULL);
	int err = replace(real ? real : path, text, keep);

	free(real);
	if (!err)
		return 0;
	return error_set(error, err, "cannot write %s: %s; what was there before is there still.",
			 path, err == -EINVAL ? "it is no file" : strerror(-err));
}
