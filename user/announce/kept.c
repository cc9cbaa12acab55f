// SPDX-License-Identifier: GPL-2.0-only
#include "announce/kept.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/quote.h"
#include "base/text.h"

static int make_folder(const char *path)
{
	char folder[PATH_MAX];
	char *slash;

	snprintf(folder, sizeof(folder), "%s", path);
	slash = strrchr(folder, '/');
	if (!slash || slash == folder)
		return 0;
	*slash = '\0';
	return mkdir(folder, 0755) && errno != EEXIST ? -errno : 0;
}

static int take_lock(struct kept *kept, struct error *error)
{
	char path[PATH_MAX + 8];
	int err;

	snprintf(path, sizeof(path), "%s.lock", kept->path);
	kept->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (kept->lock < 0)
		return error_set(error, -errno, "cannot write %s: %s.", quote(path).text,
				 strerror(errno));
	if (!flock(kept->lock, LOCK_EX | LOCK_NB))
		return 0;
	err = errno == EWOULDBLOCK ? -EBUSY : -errno;
	close(kept->lock);
	return error_set(error, err, "another `sipguard upstream` runs already: end it first.");
}

static int read_rules(FILE *file, struct rule **rules, size_t *count)
{
	char line[RULE_TEXT];
	struct rule rule, *grown;

	while (fgets(line, sizeof(line), file)) {
		if (rule_parse(line, &rule))
			continue;
		grown = reallocarray(*rules, *count + 1, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		*rules = grown;
		grown[(*count)++] = rule;
	}
	return ferror(file) ? -EIO : 0;
}

int kept_begin(struct kept *kept, const char *path, struct rule **rules, size_t *count,
	       struct error *error)
{
	int err = make_folder(path);
	FILE *file;

	*kept = (struct kept){path, -1};
	*rules = NULL;
	*count = 0;
	if (err)
		return error_set(error, err, "cannot make the folder of %s: %s.", quote(path).text,
				 strerror(-err));
	err = take_lock(kept, error);
	if (err)
		return err;
	file = fopen(path, "re");
	if (!file && errno != ENOENT)
		err = -errno;
	if (file) {
		err = read_rules(file, rules, count);
		fclose(file);
	}
	if (!err)
		return 0;
	free(*rules);
	close(kept->lock);
	return error_set(error, err, "cannot read %s: %s.", quote(path).text, strerror(-err));
}

/* As a whole or not at all. It need not outlive the machine: a speaker forgets then, too. */
static int replace(const char *path, const struct text *text)
{
	char fresh[PATH_MAX + 8];
	int fd, err = 0;

	snprintf(fresh, sizeof(fresh), "%s.new", path);
	fd = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	if (text->length && write(fd, text->data, text->length) != (ssize_t)text->length)
		err = -EIO;
	close(fd);
	if (!err && rename(fresh, path))
		err = -errno;
	return err;
}

int kept_write(const struct kept *kept, const struct rule *rules, size_t count,
	       struct error *error)
{
	struct text text = {};
	char line[RULE_TEXT];
	int err;

	for (size_t i = 0; i < count; i++)
		text_add(&text, "%s\n", rule_line(&rules[i], line));
	err = text.lost ? -ENOMEM : replace(kept->path, &text);
	text_free(&text);
	return err ? error_set(error, err, "cannot write %s: %s.", quote(kept->path).text,
			       strerror(-err)) : 0;
}

void kept_end(struct kept *kept)
{
	if (kept->lock >= 0)
		close(kept->lock);
	kept->lock = -1;
}
