// SPDX-License-Identifier: GPL-2.0-only
/* Hosts of one /64 that send from the same port: one source, and as many flows. */
#include <netinet/in.h>
#include <stdio.h>

#include "dialogue/dialogue.h"

static void replies(const char *destination, const char *payload)
{
	assert_false(reply_dropped(&(struct packet_spec){
		.source = PACKET_SERVER6, .destination = destination, .dport = PORT,
		.payload = payload, .again = true,
	}));
}

/* A REGISTER in answer to a challenge of this host's own, and what the server says to it. */
static void host_registers(const char *host, const char *reply)
{
	asks_of(host, REQUEST_OF("REGISTER", ""), PORT);
	replies(host, REPLY_OF("401 Unauthorized", "REGISTER", CHALLENGE));
	asks_of(host, REGISTER_RIGHT, PORT);
	replies(host, reply);
}

static void a_proof_is_of_one_host(void)
{
	config()->total[SG_TOTAL_UNLISTED_TOTAL] = limit_hourly(3);
	host_registers(IPV6_A, REGISTER_OK);
	assert_int_equal(proven_of(IPV6_A, IPPROTO_UDP, PORT), SG_PROOF_REGISTER);
	assert_int_equal(proven_of(IPV6_B, IPPROTO_UDP, PORT), SG_PROOF_NONE);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = IPV6_C);
	SEND(DROP, UNLISTED_BUDGET, REQUEST, OPTIONS, .source = IPV6_B);
	for (int i = 0; i < 3; i++)
		SEND(PASS, NONE, REQUEST, OPTIONS, .source = IPV6_A);
}

/* He guesses at the phone next to his, and loses what is his own. */
static void wrong_passwords_ban_one_host(void)
{
	struct sg_ban ban;

	take_time();
	for (int i = 0; i < 6; i++) {
		assert_false(ban_find(IPV6_B, IPPROTO_UDP, PORT, &ban));
		host_registers(IPV6_B, REPLY_OF("401 Unauthorized", "REGISTER", CHALLENGE));
	}
	assert_true(ban_find(IPV6_B, IPPROTO_UDP, PORT, &ban));
	assert_int_equal(ban.cause, SG_REASON_AUTH_FAILURE);
	SEND(DROP, BAN_FLOW, REQUEST, OPTIONS, .source = IPV6_B);
	assert_false(ban_find(IPV6_A, IPPROTO_UDP, PORT, &ban));
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = IPV6_A);
}

/* Offences are not added up, either: see offences.bpf.h. */
static void wrong_passwords_are_counted_by_host(void)
{
	static const char wrong[] = REPLY_OF("401 Unauthorized", "REGISTER",
		"WWW-Authenticate: Digest realm=\"lab\", nonce=\"of-the-other\"\r\n");
	struct sg_ban ban;

	take_time();
	for (int i = 0; i < 5; i++) {
		host_registers(IPV6_B, REPLY_OF("401 Unauthorized", "REGISTER", CHALLENGE));
		asks_of(IPV6_A, REQUEST_OF("REGISTER", ""), PORT);
		replies(IPV6_A, wrong);
		asks_of(IPV6_A, REQUEST_OF("REGISTER", CREDENTIALS("of-the-other")), PORT);
		replies(IPV6_A, wrong);
	}
	assert_false(ban_find(IPV6_A, IPPROTO_UDP, PORT, &ban));
	assert_false(ban_find(IPV6_B, IPPROTO_UDP, PORT, &ban));
}

static void limits_of_a_flow_are_of_one_host(void)
{
	config()->profile[0].flow[SG_LIMIT_OPTIONS] = limit_hourly(1);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = IPV6_A);
	SEND(DROP, LIMIT_FLOW, REQUEST, OPTIONS, .source = IPV6_A);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = IPV6_B);
	/* And those of who is proven. */
	config()->proven[SG_LIMIT_OPTIONS] = limit_hourly(2);
	proven_set(IPV6_A, IPPROTO_UDP, OTHER_PORT, SG_PROOF_REGISTER, 60);
	proven_set(IPV6_B, IPPROTO_UDP, OTHER_PORT, SG_PROOF_REGISTER, 60);
	for (int i = 0; i < 2; i++)
		SEND(PASS, NONE, REQUEST, OPTIONS, .source = IPV6_A, .sport = OTHER_PORT);
	SEND(DROP, LIMIT_FLOW, REQUEST, OPTIONS, .source = IPV6_A, .sport = OTHER_PORT);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = IPV6_B, .sport = OTHER_PORT);
}

static void a_ban_of_a_flow_is_of_one_host(void)
{
	for (int tcp = 0; tcp < 2; tcp++) {
		__u8 transport = tcp ? IPPROTO_TCP : IPPROTO_UDP;

		SEND(PASS, NONE, REQUEST, OPTIONS, .source = IPV6_A, .transport = transport);
		ban_set(IPV6_A, transport, PORT, 60);
		SEND(DROP, BAN_FLOW, REQUEST, OPTIONS, .source = IPV6_A, .transport = transport);
		SEND(PASS, NONE, REQUEST, OPTIONS, .source = IPV6_B, .transport = transport);
	}
}

/* A ban of the source is of the /64, and proven is who is, of his own. */
static void a_ban_of_the_source_is_of_all_hosts(void)
{
	ban_set_cause(IPV6_A, SG_REASON_AUTH_FAILURE, 60);
	SEND(DROP, BAN_SOURCE, REQUEST, OPTIONS, .source = IPV6_A);
	SEND(DROP, BAN_SOURCE, REQUEST, OPTIONS, .source = IPV6_B);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = IPV6_C);
	proven_set(IPV6_A, IPPROTO_UDP, PORT, SG_PROOF_REGISTER, 60);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = IPV6_A);
	SEND(DROP, BAN_SOURCE, REQUEST, OPTIONS, .source = IPV6_B);
	ban_set_cause(IPV6_B, SG_REASON_NONE, 60);
	SEND(DROP, BAN_SOURCE, REQUEST, OPTIONS, .source = IPV6_A);
}

/* Twenty-four wrong passwords are the source's, though no host has given six. */
static void wrong_passwords_of_many_hosts_are_the_sources(void)
{
	char host[64], challenge[512], answer[512];
	struct sg_ban ban;

	take_time();
	for (int i = 0; i < 25; i++) {
		snprintf(host, sizeof(host), "2001:db8:1:2::%x", i + 1);
		snprintf(challenge, sizeof(challenge), REPLY_OF("401 Unauthorized", "REGISTER",
			 "WWW-Authenticate: Digest realm=\"lab\", nonce=\"of-host-%d\"\r\n"), i);
		snprintf(answer, sizeof(answer),
			 REQUEST_OF("REGISTER", CREDENTIALS("of-host-%d")), i);
		asks_of(host, REQUEST_OF("REGISTER", ""), PORT);
		replies(host, challenge);
		if (i == 24)
			break;
		asks_of(host, answer, PORT);
		replies(host, challenge);
	}
	SEND(DROP, AUTH_FAILURE, REQUEST, REGISTER, .source = host, .payload = answer);
	assert_false(ban_find(IPV6_A, 0, 0, &ban));
}

/* Two that count their branches from 1, as the same program does in two containers. */
static void equal_branches_are_two_transactions(void)
{
	config()->profile[0].limit[SG_LIMIT_OPTIONS] = limit_hourly(2);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = IPV6_A);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = IPV6_B, .again = true);
	SEND(DROP, LIMIT_OPTIONS, REQUEST, OPTIONS, .source = IPV6_A);
}

/* What comes twice has to come from one host. */
static void the_greylist_knows_hosts(void)
{
	config()->total[SG_TOTAL_UNLISTED_TOTAL] = limit_hourly(1000);
	fix.state->greylist_until = 1ULL << 62;
	SEND(DROP, GREYLIST, REQUEST, OPTIONS, .source = IPV6_A);
	clock_move(SECOND / 2);
	SEND(DROP, GREYLIST, REQUEST, OPTIONS, .source = IPV6_B, .again = true);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = IPV6_A, .again = true);
	assert_int_equal(proven_of(IPV6_A, IPPROTO_UDP, PORT), SG_PROOF_GREYLIST);
	assert_int_equal(proven_of(IPV6_B, IPPROTO_UDP, PORT), SG_PROOF_NONE);
}

const struct sequence neighbour_sequences[] = {
	{"in a /64: a proof is of one host", a_proof_is_of_one_host},
	{"in a /64: wrong passwords ban one host", wrong_passwords_ban_one_host},
	{"in a /64: wrong passwords are counted by host", wrong_passwords_are_counted_by_host},
	{"in a /64: limits of a flow are of one host", limits_of_a_flow_are_of_one_host},
	{"in a /64: a ban of a flow is of one host", a_ban_of_a_flow_is_of_one_host},
	{"in a /64: a ban of the source is of all hosts", a_ban_of_the_source_is_of_all_hosts},
	{"in a /64: wrong passwords of many hosts are the source's",
	 wrong_passwords_of_many_hosts_are_the_sources},
	{"in a /64: equal branches are two transactions", equal_branches_are_two_transactions},
	{"in a /64: the greylist knows hosts", the_greylist_knows_hosts},
};

const size_t neighbour_sequences_count = COUNT(neighbour_sequences);
