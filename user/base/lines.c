// SPDX-License-Identifier: GPL-2.0-only
#include "base/lines.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define LINE_SIZE 4096 /* a comment may be long, but not endless */
#define MARK "\xef\xbb\xbf" /* before the first line, where a spreadsheet has written the file */

/* The next line. 1, or 0 at the end of the file, or -errno. */
static int line_read(FILE *file, const char *what, bool comments, char *line, size_t room,
		     struct error *error)
{
	size_t length = 0;
	bool comment = false;
	int c;

	while ((c = getc_unlocked(file)) != EOF && c != '\n') {
		if (c == '\0')
			return error_set(error, -EINVAL, "a NUL byte; this is not a text file");
		comment |= comments && c == '#';
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

int lines_each(FILE *file, const char *what, const bool *comments, unsigned int line,
	       int (*each)(void *context, const char *text, struct error *error), void *context,
	       struct error *error)
{
	char text[LINE_SIZE];
	int err;

	do {
		const char *begin = text;

		line++;
		if (error)
			error->line = line;
		err = line_read(file, what, *comments, text, sizeof(text), error);
		if (err <= 0)
			break;
		if (line == 1 && !strncmp(text, MARK, strlen(MARK)))
			begin += strlen(MARK);
		err = *begin ? each(context, begin, error) : 0;
	} while (!err);
	if (!err && error)
		error->line = 0;
	return err;
}

int lines_open(const char *path, FILE **file, struct error *error)
{
	struct stat st;
	int err = 0;

	*file = fopen(path, "re");
	if (!*file || fstat(fileno(*file), &st))
		err = -errno;
	else if (S_ISDIR(st.st_mode))
		err = -EISDIR;
	if (!err)
		return 0;
	if (*file)
		fclose(*file);
	return error_set(error, err, "cannot read it: %s; name a readable text file",
			 strerror(-err));
}

int lines_read(const char *path, const char *what,
	       int (*each)(void *context, const char *text, struct error *error), void *context,
	       struct error *error)
{
	static const bool comments = true;
	FILE *file;
	int err = lines_open(path, &file, error);

	if (err)
		return err;
	err = lines_each(file, what, &comments, 0, each, context, error);
	fclose(file);
	return err;
}
