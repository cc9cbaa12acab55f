// SPDX-License-Identifier: GPL-2.0-only
#include "upstream/run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/notice.h"
#include "guard/session.h"
#include "kernel/device.h"
#include "model/lockout.h"
#include "upstream/flood.h"
#include "announce/kept.h"
#include "upstream/link.h"
#include "announce/speaker.h"
#include "watch/loop.h"

#define MS 1000000ULL
#define TURN_MS 250
#define SPEAK_MS 150           /* of a turn */
#define END_MS 5000            /* for withdrawing all at the end */
#define WINDOW_NS (3000 * MS)  /* what is found is of the last packets */
#define SEEN_NS (1000 * MS)
#define SEEN_PART 16           /* of a rate: a router lets less through of what comes in bursts */
#define SEEN_MOST 4000000      /* bytes a second: a ring holds no larger sample */
#define SPARED_MOST 5          /* percent of a flood in his name, and he is no exception */
#define FORGED_LEAST 1         /* the same while a rule is there, and the link full all the same */

struct run {
	const struct upstream *settings;
	upstream_each each;
	void *context;
	struct link_limits link_limits;
	struct plan_limits plan_limits;
	struct link link;
	struct flood flood;
	struct plan plan;
	struct spares spares;
	__u64 spares_until; /* ns: so long they count as known */
	struct speaker *speaker; /* NULL: a dry run, and nothing is left from before */
	struct kept kept;
	struct finding finding;
	struct prefix target; /* of ours, that gets most of the flood now; family 0: not known */
	__u64 noted;     /* speaker_changes() at that time */
	bool flooded;    /* the link is full of what the guard refuses */
	bool told_unguarded, told_innocent, told_kept, told_dark, told_spares;
};

/* --- what is announced --- */

/* Noted before it is told: who is killed in between has noted too much, which does no harm. */
static void note(struct run *r)
{
	static struct rule rules[SPEAKER_RULES];
	__u64 changes = speaker_changes(r->speaker);
	struct error error = {};
	size_t count;

	if (changes == r->noted)
		return;
	count = speaker_left(r->speaker, rules, SPEAKER_RULES);
	if (!kept_write(&r->kept, rules, count, &error)) {
		r->noted = changes;
		r->told_kept = false;
		return;
	}
	if (!r->told_kept)
		notice("%s If this process is killed, nobody withdraws what it has announced.",
		       error.text);
	r->told_kept = true;
}

/* How many percent of what is refused of `all` bytes come in the name of one who is spared. */
static __u64 share_of(const struct run *r, const struct rule *exception, __u64 since, __u64 all)
{
	return all ? sample_bytes(&r->flood.sample, since, exception) * 100 / all : 0;
}

/* What is of the lists and zones stands behind the many flows, and comes first. */
static void except(struct run *r, const struct rule *rule, bool live,
		   struct upstream_event *event)
{
	__u64 now = clock_now(), since = now > WINDOW_NS ? now - WINDOW_NS : 0;
	__u64 all = sample_bytes(&r->flood.sample, since, rule);
	struct prefix last = {};

	for (size_t i = r->spares.count; i-- > 0;) {
		const struct spare *spare = &r->spares.spare[i];
		struct rule exception = *rule;

		exception.source = spare->prefix;
		exception.action = RULE_ACCEPT;
		if (spare->kind != SPARE_CUSTOMER || !spare->prefix.length ||
		    spare->prefix.family != rule->destination.family ||
		    (last.family && prefix_contains(&last, &spare->prefix)))
			continue;
		last = spare->prefix;
		/* There may be many of them: no more are looked for than there is room. */
		if (event->spared == r->settings->exceptions)
			event->unspared++;
		else if (share_of(r, &exception, since, all) >= SPARED_MOST)
			continue;
		else if (!live || !speaker_announce(r->speaker, &exception))
			event->spared++;
		else
			event->unspared++;
	}
}

/* Who forges one who is let through gets as far as he does: then that ends. */
static void hush(struct run *r, __u64 now)
{
	static struct rule rules[SPEAKER_RULES];
	__u64 since = now > WINDOW_NS ? now - WINDOW_NS : 0;
	size_t count = 0;

	if (r->speaker && r->flooded)
		count = speaker_left(r->speaker, rules, SPEAKER_RULES);
	for (size_t i = 0; i < count; i++) {
		struct rule all = rules[i];
		char text[RULE_TEXT];

		all.source = (struct prefix){};
		if (rules[i].action != RULE_ACCEPT || !speaker_wants(r->speaker, &rules[i]) ||
		    share_of(r, &rules[i], since, sample_bytes(&r->flood.sample, since, &all)) <
			    FORGED_LEAST)
			continue;
		speaker_withdraw(r->speaker, &rules[i]);
		notice("the flood comes in the name of one who was let through, which ends: %s.",
		       rule_text(&rules[i], text));
	}
}

/* Those that let customers through the rule go with it. */
static void end_exceptions(struct run *r, const struct rule *rule)
{
	static struct rule rules[SPEAKER_RULES];
	size_t count = speaker_left(r->speaker, rules, SPEAKER_RULES);

	for (size_t i = 0; i < count; i++) {
		struct rule all = rules[i];

		all.source = (struct prefix){};
		if (rules[i].action == RULE_ACCEPT && rule_covers(rule, &all))
			speaker_withdraw(r->speaker, &rules[i]);
	}
}

static void do_step(struct run *r, const struct plan_step *step)
{
	bool for_all = !step->rule.source.family && step->rule.action != RULE_BLACKHOLE;
	struct upstream_event event = {
		.step = step,
		.dry_run = r->settings->dry_run && step->why != WHY_LEFT,
		.interface = r->settings->interface,
		.bits = r->link.bits,
		.packets = r->link.packets,
		.speed = r->settings->speed,
		.lost = r->link.lost,
		.refused = r->link.refused,
		.share = r->finding.share,
	};
	bool live = r->speaker && !event.dry_run;

	if (step->announce && for_all)
		except(r, &step->rule, live, &event);
	if (live && step->announce)
		speaker_announce(r->speaker, &step->rule);
	else if (live)
		speaker_withdraw(r->speaker, &step->rule);
	if (live && !step->announce && for_all)
		end_exceptions(r, &step->rule);
	if (live)
		note(r);
	r->each(r->context, &event);
}

/* --- what would help --- */

static void look(struct run *r)
{
	struct link_reading reading = {.time = clock_now(), .refused = r->flood.refused};
	struct device device;

	if (device_read(r->flood.ifindex, &device)) {
		r->flood.ifindex = if_nametoindex(r->settings->interface);
		r->link.known = false;
		r->link.full = r->link.hot = false;
		return;
	}
	reading.packets = device.received;
	reading.bytes = device.bytes;
	reading.lost = device.missed + (r->settings->count_dropped ? device.dropped : 0);
	link_look(&r->link, &r->link_limits, &reading);
}

static void once(bool *told, bool is, const char *text)
{
	if (is && !*told)
		notice("%s", text);
	*told = is;
}

/* Whether what the guard refuses is what fills the link. */
static bool is_flood(struct run *r)
{
	once(&r->told_unguarded, !r->flood.guarded, "the link is full, and nothing is guarded: "
	     "attach the guard, which tells what may be dropped.");
	once(&r->told_innocent, r->flood.guarded && r->link.refused < r->settings->refused,
	     "the link is full, and the guard refuses too little of it for a rule to help.");
	return r->flood.guarded && r->link.refused >= r->settings->refused;
}

/* Lists may be long, so not at each turn. */
static bool read_spares(struct run *r, __u64 now)
{
	struct error error = {};
	struct session session;
	int err;

	if (r->spares_until > now)
		return true;
	spares_free(&r->spares);
	err = session_begin(&session, ACCESS_READ, &error);
	if (err)
		return false;
	err = spares_read(&session, &r->spares, &error);
	session_end(&session);
	if (err && !r->told_spares)
		notice("%s Nothing is announced until it is known who has to be spared.",
		       error.text);
	r->told_spares = err;
	r->spares_until = err ? 0 : now + PLAN_SETTLE_NS;
	return !err;
}

static void choose_action(const struct run *r, struct rule *rule)
{
	__u32 choice = rule->source.family ? r->settings->action : r->settings->all_senders;

	rule->action = choice == CHOICE_DISCARD ? RULE_DISCARD : RULE_LIMIT;
	rule->rate = choice == CHOICE_DISCARD ? 0 : r->settings->rate;
}

/* The rule that would help, in r->finding. */
static bool find(struct run *r, __u64 now)
{
	const struct upstream *u = r->settings;
	struct rule *rule = &r->finding.rule;
	bool found;

	r->target = (struct prefix){};
	r->flooded = r->link.full && is_flood(r);
	if (!r->flooded || (r->plan.last && now - r->plan.last < PLAN_SETTLE_NS) ||
	    !read_spares(r, now))
		return false;
	found = sample_find(&r->flood.sample, now > WINDOW_NS ? now - WINDOW_NS : 0, u->addresses,
			    u->address_count, &r->spares, &r->finding);
	if (found)
		r->target = rule->destination;
	/* A gateway, or where the operator came from. */
	if (found && rule->source.family && lockout_check(&rule->source, 1, NULL))
		rule->source = (struct prefix){};
	if (!found || (!rule->source.family && u->all_senders == CHOICE_NO))
		return false;
	choose_action(r, rule);
	return true;
}

static void see(struct run *r, __u64 now)
{
	__u64 since = now > SEEN_NS ? now - SEEN_NS : 0;

	for (size_t i = 0; i < r->plan.count; i++) {
		const struct rule *rule = &r->plan.planned[i].rule;
		__u64 least = rule->rate / SEEN_PART;

		if (least > SEEN_MOST)
			least = SEEN_MOST;
		if (rule->action == RULE_LIMIT &&
		    sample_bytes(&r->flood.sample, since, rule) * FLOOD_ONE_IN >= least)
			plan_seen(&r->plan, i, now);
	}
}

/* An address by which the speaker has its session would take that down, and the route with it. */
static struct prefix may_go_dark(struct run *r, __u64 now)
{
	bool kept = r->plan.count && spares_have_session(&r->spares, &r->target);

	/* In a dry run no rule helps, and so says nothing about what comes after it. */
	if (!r->settings->rtbh || !r->flooded || r->settings->dry_run || r->spares_until <= now ||
	    r->target.family != r->settings->next_hop.family)
		return (struct prefix){};
	once(&r->told_dark, kept && r->link.full, "an address at which a BGP session ends does not "
	     "go dark: that would end the session, too.");
	if (kept)
		return (struct prefix){};
	return r->target;
}

static int turn(struct loop_source *source, struct error *error)
{
	struct run *r = source->of;
	struct plan_step step;
	__u64 expired, now;
	bool found;

	(void)error;
	if (read(source->fd, &expired, sizeof(expired)) != sizeof(expired))
		return 0;
	look(r);
	flood_turn(&r->flood, r->link.hot || r->link.full || r->plan.count);
	now = clock_now();
	see(r, now);
	found = find(r, now);
	hush(r, now);
	r->plan_limits.blackhole = may_go_dark(r, now);
	while (plan_next(&r->plan, &r->plan_limits, now, r->link.full,
			 found ? &r->finding.rule : NULL, &step))
		do_step(r, &step);
	if (r->speaker) {
		note(r);
		speaker_turn(r->speaker, SPEAK_MS);
		note(r);
	}
	return 0;
}

/* --- beginning and end --- */

static int begin_speaker(struct run *r, struct error *error)
{
	struct rule *left;
	size_t count;
	int err = kept_begin(&r->kept, r->settings->state, &left, &count, error);

	if (err)
		return err;
	if (count || !r->settings->dry_run) {
		r->speaker = speaker_begin(r->settings, error);
		err = r->speaker ? 0 : error->code;
	}
	/* All of them first: what is noted with the first step takes the place of what is there. */
	for (size_t i = 0; !err && i < count; i++)
		speaker_withdraw(r->speaker, &left[i]);
	for (size_t i = 0; !err && i < count; i++) {
		struct plan_step step = {.why = WHY_LEFT, .rule = left[i]};

		if (left[i].action != RULE_ACCEPT)
			do_step(r, &step);
	}
	free(left);
	return err;
}

/* What could not be withdrawn stands in the file, and the next start does it. */
static int end_speaker(struct run *r, struct error *error)
{
	struct plan_step step;
	__u64 end;
	bool all = true;

	while (plan_end(&r->plan, clock_now(), &step))
		do_step(r, &step);
	if (!r->speaker)
		return 0;
	end = clock_now() + END_MS * MS;
	while (!(all = speaker_turn(r->speaker, SPEAK_MS)) && clock_now() < end)
		usleep(20000);
	note(r);
	if (all)
		return 0;
	return error_set(error, -EIO, "not all could be withdrawn, since the speaker does not take "
			 "it: start it, and then `sipguard upstream` again.");
}

static int run(struct run *r, int signals, struct error *error)
{
	const struct itimerspec times = {{0, TURN_MS * MS}, {0, 1}};
	struct loop_source sources[2] = {{signals, loop_end, NULL}, {.ready = turn, .of = r}};
	int err;

	sources[1].fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (sources[1].fd < 0 || timerfd_settime(sources[1].fd, 0, &times, NULL))
		err = error_set(error, -errno, "cannot begin: %s.", strerror(errno));
	else
		err = loop_run(sources, 2, error);
	if (sources[1].fd >= 0)
		close(sources[1].fd);
	return err;
}

int upstream_run(const struct upstream *u, upstream_each each, void *context, struct error *error)
{
	struct run *r = calloc(1, sizeof(*r));
	/* First: what is begun is also ended. */
	int signals = loop_signals(error), err, ended = 0;

	if (signals < 0 || !r) {
		free(r);
		return signals < 0 ? signals : error_set(error, -ENOMEM, "out of memory.");
	}
	*r = (struct run){.settings = u, .each = each, .context = context, .kept.lock = -1};
	r->link_limits = (struct link_limits){u->speed * u->threshold / 100, u->packets,
					      u->full_for * 1000 / TURN_MS};
	r->plan_limits = (struct plan_limits){u->hold * 1000 * MS, u->longest * 1000 * MS, u->most,
					      {}};
	r->flood.ifindex = if_nametoindex(u->interface);
	err = begin_speaker(r, error);
	if (!err) {
		err = run(r, signals, error);
		ended = end_speaker(r, error);
	}
	flood_end(&r->flood);
	spares_free(&r->spares);
	speaker_free(r->speaker);
	kept_end(&r->kept);
	close(signals);
	free(r);
	return err ? err : ended;
}
