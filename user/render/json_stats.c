// SPDX-License-Identifier: GPL-2.0-only
#include "render/json.h"

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

json_t *stats_json(const struct counters *counters)
{
	const struct sg_stats *stats = &counters->stats;
	struct sg_counter others = counters_unguarded(counters);

	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "interfaces",
			 counted_json(counters), "unguarded", output_counter(&others), "allowed",
			 output_counter(&stats->allowed), "reasons", reasons_json(stats), "classes",
			 tallies_json(stats->class, class_names, SG_CLASS__MAX), "methods",
			 tallies_json(stats->method, method_names, SG_METHOD__MAX), "events",
			 events_json(stats), "figures", figures_json(&counters->figures));
}
