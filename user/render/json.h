/* SPDX-License-Identifier: GPL-2.0-only */
/* For programs: what the model has read, as JSON. Keys stay, in their order. NULL: no memory. */
#ifndef SIPGUARD_JSON_H
#define SIPGUARD_JSON_H

#include <jansson.h>

#include "model/counters.h"
#include "model/snapshot.h"

json_t *status_json(const struct snapshot *snapshot);

/* Adds the configuration in force to an object. */
void settings_json(const struct sg_config *config, const struct served_list *served,
		   json_t *object);

json_t *stats_json(const struct counters *counters);

#endif
