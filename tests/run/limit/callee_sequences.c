// SPDX-License-Identifier: GPL-2.0-only
/* Calls to one user: who pays from whose limit, and what is the same user. */
#include <stdio.h>
#include <string.h>

#include "dialogue/dialogue.h"
#include "stream/stream.h"

#define MEMBER "198.18.0.7"
#define CALL(uri) REQUEST_TO("INVITE", uri, "sip:bob@example.com")

/* So many calls to each user, by everybody who is alike. */
static void calls(__u32 burst)
{
	wide();
	mode_set(SG_REASON_LIMIT_CALLEE, SG_MODE_ENFORCE);
	zone_set(0, "198.18.0.0/16", 1);
	config()->profile[1] = config()->profile[0];
	for (int zone = 0; zone < 2; zone++)
		config()->profile[zone].callee = limit_hourly(burst);
}

static bool is_called(const char *source, const char *request)
{
	return !packet_dropped(&(struct packet_spec){.source = source, .payload = request});
}

static void a_flood_stops_at_the_callee(void)
{
	int called = 0;
	char source[32];

	calls(20);
	for (int i = 0; i < 500; i++) {
		snprintf(source, sizeof(source), "203.0.113.%d", i % 250);
		called += is_called(source, CALL("sip:100@example.com"));
	}
	assert_int_equal(called, 20);
	assert_int_equal(dropped_by(SG_REASON_LIMIT_CALLEE), 480);
	/* Others are called by whom they were, and he by others. */
	assert_true(is_called("203.0.113.1", CALL("sip:101@example.com")));
	assert_true(is_called(MEMBER, CALL("sip:100@example.com")));
	proven_set(PHONE, IPPROTO_UDP, PORT, SG_PROOF_REGISTER, 60);
	assert_true(is_called(PHONE, CALL("sip:100@example.com")));
	/* An hour later there is room again. */
	clock_move(3600 * SECOND);
	assert_true(is_called("203.0.113.1", CALL("sip:100@example.com")));
}

/* A proven flow and a zone have an end, too. */
static void each_has_a_limit(void)
{
	calls(1);
	proven_set(PHONE, IPPROTO_UDP, PORT, SG_PROOF_REGISTER, 60);
	assert_true(is_called(PHONE, CALL("sip:100@example.com")));
	assert_false(is_called(PHONE, CALL("sip:100@example.com")));
	assert_true(is_called(MEMBER, CALL("sip:100@example.com")));
	assert_false(is_called("198.18.0.8", CALL("sip:100@example.com")));
	/* Another zone has its own. */
	zone_set(0, "198.19.0.0/16", 2);
	config()->profile[2] = config()->profile[1];
	assert_true(is_called("198.19.0.7", CALL("sip:100@example.com")));
}

/* What the caller may write as he likes does not make another user. */
static void it_is_the_same_user(void)
{
	calls(1);
	assert_true(is_called(PHONE, CALL("sip:100@example.com")));
	assert_false(is_called(PHONE, CALL("sip:100:secret@example.com")));
	assert_false(is_called(PHONE, CALL("sip:100;isub=7@example.com")));
	assert_false(is_called(PHONE, CALL("sips:100@example.com;user=phone")));
	assert_false(is_called(PHONE, CALL("sip:100@another.example.com")));
	assert_true(is_called(PHONE, CALL("sip:1000@example.com")));
	/* Nor does an escape (RFC 3261 section 19.1.4). */
	assert_false(is_called(PHONE, CALL("sip:1%30%30@example.com")));
	assert_false(is_called(PHONE, CALL("sip:%3100:secret@example.com")));
	assert_false(is_called(PHONE, CALL("sip:1%3000@example.com;user=phone"))); /* 1000 */
	assert_false(is_called(PHONE, CALL("sip:100%30@example.com")));
	assert_true(is_called(PHONE, CALL("sip:%6aack@example.com")));
	assert_false(is_called(PHONE, CALL("sip:jac%6B;isub=7@example.com")));
	assert_true(is_called(PHONE, CALL("tel:+4930123456")));
	assert_false(is_called(PHONE, CALL("tel:+4930123456;phone-context=x")));
	assert_true(is_called(PHONE, CALL("tel:+4930123457")));
}

static void long_users_have_an_end(void)
{
	calls(1);
#define LONG "0123456789012345678901234567890123456789012345678901234567890123"
	assert_true(is_called(PHONE, CALL("sip:" LONG "@example.com")));
	assert_false(is_called(PHONE, CALL("sip:" LONG "4@example.com")));
	assert_false(is_called(PHONE, CALL("sip:%30" "1%32" "345678" "9%30" "123456789"
					   "0123456789012345678901234567890123456789%30"
					   "123@x.com")));
	assert_true(is_called(PHONE, CALL("sip:4" LONG "@example.com")));
}

/* Copies, what is in a dialog, other methods and emergency calls are no new calls. */
static void what_does_not_count(void)
{
	static const char *const emergency = REQUEST_TO("INVITE", "urn:service:sos",
							"urn:service:sos");
	struct packet_spec packet = {.payload = CALL("sip:100@example.com")};

	calls(1);
	assert_false(packet_dropped(&packet));
	packet.again = true;
	assert_false(packet_dropped(&packet));
	for (int i = 0; i < 3; i++) {
		assert_true(is_called(PHONE, "INVITE sip:100@example.com SIP/2.0\r\n"
					     HEADERS("1 INVITE", ";tag=7", "")));
		assert_true(is_called(PHONE, REQUEST_TO("MESSAGE", "sip:100@example.com",
							"sip:bob@example.com")));
		assert_true(is_called(PHONE, emergency));
		assert_true(is_called(PHONE, CALL("sip:example.com")));
	}
	/* To alone makes no emergency: it says nothing of whose phone rings. */
	assert_false(is_called(PHONE, REQUEST_TO("INVITE", "sip:100@example.com",
						 "urn:service:sos")));
}

/* By default it is only seen. */
static void by_default_it_monitors(void)
{
	wide();
	config()->profile[0].callee = limit_hourly(1);
	SEND(PASS, NONE, REQUEST, INVITE, .payload = CALL("sip:100@example.com"));
	SEND_WATCHED(PASS, NONE, REASON_BIT(SG_REASON_LIMIT_CALLEE), REQUEST, INVITE,
		     .payload = CALL("sip:100@example.com"));
}

/* Of a trunk over TCP nobody waits behind it. */
static void over_tcp_a_trunk_goes_on(void)
{
	struct peer peer = alice();

	calls(1);
	zone_set(0, "192.0.2.1/32", 1);
	sends(&peer, MESSAGE("INVITE", "1", "0", "") MESSAGE("INVITE", "2", "0", "") OPTIONS("3"));
	sends(&peer, MESSAGE("INVITE", "4", "0", ""));
	assert_int_equal(passed(SG_METHOD_INVITE), 3);
	assert_int_equal(dropped_by(SG_REASON_LIMIT_CALLEE), 0);
}

/* --- users with a limit of their own --- */

static void own_calls(const char *user, struct sg_limit limit)
{
	calls(1);
	mode_set(SG_REASON_LIMIT_OWN_CALLEE, SG_MODE_ENFORCE);
	callee_set(user, limit);
}

/* In place of everybody's limit: more here. Each of the groups of callers has it. */
static void a_limit_of_his_own(void)
{
	own_calls("100", limit_hourly(2));
	for (int i = 0; i < 4; i++) {
		assert_int_equal(is_called(PHONE, CALL("sip:100@example.com")), i < 2);
		assert_int_equal(is_called(MEMBER, CALL("sip:100@example.com")), i < 2);
		assert_int_equal(is_called(PHONE, CALL("sip:101@example.com")), i < 1);
	}
	proven_set(PHONE, IPPROTO_UDP, PORT, SG_PROOF_REGISTER, 60);
	for (int i = 0; i < 4; i++)
		assert_int_equal(is_called(PHONE, CALL("sip:100@example.com")), i < 2);
	assert_int_equal(dropped_by(SG_REASON_LIMIT_OWN_CALLEE), 6);
	assert_int_equal(dropped_by(SG_REASON_LIMIT_CALLEE), 3);
	clock_move(3600 * SECOND);
	assert_true(is_called(MEMBER, CALL("sip:100@example.com")));
	assert_false(is_called(MEMBER, CALL("sip:100@example.com")));
}

/* Less, where nobody else has a limit; and by another reason, which may be off by itself. */
static void whatever_others_have(void)
{
	own_calls("100", limit_hourly(1));
	mode_set(SG_REASON_LIMIT_CALLEE, SG_MODE_OFF);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(is_called(PHONE, CALL("sip:100@example.com")), i < 1);
		assert_true(is_called(PHONE, CALL("sip:101@example.com")));
	}
	mode_set(SG_REASON_LIMIT_CALLEE, SG_MODE_ENFORCE);
	mode_set(SG_REASON_LIMIT_OWN_CALLEE, SG_MODE_OFF);
	for (int i = 0; i < 3; i++)
		assert_true(is_called(PHONE, CALL("sip:100@example.com")));
}

static void a_hotline_has_no_limit(void)
{
	own_calls("hotline", (struct sg_limit){});
	for (int i = 0; i < 9; i++)
		assert_true(is_called(PHONE, CALL("sip:hotline@example.com")));
	/* Case matters in a user (RFC 3261 section 19.1.4), and no part of it is enough. */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(is_called(PHONE, CALL("sip:Hotline@example.com")), i < 1);
		assert_int_equal(is_called(PHONE, CALL("sip:hotline1@example.com")), i < 1);
		assert_int_equal(is_called(PHONE, CALL("sip:hotlin@example.com")), i < 1);
	}
}

/* Of each length there is, one who is compared is found. */
static void users_of_any_length(void)
{
	char user[80] = "", request[600];

	own_calls("x", (struct sg_limit){});
	for (int length = 1; length <= SG_CALLEE_MOST; length++) {
		memset(user, 'u', length);
		snprintf(request, sizeof(request), CALL("sip:%s;isub=7:secret@example.com"), user);
		callee_set(user, (struct sg_limit){});
		for (int i = 0; i < 2; i++)
			assert_true(is_called(PHONE, request));
		snprintf(request, sizeof(request), CALL("sip:%s%%75;isub=7@example.com"), user + 1);
		assert_true(is_called(PHONE, request));
		assert_true(is_called(PHONE, request));
	}
	callee_set("+4930123456", (struct sg_limit){});
	for (int i = 0; i < 2; i++)
		assert_true(is_called(PHONE, CALL("tel:+4930123456;phone-context=x")));
}

/* What the configuration in force does not name is not there. */
static void users_of_the_other_configuration(void)
{
	own_calls("100", (struct sg_limit){});
	zone_set(1, "198.18.0.0/16", 1);
	fix.configs[1] = fix.configs[0];
	fix.state->active = 1;
	for (int i = 0; i < 2; i++)
		assert_int_equal(is_called(PHONE, CALL("sip:100@example.com")), i < 1);
	/* Nor is it looked for where the file names nobody. */
	fix.state->active = 0;
	assert_true(is_called(PHONE, CALL("sip:100@example.com")));
	config()->callees = 0;
	assert_false(is_called(PHONE, CALL("sip:100@example.com")));
}

/* Another CPU was a tick ahead of this one: it must not cost a hotline a call. */
static void a_hotline_has_none_on_any_cpu(void)
{
	calls(1);
	mode_set(SG_REASON_LIMIT_OWN_CALLEE, SG_MODE_ENFORCE);
	callee_set("100", (struct sg_limit){});
	assert_true(is_called(MEMBER, CALL("sip:100@example.com")));
	clock_move(-4 * MS);
	assert_true(is_called(MEMBER, CALL("sip:100@example.com")));
	clock_move(4 * MS);
}

/* --- Resource-Priority --- */

#define CALL_WITH(more)                                                                           \
	"INVITE sip:100@example.com SIP/2.0\r\n" HEADERS("1 INVITE", "", more)
#define PRIORITY "Resource-Priority: ets.0\r\n"

/* Two zones, one of which has it, though the strangers' profile says the same. */
static void priority_calls(void)
{
	calls(1);
	config()->profile[0].callee_priority = 1;
	config()->profile[1].callee_priority = 1;
	zone_set(0, "198.19.0.0/16", 2);
	config()->profile[2] = config()->profile[1];
	config()->profile[2].callee_priority = 0;
}

/* He is called by everybody as often as he may. */
static void all_have_called(void)
{
	static const char *const sources[] = {PHONE, MEMBER, "198.19.0.7"};

	for (size_t i = 0; i < COUNT(sources); i++)
		is_called(sources[i], CALL("sip:100@example.com"));
}

static void priority_is_a_zones(void)
{
	priority_calls();
	all_have_called();
	assert_false(is_called(MEMBER, CALL_WITH("")));
	for (int i = 0; i < 3; i++)
		assert_true(is_called(MEMBER, CALL_WITH(PRIORITY)));
	assert_false(is_called("198.19.0.7", CALL_WITH(PRIORITY)));
	assert_false(is_called(PHONE, CALL_WITH(PRIORITY)));
	proven_set(PHONE, IPPROTO_UDP, PORT, SG_PROOF_REGISTER, 60);
	assert_true(is_called(PHONE, CALL_WITH(PRIORITY)));
	assert_false(is_called(PHONE, CALL_WITH(PRIORITY)));
	/* In a zone, who is proven is of the zone still. */
	proven_set(MEMBER, IPPROTO_UDP, PORT, SG_PROOF_REGISTER, 60);
	for (int i = 0; i < 3; i++)
		assert_true(is_called(MEMBER, CALL_WITH(PRIORITY)));
	assert_false(is_called(MEMBER, CALL_WITH("")));
}

/* What is refused nobody is charged with, and what has room is a call like others. */
static void priority_makes_no_debt(void)
{
	priority_calls();
	assert_true(is_called(MEMBER, CALL_WITH(PRIORITY)));
	assert_false(is_called(MEMBER, CALL_WITH("")));
	for (int i = 0; i < 9; i++)
		assert_true(is_called(MEMBER, CALL_WITH(PRIORITY)));
	clock_move(3600 * SECOND);
	assert_true(is_called(MEMBER, CALL_WITH("")));
}

/* Over a limit of his own, too. */
static void priority_over_his_own_limit(void)
{
	priority_calls();
	mode_set(SG_REASON_LIMIT_OWN_CALLEE, SG_MODE_ENFORCE);
	callee_set("100", limit_hourly(1));
	assert_true(is_called(MEMBER, CALL_WITH("")));
	assert_false(is_called(MEMBER, CALL_WITH("")));
	assert_true(is_called(MEMBER, CALL_WITH(PRIORITY)));
}

static void ways_to_write_priority(void)
{
	priority_calls();
	all_have_called();
	assert_true(is_called(MEMBER, CALL_WITH("resource-PRIORITY \t: q735.0\r\n")));
	assert_true(is_called(MEMBER, CALL_WITH("RESOURCE-PRIORITY:dsn.flash, ets.1\r\n")));
	assert_true(is_called(MEMBER, CALL_WITH("Resource-Share: no-sharing\r\n" PRIORITY)));
	assert_true(is_called(MEMBER, CALL_WITH("Require: resource-priority\r\n" PRIORITY)));
	assert_true(is_called(MEMBER, CALL_WITH("Resource-Priority     : ets.0\r\n")));
	/* What is not it, or in another field, or in the body. */
	assert_false(is_called(MEMBER, CALL_WITH("Resource-Priority      : ets.0\r\n")));
	assert_false(is_called(MEMBER, CALL_WITH("Resource-Priority-2: ets.0\r\n")));
	assert_false(is_called(MEMBER, CALL_WITH("Resource-Priorita: ets.0\r\n")));
	assert_false(is_called(MEMBER, CALL_WITH("Resource-Priori: ets.0\r\n")));
	assert_false(is_called(MEMBER, CALL_WITH("Accept-" PRIORITY)));
	assert_false(is_called(MEMBER, CALL_WITH("Require: resource-priority\r\n")));
	assert_false(is_called(MEMBER, CALL_WITH("Subject: a\r\n " PRIORITY)));
	assert_false(is_called(MEMBER, CALL_WITH("") "v=0\r\n" PRIORITY));
}

/* Nor is one shed while the server is overloaded; and calls alone. */
static void priority_is_not_shed(void)
{
	priority_calls();
	config()->overload_shed = 1;
	config()->overload_hold = 10;
	fix.state->overload.level = SG_OVERLOAD_MOST;
	fix.state->overload.until = guard_clock() + 3600 * SECOND;
	SEND(PASS, NONE, REQUEST, INVITE, .source = MEMBER, .payload = CALL_WITH(PRIORITY));
	SEND(DROP, OVERLOAD, REQUEST, INVITE, .source = MEMBER, .payload = CALL_WITH(""));
	SEND(DROP, OVERLOAD, REQUEST, INVITE, .source = "198.19.0.7",
	     .payload = CALL_WITH(PRIORITY));
	SEND(DROP, OVERLOAD, REQUEST, INVITE, .source = PHONE, .payload = CALL_WITH(PRIORITY));
	SEND(DROP, OVERLOAD, REQUEST, MESSAGE, .source = MEMBER,
	     .payload = "MESSAGE sip:100@example.com SIP/2.0\r\n"
			HEADERS("1 MESSAGE", "", PRIORITY));
}

const struct sequence callee_sequences[] = {
	{"a flood of calls stops at the callee", a_flood_stops_at_the_callee},
	{"zones and proven flows have a limit of the callee", each_has_a_limit},
	{"a user who is written otherwise is the same", it_is_the_same_user},
	{"long users have an end", long_users_have_an_end},
	{"what is no new call does not count", what_does_not_count},
	{"calls to one user are only counted by default", by_default_it_monitors},
	{"over TCP a trunk goes on calling", over_tcp_a_trunk_goes_on},
	{"a callee has a limit of his own", a_limit_of_his_own},
	{"a callee's own limit is there whatever others have", whatever_others_have},
	{"a callee who is a hotline has no limit", a_hotline_has_no_limit},
	{"a callee who is a hotline has none on any CPU", a_hotline_has_none_on_any_cpu},
	{"a callee of any length has his own limit", users_of_any_length},
	{"a callee of the other configuration has none", users_of_the_other_configuration},
	{"calls of priority are a zone's", priority_is_a_zones},
	{"calls of priority make no debt", priority_makes_no_debt},
	{"calls of priority pass a limit of the callee's own", priority_over_his_own_limit},
	{"calls with a priority are not shed", priority_is_not_shed},
	{"calls of priority in other words", ways_to_write_priority},
};

const size_t callee_sequences_count = COUNT(callee_sequences);
