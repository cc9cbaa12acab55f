/* SPDX-License-Identifier: GPL-2.0-only */
/* Whom an operator denies by mistake: himself, and the way to everybody else. */
#ifndef SIPGUARD_LOCKOUT_H
#define SIPGUARD_LOCKOUT_H

#include <stddef.h>

#include "base/error.h"
#include "base/prefix.h"
#include "guard/links.h"

/*
 * -EPERM if one of the prefixes holds the address from which this shell came by SSH, or that of a
 * default gateway, or is shorter than /8 (IPv6: /16); else 0. What cannot be found out is no reason
 * to refuse.
 */
int lockout_check(const struct prefix *prefixes, size_t count, struct error *error);

/* -EPERM if the guard is in another network namespace, so that nothing of the above is known. */
int lockout_check_place(const struct link_set *links, struct error *error);

/* Both of what is to be banned; a flow of theirs may be. */
int lockout_check_ban(const struct link_set *links, const struct sg_flow_key *key,
		      struct error *error);

#endif
