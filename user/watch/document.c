// SPDX-License-Identifier: GPL-2.0-only
#include "watch/document.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "render/json.h"
#include "render/output.h"
#include "watch/metrics.h"

/* Those that last longest; the list is by their end. */
static json_t *lasting_bans_json(const struct view *view)
{
	json_t *all = json_array();

	for (size_t i = view->bans.count; i && json_array_size(all) < DOCUMENT_BANS; i--) {
		const struct ban *ban = &view->bans.ban[i - 1];

		json_array_append_new(all, ban_json(&ban->key, &ban->ban,
						    seconds_until(ban->ban.until, view->now)));
	}
	return json_pack("{s:I, s:o}", "total", (json_int_t)view->bans.count, "bans", all);
}

/* Of senders of UDP nobody keeps an account that names them; events will bring them here. */
static json_t *sources_json(const struct view *view)
{
	json_t *all = json_array();

	for (size_t i = 0; i < view->connections.count && i < DOCUMENT_SOURCES; i++)
		json_array_append_new(all, connections_json(&view->connections.source[i]));
	return json_pack("{s:I, s:o}", "total", (json_int_t)view->connections.count, "connections",
			 all);
}

static json_t *self_json(const struct self *self)
{
	json_t *json = json_pack("{s:I, s:I, s:I}", "failures", (json_int_t)self->failures,
				 "evicted", (json_int_t)self->evicted, "late",
				 (json_int_t)self->late);

	if (self->hep)
		json_object_set_new(json, "hep", json_pack("{s:I, s:I, s:I}", "sent",
							   (json_int_t)self->hep_sent, "refused",
							   (json_int_t)self->hep_refused, "lost",
							   (json_int_t)self->hep_lost));
	return json;
}

static json_t *view_json(const struct view *view, const struct self *self)
{
	const struct snapshot *s = view->snapshot;
	json_t *all = json_pack("{s:s, s:f, s:o}", "version", SIPGUARD_VERSION, "taken",
				view->taken, "watch", self_json(self));

	if (!s) {
		json_object_set_new(all, "error", output_string(view->error.text));
		return all;
	}
	json_object_set_new(all, "status", status_json(s));
	json_object_set_new(all, "stats", stats_json(&s->counters));
	json_object_set_new(all, "bans", lasting_bans_json(view));
	json_object_set_new(all, "connections", sources_json(view));
	return all;
}

struct documents *documents_make(const struct view *view, const struct self *self)
{
	struct documents *d = calloc(1, sizeof(*d));
	json_t *json = view_json(view, self);

	if (d && json) {
		d->taken = clock_now();
		metrics_write(view, self, &d->metrics);
		d->status = json_dumps(json, JSON_COMPACT | OUTPUT_JSON);
	}
	json_decref(json);
	if (!d || !d->status || d->metrics.lost) {
		documents_free(d);
		return NULL;
	}
	d->status_length = strlen(d->status);
	return d;
}

void documents_free(struct documents *documents)
{
	if (documents) {
		text_free(&documents->metrics);
		free(documents->status);
	}
	free(documents);
}

bool documents_are_old(const struct documents *documents)
{
	return clock_now() - documents->taken >= SG_NSEC_PER_SEC;
}
