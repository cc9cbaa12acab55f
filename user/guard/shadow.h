/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A shadow policy: a second configuration beside the one in force, judged on the same packets and
 * never acted upon (bpf/shadow.bpf.h). It is pinned below the guard:
 *
 *   shadow/on            an empty directory: the shadow is whole. Without it, it is what a killed
 *                        command has left
 *   shadow/links/PLACE   the link that has its program stand in for shadow() of the program that
 *                        guards the interface
 *   shadow/NAME          its maps that userspace reads
 *
 * It follows the guard: a link whose interface is not guarded any more, or runs another program
 * since (an upgrade), judges nothing, and shadow_tidy() takes it down.
 */
#ifndef SIPGUARD_SHADOW_H
#define SIPGUARD_SHADOW_H

#include <limits.h>
#include <stdbool.h>

#include "base/error.h"
#include "guard/links.h"
#include "kernel/pins.h"

/* Its maps that are pinned. X(NAME, name) */
#define SHADOW_MAPS(X)                                                                            \
	X(STATS, "shadow_stats")                                                                  \
	X(SOURCES, "shadow_sources")                                                              \
	X(EXAMPLES, "shadow_examples")                                                            \
	X(CONFIGS, "sg_configs")                                                                  \
	X(NOTE, "note")

enum shadow_map {
#define X(name, label) SHADOW_##name,
	SHADOW_MAPS(X)
#undef X
	SHADOW_MAP__MAX
};

extern const char *const shadow_map_names[SHADOW_MAP__MAX];

struct shadow_note {
	__u64 begun;         /* ns of the guard's clock */
	__u64 digest;        /* of the configuration, see shadow_digest() */
	__u64 memory;        /* bytes of its own maps */
	char path[PATH_MAX]; /* of its file */
};

/* Takes it down, and waits until it has ended. 0, -ENOENT, unsaid, if there is none, or -errno. */
int shadow_end(const struct pins *pins, struct error *error);

/* Has the guard call it, or not. 0 or -errno. */
int shadow_call(const struct pins *pins, bool call, struct error *error);

bool shadow_exists(const struct pins *pins);

/* fd or -errno, with the sentence. */
int shadow_map(const struct pins *pins, enum shadow_map which, struct error *error);
/* 0; -ENOENT, unsaid: there is none; or -errno. */
int shadow_note(const struct pins *pins, struct shadow_note *note, struct error *error);

/* Whether the shadow judges the packets of a guarded interface. */
bool shadow_is_at(const struct pins *pins, const struct guard_link *link);

/* Takes down what does not follow the guard. 0 or -errno. And whether there is nothing such. */
int shadow_tidy(const struct pins *pins, struct error *error);
bool shadow_is_tidy(const struct pins *pins);

/* The same after interfaces were attached, or the guard upgraded, while there was a shadow. */
void shadow_settle(const struct pins *pins);

#endif
