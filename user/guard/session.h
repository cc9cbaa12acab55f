/* SPDX-License-Identifier: GPL-2.0-only */
/* What every command that talks to the guard begins and ends with. */
#ifndef SIPGUARD_SESSION_H
#define SIPGUARD_SESSION_H

#include "cmd/command.h"
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
 * refuses another ABI, and opens links and maps. DONE, or how the command shall end, after saying
 * why; nothing needs to be closed then.
 */
enum exit_code session_begin(struct session *session, enum access access);

/* A second time does nothing. Who prints at length ends first: a pager would hold the lock. */
void session_end(struct session *session);

/* As session_begin(), but NOT_ATTACHED is not worth a word. */
enum exit_code session_try(struct session *session, enum access access);

#endif
