// SPDX-License-Identifier: GPL-2.0-only
/*
 * manual sipguard.8 | sipguard.yaml.5 EXAMPLE | completion: writes it to standard output.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "manual.h"

static int write_named(FILE *to, int count, char **arguments)
{
	if (count == 2 && !strcmp(arguments[1], "sipguard.8"))
		return write_command_page(to);
	if (count == 3 && !strcmp(arguments[1], "sipguard.yaml.5"))
		return write_settings_page(to, arguments[2]);
	if (count == 2 && !strcmp(arguments[1], "completion"))
		return write_completion(to);
	fprintf(stderr, "Usage: manual sipguard.8 | sipguard.yaml.5 EXAMPLE | completion\n");
	return -EINVAL;
}

static bool begins(const char *line, const char *const *requests)
{
	for (; *requests; requests++)
		if (!strncmp(line, *requests, strlen(*requests)))
			return true;
	return false;
}

/* Without the paragraphs that nothing is in, of which mandoc complains. */
static void put_tidy(const char *text)
{
	static const char *const before[] = {".SH", ".SS", ".PP", NULL};
	static const char *const behind[] = {".SH", ".SS", ".PP", ".TP", NULL};
	const char *last = "";

	while (*text) {
		size_t length = strcspn(text, "\n") + 1;
		bool empty = !strncmp(text, ".PP\n", 4) &&
			     (begins(last, before) || begins(text + length, behind));

		if (!empty) {
			fwrite(text, 1, length, stdout);
			last = text;
		}
		text += length;
	}
}

int main(int count, char **arguments)
{
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);
	int err = to ? write_named(to, count, arguments) : -ENOMEM;

	if (to && fclose(to))
		err = -ENOMEM;
	if (!err)
		put_tidy(text);
	if (!err && (fflush(stdout) || ferror(stdout))) {
		fprintf(stderr, "manual: cannot write: %s.\n", strerror(errno));
		err = -EIO;
	}
	free(text);
	return err ? 1 : 0;
}
