// SPDX-License-Identifier: GPL-2.0-only
/*
 * Zones of a fleet: each is a file, which a zone of the configuration names by `prefixes-file`. A
 * new one is put in its place and the configuration read anew; if that is not valid with it, or is
 * not taken, the old one comes back.
 *
 * NAME.old is there while that is undecided, so that who was killed in between finds what was in
 * force. It is empty if there was no file.
 */
#include "shared/zones.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "guard/session.h"
#include "policy/policy.h"
#include "shared/published.h"
#include "shared/reload.h"

#define OLD ".old"
#define NEW ".new"

struct zone {
	int folder; /* a descriptor */
	char name[PUBLISHED_NAME], old[PUBLISHED_NAME + 8], new[PUBLISHED_NAME + 8];
	char path[ZONE_FILE_PATH];
	bool was_there;
};

/* --- the file --- */

/* Each part that is missing, for root alone, as `save` makes its own. */
static int open_folder(struct error *error)
{
	char path[] = CONFIG_FLEET_ZONES;
	int fd, err = 0;

	for (char *slash = path + 1; !err && (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		if (mkdir(path, 0700) && errno != EEXIST)
			err = -errno;
		*slash = '/';
	}
	fd = err ? err : open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		err = err ? err : -errno;
	return err ? error_set(error, err, "cannot open the folder " CONFIG_FLEET_ZONES ": %s; let "
			       "the agent write there.", strerror(-err)) : fd;
}

static int zone_begin(struct zone *zone, const char *name, struct error *error)
{
	struct stat st;

	*zone = (struct zone){.folder = open_folder(error)};
	if (zone->folder < 0)
		return zone->folder;
	snprintf(zone->name, sizeof(zone->name), "%s", name);
	snprintf(zone->old, sizeof(zone->old), "%s" OLD, name);
	snprintf(zone->new, sizeof(zone->new), "%s" NEW, name);
	snprintf(zone->path, sizeof(zone->path), CONFIG_FLEET_ZONES "%s", name);
	zone->was_there = !fstatat(zone->folder, zone->name, &st, AT_SYMLINK_NOFOLLOW);
	return 0;
}

static int text_of(const char *name, const struct source *source, struct text *text)
{
	char prefix[PREFIX_TEXT];

	text_add(text, "# The zone %s of the fleet. Its agent writes this: what is changed here by "
		 "hand is lost.\n", name);
	for (size_t i = 0; i < source->count; i++) {
		prefix_format(&source->item[i].prefix, prefix, sizeof(prefix));
		text_add(text, "%s\n", prefix);
	}
	return text->lost ? -ENOMEM : 0;
}

static bool is_same(const struct zone *zone, const char *text)
{
	int fd = openat(zone->folder, zone->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	size_t length = strlen(text);
	char *there = malloc(length + 1);
	bool same = false;

	if (fd >= 0 && there)
		same = read(fd, there, length + 1) == (ssize_t)length &&
		       !memcmp(there, text, length);
	free(there);
	if (fd >= 0)
		close(fd);
	return same;
}

static int write_file(const struct zone *zone, const char *name, const char *text)
{
	int fd, err = 0;
	ssize_t done;

	unlinkat(zone->folder, name, 0);
	fd = openat(zone->folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	for (; !err && *text; text += done > 0 ? done : 0) {
		done = write(fd, text, strlen(text));
		if (done < 0 && errno != EINTR)
			err = -errno;
	}
	if (!err && fsync(fd))
		err = -errno;
	close(fd);
	return err;
}

/* The old one aside, the new one in its place. */
static int replace(const struct zone *zone, const char *text)
{
	int err = write_file(zone, zone->new, text);

	unlinkat(zone->folder, zone->old, 0);
	if (!err && !zone->was_there)
		err = write_file(zone, zone->old, "");
	else if (!err && linkat(zone->folder, zone->name, zone->folder, zone->old, 0))
		err = -errno;
	if (!err && renameat(zone->folder, zone->new, zone->folder, zone->name))
		err = -errno;
	if (!err && fsync(zone->folder))
		err = -errno;
	return err;
}

/* Whether it stays, or the old one comes back. */
static void decide(const struct zone *zone, bool stays)
{
	if (!stays && zone->was_there)
		renameat(zone->folder, zone->old, zone->folder, zone->name);
	else if (!stays)
		unlinkat(zone->folder, zone->name, 0);
	unlinkat(zone->folder, zone->old, 0);
	unlinkat(zone->folder, zone->new, 0);
	fsync(zone->folder);
}

/* --- the configuration --- */

/* That in force, or that of the next guard; "": the defaults. *guarded: there is a guard. */
static int find_config(char path[PATH_MAX], bool *guarded, struct error *error)
{
	struct session session;
	struct note note;
	int err = session_begin(&session, ACCESS_TABLES, error);

	*guarded = !err;
	path[0] = '\0';
	if (err == -ENOTCONN) {
		*error = (struct error){};
		if (!access(POLICY_FILE, F_OK))
			strcpy(path, POLICY_FILE);
		return 0;
	}
	if (err)
		return err;
	err = maps_note(&session.maps, session.maps.state->active & 1, &note, error);
	session_end(&session);
	if (!err)
		strcpy(path, note.path);
	return err;
}

/* Whether a zone of it has the file. 0 or -errno: it is not valid. */
static int look_at_config(const char *path, const struct zone *zone, bool *named,
			  struct error *error)
{
	struct config *config;
	struct error why;
	int err;

	*named = false;
	if (!path[0])
		return 0;
	err = config_load(path, clock_tick(), &config, &why);
	if (err)
		return error_set(error, err, "%s:%u: %s.", path, why.line, why.text);
	for (__u32 i = 1; i <= config->kernel.zones; i++)
		*named |= !strcmp(config->file[i].path, zone->path);
	config_free(config);
	return 0;
}

static int enforce(const struct zone *zone, enum zone_outcome *outcome, struct error *error)
{
	char path[PATH_MAX];
	bool guarded, named;
	int err = find_config(path, &guarded, error);

	if (!err)
		err = look_at_config(path, zone, &named, error);
	if (err)
		return err;
	*outcome = !named ? ZONE_UNNAMED : ZONE_WAITS;
	if (!named || !guarded)
		return 0;
	err = reload_guard(error);
	if (!err)
		*outcome = ZONE_IN_FORCE;
	return err == -ENOTCONN ? 0 : err; /* which has just been detached */
}

int zones_take(const char *name, const struct source *source, enum zone_outcome *outcome,
	       struct error *error)
{
	struct text text = {};
	struct zone zone;
	int err = text_of(name, source, &text);

	if (err)
		error_set(error, err, "out of memory.");
	else
		err = zone_begin(&zone, name, error);
	if (err) {
		text_free(&text);
		return err;
	}
	*outcome = ZONE_SAME;
	if (!is_same(&zone, text.data)) {
		err = replace(&zone, text.data);
		if (err)
			error_set(error, err, "cannot write %s: %s.", zone.path, strerror(-err));
		else
			err = enforce(&zone, outcome, error);
		decide(&zone, !err);
	}
	close(zone.folder);
	text_free(&text);
	return err;
}

/* --- what a killed agent has left --- */

/* One that is empty stands for none: a zone without prefixes still has its first line. */
static void recover(int folder, const char *old, const char *name)
{
	struct stat st;

	if (!fstatat(folder, old, &st, AT_SYMLINK_NOFOLLOW) && !st.st_size)
		unlinkat(folder, name, 0);
	else
		renameat(folder, old, folder, name);
	unlinkat(folder, old, 0); /* also where both are one file, which a rename leaves */
}

void zones_recover(void)
{
	DIR *folder = opendir(CONFIG_FLEET_ZONES);
	struct dirent *entry;

	while (folder && (entry = readdir(folder))) {
		char name[sizeof(entry->d_name)];
		char *dot;

		strcpy(name, entry->d_name);
		dot = strchr(name, '.');
		if (dot && !strcmp(dot, NEW))
			unlinkat(dirfd(folder), entry->d_name, 0);
		if (!dot || dot == name || strcmp(dot, OLD))
			continue;
		*dot = '\0';
		recover(dirfd(folder), entry->d_name, name);
	}
	if (folder)
		closedir(folder);
}
