// SPDX-License-Identifier: GPL-2.0-only
#include "render/json.h"

#include <stdio.h>

#include "render/output.h"

/* By the first digit of the status, and of some the status itself. */
static json_t *responses_json(const struct sg_figured_counts *c)
{
	json_t *all = json_object();
	char key[8];

	for (int i = 0; i < 6; i++) {
		snprintf(key, sizeof(key), "%dxx", i + 1);
		json_object_set_new(all, key, json_integer(c->class[i]));
	}
	for (int i = 0; i < SG_STATUS__MAX; i++) {
		snprintf(key, sizeof(key), "%u", figures_statuses[i]);
		json_object_set_new(all, key, json_integer(c->status[i]));
	}
	return all;
}

static json_t *counts_json(const struct sg_figured_counts *c)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:o}", "requests",
			 (json_int_t)c->requests, "attempts", (json_int_t)figures_attempts(c),
			 "open", (json_int_t)figures_open(c), "silent", (json_int_t)c->silent,
			 "lost", (json_int_t)c->lost, "retransmitted", (json_int_t)c->copies,
			 "responses_retransmitted", (json_int_t)c->resent, "responses",
			 responses_json(c));
}

static json_t *delay_json(const struct sg_delay *delay)
{
	json_t *buckets = json_array();

	for (size_t i = 0; i < SG_DELAY_COUNTS; i++)
		json_array_append_new(buckets, json_integer(delay->count[i]));
	return json_pack("{s:I, s:f, s:o}", "measured", (json_int_t)figures_measured(delay),
			 "mean_seconds", figures_mean(delay), "buckets", buckets);
}

static json_t *zone_json(const struct zone_figures *zone)
{
	const struct sg_figures *f = &zone->counts;
	json_t *all = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o}", "zone", output_string(zone->zone),
				"invite", counts_json(&f->of[SG_FIGURED_INVITE]), "register",
				counts_json(&f->of[SG_FIGURED_REGISTER]), "session_request_delay",
				delay_json(&f->delay[SG_DELAY_SESSION]),
				"failed_session_request_delay",
				delay_json(&f->delay[SG_DELAY_FAILED]),
				"registration_request_delay",
				delay_json(&f->delay[SG_DELAY_REGISTER]));

	for (int i = 0; i < FIGURES_RATIO__MAX; i++) {
		double ratio = figures_ratio(f, i);

		json_object_set_new(all, figures_keys[i],
				    ratio < 0 ? json_null() : json_real(ratio));
	}
	return all;
}

json_t *figures_json(const struct figures *figures)
{
	json_t *all = json_array();

	for (int i = 0; i < SG_ZONES; i++) {
		if (figures->zone[i].there)
			json_array_append_new(all, zone_json(&figures->zone[i]));
	}
	return all;
}
