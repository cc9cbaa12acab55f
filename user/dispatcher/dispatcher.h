/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * libxdp's dispatcher: one program on an interface that calls those of several owners, one after
 * the other. It is made anew, and takes the place of the one before at once, whenever one of them
 * comes or goes; the programs stay the same. libxdp pins them below /sys/fs/bpf/xdp, and has a lock
 * of its own on that.
 *
 * Which of them are ours is told by a map that they use: `map` is its number.
 */
#ifndef SIPGUARD_DISPATCHER_H
#define SIPGUARD_DISPATCHER_H

#include <stdbool.h>

#include <bpf/libbpf.h>
#include <linux/types.h>

#include "base/error.h"

/*
 * Loads the program of that name of an object that was opened, and has it called on the interface,
 * after what has a lower priority (xdp-loader gives 50 if not told), and what is behind it if it
 * passes a packet. `name` is that of the interface. The number of the program, or -errno.
 */
int dispatcher_attach(__u32 ifindex, const char *name, struct bpf_object *object,
		      const char *program, struct error *error);

/*
 * The newest one of ours there; 0 if there is none; -EPERM if this process may not look
 * (CAP_SYS_ADMIN), or another -errno, unsaid.
 */
int dispatcher_find(__u32 ifindex, __u32 map);

/* Takes off all of ours but `keep` (0: none). 0, if there is none either, or -errno, unsaid. */
int dispatcher_detach(__u32 ifindex, __u32 map, __u32 keep);

/* Whether a dispatcher is what an interface runs. */
bool dispatcher_is_there(__u32 ifindex);

#endif
