/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a process that runs for long gives up.
 *
 * A session opens pins and maps anew whenever it is asked, so the thread that has them keeps what
 * `status` needs: CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN (which session_begin() insists on, as it may
 * have to finish what a killed command has left), and CAP_SYS_ADMIN, without which the program of a
 * filter of tc before Linux 6.6 is not found by its number. The pins are root's, so it stays root;
 * it has no right to read or write files of others, nor to get any of this back.
 *
 * The thread that talks to the network keeps nothing. Both share their memory: that is a hurdle,
 * and no wall.
 */
#ifndef SIPGUARD_PRIVILEGES_H
#define SIPGUARD_PRIVILEGES_H

#include "base/error.h"

/* Of this thread and those it starts: all but those above. 0 or -errno. */
int privileges_keep_few(struct error *error);

/* The same, and a program that it starts has them, too, and cannot get more. */
int privileges_hand_on_few(struct error *error);

/* Of this thread: all. 0 or -1. */
int privileges_drop_all(void);

#endif
