// SPDX-License-Identifier: GPL-2.0-only
#include "top/reading.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/names.h"
#include "render/event.h"

#define HOLDERS 256 /* of connections, that nothing else is known of */

/* --- what is heard --- */

static void hear_event(void *context, const struct follow *follow, const struct sg_event *event)
{
	struct reading *r = context;
	char zone[SG_ZONE_NAME];

	follow_zone(follow, event, zone);
	talkers_add(&r->senders, event, zone);
}

static void hear_left_out(void *context, __u64 limited, __u64 lost)
{
	struct reading *r = context;

	window_add(&r->senders.unnamed, clock_now(), limited + lost);
}

struct reading *reading_begin(void)
{
	struct reading *r = calloc(1, sizeof(*r));
	/* The screen shows what is; that it has changed is seen. */
	struct keeper_ears ears = {hear_event, NULL, hear_left_out, r, false};

	if (!r)
		return NULL;
	if (!talkers_begin(&r->senders, clock_now()))
		r->keeper = keeper_begin(&ears);
	if (r->keeper)
		return r;
	reading_end(r);
	return NULL;
}

void reading_end(struct reading *r)
{
	if (!r)
		return;
	keeper_end(r->keeper);
	ask_end(r->asker);
	talkers_free(&r->senders);
	for (int pane = 0; pane < PANE__MAX; pane++)
		rows_free(&r->rows[pane]);
	view_free(&r->view);
	free(r);
}

void reading_listen(struct reading *r)
{
	keeper_turn(r->keeper);
}

/* --- rates --- */

static void reckon(struct reading *r, double now)
{
	const struct counters *counters = &r->view.snapshot->counters;
	static struct counters between;

	r->seconds = r->when ? now - r->when : 0;
	counters_between(&r->then, counters, &between);
	rates_of(between.stats.class, SG_CLASS__MAX, 0, r->seconds, &r->classes);
	rates_of(between.stats.reason, SG_REASON__MAX, SG_REASON_NONE + 1, r->seconds, &r->reasons);
	r->then = *counters;
	r->when = now;
}

/* --- rows --- */

static void add_reasons(struct row *row, const struct talker *sender)
{
	size_t length = 0;

	row->passes = true;
	for (int i = 0; i < SENDER_REASONS && sender->of[i].reason; i++) {
		length += snprintf(row->what + length, sizeof(row->what) - length, "%s%s",
				   i ? " " : "", reason_texts[sender->of[i].reason].label);
		if (length >= sizeof(row->what))
			length = sizeof(row->what) - 1;
		row->passes = row->passes && sender->of[i].outcome == SG_OUTCOME_WATCHED;
	}
}

/* Where it came in, for zones that name interfaces: its place. */
static __u32 slot_of(const struct session *session, __u32 interface)
{
	for (size_t i = 0; i < session->links.count; i++) {
		if (interface && session->links.link[i].ifindex == interface)
			return session->links.link[i].place.slot;
	}
	return SG_INTERFACES;
}

/* What only the guard itself can tell of it. */
static void ask_of(struct reading *r, struct row *row, __u32 slot)
{
	const struct sg_config *config = &r->view.snapshot->config;
	struct sg_why why;
	struct fill fill;

	row->fill = FILL_UNKNOWN;
	if (!r->asker || ask_again(r->asker, row->flow.port ? &row->flow : &row->key, slot, &why))
		return;
	fill = fill_of(&why, config);
	row->fill = fill.percent;
	row->limit = fill.percent > 0 ? limit_keys[fill.limit] : "";
	if (!row->zone[0] && why.zone)
		snprintf(row->zone, sizeof(row->zone), "%s",
			 config->zone[why.zone % SG_ZONES].name);
	if (why.source_ban.until)
		row->ban = sg_source_key(row->key.family, row->key.address);
	else if (why.flow_ban.until)
		row->ban = row->flow;
	row->left = seconds_until(why.source_ban.until ? why.source_ban.until : why.flow_ban.until,
				 why.now);
}

static void add_senders(struct reading *r, const struct session *session, __u64 now)
{
	struct row_list *list = &r->rows[PANE_SENDERS];

	for (size_t i = 0; i < r->senders.count; i++) {
		const struct talker *sender = &r->senders.sender[i];
		struct row *row = rows_add(list);

		if (!row)
			return;
		row->key = sender->key;
		row->flow = sender->flow;
		row->rate = talker_rate(sender, now);
		row->packets = sender->packets;
		memcpy(row->zone, sender->zone, sizeof(row->zone));
		add_reasons(row, sender);
		ask_of(r, row, slot_of(session, sender->interface));
	}
	r->most[PANE_SENDERS] = list->count;
}

/* How many connections each has, and those who have most of them: the list is by that. */
static void add_holders(struct reading *r)
{
	struct row_list *list = &r->rows[PANE_SENDERS];
	size_t added = 0, named = list->count;

	rows_sort(list, ORDER_WHO);
	for (size_t i = 0; i < r->view.connections.count; i++) {
		const struct connections *c = &r->view.connections.source[i];
		struct row *row = rows_search(list, named, &c->source);

		if (row)
			row->live = c->live;
		if (row || added == HOLDERS)
			continue;
		row = rows_add(list);
		if (!row)
			return;
		row->key = c->source;
		row->live = c->live;
		row->passes = true;
		ask_of(r, row, SG_INTERFACES);
		added++;
	}
	r->most[PANE_SENDERS] = list->count;
}

static void add_flows(struct reading *r, const struct sg_config *config)
{
	for (size_t i = 0; i < r->flows.count; i++) {
		const struct flow *f = &r->flows.flow[i];
		struct row *row = rows_add(&r->rows[PANE_FLOWS]);

		if (!row)
			return;
		row->key = row->flow = f->proven.key;
		row->fill = f->fill.percent;
		row->limit = f->fill.percent > 0 ? limit_keys[f->fill.limit] : "";
		row->left = seconds_until(f->proven.proven.until, r->view.now);
		row->passes = true;
		snprintf(row->zone, sizeof(row->zone), "%s",
			 f->zone ? config->zone[f->zone].name : "");
		snprintf(row->what, sizeof(row->what), "%s",
			 proof_names[f->proven.proven.proof % SG_PROOF__MAX]);
	}
	r->most[PANE_FLOWS] = r->flows.known;
}

static void add_bans(struct reading *r)
{
	for (size_t i = 0; i < r->view.bans.count; i++) {
		const struct ban *ban = &r->view.bans.ban[i];
		struct row *row = rows_add(&r->rows[PANE_BANS]);

		if (!row)
			return;
		row->key = row->ban = ban->key;
		if (ban_is_flow(&ban->key))
			row->flow = ban->key;
		row->fill = FILL_UNKNOWN;
		row->left = seconds_until(ban->ban.until, r->view.now);
		snprintf(row->what, sizeof(row->what), "%s", ban_cause(&ban->ban));
	}
	r->most[PANE_BANS] = r->view.bans.count;
}

static void clear_rows(struct reading *r)
{
	for (int pane = 0; pane < PANE__MAX; pane++)
		r->rows[pane].count = r->most[pane] = 0;
}

/* --- the whole --- */

/* An upgrade keeps the maps, and so who asks; another guard has others. */
static void find_asker(struct reading *r, const struct session *session)
{
	if (r->asker && !ask_is_of(r->asker, session)) {
		ask_end(r->asker);
		r->asker = NULL;
		r->when = 0;
		r->flows = (struct flows){};
	}
	if (!r->asker)
		r->asker = ask_begin(session, NULL);
}

static int read_all(struct reading *r, const struct session *session)
{
	__u64 now = clock_now();
	int err = view_take_of(session, &r->view);

	if (err)
		return err;
	find_asker(r, session);
	reckon(r, now / (double)SG_NSEC_PER_SEC);
	health_read(r->view.snapshot, &r->health);
	if (r->asker)
		flows_turn(&r->flows, &session->maps, r->asker, &r->view.snapshot->config,
			   r->view.now, NULL);
	add_senders(r, session, now);
	add_holders(r);
	add_flows(r, &r->view.snapshot->config);
	add_bans(r);
	return 0;
}

int reading_take(struct reading *r)
{
	__u64 now = clock_now();
	struct session session;
	int err;

	view_free(&r->view);
	clear_rows(r);
	talkers_expire(&r->senders, now);
	r->unnamed = window_rate(&r->senders.unnamed, r->senders.begun, now);
	err = session_begin(&session, ACCESS_READ, &r->view.error);
	if (!err) {
		err = read_all(r, &session);
		session_end(&session);
	}
	r->heard = keeper_follows(r->keeper);
	if (!err)
		return 0;
	r->when = r->seconds = 0;
	r->classes.count = r->reasons.count = 0;
	return err;
}
