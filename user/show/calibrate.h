/* SPDX-License-Identifier: GPL-2.0-only */
/* What `sipguard calibrate` prints. */
#ifndef SIPGUARD_CALIBRATE_REPORT_H
#define SIPGUARD_CALIBRATE_REPORT_H

#include <jansson.h>

#include "calibrate/calibrate.h"

void calibrate_print(const struct calibration *calibration);
json_t *calibrate_json(const struct calibration *calibration);

#endif
