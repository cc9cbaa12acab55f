// SPDX-License-Identifier: GPL-2.0-only
#include "top/talkers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int talkers_begin(struct talkers *s, __u64 now)
{
	*s = (struct talkers){.sender = calloc(SENDERS_MOST, sizeof(*s->sender)), .begun = now};
	return s->sender ? 0 : -ENOMEM;
}

void talkers_free(struct talkers *s)
{
	free(s->sender);
	*s = (struct talkers){};
}

static bool is_same(const struct sg_flow_key *a, const struct sg_flow_key *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

static struct sg_flow_key flow_of(const struct sg_event *event)
{
	struct sg_flow_key flow = {
		.port = event->port,
		.transport = event->transport,
		.family = event->family,
	};

	memcpy(flow.address, event->address, sizeof(flow.address));
	if (!flow.port)
		flow.transport = 0;
	return flow;
}

/* Where one more goes: behind the others, or over the one that was silent for longest. */
static struct talker *room(struct talkers *s)
{
	struct talker *oldest = s->sender;

	if (s->count < SENDERS_MOST)
		return &s->sender[s->count++];
	for (size_t i = 1; i < s->count; i++) {
		if (s->sender[i].last < oldest->last)
			oldest = &s->sender[i];
	}
	return oldest;
}

static struct talker *find(struct talkers *s, const struct sg_flow_key *flow)
{
	struct sg_flow_key key = sg_source_key(flow->family, flow->address);
	struct talker *sender;

	for (size_t i = 0; i < s->count; i++) {
		if (is_same(&s->sender[i].key, &key))
			return &s->sender[i];
	}
	sender = room(s);
	*sender = (struct talker){.key = key, .flow = *flow};
	return sender;
}

bool talkers_know(const struct talkers *s, const struct sg_event *event)
{
	struct sg_flow_key flow = flow_of(event);
	struct sg_flow_key key = sg_source_key(flow.family, flow.address);

	for (size_t i = 0; i < s->count; i++) {
		for (int n = 0; n < SENDER_REASONS && is_same(&s->sender[i].key, &key); n++) {
			if (s->sender[i].of[n].reason == event->reason)
				return true;
		}
	}
	return false;
}

/* The place of a reason; the one with the fewest packets makes room. */
static struct talker_reason *reason_of(struct talker *sender, int reason)
{
	struct talker_reason *last = &sender->of[SENDER_REASONS - 1];

	for (int i = 0; i < SENDER_REASONS; i++) {
		if (sender->of[i].reason == reason || !sender->of[i].reason) {
			sender->of[i].reason = reason;
			return &sender->of[i];
		}
	}
	*last = (struct talker_reason){.reason = reason};
	return last;
}

static void move_up(struct talker *sender, struct talker_reason *r)
{
	for (; r > sender->of && r[-1].packets < r->packets; r--) {
		struct talker_reason other = r[-1];

		r[-1] = *r;
		*r = other;
	}
}

static void put_mark(struct talker_reason *r, __u64 time)
{
	memmove(r->mark + 1, r->mark, sizeof(r->mark) - sizeof(*r->mark));
	r->mark[0] = (struct mark){time, r->packets};
}

void talkers_add(struct talkers *s, const struct sg_event *event, const char *zone)
{
	struct sg_flow_key flow = flow_of(event);
	struct talker_reason *r;
	struct talker *sender;

	if (event->kind != SG_EVENT_PACKET || event->leaves || !event->reason ||
	    event->reason >= SG_REASON__MAX)
		return;
	sender = find(s, &flow);
	if (!is_same(&sender->flow, &flow))
		sender->flow.port = 0;
	r = reason_of(sender, event->reason);
	r->outcome = event->outcome % SG_OUTCOME__MAX;
	r->packets += 1 + event->more;
	put_mark(r, event->time);
	move_up(sender, r);
	snprintf(sender->zone, sizeof(sender->zone), "%s", zone);
	sender->interface = event->interface;
	sender->packets += 1 + event->more;
	sender->last = event->time;
}

void talkers_expire(struct talkers *s, __u64 now)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->count; i++) {
		if (s->sender[i].last + SENDERS_FORGET * SG_NSEC_PER_SEC > now)
			s->sender[kept++] = s->sender[i];
	}
	s->count = kept;
}

/* Of one reason. What one event alone tells is one packet. */
static double reason_rate(const struct talker_reason *r, __u64 now)
{
	const struct mark *last = &r->mark[0], *first = NULL;
	__u64 end = last->time, silent = 2ULL << SG_TOLD_SHIFT;

	for (int i = 0; i < SENDER_MARKS && r->mark[i].time; i++) {
		if (r->mark[i].time + RATE_WINDOW * SG_NSEC_PER_SEC > now)
			first = &r->mark[i];
	}
	if (!first)
		return 0;
	if (first->time == end)
		return 1.0 / RATE_WINDOW;
	if (end + silent < now)
		end = now;
	return (last->packets - first->packets) * (double)SG_NSEC_PER_SEC / (end - first->time);
}

double talker_rate(const struct talker *sender, __u64 now)
{
	double rate = 0;

	for (int i = 0; i < SENDER_REASONS && sender->of[i].reason; i++)
		rate += reason_rate(&sender->of[i], now);
	return rate;
}
