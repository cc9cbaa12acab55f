// SPDX-License-Identifier: GPL-2.0-only
#include "kernel/pins.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/magic.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "abi.h"

#define BPFFS "/sys/fs/bpf"
#define LOCK_TRIES 100
#define LOCK_PAUSE_US 50000

static bool is_bpffs(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && (__u32)fs.f_type == BPF_FS_MAGIC;
}

/* The parent of a process, from /proc; 0 if that does not tell. */
static int parent_of(int pid)
{
	char path[64], row[128];
	int parent = 0;
	FILE *status;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	status = fopen(path, "re");
	while (status && !parent && fgets(row, sizeof(row), status))
		sscanf(row, "PPid: %d", &parent);
	if (status)
		fclose(status);
	return parent;
}

/*
 * The nearest ancestor with other mounts than this process, 0 if there is none. There is one below
 * `ip netns exec`, which hides /sys/fs/bpf: a file system mounted there would vanish with this
 * process, and the guard with it.
 */
static int ancestor_outside(void)
{
	struct stat own, other;
	char path[64];

	if (stat("/proc/self/ns/mnt", &own))
		return 0;
	for (int pid = getppid(); pid > 0; pid = parent_of(pid)) {
		snprintf(path, sizeof(path), "/proc/%d/ns/mnt", pid);
		if (stat(path, &other) == 0 && other.st_ino != own.st_ino)
			return pid;
	}
	return 0;
}

/* The BPF file system that an ancestor sees, by a path that lives as long as this process. */
static bool root_of_ancestor(struct pins *pins, int pid)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/root" BPFFS, pid);
	fd = is_bpffs(path) ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	if (fd >= 0)
		snprintf(pins->root, sizeof(pins->root), "/proc/self/fd/%d/sipguard", fd);
	return fd >= 0;
}

static int bpffs_mount(struct error *error)
{
	if (mount("bpf", BPFFS, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0700") == 0)
		return 0;
	return error_set(error, -EIO, "there is no BPF file system on %s and mounting it failed "
			 "(%s): run `mount -t bpf bpf %s`.", BPFFS, strerror(errno), BPFFS);
}

static int root_given(struct pins *pins, const char *root, struct error *error)
{
	char parent[sizeof(pins->root)], *slash;

	if (strlen(root) >= sizeof(pins->root) || root[0] != '/')
		return error_set(error, -EINVAL, "SIPGUARD_PIN_ROOT must be an absolute path of "
				 "less than %zu characters.", sizeof(pins->root));
	strcpy(pins->root, root);
	strcpy(parent, root);
	slash = strrchr(parent, '/');
	slash[slash == parent] = '\0';
	if (is_bpffs(root) || is_bpffs(parent))
		return 0;
	return error_set(error, -EINVAL, "SIPGUARD_PIN_ROOT is %s, which is not on a BPF file "
			 "system: mount one there with `mount -t bpf bpf %s`, or unset the "
			 "variable.", root, parent);
}

static int root_find(struct pins *pins, bool create, struct error *error)
{
	const char *given = getenv("SIPGUARD_PIN_ROOT");
	int outside;

	if (given && given[0])
		return root_given(pins, given, error);
	strcpy(pins->root, BPFFS "/sipguard");
	if (is_bpffs(BPFFS))
		return 0;
	outside = ancestor_outside();
	if (outside && root_of_ancestor(pins, outside))
		return 0;
	pins->hidden = true;
	if (!create)
		return -ENOENT;
	if (!outside)
		return bpffs_mount(error);
	return error_set(error, -EIO, "there is no BPF file system on %s, and one mounted here "
			 "would vanish with this mount namespace: run `mount -t bpf bpf %s` "
			 "outside of it.", BPFFS, BPFFS);
}

/* Who holds a lock on the file, from /proc/locks; 0 if that does not tell. */
static int lock_holder(int fd)
{
	char row[256], wanted[64];
	struct stat st;
	int pid = 0, found = 0;
	FILE *locks;

	if (fstat(fd, &st) || !(locks = fopen("/proc/locks", "re")))
		return 0;
	snprintf(wanted, sizeof(wanted), " %02x:%02x:%lu ", major(st.st_dev), minor(st.st_dev),
		 (unsigned long)st.st_ino);
	while (!found && fgets(row, sizeof(row), locks))
		found = strstr(row, wanted) && !strstr(row, "->") &&
			sscanf(row, "%*s FLOCK %*s %*s %d", &pid) == 1;
	fclose(locks);
	return found ? pid : 0;
}

static int lock_blame(int fd, struct error *error)
{
	char path[64], command[64] = "";
	int pid = lock_holder(fd);
	FILE *comm;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	comm = fopen(path, "re");
	if (comm && fgets(command, sizeof(command), comm))
		command[strcspn(command, "\n")] = '\0';
	if (comm)
		fclose(comm);
	if (command[0])
		return error_set(error, -EBUSY, "process %d (%s) is changing the guard right now: "
				 "wait for it and try again.", pid, command);
	return error_set(error, -EBUSY, "another process is changing the guard right now: wait for "
			 "it and try again.");
}

static int lock(struct pins *pins, struct error *error)
{
	for (int i = 0; i < LOCK_TRIES; i++) {
		if (flock(pins->fd, LOCK_EX | LOCK_NB) == 0) {
			pins->locked = true;
			return 0;
		}
		if (errno != EWOULDBLOCK && errno != EINTR)
			break;
		usleep(LOCK_PAUSE_US);
	}
	if (errno == EWOULDBLOCK)
		return lock_blame(pins->fd, error);
	return error_set(error, -EBUSY, "cannot lock %s: %s.", pins->root, strerror(errno));
}

/* Whether the root is still there: whoever held the lock before may have removed it. */
static bool is_current(const struct pins *pins)
{
	struct stat held, named;

	return fstat(pins->fd, &held) == 0 && stat(pins->root, &named) == 0 &&
	       held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

/* 1 if the root was removed meanwhile. */
static int open_root(struct pins *pins, bool wants_lock, bool create, struct error *error)
{
	int err;

	if (create && mkdir(pins->root, 0700) && errno != EEXIST)
		return error_set(error, -errno, "cannot make %s: %s.", pins->root,
				 strerror(errno));
	pins->fd = open(pins->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (pins->fd < 0 && errno == ENOENT)
		return create ? 1 : -ENOENT;
	if (pins->fd < 0)
		return error_set(error, -errno, "cannot open %s: %s.", pins->root,
				 strerror(errno));
	if (!wants_lock)
		return 0;
	err = lock(pins, error);
	if (!err && !is_current(pins))
		err = 1;
	if (err) {
		close(pins->fd);
		pins->fd = -1;
		pins->locked = false;
	}
	return err;
}

int pins_open(struct pins *pins, bool lock, bool create, struct error *error)
{
	int err;

	*pins = (struct pins){.fd = -1};
	err = root_find(pins, create, error);
	if (err)
		return err;
	pins->shown = strncmp(pins->root, "/proc/", 6) ? pins->root : BPFFS "/sipguard";
	snprintf(pins->dir, sizeof(pins->dir), "%s/v%d", pins->root, SG_ABI_VERSION);
	do {
		err = open_root(pins, lock, create, error);
	} while (err > 0);
	return err;
}

bool pins_try_lock(struct pins *pins)
{
	pins->locked = flock(pins->fd, LOCK_EX | LOCK_NB) == 0;
	if (pins->locked && is_current(pins))
		return true;
	if (pins->locked)
		flock(pins->fd, LOCK_UN);
	pins->locked = false;
	return false;
}

void pins_unlock(struct pins *pins)
{
	if (!pins->locked)
		return;
	/* Refused while anything is in it; who waits for the lock will notice. */
	if (is_current(pins))
		rmdir(pins->root);
	flock(pins->fd, LOCK_UN);
	pins->locked = false;
}

void pins_close(struct pins *pins)
{
	pins_unlock(pins);
	if (pins->fd >= 0)
		close(pins->fd);
	pins->fd = -1;
}

static void path_of(const struct pins *pins, char *path, const char *format, va_list args)
{
	int used = snprintf(path, PIN_PATH, "%s/", pins->dir);

	vsnprintf(path + used, PIN_PATH - used, format, args);
}

char *pins_path(const struct pins *pins, char *path, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	path_of(pins, path, format, args);
	va_end(args);
	return path;
}

bool pins_exist(const struct pins *pins, const char *name)
{
	char path[PIN_PATH];

	return access(pins_path(pins, path, "%s", name), F_OK) == 0;
}

int pins_get(const struct pins *pins, const char *format, ...)
{
	char path[PIN_PATH];
	va_list args;

	va_start(args, format);
	path_of(pins, path, format, args);
	va_end(args);
	return bpf_obj_get(path);
}

int pins_put(const struct pins *pins, int fd, struct error *error, const char *format, ...)
{
	char path[PIN_PATH];
	va_list args;
	int err;

	va_start(args, format);
	path_of(pins, path, format, args);
	va_end(args);
	err = bpf_obj_pin(fd, path);
	if (err)
		error_set(error, err, "cannot pin %s: %s.", path, strerror(-err));
	return err;
}

int pins_mkdir(const struct pins *pins, struct error *error, const char *format, ...)
{
	char path[PIN_PATH];
	va_list args;

	va_start(args, format);
	path_of(pins, path, format, args);
	va_end(args);
	if (mkdir(path, 0700) == 0 || errno == EEXIST)
		return 0;
	return error_set(error, -errno, "cannot make %s: %s.", path, strerror(errno));
}

static int wipe_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

int pins_remove(const struct pins *pins, const char *format, ...)
{
	char path[PIN_PATH];
	va_list args;

	va_start(args, format);
	path_of(pins, path, format, args);
	va_end(args);
	return remove(path) ? -errno : 0;
}

int pins_wipe(const struct pins *pins, const char *name)
{
	char path[PIN_PATH];

	pins_path(pins, path, "%s", name);
	if (access(path, F_OK))
		return 0;
	return nftw(path, wipe_one, 8, FTW_DEPTH | FTW_PHYS) ? -errno : 0;
}

int pins_unreadable(const char *path, struct error *error)
{
	int err = -errno;

	if (err == -ENOENT)
		return 0;
	return error_set(error, err, "cannot read %s: %s.", path, strerror(-err));
}

/* One that cannot be read counts as full: what may be in it is still there. */
static bool directory_is_empty(const char *path)
{
	struct dirent *entry;
	bool empty = true;
	DIR *dir = opendir(path);

	if (!dir)
		return errno == ENOENT;
	while (empty && (entry = readdir(dir)))
		empty = entry->d_name[0] == '.';
	closedir(dir);
	return empty;
}

unsigned int pins_foreign(const struct pins *pins)
{
	unsigned int version, foreign = 0;
	char links[PIN_PATH + 32];
	struct dirent *entry;
	DIR *dir = opendir(pins->root);

	if (!dir)
		return 0;
	while (!foreign && (entry = readdir(dir))) {
		if (sscanf(entry->d_name, "v%u", &version) != 1 || version == SG_ABI_VERSION)
			continue;
		snprintf(links, sizeof(links), "%s/v%u/links", pins->root, version);
		foreign = directory_is_empty(links) ? 0 : version;
	}
	closedir(dir);
	return foreign;
}

static void encode_name(const char *name, char *to)
{
	for (; *name; name++) {
		if (*name == '.' || *name == '%')
			to += sprintf(to, "%%%02X", *name);
		else
			*to++ = *name;
	}
	*to = '\0';
}

static void decode_name(const char *from, char *name)
{
	char *end = name + IF_NAMESIZE - 1;
	unsigned int c;

	while (*from && name < end) {
		if (*from == '%' && sscanf(from + 1, "%2X", &c) == 1) {
			*name++ = c;
			from += 3;
		} else {
			*name++ = *from++;
		}
	}
	*name = '\0';
}

void place_encode(const struct place *place, char pin[PLACE_PIN])
{
	char name[3 * IF_NAMESIZE];

	encode_name(place->name, name);
	snprintf(pin, PLACE_PIN, "%u:%lu:%u:%u:%s", place->ifindex, place->netns, place->slot,
		 place->judge, name);
}

bool place_parse(const char *pin, struct place *place)
{
	char name[3 * IF_NAMESIZE];

	*place = (struct place){};
	_Static_assert(sizeof(name) == 48, "as wide as the scan below");
	if (sscanf(pin, "%u:%lu:%u:%u:%47s", &place->ifindex, &place->netns, &place->slot,
		   &place->judge, name) != 5 || place->slot >= SG_INTERFACES)
		return false;
	decode_name(name, place->name);
	return true;
}
