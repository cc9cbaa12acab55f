// SPDX-License-Identifier: GPL-2.0-only
/* Requests that come again: what the greylist asks of strangers, and what a copy costs. */
#include "dialogue/dialogue.h"

static void armed(void)
{
	config()->total[SG_TOTAL_UNLISTED_TOTAL] = limit_hourly(1000);
	fix.state->greylist_until = 1ULL << 62;
}

/* In monitor mode it is answered at once, so nobody comes again. */
static void monitor_mode_learns_what_enforce_would(void)
{
	armed();
	fix.state->mode = SG_MODE_MONITOR;
	registers(REGISTER_RIGHT, REGISTER_OK, PORT);
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, PORT), SG_PROOF_REGISTER);
}

/* Whom it would refuse when he came again has shown nothing: a scanner, or who guesses too much. */
static void monitor_mode_learns_no_more(void)
{
	armed();
	fix.state->mode = SG_MODE_MONITOR;
	registers(REQUEST_OF("REGISTER", "User-Agent: friendly-scanner\r\n" RIGHT_NONCE),
		  REGISTER_OK, PORT);
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, PORT), SG_PROOF_NONE);
	guessed_set(PHONE, IPPROTO_UDP, OTHER_PORT);
	registers(REGISTER_RIGHT, REGISTER_OK, OTHER_PORT);
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, OTHER_PORT), SG_PROOF_NONE);
	mode_set(SG_REASON_REPEATED, SG_MODE_ENFORCE);
	registers(REQUEST_OF("REGISTER", "Call-ID: twice\r\n" RIGHT_NONCE), REGISTER_OK, 40002);
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, 40002), SG_PROOF_NONE);
}

/* Nor is somebody proven by the greylist whom the budget would put off behind it. */
static void monitor_mode_admits_no_more(void)
{
	armed();
	config()->total[SG_TOTAL_UNLISTED_TOTAL] = limit_hourly(1);
	fix.state->mode = SG_MODE_MONITOR;
	SEND(WOULD_DROP, GREYLIST, REQUEST, OPTIONS, .source = PHONE);
	fix.state->total_tat[SG_TOTAL_UNLISTED_TOTAL] = tat_spent();
	clock_move(500 * MS);
	SEND(WOULD_DROP, UNLISTED_BUDGET, REQUEST, OPTIONS, .source = PHONE, .again = true);
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, PORT), SG_PROOF_NONE);
}

static void who_comes_again_is_admitted(void)
{
	armed();
	SEND(DROP, GREYLIST, REQUEST, OPTIONS, .source = PHONE);
	/* Too early, and that does not start anew. */
	SEND(DROP, GREYLIST, REQUEST, OPTIONS, .source = PHONE, .again = true);
	clock_move(500 * MS);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = PHONE, .again = true);
	/* Now the flow is known: a new request needs not come twice. */
	SEND(PASS, NONE, REQUEST, INVITE, .source = PHONE, .payload = SIP_REQUEST("INVITE"));
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, PORT), SG_PROOF_GREYLIST);
}

static void only_the_same_request_comes_again(void)
{
	armed();
	SEND(DROP, GREYLIST, REQUEST, OPTIONS, .source = PHONE);
	clock_move(500 * MS);
	SEND(DROP, GREYLIST, REQUEST, OPTIONS, .source = PHONE);
	SEND(DROP, GREYLIST, REQUEST, OPTIONS, .source = "192.0.2.2", .again = true);
	SEND(DROP, GREYLIST, REQUEST, OPTIONS, .source = PHONE, .sport = OTHER_PORT, .again = true);
	/* Too late, which is a first time. */
	clock_move(33000 * MS);
	SEND(DROP, GREYLIST, REQUEST, OPTIONS, .source = PHONE, .sport = OTHER_PORT, .again = true);
	clock_move(500 * MS);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = PHONE, .sport = OTHER_PORT, .again = true);
}

/* Who sends all twice gets no further than the budget, and proves nothing when that is spent. */
static void the_budget_holds_behind_the_greylist(void)
{
	armed();
	config()->total[SG_TOTAL_UNLISTED_TOTAL] = limit_hourly(1);
	SEND(DROP, GREYLIST, REQUEST, OPTIONS, .source = "192.0.2.5");
	clock_move(500 * MS);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = "192.0.2.5", .again = true);
	SEND(DROP, GREYLIST, REQUEST, OPTIONS, .source = "192.0.2.6");
	clock_move(500 * MS);
	SEND(DROP, UNLISTED_BUDGET, REQUEST, OPTIONS, .source = "192.0.2.6", .again = true);
	assert_int_equal(proven_of("192.0.2.6", IPPROTO_UDP, PORT), SG_PROOF_NONE);
}

/* The same request from so many other sources that all that waited have been seen. */
static void others_send(void)
{
	static int port = 2000;

	for (int i = 0; i < SG_WAITING; i++)
		assert_true(packet_dropped(&(struct packet_spec){
			.source = "192.0.2.100", .sport = port++, .again = true}));
}

static void in_a_rush_the_third_time_is_admitted(void)
{
	armed();
	rush_set(true);
	SEND(DROP, GREYLIST, REQUEST, OPTIONS, .source = PHONE);
	others_send();
	clock_move(500 * MS);
	rush_set(true);
	SEND(DROP, GREYLIST, REQUEST, OPTIONS, .source = PHONE, .again = true);
	others_send();
	clock_move(1000 * MS);
	rush_set(true);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = PHONE, .again = true);
	/* Two copies at once are not a first and a second time. */
	SEND(DROP, GREYLIST, REQUEST, OPTIONS, .source = "192.0.2.2", .again = true);
	others_send();
	SEND(DROP, GREYLIST, REQUEST, OPTIONS, .source = "192.0.2.2", .again = true);
	others_send();
	SEND(DROP, GREYLIST, REQUEST, OPTIONS, .source = "192.0.2.2", .again = true);
}

static void what_waits_when_a_rush_ends_is_seen(void)
{
	armed();
	rush_set(true);
	SEND(DROP, GREYLIST, REQUEST, OPTIONS, .source = PHONE);
	rush_set(false);
	SEND(DROP, GREYLIST, REQUEST, OPTIONS, .source = "192.0.2.2", .again = true);
	clock_move(500 * MS);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = PHONE, .again = true);
}

/* The times are long, or a machine that has other work to do decides. */
static void the_greylist_arms_and_disarms(void)
{
	config()->total[SG_TOTAL_UNLISTED_TOTAL] = limit_hourly(1);
	config()->greylist_hold = 1000;
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = "192.0.2.5");
	assert_int_equal(fix.state->greylist_until, 0);
	SEND(DROP, UNLISTED_BUDGET, REQUEST, OPTIONS, .source = "192.0.2.6");
	assert_true(fix.state->greylist_until > guard_clock() + 900 * SECOND);
	assert_true(fix.state->greylist_until <= guard_clock() + 1000 * SECOND);
	/* Armed on as long as much is offered. */
	config()->total[SG_TOTAL_UNLISTED_TOTAL] = sg_limit_of(10, 10);
	fix.state->greylist_until = guard_clock() + 50 * SECOND;
	fix.state->offered_since = guard_clock() - SECOND;
	for (int i = 0; i < 40; i++)
		packet_dropped(&(struct packet_spec){.source = "192.0.2.7", .sport = 2000 + i});
	assert_true(fix.state->greylist_until < guard_clock() + 100 * SECOND);
	for (int i = 0; i < 100; i++)
		packet_dropped(&(struct packet_spec){.source = "192.0.2.7", .sport = 3000 + i});
	assert_true(fix.state->greylist_until > guard_clock() + 900 * SECOND);
}

static void a_retransmission_is_not_charged(void)
{
	config()->profile[0].limit[SG_LIMIT_OPTIONS] = limit_hourly(2);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = PHONE);
	for (int copy = 0; copy < 10; copy++) {
		clock_move(500 * MS);
		SEND(PASS, NONE, REQUEST, OPTIONS, .source = PHONE, .again = true);
	}
	/* More than a client sends. */
	clock_move(500 * MS);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = PHONE, .again = true);
	SEND(DROP, LIMIT_OPTIONS, REQUEST, OPTIONS, .source = PHONE, .again = true);
	SEND(DROP, LIMIT_OPTIONS, REQUEST, OPTIONS, .source = PHONE);
}

static void copies_faster_than_timers_are_charged(void)
{
	config()->profile[0].limit[SG_LIMIT_OPTIONS] = limit_hourly(3);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = PHONE);
	for (int copy = 0; copy < 3; copy++)
		SEND(PASS, NONE, REQUEST, OPTIONS, .source = PHONE, .again = true);
	SEND(DROP, LIMIT_OPTIONS, REQUEST, OPTIONS, .source = PHONE, .again = true);
	/* Another one's copy is no copy. */
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = "192.0.2.8", .again = true);
}

const struct sequence greylist_sequences[] = {
	{"monitor mode learns what enforce would", monitor_mode_learns_what_enforce_would},
	{"monitor mode learns no more", monitor_mode_learns_no_more},
	{"monitor mode admits no more", monitor_mode_admits_no_more},
	{"who comes again is admitted", who_comes_again_is_admitted},
	{"only the same request comes again", only_the_same_request_comes_again},
	{"the budget holds behind the greylist", the_budget_holds_behind_the_greylist},
	{"in a rush the third time is admitted", in_a_rush_the_third_time_is_admitted},
	{"what waits when a rush ends is seen", what_waits_when_a_rush_ends_is_seen},
	{"the greylist arms and disarms", the_greylist_arms_and_disarms},
	{"a retransmission is not charged", a_retransmission_is_not_charged},
	{"copies faster than timers are charged", copies_faster_than_timers_are_charged},
};

const size_t greylist_sequences_count = COUNT(greylist_sequences);
