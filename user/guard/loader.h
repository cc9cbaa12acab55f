/* SPDX-License-Identifier: GPL-2.0-only */
/* From the object files inside this command to programs and maps in the kernel. */
#ifndef SIPGUARD_LOADER_H
#define SIPGUARD_LOADER_H

#include "guard/connections.h"
#include "guard/egress.h"
#include "guard/links.h"
#include "kernel/maps.h"
#include "kernel/pins.h"

struct connections_bpf;
struct guard_bpf;

struct loader {
	struct guard_bpf *object;        /* its maps are those of all programs; NULL: not loaded */
	struct connections_bpf *sockets; /* its links are attached as soon as loaded */
	int notes;
	int places;
	/* Owned by the objects; -1 if not loaded. */
	int plain;                       /* for replay alone: what judges */
	int clock;
	/* Not to be closed by others; -1 each if this kernel cannot have them. */
	int connections[CONNECTION_LINK__MAX];
};

/*
 * Makes maps, of the sizes of a preset, and loads what is the same for all interfaces. 0, or
 * -errno; then loader_close().
 */
int loader_load(struct loader *loader, enum sg_memory memory, struct error *error);

/*
 * As loader_load(), with a program that is only run by BPF_PROG_RUN: its clock is what is written
 * to sg_replay_clock, and their counters are of one CPU, in memory that can be mapped.
 */
int loader_load_replay(struct loader *loader, enum sg_memory memory, struct error *error);

/*
 * Afterwards, on the same maps and the same clock: what judges frames of several buffers, and what
 * sees what the server sends. To have one verified takes half a second. fd, to be closed, or
 * -errno.
 */
int loader_replay_frags(const struct loader *loader, struct error *error);
int loader_replay_reply(const struct loader *loader, struct error *error);

/*
 * As loader_load(), on the pinned maps, which must have the layout that the object has, and keep
 * their sizes.
 */
int loader_load_over(struct loader *loader, const struct pins *pins, struct error *error);

/*
 * Afterwards: what judges the packets of one interface, and what sees what interfaces send. To have
 * one verified takes half a second. fd, to be closed, or -errno.
 */
int loader_judge(const struct loader *loader, enum judge judge, __u32 slot, struct error *error);
int loader_reply(const struct loader *loader, enum reply reply, struct error *error);

/*
 * Loads the program for XDP so that libxdp's dispatcher calls it on the interface. Its number, or
 * -errno.
 */
int loader_dispatched(const struct loader *loader, __u32 ifindex, const char *name, __u32 slot,
		      struct error *error);

/*
 * Afterwards: the programs that count connections. They look into the kernel's own types; a guard
 * without them is better than none, so there is only notice given why they are not.
 */
void loader_connections(struct loader *loader);

/*
 * What a guard begins with: the configuration, where it came from, a mode, and a secret. With
 * `trial` seconds it is on trial for so long, then it lets everything pass; 0: for good.
 */
int loader_init(struct loader *loader, const struct config *config, const char *path,
		enum sg_mode mode, __u64 trial, struct error *error);

/* The counters, summed up, as maps_stats(). */
int loader_stats(const struct loader *loader, struct sg_stats *stats, struct error *error);

/* Pins every map, and the programs that are the same for all interfaces. */
int loader_pin(const struct loader *loader, const struct pins *pins, struct error *error);
void loader_close(struct loader *loader);

#endif
