// SPDX-License-Identifier: GPL-2.0-only
/* Who speaks for a user that is registered through another zone; and how the guard knows of him. */
#include <stdio.h>
#include <string.h>

#include "dialogue/dialogue.h"
#include "maps.h"
#include "stream/stream.h"

#define PEER "198.18.0.7"
#define OFFICE "203.0.113.7"
#define BOB "<sip:bob@example.com>"
#define NOBODY "<sip:anonymous@anonymous.invalid>"
#define GONE REPLY_OF("200 OK", "REGISTER", "")
#define PAI "P-Asserted-Identity: "

/* A zone of peers that asks for identities, one of an office that does not. */
static void two_zones(void)
{
	wide();
	zone_set(0, "198.18.0.0/16", 1);
	zone_set(0, "203.0.113.0/24", 2);
	config()->profile[1].identity = 1;
	config()->identities = 1;
}

static void enforced(void)
{
	two_zones();
	mode_set(SG_REASON_IDENTITY_ELSEWHERE, SG_MODE_ENFORCE);
}

static const char *request_as(const char *method, const char *uri, const char *from,
			      const char *tag, const char *more)
{
	static char text[4096];

	snprintf(text, sizeof(text),
		 "%s %s SIP/2.0\r\n"
		 "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK776asdhds\r\n"
		 "Max-Forwards: 70\r\nTo: <sip:carol@example.com>%s\r\nFrom: %s;tag=1928\r\n"
		 "Call-ID: a84b4c76e66710@192.0.2.1\r\nCSeq: 1 %s\r\n%s"
		 "Content-Length: 0\r\n\r\n", method, uri, tag, from, method, more);
	return text;
}

static bool flagged(const struct packet_spec *packet)
{
	bool dropped = packet_dropped(packet);

	if (dropped)
		assert_int_equal(dropping_reason(), SG_REASON_IDENTITY_ELSEWHERE);
	stats_clear();
	return dropped;
}

/* Whether somebody who calls from there, with this in From, and other lines, is refused. */
static bool calls(const char *source, const char *from, const char *more)
{
	return flagged(&(struct packet_spec){
		.source = source,
		.payload = request_as("INVITE", "sip:carol@example.com", from, "", more),
	});
}

static void registers_at(const char *source, const char *reply)
{
	asks_of(source, REQUEST_OF("REGISTER", ""), PORT);
	answers_to(source, reply, PORT);
}

static void flagged_at_the_first_packet(void)
{
	two_zones();
	SEND(PASS, NONE, REQUEST, INVITE, .source = PEER,
	     .payload = request_as("INVITE", "sip:carol@example.com", BOB, "", ""));
	registers_at(PHONE, REGISTER_OK);
	SEND_WATCHED(PASS, NONE, REASON_BIT(SG_REASON_IDENTITY_ELSEWHERE), REQUEST, INVITE,
		     .source = PEER,
		     .payload = request_as("INVITE", "sip:carol@example.com", BOB, "", ""));
	SEND(PASS, NONE, REQUEST, INVITE, .source = PHONE,
	     .payload = request_as("INVITE", "sip:carol@example.com", BOB, "", ""));
	registers_at(PHONE, GONE);
	SEND(PASS, NONE, REQUEST, INVITE, .source = PEER,
	     .payload = request_as("INVITE", "sip:carol@example.com", BOB, "", ""));
}

static void it_ends_with_the_binding(void)
{
	enforced();
	registers_at(PHONE, REGISTER_OK);
	clock_move(3599 * SECOND);
	assert_true(calls(PEER, BOB, ""));
	clock_move(SECOND);
	assert_false(calls(PEER, BOB, ""));
	/* And goes on with the next one. */
	registers_at(PHONE, REGISTER_OK);
	clock_move(3000 * SECOND);
	registers_at(PHONE, REGISTER_OK);
	clock_move(3000 * SECOND);
	assert_true(calls(PEER, BOB, ""));
}

/* Two phones, in two zones: either may call, until its own binding ends. */
static void several_zones_of_one_user(void)
{
	enforced();
	config()->profile[2].identity = 1;
	registers_at(PHONE, REGISTER_OK);
	assert_true(calls(OFFICE, BOB, ""));
	clock_move(1800 * SECOND);
	registers_at(OFFICE, REGISTER_OK);
	assert_false(calls(OFFICE, BOB, ""));
	assert_false(calls("203.0.113.99", BOB, ""));
	assert_true(calls(PEER, BOB, ""));
	clock_move(1800 * SECOND);
	assert_true(calls(PEER, BOB, ""));
	/* A server that lists no binding has none of his, in whichever zone. */
	registers_at(PHONE, GONE);
	assert_false(calls(PEER, BOB, ""));
}

/* The id of a zone is that of its name: after a reload another one may have its number. */
static void a_zone_keeps_its_users(void)
{
	enforced();
	registers_at(OFFICE, REGISTER_OK);
	assert_true(calls(PEER, BOB, ""));
	config()->zone[1].id = 2;
	assert_false(calls(PEER, BOB, ""));
}

static void who_is_who(void)
{
	enforced();
	registers_at(PHONE, REGISTER_OK);
	assert_true(calls(PEER, "sip:bob@example.com", ""));
	assert_true(calls(PEER, "\"Bob <sip:x@y>, \\\" Smith\" "
			  "<sips:bob:pw@EXAMPLE.com.:5070;x=y>", ""));
	assert_true(calls(PEER, "Bob <sip:%62ob;p=q@example.com>", ""));
	assert_false(calls(PEER, "<sip:BOB@example.com>", ""));
	assert_false(calls(PEER, "<sip:bob@example.org>", ""));
	assert_false(calls(PEER, "<sip:bob@example.com.org>", ""));
	assert_false(calls(PEER, "<sip:bobe@xample.com>", ""));
	assert_false(calls(PEER, "\"sip:bob@example.com\" " NOBODY, ""));
	assert_false(calls(PEER, "<sip:example.com>", ""));
}

static void a_number_is_one_at_every_host(void)
{
	enforced();
	identity_set("sip:+442079460000@ims.example.com", 0, 60);
	assert_true(calls(PEER, "<sip:+442079460000@carrier.example;user=phone>", ""));
	assert_true(calls(PEER, "<sip:442079460000@192.0.2.99>", ""));
	assert_true(calls(PEER, "<tel:+44-20-7946-0000>", ""));
	assert_true(calls(PEER, "<tel:+44(20)7946.0000;phone-context=x>", ""));
	assert_false(calls(PEER, "<sip:02079460000@carrier.example>", ""));
	assert_false(calls(PEER, "<sip:+442079460001@carrier.example>", ""));
	assert_false(calls(PEER, "<sip:4420794600x00@carrier.example>", ""));
	/* Others have the same extension. */
	identity_set("sip:123456@ims.example.com", 0, 60);
	assert_false(calls(PEER, "<sip:123456@carrier.example>", ""));
	assert_true(calls(PEER, "<sip:123456@ims.example.com>", ""));
	assert_false(calls(PEER, "<tel:123456>", ""));
	/* What the operator says ends, too. */
	clock_move(60 * SECOND);
	assert_false(calls(PEER, "<sip:123456@ims.example.com>", ""));
}

static void asserted_identities(void)
{
	enforced();
	identity_set("sip:bob@example.com", 0, 60);
	identity_set("tel:+442079460000", 0, 60);
	assert_true(calls(PEER, NOBODY, PAI BOB "\r\n"));
	assert_true(calls(PEER, NOBODY, "p-asserted-identity :\r\n sip:bob@example.com\r\n"));
	assert_true(calls(PEER, NOBODY, PAI NOBODY ", <tel:+442079460000>\r\n"));
	assert_true(calls(PEER, NOBODY, PAI NOBODY "\r\n" PAI "\"Bob\" " BOB "\r\n"));
	assert_true(calls(PEER, NOBODY, "P-Asserted-Service: urn:urn-7:x\r\n" PAI BOB "\r\n"));
	assert_false(calls(PEER, NOBODY, "P-Asserted-Service: sip:bob@example.com\r\n"));
	assert_false(calls(PEER, NOBODY, "P-Preferred-Identity: " BOB "\r\n"));
	assert_false(calls(PEER, NOBODY, PAI NOBODY "\r\nReply-To: " BOB "\r\n"));
	assert_false(calls(PEER, NOBODY, PAI "\"sip:bob@example.com\" " NOBODY "\r\n"));
	/* The first two values. */
	assert_false(calls(PEER, NOBODY, PAI NOBODY ", " NOBODY ", " BOB "\r\n"));
	assert_false(calls(PHONE, NOBODY, PAI BOB "\r\n"));
}

static bool sends_as_bob(const char *method, const char *uri, const char *tag)
{
	return flagged(&(struct packet_spec){
		.source = PEER, .payload = request_as(method, uri, BOB, tag, ""),
	});
}

static void what_is_not_looked_at(void)
{
	enforced();
	identity_set("sip:bob@example.com", 0, 60);
	assert_true(sends_as_bob("MESSAGE", "sip:carol@example.com", ""));
	assert_false(sends_as_bob("INVITE", "sip:carol@example.com", ";tag=7"));
	assert_false(sends_as_bob("INVITE", "urn:service:sos", ""));
	assert_false(sends_as_bob("REGISTER", "sip:example.com", ""));
	assert_false(sends_as_bob("ACK", "sip:carol@example.com", ""));
	assert_false(sends_as_bob("CANCEL", "sip:carol@example.com", ""));
	/* A trunk over TCP is many users. */
	SEND_WATCHED(PASS, NONE, REASON_BIT(SG_REASON_IDENTITY_ELSEWHERE), REQUEST, INVITE,
		     .source = PEER, OVER_TCP,
		     .payload = request_as("INVITE", "sip:carol@example.com", BOB, "", ""));
	config()->profile[1].identity = 0;
	assert_false(sends_as_bob("MESSAGE", "sip:carol@example.com", ""));
}

static bool is_empty(void)
{
	const struct sg_registered *cell = maps.registered->cell;
	bool empty = true;

	for (int i = 0; i < SG_REGISTERED * SG_REGISTERED_CELLS; i++)
		empty = empty && !cell[i].tag && !cell[i].until;
	return empty;
}

/* Nothing is learned where nobody asks, of what the server refuses, or did not hear. */
static void what_teaches_nothing(void)
{
	enforced();
	config()->identities = 0;
	registers_at(PHONE, REGISTER_OK);
	assert_true(is_empty());
	config()->identities = 1;
	registers_at(PHONE, REPLY_OF("403 Forbidden", "REGISTER", BINDING));
	registers_at(PHONE, REPLY_OF("401 Unauthorized", "REGISTER", CHALLENGE BINDING));
	registers_at(PHONE, GONE);
	asks(REQUEST_OF("SUBSCRIBE", ""), PORT);
	answers(REPLY_OF("200 OK", "SUBSCRIBE", BINDING), PORT);
	transactions_forget();
	answers(REGISTER_OK, PORT);
	/* Nor by what comes in. */
	assert_false(packet_dropped(&(struct packet_spec){.source = PHONE,
							  .payload = REGISTER_OK}));
	assert_true(is_empty());
	registers_at(PHONE, REGISTER_OK);
	assert_false(is_empty());
}

/* All are taken by others, until so many seconds from now, and the last one in a line longer. */
static void fill(int seconds)
{
	for (int line = 0; line < SG_REGISTERED; line++)
		for (int i = 0; i < SG_REGISTERED_CELLS; i++)
			maps.registered[line].cell[i] = (struct sg_registered){
				.tag = 2 + i, .until = guard_clock() + seconds * SECOND + (i != 5),
			};
}

static int sixth_cells(void)
{
	int count = 0;

	for (int line = 0; line < SG_REGISTERED; line++)
		count += maps.registered[line].cell[5].tag == 2 + 5;
	return count;
}

static void a_full_table(void)
{
	struct sg_stats stats;

	enforced();
	fill(60);
	registers_at(PHONE, REGISTER_OK);
	stats_read(&stats);
	assert_int_equal(stats.count[SG_COUNT_IDENTITIES_FULL], 1);
	/* The one that ended first made room, and no other. */
	assert_int_equal(sixth_cells(), SG_REGISTERED - 1);
	assert_true(calls(PEER, BOB, ""));
	/* Once more it has its place, and so it has if others are over. */
	registers_at(PHONE, REGISTER_OK);
	stats_read(&stats);
	assert_int_equal(stats.count[SG_COUNT_IDENTITIES_FULL], 0);
	fill(0);
	registers_at(PHONE, REGISTER_OK);
	stats_read(&stats);
	assert_int_equal(stats.count[SG_COUNT_IDENTITIES_FULL], 0);
	assert_true(calls(PEER, BOB, ""));
}

const struct sequence identity_sequences[] = {
	{"identity: flagged at the first packet, not after it unregisters",
	 flagged_at_the_first_packet},
	{"identity: it ends with the binding", it_ends_with_the_binding},
	{"identity: several zones of one user", several_zones_of_one_user},
	{"identity: a zone keeps its users", a_zone_keeps_its_users},
	{"identity: who is who", who_is_who},
	{"identity: a number is one at every host", a_number_is_one_at_every_host},
	{"identity: P-Asserted-Identity", asserted_identities},
	{"identity: what is not looked at", what_is_not_looked_at},
	{"identity: what teaches nothing", what_teaches_nothing},
	{"identity: a full table", a_full_table},
};

const size_t identity_sequences_count = COUNT(identity_sequences);
