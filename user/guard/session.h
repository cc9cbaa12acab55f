/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What everything that talks to the guard begins and ends with.
 *
 * Who has to wait for whom, which is decided by one lock, that on the root of the pins:
 *
 *                              READ        CHANGE, ATTACH, DETACH
 *   READ                       at once     at once
 *   CHANGE, ATTACH, DETACH     at once     5 s, then -EBUSY
 *
 * A reader holds no lock, so it may take as long as it likes: whoever changes the guard never waits
 * for it, and it never waits for them. What it sees while the guard is changed under it:
 *
 *   mode, single words    the old value or the new one
 *   configuration         one or the other as a whole, by maps_config()
 *   lists, bans, flows    each entry is there or not, see walk.h
 *   attach, detach        links as they were when the session began, each of them there or not; the
 *                         session does not hear of one that comes, and holds up none that goes
 *   an upgrade            nothing: the maps stay
 *   the last detach       the maps as they were then; no packet changes them any more. Its next
 *                         session is -ENOTCONN, or the new guard, if there is one, which counts
 *                         from zero
 *
 * What a killed command has left is completed or undone before anything else, under the lock. A
 * reader does that, too, if it can have the lock at once; else somebody is at work, and what it
 * finds is his.
 */
#ifndef SIPGUARD_SESSION_H
#define SIPGUARD_SESSION_H

#include "base/error.h"
#include "guard/links.h"
#include "kernel/maps.h"
#include "kernel/pins.h"

enum access {
	ACCESS_READ,
	/* By CAP_BPF alone, which cannot finish what a killed command has left: */
	ACCESS_TABLES,        /* as READ, and it stays as it is */
	ACCESS_TABLES_CHANGE, /* as CHANGE, and -EBUSY if there is any */
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
 * Checks capabilities, finishes or undoes what a killed command left behind, refuses another ABI,
 * and opens links and maps. 0 or -errno; nothing needs to be closed then. -ENOTCONN, and nothing
 * else gives that: no interface is guarded.
 */
int session_begin(struct session *session, enum access access, struct error *error);

/* A second time does nothing. Who prints at length ends first, if it may change something. */
void session_end(struct session *session);

#endif
