/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIPGUARD_SHOW_STATS_H
#define SIPGUARD_SHOW_STATS_H

#include "cmd/command.h"

/* `stats --top`: listens for a time, or until it is interrupted, and says who was refused. */
enum exit_code stats_top(const struct options *options);

#endif
