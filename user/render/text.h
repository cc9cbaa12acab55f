/* SPDX-License-Identifier: GPL-2.0-only */
/* For people, on standard output: what is printed of what the model has read. */
#ifndef SIPGUARD_TEXT_H
#define SIPGUARD_TEXT_H

#include "model/counters.h"
#include "model/snapshot.h"

/* All that `sipguard status` says. */
void status_text(const struct snapshot *snapshot);

/* The last part of it: the configuration in force. */
void settings_text(const struct sg_config *config, const struct served_list *served);

/* Counters as they are, or per second if they are those of so many `seconds`; 0 if they are not. */
void stats_text(const struct counters *counters, double seconds);
/* The last part of it, if the figures are counted. */
void figures_text(const struct figures *figures, double seconds);

#endif
