/* SPDX-License-Identifier: GPL-2.0-only */
/* The flows that have proven something, as userspace reads them. */
#ifndef SIPGUARD_PROVEN_H
#define SIPGUARD_PROVEN_H

#include <stdbool.h>
#include <stddef.h>

#include "kernel/maps.h"

struct proven {
	struct sg_flow_key key;
	struct sg_proven proven;
};

struct proven_list {
	struct proven *flow; /* those whose time is not over at `now` */
	size_t count;
};

/* 0 with a list for proven_free(), or -errno. `now` in ns of the guard's clock. */
int proven_read(const struct maps *maps, __u64 now, struct proven_list *list, struct error *error);
void proven_free(struct proven_list *list);

/*
 * The table itself, as packets see it, for who looks often. No more than three pieces of it are
 * mapped at a time: whole it has 32 MB or four times as many, which would count as this process's.
 */
struct proven_table {
	int fd;
	struct sg_hints *hints;
	__u32 lines;
	__u64 secret[2]; /* of the hash by which a flow is found */
	struct {
		struct sg_proven_line *line; /* NULL: nothing is mapped */
		__u32 first;
	} window[3];             /* the two lines of a flow, and who looks through all */
};

/* 0 or -errno. It may be used after the maps are closed, by one thread at a time. */
int proven_open(const struct maps *maps, struct proven_table *table, struct error *error);
void proven_close(struct proven_table *table);

/*
 * The cells from 0, each of which may have a flow: false if it has none at `now`, or cannot be read
 * for want of memory.
 */
size_t proven_cells(const struct proven_table *table);
bool proven_at(struct proven_table *table, size_t cell, __u64 now, struct proven *flow);

/* Whether the flow is proven: by `register` or `call`, see SG_PROOFS. */
bool proven_is(struct proven_table *table, const struct sg_flow_key *key, __u64 now);

/*
 * A flow has proven something, as the data path notes it: what it had proven before stays if it is
 * stronger, and its time only grows. 0; -EEXIST: nothing is other than before; -ENOSPC; -ENOMEM.
 */
int proven_add(struct maps *maps, struct proven_table *table, const struct proven *flow,
	       __u64 now);

/*
 * Flows of before, with who is registered over them unknown; what is there already stays; what
 * finds no place is left out and counted in *refused. 0 or -errno: then some are known.
 */
int proven_restore(struct maps *maps, const struct proven *flows, size_t count, __u64 now,
		   size_t *refused, struct error *error);

/* 0; -ENOENT: it is not proven; or -errno, unsaid. */
int proven_forget(const struct maps *maps, const struct sg_flow_key *key, __u64 now);

/* By address and port. */
void proven_sort(struct proven_list *list);

/* How many have proven as much, by enum sg_proof. */
void proven_count(const struct proven_list *list, size_t count[SG_PROOF__MAX]);

#endif
