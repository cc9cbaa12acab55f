// SPDX-License-Identifier: GPL-2.0-only
/* What is told, what is told again, and what is not told twice. */
#include "fleet/ledger.h"
#include "unit.h"

#define NOW 1764450000U
#define WHO 0x123456789abcdefULL

static struct ledger ledger;

static int begin(void **state)
{
	(void)state;
	ledger = (struct ledger){};
	return 0;
}

static int end(void **state)
{
	(void)state;
	ledger_free(&ledger);
	return 0;
}

/* This host sends it; */
static void sent(__u64 who, __u32 at)
{
	ledger_put(&ledger, who, at)->told = ledger_time(at);
}

/* and it is read from the stream, told by a member (0: this host). */
static void heard(__u64 who, __u32 end_of, __u16 member, __u32 at)
{
	struct ledger_line *line = ledger_put(&ledger, who, at);

	line->end = end_of;
	line->told = ledger_time(at);
	line->member = member;
}

static bool wants(__u32 end_of, __u32 at, bool own)
{
	return ledger_wants(&ledger, WHO, end_of, at, LEDGER_SLACK, own);
}

static void what_nobody_has_told_is_told(void **state)
{
	(void)state;
	assert_true(wants(NOW + 600, NOW, true));
	assert_false(wants(NOW, NOW, true)); /* it is over */
}

static void what_was_sent_is_sent_again_if_the_stream_lost_it(void **state)
{
	(void)state;
	sent(WHO, NOW);
	assert_false(wants(NOW + 600, NOW + 4, true));
	assert_true(wants(NOW + 600, NOW + LEDGER_AGAIN + 4, true));
	heard(WHO, NOW + 600, 0, NOW + LEDGER_AGAIN);
	assert_false(wants(NOW + 600, NOW + 100, true));
}

static void a_later_end_is_told(void **state)
{
	(void)state;
	heard(WHO, NOW + 600, 0, NOW);
	assert_false(wants(NOW + 600 + LEDGER_SLACK, NOW + 60, true));
	assert_true(wants(NOW + 601 + LEDGER_SLACK, NOW + 60, true));
}

/* The stream forgets after an hour. */
static void what_lasts_longer_than_the_stream_keeps_is_told_again(void **state)
{
	(void)state;
	heard(WHO, NOW + 86400, 0, NOW);
	assert_false(wants(NOW + 86400, NOW + LEDGER_WINDOW - 60, true));
	assert_true(wants(NOW + 86400, NOW + LEDGER_WINDOW + 60, true));
}

/* A ban of our own guard counts beside that of others; a proof that came from others does not. */
static void what_others_told_is_told_only_of_ones_own(void **state)
{
	(void)state;
	heard(WHO, NOW + 600, 3, NOW);
	assert_true(wants(NOW + 600, NOW + 60, true));
	assert_false(wants(NOW + 600, NOW + 60, false));
	assert_false(wants(NOW + 86400, NOW + 8, false)); /* just now */
}

static void many_are_found_again(void **state)
{
	static __u32 live[4];

	(void)state;
	for (__u64 i = 0; i < 200000; i++)
		heard(i * 0x9e3779b97f4a7c15ULL, NOW + (i % 2 ? 600 : 60), i % 3, NOW);
	assert_int_equal(ledger.count, 200000);
	for (__u64 i = 0; i < 200000; i++)
		assert_int_equal(ledger_find(&ledger, i * 0x9e3779b97f4a7c15ULL)->end,
				 NOW + (i % 2 ? 600 : 60));
	ledger_prune(&ledger, NOW + 61, live, 4);
	assert_int_equal(ledger.count, 100000);
	assert_int_equal(live[0] + live[1] + live[2], 100000);
	assert_null(ledger_find(&ledger, 2 * 0x9e3779b97f4a7c15ULL));
	ledger_prune(&ledger, NOW + 601, live, 4);
	assert_int_equal(ledger.count, 0);
	assert_true(ledger.room <= 1024);
}

/* What was sent and never came back is not kept for ever. */
static void what_came_to_nothing_is_forgotten(void **state)
{
	static __u32 live[1];

	(void)state;
	sent(WHO, NOW);
	ledger_prune(&ledger, NOW + 60, live, 1);
	assert_int_equal(ledger.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_nobody_has_told_is_told, begin, end),
		cmocka_unit_test_setup_teardown(what_was_sent_is_sent_again_if_the_stream_lost_it,
						begin, end),
		cmocka_unit_test_setup_teardown(a_later_end_is_told, begin, end),
		cmocka_unit_test_setup_teardown(
			what_lasts_longer_than_the_stream_keeps_is_told_again, begin, end),
		cmocka_unit_test_setup_teardown(what_others_told_is_told_only_of_ones_own, begin,
						end),
		cmocka_unit_test_setup_teardown(many_are_found_again, begin, end),
		cmocka_unit_test_setup_teardown(what_came_to_nothing_is_forgotten, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
