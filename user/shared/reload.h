/* SPDX-License-Identifier: GPL-2.0-only */
/* `sipguard reload`, by this same command as another process: it has all that a reload takes. */
#ifndef SIPGUARD_SHARED_RELOAD_H
#define SIPGUARD_SHARED_RELOAD_H

#include "base/error.h"

/*
 * Waits for it, some minutes at most where others change the guard all the time. 0, or -ENOTCONN:
 * there is no guard; or -errno with what it said. Then what was in force is in force still.
 */
int reload_guard(struct error *error);

#endif
