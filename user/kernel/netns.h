/* SPDX-License-Identifier: GPL-2.0-only */
/* The network namespace that a command runs in. */
#ifndef SIPGUARD_NETNS_H
#define SIPGUARD_NETNS_H

/* Its inode, by which the kernel tells it from others; 0 if /proc does not show it, with errno. */
unsigned long netns_here(void);

#endif
