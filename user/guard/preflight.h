/* SPDX-License-Identifier: GPL-2.0-only */
/* Looks before anything is changed, and explains what stands in the way. */
#ifndef SIPGUARD_PREFLIGHT_H
#define SIPGUARD_PREFLIGHT_H

#include "base/error.h"
#include "guard/links.h"

/* Whether this process may do what the guard needs. The second says what is missing: 0/-EPERM. */
bool preflight_capable(void);
int preflight_capabilities(struct error *error);

/* The same of what only reads and writes tables of a guard that is there. */
int preflight_tables(struct error *error);

/*
 * Whether an interface that is to run XDP runs no such program of others, and is fit for `mode`. 0
 * or -errno.
 */
int preflight_xdp(const char *name, enum xdp_mode mode, struct error *error);

/* Which feature the kernel lacks, after it has refused to load the guard with `err`, returned. */
int preflight_kernel(int err, struct error *error);

/* In a few words, what keeps the interface from native mode. */
const char *preflight_obstacle(const char *name, int err);

/* Why attaching failed with `err`, which is returned. */
int preflight_explain(const char *name, int err, struct error *error);

#endif
