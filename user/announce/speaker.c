// SPDX-License-Identifier: GPL-2.0-only
#include "announce/speaker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/notice.h"

#define MS 1000000ULL
#define AGAIN_NS (1000 * MS)   /* after it could not be told */
#define REFRESH_NS (5000 * MS) /* between two tellings of all that is announced */
#define PATIENCE_NS (2000 * MS) /* with one order */

/* Those that let customers through leave room for the rules themselves, and some that end. */
#define EXCEPTIONS (SPEAKER_RULES - 4 * UPSTREAM_RULES)

struct told {
	struct rule rule;
	bool wanted;
	bool told; /* it has taken what is wanted */
	bool heard; /* it may have heard of the rule, ever */
	__u64 failed; /* the number of the last time that it was told in vain; 0: it was not */
};

struct speaker {
	const struct speaker_kind_of *kind;
	void *of;
	struct told rule[SPEAKER_RULES];
	size_t count;
	struct order order;   /* under way, if */
	bool busy;
	__u64 began;          /* with that order, ns */
	__u64 again;          /* not before that, ns */
	__u64 refreshed;      /* ns */
	__u64 failures;
	bool complained;
	__u64 changes;
};

struct speaker *speaker_begin(const struct upstream *settings, struct error *error)
{
	struct speaker *s = calloc(1, sizeof(*s));

	if (!s) {
		error_set(error, -ENOMEM, "out of memory.");
		return NULL;
	}
	s->kind = settings->speaker == SPEAKER_GOBGP ? &gobgp : &exabgp;
	s->of = s->kind->begin(settings, error);
	if (s->of)
		return s;
	free(s);
	return NULL;
}

int speaker_look(const struct upstream *settings, struct error *error)
{
	const struct speaker_kind_of *kind = settings->speaker == SPEAKER_GOBGP ? &gobgp : &exabgp;
	void *of = kind->begin(settings, error);
	int err;

	if (!of)
		return -ENOMEM;
	err = kind->look ? kind->look(of, error) : 0;
	kind->end(of);
	return err;
}

static struct told *find(const struct speaker *s, const struct rule *rule)
{
	for (size_t i = 0; i < s->count; i++) {
		if (rule_matches_same(&s->rule[i].rule, rule))
			return (struct told *)&s->rule[i];
	}
	return NULL;
}

static int want(struct speaker *s, const struct rule *rule, bool wanted)
{
	bool exception = wanted && rule->action == RULE_ACCEPT;
	struct told *told = find(s, rule);
	/* What is withdrawn, and is not known here, was announced by somebody before. */
	bool heard = told ? told->heard : !wanted;

	if (!told && s->count >= (exception ? EXCEPTIONS : SPEAKER_RULES))
		return -ENOSPC;
	if (!told)
		told = &s->rule[s->count++];
	*told = (struct told){*rule, wanted, false, heard, 0};
	if (!wanted && !heard)
		*told = s->rule[--s->count];
	s->changes++;
	return 0;
}

int speaker_announce(struct speaker *s, const struct rule *rule)
{
	return want(s, rule, true);
}

int speaker_withdraw(struct speaker *s, const struct rule *rule)
{
	return want(s, rule, false);
}

bool speaker_wants(const struct speaker *s, const struct rule *rule)
{
	const struct told *told = find(s, rule);

	return told && told->wanted;
}

__u64 speaker_changes(const struct speaker *s)
{
	return s->changes;
}

size_t speaker_left(const struct speaker *s, struct rule *rules, size_t room)
{
	for (size_t i = 0; i < s->count && i < room; i++)
		rules[i] = s->rule[i].rule;
	return s->count < room ? s->count : room;
}

static void complain(struct speaker *s, const struct error *error)
{
	if (!s->complained)
		notice("%s It is tried again.", error->text);
	s->complained = true;
}

static void forget_told(struct speaker *s)
{
	for (size_t i = 0; i < s->count; i++)
		s->rule[i].told = false;
}

/*
 * What lets customers through comes before the rule that it excepts them from, and goes after it;
 * the order of the rules is that in which they were wanted. But one that was told in vain comes
 * after all others: it may be refused for ever, and they must be told, and withdrawn, all the same.
 */
static bool next_order(struct speaker *s, struct order *order)
{
	const struct told *next = NULL;

	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < s->count; i++) {
			const struct told *told = &s->rule[i];
			bool first = (told->rule.action == RULE_ACCEPT) == told->wanted;

			if (!told->told && first == !pass && (!next || told->failed < next->failed))
				next = told;
		}
	}
	if (next)
		*order = (struct order){next->rule, next->wanted};
	return next;
}

/* One that was told, and not taken. */
static void put_last(struct speaker *s)
{
	struct told *told = find(s, &s->order.rule);

	if (told)
		told->failed = ++s->failures;
}

static bool any_failed(const struct speaker *s)
{
	for (size_t i = 0; i < s->count; i++) {
		if (s->rule[i].failed)
			return true;
	}
	return false;
}

static void taken(struct speaker *s)
{
	struct told *told = find(s, &s->order.rule);

	s->busy = false;
	if (told && rule_equals(&told->rule, &s->order.rule))
		told->failed = 0;
	if (s->complained && !any_failed(s)) {
		notice("%s hears again.", s->kind->name);
		s->complained = false;
	}
	/* It may be that something else is wanted by now. */
	if (!told || told->wanted != s->order.announce ||
	    !rule_equals(&told->rule, &s->order.rule))
		return;
	told->told = true;
	if (told->wanted)
		return;
	*told = s->rule[--s->count];
	s->changes++;
}

/* One order's progress. False: there is nothing to do now. */
static bool step(struct speaker *s, __u64 now, int milliseconds)
{
	struct error error = {};
	int err = 0;

	if (!s->busy) {
		if (now < s->again || !next_order(s, &s->order))
			return false;
		err = s->kind->tell(s->of, &s->order, &error);
		s->busy = !err;
		s->began = now;
		if (!err)
			find(s, &s->order.rule)->heard = true;
	}
	if (!err)
		err = s->kind->heard(s->of, milliseconds, &error);
	if (err == -EAGAIN && now - s->began < PATIENCE_NS)
		return true;
	if (!err) {
		taken(s);
		return true;
	}
	error_set(&error, err, "%s does not answer.", s->kind->name);
	complain(s, &error);
	if (s->busy)
		put_last(s);
	s->busy = false;
	s->again = now + AGAIN_NS;
	return false;
}

bool speaker_turn(struct speaker *s, int milliseconds)
{
	__u64 now = clock_now(), end = now + milliseconds * MS;
	struct order order;

	if (s->kind->is_new(s->of) || now - s->refreshed >= REFRESH_NS) {
		forget_told(s);
		s->refreshed = now;
	}
	while (now < end && step(s, now, (end - now) / MS + 1))
		now = clock_now();
	return !s->busy && !next_order(s, &order);
}

void speaker_free(struct speaker *s)
{
	if (!s)
		return;
	s->kind->end(s->of);
	free(s);
}
