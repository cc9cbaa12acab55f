/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIPGUARD_CLOCK_H
#define SIPGUARD_CLOCK_H

#include <linux/types.h>

/* One step of the guard's clock in ns: a jiffy of this kernel. */
__u64 clock_tick(void);

#endif
