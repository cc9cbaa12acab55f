// SPDX-License-Identifier: GPL-2.0-only
/* Which nonces are the server's, and in which of its credentials a request repeats one. */
#include <netinet/in.h>

#include "dialogue/dialogue.h"
#include "stream/stream.h"

/* The one of CHALLENGE, which a phone with several accounts answers among others. */
#define RIGHT "Authorization: Digest realm=\"lab\", nonce=\"YWJjZGVmZ2hpamtsbW5v\"\r\n"
#define OTHER_REALM(header)                                                                       \
	header ": Digest realm=\"other\", cnonce=\"YWJjZGVmZ2hpamtsbW5v\", nonce=\"b3RoZXI\"\r\n"
#define WITH(credentials) REQUEST_OF("REGISTER", credentials)

/* What a REGISTER proves that answers a challenge, or does not. */
static enum sg_proof proof_of(const char *challenge, const char *credentials, __u16 port)
{
	asks(REQUEST_OF("REGISTER", ""), port);
	answers(challenge, port);
	asks(credentials, port);
	answers(REGISTER_OK, port);
	return proven_of(PHONE, IPPROTO_UDP, port);
}

/* RFC 7616 section 3.5: a phone that refreshes has a nonce that came with a success. */
static void the_next_nonce_is_a_challenge(void)
{
	static const char told[] = REPLY_OF("200 OK", "REGISTER",
		"authentication-info: qop=auth, cnonce=\"xyz\",\r\n rspauth=\"nextnonce=\", "
		"nextnonce=\"bmV4dA\"\r\n");
	__u16 port = PORT;

	registers(REGISTER_RIGHT, told, port);
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, port), SG_PROOF_NONE);
	asks(WITH(CREDENTIALS("bmV4dA")), port);
	answers(REGISTER_OK, port);
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, port), SG_PROOF_REGISTER);
	/* Another source was not told. */
	asks_of("192.0.2.9", WITH(CREDENTIALS("bmV4dA")), port);
	answers_to("192.0.2.9", REGISTER_OK, port);
	assert_int_equal(proven_of("192.0.2.9", IPPROTO_UDP, port), SG_PROOF_NONE);
	/* What else is in that field is what the client said. */
	registers(REGISTER_RIGHT, told, ++port);
	asks(WITH(CREDENTIALS("xyz")), port);
	answers(REGISTER_OK, port);
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, port), SG_PROOF_NONE);
	/* Nor is it one that a request names so. */
	registers(REGISTER_RIGHT, told, ++port);
	asks(WITH("Authorization: Digest nextnonce=\"bmV4dA\"\r\n"), port);
	answers(REGISTER_OK, port);
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, port), SG_PROOF_NONE);
}

/* Replies repeat To, From and others, and a realm may be the domain that the request names. */
static void a_forger_puts_no_nonce_into_a_reply(void)
{
	static const char *const replies[] = {
		"SIP/2.0 401 Unauthorized\r\n"
		HEADERS("1 REGISTER", ";tag=1;nonce=\"evil\"", CHALLENGE),
		"SIP/2.0 401 Unauthorized\r\n"
		HEADERS("1 REGISTER", ";tag=1;x=\"*www-authenticate: a, nonce=\"evil\"", CHALLENGE),
		REPLY_OF("401 Unauthorized", "REGISTER",
			 "Subject: x,\r\n WWW-Authenticate: Digest nonce=\"evil\"\r\n" CHALLENGE),
		REPLY_OF("401 Unauthorized", "REGISTER",
			 "WWW-Authenticate: Digest realm=\"\\\", nonce=\\\"evil\\\"\"\r\n"
			 CHALLENGE),
		REPLY_OF("401 Unauthorized", "REGISTER",
			 CHALLENGE "Date: x\r\nSubject: a, nonce=\"evil\"\r\n"),
		REPLY_OF("200 OK", "REGISTER",
			 "Authentication-Info: qop=auth\r\nSubject: nextnonce=\"evil\"\r\n"),
		REPLY_OF("200 OK", "REGISTER", "Authentication-Info: nonce=\"evil\"\r\n"),
	};

	for (__u16 i = 0; i < COUNT(replies); i++)
		assert_int_equal(proof_of(replies[i], WITH(CREDENTIALS("evil")), PORT + i),
				 SG_PROOF_NONE);
	/* The challenge behind what the forger wrote is one all the same. */
	for (__u16 i = 0; i < 5; i++)
		assert_int_equal(proof_of(replies[i], REGISTER_RIGHT, PORT + 20 + i),
				 SG_PROOF_REGISTER);
}

static void a_realm_is_no_nonce(void)
{
	static const char told[] = REPLY_OF("401 Unauthorized", "REGISTER",
		"WWW-Authenticate: Digest realm=\"x,nonce=\", nonce=\"YWJjZGVmZ2hpamtsbW5v\"\r\n");

	assert_int_equal(proof_of(told, WITH("Authorization: Digest nonce=\", nonce=\"\r\n"), PORT),
			 SG_PROOF_NONE);
	assert_int_equal(proof_of(told, REGISTER_RIGHT, PORT + 1), SG_PROOF_REGISTER);
	assert_int_equal(proof_of(REPLY_OF("401 Unauthorized", "REGISTER", CHALLENGE),
				  WITH("Authorization: Digest opaque=\", nonce=\",\r\n"
				       "\tNONCE=\"YWJjZGVmZ2hpamtsbW5v\"\r\n"), PORT + 2),
			 SG_PROOF_REGISTER);
}

/* RFC 3261 section 22.3: credentials for each realm on the way. */
static void one_of_several_credentials_answers(void)
{
	static const char *const right[] = {
		WITH(OTHER_REALM("Authorization") RIGHT),
		WITH(OTHER_REALM("Authorization") "Subject: x\r\n"
		     OTHER_REALM("AUTHORIZATION") RIGHT),
		WITH(OTHER_REALM("Authorization") "Proxy-" RIGHT),
		WITH(OTHER_REALM("Proxy-Authorization") RIGHT),
		WITH(OTHER_REALM("Proxy-Authorization") OTHER_REALM("Authorization")
		     OTHER_REALM("Proxy-Authorization") "Proxy-" RIGHT),
	};
	static const char *const wrong[] = {
		WITH(OTHER_REALM("Authorization")),
		WITH(OTHER_REALM("Authorization") OTHER_REALM("Proxy-Authorization")),
		/* Beyond the limit, and where no server looks for credentials. */
		WITH(OTHER_REALM("Authorization") OTHER_REALM("Authorization")
		     OTHER_REALM("Authorization") RIGHT),
		WITH(OTHER_REALM("Authorization") "Subject: nonce=\"YWJjZGVmZ2hpamtsbW5v\"\r\n"),
	};
	static const char challenge[] = REPLY_OF("401 Unauthorized", "REGISTER", CHALLENGE);

	for (__u16 i = 0; i < COUNT(right); i++)
		assert_int_equal(proof_of(challenge, right[i], PORT + i), SG_PROOF_REGISTER);
	for (__u16 i = 0; i < COUNT(wrong); i++)
		assert_int_equal(proof_of(challenge, wrong[i], PORT + 20 + i), SG_PROOF_NONE);
}

/* One reply may have the challenges of servers and of proxies. */
static void challenges_of_both_kinds_are_learned(void)
{
	static const char both[] = REPLY_OF("407 Proxy Authentication Required", "REGISTER",
		"Proxy-Authenticate: Digest realm=\"a\", nonce=\"of-a-proxy\"\r\n"
		"WWW-Authenticate: Digest realm=\"b\", nonce=\"of-a-server\"\r\n");

	assert_int_equal(proof_of(both, WITH(CREDENTIALS("of-a-server")), PORT), SG_PROOF_REGISTER);
	assert_int_equal(proof_of(both, WITH("Proxy-" CREDENTIALS("of-a-proxy")), PORT + 1),
			 SG_PROOF_REGISTER);
}

/* --- whom a secret was told --- */

#define OTHER "192.0.2.9"

static const char unauthorized[] = REPLY_OF("401 Unauthorized", "REGISTER", CHALLENGE);

/* The attacker is challenged within the same second, by a server that has one nonce for all. */
static void shares_the_nonce(void)
{
	asks(REQUEST_OF("REGISTER", ""), PORT);
	answers(unauthorized, PORT);
	asks_of(OTHER, REQUEST_OF("REGISTER", ""), PORT);
	answers_to(OTHER, unauthorized, PORT);
}

/* A busy server's phones have such a nonce, and a customer can forge with one: few flows a user. */
static void a_nonce_of_two_sources_proves_few_flows(void)
{
	static const char *const forged[] = {
		"192.0.2.11", "192.0.2.12", "192.0.2.13", "192.0.2.14",
	};

	take_time();
	shares_the_nonce();
	asks(REGISTER_RIGHT, PORT);
	answers(REGISTER_OK, PORT);
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, PORT), SG_PROOF_REGISTER);
	for (size_t i = 0; i < COUNT(forged); i++) {
		asks_of(forged[i], REQUEST_OF("REGISTER", ""), PORT);
		answers_to(forged[i], unauthorized, PORT);
		asks_of(forged[i], REGISTER_RIGHT, PORT);
		answers_to(forged[i], REGISTER_OK, PORT);
		assert_int_equal(proven_of(forged[i], IPPROTO_UDP, PORT),
				 i < 3 ? SG_PROOF_REGISTER : SG_PROOF_NONE);
	}
	/* Who was told nothing proves nothing. */
	asks_of("192.0.2.15", REGISTER_RIGHT, PORT);
	answers_to("192.0.2.15", REGISTER_OK, PORT);
	assert_int_equal(proven_of("192.0.2.15", IPPROTO_UDP, PORT), SG_PROOF_NONE);
	/* One of the four registers again. */
	proven_set(PHONE, IPPROTO_UDP, PORT, SG_PROOF_REGISTER, -1);
	asks(REGISTER_RIGHT, PORT);
	answers(REGISTER_OK, PORT);
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, PORT), SG_PROOF_REGISTER);
}

/* Each hour anew, or a phone that moves is not proven any more after its fourth flow. */
static void an_hour_later_it_proves_as_many(void)
{
	take_time();
	for (__u16 port = PORT; port < PORT + 10; port++) {
		if (port == PORT + 5)
			clock_move(3900 * SECOND);
		asks(REQUEST_OF("REGISTER", ""), port);
		answers(unauthorized, port);
		asks_of(OTHER, REQUEST_OF("REGISTER", ""), port);
		answers_to(OTHER, unauthorized, port);
		asks(REGISTER_RIGHT, port);
		answers(REGISTER_OK, port);
		assert_int_equal(proven_of(PHONE, IPPROTO_UDP, port),
				 (port - PORT) % 5 < 4 ? SG_PROOF_REGISTER : SG_PROOF_NONE);
	}
}

/* A NAT moves a phone, which goes on with the nonce that it has. */
static void a_nonce_of_one_source_proves_its_flows(void)
{
	asks(REQUEST_OF("REGISTER", ""), PORT);
	answers(unauthorized, PORT);
	asks(REGISTER_RIGHT, OTHER_PORT);
	answers(REGISTER_OK, OTHER_PORT);
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, OTHER_PORT), SG_PROOF_REGISTER);
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, PORT), SG_PROOF_NONE);
}

/* Who has an account has thousands of ports. */
static void a_source_proves_as_many_flows_as_it_may(void)
{
	config()->total[SG_TOTAL_PROOFS] = limit_hourly(3);
	for (__u16 port = PORT; port < PORT + 5; port++) {
		registers(REGISTER_RIGHT, REGISTER_OK, port);
		assert_int_equal(proven_of(PHONE, IPPROTO_UDP, port),
				 port < PORT + 3 ? SG_PROOF_REGISTER : SG_PROOF_NONE);
	}
	assert_int_equal(counted(SG_COUNT_PROVEN_MANY), 2);
	/* Who is proven stays so. */
	proven_set(PHONE, IPPROTO_UDP, PORT, SG_PROOF_REGISTER, 10);
	registers(REGISTER_RIGHT, REGISTER_OK, PORT);
	assert_true(proven_seconds(PHONE, IPPROTO_UDP, PORT) > 3600);
}

/* --- what ends a registration --- */

#define NO_BINDING REPLY_OF("200 OK", "REGISTER", "")

static void who_is_registered_stays_so(void)
{
	registers(REGISTER_RIGHT, REGISTER_OK, PORT);
	proven_set(PHONE, IPPROTO_UDP, PORT, SG_PROOF_REGISTER, 10);
	shares_the_nonce();
	asks(REGISTER_RIGHT, PORT);
	answers(REGISTER_OK, PORT);
	assert_true(proven_seconds(PHONE, IPPROTO_UDP, PORT) > 3600);
}

static void a_forged_end_ends_nothing(void)
{
	registers(REGISTER_RIGHT, REGISTER_OK, PORT);
	/* One that a forger may have sent ends nothing. */
	shares_the_nonce();
	asks(REGISTER_RIGHT, PORT);
	answers(NO_BINDING, PORT);
	assert_true(proven_seconds(PHONE, IPPROTO_UDP, PORT) > 3600);
}

static void unregistering_ends_the_proof(void)
{
	registers(REGISTER_RIGHT, REGISTER_OK, PORT);
	registers(REGISTER_RIGHT, NO_BINDING, PORT);
	assert_in_range(proven_seconds(PHONE, IPPROTO_UDP, PORT), 30, 33);
}

/* A proxy or a push gateway registers many over one flow. */
static void one_of_several_users_ends_nothing(void)
{
	static const char alice_ok[] = "SIP/2.0 200 OK\r\n"
		"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK776asdhds\r\n"
		"To: <sip:alice@example.com>;tag=1\r\nFrom: <sip:alice@example.com>;tag=2\r\n"
		"Call-ID: a84b4c76e66710@192.0.2.1\r\nCSeq: 1 REGISTER\r\n" BINDING
		"Content-Length: 0\r\n\r\n";

	registers(REGISTER_RIGHT, REGISTER_OK, PORT);
	registers(REGISTER_RIGHT, alice_ok, PORT);
	registers(REGISTER_RIGHT, NO_BINDING, PORT);
	assert_true(proven_seconds(PHONE, IPPROTO_UDP, PORT) > 3600);
}

const struct sequence secret_sequences[] = {
	{"the next nonce is a challenge", the_next_nonce_is_a_challenge},
	{"a forger puts no nonce into a reply", a_forger_puts_no_nonce_into_a_reply},
	{"a realm is no nonce", a_realm_is_no_nonce},
	{"one of several credentials answers", one_of_several_credentials_answers},
	{"challenges of both kinds are learned", challenges_of_both_kinds_are_learned},
	{"a nonce of two sources proves few flows", a_nonce_of_two_sources_proves_few_flows},
	{"an hour later it proves as many", an_hour_later_it_proves_as_many},
	{"a nonce of one source proves its flows", a_nonce_of_one_source_proves_its_flows},
	{"a source proves as many flows as it may", a_source_proves_as_many_flows_as_it_may},
	{"who is registered stays so", who_is_registered_stays_so},
	{"a forged end of a registration ends nothing", a_forged_end_ends_nothing},
	{"unregistering ends the proof", unregistering_ends_the_proof},
	{"one of several users ends nothing", one_of_several_users_ends_nothing},
};

const size_t secret_sequences_count = COUNT(secret_sequences);
