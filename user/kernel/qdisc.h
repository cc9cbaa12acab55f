/* SPDX-License-Identifier: GPL-2.0-only */
/* One question to the kernel's traffic control that libbpf does not ask. */
#ifndef SIPGUARD_QDISC_H
#define SIPGUARD_QDISC_H

#include <stdbool.h>

#include <linux/types.h>

/* Whether an interface has a clsact qdisc in the place that it shares with the ingress qdisc. */
bool qdisc_is_clsact(__u32 ifindex);

#endif
