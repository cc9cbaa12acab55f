// SPDX-License-Identifier: GPL-2.0-only
/* What top reckons: rates, and who is refused, as events tell. */
#include "../unit/unit.h"

#include "flow4.h"
#include "top/talkers.h"

#define SECOND SG_NSEC_PER_SEC
#define START (1000 * SECOND)

static struct sg_event event4(__u32 last, __u16 port, int reason, __u64 time, __u32 more)
{
	struct sg_flow_key key = flow4(last, port);
	struct sg_event event = {
		.time = time, .port = key.port, .more = more, .family = 4,
		.transport = IPPROTO_UDP, .kind = SG_EVENT_PACKET, .reason = reason,
		.outcome = SG_OUTCOME_DROPPED,
	};

	memcpy(event.address, key.address, sizeof(key.address));
	return event;
}

static void hear(struct talkers *s, __u32 last, __u16 port, int reason, __u64 time, __u32 more)
{
	struct sg_event event = event4(last, port, reason, time, more);

	talkers_add(s, &event, "trunk");
}

/* --- rates --- */

static void rates_are_of_what_moves(void **state)
{
	struct sg_tally tally[4] = {
		{.passed = {.packets = 100}}, {.dropped = {.packets = 4}, .passed = {.packets = 2}},
		{}, {.would_drop = {.packets = 9}, .watched = {.packets = 1}},
	};
	struct rates rates;

	(void)state;
	rates_of(tally, 4, 0, 2, &rates);
	assert_int_equal(rates.count, 3);
	assert_int_equal(rates.rate[0].id, 3);
	assert_true(rates.rate[0].would_drop == 4.5 && rates.rate[0].watched == 0.5);
	assert_int_equal(rates.rate[1].id, 1);
	assert_true(rates.rate[1].dropped == 2 && rates.rate[1].passed == 1);
	assert_int_equal(rates.rate[2].id, 0);
	rates_of(tally, 4, 1, 2, &rates);
	assert_int_equal(rates.count, 2);
	rates_of(tally, 4, 0, 0, &rates); /* there is no reading before */
	assert_int_equal(rates.count, 0);
}

static void a_window_ends(void **state)
{
	struct window window = {};

	(void)state;
	for (int i = 0; i < 20; i++)
		window_add(&window, START + i * SECOND / 2, 5);
	assert_true(window_rate(&window, 0, START + 10 * SECOND - 1) > 9.9);
	assert_true(window_rate(&window, 0, START + 10 * SECOND - 1) < 10.1);
	assert_true(window_rate(&window, 0, START + 16 * SECOND) == 0);
	window = (struct window){};
	window_add(&window, START, 10); /* it listens for a second */
	assert_true(window_rate(&window, START, START + SECOND) == 10);
}

static void expect_rate(double rate, const char *wanted)
{
	char text[RATE_TEXT];

	assert_string_equal(rate_text(rate, text), wanted);
}

static void rates_have_six_letters(void **state)
{
	(void)state;
	expect_rate(0, "-");
	expect_rate(0.44, "0.4");
	expect_rate(9.96, "10");
	expect_rate(9999.4, "9999");
	expect_rate(9999.6, "10.0k");
	expect_rate(999949, "999.9k");
	expect_rate(999951, "1.00M");
	expect_rate(123456789, "123.46M");
	expect_rate(1e18, "99999M");
}

/* --- senders --- */

static void a_sender_has_what_events_tell(void **state)
{
	struct talkers s;

	(void)state;
	assert_int_equal(talkers_begin(&s, START), 0);
	hear(&s, 9, 5060, SG_REASON_GARBAGE, START, 0);
	hear(&s, 9, 5060, SG_REASON_GARBAGE, START + SECOND, 99);
	hear(&s, 9, 5060, SG_REASON_BAN_SOURCE, START + SECOND, 200);
	assert_int_equal(s.count, 1);
	assert_int_equal(s.sender[0].packets, 302);
	assert_int_equal(s.sender[0].flow.port, htons(5060));
	assert_string_equal(s.sender[0].zone, "trunk");
	assert_int_equal(s.sender[0].of[0].reason, SG_REASON_BAN_SOURCE);
	assert_int_equal(s.sender[0].of[1].packets, 101);
	hear(&s, 9, 5061, SG_REASON_GARBAGE, START + SECOND, 0);
	assert_int_equal(s.sender[0].flow.port, 0); /* several */
	talkers_expire(&s, START + (SENDERS_FORGET + 1) * SECOND - 1);
	assert_int_equal(s.count, 1);
	talkers_expire(&s, START + (SENDERS_FORGET + 1) * SECOND);
	assert_int_equal(s.count, 0);
	talkers_free(&s);
}

/* The first event of a source and a reason: what was like it may be of whoever listened before. */
static void who_was_told_of_is_known(void **state)
{
	struct sg_event event = event4(9, 5060, SG_REASON_GARBAGE, START, 0);
	struct talkers s;

	(void)state;
	talkers_begin(&s, START);
	assert_false(talkers_know(&s, &event));
	hear(&s, 9, 5061, SG_REASON_GARBAGE, START, 0);
	assert_true(talkers_know(&s, &event)); /* another flow of it */
	event.reason = SG_REASON_BAN_SOURCE;
	assert_false(talkers_know(&s, &event));
	event = event4(8, 5060, SG_REASON_GARBAGE, START, 0);
	assert_false(talkers_know(&s, &event));
	talkers_free(&s);
}

/* Of a flood of 100 a second: never more than that, whenever somebody looks. */
static void a_rate_is_that_between_events(void **state)
{
	struct talkers s;

	(void)state;
	talkers_begin(&s, START);
	hear(&s, 9, 0, SG_REASON_GARBAGE, START, 4000); /* of which nobody knows when they came */
	assert_true(talker_rate(&s.sender[0], START + SECOND / 2) < 1);
	for (int i = 1; i < 20; i++) {
		hear(&s, 9, 0, SG_REASON_GARBAGE, START + i * SECOND, 99);
		for (int part = 0; part < 10; part++) {
			double rate = talker_rate(&s.sender[0],
						  START + i * SECOND + part * SECOND / 10);

			assert_true(rate > 99.9 && rate < 100.1);
		}
	}
	assert_true(talker_rate(&s.sender[0], START + 22 * SECOND) < 80);
	assert_true(talker_rate(&s.sender[0], START + 25 * SECOND) == 0);
	talkers_free(&s);
}

static void others_are_no_senders(void **state)
{
	struct sg_event event = event4(9, 5060, SG_REASON_GARBAGE, START, 0);
	struct talkers s;

	(void)state;
	talkers_begin(&s, START);
	event.leaves = 1;
	talkers_add(&s, &event, "");
	event.leaves = 0;
	event.kind = SG_EVENT_BAN;
	talkers_add(&s, &event, "");
	event.kind = SG_EVENT_PACKET;
	event.reason = SG_REASON__MAX;
	talkers_add(&s, &event, "");
	assert_int_equal(s.count, 0);
	talkers_free(&s);
}

/* Who was silent for longest makes room; of IPv6 a /64 is one. */
static void senders_have_an_end(void **state)
{
	struct sg_event six = event4(0, 5060, SG_REASON_GARBAGE, START, 0);
	struct talkers s;

	(void)state;
	talkers_begin(&s, START);
	for (int i = 0; i < SENDERS_MOST; i++)
		hear(&s, i, 5060, SG_REASON_GARBAGE, START + (i == 7 ? 1 : 2 + i), 0);
	hear(&s, SENDERS_MOST, 5060, SG_REASON_GARBAGE, START + SECOND, 0);
	assert_int_equal(s.count, SENDERS_MOST);
	assert_int_equal(s.sender[7].key.address[3], flow4(SENDERS_MOST, 0).address[3]);
	s.count = 0;
	six.family = 6;
	for (__u32 host = 1; host < 3; host++) {
		six.address[3] = htonl(host);
		talkers_add(&s, &six, "");
	}
	assert_int_equal(s.count, 1);
	talkers_free(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rates_are_of_what_moves),
		cmocka_unit_test(a_window_ends),
		cmocka_unit_test(rates_have_six_letters),
		cmocka_unit_test(a_sender_has_what_events_tell),
		cmocka_unit_test(who_was_told_of_is_known),
		cmocka_unit_test(a_rate_is_that_between_events),
		cmocka_unit_test(others_are_no_senders),
		cmocka_unit_test(senders_have_an_end),
	};

	return cmocka_run_group_tests_name("senders", tests, NULL, NULL);
}
