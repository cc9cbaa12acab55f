// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "saved/saved.h"

/* The folder of a file, and its name there. */
struct place_of_file {
	char folder[PATH_MAX];
	const char *name;
	int fd; /* of the folder, locked: one at a time writes there */
};

static int split(const char *path, struct place_of_file *place)
{
	const char *slash = strrchr(path, '/');

	place->fd = -1;
	place->name = slash ? slash + 1 : path;
	if (strlen(path) >= sizeof(place->folder) - sizeof(".new") || !*place->name)
		return -EINVAL;
	snprintf(place->folder, sizeof(place->folder), "%.*s", slash ? (int)(slash - path) : 1,
		 slash ? path : ".");
	if (slash == path)
		strcpy(place->folder, "/");
	return 0;
}

static int open_folder(struct place_of_file *place)
{
	if (mkdir(place->folder, 0700) && errno != EEXIST)
		return -errno;
	place->fd = open(place->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (place->fd < 0 || flock(place->fd, LOCK_EX))
		return -errno;
	return 0;
}

/* Neither a device nor a link is put out of its place, whatever it was named for. */
static int check_replaced(const struct place_of_file *place)
{
	struct stat st;

	if (fstatat(place->fd, place->name, &st, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : -errno;
	return S_ISREG(st.st_mode) ? 0 : -EINVAL;
}

static int write_all(FILE *file, const struct saved *saved)
{
	errno = 0;
	if (saved_print(saved, file) || fflush(file) || fsync(fileno(file)))
		return errno ? -errno : -EIO;
	return 0;
}

/* In place of what one that was killed has left. */
static int write_new(const struct place_of_file *place, const char *name,
		     const struct saved *saved)
{
	int err = 0, fd;
	FILE *file;

	unlinkat(place->fd, name, 0);
	fd = openat(place->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	file = fdopen(fd, "w");
	if (!file) {
		err = -errno;
		close(fd);
		return err;
	}
	err = write_all(file, saved);
	if (fclose(file) && !err)
		err = -errno;
	return err;
}

int saved_write(const char *path, const struct saved *saved, struct error *error)
{
	char name[PATH_MAX + 8];
	struct place_of_file place;
	int err = split(path, &place);

	if (!err)
		err = open_folder(&place);
	if (!err)
		err = check_replaced(&place);
	snprintf(name, sizeof(name), "%s.new", place.name);
	if (!err) {
		err = write_new(&place, name, saved);
		if (!err && renameat(place.fd, name, place.fd, place.name))
			err = -errno;
		if (err)
			unlinkat(place.fd, name, 0);
		else if (fsync(place.fd))
			err = -errno;
	}
	if (place.fd >= 0)
		close(place.fd);
	if (err)
		error_set(error, err, "cannot write %s: %s; what was there before is there still.",
			  path, err == -EINVAL ? "it is no file" : strerror(-err));
	return err;
}

/* Who else may write there could have the guard allow what he likes. */
static int check_owner(int fd, const char *path, struct error *error)
{
	struct stat st;

	if (fstat(fd, &st))
		return error_set(error, -errno, "cannot read %s: %s.", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return error_set(error, -EINVAL, "%s is no file: name what `sipguard save` has "
				 "written.", path);
	if ((st.st_uid && st.st_uid != geteuid()) || st.st_mode & (S_IWGRP | S_IWOTH))
		return error_set(error, -EPERM, "%s may be written by others than root, so nothing "
				 "of it was restored: see what is in it, then `chown root` and "
				 "`chmod 600`.", path);
	return 0;
}

/* Whether somebody else has written it: it begins with something that no state begins with. */
static bool is_foreign(FILE *file)
{
	char begin[sizeof(SAVED_BEGIN) - 1];
	size_t got;

	rewind(file);
	got = fread(begin, 1, sizeof(begin), file);
	return memcmp(begin, SAVED_BEGIN, got) != 0;
}

int saved_read(const char *path, struct saved *saved, struct error *error)
{
	/* Without waiting for who would write to a FIFO. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct error why = {};
	bool foreign;
	FILE *file;
	int err;

	*saved = (struct saved){};
	if (fd < 0 && errno == ENOENT)
		return -ENOENT;
	if (fd < 0)
		return error_set(error, -errno, "cannot read %s: %s.", path, strerror(errno));
	err = check_owner(fd, path, error);
	file = err ? NULL : fdopen(fd, "r");
	if (!file) {
		close(fd);
		return err ? err : error_set(error, -ENOMEM, "out of memory.");
	}
	err = saved_parse(file, saved, &why);
	foreign = err == -EBADMSG && is_foreign(file);
	fclose(file);
	if (!err)
		return 0;
	if (foreign)
		return error_set(error, -EILSEQ, "%s is no saved state of sipguard; nothing of it "
				 "was restored", path);
	if (why.line)
		return error_set(error, err, "%s is damaged, line %u: %s; nothing of it was "
				 "restored", path, why.line, why.text);
	return error_set(error, err, "%s is damaged: %s; nothing of it was restored", path,
			 why.text);
}

int saved_keep_aside(const char *path, char aside[PATH_MAX])
{
	time_t now = time(NULL);
	char date[32];
	struct tm tm;

	strftime(date, sizeof(date), "%Y%m%d-%H%M%S", gmtime_r(&now, &tm));
	if (snprintf(aside, PATH_MAX, "%s.damaged-%s", path, date) >= PATH_MAX)
		return -ENAMETOOLONG;
	return rename(path, aside) ? -errno : 0;
}
