// SPDX-License-Identifier: GPL-2.0-only
/*
 * Compares a YAML document with the libcyaml schema it will be loaded by, to name what is wrong and
 * where. Stricter than libcyaml where that guesses: numbers are decimal digits and nothing else.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/quote.h"
#include "policy/document.h"

/* What is being looked at: the key it stands under, NULL for the whole file. */
struct place {
	const struct document *document;
	yaml_document_t *yaml;
	const char *key;
	bool entry; /* of the list under that key */
};

static int check_value(const struct place *place, const yaml_node_t *node,
		       const cyaml_schema_value_t *schema);

static const char *text_of(const yaml_node_t *node)
{
	return (const char *)node->data.scalar.value;
}

/* "a, b, c", cut short with ", ..." where the room ends. */
static const char *list_append(char *list, size_t size, const char *word)
{
	size_t used = strlen(list);

	if (used + strlen(", ") + strlen(word) + sizeof(", ...") <= size)
		snprintf(list + used, size - used, "%s%s", used ? ", " : "", word);
	else if (used >= 3 && strcmp(list + used - 3, "..."))
		snprintf(list + used, size - used, ", ...");
	return list;
}

static void expectation(const cyaml_schema_value_t *schema, char *text, size_t size)
{
	char words[120] = "";

	switch (schema->type) {
	case CYAML_UINT:
		snprintf(text, size, "a whole number in decimal digits");
		break;
	case CYAML_ENUM:
		for (uint32_t i = 0; i < schema->enumeration.count; i++)
			list_append(words, sizeof(words), schema->enumeration.strings[i].str);
		snprintf(text, size, "one of %s", words);
		break;
	case CYAML_SEQUENCE:
		snprintf(text, size, "a list in [brackets], or of lines that begin with '- '");
		break;
	case CYAML_MAPPING:
		for (const cyaml_schema_field_t *f = schema->mapping.fields; f->key; f++)
			list_append(words, sizeof(words), f->key);
		snprintf(text, size, "a mapping with keys out of: %s", words);
		break;
	default:
		snprintf(text, size, "one word");
	}
}

static int fail_type(const struct place *place, const yaml_node_t *node,
		     const cyaml_schema_value_t *schema)
{
	char wanted[160], found[64];

	expectation(schema, wanted, sizeof(wanted));
	if (node->type == YAML_MAPPING_NODE)
		snprintf(found, sizeof(found), "a mapping");
	else if (node->type == YAML_SEQUENCE_NODE)
		snprintf(found, sizeof(found), "a list");
	else if (!*text_of(node))
		snprintf(found, sizeof(found), "nothing");
	else
		snprintf(found, sizeof(found), "'%s'", quote(text_of(node)).text);
	if (!place->key)
		return document_fail(place->document, node, "the file must be %s; it is %s", wanted,
				     found);
	return document_fail(place->document, node, "%s'%s' must be %s, not %s",
			     place->entry ? "each entry of " : "", place->key, wanted, found);
}

/* No sign, no leading zero (octal elsewhere); 18 digits, so that no reader overflows. */
static bool is_number(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits && digits <= 18 && !text[digits] && (text[0] != '0' || digits == 1);
}

static bool is_known_word(const cyaml_schema_value_t *schema, const char *text)
{
	for (uint32_t i = 0; i < schema->enumeration.count; i++)
		if (!strcmp(schema->enumeration.strings[i].str, text))
			return true;
	return false;
}

static int check_key(const struct place *place, const yaml_node_t *mapping, const yaml_node_t *key)
{
	const yaml_node_pair_t *pair = mapping->data.mapping.pairs.start;
	const yaml_node_t *earlier;

	if (key->type != YAML_SCALAR_NODE)
		return document_fail(place->document, key, "a key must be one word, not a list or "
				     "mapping; look for brackets that do not belong here");
	for (int i = 0; i < DOCUMENT_KEYS; i++, pair++) {
		earlier = yaml_document_get_node(place->yaml, pair->key);
		if (earlier == key)
			break;
		if (!strcmp(text_of(earlier), text_of(key)))
			return document_fail(place->document, key, "the key '%s' is here a second "
					     "time, first on line %zu; keep one of them",
					     quote(text_of(key)).text,
					     earlier->start_mark.line + 1);
	}
	return 0;
}

static int fail_unknown_key(const struct place *place, const yaml_node_t *key,
			    const cyaml_schema_value_t *schema)
{
	char known[120] = "";

	for (const cyaml_schema_field_t *f = schema->mapping.fields; f->key; f++)
		list_append(known, sizeof(known), f->key);
	return document_fail(place->document, key, "unknown key '%s' %s%s; known here: %s",
			     quote(text_of(key)).text, place->key ? "in " : "at the top level",
			     place->key ? place->key : "", known);
}

static int check_mapping(const struct place *place, const yaml_node_t *node,
			 const cyaml_schema_value_t *schema)
{
	const cyaml_schema_field_t *field;
	struct place inner = *place;
	const yaml_node_t *key;
	int err;

	for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
	     pair < node->data.mapping.pairs.top; pair++) {
		key = yaml_document_get_node(place->yaml, pair->key);
		err = check_key(place, node, key);
		if (err)
			return err;
		field = schema->mapping.fields;
		while (field->key && strcmp(field->key, text_of(key)))
			field++;
		if (!field->key)
			return fail_unknown_key(place, key, schema);
		inner.key = field->key;
		inner.entry = false;
		err = check_value(&inner, yaml_document_get_node(place->yaml, pair->value),
				  &field->value);
		if (err)
			return err;
	}
	return 0;
}

static int check_sequence(const struct place *place, const yaml_node_t *node,
			  const cyaml_schema_value_t *schema)
{
	struct place inner = *place;
	int err = 0;

	inner.entry = true;
	for (const yaml_node_item_t *item = node->data.sequence.items.start;
	     item < node->data.sequence.items.top && !err; item++)
		err = check_value(&inner, yaml_document_get_node(place->yaml, *item),
				  schema->sequence.entry);
	return err;
}

static int check_value(const struct place *place, const yaml_node_t *node,
		       const cyaml_schema_value_t *schema)
{
	bool scalar = node->type == YAML_SCALAR_NODE;

	if (schema->type == CYAML_MAPPING && node->type == YAML_MAPPING_NODE)
		return check_mapping(place, node, schema);
	if (schema->type == CYAML_SEQUENCE && node->type == YAML_SEQUENCE_NODE)
		return check_sequence(place, node, schema);
	if (schema->type == CYAML_UINT && scalar && is_number(text_of(node)))
		return 0;
	if (schema->type == CYAML_ENUM && scalar && is_known_word(schema, text_of(node)))
		return 0;
	if (schema->type == CYAML_STRING && scalar)
		return 0;
	return fail_type(place, node, schema);
}

int document_check(const struct document *document)
{
	/* libyaml's accessors take no const, but change nothing. */
	struct place place = {document, (yaml_document_t *)&document->yaml, NULL, false};

	return check_value(&place, yaml_document_get_root_node(place.yaml), document->schema);
}
