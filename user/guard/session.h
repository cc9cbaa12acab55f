/* SPDX-License-Identifier: GPL-2.0-only */
/* What every command that talks to the guard begins and ends with. */
#ifndef SIPGUARD_SESSION_H
#define SIPGUARD_SESSION_H

#include "base/error.h"
#include "guard/links.h"
#include "kernel/maps.h"
#include "kernel/pins.h"

enum access {
	ACCESS_READ,
	ACCESS_CHANGE,
	ACCESS_ATTACH, /* as CHANGE, and it is fine if the guard is not attached yet */
	ACCESS_DETACH, /* as CHANGE, but no map is opened, so it works if one is missing */
};

struct session {
	struct pins pins;
	struct link_set links;
	struct maps maps;
	bool running; /* links and maps are there */
};

/*
 * Checks capabilities, locks the pins, finishes or undoes what a killed command left behind,
 * refuses another ABI, and opens links and maps. 0 or -errno; nothing needs to be closed then.
 * -ENOTCONN, and nothing else gives that: no interface is guarded.
 */
int session_begin(struct session *session, enum access access, struct error *error);

/* A second time does nothing. Who prints at length ends first: a pager would hold the lock. */
void session_end(struct session *session);

#endif
