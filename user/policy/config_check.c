// SPDX-License-Identifier: GPL-2.0-only
/*
 * Compares a document with the table of settings, to name what is wrong and where, before anything
 * is read. Strict where YAML's readers guess: numbers are decimal digits and nothing else.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/names.h"
#include "base/quote.h"
#include "policy/config_check.h"
#include "policy/setting.h"

/*
 * Keys of one mapping that are compared with each other. No mapping has as many, so among more keys
 * than this there is one that is not known, or two of the first ones are equal.
 */
#define COMPARED 128
#define COMPARED_LETTERS 40 /* of a key, to tell which one is meant */

_Static_assert(SG_REASON__MAX <= COMPARED, "the modes are the largest mapping");

/* What is being looked at. */
struct place {
	const struct document *document;
	const char *path; /* in the table */
	const char *key;  /* in the file; NULL for all of it */
	enum setting_place where;
	bool entry;       /* of the list under that key */
};

enum kind { MAPPING, LIST, NUMBER, CHOICE, TEXT };

static enum kind kind_of(const struct setting *setting, bool entry)
{
	if (!setting)
		return MAPPING;
	switch (setting->type) {
	case SETTING_FLAG:
	case SETTING_WORD:
		return CHOICE;
	case SETTING_NAME:
	case SETTING_PROFILE:
	case SETTING_FILE:
		return TEXT;
	case SETTING_ONLY:
	case SETTING_NOT:
		return entry ? CHOICE : LIST;
	case SETTING_PORTS:
	case SETTING_VLANS:
		return entry ? NUMBER : LIST;
	case SETTING_PREFIXES:
	case SETTING_INTERFACES:
	case SETTING_DOMAINS:
	case SETTING_USERS:
	case SETTING_FIELDS:
	case SETTING_DIALLED:
	case SETTING_EXITS:
		return entry ? TEXT : LIST;
	case SETTING_PROFILES:
	case SETTING_ZONES:
	case SETTING_CALLEES:
		return LIST;
	default:
		return NUMBER;
	}
}

/* --- what is there, in words --- */

/* "a, b, c", cut short with ", ..." where the room ends. */
static void list_append(char *list, size_t size, const char *word, int length)
{
	size_t used = strlen(list);
	bool cut = used >= 3 && !strcmp(list + used - 3, "...");

	if (!cut && used + strlen(", ") + length + sizeof(", ...") <= size)
		snprintf(list + used, size - used, "%s%.*s", used ? ", " : "", length, word);
	else if (used && !cut)
		snprintf(list + used, size - used, ", ...");
}

/* The row's key below `place`, *length characters up to the next '/'; NULL if it is not there. */
static const char *key_below(const struct place *place, const struct setting *setting, int *length)
{
	const char *below = NULL;

	if (setting_is_of(setting, place->where))
		below = setting_below(setting, place->path);
	if (below)
		*length = strcspn(below, "/");
	return below;
}

static bool is_listed(const struct place *place, size_t rows, const char *key, int length)
{
	const char *earlier;
	int its;

	for (size_t i = 0; i < rows; i++) {
		earlier = key_below(place, &settings[i], &its);
		if (earlier && its == length && !strncmp(earlier, key, length))
			return true;
	}
	return false;
}

static void known_keys(const struct place *place, char *list, size_t size)
{
	const char *key;
	int length;

	*list = '\0';
	for (size_t i = 0; i < settings_count; i++) {
		key = key_below(place, &settings[i], &length);
		if (key && !is_listed(place, i, key, length))
			list_append(list, size, key, length);
	}
}

static void expectation(const struct place *place, const struct setting *setting, char *text,
			size_t size)
{
	char words[160] = "";

	switch (kind_of(setting, place->entry)) {
	case NUMBER:
		snprintf(text, size, "a whole number in decimal digits");
		break;
	case CHOICE:
		for (const char *const *word = setting->words; *word; word++)
			if (**word)
				list_append(words, sizeof(words), *word, strlen(*word));
		snprintf(text, size, "one of %s", words);
		break;
	case LIST:
		snprintf(text, size, "a list in [brackets], or of lines that begin with '- '");
		break;
	case MAPPING:
		known_keys(place, words, sizeof(words));
		snprintf(text, size, "a mapping with keys out of: %s", words);
		break;
	case TEXT:
		snprintf(text, size, "one word");
	}
}

static int fail_type(const struct place *place, const yaml_node_t *node,
		     const struct setting *setting)
{
	char wanted[200], found[64];

	expectation(place, setting, wanted, sizeof(wanted));
	if (node->type == YAML_MAPPING_NODE)
		snprintf(found, sizeof(found), "a mapping");
	else if (node->type == YAML_SEQUENCE_NODE)
		snprintf(found, sizeof(found), "a list");
	else if (!*document_text(node))
		snprintf(found, sizeof(found), "nothing");
	else
		snprintf(found, sizeof(found), "'%s'", quote(document_text(node)).text);
	if (!place->key)
		return document_fail(place->document, node, "the file must be %s; it is %s", wanted,
				     found);
	return document_fail(place->document, node, "%s'%s' must be %s, not %s",
			     place->entry ? "each entry of " : "", place->key, wanted, found);
}

/* How many characters are to be changed, put in or taken out to make the one word of the other. */
static int differences(const char *text, const char *key, int length)
{
	int row[COMPARED_LETTERS + 1], diagonal, above;

	for (int i = 0; i <= length; i++)
		row[i] = i;
	for (int y = 1; text[y - 1]; y++) {
		diagonal = row[0];
		row[0] = y;
		for (int i = 1; i <= length; i++) {
			above = row[i];
			row[i] = diagonal + (key[i - 1] != text[y - 1]);
			row[i] = row[i] < above + 1 ? row[i] : above + 1;
			row[i] = row[i] < row[i - 1] + 1 ? row[i] : row[i - 1] + 1;
			diagonal = above;
		}
	}
	return row[length];
}

/* The key of the place that `text` is nearly: one letter in three is another one; "" if none is. */
static void nearest_key(const struct place *place, const char *text, char *nearest, size_t size)
{
	int length, differs, least = strlen(text) / 3 + 1;
	const char *key;

	*nearest = '\0';
	if (strlen(text) > COMPARED_LETTERS)
		return;
	for (size_t i = 0; i < settings_count; i++) {
		key = key_below(place, &settings[i], &length);
		if (!key || length > COMPARED_LETTERS)
			continue;
		differs = differences(text, key, length);
		if (differs >= least)
			continue;
		least = differs;
		snprintf(nearest, size, "%.*s", length, key);
	}
}

static bool is_known_key(const struct place *place, const char *key)
{
	int length;

	for (size_t i = 0; i < settings_count; i++) {
		const char *known = key_below(place, &settings[i], &length);

		if (known && strlen(key) == (size_t)length && !strncmp(known, key, length))
			return true;
	}
	return false;
}

/* Where else a key may stand that is unknown in its place; NULL if nowhere. */
static const char *other_place(const struct place *place, const char *key)
{
	static const struct {
		enum setting_place where;
		const char *name;
	} others[] = {
		{PLACE_TOP, "at the top level"},
		{PLACE_ZONE, "in zones"},
		{PLACE_CALLEE, "in callees"},
	};
	struct place other = {place->document, .path = ""};

	if (*place->path)
		return NULL;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		other.where = others[i].where;
		if (other.where != place->where && is_known_key(&other, key))
			return others[i].name;
	}
	return NULL;
}

static int fail_unknown_key(const struct place *place, const yaml_node_t *key)
{
	const char *text = document_text(key), *stands = other_place(place, text);
	char known[120], nearest[COMPARED_LETTERS + 1], advice[96] = "";

	known_keys(place, known, sizeof(known));
	nearest_key(place, text, nearest, sizeof(nearest));
	if (stands)
		snprintf(advice, sizeof(advice), "; it is a key %s", stands);
	else if (place->where == PLACE_TOP && !place->key && reason_find(text) > SG_REASON_NONE)
		snprintf(advice, sizeof(advice), "; it is a key of modes");
	else if (*nearest)
		snprintf(advice, sizeof(advice), "; is '%s' meant?", nearest);
	return document_fail(place->document, key, "unknown key '%s' %s%s; known here: %s%s",
			     quote(text).text, place->key ? "in " : "at the top level",
			     place->key ? place->key : "", known, advice);
}

/* --- the check --- */

static int check_value(const struct place *place, const yaml_node_t *node);

/* No sign, no leading zero (octal elsewhere); 18 digits, so that no reader overflows. */
static bool is_number(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits && digits <= 18 && !text[digits] && (text[0] != '0' || digits == 1);
}

static bool is_known_word(const struct setting *setting, const char *text)
{
	for (const char *const *word = setting->words; *word; word++)
		if (**word && !strcmp(*word, text))
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
	for (int i = 0; i < COMPARED; i++, pair++) {
		earlier = document_node(place->document, pair->key);
		if (earlier == key)
			break;
		if (!strcmp(document_text(earlier), document_text(key)))
			return document_fail(place->document, key, "the key '%s' is here a second "
					     "time, first on line %zu; keep one of them",
					     quote(document_text(key)).text,
					     earlier->start_mark.line + 1);
	}
	return 0;
}

static int check_mapping(const struct place *place, const yaml_node_t *node)
{
	struct place inner = {place->document, .where = place->where};
	char path[SETTING_PATH];
	const yaml_node_t *key;
	int err;

	inner.path = path;
	for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
	     pair < node->data.mapping.pairs.top; pair++) {
		key = document_node(place->document, pair->key);
		err = check_key(place, node, key);
		if (err)
			return err;
		inner.key = document_text(key);
		if (!is_known_key(place, inner.key))
			return fail_unknown_key(place, key);
		snprintf(path, sizeof(path), "%s%s%s", place->path, *place->path ? "/" : "",
			 inner.key);
		err = check_value(&inner, document_node(place->document, pair->value));
		if (err)
			return err;
	}
	return 0;
}

/* What the mappings of a list are. */
static enum setting_place place_in(enum setting_type type, enum setting_place otherwise)
{
	return type == SETTING_ZONES ? PLACE_ZONE : type == SETTING_PROFILES ? PLACE_PROFILE :
	       type == SETTING_CALLEES ? PLACE_CALLEE : otherwise;
}

static int check_list(const struct place *place, const yaml_node_t *node,
		      const struct setting *setting)
{
	struct place inner = *place;
	int err = 0;

	inner.entry = true;
	inner.where = place_in(setting->type, place->where);
	if (inner.where != place->where)
		inner.path = "";
	for (size_t i = 0; i < document_entries(node) && !err; i++)
		err = check_value(&inner, document_entry(place->document, node, i));
	return err;
}

static int check_value(const struct place *place, const yaml_node_t *node)
{
	const struct setting *setting = setting_find(place->path, place->where);
	enum kind kind = kind_of(setting, place->entry);
	bool scalar = node->type == YAML_SCALAR_NODE;

	if (kind == MAPPING && node->type == YAML_MAPPING_NODE)
		return check_mapping(place, node);
	if (kind == LIST && node->type == YAML_SEQUENCE_NODE)
		return check_list(place, node, setting);
	if (kind == NUMBER && scalar && is_number(document_text(node)))
		return 0;
	if (kind == CHOICE && scalar && is_known_word(setting, document_text(node)))
		return 0;
	if (kind == TEXT && scalar)
		return 0;
	return fail_type(place, node, setting);
}

int config_check(const struct document *document)
{
	struct place place = {document, "", NULL, PLACE_TOP, false};

	return check_value(&place, document_root(document));
}
