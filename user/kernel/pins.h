/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The guard's directory on the BPF file system, and the lock on it. Who needs the lock, see
 * session.h.
 *
 *   /sys/fs/bpf/sipguard/        locked by commands that change something
 *     v2/                        SG_ABI_VERSION
 *       sg_state, sg_lists4, ... maps
 *       guard_clock, reply, reply_bare
 *       connections, connections_all
 *                                links that count connections, see connections.h
 *       links/PLACE              one for each guarded interface, see links.h: the guard is attached
 *                                while one of these exists; v2/ without any is a leftover
 *       tcx/, clsact/            what is attached at tc beside those, see egress.h
 *       staged/, commit/         see journal.h
 *       lists/N, lists-next/N    named lists, see named/store.h
 *
 * SIPGUARD_PIN_ROOT names another directory in place of /sys/fs/bpf/sipguard.
 */
#ifndef SIPGUARD_PINS_H
#define SIPGUARD_PINS_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

#include <linux/types.h>

#include "base/error.h"

#define PIN_PATH 512

struct pins {
	char root[PIN_PATH / 2];
	char dir[PIN_PATH / 2 + 16]; /* root/vN */
	const char *shown;           /* root, as people know it */
	int fd;                      /* of root; -1: not open */
	bool hidden;                 /* there may be one: no BPF file system can be seen */
	bool locked;
};

/*
 * Finds the root, and with `lock` locks it; waits for who holds it for 5 s, then it is -EBUSY.
 * `create`: mounts the file system and makes the directory if needed. 0; -ENOENT, unsaid, if there
 * is none; or -errno.
 */
int pins_open(struct pins *pins, bool lock, bool create, struct error *error);

/* Locks what was opened without. False if somebody else has the lock, or has removed the root. */
bool pins_try_lock(struct pins *pins);

/* Releases the lock. Removes the root if nothing is left in it. */
void pins_unlock(struct pins *pins);
void pins_close(struct pins *pins);

/* dir/FORMAT in `path`, which has PIN_PATH bytes; returns it. */
char *pins_path(const struct pins *pins, char *path, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

bool pins_exist(const struct pins *pins, const char *name);

/* The fd of what is pinned as dir/FORMAT, or -errno, unsaid. */
int pins_get(const struct pins *pins, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Pins fd as dir/FORMAT, makes the directory dir/FORMAT. 0 or -errno. */
int pins_put(const struct pins *pins, int fd, struct error *error, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
int pins_mkdir(const struct pins *pins, struct error *error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Removes one pin or empty directory. 0 or -errno, unsaid. */
int pins_remove(const struct pins *pins, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Removes dir/NAME with all that is in it; "" is dir itself. 0 or -errno, unsaid. */
int pins_wipe(const struct pins *pins, const char *name);

/*
 * What opendir() has just said of `path`: 0, since one that is not there is empty, or -errno. One
 * that cannot be read is never taken for empty: a guard that has no links is wiped.
 */
int pins_unreadable(const char *path, struct error *error);

/* Another ABI's directory that still holds links: its number, or 0. */
unsigned int pins_foreign(const struct pins *pins);

/*
 * An interface as it was when it was attached, which is the name of its pins: IFINDEX:NETNS:SLOT:
 * JUDGE:NAME. Of these only slot and judge hold for good. What it is called now, and where it is,
 * tells the kernel, see links.h. The pins may not have dots (bpffs keeps them for itself): in the
 * name a dot is written %2E, a percent sign %25.
 */
struct place {
	__u32 ifindex;
	unsigned long netns; /* inode */
	__u32 slot;          /* its place among the counters, sg_interface */
	__u32 judge;         /* enum judge */
	char name[IF_NAMESIZE];
};

#define PLACE_PIN 128

void place_encode(const struct place *place, char pin[PLACE_PIN]);
bool place_parse(const char *pin, struct place *place);

#endif
