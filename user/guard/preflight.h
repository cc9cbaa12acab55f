/* SPDX-License-Identifier: GPL-2.0-only */
/* Looks before anything is changed, and explains what stands in the way. */
#ifndef SIPGUARD_PREFLIGHT_H
#define SIPGUARD_PREFLIGHT_H

#include "guard/links.h"

/* Whether this process may do what the guard needs. The second says what is missing: 0/-EPERM. */
bool preflight_capable(void);
int preflight_capabilities(void);

/*
 * Whether an interface that is to run XDP runs no such program of others, and is fit for `mode`. 0,
 * or -errno after saying what to do.
 */
int preflight_xdp(const char *name, enum xdp_mode mode);

/* Says which feature the kernel lacks, after it has refused to load the guard with `err`. */
void preflight_kernel(int err);

/* In a few words, what keeps the interface from native mode; says why attaching failed. */
const char *preflight_obstacle(const char *name, int err);
void preflight_explain(const char *name, int err);

#endif
