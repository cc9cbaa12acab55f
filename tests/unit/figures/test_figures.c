// SPDX-License-Identifier: GPL-2.0-only
/* Ratios and delays of RFC 6076 as they follow from the counters, of one CPU and several. */
#include "../unit.h"

#include "figures/figures.h"

static struct sg_figured_counts *of(struct sg_figures *f, enum sg_figured what)
{
	return &f->of[what];
}

static void is_ratio(const struct sg_figures *f, enum figures_ratio id, double wanted)
{
	double ratio = figures_ratio(f, id);

	if (ratio < wanted - 1e-9 || ratio > wanted + 1e-9)
		fail_msg("%s: %f, wanted %f", figures_labels[id], ratio, wanted);
}

/* Nothing is no number, whatever is asked for but has not ended. */
static void test_nothing(void **state)
{
	struct sg_figures f = {};

	(void)state;
	for (int id = 0; id < FIGURES_RATIO__MAX; id++)
		is_ratio(&f, id, -1);
	of(&f, SG_FIGURED_INVITE)->requests = 7;
	is_ratio(&f, FIGURES_SER, -1);
	assert_int_equal(figures_open(of(&f, SG_FIGURED_INVITE)), 7);
	assert_true(figures_mean(&f.delay[SG_DELAY_SESSION]) == 0);
	/* All of them are sent elsewhere: section 4.6. */
	of(&f, SG_FIGURED_INVITE)->class[2] = 7;
	is_ratio(&f, FIGURES_SER, -1);
	is_ratio(&f, FIGURES_ISA, 0);
}

/* 100 calls: 60 answered, 10 busy, 5 of 503, 4 redirected, 11 refused by 403, 3 silent, 7 ring. */
static void test_sessions(void **state)
{
	struct sg_figures f = {};
	struct sg_figured_counts *c = of(&f, SG_FIGURED_INVITE);

	(void)state;
	c->requests = 100 + 50; /* 50 are challenged first, 40 of them answer that */
	c->status[SG_STATUS_407] = 50;
	c->class[1] = 60;
	c->class[2] = 4;
	c->class[3] = 50 + 10 + 11;
	c->class[4] = 5;
	c->status[SG_STATUS_486] = 10;
	c->status[SG_STATUS_503] = 5;
	c->status[SG_STATUS_403] = 11;
	c->silent = 3;
	assert_int_equal(figures_attempts(c), 100);
	assert_int_equal(figures_ended(c), 93);
	assert_int_equal(figures_open(c), 7);
	is_ratio(&f, FIGURES_SER, 60.0 / 89);
	is_ratio(&f, FIGURES_SEER, 70.0 / 89);
	is_ratio(&f, FIGURES_ISA, 5.0 / 93);
	is_ratio(&f, FIGURES_IRA, -1);
	/* What makes room for others is not open. */
	c->lost = 7;
	assert_int_equal(figures_open(c), 0);
	c->lost = 8;
	assert_int_equal(figures_open(c), 0);
}

static void test_registrations(void **state)
{
	struct sg_figures f = {};
	struct sg_figured_counts *c = of(&f, SG_FIGURED_REGISTER);

	(void)state;
	c->requests = 40;
	c->status[SG_STATUS_401] = 20;
	c->class[3] = 20 + 2;
	c->class[1] = 15;
	c->class[4] = 1;
	c->silent = 2;
	is_ratio(&f, FIGURES_IRA, 5.0 / 20);
	is_ratio(&f, FIGURES_SER, -1);
}

static void test_delays(void **state)
{
	struct sg_delay delay = {.units = 3 * 1000000000ULL >> SG_DELAY_SHIFT};

	(void)state;
	delay.count[0] = 1;
	delay.count[SG_DELAY_COUNTS - 1] = 2;
	assert_int_equal(figures_measured(&delay), 3);
	assert_true(figures_mean(&delay) > 0.99999 && figures_mean(&delay) <= 1);
}

/* A CPU may have fewer waiting than none, and what is old enough is silent on all of them. */
static void test_cpus(void **state)
{
	struct sg_figures sum = {}, one = {}, other = {};

	(void)state;
	one.of[0].requests = 5;
	one.of[0].pending[0] = (struct sg_pending){.epoch = 8, .count = 5};
	one.of[0].pending[4] = (struct sg_pending){.epoch = 4, .count = 3};
	other.of[0].pending[0] = (struct sg_pending){.epoch = 8, .count = -4};
	other.of[0].pending[4] = (struct sg_pending){.epoch = 4, .count = -1};
	sg_figures_add(&sum, &one, 9);
	sg_figures_add(&sum, &other, 9);
	assert_int_equal(sum.of[0].requests, 5);
	assert_int_equal(sum.of[0].pending[0].count, 1);
	assert_int_equal(sum.of[0].silent, 2);
}

static void test_between(void **state)
{
	static struct figures then, now, between;

	(void)state;
	then.zone[0].there = now.zone[0].there = then.zone[1].there = now.zone[1].there = true;
	snprintf(then.zone[1].zone, sizeof(then.zone[1].zone), "a");
	snprintf(now.zone[1].zone, sizeof(now.zone[1].zone), "b");
	for (int zone = 0; zone < 2; zone++) {
		then.zone[zone].counts.of[0].requests = 10;
		now.zone[zone].counts.of[0].requests = 30;
		now.zone[zone].counts.of[0].pending[0].count = 4;
	}
	figures_between(&then, &now, &between);
	assert_int_equal(between.zone[0].counts.of[0].requests, 20);
	assert_int_equal(between.zone[0].counts.of[0].pending[0].count, 4);
	assert_int_equal(between.zone[1].counts.of[0].requests, 30);
	/* It was detached, and has begun anew. */
	figures_between(&now, &then, &between);
	assert_int_equal(between.zone[0].counts.of[0].requests, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_sessions),
		cmocka_unit_test(test_registrations),
		cmocka_unit_test(test_delays),
		cmocka_unit_test(test_cpus),
		cmocka_unit_test(test_between),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
