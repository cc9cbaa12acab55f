/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tests' clock, in ns: it stands still, so that no test depends on how long the machine takes.
 * What has to go by is said by clock_move(), and then goes by for all that the guard remembers.
 * Each object has a clock of its own, and all of them show the same.
 */
#ifndef SIPGUARD_TEST_CLOCK_H
#define SIPGUARD_TEST_CLOCK_H

#include <linux/types.h>

struct bpf_object;

/* An object that is not loaded yet will have the tests' clock, not the kernel's. 0 or -errno. */
int clock_stop(struct bpf_object *object);
/* Takes the clock of one that is loaded now. 0 or -errno. */
int clock_take(const struct bpf_object *object);
void clock_move(__u64 ns);
__u64 guard_clock(void);

#endif
