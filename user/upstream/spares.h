/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who is never named as a source, since a flood in his name would have him cut off: whom the guard
 * knows (flows that have registered or completed a call, the allow list, zones), and whom this host
 * needs (BGP peers, gateways, where the operator is logged in from, its own addresses).
 *
 * A flow that is only on the way (a proof `greylist` or `contact`) does not count: anybody can have
 * that, in any name.
 */
#ifndef SIPGUARD_UPSTREAM_SPARES_H
#define SIPGUARD_UPSTREAM_SPARES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/prefix.h"

enum spare_kind {
	SPARE_CUSTOMER, /* whom the guard knows: a rule for all lets it through, if there is room */
	SPARE_HOST,     /* of this host's: itself, a peer of BGP */
	SPARE_SESSION,  /* this end of a session of BGP: its address must not go dark */
};

struct spare {
	struct prefix prefix;
	enum spare_kind kind;
};

struct spares {
	struct spare *spare;
	size_t count, room;
};

/* 0 or -ENOMEM. */
int spares_add(struct spares *spares, const struct prefix *prefix, enum spare_kind kind);

/* Whether a session of BGP ends at this address of ours. */
bool spares_have_session(const struct spares *spares, const struct prefix *address);

/* Whether somebody is in the prefix, or all of it in somebody's. */
bool spares_touch(const struct spares *spares, const struct prefix *prefix);

void spares_free(struct spares *spares);

struct session;
struct error;

/* All of them, of this network namespace and the guard. 0 or -errno. Freed by the caller. */
int spares_read(const struct session *session, struct spares *spares, struct error *error);

#endif
