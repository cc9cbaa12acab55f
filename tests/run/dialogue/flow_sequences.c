// SPDX-License-Identifier: GPL-2.0-only
/* What flows have proven, and what that is good for: budget, greylist, limits, replies. */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "dialogue/dialogue.h"

/* --- what proves a flow --- */

static void a_challenged_register_proves(void)
{
	registers(REGISTER_RIGHT, REGISTER_OK, PORT);
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, PORT), SG_PROOF_REGISTER);
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, OTHER_PORT), SG_PROOF_NONE);
	assert_int_equal(proven_of(PHONE, IPPROTO_TCP, PORT), SG_PROOF_NONE);
	assert_int_equal(proven_of("192.0.2.9", IPPROTO_UDP, PORT), SG_PROOF_NONE);
}

/* Both halves of its hash are alike: once in as many flows as the table has lines. */
static void whatever_its_hash_is(void)
{
	while (((flow_hash(PHONE, IPPROTO_UDP, PORT) >> 32) ^ flow_hash(PHONE, IPPROTO_UDP, PORT)) %
	       SG_PROVEN)
		fix.state->secret[0]++;
	registers(REGISTER_RIGHT, REGISTER_OK, PORT);
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, PORT), SG_PROOF_REGISTER);
}

/* Who has proven something is not forgotten for anybody; what is over is free at once. */
static void a_full_table_forgets_nobody(void)
{
	struct sg_stats stats;

	registers(REGISTER_RIGHT, REGISTER_OK, PORT);
	proven_fill(60);
	registers(REGISTER_RIGHT, REGISTER_OK, OTHER_PORT);
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, OTHER_PORT), SG_PROOF_NONE);
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, PORT), SG_PROOF_REGISTER);
	stats_read(&stats);
	assert_int_equal(stats.count[SG_COUNT_PROVEN_FULL], 1);
	clock_move(61 * SG_NSEC_PER_SEC);
	registers(REGISTER_RIGHT, REGISTER_OK, OTHER_PORT);
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, OTHER_PORT), SG_PROOF_REGISTER);
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, PORT), SG_PROOF_REGISTER);
}

/* Both ways under the tags of a trunk, or in a session of PPPoE. */
static void a_register_proves_on_every_link(void)
{
	static const char *const dialogue[] = {
		REQUEST_OF("REGISTER", ""), REPLY_OF("401 Unauthorized", "REGISTER", CHALLENGE),
		REGISTER_RIGHT, REGISTER_OK,
	};
	static const struct packet_spec links[] = {
		{EIGHT_TAGS}, {.pppoe = true}, {.vlan = {ETH_P_QINQ1}, .pppoe = true},
	};

	for (size_t i = 0; i < COUNT(links); i++) {
		for (size_t j = 0; j < COUNT(dialogue); j++) {
			struct packet_spec packet = links[i];

			packet.payload = dialogue[j];
			packet.again = j % 2;
			packet.sport = PORT + i;
			if (j % 2) {
				packet.destination = PHONE;
				packet.dport = PORT + i;
				packet.sport = 0;
				assert_false(reply_dropped(&packet));
			} else {
				assert_false(packet_dropped(&packet));
			}
		}
		assert_int_equal(proven_of(PHONE, IPPROTO_UDP, PORT + i), SG_PROOF_REGISTER);
	}
}

static void a_register_that_nobody_asked_for_proves_nothing(void)
{
	/* The server takes it without a challenge: a forged one would look the same. */
	asks(REQUEST_OF("REGISTER", ""), PORT);
	answers(REGISTER_OK, PORT);
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, PORT), SG_PROOF_NONE);
	/* A nonce that it made up, or that was another flow's. */
	registers(REQUEST_OF("REGISTER", CREDENTIALS("made-up-by-somebody")), REGISTER_OK, PORT);
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, PORT), SG_PROOF_NONE);
	asks_of("192.0.2.9", REGISTER_RIGHT, PORT);
	answers_to("192.0.2.9", REGISTER_OK, PORT);
	assert_int_equal(proven_of("192.0.2.9", IPPROTO_UDP, PORT), SG_PROOF_NONE);
	/* A reply to a request that was not seen. */
	answers(REPLY_OF("401 Unauthorized", "REGISTER", CHALLENGE), PORT);
	assert_false(reply_dropped(&(struct packet_spec){
		.destination = PHONE, .dport = PORT, .payload = REGISTER_OK,
	}));
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, PORT), SG_PROOF_NONE);
	config()->proven_unchallenged = 1;
	asks(REQUEST_OF("REGISTER", ""), PORT);
	answers(REGISTER_OK, PORT);
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, PORT), SG_PROOF_REGISTER);
}

#define CHALLENGE_OF(algorithm, nonce)                                                            \
	"WWW-Authenticate: Digest realm=\"lab\", qop=\"auth\", algorithm=" algorithm              \
	", nonce=\"" nonce "\"\r\n"

/* Registers with one of the nonces that the server offers for its algorithms. */
static void registers_by(const char *credentials, __u16 port)
{
	asks(REQUEST_OF("REGISTER", ""), port);
	answers(REPLY_OF("401 Unauthorized", "REGISTER",
			 CHALLENGE_OF("SHA-512-256", "first-of-four")
			 CHALLENGE_OF("SHA-256", "second-of-four")
			 CHALLENGE_OF("MD5", "third-of-four")
			 CHALLENGE_OF("MD5-sess", "fourth-of-four")), port);
	asks(credentials, port);
	answers(REGISTER_OK, port);
}

static void any_of_three_challenges_may_be_answered(void)
{
	static const char *const credentials[] = {
		REQUEST_OF("REGISTER", CREDENTIALS("first-of-four")),
		REQUEST_OF("REGISTER", CREDENTIALS("second-of-four")),
		REQUEST_OF("REGISTER", CREDENTIALS("third-of-four")),
	};

	for (__u16 i = 0; i < COUNT(credentials); i++) {
		registers_by(credentials[i], PORT + i);
		assert_int_equal(proven_of(PHONE, IPPROTO_UDP, PORT + i), SG_PROOF_REGISTER);
	}
	/* The limit; and what lies between the nonces is none. */
	registers_by(REQUEST_OF("REGISTER", CREDENTIALS("fourth-of-four")), PORT + 3);
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, PORT + 3), SG_PROOF_NONE);
	registers_by(REQUEST_OF("REGISTER", CREDENTIALS("auth")), PORT + 4);
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, PORT + 4), SG_PROOF_NONE);
}

/* What anybody can send us teaches nothing. */
static void replies_that_come_in_prove_nothing(void)
{
	asks(REQUEST_OF("REGISTER", ""), PORT);
	answers(REPLY_OF("401 Unauthorized", "REGISTER", CHALLENGE), PORT);
	asks(REGISTER_RIGHT, PORT);
	assert_false(packet_dropped(&(struct packet_spec){
		.source = PHONE, .payload = REGISTER_OK, .again = true,
	}));
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, PORT), SG_PROOF_NONE);
	/* Nor what leaves from a port that is not guarded. */
	assert_false(reply_dropped(&(struct packet_spec){
		.destination = PHONE, .dport = PORT, .sport = 5070, .payload = REGISTER_OK,
		.again = true,
	}));
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, PORT), SG_PROOF_NONE);
}

static void without_a_binding_nothing_is_proven(void)
{
	registers(REGISTER_RIGHT, REPLY_OF("200 OK", "REGISTER", ""), PORT);
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, PORT), SG_PROOF_NONE);
	registers(REGISTER_RIGHT,
		  REPLY_OF("200 OK", "REGISTER", "Contact: <sip:bob@192.0.2.1>;expires=0\r\n"),
		  PORT);
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, PORT), SG_PROOF_NONE);
	registers(REGISTER_RIGHT, REPLY_OF("403 Forbidden", "REGISTER", BINDING), PORT);
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, PORT), SG_PROOF_NONE);
}

/* A client that does not ask for rport gets its reply where its Via says. */
static void the_reply_may_go_to_another_port(void)
{
	asks(REQUEST_OF("REGISTER", ""), PORT);
	answers(REPLY_OF("401 Unauthorized", "REGISTER", CHALLENGE), 5060);
	asks(REGISTER_RIGHT, PORT);
	answers(REGISTER_OK, 5060);
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, PORT), SG_PROOF_REGISTER);
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, 5060), SG_PROOF_NONE);
}

#define ACK_OF(tag) "ACK sip:example.com SIP/2.0\r\n" HEADERS("1 ACK", ";tag=" tag, "")

static void the_ack_of_a_call_proves(void)
{
	asks(REQUEST_OF("INVITE", ""), PORT);
	answers(REPLY_OF("200 OK", "INVITE", ""), PORT);
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, PORT), SG_PROOF_NONE);
	asks(ACK_OF("guessed"), PORT);
	asks(ACK_OF("of-the-server"), OTHER_PORT);
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, PORT), SG_PROOF_NONE);
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, OTHER_PORT), SG_PROOF_NONE);
	asks(ACK_OF("of-the-server"), PORT);
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, PORT), SG_PROOF_CALL);
}

/* TCP has shown with its handshake that the peer is there. */
static void over_tcp_a_call_proves_by_itself(void)
{
	struct packet_spec packet = {
		.source = PHONE, .transport = IPPROTO_TCP, .payload = REQUEST_OF("INVITE", ""),
	};

	assert_false(packet_dropped(&packet));
	assert_false(reply_dropped(&(struct packet_spec){
		.destination = PHONE, .dport = PORT, .transport = IPPROTO_TCP, .again = true,
		.payload = REPLY_OF("200 OK", "INVITE", ""),
	}));
	assert_int_equal(proven_of(PHONE, IPPROTO_TCP, PORT), SG_PROOF_CALL);
}

/* Sends what the server writes in one segment; the proof of the flow behind it. */
static enum sg_proof proof_after(const char *segment)
{
	assert_false(packet_dropped(&(struct packet_spec){
		.source = PHONE, .transport = IPPROTO_TCP, .payload = REQUEST_OF("INVITE", ""),
	}));
	assert_false(reply_dropped(&(struct packet_spec){
		.destination = PHONE, .dport = PORT, .transport = IPPROTO_TCP, .again = true,
		.payload = segment,
	}));
	return proven_of(PHONE, IPPROTO_TCP, PORT);
}

/* A proxy writes to a trunk what it has, whichever call it is of. */
static void a_segment_may_have_many_responses(void)
{
#define OF_A_CALL REPLY_OF("200 OK", "INVITE", "")
#define CARRIES(bytes) "SIP/2.0 183 Session Progress\r\nContent-Length: " bytes "\r\n\r\n"
	assert_int_equal(proof_after(REPLY_OF("100 Trying", "INVITE", "")), SG_PROOF_NONE);
	/* What a message carries, anybody may have written. */
	assert_int_equal(proof_after(CARRIES("2000") OF_A_CALL), SG_PROOF_NONE);
	assert_int_equal(proof_after("v=0\r\n\r\n" OF_A_CALL), SG_PROOF_NONE);
	/* Nobody knows where this one ends. */
	assert_int_equal(proof_after("SIP/2.0 183 Session Progress\r\n\r\n" OF_A_CALL),
			 SG_PROOF_NONE);
	/* The first Via is the one that .again gives the branch of the request. */
	assert_int_equal(proof_after("SIP/2.0 100 Trying\r\nContent-Length: 0\r\n\r\n"
				     CARRIES("4") "v=0\n" OF_A_CALL), SG_PROOF_CALL);
}

/* IPv6, plain and with a tag. */
static void ipv6_is_proven_as_well(void)
{
	assert_false(packet_dropped(&(struct packet_spec){
		.source = IPV6_A, .payload = REQUEST_OF("REGISTER", ""),
	}));
	assert_false(reply_dropped(&(struct packet_spec){
		.source = IPV6_C, .destination = IPV6_A, .dport = PORT, .again = true,
		.payload = REPLY_OF("401 Unauthorized", "REGISTER", CHALLENGE),
	}));
	assert_false(packet_dropped(&(struct packet_spec){
		.source = IPV6_A, .payload = REGISTER_RIGHT,
	}));
	assert_false(reply_dropped(&(struct packet_spec){
		.source = IPV6_C, .destination = IPV6_A, .dport = PORT, .again = true,
		.payload = REGISTER_OK, .vlan = {0x8100},
	}));
	assert_int_equal(proven_of(IPV6_A, IPPROTO_UDP, PORT), SG_PROOF_REGISTER);
}

/* --- what it is good for --- */

static void the_proven_never_pay_from_the_budget(void)
{
	config()->total[SG_TOTAL_UNLISTED_TOTAL] = limit_hourly(2);
	proven_set(PHONE, IPPROTO_UDP, PORT, SG_PROOF_REGISTER, 60);
	proven_set("192.0.2.3", IPPROTO_UDP, PORT, SG_PROOF_REGISTER, -1);
	for (int i = 0; i < 10; i++)
		SEND(PASS, NONE, REQUEST, OPTIONS, .source = PHONE);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = "192.0.2.3");
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = "192.0.2.4");
	SEND(DROP, UNLISTED_BUDGET, REQUEST, OPTIONS, .source = "192.0.2.4");
	SEND(DROP, GREYLIST, REQUEST, OPTIONS, .source = "192.0.2.3");
	SEND(DROP, GREYLIST, REQUEST, OPTIONS, .source = PHONE, .sport = OTHER_PORT);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = PHONE);
}

static void neighbours_do_not_touch_the_proven(void)
{
	proven_set(PHONE, IPPROTO_UDP, PORT, SG_PROOF_REGISTER, 60);
	config()->profile[0].limit[SG_LIMIT_OPTIONS] = limit_hourly(1);
	config()->proven[SG_LIMIT_OPTIONS] = limit_hourly(3);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = PHONE, .sport = OTHER_PORT);
	SEND(DROP, LIMIT_OPTIONS, REQUEST, OPTIONS, .source = PHONE, .sport = OTHER_PORT);
	for (int i = 0; i < 3; i++)
		SEND(PASS, NONE, REQUEST, OPTIONS, .source = PHONE);
	/* It has limits of its own; and who floods in its name has nobody banned. */
	config()->ban[SG_OFFENCE_FLOOD] = sg_ban_rule_of(2, 10, 30);
	for (int i = 0; i < 5; i++)
		SEND(DROP, LIMIT_FLOW, REQUEST, OPTIONS, .source = PHONE);
}

/* Nobody knows whom our server asks but the one that is asked. */
static void answers_to_our_requests_are_wanted(void)
{
	config()->total[SG_TOTAL_UNLISTED_TOTAL] = limit_hourly(1);
	SEND(PASS, NONE, RESPONSE, NONE, .source = "192.0.2.4", .payload = SIP_RESPONSE);
	SEND(DROP, UNLISTED_BUDGET, RESPONSE, NONE, .source = PHONE, .payload = SIP_RESPONSE);
	answers(REQUEST_OF("INVITE", ""), PORT);
	SEND(PASS, NONE, RESPONSE, NONE, .source = PHONE, .payload = SIP_RESPONSE);
	SEND(DROP, GREYLIST, REQUEST, OPTIONS, .source = PHONE);
	/* A stranger's ACK that our server relays to where he likes. */
	answers(ACK_OF("anything"), PORT);
	SEND(DROP, GREYLIST, REQUEST, OPTIONS, .source = PHONE);
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, PORT), SG_PROOF_CONTACT);
}

/* A response to the request that our server has sent last. */
static void responds(const char *source, const char *payload)
{
	assert_false(packet_dropped(&(struct packet_spec){
		.source = source, .payload = payload, .again = true,
	}));
}

/* Only who got our INVITE knows its branch. */
static void who_answers_our_invite_is_proven(void)
{
	static const char ok[] = REPLY_OF("200 OK", "INVITE", "");

	answers(REQUEST_OF("INVITE", ""), PORT);
	responds(PHONE, REPLY_OF("180 Ringing", "INVITE", ""));
	responds(PHONE, REPLY_OF("404 Not Found", "INVITE", ""));
	responds(PHONE, REPLY_OF("200 OK", "OPTIONS", ""));
	responds("192.0.2.9", ok);
	asks(ok, PORT); /* with another branch */
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, PORT), SG_PROOF_CONTACT);
	assert_int_equal(proven_of("192.0.2.9", IPPROTO_UDP, PORT), SG_PROOF_NONE);
	answers(REQUEST_OF("INVITE", ""), PORT);
	responds(PHONE, ok);
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, PORT), SG_PROOF_CALL);
	/* A NAT may have moved it meanwhile: who got the INVITE is the source. */
	answers(REQUEST_OF("INVITE", ""), PORT);
	assert_false(packet_dropped(&(struct packet_spec){
		.source = PHONE, .sport = OTHER_PORT, .payload = ok, .again = true,
	}));
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, OTHER_PORT), SG_PROOF_CALL);
}

/* --- reflection --- */

static void replies_to_strangers_are_limited(void)
{
	struct packet_spec reply = {
		.destination = PHONE, .dport = PORT,
		.payload = REPLY_OF("100 Trying", "INVITE", ""),
	};

	config()->total[SG_TOTAL_REPLIES] = limit_hourly(3);
	for (int i = 0; i < 3; i++)
		assert_false(reply_dropped(&reply));
	coverage.near_reason |= REASON_BIT(SG_REASON_REPLIES);
	assert_true(reply_dropped(&reply));
	coverage.reason |= REASON_BIT(SG_REASON_REPLIES);
	/* Whatever port of it is named. */
	reply.dport = OTHER_PORT;
	assert_true(reply_dropped(&reply));
	proven_set(PHONE, IPPROTO_UDP, OTHER_PORT, SG_PROOF_REGISTER, 60);
	assert_false(reply_dropped(&reply));
	reply.dport = PORT;
	fix.state->mode = SG_MODE_MONITOR;
	assert_false(reply_dropped(&reply));
	fix.state->mode = SG_MODE_ENFORCE;
	list_set(PHONE, SG_LIST_ALLOW);
	assert_false(reply_dropped(&reply));
	reply.destination = "192.0.2.2";
	assert_false(reply_dropped(&reply));
	/* What is no reply of a guarded port goes its way. */
	reply = (struct packet_spec){.destination = "192.0.2.3", .dport = PORT, .sport = 53};
	for (int i = 0; i < 10; i++)
		assert_false(reply_dropped(&reply));
}

/* By which `status` tells whether anything can be learned. */
static void replies_of_the_server_are_counted(void)
{
	struct packet_spec packet = {.destination = PHONE, .dport = PORT};
	struct sg_stats stats;

	packet.payload = REPLY_OF("100 Trying", "INVITE", "");
	reply_dropped(&packet);
	packet.transport = IPPROTO_TCP;
	reply_dropped(&packet);
	packet.sport = 5070;
	reply_dropped(&packet);
	packet.sport = 0;
	packet.payload = REQUEST_OF("OPTIONS", "");
	reply_dropped(&packet);
	stats_read(&stats);
	assert_int_equal(stats.count[SG_COUNT_REPLIES_SEEN], 2);
}

/* Of `burst` at once, and after that twice as many in an hour as with limit_hourly(). */
static struct sg_limit limit_half_hourly(__u32 burst)
{
	struct sg_limit limit = limit_hourly(burst);

	limit.interval /= 2;
	limit.tolerance /= 2;
	return limit;
}

/* A trunk with wide limits is a partner of a call like others, and must not be narrowed for it. */
static void what_is_proven_narrows_no_zone(void)
{
	zone_set(0, PHONE, 1);
	config()->proven[SG_LIMIT_OPTIONS] = limit_hourly(2);
	config()->profile[1].flow[SG_LIMIT_OPTIONS] = limit_half_hourly(5);
	proven_set(PHONE, IPPROTO_UDP, PORT, SG_PROOF_CALL, 60);
	for (int i = 0; i < 5; i++)
		SEND(PASS, NONE, REQUEST, OPTIONS, .source = PHONE);
	SEND(DROP, LIMIT_FLOW, REQUEST, OPTIONS, .source = PHONE);
	/* Nor does a zone with narrow limits narrow what is proven. */
	config()->proven[SG_LIMIT_OPTIONS] = limit_half_hourly(2);
	config()->profile[1].flow[SG_LIMIT_OPTIONS] = limit_hourly(1);
	proven_set(PHONE, IPPROTO_UDP, OTHER_PORT, SG_PROOF_CALL, 60);
	for (int i = 0; i < 2; i++)
		SEND(PASS, NONE, REQUEST, OPTIONS, .source = PHONE, .sport = OTHER_PORT);
	SEND(DROP, LIMIT_FLOW, REQUEST, OPTIONS, .source = PHONE, .sport = OTHER_PORT);
}

const struct sequence flow_sequences[] = {
	{"a challenged REGISTER proves its flow", a_challenged_register_proves},
	{"whatever its hash is", whatever_its_hash_is},
	{"a full table forgets nobody", a_full_table_forgets_nobody},
	{"a register proves on every link", a_register_proves_on_every_link},
	{"a REGISTER without a challenge proves nothing",
	 a_register_that_nobody_asked_for_proves_nothing},
	{"any of three challenges may be answered", any_of_three_challenges_may_be_answered},
	{"replies that come in prove nothing", replies_that_come_in_prove_nothing},
	{"without a binding nothing is proven", without_a_binding_nothing_is_proven},
	{"the reply may go to another port", the_reply_may_go_to_another_port},
	{"the ACK of a call proves", the_ack_of_a_call_proves},
	{"over TCP a call proves by itself", over_tcp_a_call_proves_by_itself},
	{"a segment may have many responses", a_segment_may_have_many_responses},
	{"IPv6 flows are proven as well", ipv6_is_proven_as_well},
	{"proven flows never pay from the budget", the_proven_never_pay_from_the_budget},
	{"neighbours do not touch proven flows", neighbours_do_not_touch_the_proven},
	{"answers to our requests are wanted", answers_to_our_requests_are_wanted},
	{"who answers our INVITE is proven", who_answers_our_invite_is_proven},
	{"replies to strangers are limited", replies_to_strangers_are_limited},
	{"replies of the server are counted", replies_of_the_server_are_counted},
	{"what is proven narrows no zone", what_is_proven_narrows_no_zone},
};

const size_t flow_sequences_count = COUNT(flow_sequences);
