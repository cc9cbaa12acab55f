// SPDX-License-Identifier: GPL-2.0-only
#include "top/talkers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/notice.h"
#include "events/follow.h"
#include "model/counters.h"
#include "render/event.h"

#define RING (1 << 20) /* some ten thousand events */
#define TURN_MS 100    /* so soon it sees that it is to stop */

struct listening {
	struct follow *follow;
	struct talkers senders;
	struct counters then, now, between;
};

static int hear(void *context, const struct sg_event *event)
{
	struct listening *l = context;
	struct sg_event heard = *event;
	char zone[SG_ZONE_NAME];

	/* What was like the first one may be of whoever listened before. */
	if (!talkers_know(&l->senders, event))
		heard.more = 0;
	follow_zone(l->follow, event, zone);
	talkers_add(&l->senders, &heard, zone);
	return 0;
}

bool refused_is(const struct refused_row *row)
{
	return row->outcome == SG_OUTCOME_DROPPED || row->outcome == SG_OUTCOME_WOULD_DROP;
}

struct timespec refused_time(__u64 when)
{
	const struct sg_event event = {.time = when};

	return event_time(&event);
}

static int by_packets(const void *a, const void *b)
{
	const struct refused_row *x = a, *y = b;

	if (refused_is(x) != refused_is(y))
		return refused_is(y) - refused_is(x);
	if (x->packets != y->packets)
		return x->packets < y->packets ? 1 : -1;
	return x->last < y->last ? 1 : -(x->last > y->last);
}

static void add_row(struct refused *r, const struct talker *sender, const struct talker_reason *of)
{
	struct refused_row *row = &r->row[r->count++];

	*row = (struct refused_row){
		.who = sender->flow.port ? sender->flow : sender->key,
		.reason = of->reason,
		.outcome = of->outcome,
		.packets = of->packets,
		.last = of->mark[0].time,
	};
	memcpy(row->zone, sender->zone, sizeof(row->zone));
	if (refused_is(row))
		r->named += row->packets;
}

int refused_sort(const struct talkers *senders, struct refused *r)
{
	r->row = calloc(senders->count * SENDER_REASONS + 1, sizeof(*r->row));
	if (!r->row)
		return -ENOMEM;
	for (size_t i = 0; i < senders->count; i++) {
		const struct talker *sender = &senders->sender[i];

		for (int n = 0; n < SENDER_REASONS && sender->of[n].reason; n++)
			add_row(r, sender, &sender->of[n]);
	}
	qsort(r->row, r->count, sizeof(*r->row), by_packets);
	/* A packet is told of a moment before or after it is counted. */
	if (r->named > r->dropped + r->would_drop)
		r->named = r->dropped + r->would_drop;
	return 0;
}

static int begin(struct listening *l, struct error *error)
{
	const struct follow_wants wants = {.outcomes = ~0U, .ring = RING};
	struct session session;
	int err = session_begin(&session, ACCESS_READ, error);

	if (err)
		return err;
	err = talkers_begin(&l->senders, clock_now());
	if (err)
		error_set(error, err, "out of memory.");
	else
		err = counters_read(&session, &l->then, error);
	if (!err)
		l->follow = follow_begin(&session, &wants, hear, l, error);
	session_end(&session);
	return err || l->follow ? err : error->code;
}

static int listen_for(struct listening *l, __u64 seconds, const volatile sig_atomic_t *stop,
		      struct error *error)
{
	__u64 begun = clock_now(), left = seconds * SG_NSEC_PER_SEC, gone = 0;
	int err = 0;

	while (!err && !*stop && gone < left) {
		__u64 ms = (left - gone) / 1000000 + 1;

		progress("listening, seconds", gone / SG_NSEC_PER_SEC, seconds);
		err = follow_wait(l->follow, ms < TURN_MS ? ms : TURN_MS, error);
		gone = clock_now() - begun;
	}
	progress(NULL, 0, 0);
	return err;
}

/* What came since the last event of each. */
static void add_untold(struct listening *l)
{
	for (size_t i = 0; i < l->senders.count; i++) {
		struct talker *sender = &l->senders.sender[i];

		for (int n = 0; n < SENDER_REASONS && sender->of[n].reason; n++)
			sender->of[n].packets += follow_untold(l->follow, &sender->key,
							       sender->of[n].reason,
							       sender->of[n].outcome);
	}
}

/* What the guard has counted meanwhile; later than whose it was, so it is never less. */
static int end(struct listening *l, struct refused *r, struct error *error)
{
	struct session session;
	struct sg_tally total;
	int err = session_begin(&session, ACCESS_READ, error);

	if (err)
		return err;
	if (!follow_is_of(l->follow, &session))
		err = error_set(error, -ESTALE, "the guard was detached and attached again "
				"meanwhile: run this again.");
	if (!err)
		err = follow_wait(l->follow, 0, error);
	if (!err)
		add_untold(l);
	if (!err)
		err = counters_read(&session, &l->now, error);
	r->mode = session.maps.state->mode % SG_MODE__MAX;
	session_end(&session);
	if (err)
		return err;
	counters_between(&l->then, &l->now, &l->between);
	total = counters_total(&l->between);
	r->dropped = total.dropped.packets;
	r->would_drop = total.would_drop.packets;
	return 0;
}

int refused_listen(__u64 seconds, const volatile sig_atomic_t *stop, struct refused *r,
		   struct error *error)
{
	struct listening *l = calloc(1, sizeof(*l));
	__u64 begun = clock_now();
	int err;

	*r = (struct refused){};
	if (!l)
		return error_set(error, -ENOMEM, "out of memory.");
	err = begin(l, error);
	if (!err)
		err = listen_for(l, seconds, stop, error);
	r->seconds = (clock_now() - begun) / (double)SG_NSEC_PER_SEC;
	if (!err)
		err = end(l, r, error);
	if (!err && refused_sort(&l->senders, r))
		err = error_set(error, -ENOMEM, "out of memory.");
	follow_end(l->follow);
	talkers_free(&l->senders);
	free(l);
	return err;
}

void refused_free(struct refused *r)
{
	free(r->row);
	*r = (struct refused){};
}
