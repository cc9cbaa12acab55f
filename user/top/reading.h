/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the screen shows, as it was read: of whatever guard there is, which may go, come again, be
 * upgraded, and be another one.
 */
#ifndef SIPGUARD_TOP_READING_H
#define SIPGUARD_TOP_READING_H

#include "events/keeper.h"
#include "render/health.h"
#include "events/flows.h"
#include "top/rates.h"
#include "top/rows.h"
#include "top/talkers.h"
#include "watch/view.h"

struct reading {
	struct view view;           /* snapshot NULL: the guard could not be read, error says why */
	struct health health;
	double seconds;             /* between the two readings of the rates; 0: there is one yet */
	struct rates classes, reasons;
	struct row_list rows[PANE__MAX]; /* in no order */
	size_t most[PANE__MAX];     /* how many there are; more than rows, if not all are shown */
	double unnamed;             /* packets a second that events told of, but not whose */
	bool heard;                 /* somebody tells of events */

	/* What it needs. */
	struct talkers senders;
	struct flows flows;
	struct keeper *keeper;
	struct asker *asker;
	struct counters then;
	double when;                /* of `then`, s of CLOCK_MONOTONIC; 0: there is none */
};

/* Begins to listen for events. NULL: no memory. */
struct reading *reading_begin(void);
void reading_end(struct reading *reading);

/* Twice a second: hears what the guard has told. */
void reading_listen(struct reading *reading);

/* Reads the guard. 0, or the code of view.error: then there is nothing but senders to show. */
int reading_take(struct reading *reading);

#endif
