// SPDX-License-Identifier: GPL-2.0-only
/* What flows are banned for, whom a forger can have banned, and the fingerprints of scanners. */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "dialogue/dialogue.h"
#include "scanners.h"
#include "stream/stream.h"

#define CHALLENGE_AGAIN REPLY_OF("401 Unauthorized", "REGISTER", CHALLENGE)

/* From, To, Call-ID and CSeq are missing. */
#define NO_FROM                                                                                   \
	"OPTIONS sip:bob@example.com SIP/2.0\r\n"                                                 \
	"Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\nContent-Length: 0\r\n\r\n"

#define AGENT(name) REQUEST_OF("OPTIONS", "User-Agent: " name "\r\n")

static void malformed(int count)
{
	for (int i = 0; i < count; i++)
		SEND(DROP, FIELD_MISSING, REQUEST, OPTIONS, .source = PHONE,
		     .payload = NO_FROM);
}

static void fails(int count, __u16 port)
{
	config()->ban[SG_OFFENCE_GUESS_SOURCE] = sg_ban_rule_of(1000, 600, 0);
	for (int i = 0; i < count; i++)
		registers(REGISTER_RIGHT, CHALLENGE_AGAIN, port);
}

static bool is_banned(const struct peer *peer, enum sg_reason cause)
{
	struct sg_ban ban;

	if (!ban_find(PHONE, IPPROTO_TCP, peer->port, &ban))
		return false;
	assert_int_equal(ban.cause, cause);
	return true;
}

static void malformed_messages_ban_a_flow(void)
{
	struct peer peer = alice();
	struct sg_ban ban;

	config()->ban[SG_OFFENCE_MALFORMED] = sg_ban_rule_of(5, 30, 60);
	for (int i = 0; i < 4; i++)
		may_not_send(&peer, BAD(""));
	coverage.near_reason |= REASON_BIT(SG_REASON_MALFORMED);
	assert_int_equal(dropping_reason(), SG_REASON_FIELD_MISSING);
	assert_false(is_banned(&peer, SG_REASON_MALFORMED));
	may_not_send(&peer, BAD(""));
	assert_true(is_banned(&peer, SG_REASON_MALFORMED));
	assert_int_equal(dropped_by(SG_REASON_MALFORMED), 1);
	coverage.reason |= REASON_BIT(SG_REASON_MALFORMED);
	assert_true(ban_find(PHONE, IPPROTO_TCP, peer.port, &ban));
	assert_in_range(ban.until - guard_clock(), 60 * SECOND, 60 * SECOND);
	SEND(DROP, BAN_FLOW, OTHER, NONE, .source = PHONE, OVER_TCP, .sport = peer.port,
	     .payload = "");
	/* The flow, and nobody else of its address. */
	SEND(PASS, NONE, OTHER, NONE, .source = PHONE, OVER_TCP, .sport = OTHER_PORT,
	     .payload = "");
}

static void a_flood_bans_its_flow(void)
{
	struct peer peer = alice();

	config()->profile[0].flow[SG_LIMIT_OPTIONS] = limit_hourly(1);
	config()->ban[SG_OFFENCE_FLOOD] = sg_ban_rule_of(2, 10, 30);
	sends(&peer, OPTIONS("1"));
	may_not_send(&peer, OPTIONS("2"));
	assert_int_equal(dropping_reason(), SG_REASON_LIMIT_FLOW);
	coverage.near_reason |= REASON_BIT(SG_REASON_FLOOD);
	may_not_send(&peer, OPTIONS("2"));
	assert_int_equal(dropped_by(SG_REASON_FLOOD), 1);
	coverage.reason |= REASON_BIT(SG_REASON_FLOOD);
	assert_true(is_banned(&peer, SG_REASON_FLOOD));
}

/* Whoever sends them in the name of a phone that nobody knows yet costs it a share of limits. */
static void over_udp_nobody_is_banned_for_what_can_be_forged(void)
{
	struct sg_ban ban;

	mode_set(SG_REASON_FIELD_MISSING, SG_MODE_ENFORCE);
	for (int offence = SG_OFFENCE_FLOOD; offence <= SG_OFFENCE_SCANNER; offence++)
		config()->ban[offence] = sg_ban_rule_of(2, 30, 60);
	malformed(10);
	for (int i = 0; i < 10; i++)
		SEND(DROP, SCANNER, REQUEST, OPTIONS, .source = PHONE,
		     .payload = AGENT("friendly-scanner"));
	config()->profile[0].flow[SG_LIMIT_OPTIONS] = limit_hourly(1);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = PHONE);
	for (int i = 0; i < 10; i++)
		SEND(DROP, LIMIT_FLOW, REQUEST, OPTIONS, .source = PHONE);
	assert_false(ban_find(PHONE, IPPROTO_UDP, PORT, &ban));
	SEND(PASS, NONE, REQUEST, INVITE, .source = PHONE, .payload = SIP_REQUEST("INVITE"));
}

/* Anybody can send malformed messages with the address and port of a phone of ours. */
static void forged_messages_ban_no_proven_flow(void)
{
	struct sg_ban ban;

	mode_set(SG_REASON_FIELD_MISSING, SG_MODE_ENFORCE);
	config()->ban[SG_OFFENCE_MALFORMED] = sg_ban_rule_of(5, 30, 60);
	proven_set(PHONE, IPPROTO_UDP, PORT, SG_PROOF_REGISTER, 60);
	malformed(50);
	assert_false(ban_find(PHONE, IPPROTO_UDP, PORT, &ban));
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = PHONE);
}

/* Peers that the operator has put into a zone are limited, and no more. */
static void peers_of_a_zone_are_never_banned(void)
{
	struct sg_ban ban;

	mode_set(SG_REASON_FIELD_MISSING, SG_MODE_ENFORCE);
	zone_set(0, PHONE, 1);
	malformed(50);
	fails(20, PORT);
	config()->ban[SG_OFFENCE_FLOOD] = sg_ban_rule_of(2, 10, 30);
	config()->profile[1].flow[SG_LIMIT_OPTIONS] = limit_hourly(1);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = PHONE);
	for (int i = 0; i < 10; i++)
		SEND(DROP, LIMIT_FLOW, REQUEST, OPTIONS, .source = PHONE);
	assert_false(ban_find(PHONE, IPPROTO_UDP, PORT, &ban));
	assert_false(ban_find(PHONE, 0, 0, &ban));
}

/* A flow's fault is not its address's, not even for those that the operator has banned by hand. */
static void a_banned_source_does_not_touch_the_proven(void)
{
	proven_set(PHONE, IPPROTO_UDP, PORT, SG_PROOF_REGISTER, 60);
	ban_set_cause(PHONE, SG_REASON_AUTH_FAILURE, 60);
	SEND(DROP, BAN_SOURCE, REQUEST, OPTIONS, .source = PHONE, .sport = OTHER_PORT);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = PHONE);
	ban_set_cause(PHONE, SG_REASON_NONE, 60);
	SEND(DROP, BAN_SOURCE, REQUEST, OPTIONS, .source = PHONE);
}

/* Six wrong passwords, and no seventh. */
static void wrong_passwords_ban_a_flow(void)
{
	struct sg_ban ban;

	take_time();
	fails(5, PORT);
	coverage.near_reason |= REASON_BIT(SG_REASON_AUTH_FAILURE);
	assert_false(ban_find(PHONE, IPPROTO_UDP, PORT, &ban));
	fails(1, PORT);
	assert_true(ban_find(PHONE, IPPROTO_UDP, PORT, &ban));
	assert_int_equal(ban.cause, SG_REASON_AUTH_FAILURE);
	SEND(DROP, BAN_FLOW, REQUEST, OPTIONS, .source = PHONE);
	assert_false(ban_find(PHONE, 0, 0, &ban));
}

/* A guesser who picks the second challenge of each answer is one all the same. */
static void wrong_passwords_for_the_second_challenge(void)
{
	static const char both[] = REPLY_OF("401 Unauthorized", "REGISTER",
		"WWW-Authenticate: Digest realm=\"lab\", algorithm=SHA-256, nonce=\"for-sha\"\r\n"
		CHALLENGE);
	struct sg_ban ban;

	take_time();
	config()->ban[SG_OFFENCE_GUESS_SOURCE] = sg_ban_rule_of(1000, 600, 0);
	for (int i = 0; i < 6; i++) {
		assert_false(ban_find(PHONE, IPPROTO_UDP, PORT, &ban));
		asks(REQUEST_OF("REGISTER", ""), PORT);
		answers(both, PORT);
		asks(REGISTER_RIGHT, PORT);
		answers(both, PORT);
	}
	assert_true(ban_find(PHONE, IPPROTO_UDP, PORT, &ban));
	assert_int_equal(ban.cause, SG_REASON_AUTH_FAILURE);
}

/* --- fingerprints --- */

#define WITH_BRANCH(branch)                                                                       \
	"OPTIONS sip:example.com SIP/2.0\r\n"                                                     \
	"Via: SIP/2.0/UDP 192.0.2.1;branch=" branch "\r\n"                                        \
	"To: <sip:bob@example.com>\r\nFrom: <sip:bob@example.com>;tag=1\r\n"                      \
	"Call-ID: 1\r\n"                                                                          \
	"CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
#define TEN "abcdefghij"

static void scanners_are_dropped(void)
{
	static const char *const theirs[] = {
#define X(text) AGENT(text), AGENT(text "/1.0"),
		SG_SCANNERS(X)
#undef X
		AGENT("friendly-scanner"), AGENT("FRIENDLY-request"), AGENT("\"sipvicious\""),
		WITH_BRANCH("foo"), WITH_BRANCH(TEN TEN TEN TEN TEN TEN TEN "k"),
	};
	char from[512];

	take_time();
	mode_set(SG_REASON_BAN_FLOW, SG_MODE_OFF);
	for (size_t i = 0; i < COUNT(theirs); i++)
		SEND(DROP, SCANNER, REQUEST, OPTIONS, .source = PHONE, .payload = theirs[i]);
	snprintf(from, sizeof(from), "%s", REQUEST_OF("OPTIONS", ""));
	memcpy(strstr(from, "From: <sip:bob@example.com>"), "From: \"sipvicious\"<sip:a@b>", 27);
	SEND(DROP, SCANNER, REQUEST, OPTIONS, .source = PHONE, .payload = from);
}

static void who_is_nearly_a_scanner_passes(void)
{
	static const char *const others[] = {
		AGENT("sipclient"), AGENT("smapper/2"), AGENT("my sipvicious"), AGENT("friendly"),
		AGENT("Nmap"), AGENT("Gulpo"), AGENT(""), AGENT("Zoiper"), WITH_BRANCH("food"),
		WITH_BRANCH(TEN TEN TEN TEN TEN TEN TEN "kl"),
		WITH_BRANCH("z9hG4bK" TEN TEN TEN TEN TEN TEN "klmn"),
		/* Quoted in another field, and in what the server was asked for. */
		REQUEST_OF("OPTIONS", "Subject: friendly-scanner\r\n"),
	};

	take_time();
	for (size_t i = 0; i < COUNT(others); i++)
		SEND(PASS, NONE, REQUEST, OPTIONS, .source = PHONE, .payload = others[i]);
	coverage.near_reason |= REASON_BIT(SG_REASON_SCANNER) | REASON_BIT(SG_REASON_LOOKALIKE);
	/* A phone of ours may call itself what it likes. */
	proven_set(PHONE, IPPROTO_UDP, PORT, SG_PROOF_REGISTER, 60);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = PHONE, .payload = AGENT("friendly-scanner"));
}

static void lookalikes_are_only_counted(void)
{
	static const char *const products[] = {
#define X(text) AGENT(text), AGENT(text " 1.0"),
		SG_LOOKALIKES(X)
#undef X
	};

	take_time();
	for (size_t i = 0; i < COUNT(products); i++)
		SEND_WATCHED(PASS, NONE, REASON_BIT(SG_REASON_LOOKALIKE), REQUEST, OPTIONS,
			     .source = PHONE, .payload = products[i]);
}

/* Over TCP, where it is there. */
static void a_scanner_that_goes_on_is_banned(void)
{
	struct peer peer = alice();

	for (int i = 0; i < 9; i++)
		may_not_send(&peer, AGENT("friendly-scanner"));
	assert_false(is_banned(&peer, SG_REASON_SCANNER));
	may_not_send(&peer, AGENT("sipcli"));
	assert_true(is_banned(&peer, SG_REASON_SCANNER));
}

const struct sequence offences_sequences[] = {
	{"malformed messages ban a flow", malformed_messages_ban_a_flow},
	{"a flood bans its flow", a_flood_bans_its_flow},
	{"over UDP nobody is banned for what can be forged",
	 over_udp_nobody_is_banned_for_what_can_be_forged},
	{"forged messages ban no proven flow", forged_messages_ban_no_proven_flow},
	{"peers of a zone are never banned", peers_of_a_zone_are_never_banned},
	{"a banned source does not touch the proven", a_banned_source_does_not_touch_the_proven},
	{"wrong passwords ban a flow", wrong_passwords_ban_a_flow},
	{"wrong passwords for the second challenge", wrong_passwords_for_the_second_challenge},
	{"scanners are dropped", scanners_are_dropped},
	{"who is nearly a scanner passes", who_is_nearly_a_scanner_passes},
	{"lookalikes are only counted", lookalikes_are_only_counted},
	{"a scanner that goes on is banned", a_scanner_that_goes_on_is_banned},
};

const size_t offences_sequences_count = COUNT(offences_sequences);
