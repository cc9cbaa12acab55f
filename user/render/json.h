/* SPDX-License-Identifier: GPL-2.0-only */
/* For programs: what the model has read, as JSON. Keys stay, in their order. NULL: no memory. */
#ifndef SIPGUARD_JSON_H
#define SIPGUARD_JSON_H

#include <jansson.h>

#include "guard/connections.h"
#include "model/bans.h"
#include "model/counters.h"
#include "model/snapshot.h"

json_t *status_json(const struct snapshot *snapshot);

/* Adds the configuration in force to an object. */
void settings_json(const struct sg_config *config, const struct served_list *served,
		   json_t *object);

json_t *stats_json(const struct counters *counters);

/* One ban, which ends in so many seconds, and one source with its connections of TCP. */
json_t *ban_json(const struct sg_flow_key *key, const struct sg_ban *ban, __u64 seconds);
/* All of a list; `now` in ns of the guard's clock. */
json_t *bans_json(const struct ban_list *list, __u64 now);
json_t *connections_json(const struct connections *connections);

#endif
