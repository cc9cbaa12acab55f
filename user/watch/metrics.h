/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The view in the text format of Prometheus (version 0.0.4). What has a table has its metrics from
 * there: a new row of SNAPSHOT_NUMBERS, SG_COUNTS, SG_CLASSES, SG_METHODS or the reasons is one
 * more metric, or one more value of a label. Nothing that a stranger chooses becomes a label, so
 * there are as many series as the tables have rows, and some for each guarded interface.
 */
#ifndef SIPGUARD_METRICS_H
#define SIPGUARD_METRICS_H

#include "base/text.h"
#include "watch/view.h"

void metrics_write(const struct view *view, const struct self *self, struct text *text);

#endif
