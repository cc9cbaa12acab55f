/* SPDX-License-Identifier: GPL-2.0-only */
/* top, from its beginning to its end. */
#ifndef SIPGUARD_TOP_RUN_H
#define SIPGUARD_TOP_RUN_H

#include <stdio.h>

#include <jansson.h>

#include "top/screen.h"

/*
 * On a terminal, until it is ended, read every so many seconds. It wants a guard when it begins,
 * and waits for another one when that goes. 0 or -errno; the terminal is as it was by then.
 */
int top_run(unsigned int seconds, FILE *out, FILE *in, struct error *error);

/*
 * Two readings, so many seconds apart. 0 or -errno; *reading is for reading_end(), whatever came
 * of it.
 */
int top_read(unsigned int seconds, struct reading **reading, struct error *error);

/* All that the screen would show of it, for programs; sorts its senders. NULL: no memory. */
json_t *top_json(struct reading *reading);

#endif
