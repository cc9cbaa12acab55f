// SPDX-License-Identifier: GPL-2.0-only
#include "base/lines.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define LINE_SIZE 4096 /* a comment may be long, but not endless */

/* The next line. 1, or 0 at the end of the file, or -errno. */
static int line_read(FILE *file, const char *what, char *line, size_t room, struct error *error)
{
	size_t length = 0;
	bool comment = false;
	int c;

	while ((c = getc_unlocked(file)) != EOF && c != '\n') {
		if (c == '\0')
			return error_set(error, -EINVAL, "a NUL byte; this is not a text file");
		comment |= c == '#';
		if (comment || (!length && strchr(" \t\r", c)))
			continue;
		if (length + 1 >= room)
			return error_set(error, -EINVAL, "a line of more than %zu characters; "
					 "write one %s a line", room - 1, what);
		line[length++] = c;
	}
	if (ferror(file))
		return error_set(error, -errno, "reading failed: %s", strerror(errno));
	if (c == EOF && !length)
		return 0;
	while (length && strchr(" \t\r", line[length - 1]))
		length--;
	line[length] = '\0';
	return 1;
}

int lines_read(const char *path, const char *what,
	       int (*each)(void *context, const char *text, struct error *error), void *context,
	       struct error *error)
{
	FILE *file = fopen(path, "re");
	char text[LINE_SIZE];
	unsigned int line = 0;
	struct stat st;
	int err = 0;

	if (!file || fstat(fileno(file), &st))
		err = -errno;
	else if (S_ISDIR(st.st_mode))
		err = -EISDIR;
	if (err)
		error_set(error, err, "cannot read it: %s; name a readable text file",
			  strerror(-err));
	while (!err) {
		line++;
		err = line_read(file, what, text, sizeof(text), error);
		if (err <= 0)
			break;
		err = *text ? each(context, text, error) : 0;
	}
	if (file)
		fclose(file);
	if (err && line && error)
		error->line = line;
	return err;
}
