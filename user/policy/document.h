/* SPDX-License-Identifier: GPL-2.0-only */
/* A YAML file as a tree, whose errors know their line and column. */
#ifndef SIPGUARD_DOCUMENT_H
#define SIPGUARD_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>

#include "base/error.h"

#define DOCUMENT_SIZE (1 << 20) /* largest file, in bytes */

struct document {
	struct error *error;
	unsigned char *text;
	size_t size;
	yaml_document_t yaml;
	bool parsed; /* yaml is there */
};

/*
 * Fills in *document, which document_free() takes down, also after an error. It has one root, no
 * anchors, no NUL in a value, and is not deep. 0, or -errno with *error filled in.
 */
int document_load(struct document *document, const char *path, struct error *error);
/* The same of a text, which is copied. */
int document_parse(struct document *document, const char *text, struct error *error);
void document_free(struct document *document);

/* The root, or what a key or an entry refers to. */
const yaml_node_t *document_root(const struct document *document);
const yaml_node_t *document_node(const struct document *document, int number);

/*
 * The node at a path like "zones/0/name", or NULL. Indexes count from 0. The keys of mappings on
 * the way are scalars.
 */
const yaml_node_t *document_find(const struct document *document, const char *path, ...)
	__attribute__((format(printf, 2, 3)));

/* Of a sequence; NULL has no entries. `entry` is less than their number. */
size_t document_entries(const yaml_node_t *node);
const yaml_node_t *document_entry(const struct document *document, const yaml_node_t *node,
				  size_t entry);

/* Of a scalar. */
const char *document_text(const yaml_node_t *node);

/* Notes an error at `node` (the whole file if NULL). Always -EINVAL. */
int document_fail(const struct document *document, const yaml_node_t *node, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
