/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Changes of several things at once that a crash cannot leave half done: a redo log of pins.
 *
 * What is to come is pinned below staged/: links/PLACE (new links), tcx/PLACE or clsact/... (what
 * is new at egress), remove/PLACE (links to be taken down), judges/PLACE and before/PLACE (what a
 * link shall run, and what it runs), programs/NAME (replacements for all interfaces, and the links
 * that count connections, which work from the start), and as empty directories config-N and mode-N
 * (values for sg_state). Renaming staged/ to commit/ is the moment it becomes true; then it
 * is carried out, step by step, each step harmless if done twice. A command that finds staged/
 * undoes it, one that finds commit/ carries it out, before it does anything else.
 *
 * A single link needs no journal: one pin or unpin is the commit. What is at egress follows from
 * it, see egress.h.
 */
#ifndef SIPGUARD_JOURNAL_H
#define SIPGUARD_JOURNAL_H

#include "guard/links.h"
#include "kernel/maps.h"
#include "kernel/pins.h"

/* All need the exclusive lock. All return 0 or -errno. */
int journal_begin(const struct pins *pins, struct error *error);
int journal_link(const struct pins *pins, const char *pin, int fd, struct error *error);
int journal_egress(const struct pins *pins, const struct place *place, __u32 ifindex, int program,
		   struct error *error);
int journal_judge(const struct pins *pins, const struct guard_link *link, int program,
		  struct error *error);
int journal_remove(const struct pins *pins, const char *pin, int fd, struct error *error);
int journal_program(const struct pins *pins, const char *name, int fd, struct error *error);
int journal_config(const struct pins *pins, __u32 which, struct error *error);
int journal_mode(const struct pins *pins, enum sg_mode mode, struct error *error);

/* Makes it true and carries it out. After an error nothing has changed and nothing is staged. */
int journal_commit(const struct pins *pins, struct maps *maps, struct error *error);

/* Undoes what is staged. */
void journal_abort(const struct pins *pins);

/* Whether journal_recover() has something to do. */
bool journal_pending(const struct pins *pins);
int journal_recover(const struct pins *pins, struct error *error);

#endif
