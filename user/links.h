/* SPDX-License-Identifier: GPL-2.0-only */
/* The guard's BPF links: one for each guarded interface. */
#ifndef SIPGUARD_LINKS_H
#define SIPGUARD_LINKS_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>

#include <linux/types.h>

#include "pins.h"

enum xdp_mode {
	XDP_MODE_AUTO, /* asked for only */
	XDP_MODE_NATIVE,
	XDP_MODE_GENERIC,
	XDP_MODE_NONE, /* of an interface that is out of sight */
};

enum variant {
	VARIANT_PLAIN, /* program "guard" */
	VARIANT_FRAGS, /* program "guard_frags", for frames of several buffers */
	VARIANT__MAX
};

extern const char *const variant_names[VARIANT__MAX];
extern const char *const xdp_mode_names[];

struct guard_link {
	char name[IF_NAMESIZE];    /* of the interface, at the time it was attached */
	char pin[3 * IF_NAMESIZE]; /* name of the pin */
	int fd;
	__u32 id;
	__u32 ifindex;             /* 0: the interface is gone, and the link is dead */
	__u32 program_id;
};

struct link_set {
	struct guard_link *link;
	size_t count;
};

/* The links pinned in dir/NAME, by name. 0 or -errno after saying why. Freed by links_free(). */
int links_read(const struct pins *pins, const char *name, struct link_set *set);
void links_free(struct link_set *set);
const struct guard_link *links_find(const struct link_set *set, const char *name);

/* The programs pinned in a directory, and their ids; fd -1 and id 0 for one that is not there. */
struct programs {
	int fd[VARIANT__MAX];
	__u32 id[VARIANT__MAX];
};

void programs_get(const struct pins *pins, const char *dir, struct programs *programs);
void programs_put(struct programs *programs);

/* Which of these programs a link runs; VARIANT__MAX if none. */
enum variant programs_variant(const struct programs *programs, const struct guard_link *link);

/* How the interface runs the link's program; NONE if not in this network namespace. */
enum xdp_mode link_mode(const struct guard_link *link);

/*
 * Attaches one of `programs` (by enum variant) to the interface, as `mode` asks: fd of the link,
 * which detaches when it is closed unpinned, or -errno after saying why. *fallback is set if auto
 * had to take generic mode; why, in a few words.
 */
int link_create(const char *name, const int programs[VARIANT__MAX], enum xdp_mode mode,
		const char **fallback);

#endif
