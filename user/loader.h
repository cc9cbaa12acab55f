/* SPDX-License-Identifier: GPL-2.0-only */
/* From the object files inside this command to programs and maps in the kernel. */
#ifndef SIPGUARD_LOADER_H
#define SIPGUARD_LOADER_H

#include "connections.h"
#include "links.h"
#include "maps.h"
#include "pins.h"

struct connections_bpf;
struct guard_bpf;
struct reply_bpf;

struct loader {
	struct guard_bpf *object;
	struct reply_bpf *replies; /* uses the maps of the other; NULL for replay */
	struct connections_bpf *sockets; /* the same; its links are attached as soon as loaded */
	int notes;
	/* Owned by the objects; -1 if not loaded. */
	int programs[VARIANT__MAX];
	int clock;
	int reply;
	/* Not to be closed by others; -1 each if this kernel cannot have them. */
	int connections[CONNECTION_LINK__MAX];
};

/* Loads programs with maps of their own. 0, or -errno after saying why; then loader_close(). */
int loader_load(struct loader *loader);

/*
 * As loader_load(), for programs that are only run by BPF_PROG_RUN: their clock is what is written
 * to sg_replay_clock, and their counters are of one CPU, in memory that can be mapped. Without the
 * program at egress.
 */
int loader_load_replay(struct loader *loader);

/* Loads programs that use the pinned maps, which must have the layout that the object has. */
int loader_load_over(struct loader *loader, const struct pins *pins);

/* What a guard begins with: the configuration, where it came from, a mode, and a secret. */
int loader_init(struct loader *loader, const struct config *config, const char *path,
		enum sg_mode mode);

/* Pins every map and program. */
int loader_pin(const struct loader *loader, const struct pins *pins);
void loader_close(struct loader *loader);

#endif
