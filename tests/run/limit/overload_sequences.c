// SPDX-License-Identifier: GPL-2.0-only
/* The server refuses or is silent: who can make it seem so, and what is shed in which order. */
#include <stdio.h>

#include "dialogue/dialogue.h"
#include "stream/stream.h"

#define MEMBER "198.18.0.7"
#define STRANGER "203.0.113.9"
#define LEAST 20
#define HOLD 10

#define ASKED REQUEST_OF("REGISTER", RIGHT_NONCE)
#define REFUSED REPLY_OF("503 Service Unavailable", "REGISTER", "")
#define ACCEPTED REPLY_OF("200 OK", "REGISTER", BINDING)
#define IN_DIALOG(method) method " sip:example.com SIP/2.0\r\n" HEADERS("1 " method, ";tag=2", "")

/* A phone that is registered, a zone, and limits that are not what this is about. */
static void on(void)
{
	wide();
	for (int id = 0; id < SG_LIMIT__MAX; id++)
		config()->proven[id] = config()->profile[0].limit[id];
	config()->total[SG_TOTAL_REPLIES] = config()->profile[0].limit[0];
	zone_set(0, "198.18.0.0/16", 1);
	config()->profile[1] = config()->profile[0];
	config()->total[sg_zone_total(1)] = config()->profile[0].limit[0];
	proven_set(PHONE, IPPROTO_UDP, PORT, SG_PROOF_REGISTER, 80000);
	config()->overload_shed = 1;
	config()->overload_share = 50;
	config()->overload_least = LEAST;
	config()->overload_hold = HOLD;
}

static __u32 level(void)
{
	return sg_overload_level(&fix.state->overload, guard_clock(), HOLD * SECOND);
}

static void level_set(__u32 to)
{
	fix.state->overload.level = to;
	fix.state->overload.until = guard_clock() + 3600 * SECOND;
}

/* So many requests, each with its reply, if there is one. */
static void many(int count, const char *source, const char *request, const char *reply)
{
	for (int i = 0; i < count; i++) {
		asks_of(source, request, PORT);
		if (reply)
			answers_to(source, reply, PORT);
	}
}

/* As many a second, for so many seconds; and the first of the next one, which looks back. */
static void goes_on(int seconds, int count, const char *source, const char *request,
		    const char *reply)
{
	for (int i = 0; i < seconds; i++) {
		many(count, source, request, reply);
		clock_move(SECOND);
	}
	many(1, source, request, reply);
}

static void refusals_arm_it(void)
{
	on();
	goes_on(1, LEAST, PHONE, ASKED, REFUSED);
	assert_int_equal(level(), 0);
	many(LEAST - 1, PHONE, ASKED, REFUSED);
	clock_move(SECOND);
	many(LEAST, PHONE, ASKED, REFUSED);
	assert_int_equal(level(), 1);
	assert_int_equal(fix.state->overload.cause, SG_OVERLOAD_REFUSES);
	assert_int_equal(fix.state->overload.since, guard_clock());
	assert_int_equal(counted(SG_COUNT_OVERLOAD_ARMED), 1);
	for (int more = 2; more <= 5; more++) {
		for (int i = 0; i < 2; i++) {
			clock_move(SECOND);
			many(LEAST, PHONE, ASKED, REFUSED);
		}
		assert_int_equal(level(), more < 4 ? more : 4);
	}
	assert_int_equal(counted(SG_COUNT_OVERLOAD_ARMED), 1);
}

static void it_falls_by_itself(void)
{
	on();
	level_set(4);
	fix.state->overload.until = guard_clock() + HOLD * SECOND;
	clock_move(HOLD * SECOND - 1);
	assert_int_equal(level(), 4);
	for (int left = 3; left >= 0; left--) {
		clock_move(left == 3 ? 1 : HOLD * SECOND);
		assert_int_equal(level(), left);
	}
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = STRANGER);
	/* And is forgotten. */
	many(1, PHONE, ASKED, ACCEPTED);
	assert_int_equal(fix.state->overload.level, 0);
	/* From where it has fallen to it is raised again. */
	level_set(3);
	clock_move(3600 * SECOND + HOLD * SECOND);
	assert_int_equal(level(), 1);
	goes_on(2, LEAST, PHONE, ASKED, REFUSED);
	assert_int_equal(level(), 2);
}

/* One second of it alone, or others between, are a moment. */
static void a_moment_is_not_enough(void)
{
	on();
	for (int i = 0; i < 6; i++) {
		many(LEAST, PHONE, ASKED, i % 2 ? ACCEPTED : REFUSED);
		clock_move(SECOND);
	}
	many(1, PHONE, ASKED, ACCEPTED);
	assert_int_equal(level(), 0);
	assert_int_equal(counted(SG_COUNT_OVERLOAD_ARMED), 0);
}

static void too_few_tell_nothing(void)
{
	on();
	for (int i = 0; i < 6; i++) {
		many(LEAST - 1, PHONE, ASKED, REFUSED);
		clock_move(SECOND);
	}
	assert_int_equal(level(), 0);
}

static void the_share_counts(void)
{
	on();
	for (int i = 0; i < 6; i++) {
		many(LEAST, PHONE, ASKED, REFUSED);
		many(LEAST + 1, PHONE, ASKED, ACCEPTED);
		clock_move(SECOND);
	}
	assert_int_equal(level(), 0);
	for (int i = 0; i < 3; i++) {
		many(LEAST, PHONE, ASKED, REFUSED);
		many(LEAST, PHONE, ASKED, ACCEPTED);
		clock_move(SECOND);
	}
	many(1, PHONE, ASKED, REFUSED);
	assert_int_equal(level(), 1);
}

static void off_it_sees_nothing(void)
{
	on();
	config()->overload_shed = 0;
	goes_on(6, LEAST, PHONE, ASKED, REFUSED);
	assert_int_equal(fix.state->overload.level, 0);
	/* Nor of those whose profile does not look for it. */
	config()->overload_shed = 1;
	mode_set(SG_REASON_OVERLOAD, SG_MODE_OFF);
	goes_on(6, LEAST, PHONE, ASKED, REFUSED);
	assert_int_equal(fix.state->overload.level, 0);
	mode_set(SG_REASON_OVERLOAD, SG_MODE_ENFORCE);
	config()->overload_shed = 0;
	level_set(4);
	SEND(PASS, NONE, REQUEST, INVITE, .source = STRANGER, .payload = SIP_REQUEST("INVITE"));
}

/* Strangers have as many calls refused as they like: to a gateway that is down. */
static void no_stranger_arms_it(void)
{
	on();
	goes_on(6, LEAST, STRANGER, REQUEST_OF("INVITE", ""),
		REPLY_OF("503 Service Unavailable", "INVITE", ""));
	goes_on(6, LEAST, STRANGER, ASKED, REFUSED);
	assert_int_equal(level(), 0);
}

/* What a forger sends in the name of a zone or a phone has no credentials that are looked at. */
static void no_forger_arms_it(void)
{
	static const char *const known[] = {MEMBER, PHONE};

	on();
	for (size_t i = 0; i < COUNT(known); i++) {
		goes_on(6, LEAST, known[i], REQUEST_OF("INVITE", ""),
			REPLY_OF("503 Service Unavailable", "INVITE", ""));
		goes_on(6, LEAST, known[i], REQUEST_OF("INVITE", RIGHT_NONCE),
			REPLY_OF("503 Service Unavailable", "INVITE", ""));
		goes_on(6, LEAST, known[i], REQUEST_OF("REGISTER", ""), REFUSED);
		goes_on(6, LEAST, known[i], REQUEST_OF("OPTIONS", ""), NULL);
	}
	assert_int_equal(level(), 0);
	config()->overload_unchallenged = 1;
	goes_on(3, LEAST, MEMBER, REQUEST_OF("INVITE", ""),
		REPLY_OF("503 Service Unavailable", "INVITE", ""));
	assert_int_equal(level(), 1);
}

/* The server challenges it, and somebody else, too, if it has one nonce for all. */
static void is_told(const char *source)
{
	many(1, source, REQUEST_OF("REGISTER", ""),
	     REPLY_OF("401 Unauthorized", "REGISTER", CHALLENGE));
}

static void goes_unanswered(const char *source, __u32 size)
{
	for (int i = 0; i < 6; i++) {
		clock_move(SECOND);
		for (int j = 0; j < LEAST; j++)
			assert_false(packet_dropped(&(struct packet_spec){
				.source = source, .id = size ? fragment_id() : 0, .size = size,
				.fill = size ? 3000 : 0, .payload = ASKED}));
	}
}

/*
 * The server answers what reaches it. What never does, a forger may send: with a wrong checksum,
 * or only the beginning of it.
 */
static void no_forger_makes_it_silent(void)
{
	on();
	mode_set(SG_REASON_FRAGMENT_HEAD, SG_MODE_OFF);
	many(1, PHONE, ASKED, ACCEPTED);
	goes_unanswered(MEMBER, 0);
	is_told(MEMBER);
	goes_unanswered(MEMBER, 480);
	is_told(STRANGER);
	goes_unanswered(MEMBER, 0);
	assert_int_equal(level(), 0);
}

static void call_over_tcp(__u16 port)
{
	assert_false(packet_dropped(&(struct packet_spec){
		OVER_TCP, .source = MEMBER, .sport = port, .payload = REQUEST_OF("INVITE", "")}));
	assert_false(reply_dropped(&(struct packet_spec){
		OVER_TCP, .destination = MEMBER, .dport = port, .again = true,
		.payload = REPLY_OF("503 Service Unavailable", "INVITE", "")}));
}

/* There nobody forges. */
static void a_zone_over_tcp_counts(void)
{
	on();
	for (int i = 0; i < 3 * LEAST; i++) {
		call_over_tcp(20000 + i);
		if (i % LEAST == LEAST - 1)
			clock_move(SECOND);
	}
	call_over_tcp(30000);
	assert_int_equal(level(), 1);
}

/* The server sends its 503 again and again, for want of an ACK; what has rung was not refused. */
static void each_request_counts_once(void)
{
	on();
	for (int i = 0; i < 6; i++) {
		many(LEAST - 1, PHONE, ASKED, REFUSED);
		answers(REFUSED, PORT);
		answers(REFUSED, PORT);
		clock_move(SECOND);
	}
	for (int i = 0; i < 6 * LEAST; i++) {
		asks(ASKED, PORT);
		answers(REPLY_OF("180 Ringing", "REGISTER", ""), PORT);
		answers(REFUSED, PORT);
		if (i % LEAST == LEAST - 1)
			clock_move(SECOND);
	}
	assert_int_equal(level(), 0);
}

static void silence_arms_it(void)
{
	on();
	is_told(MEMBER);
	/* A server whose replies are not seen may send them another way. */
	clock_move(65 * SECOND);
	goes_on(5, LEAST, MEMBER, ASKED, NULL);
	assert_int_equal(level(), 0);
	goes_on(1, LEAST, MEMBER, ASKED, ACCEPTED);
	clock_move(SECOND);
	goes_on(2, LEAST, MEMBER, ASKED, NULL);
	assert_int_equal(level(), 1);
	assert_int_equal(fix.state->overload.cause, SG_OVERLOAD_SILENT);
	/* It answers again, and be it 500 to a stranger. */
	for (int i = 0; i < HOLD + 2; i++) {
		many(LEAST, MEMBER, ASKED, NULL);
		answers_to(STRANGER, REPLY_OF("500 Server Internal Error", "OPTIONS", ""), PORT);
		clock_move(SECOND);
	}
	assert_int_equal(level(), 0);
}

static void silence_towards_few_is_none(void)
{
	on();
	is_told(MEMBER);
	goes_on(6, LEAST - 1, MEMBER, ASKED, NULL);
	assert_int_equal(level(), 0);
	/* ACK is not answered. */
	config()->overload_unchallenged = 1;
	many(1, MEMBER, ASKED, ACCEPTED);
	for (int i = 0; i < 6; i++) {
		many(LEAST - 1, MEMBER, ASKED, NULL);
		many(LEAST, MEMBER, IN_DIALOG("ACK"), NULL);
		clock_move(SECOND);
	}
	assert_int_equal(level(), 0);
}

/* What is new, and from which level on it is shed; 5: never. */
static const struct {
	enum sg_method method;
	__u32 level;
	const char *request, *in_dialog;
} order[] = {
#define NEW(method, level) {SG_METHOD_##method, level, REQUEST_OF(#method, ""), IN_DIALOG(#method)}
	NEW(OPTIONS, 1), NEW(SUBSCRIBE, 2), NEW(MESSAGE, 2), NEW(NOTIFY, 2), NEW(PUBLISH, 2),
	NEW(INFO, 2), NEW(REFER, 2), NEW(UPDATE, 2), NEW(REGISTER, 3), NEW(INVITE, 4),
	NEW(ACK, 9), NEW(BYE, 9), NEW(CANCEL, 9), NEW(PRACK, 9),
	{SG_METHOD_UNKNOWN, 2, REQUEST_OF("KDMQ", ""), IN_DIALOG("KDMQ")},
};

static void expect_shed(const char *source, size_t i, __u32 now, bool shed)
{
	bool dropped = packet_dropped(&(struct packet_spec){.source = source,
							    .payload = order[i].request});

	if (dropped != shed)
		fail_msg("at level %u of %s: %.9s is %s", now, source, order[i].request,
			 dropped ? "dropped" : "let in");
	assert_false(packet_dropped(&(struct packet_spec){.source = source,
							  .payload = order[i].in_dialog}));
}

static void each_level_sheds_one_more(void)
{
	on();
	for (__u32 now = 0; now <= SG_OVERLOAD_MOST; now++) {
		level_set(now);
		for (size_t i = 0; i < COUNT(order); i++) {
			/* Who is registered renews. */
			bool renews = order[i].method == SG_METHOD_REGISTER;

			expect_shed(STRANGER, i, now, now && order[i].level <= now + 1);
			expect_shed(MEMBER, i, now, order[i].level <= now);
			expect_shed(PHONE, i, now, order[i].level <= now && !renews);
		}
	}
	assert_true(dropped_by(SG_REASON_OVERLOAD) > 0);
}

#define SOS(uri, to) REQUEST_TO("INVITE", uri, to)

static void emergency_calls_pass(void)
{
	on();
	level_set(SG_OVERLOAD_MOST);
	SEND(PASS, NONE, REQUEST, INVITE, .source = STRANGER,
	     .payload = SOS("urn:service:sos", "sip:112@example.com"));
	SEND(PASS, NONE, REQUEST, INVITE, .source = STRANGER,
	     .payload = SOS("sip:112@example.com", "urn:service:sos.police"));
	SEND(DROP, OVERLOAD, REQUEST, INVITE, .source = STRANGER,
	     .payload = SOS("urn:service:sosx", "sip:112@example.com"));
}

/* The server has it: a copy costs it little, and what it has answered is answered again. */
static void what_was_let_in_goes_on(void)
{
	on();
	SEND(PASS, NONE, REQUEST, INVITE, .source = STRANGER, .payload = REQUEST_OF("INVITE", ""));
	level_set(SG_OVERLOAD_MOST);
	clock_move(500 * MS);
	for (int i = 0; i < 3; i++)
		SEND(PASS, NONE, REQUEST, INVITE, .source = STRANGER, .again = true,
		     .payload = REQUEST_OF("INVITE", ""));
	answers_to(STRANGER, REPLY_OF("200 OK", "INVITE", ""), PORT);
	SEND(PASS, NONE, REQUEST, INVITE, .source = STRANGER, .again = true,
	     .payload = REQUEST_OF("INVITE", ""));
	/* By then no client sends it again: timer B, and F. */
	clock_move(33 * SECOND);
	SEND(DROP, OVERLOAD, REQUEST, INVITE, .source = STRANGER, .again = true,
	     .payload = REQUEST_OF("INVITE", ""));
	/* What was shed was not let in. */
	SEND(DROP, OVERLOAD, REQUEST, INVITE, .source = STRANGER,
	     .payload = REQUEST_OF("INVITE", ""));
	SEND(DROP, OVERLOAD, REQUEST, INVITE, .source = STRANGER, .again = true,
	     .payload = REQUEST_OF("INVITE", ""));
	level_set(0);
	SEND(PASS, NONE, REQUEST, INVITE, .source = STRANGER, .again = true,
	     .payload = REQUEST_OF("INVITE", ""));
}

/* Who has one branch for all he sends is not let in for ever. */
static void what_was_let_in_gets_old(void)
{
	on();
	asks_of(STRANGER, REQUEST_OF("INVITE", ""), PORT);
	answers_to(STRANGER, REPLY_OF("404 Not Found", "INVITE", ""), PORT);
	level_set(SG_OVERLOAD_MOST);
	for (int i = 0; i < 4; i++) {
		clock_move(10 * SECOND);
		assert_int_equal(packet_dropped(&(struct packet_spec){
			.source = STRANGER, .sport = PORT, .again = true,
			.payload = REQUEST_OF("INVITE", "")}), i == 3);
		if (i < 3)
			answers_to(STRANGER, REPLY_OF("404 Not Found", "INVITE", ""), PORT);
	}
}

/* A connection is not ended by it where it is the way of many. */
static void over_tcp_a_zone_is_only_counted(void)
{
	static const reason_set shed = REASON_BIT(SG_REASON_OVERLOAD);

	on();
	level_set(SG_OVERLOAD_MOST);
	SEND_WATCHED(PASS, NONE, shed, REQUEST, INVITE, OVER_TCP, .source = MEMBER,
		     .payload = REQUEST_OF("INVITE", ""));
	SEND(DROP, OVERLOAD, REQUEST, INVITE, OVER_TCP, .source = STRANGER,
	     .payload = REQUEST_OF("INVITE", ""));
}

/* TCP sends it again, and what was behind it. */
static void over_tcp_a_stranger_waits(void)
{
	struct peer peer;

	on();
	peer = alice();
	sends(&peer, OPTIONS("1"));
	level_set(1);
	may_not_send(&peer, OPTIONS("2"));
	may_not_send(&peer, OPTIONS("2"));
	level_set(0);
	sends(&peer, OPTIONS("2"));
	sends(&peer, OPTIONS("3"));
}

/* There all of it passes, and is answered. */
static void monitor_mode_sees_what_it_would_shed(void)
{
	on();
	fix.state->mode = SG_MODE_MONITOR;
	goes_on(8, LEAST, MEMBER, ASKED, REFUSED);
	assert_int_equal(level(), 4);
	SEND(WOULD_DROP, OVERLOAD, REQUEST, REGISTER, .source = MEMBER, .payload = ASKED);
}

/* Nobody knows whether it is one of a dialog. */
static void a_cut_head_is_not_shed(void)
{
	on();
	mode_set(SG_REASON_FRAGMENT_HEAD, SG_MODE_OFF);
	level_set(SG_OVERLOAD_MOST);
	SEND(PASS, NONE, REQUEST, INVITE, .source = STRANGER, .id = fragment_id(), .size = 120,
	     .payload = REQUEST_OF("INVITE", ""));
	SEND(DROP, OVERLOAD, REQUEST, INVITE, .source = STRANGER, .id = fragment_id(), .size = 240,
	     .payload = REQUEST_OF("INVITE", ""));
}

const struct sequence overload_sequences[] = {
	{"overload: 503 to known senders arms it", refusals_arm_it},
	{"overload: it falls by itself", it_falls_by_itself},
	{"overload: a moment is not enough", a_moment_is_not_enough},
	{"overload: too few tell nothing", too_few_tell_nothing},
	{"overload: the share of 503 counts", the_share_counts},
	{"overload: off it sees nothing", off_it_sees_nothing},
	{"overload: no stranger arms it", no_stranger_arms_it},
	{"overload: no forger arms it", no_forger_arms_it},
	{"overload: no forger makes it silent", no_forger_makes_it_silent},
	{"overload: a zone over TCP counts", a_zone_over_tcp_counts},
	{"overload: each request counts once", each_request_counts_once},
	{"overload: silence arms it, answers disarm it", silence_arms_it},
	{"overload: silence towards few is none", silence_towards_few_is_none},
	{"overload: each level sheds one more", each_level_sheds_one_more},
	{"overload: emergency calls pass", emergency_calls_pass},
	{"overload: what was let in goes on", what_was_let_in_goes_on},
	{"overload: what was let in gets old", what_was_let_in_gets_old},
	{"overload: over TCP a zone is only counted", over_tcp_a_zone_is_only_counted},
	{"overload: over TCP a stranger waits", over_tcp_a_stranger_waits},
	{"overload: monitor mode sees what it would shed", monitor_mode_sees_what_it_would_shed},
	{"overload: a cut head is not shed", a_cut_head_is_not_shed},
};

const size_t overload_sequences_count = COUNT(overload_sequences);
