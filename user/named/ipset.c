// SPDX-License-Identifier: GPL-2.0-only
/* Lines as `ipset save` prints them, and `ipset restore` reads them: ipset(8). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/quote.h"
#include "named/source.h"

#define WORD 64        /* the longest prefix, or the name of a set (31 bytes) */
#define TIMEOUT_MAX 2147483 /* seconds, of the kernel's sets */

/* The next word in `word`; false after the last. One that is too long is cut, and fits nothing. */
static bool next_word(const char **line, char word[WORD])
{
	size_t length;

	*line += strspn(*line, " \t");
	length = strcspn(*line, " \t");
	if (!length)
		return false;
	memcpy(word, *line, length < WORD ? length : WORD - 1);
	word[length < WORD ? length : WORD - 1] = '\0';
	*line += length;
	return true;
}

static int read_timeout(const char *text, __u32 *seconds, struct error *error)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end || value > TIMEOUT_MAX)
		return error_set(error, -EINVAL, "'%s' is not a timeout; it is a number of "
				 "seconds, 0 to %d", quote(text).text, TIMEOUT_MAX);
	*seconds = value;
	return 0;
}

/* What comes behind the prefix: only two of ipset's options change what it means. */
static int read_options(const char *line, __u32 *seconds, struct error *error)
{
	char word[WORD], value[WORD];

	while (next_word(&line, word)) {
		int err = 0;

		if (strcmp(word, "comment") == 0)
			break; /* the last option, which has spaces in it */
		if (strcmp(word, "nomatch") == 0)
			return error_set(error, -EINVAL, "'nomatch' makes it an exception, which a "
					 "list cannot have; put it on the other list instead");
		if (strcmp(word, "timeout") == 0)
			err = next_word(&line, value) ? read_timeout(value, seconds, error)
						      : read_timeout("", seconds, error);
		if (err)
			return err;
	}
	return 0;
}

static int read_add(struct source *source, const char *line, struct error *error)
{
	char set[WORD], prefix_text[WORD];
	struct prefix prefix;
	__u32 seconds = 0;
	int err;

	if (!next_word(&line, set) || !next_word(&line, prefix_text))
		return error_set(error, -EINVAL, "write `add SET PREFIX`");
	if (strpbrk(prefix_text, ",-"))
		return error_set(error, -EINVAL, "'%s' is more than an address or prefix; only "
				 "sets of those (hash:ip, hash:net) can be read",
				 quote(prefix_text).text);
	err = prefix_parse(prefix_text, &prefix, error);
	if (!err)
		err = read_options(line, &seconds, error);
	return err ? err : source_append(source, &prefix, seconds, error);
}

int source_ipset_line(struct source *source, const char *line, struct error *error)
{
	static const char *const passed[] = {"create", "flush", "destroy", "COMMIT", NULL};
	char word[WORD];

	if (!next_word(&line, word))
		return 0;
	if (strcmp(word, "add") == 0)
		return read_add(source, line, error);
	for (int i = 0; passed[i]; i++) {
		if (strcmp(word, passed[i]) == 0)
			return 0;
	}
	return error_set(error, -EINVAL, "'%s' is nothing that `ipset save` prints",
			 quote(word).text);
}
