// SPDX-License-Identifier: GPL-2.0-only
/* The arithmetic of limits, on a clock of our own that moves in ticks as the kernel's does. */
#include "unit.h"

#include "abi.h"

#define MSEC 1000000ULL
#define SEC SG_NSEC_PER_SEC

static const __u64 ticks[] = {1 * MSEC, 4 * MSEC, 10 * MSEC};

struct source {
	struct sg_limit limit;
	__u64 tat;
	__u64 tick;
};

/* One message at `now`, as the kernel sees that time. */
static int offer(struct source *source, __u64 now)
{
	now -= now % source->tick;
	if (!sg_gcra_conforms(source->tat, now, &source->limit))
		return 0;
	source->tat = sg_gcra_next(source->tat, now, &source->limit);
	return 1;
}

static struct source source_of(__u32 rate, __u32 burst, __u64 tick)
{
	return (struct source){.limit = sg_limit_of(rate, burst), .tick = tick};
}

/* What passes of `speed` evenly spaced messages per second between two times. */
static __u64 offer_stream(struct source *source, __u64 speed, __u64 from, __u64 to)
{
	__u64 passed = 0;

	for (__u64 now = from; now < to; now += SEC / speed)
		passed += offer(source, now);
	return passed;
}

static void test_burst_is_exact(void **state)
{
	static const __u32 bursts[] = {1, 2, 40, 400, 1000000};

	(void)state;
	for (size_t t = 0; t < COUNT(ticks); t++)
		for (size_t b = 0; b < COUNT(bursts); b++) {
			struct source source = source_of(100, bursts[b], ticks[t]);

			for (__u32 i = 0; i < bursts[b]; i++)
				assert_true(offer(&source, SEC));
			assert_false(offer(&source, SEC));
			assert_false(offer(&source, SEC + ticks[t] - 1));
		}
}

/* Every default limit: of far more than it lets in for 300 s, its rate and one burst passes. */
static void assert_rate_holds(__u32 rate, __u32 burst)
{
	enum { SECONDS = 300 };

	for (size_t t = 0; t < COUNT(ticks); t++) {
		struct source source = source_of(rate, burst, ticks[t]);
		__u64 passed = offer_stream(&source, rate * 3 + burst / 100, SEC,
					    (SECONDS + 1) * SEC);

		/* One tick's worth less, since the last tick stands still. */
		assert_in_range(passed, (__u64)rate * SECONDS + burst - rate * ticks[t] / SEC - 2,
				(__u64)rate * SECONDS + burst + 1);
	}
}

static void test_defaults_hold_their_rate(void **state)
{
	(void)state;
#define X(name, key, rate, burst, reason, ...) assert_rate_holds(rate, burst);
	SG_LIMITS(X)
#undef X
#define X(name, key, rate, burst, ...) assert_rate_holds(rate, burst);
	SG_TOTALS(X)
#undef X
}

/* The smallest bursts that the configuration accepts (see burst_min() in user/policy/config.c). */
static void test_smallest_burst_holds_the_rate(void **state)
{
	static const struct {
		__u32 rate;
		__u32 burst[COUNT(ticks)];
	} cases[] = {
		{33, {1, 2, 2}}, {99, {1, 2, 2}}, {100, {1, 2, 2}},    {101, {2, 2, 3}},
		{150, {2, 2, 3}}, {999, {2, 5, 11}}, {3333, {5, 15, 35}}, {70001, {72, 282, 702}},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		for (size_t t = 0; t < COUNT(ticks); t++) {
			__u32 rate = cases[i].rate, burst = cases[i].burst[t];
			struct source source = source_of(rate, burst, ticks[t]);
			__u64 speed = rate * 2ULL + 20000; /* always one at hand */
			__u64 passed = offer_stream(&source, speed, SEC, 61 * SEC);
			__u64 share = burst == 1 ? 90 : 99;

			assert_true(passed >= rate * 60ULL * share / 100);
			assert_true(passed <= rate * 60ULL * 101 / 100 + burst);
		}
}

/* Who stays at the rate is never refused, whatever the tick does to his times. */
static void test_rate_itself_is_never_refused(void **state)
{
	(void)state;
	for (size_t t = 0; t < COUNT(ticks); t++) {
		struct source source = source_of(100, 4, ticks[t]);

		assert_int_equal(offer_stream(&source, 100, SEC, 101 * SEC), 100 * 100);
	}
}

static void test_refused_costs_nothing_and_pause_restores(void **state)
{
	struct source source = source_of(20, 40, 4 * MSEC);
	const __u64 later = 2 * SEC + SEC / 10;
	__u64 tat;

	(void)state;
	assert_int_equal(offer_stream(&source, 1000, SEC, SEC + SEC / 10), 40 + 1);
	tat = source.tat;
	for (int i = 0; i < 100000; i++)
		offer(&source, SEC + SEC / 10 - 4 * MSEC);
	assert_true(source.tat == tat);
	/* Half of the burst comes back in half of the time, all of it in 2 s, and never more. */
	assert_in_range(offer_stream(&source, 100000, later, later + MSEC), 19, 21);
	source = source_of(20, 40, 4 * MSEC);
	offer_stream(&source, 1000, SEC, 2 * SEC);
	assert_int_equal(offer_stream(&source, 1000000, 1000 * SEC, 1000 * SEC + MSEC), 40);
}

static void test_one_message_is_the_tolerance(void **state)
{
	struct sg_limit limit = sg_limit_of(10, 3);
	const __u64 now = SEC;

	(void)state;
	assert_int_equal(limit.interval, 100 * MSEC);
	assert_int_equal(limit.tolerance, 200 * MSEC);
	assert_true(sg_gcra_conforms(now + 200 * MSEC, now, &limit));
	assert_false(sg_gcra_conforms(now + 200 * MSEC + 1, now, &limit));
	assert_int_equal(sg_gcra_next(0, now, &limit), now + 100 * MSEC);
	assert_int_equal(sg_gcra_next(now + 50 * MSEC, now, &limit), now + 150 * MSEC);
	assert_true(sg_gcra_conforms(0, 1, &limit));
}

/* The TAT only grows, and a limit that conforms goes on to conform. */
static void test_monotone(void **state)
{
	struct source source = source_of(50, 300, 4 * MSEC);
	__u64 now = SEC, before;
	uint64_t random = 3;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		int conforms = sg_gcra_conforms(source.tat, now, &source.limit);

		before = source.tat;
		now += random_next(&random) % (40 * MSEC);
		assert_true(!conforms || sg_gcra_conforms(source.tat, now, &source.limit));
		offer(&source, now);
		assert_true(source.tat >= before);
	}
}

static void test_widest_ranges_do_not_overflow(void **state)
{
	struct sg_limit slow = sg_limit_of(1, 1000000), fast = sg_limit_of(10000000, 1000000);
	const __u64 century = 100ULL * 365 * 86400 * SEC;

	(void)state;
	assert_int_equal(slow.tolerance, 999999 * SEC);
	assert_true(slow.tolerance < 1ULL << 50);
	assert_int_equal(fast.interval, 100);
	assert_true(sg_gcra_conforms(century + slow.tolerance, century, &slow));
	assert_false(sg_gcra_conforms(century + slow.tolerance + 1, century, &slow));
	assert_int_equal(sg_gcra_next(century, 1, &slow), century + SEC);
}

/* What is left of a level, and for how long, without anybody who takes it away. */
static void test_overload_falls(void **state)
{
	struct sg_overload o = {.level = 3, .until = 100 * SEC};
	static const struct {
		__u64 now, left;
		__u32 level;
	} at[] = {
		{90 * SEC, 10 * SEC, 3},          {100 * SEC - 1, 1, 3},
		{100 * SEC, 7 * SEC, 2},          {107 * SEC - 1, 1, 2},
		{107 * SEC, 7 * SEC, 1},          {110 * SEC, 4 * SEC, 1},
		{114 * SEC, 7 * SEC, 0},          {1000000 * SEC, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT(at); i++) {
		assert_int_equal(sg_overload_level(&o, at[i].now, 7 * SEC), at[i].level);
		if (at[i].level)
			assert_int_equal(sg_overload_left(&o, at[i].now, 7 * SEC), at[i].left);
	}
	o.level = 0;
	assert_int_equal(sg_overload_level(&o, 90 * SEC, 7 * SEC), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_burst_is_exact),
		cmocka_unit_test(test_defaults_hold_their_rate),
		cmocka_unit_test(test_smallest_burst_holds_the_rate),
		cmocka_unit_test(test_rate_itself_is_never_refused),
		cmocka_unit_test(test_refused_costs_nothing_and_pause_restores),
		cmocka_unit_test(test_one_message_is_the_tolerance),
		cmocka_unit_test(test_monotone),
		cmocka_unit_test(test_widest_ranges_do_not_overflow),
		cmocka_unit_test(test_overload_falls),
	};

	return cmocka_run_group_tests_name("gcra", tests, NULL, NULL);
}
