// SPDX-License-Identifier: GPL-2.0-only
/* What belongs to no dialog and to no transaction: who knows which, for how long, and who pays. */
#include <stdio.h>

#include "dialogue/dialogs.h"
#include "stream/stream.h"

#define MEMBER "198.18.0.7"

/* --- which are known --- */

#define EACH_WITHIN(call)                                                                         \
	{WITHIN("BYE", call), WITHIN("INVITE", call), WITHIN("ACK", call),                        \
	 WITHIN("UPDATE", call), WITHIN("INFO", call), WITHIN("NOTIFY", call),                    \
	 WITHIN("PRACK", call), WITHIN("REFER", call), WITHIN("SUBSCRIBE", call),                 \
	 WITHIN("MESSAGE", call)}

static void a_call_to_the_server(void)
{
	static const char *const known[] = EACH_WITHIN("c1"), *const unknown[] = EACH_WITHIN("c2");

	begin();
	assert_true(may_send(CALL_REQUEST("INVITE", "c1", "")));
	assert_false(may_send(WITHIN("PRACK", "c1")));
	answers(CALL_REPLY("183 Session Progress", "INVITE", "c1", TAGGED), PORT);
	assert_true(may_send(WITHIN("PRACK", "c1")));
	answers(CALL_REPLY("200 OK", "INVITE", "c1", TAGGED), PORT);
	for (size_t i = 0; i < COUNT(known); i++) {
		assert_true(may_send(known[i]));
		assert_false(may_send(unknown[i]));
	}
	assert_int_equal(dropped_by(SG_REASON_DIALOG_UNKNOWN), COUNT(unknown) + 1);
}

/* Whichever side asks, and whichever tags its messages have; by another path, too. */
static void a_call_of_the_server(void)
{
	begin();
	server_asks(CALL_REQUEST("INVITE", "c1", ""));
	assert_true(may_go_on(CALL_REPLY("180 Ringing", "INVITE", "c1", TAGGED)));
	assert_true(may_send(WITHIN("UPDATE", "c1")));
	assert_true(may_send(CALL_REQUEST("UPDATE", "c1", ";tag=another-fork")));
	server_asks(CALL_REQUEST("INVITE", "c2", ""));
	assert_true(may_go_on(CALL_REPLY("200 OK", "INVITE", "c2", TAGGED)));
	time_goes_by(HOUR);
	assert_false(may_send(WITHIN("BYE", "c1")));
	assert_false(packet_dropped(&(struct packet_spec){
		.source = "192.0.2.99", .payload = WITHIN("BYE", "c2")}));
}

/* Only the branch of what our server has sent makes it one, whatever else is right. */
static void responses(void)
{
	begin();
	assert_false(may_send(CALL_REPLY("200 OK", "OPTIONS", "c1", TAGGED)));
	server_asks(CALL_REQUEST("OPTIONS", "c1", ""));
	assert_false(may_send(CALL_REPLY("200 OK", "OPTIONS", "c1", TAGGED)));
	server_asks(CALL_REQUEST("OPTIONS", "c1", ""));
	assert_true(may_go_on(CALL_REPLY("200 OK", "OPTIONS", "c1", TAGGED)));
	assert_int_equal(dropped_by(SG_REASON_TRANSACTION_UNKNOWN), 2);
	/* What answers nothing teaches nothing. */
	mode_set(SG_REASON_TRANSACTION_UNKNOWN, SG_MODE_MONITOR);
	assert_true(may_send(CALL_REPLY("200 OK", "INVITE", "forged", TAGGED)));
	assert_false(may_send(WITHIN("BYE", "forged")));
}

/* While it rings the branch of its INVITE is known, and that of what is answered at once is not. */
static void a_branch_ends(void)
{
	begin();
	server_asks(CALL_REQUEST("OPTIONS", "c1", ""));
	time_goes_by(100 * SECOND);
	server_asks(CALL_REQUEST("INVITE", "c1", ""));
	for (int i = 0; i < 3; i++) {
		time_goes_by(500 * SECOND);
		assert_true(may_go_on(CALL_REPLY("180 Ringing", "INVITE", "c1", TAGGED)));
	}
	time_goes_by(700 * SECOND);
	assert_false(may_go_on(CALL_REPLY("180 Ringing", "INVITE", "c1", TAGGED)));
	server_asks(CALL_REQUEST("OPTIONS", "c1", ""));
	clock_move(70 * SECOND);
	assert_false(may_go_on(CALL_REPLY("200 OK", "OPTIONS", "c1", TAGGED)));
}

static void subscriptions(void)
{
	begin();
	/* NOTIFY may come before the 2xx (RFC 6665 section 4.1.2.4). */
	server_asks(CALL_REQUEST("SUBSCRIBE", "s1", ""));
	assert_true(may_send(WITHIN("NOTIFY", "s1")));
	assert_true(may_send(CALL_REQUEST("SUBSCRIBE", "s2", "")));
	answers(CALL_REPLY("202 Accepted", "SUBSCRIBE", "s2", TAGGED), PORT);
	time_goes_by(HOUR);
	assert_true(may_send(WITHIN("SUBSCRIBE", "s2")));
	assert_true(may_send(CALL_REQUEST("NOTIFY", "unsolicited", "")));
}

/* What a challenge, a refusal or a 2xx to other methods is, is no dialog. */
static void what_makes_none(void)
{
	begin();
	for (int i = 0; i < 2; i++) {
		assert_true(may_send(CALL_REQUEST("INVITE", "c1", "")));
		answers(i ? CALL_REPLY("486 Busy Here", "INVITE", "c1", TAGGED)
			  : CALL_REPLY("407 Unauthorized", "INVITE", "c1", TAGGED), PORT);
		assert_true(may_go_on(WITHIN("ACK", "c1"))); /* of a refusal */
		assert_false(may_send(WITHIN("ACK", "c1")));
		assert_false(may_send(WITHIN("BYE", "c1")));
	}
	assert_true(may_send(CALL_REQUEST("OPTIONS", "c2", "")));
	answers(CALL_REPLY("200 OK", "OPTIONS", "c2", TAGGED), PORT);
	assert_true(may_send(CALL_REQUEST("MESSAGE", "c2", "")));
	answers(CALL_REPLY("200 OK", "MESSAGE", "c2", TAGGED), PORT);
	server_asks(CALL_REQUEST("OPTIONS", "c2", ""));
	assert_false(may_send(WITHIN("MESSAGE", "c2")));
}

static void what_is_not_looked_at(void)
{
	static const char *const others[] = {
		WITHIN("OPTIONS", "none"), WITHIN("REGISTER", "none"), WITHIN("PUBLISH", "none"),
		WITHIN("BENOTIFY", "none"), CALL_REQUEST("BYE", "none", ""),
		CALL_REQUEST("INVITE", "none", ""),
		"BYE sip:b@example.com SIP/2.0\r\n"
		"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK776asdhds\r\n"
		"To: <urn:service:sos>;tag=1\r\nFrom: <sip:a@example.com>;tag=2\r\n"
		"Call-ID: none\r\nCSeq: 2 BYE\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n",
	};

	begin();
	for (size_t i = 0; i < COUNT(others); i++)
		assert_true(may_send(others[i]));
	/* The Call-ID may stand in the rest. */
	assert_false(packet_dropped(&(struct packet_spec){
		.source = PHONE, .payload = WITHIN("BYE", "none"), .fill = 600,
		.id = fragment_id(), .size = 800}));
	assert_int_equal(dropping_reason(), SG_REASON_NONE);
}

static void cancel(void)
{
	begin();
	assert_true(may_send(CALL_REQUEST("INVITE", "c1", "")));
	assert_true(may_go_on(CALL_REQUEST("CANCEL", "c1", "")));
	assert_false(may_send(CALL_REQUEST("CANCEL", "c1", "")));
	assert_int_equal(dropped_by(SG_REASON_TRANSACTION_UNKNOWN), 1);
	/* Another number, or somebody else's. */
	assert_true(may_send(CALL_REQUEST("INVITE", "c2", "")));
	assert_true(packet_dropped(&(struct packet_spec){
		.source = "192.0.2.99", .again = true,
		.payload = CALL_REQUEST("CANCEL", "c2", "")}));
	/* It rings: the server's word for it is as good. */
	answers(CALL_REPLY("180 Ringing", "INVITE", "c2", TAGGED), PORT);
	assert_true(may_send(CALL_REQUEST("CANCEL", "c2", "")));
}

/* --- for how long --- */

static void a_stranger_is_remembered_as_well(void)
{
	begin();
	assert_true(may_send(CALL_REQUEST("INVITE", "c1", "")));
	answers(CALL_REPLY("180 Ringing", "INVITE", "c1", TAGGED), PORT);
	time_goes_by(230 * SECOND);
	assert_true(may_send(WITHIN("PRACK", "c1")));
	time_goes_by(20 * SECOND);
	assert_false(may_send(WITHIN("PRACK", "c1")));
	answers(CALL_REPLY("200 OK", "INVITE", "c1", TAGGED), PORT);
	time_goes_by(23 * HOUR);
	assert_true(may_send(WITHIN("INFO", "c1")));
	time_goes_by(2 * HOUR);
	assert_false(may_send(WITHIN("INFO", "c1")));
}

/* Whatever a known sender has in it makes it last, and what the server says to that. */
static void it_lasts_while_it_goes_on(void)
{
	begin();
	answers(CALL_REPLY("200 OK", "INVITE", "c1", TAGGED), PORT);
	for (int i = 0; i < 3; i++) {
		time_goes_by(20 * HOUR);
		proven_set(PHONE, IPPROTO_UDP, PORT, SG_PROOF_REGISTER, 60);
		assert_true(may_send(WITHIN("UPDATE", "c1")));
	}
	for (int i = 0; i < 3; i++) {
		time_goes_by(20 * HOUR);
		answers(CALL_REPLY("200 OK", "UPDATE", "c1", TAGGED), PORT);
	}
	/* What would make it a short one if it were new. */
	server_asks(WITHIN("UPDATE", "c1"));
	answers(CALL_REPLY("183 Session Progress", "INVITE", "c1", TAGGED), PORT);
	time_goes_by(HOUR);
	assert_true(may_send(WITHIN("BYE", "c1")));
}

/* The server says that it is over; a forger's BYE ends nothing. */
static void only_the_server_ends_it(void)
{
	begin();
	answers(CALL_REPLY("200 OK", "INVITE", "c1", TAGGED), PORT);
	assert_true(may_send(WITHIN("BYE", "c1")));
	time_goes_by(HOUR);
	assert_true(may_send(WITHIN("BYE", "c1")));
	answers(CALL_REPLY("200 OK", "BYE", "c1", TAGGED), PORT);
	/* What comes late. */
	time_goes_by(200 * SECOND);
	assert_true(may_send(WITHIN("BYE", "c1")));
	time_goes_by(50 * SECOND);
	assert_false(may_send(WITHIN("BYE", "c1")));
	answers(CALL_REPLY("200 OK", "INVITE", "c2", TAGGED), PORT);
	server_asks(WITHIN("BYE", "c2"));
	time_goes_by(250 * SECOND);
	assert_false(may_send(WITHIN("BYE", "c2")));
}

/* Whoever is forged a thousand times with calls that the server answers: a trunk's calls stay. */
static void a_full_table(void)
{
	struct sg_stats stats;

	begin();
	proven_set(PHONE, IPPROTO_UDP, PORT, SG_PROOF_REGISTER, 3600);
	answers(CALL_REPLY("200 OK", "INVITE", "c1", TAGGED), PORT);
	dialogs_fill(3);
	assert_true(may_send(WITHIN("INFO", "c1")));
	stats_read(&stats);
	assert_true(stats.count[SG_COUNT_DIALOGS_FULL] > 0);
	answers(CALL_REPLY("200 OK", "INVITE", "c2", TAGGED), PORT);
	assert_true(may_send(WITHIN("INFO", "c2")));
	dialogs_fill(4);
	answers_to("192.0.2.99", CALL_REPLY("200 OK", "INVITE", "c3", TAGGED), PORT);
	stats_clear();
	assert_true(may_send(WITHIN("INFO", "c3")));
	answers_to("192.0.2.99", CALL_REPLY("200 OK", "INVITE", "c3", TAGGED), PORT);
	stats_read(&stats);
	assert_int_equal(stats.count[SG_COUNT_DIALOGS_FULL], 1);
	clock_move(48 * HOUR); /* for the tests behind this one: all of it is over */
}

/* Where there was no room for what the server has sent, nobody knows that it has not. */
static void what_found_no_room_is_not_held_against_anybody(void)
{
	begin();
	dialogs_fill(3);
	server_asks(CALL_REQUEST("OPTIONS", "c1", ""));
	assert_true(may_go_on(CALL_REPLY("200 OK", "OPTIONS", "c1", TAGGED)));
	dialogs_fill(4);
	answers_to("192.0.2.99", CALL_REPLY("200 OK", "INVITE", "c3", TAGGED), PORT);
	assert_true(may_send(WITHIN("INFO", "c3")));
	clock_move(48 * HOUR);
}

/* Phones keep their NAT open so, each time with another Call-ID: that makes no dialog. */
static void a_notify_that_nobody_asked_for(void)
{
	begin();
	assert_true(may_send(CALL_REQUEST("NOTIFY", "n1", "")));
	answers(CALL_REPLY("200 OK", "NOTIFY", "n1", TAGGED), PORT);
	assert_false(may_send(WITHIN("NOTIFY", "n1")));
	/* But it goes on with one that is there. */
	server_asks(CALL_REQUEST("SUBSCRIBE", "n2", ""));
	assert_true(may_send(CALL_REQUEST("NOTIFY", "n2", "")));
	answers(CALL_REPLY("200 OK", "NOTIFY", "n2", TAGGED), PORT);
	time_goes_by(HOUR);
	assert_true(may_send(WITHIN("NOTIFY", "n2")));
}

/* --- when nothing is judged --- */

static void the_guard_listens_first(void)
{
	begin();
	config()->profile[0].dialog_grace = 3600;
	time_goes_by(3500 * SECOND);
	assert_true(may_send(WITHIN("BYE", "unknown")));
	time_goes_by(200 * SECOND);
	assert_false(may_send(WITHIN("BYE", "unknown")));
	/* What began while nothing of the server was heard it does not know. */
	clock_move(601 * SECOND);
	assert_true(may_send(WITHIN("BYE", "unknown")));
	time_goes_by(0);
	time_goes_by(3500 * SECOND);
	assert_true(may_send(WITHIN("BYE", "unknown")));
	time_goes_by(200 * SECOND);
	assert_false(may_send(WITHIN("BYE", "unknown")));
}

/* Calls that are older than the guard, or come from another one: what the server says of them. */
static void a_call_is_learned_in_its_midst(void)
{
	begin();
	assert_false(may_send(WITHIN("INVITE", "c1")));
	mode_set(SG_REASON_DIALOG_UNKNOWN, SG_MODE_MONITOR);
	assert_true(may_send(WITHIN("INVITE", "c1")));
	mode_set(SG_REASON_DIALOG_UNKNOWN, SG_MODE_ENFORCE);
	answers(CALL_REPLY("481 Call Does Not Exist", "INVITE", "c1", TAGGED), PORT);
	assert_false(may_send(WITHIN("BYE", "c1")));
	answers(CALL_REPLY("200 OK", "INVITE", "c1", TAGGED), PORT);
	assert_true(may_send(WITHIN("BYE", "c1")));
	server_asks(WITHIN("UPDATE", "c2"));
	assert_true(may_send(WITHIN("BYE", "c2")));
}

/* A peer that is allowed is asked nothing, and its calls are known to all the same. */
static void calls_of_the_allow_list(void)
{
	begin();
	list_set("192.0.2.50", SG_LIST_ALLOW);
	answers_to("192.0.2.50", CALL_REPLY("200 OK", "INVITE", "c1", TAGGED), PORT);
	assert_true(may_send(WITHIN("BYE", "c1")));
	assert_false(packet_dropped(&(struct packet_spec){
		.source = "192.0.2.50", .payload = WITHIN("BYE", "unknown")}));
}

static void zones_are_spared(void)
{
	static const struct packet_spec bye = {.source = MEMBER, .payload = WITHIN("BYE", "none")};

	begin();
	zone_set(0, "198.18.0.0/15", 1);
	assert_false(packet_dropped(&bye));
	config()->profile[1].dialog_zones = 1;
	assert_true(packet_dropped(&bye));
	/* What they are in is known, too. */
	answers_to(MEMBER, CALL_REPLY("200 OK", "INVITE", "c1", TAGGED), PORT);
	assert_true(may_send(WITHIN("BYE", "c1")));
}

static void off_nothing_is_learned(void)
{
	begin();
	fix.state->dialogs_since = fix.state->dialogs_until = 0;
	mode_set(SG_REASON_DIALOG_UNKNOWN, SG_MODE_OFF);
	mode_set(SG_REASON_TRANSACTION_UNKNOWN, SG_MODE_OFF);
	assert_int_equal(config()->dialogs, 0);
	answers(CALL_REPLY("200 OK", "INVITE", "c1", TAGGED), PORT);
	assert_int_equal(fix.state->dialogs_since, 0);
	mode_set(SG_REASON_DIALOG_UNKNOWN, SG_MODE_ENFORCE);
	assert_int_equal(config()->dialogs, 1);
	assert_true(may_send(WITHIN("BYE", "c1"))); /* it has not listened */
	answers(CALL_REPLY("401 Unauthorized", "REGISTER", "other", TAGGED), PORT);
	assert_false(may_send(WITHIN("BYE", "c1")));
}

/* --- other links --- */

static void over_ipv6(void)
{
	static const struct packet_spec reply = {
		.source = IPV6_C, .destination = IPV6_A, .dport = PORT,
		.payload = CALL_REPLY("200 OK", "INVITE", "c1", TAGGED),
	};

	begin();
	assert_true(packet_dropped(&(struct packet_spec){
		.source = IPV6_A, .payload = WITHIN("BYE", "c1")}));
	assert_false(reply_dropped(&reply));
	assert_false(packet_dropped(&(struct packet_spec){
		.source = IPV6_B, .payload = WITHIN("BYE", "c1"), .vlan = {0x8100}}));
}

/* What leaves over TCP teaches, and what comes over it is not looked at. */
static void over_tcp(void)
{
	begin();
	assert_false(packet_dropped(&(struct packet_spec){
		OVER_TCP, .source = PHONE, .payload = WITHIN("BYE", "c1")}));
	assert_false(may_send(WITHIN("BYE", "c1")));
	assert_false(reply_dropped(&(struct packet_spec){
		OVER_TCP, .destination = PHONE, .dport = PORT,
		.payload = CALL_REPLY("200 OK", "INVITE", "c1", TAGGED)}));
	assert_true(may_send(WITHIN("BYE", "c1")));
}

/* Several datagrams of one frame: one that is unknown is counted, and the others pass with it. */
static void of_several_datagrams(void)
{
	static const char three[] = WITHIN("BYE", "known") WITHIN("BYE", "nknow")
				    WITHIN("BYE", "known");

	struct sg_stats stats;

	begin();
	if (fix.program != PROGRAM_INGRESS)
		return;
	fix.gso_size = strlen(three) / 3;
	assert_true(may_send(three));
	stats_read(&stats);
	assert_int_equal(stats.reason[SG_REASON_DIALOG_UNKNOWN].watched.packets, 1);
}

/* --- the limit --- */

static void limited(void)
{
	begin();
	mode_set(SG_REASON_DIALOG_UNKNOWN, SG_MODE_MONITOR);
	mode_set(SG_REASON_TRANSACTION_UNKNOWN, SG_MODE_OFF);
	mode_set(SG_REASON_LIMIT_DIALOG, SG_MODE_ENFORCE);
	config()->profile[0].dialog = config()->profile[1].dialog = limit_hourly(3);
}

static void what_is_unknown_is_limited(void)
{
	limited();
	for (int i = 0; i < 10; i++)
		assert_true(may_send(WITHIN("BYE", "known")));
	assert_true(may_send(WITHIN("BYE", "unknown")));
	assert_true(may_send(CALL_REQUEST("CANCEL", "unknown", "")));
	assert_true(may_send(CALL_REPLY("200 OK", "OPTIONS", "unknown", TAGGED)));
	assert_false(may_send(WITHIN("BYE", "unknown")));
	assert_false(may_send(CALL_REPLY("200 OK", "OPTIONS", "unknown", TAGGED)));
	assert_int_equal(dropped_by(SG_REASON_LIMIT_DIALOG), 2);
	/* What is known is not held against it; nor anybody else. */
	assert_true(may_send(WITHIN("BYE", "known")));
	assert_true(may_send(CALL_REQUEST("INVITE", "new", "")));
	assert_false(packet_dropped(&(struct packet_spec){
		.source = "192.0.2.99", .payload = WITHIN("BYE", "unknown")}));
	clock_move(HOUR);
	server_asks(CALL_REQUEST("OPTIONS", "other", ""));
	assert_true(may_send(WITHIN("BYE", "unknown")));
}

/* A forger spends nothing of who is proven, unless he has the port. */
static void who_is_proven_pays_by_himself(void)
{
	limited();
	proven_set(PHONE, IPPROTO_UDP, OTHER_PORT, SG_PROOF_REGISTER, 3600);
	for (int i = 0; i < 4; i++)
		may_send(WITHIN("BYE", "unknown"));
	assert_int_equal(dropped_by(SG_REASON_LIMIT_DIALOG), 1);
	for (int i = 0; i < 4; i++)
		assert_int_equal(packet_dropped(&(struct packet_spec){
			.source = PHONE, .sport = OTHER_PORT,
			.payload = WITHIN("BYE", "unknown")}), i == 3);
}

/* By default all of it passes: a failover has the calls of a gateway end here. */
static void by_default_it_monitors(void)
{
	static const reason_set both = REASON_BIT(SG_REASON_DIALOG_UNKNOWN) |
				       REASON_BIT(SG_REASON_LIMIT_DIALOG);

	take_time();
	listens();
	for (int i = 0; i < 100; i++)
		assert_true(may_send(WITHIN("BYE", "unknown")));
	SEND_WATCHED(PASS, NONE, both, REQUEST, BYE, .payload = WITHIN("BYE", "unknown"));
}

const struct sequence dialog_sequences[] = {
	{"dialogs of calls to the server", a_call_to_the_server},
	{"dialogs of calls of the server", a_call_of_the_server},
	{"dialogs: responses to nothing", responses},
	{"dialogs: a branch ends", a_branch_ends},
	{"dialogs of subscriptions", subscriptions},
	{"dialogs: what makes none", what_makes_none},
	{"dialogs: what is not looked at", what_is_not_looked_at},
	{"dialogs: CANCEL has an INVITE", cancel},
	{"dialogs of strangers are remembered", a_stranger_is_remembered_as_well},
	{"dialogs last while they go on", it_lasts_while_it_goes_on},
	{"dialogs are ended by the server alone", only_the_server_ends_it},
	{"dialogs: a full table keeps who is known", a_full_table},
	{"dialogs: what found no room is not held against anybody",
	 what_found_no_room_is_not_held_against_anybody},
	{"dialogs: a NOTIFY that nobody asked for", a_notify_that_nobody_asked_for},
	{"dialogs: the guard listens first", the_guard_listens_first},
	{"dialogs are learned in their midst", a_call_is_learned_in_its_midst},
	{"dialogs of the allow list are known", calls_of_the_allow_list},
	{"dialogs: zones are spared", zones_are_spared},
	{"dialogs: off, nothing is learned", off_nothing_is_learned},
	{"dialogs over IPv6", over_ipv6},
	{"dialogs over TCP", over_tcp},
	{"dialogs of several datagrams", of_several_datagrams},
	{"dialogs: what is unknown is limited", what_is_unknown_is_limited},
	{"dialogs: who is proven pays by himself", who_is_proven_pays_by_himself},
	{"dialogs are only counted by default", by_default_it_monitors},
};

const size_t dialog_sequences_count = COUNT(dialog_sequences);
