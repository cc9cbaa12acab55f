/* SPDX-License-Identifier: GPL-2.0-only */
/* Zones that a fleet shares: their files, see CONFIG_FLEET_ZONES, and what becomes of them. */
#ifndef SIPGUARD_SHARED_ZONES_H
#define SIPGUARD_SHARED_ZONES_H

#include "base/error.h"
#include "named/source.h"
#include "policy/config.h"

enum zone_outcome {
	ZONE_SAME,     /* the file had these prefixes already */
	ZONE_UNNAMED,  /* written; no zone of the configuration names it */
	ZONE_WAITS,    /* written; there is no guard, and the next one reads it */
	ZONE_IN_FORCE,
};

/*
 * Writes the prefixes of a zone (none: it was withdrawn), and has the configuration in force read
 * anew if a zone of it names the file; that may take minutes where others change the guard all the
 * time. `name` is published_is_name(). 0 or -errno: the file is as it was, and so is what is in
 * force.
 */
int zones_take(const char *name, const struct source *source, enum zone_outcome *outcome,
	       struct error *error);

/* Takes back what a killed process had begun. Before the first zones_take(). */
void zones_recover(void);

#endif
