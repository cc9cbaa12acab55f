// SPDX-License-Identifier: GPL-2.0-only
/* Calls at the same time: which count, for whom, until when, and what a forger can do about it. */
#include <stdio.h>

#include "dialogue/dialogue.h"
#include "stream/stream.h"

#define MEMBER "198.18.0.7"
#define OTHER "192.0.2.99"
#define MINUTE (60 * SECOND)

static void begin(__u32 most)
{
	take_time();
	limits_forget();
	config()->calls = 1;
	for (int zone = 0; zone < 2; zone++)
		config()->profile[zone].calls_most = most;
}

#define BEGINS(source, port, call)                                                                \
	call_begins(source, port, CALL_REQUEST("INVITE", call, ""),                               \
		    CALL_REPLY("200 OK", "INVITE", call, TAGGED), WITHIN("ACK", call))

/* With a tag that nobody else was told. */
#define BEGINS_TAGGED(source, port, call, tag)                                                    \
	call_begins(source, port, CALL_REQUEST("INVITE", call, ""),                               \
		    CALL_REPLY("200 OK", "INVITE", call, tag), CALL_REQUEST("ACK", call, tag))

static bool may_call_from(const char *source, __u16 port)
{
	return !packet_dropped(&(struct packet_spec){
		.source = source, .sport = port, .payload = CALL_REQUEST("INVITE", "new", "")});
}

static bool may_call(void)
{
	return may_call_from(PHONE, PORT);
}

/* As the other side writes it: the tags are exchanged. */
#define FROM_THERE(start, cseq)                                                                   \
	start "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK776asdhds\r\n"                       \
	"Max-Forwards: 70\r\nTo: <sip:alice@example.com>;tag=1928301774\r\n"                      \
	"From: <sip:bob@example.com>;tag=of-the-server\r\nCall-ID: c1\r\n"                        \
	"CSeq: 9 " cseq "\r\nContent-Length: 0\r\n\r\n"
#define ASKS_FROM_THERE(method) FROM_THERE(method " sip:alice@192.0.2.1 SIP/2.0\r\n", method)

#define SIXTEEN "0123456789abcdef"
#define LONG SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN SIXTEEN

static void leaves(const char *payload)
{
	assert_false(reply_dropped(&(struct packet_spec){
		.destination = PHONE, .dport = PORT, .payload = payload}));
}

static void so_many_and_no_more(void)
{
	begin(2);
	BEGINS(PHONE, PORT, "c1");
	/* What rings or is refused is none, however often. */
	for (int i = 0; i < 5; i++) {
		asks(CALL_REQUEST("INVITE", "r1", ""), PORT);
		answers(i % 2 ? CALL_REPLY("180 Ringing", "INVITE", "r1", TAGGED)
			      : CALL_REPLY("486 Busy Here", "INVITE", "r1", TAGGED), PORT);
	}
	assert_true(may_call());
	BEGINS(PHONE, OTHER_PORT, "c2");
	assert_false(may_call());
	assert_false(may_call_from(PHONE, OTHER_PORT));
	assert_int_equal(dropped_by(SG_REASON_LIMIT_CALLS), 2);
	/* Nor anything else, nor anybody else. */
	asks(WITHIN("INVITE", "c1"), PORT);
	asks(SIP_REQUEST("MESSAGE"), PORT);
	assert_true(may_call_from(OTHER, PORT));
	/* One ends. */
	asks(WITHIN("BYE", "c1"), PORT);
	assert_false(may_call());
	answers(CALL_REPLY("200 OK", "BYE", "c1", TAGGED), PORT);
	assert_true(may_call());
	/* And once: the 2xx is sent again. */
	answers(CALL_REPLY("200 OK", "BYE", "c1", TAGGED), PORT);
	BEGINS(PHONE, PORT, "c3");
	assert_false(may_call());
}

static void the_server_ends_it(void)
{
	begin(1);
	BEGINS(PHONE, PORT, "c1");
	leaves(ASKS_FROM_THERE("INVITE")); /* hold */
	assert_false(may_call());
	leaves(ASKS_FROM_THERE("BYE"));
	assert_true(may_call());
	/* It knows nothing of it any more. */
	BEGINS(PHONE, PORT, "c2");
	asks(WITHIN("BYE", "c2"), PORT);
	answers(CALL_REPLY("481 Call Does Not Exist", "BYE", "c2", TAGGED), PORT);
	assert_true(may_call());
}

/*
 * Who makes a call has the server say 481 to a BYE of no dialog that it has: with the tags
 * exchanged, or another end of a long Call-ID. His call goes on.
 */
static void a_call_that_goes_on_does_not_end(void)
{
	begin(1);
	BEGINS(PHONE, PORT, "c1");
	asks(ASKS_FROM_THERE("BYE"), PORT);
	answers(FROM_THERE("SIP/2.0 481 Call Does Not Exist\r\n", "BYE"), PORT);
	assert_false(may_call());
	asks(WITHIN("BYE", "c1"), PORT);
	answers(CALL_REPLY("481 Call Does Not Exist", "BYE", "c1", TAGGED), PORT);
	assert_true(may_call());
	BEGINS_TAGGED(PHONE, PORT, LONG "1", ";tag=of-the-server");
	asks(WITHIN("BYE", LONG "2"), PORT);
	answers(CALL_REPLY("481 Call Does Not Exist", "BYE", LONG "2", TAGGED), PORT);
	assert_false(may_call());
	asks(WITHIN("BYE", LONG "1"), PORT);
	answers(CALL_REPLY("200 OK", "BYE", LONG "1", TAGGED), PORT);
	assert_true(may_call());
}

#define WITHOUT_COOKIE(start, method, tag)                                                        \
	start "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=old\r\nMax-Forwards: 70\r\n"                \
	"To: <sip:bob@example.com>" tag "\r\nFrom: <sip:alice@example.com>;tag=1\r\n"             \
	"Call-ID: c1\r\nCSeq: 1 " method "\r\nContent-Length: 0\r\n\r\n"
#define OLD_INVITE "INVITE sip:bob@example.com SIP/2.0\r\n"

/* Where a branch has no magic cookie the server tells two INVITEs by their To, too. */
static void a_new_call_behind_one_that_is_none(void)
{
	begin(1);
	asks(WITHOUT_COOKIE(OLD_INVITE, "INVITE", ";tag=none"), PORT);
	asks(WITHOUT_COOKIE(OLD_INVITE, "INVITE", ""), PORT);
	answers(WITHOUT_COOKIE("SIP/2.0 200 OK\r\n", "INVITE", TAGGED), PORT);
	asks(WITHOUT_COOKIE("ACK sip:bob@example.com SIP/2.0\r\n", "ACK", TAGGED), PORT);
	assert_false(may_call());
}

/* Of the same Call-ID, and one of its tags: as many calls as the server says. */
static void a_call_is_told_by_its_whole_dialog(void)
{
	begin(2);
	BEGINS(PHONE, PORT, "c1");
	BEGINS_TAGGED(PHONE, PORT, "c1", ";tag=fork");
	assert_false(may_call());
	asks(CALL_REQUEST("BYE", "c1", ";tag=none"), PORT);
	answers(CALL_REPLY("200 OK", "BYE", "c1", ";tag=none"), PORT);
	assert_false(may_call());
	asks(CALL_REQUEST("BYE", "c1", ";tag=fork"), PORT);
	answers(CALL_REPLY("200 OK", "BYE", "c1", ";tag=fork"), PORT);
	assert_true(may_call());
}

/* What comes again counts once, as does a call that goes on; and only for who has made it. */
static void what_counts_once(void)
{
	begin(2);
	BEGINS(PHONE, PORT, "c1");
	for (int i = 0; i < 5; i++) {
		asks(WITHIN("ACK", "c1"), PORT);
		asks(WITHIN("INVITE", "c1"), PORT);
		answers(CALL_REPLY("200 OK", "INVITE", "c1", TAGGED), PORT);
		asks(WITHIN("ACK", "c1"), PORT);
	}
	assert_true(may_call());
	/* The callee of two holds them. */
	for (int i = 0; i < 2; i++) {
		asks_of(OTHER, CALL_REQUEST("INVITE", "c2", ";tag=callers"), PORT);
		answers_to(OTHER, CALL_REPLY("200 OK", "INVITE", "c2", ";tag=callers"), PORT);
		asks_of(OTHER, CALL_REQUEST("ACK", "c2", ";tag=callers"), PORT);
		asks_of(OTHER, CALL_REQUEST("INVITE", "c3", ";tag=callers"), PORT);
		answers_to(OTHER, CALL_REPLY("200 OK", "INVITE", "c3", ";tag=callers"), PORT);
		asks_of(OTHER, CALL_REQUEST("ACK", "c3", ";tag=callers"), PORT);
	}
	assert_true(may_call_from(OTHER, PORT));
}

/* INVITEs in somebody's name that the server answers: the answers go to him, and no ACK comes. */
static void a_forger_uses_up_nothing(void)
{
	begin(1);
	for (int i = 0; i < 5; i++) {
		asks(CALL_REQUEST("INVITE", "f1", ""), PORT);
		answers(CALL_REPLY("200 OK", "INVITE", "f1", TAGGED), PORT);
		asks(CALL_REQUEST("ACK", "f1", ";tag=guessed"), PORT);
		asks_of(OTHER, WITHIN("ACK", "f1"), PORT);
	}
	assert_true(may_call());
	assert_true(may_call_from(OTHER, PORT));
	/* Nor does he end one, whose dialog he knows. */
	BEGINS(PHONE, PORT, "c1");
	asks_of(OTHER, WITHIN("BYE", "c1"), PORT);
	asks(WITHIN("BYE", "c1"), PORT);
	asks(CALL_REPLY("200 OK", "BYE", "c1", TAGGED), PORT);
	asks(ASKS_FROM_THERE("BYE"), PORT);
	assert_false(may_call());
}

/* Who is registered has them by himself, behind one address. */
static void each_flow_has_its_own(void)
{
	begin(1);
	proven_set(PHONE, IPPROTO_UDP, PORT, SG_PROOF_REGISTER, 3600);
	proven_set(PHONE, IPPROTO_UDP, OTHER_PORT, SG_PROOF_REGISTER, 3600);
	BEGINS(PHONE, PORT, "c1");
	assert_false(may_call());
	assert_true(may_call_from(PHONE, OTHER_PORT));
	assert_true(may_call_from(PHONE, OTHER_PORT + 1));
	BEGINS(PHONE, OTHER_PORT + 1, "c2");
	assert_false(may_call_from(PHONE, OTHER_PORT + 2));
	assert_true(may_call_from(PHONE, OTHER_PORT));
}

#define EMERGENCY                                                                                 \
	"INVITE urn:service:sos SIP/2.0\r\n" CALL_HEADERS("INVITE", "e1", "")
#define URGENT                                                                                    \
	"INVITE sip:bob@example.com SIP/2.0\r\nResource-Priority: esnet.0\r\n"                    \
	CALL_HEADERS("INVITE", "e2", "")

static void zones_if_they_say_so(void)
{
	begin(1);
	zone_set(0, "198.18.0.0/15", 1);
	BEGINS(MEMBER, PORT, "c1");
	assert_true(may_call_from(MEMBER, PORT));
	config()->profile[1].calls_zones = 1;
	BEGINS(MEMBER, PORT, "c2");
	assert_false(may_call_from(MEMBER, PORT));
	assert_true(may_call_from("198.18.0.8", PORT));
	/* What is never refused. */
	asks_of(MEMBER, EMERGENCY, PORT);
	assert_true(packet_dropped(&(struct packet_spec){.source = MEMBER, .payload = URGENT}));
	config()->profile[1].callee_priority = config()->profile[0].callee_priority = 1;
	asks_of(MEMBER, URGENT, PORT);
	BEGINS_TAGGED(PHONE, PORT, "c3", ";tag=phones");
	assert_true(packet_dropped(&(struct packet_spec){.source = PHONE, .payload = URGENT}));
	asks(EMERGENCY, PORT);
}

static void what_nobody_ends_is_forgotten(void)
{
	begin(1);
	BEGINS(PHONE, PORT, "c1");
	clock_move(115 * MINUTE);
	assert_false(may_call());
	clock_move(40 * MINUTE);
	assert_true(may_call());
	/* What is heard of goes on: by re-INVITEs of a session timer (RFC 4028), say. */
	BEGINS(PHONE, PORT, "c2");
	for (int i = 0; i < 4; i++) {
		clock_move(100 * MINUTE);
		asks(WITHIN("INVITE", "c2"), PORT);
		answers(CALL_REPLY("200 OK", "INVITE", "c2", TAGGED), PORT);
	}
	assert_false(may_call());
	asks(WITHIN("BYE", "c2"), PORT);
	answers(CALL_REPLY("200 OK", "BYE", "c2", TAGGED), PORT);
	assert_true(may_call());
}

/* Over TCP its sender is there, and his connection is not ended for it if he is known. */
static void over_tcp(void)
{
	static const struct packet_spec call = {
		OVER_TCP, .source = PHONE, .payload = CALL_REQUEST("INVITE", "c1", ""),
	};

	begin(1);
	assert_false(packet_dropped(&call));
	assert_false(reply_dropped(&(struct packet_spec){
		OVER_TCP, .destination = PHONE, .dport = PORT, .again = true,
		.payload = CALL_REPLY("200 OK", "INVITE", "c1", TAGGED)}));
	assert_false(may_call());
	assert_false(packet_dropped(&call)); /* the call has proven its flow */
	assert_int_equal(dropped_by(SG_REASON_LIMIT_CALLS), 1);
	assert_true(packet_dropped(&(struct packet_spec){
		OVER_TCP, .source = PHONE, .sport = OTHER_PORT,
		.payload = CALL_REQUEST("INVITE", "c1", "")}));
}

static void over_ipv6(void)
{
	begin(1);
	asks_of(IPV6_A, CALL_REQUEST("INVITE", "c1", ""), PORT);
	assert_false(reply_dropped(&(struct packet_spec){
		.source = IPV6_C, .destination = IPV6_A, .dport = PORT, .again = true,
		.payload = CALL_REPLY("200 OK", "INVITE", "c1", TAGGED)}));
	asks_of(IPV6_A, WITHIN("ACK", "c1"), PORT);
	assert_false(may_call_from(IPV6_B, PORT)); /* of the same /64 */
	assert_true(may_call_from(IPV6_C, PORT));
}

/* As many calls as the guard remembers, which a forger has answered: those that count stay. */
static void a_full_table(void)
{
	struct sg_stats stats;

	begin(1);
	BEGINS(PHONE, PORT, "c1");
	calls_fill();
	stats_read(&stats);
	assert_true(stats.count[SG_COUNT_CALLS_FULL] > 0);
	assert_false(may_call());
	BEGINS_TAGGED(OTHER, PORT, "c2", ";tag=others"); /* and there is room for one that counts */
	assert_false(may_call_from(OTHER, PORT));
}

static void without_the_setting(void)
{
	begin(0);
	config()->calls = 0;
	for (int i = 0; i < 20; i++) {
		BEGINS(PHONE, PORT, "c1");
		assert_true(may_call());
	}
}

const struct sequence calls_sequences[] = {
	{"calls at once: so many and no more", so_many_and_no_more},
	{"calls at once: the server ends one", the_server_ends_it},
	{"calls at once: one that goes on does not end", a_call_that_goes_on_does_not_end},
	{"calls at once: a new one behind one that is none", a_new_call_behind_one_that_is_none},
	{"calls at once are told by their dialogs", a_call_is_told_by_its_whole_dialog},
	{"calls at once: what counts once", what_counts_once},
	{"calls at once: a forger uses up nothing", a_forger_uses_up_nothing},
	{"calls at once: each registered flow has its own", each_flow_has_its_own},
	{"calls at once of zones", zones_if_they_say_so},
	{"calls at once: what nobody ends is forgotten", what_nobody_ends_is_forgotten},
	{"calls at once over TCP", over_tcp},
	{"calls at once over IPv6", over_ipv6},
	{"calls at once: a full table", a_full_table},
	{"calls at once without the setting", without_the_setting},
};

const size_t calls_sequences_count = COUNT(calls_sequences);
