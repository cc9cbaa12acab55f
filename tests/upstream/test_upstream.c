// SPDX-License-Identifier: GPL-2.0-only
/* When the link is full, what is found of a flood, whom that spares, and how long a rule stays. */
#include <errno.h>
#include <netinet/in.h>

#include "../unit/unit.h"

#include "upstream/link.h"
#include "upstream/plan.h"
#include "upstream/sample.h"

#define SECOND 1000000000ULL
#define TURN (SECOND / 4)

static struct prefix prefix(const char *text)
{
	struct prefix p;

	assert_int_equal(prefix_parse(text, &p, NULL), 0);
	return p;
}

/* --- the link --- */

static struct link_reading reading;
static struct link link_state;
static const struct link_limits limits = {.bits = 18000000, .readings = 4};

/* A quarter of a second with so many bits a second on the wire, in frames of 1226 bytes. */
static void load(__u64 bits, __u64 lost)
{
	__u64 frames = bits / 8 / 1250 / 4;

	reading.time += TURN;
	reading.packets += frames;
	reading.bytes += frames * 1226;
	reading.lost += lost;
	reading.refused += frames * 613;
	link_look(&link_state, &limits, &reading);
}

static int link_begin(void **state)
{
	(void)state;
	reading = (struct link_reading){.time = SECOND, .packets = 1000, .bytes = 1 << 20};
	link_state = (struct link){};
	link_look(&link_state, &limits, &reading);
	return 0;
}

static void full_after_some_readings_in_a_row(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		load(20000000, 0);
	assert_true(link_state.hot);
	assert_false(link_state.full);
	load(1000000, 0);
	for (int i = 0; i < 3; i++)
		load(20000000, 0);
	assert_false(link_state.full);
	load(20000000, 0);
	assert_true(link_state.full);
	assert_int_equal(link_state.refused, 50);
	assert_int_equal(link_state.bits, 20000000);
}

/* A gap between two bursts, in which it was just below. */
static void a_little_less_for_a_moment_does_not_count(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		load(20000000, 0);
	load(17000000, 0);
	assert_false(link_state.full);
	load(20000000, 0);
	assert_true(link_state.full);
}

static void full_until_it_is_clearly_below(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++)
		load(20000000, 0);
	for (int i = 0; i < 8; i++)
		load(17000000, 0);
	assert_true(link_state.full);
	for (int i = 0; i < 4; i++)
		load(15000000, 0);
	assert_false(link_state.full);
}

static void a_ring_that_drops_is_full(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++)
		load(1000000, 1);
	assert_true(link_state.full);
	assert_in_range(link_state.lost, 1, 5);
}

static void counters_that_begin_anew_are_no_load(void **state)
{
	(void)state;
	load(1000000, 0);
	reading.packets = reading.bytes = 5;
	reading.time += TURN;
	link_look(&link_state, &limits, &reading);
	assert_int_equal(link_state.bits, 0);
	assert_false(link_state.hot);
	load(8000000, 0);
	assert_int_equal(link_state.bits, 8000000);
}

/* --- what is found --- */

static struct sample sample;
static struct spares spares;
static struct prefix ours[2];
static struct finding finding;

static int sample_begin(void **state)
{
	(void)state;
	sample = (struct sample){};
	ours[0] = prefix("192.0.2.10");
	ours[1] = prefix("2001:db8::10");
	return 0;
}

static int sample_end(void **state)
{
	(void)state;
	spares_free(&spares);
	return 0;
}

static void refuse(const char *source, const char *destination, __u16 port, __u64 time)
{
	const struct sampled packet = {
		.flow = {prefix(destination), prefix(source), IPPROTO_UDP, port, 0, 0},
		.time = time,
		.bytes = 700,
	};

	sample_add(&sample, &packet);
}

/* `count` packets of as many hosts, the first of which is `first` and a number. */
static void refuse_many(const char *first, int count, int step)
{
	char source[PREFIX_TEXT];

	for (int i = 0; i < count; i++) {
		snprintf(source, sizeof(source), "%s%d", first, 1 + i * step);
		refuse(source, "192.0.2.10", 5060, SECOND);
	}
}

static bool find(void)
{
	return sample_find(&sample, SECOND, ours, 2, &spares, &finding);
}

static void finds(const char *source)
{
	struct prefix is = source ? prefix(source) : (struct prefix){};

	assert_true(find());
	assert_int_equal(finding.rule.source.family, is.family);
	if (source)
		assert_true(prefix_contains(&is, &finding.rule.source) &&
			    prefix_contains(&finding.rule.source, &is));
}

static void one_host_stands_out(void **state)
{
	(void)state;
	for (int i = 0; i < 90; i++)
		refuse("198.51.100.7", "192.0.2.10", 5060, SECOND);
	refuse_many("203.0.113.", 10, 1);
	finds("198.51.100.7");
	assert_int_equal(finding.share, 90);
	assert_int_equal(finding.rule.port, 5060);
}

static void a_network_stands_out(void **state)
{
	(void)state;
	refuse_many("198.51.100.", 100, 2);
	finds("198.51.100.0/24");
	refuse_many("198.51.7.", 100, 2);
	finds("198.51.0.0/16");
}

static void nobody_stands_out(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++) {
		char source[PREFIX_TEXT];

		snprintf(source, sizeof(source), "%d.%d.3.4", 11 + i, i);
		refuse(source, "192.0.2.10", 5060, SECOND);
	}
	finds(NULL);
	/* Three quarters are not enough. */
	sample = (struct sample){};
	refuse_many("198.51.100.", 75, 1);
	refuse_many("203.0.113.", 25, 1);
	finds(NULL);
}

/* The flood comes in his name, or in that of his whole network. */
static void who_is_known_is_not_named(void **state)
{
	struct prefix customer = prefix("198.51.100.7");

	(void)state;
	assert_int_equal(spares_add(&spares, &customer, SPARE_CUSTOMER), 0);
	for (int i = 0; i < 90; i++)
		refuse("198.51.100.7", "192.0.2.10", 5060, SECOND);
	finds(NULL);
	sample = (struct sample){};
	refuse_many("198.51.100.", 100, 2);
	finds(NULL);
	sample = (struct sample){};
	for (int i = 0; i < 90; i++)
		refuse("198.51.100.8", "192.0.2.10", 5060, SECOND);
	finds("198.51.100.8");
}

static void what_is_in_the_prefix_of_a_zone_is_not_named(void **state)
{
	struct prefix zone = prefix("198.48.0.0/12");

	(void)state;
	assert_int_equal(spares_add(&spares, &zone, SPARE_CUSTOMER), 0);
	refuse_many("198.51.100.", 100, 2);
	finds(NULL);
}

static void only_our_addresses_are_found(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++)
		refuse("198.51.100.7", "192.0.2.99", 5060, SECOND);
	assert_false(find());
	for (int i = 0; i < SAMPLE_LEAST - 1; i++)
		refuse("198.51.100.7", "192.0.2.10", 5060, SECOND);
	assert_false(find()); /* too few */
	refuse("198.51.100.7", "192.0.2.10", 5060, SECOND - 1);
	assert_false(find()); /* too old */
	refuse("198.51.100.7", "192.0.2.10", 5060, SECOND);
	finds("198.51.100.7");
}

static void the_port_that_gets_most_is_found(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++) {
		refuse("198.51.100.7", "192.0.2.10", 5061, SECOND);
		refuse("198.51.100.7", "192.0.2.10", 5061, SECOND);
		refuse("203.0.113.9", "192.0.2.10", 5060, SECOND);
	}
	finds("198.51.100.7");
	assert_int_equal(finding.rule.port, 5061);
	assert_int_equal(finding.share, 100);
}

static void ip6_has_lengths_of_its_own(void **state)
{
	(void)state;
	for (int i = 0; i < 100; i++) {
		char source[PREFIX_TEXT];

		snprintf(source, sizeof(source), "2001:db8:1:2::%x", i + 1);
		refuse(source, "2001:db8::10", 5060, SECOND);
	}
	finds("2001:db8:1:2::/64");
}

/* --- how long a rule stays --- */

static struct plan plan;
static struct plan_limits may;
static struct plan_step step;

static int plan_begin(void **state)
{
	(void)state;
	plan = (struct plan){};
	may = (struct plan_limits){.hold = 60 * SECOND, .longest = 600 * SECOND, .most = 2};
	return 0;
}

static struct rule rule(const char *source, enum rule_action action)
{
	return (struct rule){
		.destination = prefix("192.0.2.10"),
		.source = source ? prefix(source) : (struct prefix){},
		.transport = IPPROTO_UDP,
		.port = 5060,
		.action = action,
		.rate = action == RULE_LIMIT ? 1000 : 0,
	};
}

static bool next(__u64 seconds, bool full, const struct rule *found)
{
	return plan_next(&plan, &may, seconds * SECOND, full, found, &step);
}

static void nothing_without_a_full_link(void **state)
{
	struct rule r = rule("198.51.100.7", RULE_LIMIT);

	(void)state;
	assert_false(next(10, false, &r));
	assert_false(next(10, true, NULL));
	assert_true(next(10, true, &r));
	assert_true(step.announce);
	assert_int_equal(step.seconds, 60);
	assert_false(next(10, true, &r));
	assert_false(next(30, true, &r));
}

static void withdrawn_by_itself(void **state)
{
	struct rule r = rule("198.51.100.7", RULE_DISCARD);

	(void)state;
	assert_true(next(10, true, &r));
	assert_false(next(69, false, NULL));
	assert_true(next(70, false, NULL));
	assert_false(step.announce);
	assert_int_equal(step.why, WHY_OVER);
	assert_false(next(70, false, NULL));
}

/* A rule that discards hides the flood: so it comes back at once, and the rule for longer. */
static void what_comes_back_stays_for_twice_as_long(void **state)
{
	struct rule r = rule("198.51.100.7", RULE_DISCARD);

	(void)state;
	assert_true(next(10, true, &r));
	assert_true(next(70, false, NULL));
	assert_true(next(72, true, &r));
	assert_int_equal(step.seconds, 120);
	assert_false(next(191, false, NULL));
	assert_true(next(192, false, NULL));
	assert_true(next(200, true, &r));
	assert_int_equal(step.seconds, 240);
	assert_true(next(440, false, NULL));
	assert_true(next(1000, true, &r)); /* after longer than it had stayed */
	assert_int_equal(step.seconds, 60);
}

/* It shows whether the flood goes on, and who sends in pulses shall gain no more than these. */
static void pulses_do_not_prolong_a_limit(void **state)
{
	struct rule r = rule("198.51.100.7", RULE_LIMIT);

	(void)state;
	assert_true(next(10, true, &r));
	assert_true(next(70, false, NULL));
	assert_true(next(72, true, &r));
	assert_int_equal(step.seconds, 60);
}

static void no_hold_is_longer_than_the_longest(void **state)
{
	struct rule r = rule("198.51.100.7", RULE_DISCARD);

	(void)state;
	may.longest = 100 * SECOND;
	assert_true(next(10, true, &r));
	assert_true(next(70, false, NULL));
	assert_true(next(72, true, &r));
	assert_int_equal(step.seconds, 100);
}

static void what_is_seen_stays_but_not_for_ever(void **state)
{
	struct rule r = rule("198.51.100.7", RULE_LIMIT);

	(void)state;
	assert_true(next(10, true, &r));
	for (__u64 second = 11; second < 609; second++) {
		plan_seen(&plan, 0, second * SECOND);
		assert_false(next(second, false, NULL));
	}
	assert_true(next(610, false, NULL));
	assert_int_equal(step.why, WHY_LONGEST);
	assert_int_equal(plan.count, 0);
}

static void no_more_than_is_allowed(void **state)
{
	struct rule a = rule("198.51.100.7", RULE_LIMIT), b = rule("198.51.100.8", RULE_LIMIT);
	struct rule c = rule(NULL, RULE_LIMIT);

	(void)state;
	assert_true(next(10, true, &a));
	assert_false(next(11, true, &b)); /* the first one has not had its time yet */
	assert_true(next(13, true, &b));
	assert_false(next(16, true, &c));
	assert_true(next(70, false, NULL));
	assert_true(next(71, true, &c));
}

static void dark_only_if_allowed_and_last(void **state)
{
	struct rule r = rule("198.51.100.7", RULE_LIMIT);

	(void)state;
	assert_true(next(10, true, &r));
	assert_false(next(60, true, &r));
	may.blackhole = prefix("192.0.2.10");
	assert_false(next(19, true, &r));
	assert_false(next(30, false, NULL));
	assert_true(next(30, true, &r));
	assert_int_equal(step.rule.action, RULE_BLACKHOLE);
	assert_int_equal(step.rule.port, 0);
	assert_false(next(40, true, &r));
}

/* A short flood to one address, and a long one to another, must not take the first one down. */
static void dark_only_where_the_flood_goes_now(void **state)
{
	struct rule a = rule("198.51.100.7", RULE_LIMIT), b = rule(NULL, RULE_LIMIT);

	(void)state;
	b.destination = prefix("192.0.2.11");
	may.blackhole = b.destination;
	assert_true(next(10, true, &a));
	assert_false(next(20, false, NULL));
	assert_true(next(40, true, &b));
	assert_false(next(43, true, &b));
	assert_true(next(50, true, &b));
	assert_int_equal(step.rule.action, RULE_BLACKHOLE);
	assert_true(prefix_contains(&b.destination, &step.rule.destination));
}

static void at_the_end_all_is_withdrawn(void **state)
{
	struct rule a = rule("198.51.100.7", RULE_LIMIT), b = rule(NULL, RULE_LIMIT);

	(void)state;
	assert_true(next(10, true, &a));
	assert_true(next(13, true, &b));
	assert_true(plan_end(&plan, 20 * SECOND, &step));
	assert_int_equal(step.why, WHY_END);
	assert_int_equal(step.seconds, 7);
	assert_true(plan_end(&plan, 20 * SECOND, &step));
	assert_false(plan_end(&plan, 20 * SECOND, &step));
}

#define LINK(test) cmocka_unit_test_setup(test, link_begin)
#define SAMPLE(test) cmocka_unit_test_setup_teardown(test, sample_begin, sample_end)
#define PLAN(test) cmocka_unit_test_setup(test, plan_begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LINK(full_after_some_readings_in_a_row),
		LINK(a_little_less_for_a_moment_does_not_count),
		LINK(full_until_it_is_clearly_below),
		LINK(a_ring_that_drops_is_full),
		LINK(counters_that_begin_anew_are_no_load),
		SAMPLE(one_host_stands_out),
		SAMPLE(a_network_stands_out),
		SAMPLE(nobody_stands_out),
		SAMPLE(who_is_known_is_not_named),
		SAMPLE(what_is_in_the_prefix_of_a_zone_is_not_named),
		SAMPLE(only_our_addresses_are_found),
		SAMPLE(the_port_that_gets_most_is_found),
		SAMPLE(ip6_has_lengths_of_its_own),
		PLAN(nothing_without_a_full_link),
		PLAN(withdrawn_by_itself),
		PLAN(what_comes_back_stays_for_twice_as_long),
		PLAN(pulses_do_not_prolong_a_limit),
		PLAN(no_hold_is_longer_than_the_longest),
		PLAN(what_is_seen_stays_but_not_for_ever),
		PLAN(no_more_than_is_allowed),
		PLAN(dark_only_if_allowed_and_last),
		PLAN(dark_only_where_the_flood_goes_now),
		PLAN(at_the_end_all_is_withdrawn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
