// SPDX-License-Identifier: GPL-2.0-only
#include "shared/published.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "named/store.h"

/* Shorter prefixes are somebody's slip, or no good will. */
#define LEAST4 8
#define LEAST6 19 /* what a regional registry hands to the largest networks */

_Static_assert(PUBLISHED_NAME <= NAMED_NAME, "a list has that name in the guard");

const char *const published_words[PUBLISHED__MAX] = {
#define X(NAME, word) word,
	PUBLISHED_KINDS(X)
#undef X
};

enum published_kind published_find(const char *word)
{
	int kind = 0;

	while (kind < PUBLISHED__MAX && strcmp(published_words[kind], word))
		kind++;
	return kind;
}

int published_name_most(enum published_kind kind)
{
	return PUBLISHED_NAME - 1 - (kind == PUBLISHED_ZONE ? 0 : (int)strlen(PUBLISHED_HEAD));
}

bool published_is_name(enum published_kind kind, const char *name)
{
	size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "0123456789-_");

	return length && !name[length] && length <= (size_t)published_name_most(kind);
}

static bool is_too_short(const struct prefix *prefix)
{
	return prefix->length < (prefix->family == AF_INET ? LEAST4 : LEAST6);
}

static int by_prefix(const void *a, const void *b)
{
	return memcmp(&((const struct source_item *)a)->prefix,
		      &((const struct source_item *)b)->prefix, sizeof(struct prefix));
}

/* No configuration is valid with a zone that has a prefix twice. */
static int check_zone(struct source *source, struct error *error)
{
	char text[PREFIX_TEXT];

	if (source->count > SG_ZONE_ENTRIES)
		return error_set(error, -E2BIG, "it has %zu prefixes, and all zones of a host may "
				 "have %d together", source->count, SG_ZONE_ENTRIES);
	if (source->count)
		qsort(source->item, source->count, sizeof(*source->item), by_prefix);
	for (size_t i = 1; i < source->count; i++) {
		if (by_prefix(&source->item[i - 1], &source->item[i]))
			continue;
		prefix_format(&source->item[i].prefix, text, sizeof(text));
		return error_set(error, -EEXIST, "%s is there twice", text);
	}
	return 0;
}

int published_check(enum published_kind kind, struct source *source, struct error *error)
{
	char text[PREFIX_TEXT];

	for (size_t i = 0; i < source->count; i++) {
		if (!is_too_short(&source->item[i].prefix))
			continue;
		prefix_format(&source->item[i].prefix, text, sizeof(text));
		return error_set(error, -EINVAL, "%s is too large a part of the Internet", text);
	}
	return kind == PUBLISHED_ZONE ? check_zone(source, error) : 0;
}
