// SPDX-License-Identifier: GPL-2.0-only
#include "base/identity.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/lines.h"
#include "base/quote.h"

__u64 identity_number(const char *field, const __u64 *secret, __u32 skip)
{
	struct sg_identity_walk walk = {.secret = {secret[0], secret[1]}, .skip = skip};

	while (*field && !walk.found)
		sg_identity_step(&walk, (unsigned char)*field++);
	if (!walk.found)
		sg_identity_step(&walk, ' ');
	return walk.found;
}

/* What is no URI yet is one of a user and his host, or else a number. */
static const char *scheme_of(const char *word)
{
	if (!strncasecmp(word, "sip:", 4) || !strncasecmp(word, "sips:", 5) ||
	    !strncasecmp(word, "tel:", 4))
		return "";
	return word[strcspn(word, "@:")] == '@' ? "sip:" : "tel:";
}

int identity_parse(const char *word, struct identity_text *text, struct error *error)
{
	static const __u64 any[2] = {1, 2};
	const size_t room = sizeof(text->text);

	if ((size_t)snprintf(text->text, room, "%s%s", scheme_of(word), word) >= room)
		return error_set(error, -EINVAL, "'%s' is too long: an identity has at most %zu "
				 "characters", quote(word).text, room - 1);
	for (const char *c = word; *c; c++)
		if (*c <= ' ' || *c > '~' || strchr("<>\",", *c))
			return error_set(error, -EINVAL, "'%s' is no identity: write one without "
					 "its name, quotes, blanks and < >", quote(word).text);
	if (!identity_number(text->text, any, 0))
		return error_set(error, -EINVAL, "'%s' is no identity: write it like "
				 "alice@example.com, or a number of %d digits or more like "
				 "+442079460000", quote(word).text, SG_IDENTITY_DIGITS);
	return 0;
}

struct text_array {
	struct identity_text *item;
	size_t count, room;
};

static int append(void *context, const char *word, struct error *error)
{
	struct text_array *array = context;
	struct identity_text *grown;

	if (array->count == SG_IDENTITIES)
		return error_set(error, -EINVAL, "more than %d identities; there is room for no "
				 "more", SG_IDENTITIES);
	if (array->count == array->room) {
		array->room = array->room ? array->room * 2 : 256;
		grown = reallocarray(array->item, array->room, sizeof(*grown));
		if (!grown)
			return error_set(error, -ENOMEM, "out of memory");
		array->item = grown;
	}
	return identity_parse(word, &array->item[array->count++], error);
}

int identity_file(const char *path, struct identity_text **texts, size_t *count,
		  struct error *error)
{
	struct text_array array = {};
	int err = lines_read(path, "identity", append, &array, error);

	if (err) {
		free(array.item);
		return err;
	}
	*texts = array.item;
	*count = array.count;
	return 0;
}
