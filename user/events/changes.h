/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What changes about the guard as a whole: its mode, configuration, greylist, shedding, shadow, and
 * what is guarded. Found by looking again; what changes and changes back between two looks was
 * never seen.
 */
#ifndef SIPGUARD_CHANGES_H
#define SIPGUARD_CHANGES_H

#include "base/error.h"
#include "guard/session.h"

#define CHANGE_WHAT 64
#define CHANGE_IS 192

struct change {
	char what[CHANGE_WHAT]; /* "mode", "interface eth0" */
	char was[CHANGE_IS];    /* "" if it was not there before */
	char is[CHANGE_IS];     /* "" if it is not there any more */
};

struct changes;

/* NULL if there is no memory. Freed by changes_free(). */
struct changes *changes_begin(void);
void changes_free(struct changes *changes);

/* As below, by a session that was begun for it; NULL: the guard is gone. */
int changes_look_at(struct changes *changes, const struct session *session,
		    void (*each)(void *, const struct change *), void *context,
		    struct error *error);

/*
 * Looks at the guard, and calls `each` for all that is other than at the last look, but for the
 * first one. 0 or -errno: of a guard that is gone, -ENOTCONN, after it has said that of each
 * interface.
 */
int changes_look(struct changes *changes, void (*each)(void *, const struct change *),
		 void *context, struct error *error);

#endif
