/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a process that runs for long waits for: one row a source, all looked at by one thread. A
 * further one, as the ring buffer of events, is one row more (its fd: ring_buffer__epoll_fd()); one
 * that has to happen by the clock is a timerfd.
 */
#ifndef SIPGUARD_LOOP_H
#define SIPGUARD_LOOP_H

#include <stddef.h>

#include "base/error.h"

#define LOOP_SOURCES 16

struct loop_source {
	int fd; /* -1: none at the moment, as while there is no guard; ready() may change it */
	/*
	 * There is something to read, or it was closed: 0 to go on, 1 to end in peace, or -errno to
	 * end with an error. What others sent badly is counted, and no reason to end.
	 */
	int (*ready)(struct loop_source *source, struct error *error);
	void *of; /* whatever ready() needs; not owned */
};

/* A source that is ready when a signal comes that ends the process. fd or -errno. */
int loop_signals(struct error *error);

/* The ready() of it. */
int loop_end(struct loop_source *source, struct error *error);

/* At most LOOP_SOURCES. Until one of them ends it: 0 or -errno. */
int loop_run(struct loop_source *sources, size_t count, struct error *error);

#endif
