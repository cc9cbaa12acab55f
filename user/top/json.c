// SPDX-License-Identifier: GPL-2.0-only
/* What top shows, for programs. */
#include <string.h>

#include "base/names.h"
#include "render/json.h"
#include "render/output.h"
#include "top/run.h"

static json_t *rates_json(const struct rates *rates, bool reasons)
{
	json_t *all = json_object();

	for (size_t i = 0; i < rates->count; i++) {
		const struct rate *r = &rates->rate[i];

		json_object_set_new(all, reasons ? reason_texts[r->id].label : class_names[r->id],
				    json_pack("{s:f, s:f, s:f}", reasons ? "watched" : "passed",
					      reasons ? r->watched : r->passed, "would_drop",
					      r->would_drop, "dropped", r->dropped));
	}
	return all;
}

/* They are names without blanks, with one between two. */
static json_t *words_json(const char *words)
{
	json_t *all = json_array();

	while (*words) {
		size_t length = strcspn(words, " ");

		json_array_append_new(all, json_stringn(words, length));
		words += length + strspn(words + length, " ");
	}
	return all;
}

static json_t *limit_json(const struct row *row)
{
	return row->fill < 0 ? json_null()
			     : json_pack("{s:s, s:i}", "name", row->limit, "percent", row->fill);
}

/* Who it is, and what all panes know of him. */
static json_t *row_json(const struct row *row, const char *what, json_t *value)
{
	char who[PREFIX_TEXT];

	row_who(row, who);
	return json_pack("{s:s, s:s?, s:o, s:o, s:o, s:I}", "source", who, "transport",
			 row->flow.port ? flow_transport(&row->flow) : NULL, "zone",
			 row->zone[0] ? output_string(row->zone) : json_null(), what, value,
			 "limit", limit_json(row), "seconds_left", (json_int_t)row->left);
}

static json_t *talkers_json(struct row_list *rows)
{
	json_t *all = json_array();

	rows_sort(rows, ORDER_RATE);
	for (size_t i = 0; i < rows->count; i++) {
		const struct row *row = &rows->row[i];
		json_t *json = row_json(row, "reasons", words_json(row->what));

		json_object_set_new(json, "seen_per_second", json_real(row->rate));
		json_object_set_new(json, "packets", json_integer(row->packets));
		json_object_set_new(json, "connections", json_integer(row->live));
		json_array_append_new(all, json);
	}
	return all;
}

static json_t *flows_json(const struct row_list *rows)
{
	json_t *all = json_array();

	for (size_t i = 0; i < rows->count; i++)
		json_array_append_new(all, row_json(&rows->row[i], "proof",
						    json_string(rows->row[i].what)));
	return all;
}

json_t *top_json(struct reading *r)
{
	const struct snapshot *s = r->view.snapshot;
	json_t *json = json_pack("{s:f, s:f, s:s, s:b, s:I, s:I, s:I}", "taken", r->view.taken,
				 "seconds", r->seconds, "mode", mode_names[s->mode],
				 "greylist_armed", (int)s->number[NUMBER_GREYLIST_ARMED],
				 "overload", (json_int_t)s->number[NUMBER_OVERLOAD_LEVEL],
				 "loaded_seconds", (json_int_t)s->number[NUMBER_LOADED_SECONDS],
				 "memory_bytes", (json_int_t)s->number[NUMBER_MEMORY_BYTES]);

	json_object_set_new(json, "classes", rates_json(&r->classes, false));
	json_object_set_new(json, "reasons", rates_json(&r->reasons, true));
	json_object_set_new(json, "heard", json_boolean(r->heard));
	json_object_set_new(json, "not_named_per_second", json_real(r->unnamed));
	json_object_set_new(json, "senders", talkers_json(&r->rows[PANE_SENDERS]));
	json_object_set_new(json, "flows_proven", json_integer(r->flows.known));
	json_object_set_new(json, "flows", flows_json(&r->rows[PANE_FLOWS]));
	json_object_set_new(json, "bans", bans_json(&r->view.bans, r->view.now));
	return json;
}
