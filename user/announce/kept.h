/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is announced, in a file, so that who comes after one that was killed withdraws it. And that
 * there is one at a time only.
 */
#ifndef SIPGUARD_ANNOUNCE_KEPT_H
#define SIPGUARD_ANNOUNCE_KEPT_H

#include "announce/rule.h"

struct kept {
	const char *path;
	int lock;
};

/*
 * Opens it, and makes its folder. *rules (to be freed) are those that are left from before. 0 or
 * -errno: -EBUSY if another process has it. What cannot be read as a rule is passed over.
 */
int kept_begin(struct kept *kept, const char *path, struct rule **rules, size_t *count,
	       struct error *error);

/* Notes these in place of what is there; before they are announced. 0 or -errno. */
int kept_write(const struct kept *kept, const struct rule *rules, size_t count,
	       struct error *error);

void kept_end(struct kept *kept);

#endif
