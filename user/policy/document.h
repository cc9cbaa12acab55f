/* SPDX-License-Identifier: GPL-2.0-only */
/* A YAML file, checked against a libcyaml schema, whose errors know their line and column. */
#ifndef SIPGUARD_DOCUMENT_H
#define SIPGUARD_DOCUMENT_H

#include <cyaml/cyaml.h>
#include <stdbool.h>
#include <yaml.h>

#include "base/error.h"

#define DOCUMENT_SIZE (1 << 20) /* largest file, in bytes */
/*
 * Keys of one mapping that are compared with each other. A schema's mapping has fewer, so among
 * more keys than this there is one the schema does not know, or two of the first ones are equal.
 */
#define DOCUMENT_KEYS 128

struct document {
	const cyaml_schema_value_t *schema;
	struct error *error;
	unsigned char *text;
	size_t size;
	yaml_document_t yaml; /* the same once more, for the places of things */
	bool parsed;          /* yaml is there */
	void *data;           /* what libcyaml made of it by the schema */
};

/*
 * Fills in *document, which document_free() takes down, also after an error. The schema's root is a
 * mapping; all values are optional. 0, or -errno with *error filled in.
 */
int document_load(struct document *document, const char *path, const cyaml_schema_value_t *schema,
		  struct error *error);
void document_free(struct document *document);

/* The node at a path like "zones/0/name", or NULL. Indexes count from 0. */
const yaml_node_t *document_find(const struct document *document, const char *path, ...)
	__attribute__((format(printf, 2, 3)));

/* Notes an error at `node` (the whole file if NULL). Always -EINVAL. */
int document_fail(const struct document *document, const yaml_node_t *node, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Whether the nodes are what the schema asks for (document_check.c). 0 or -EINVAL. */
int document_check(const struct document *document);

#endif
