// SPDX-License-Identifier: GPL-2.0-only
#include "render/json.h"

#include <stdio.h>

#include "base/names.h"
#include "render/output.h"

static json_t *tally_json(const struct sg_tally *tally)
{
	return json_pack("{s:o, s:o, s:o}", "passed", output_counter(&tally->passed), "would_drop",
			 output_counter(&tally->would_drop), "dropped",
			 output_counter(&tally->dropped));
}

/* Only reasons watch. */
static json_t *reasons_json(const struct sg_stats *stats)
{
	json_t *all = json_object(), *one;

	for (int i = 0; i < SG_REASON__MAX; i++) {
		one = tally_json(&stats->reason[i]);
		json_object_set_new(one, "watched", output_counter(&stats->reason[i].watched));
		json_object_set_new(all, reason_texts[i].label, one);
	}
	return all;
}

static json_t *tallies_json(const struct sg_tally *tally, const char *const *names, int count)
{
	json_t *all = json_object();

	for (int i = 0; i < count; i++)
		json_object_set_new(all, names[i], tally_json(&tally[i]));
	return all;
}

static json_t *events_json(const struct sg_stats *stats)
{
	json_t *all = json_object();

	for (int i = 0; i < SG_COUNT__MAX; i++)
		json_object_set_new(all, count_names[i], json_integer(stats->count[i]));
	return all;
}

static json_t *counted_json(const struct counters *counters)
{
	json_t *all = json_array();

	for (__u32 slot = 0; slot < SG_INTERFACES; slot++) {
		const struct counted *one = &counters->counted[slot];

		if (!one->name[0])
			continue;
		json_array_append_new(all, json_pack("{s:o, s:I, s:I}", "name",
						     output_string(one->name), "ifindex",
						     (json_int_t)one->ifindex, "packets",
						     (json_int_t)counters_seen(counters, slot)));
	}
	return all;
}

/* --- calls and registrations --- */

/* By the first digit of the status, and of some the status itself. */
static json_t *responses_json(const struct sg_figured_counts *c)
{
	json_t *all = json_object();
	char key[16];

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

/* An array of zones, empty if they are not counted. */
static json_t *figures_json(const struct figures *figures)
{
	json_t *all = json_array();

	for (int i = 0; i < SG_ZONES; i++) {
		if (figures->zone[i].there)
			json_array_append_new(all, zone_json(&figures->zone[i]));
	}
	return all;
}

json_t *stats_json(const struct counters *counters)
{
	const struct sg_stats *stats = &counters->stats;
	struct sg_counter others = counters_unguarded(counters);
	struct sg_tally total = counters_total(counters);

	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "interfaces",
			 counted_json(counters), "unguarded", output_counter(&others), "allowed",
			 output_counter(&stats->allowed), "reasons", reasons_json(stats), "classes",
			 tallies_json(stats->class, class_names, SG_CLASS__MAX), "methods",
			 tallies_json(stats->method, method_names, SG_METHOD__MAX), "events",
			 events_json(stats), "figures", figures_json(&counters->figures), "total",
			 tally_json(&total));
}
