/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIPGUARD_CLOCK_H
#define SIPGUARD_CLOCK_H

#include <linux/types.h>

/* ns of CLOCK_MONOTONIC. */
__u64 clock_now(void);

/* ms since 1970, by the clock of the wall, which may be set. */
__u64 clock_wall(void);

/* Seconds from `now` until then, both in ns, a part of one being one more; 0: it is over. */
__u64 seconds_until(__u64 then, __u64 now);

/* One step of the guard's clock in ns: a jiffy of this kernel. */
__u64 clock_tick(void);

#endif
