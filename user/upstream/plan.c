// SPDX-License-Identifier: GPL-2.0-only
#include "upstream/plan.h"

#define SECOND 1000000000ULL

bool plan_has(const struct plan *plan, const struct rule *rule)
{
	for (size_t i = 0; i < plan->count; i++) {
		if (rule_matches_same(&plan->planned[i].rule, rule))
			return true;
	}
	return false;
}

static void withdraw(struct plan *plan, size_t i, __u64 now, enum plan_why why,
		     struct plan_step *step)
{
	const struct planned *planned = &plan->planned[i];

	*step = (struct plan_step){
		.why = why,
		.rule = planned->rule,
		.seconds = (now - planned->since) / SECOND,
	};
	plan->past[plan->pasts++ % PLAN_PAST] = (struct past){planned->rule, now, planned->hold};
	plan->planned[i] = plan->planned[--plan->count];
}

/*
 * The last time that this was announced counts double, if that has ended less than its hold ago.
 * Not so of one that limits: short pulses would have it stay for longer and longer.
 */
static __u64 hold_of(const struct plan *plan, const struct plan_limits *limits, __u64 now,
		     const struct rule *rule)
{
	size_t pasts = plan->pasts < PLAN_PAST ? plan->pasts : PLAN_PAST;
	__u64 hold = limits->hold;

	for (size_t i = 0; rule->action != RULE_LIMIT && i < pasts; i++) {
		const struct past *past = &plan->past[i];

		if (rule_equals(&past->rule, rule) && now - past->ended < past->hold &&
		    2 * past->hold > hold)
			hold = 2 * past->hold;
	}
	return hold < limits->longest ? hold : limits->longest;
}

static void announce(struct plan *plan, const struct plan_limits *limits, __u64 now,
		     const struct rule *rule, struct plan_step *step)
{
	__u64 hold = hold_of(plan, limits, now, rule);

	plan->planned[plan->count++] = (struct planned){*rule, now, now + hold, hold};
	plan->last = now;
	*step = (struct plan_step){true, WHY_FULL, *rule, hold / SECOND};
}

/*
 * The address that has had rules for some time, and they have not helped. That of an older flood,
 * whose rules only stay for their hold, is not the one that fills the link.
 */
static bool goes_dark(const struct plan *plan, const struct prefix *may, __u64 now,
		      struct rule *dark)
{
	for (size_t i = 0; i < plan->count; i++) {
		const struct planned *planned = &plan->planned[i];

		if (planned->rule.action == RULE_BLACKHOLE ||
		    !prefix_contains(may, &planned->rule.destination) ||
		    now - planned->since < PLAN_BLACKHOLE_NS)
			continue;
		*dark = (struct rule){.destination = planned->rule.destination,
				      .action = RULE_BLACKHOLE};
		if (!plan_has(plan, dark))
			return true;
	}
	return false;
}

static bool is_over(const struct plan *plan, const struct plan_limits *limits, __u64 now,
		    struct plan_step *step, size_t *at)
{
	for (*at = 0; *at < plan->count; ++*at) {
		const struct planned *planned = &plan->planned[*at];

		step->why = now - planned->since >= limits->longest ? WHY_LONGEST : WHY_OVER;
		if (step->why == WHY_LONGEST || now >= planned->until)
			return true;
	}
	return false;
}

bool plan_next(struct plan *plan, const struct plan_limits *limits, __u64 now, bool full,
	       const struct rule *found, struct plan_step *step)
{
	struct rule dark;
	size_t at;

	if (is_over(plan, limits, now, step, &at)) {
		withdraw(plan, at, now, step->why, step);
		return true;
	}
	if (!full || (plan->last && now - plan->last < PLAN_SETTLE_NS))
		return false;
	if (found && !plan_has(plan, found) && plan->count < limits->most) {
		announce(plan, limits, now, found, step);
		return true;
	}
	/* It takes a place that no rule needs, or the oldest one would have to make room. */
	if (!limits->blackhole.family || plan->count == PLAN_MOST ||
	    !goes_dark(plan, &limits->blackhole, now, &dark))
		return false;
	announce(plan, limits, now, &dark, step);
	return true;
}

void plan_seen(struct plan *plan, size_t i, __u64 now)
{
	struct planned *planned = &plan->planned[i];

	if (planned->until < now + planned->hold)
		planned->until = now + planned->hold;
}

bool plan_end(struct plan *plan, __u64 now, struct plan_step *step)
{
	if (!plan->count)
		return false;
	withdraw(plan, plan->count - 1, now, WHY_END, step);
	return true;
}
