// SPDX-License-Identifier: GPL-2.0-only
/* One number in ever other forms: what is one, what is a form, and whom it is held against. */
#include <stdio.h>

#include "dialogue/dialogue.h"
#include "stream/stream.h"

#define MEMBER "198.18.0.7"
#define TAIL "2079460000"
#define CALL(uri) REQUEST_TO("INVITE", uri, "sip:b@example.com")

/* So many forms of a number, by whoever is looked at. */
static void forms(__u32 most)
{
	wide();
	mode_set(SG_REASON_DIAL_WALK, SG_MODE_ENFORCE);
	for (int zone = 0; zone < 2; zone++) {
		config()->profile[zone].dial_forms = most;
		config()->profile[zone].dial_window = 3600;
	}
}

static bool may_dial(const char *source, const char *uri)
{
	char request[1024];

	snprintf(request, sizeof(request), CALL("%s"), uri);
	return !packet_dropped(&(struct packet_spec){.source = source, .payload = request});
}

static bool dials(const char *prefix)
{
	char uri[256];

	snprintf(uri, sizeof(uri), "sip:%s@example.com", prefix);
	return may_dial(PHONE, uri);
}

static void a_walk_ends(void)
{
	static const char *const walk[] = {"0044", "01144", "90044", "901144", "+44", "44", "0"};
	char number[64];
	int dialled = 0;

	forms(4);
	for (size_t i = 0; i < COUNT(walk); i++) {
		snprintf(number, sizeof(number), "%s" TAIL, walk[i]);
		dialled += dials(number);
	}
	assert_int_equal(dialled, 4);
	assert_int_equal(dropped_by(SG_REASON_DIAL_WALK), 3);
	/* Again and again, if it is a form that he had; and other numbers. */
	assert_true(dials("0044" TAIL));
	assert_true(dials("0044" TAIL));
	assert_false(dials("44" TAIL));
	assert_true(dials("00442079460001"));
	/* Nobody else notices. */
	assert_true(may_dial("192.0.2.99", "sip:44" TAIL "@example.com"));
	clock_move(3600 * SECOND);
	assert_true(dials("44" TAIL));
}

static void what_a_number_is(void)
{
	forms(2);
	assert_true(dials("1" TAIL));
	assert_true(dials("2" TAIL));
	assert_false(dials("3" TAIL));
	/* However it is written. */
	assert_false(dials("+4-(20)-79.46.00.00"));
	assert_false(may_dial(PHONE, "tel:4" TAIL));
	assert_false(may_dial(PHONE, "sip:4" TAIL ":secret@example.com"));
	assert_false(may_dial(PHONE, "sip:4" TAIL ";phone-context=x@example.com"));
	assert_false(dials("0000000000000000000000000000000000000000" TAIL));
	/* An escape hides nothing (RFC 3261 section 25.1), wherever it stands. */
	assert_false(dials("%34" TAIL) || dials("%2B4" TAIL) || dials("42%3079460000"));
	assert_false(dials("420794600%30%30"));
	assert_false(dials("4" TAIL "-") || dials("4" TAIL ")") || dials("4" TAIL "#"));
	/* Names and extensions are none. */
	assert_true(dials("user3" TAIL));
	assert_true(dials("user4" TAIL));
	assert_true(dials("user5" TAIL));
	assert_true(dials("9460000") && dials("19460000") && dials("29460000"));
	assert_true(dials("46000a0") && dials("1946000a") && dials("3%61" TAIL));
	/* A number that goes on as a name is one. */
	assert_false(dials("1" TAIL "a"));
}

/* The same digits with or without what separates them are two forms: a walk may be hidden so. */
static void a_form_is_what_was_written(void)
{
	forms(2);
	assert_true(dials("+44" TAIL));
	assert_true(dials("+44-" TAIL));
	assert_false(dials("+4-4" TAIL));
	assert_false(dials("%2B44" TAIL));
}

/* A stolen account is held against its flow alone; and a trunk is not looked at. */
static void whom_it_is_held_against(void)
{
	char uri[64];

	forms(2);
	proven_set(PHONE, IPPROTO_UDP, PORT, SG_PROOF_REGISTER, 60);
	assert_true(dials("1" TAIL) && dials("2" TAIL));
	assert_false(dials("3" TAIL));
	/* Another phone behind that address dials for itself. */
	proven_set(PHONE, IPPROTO_UDP, PORT + 2, SG_PROOF_REGISTER, 60);
	assert_false(packet_dropped(&(struct packet_spec){
		.source = PHONE, .sport = PORT + 2, .payload = CALL("sip:3" TAIL "@example.com")}));
	assert_false(packet_dropped(&(struct packet_spec){
		.source = PHONE, .sport = PORT + 1,
		.payload = CALL("sip:3" TAIL "@example.com")}));
	zone_set(0, "198.18.0.0/16", 1);
	for (int i = 0; i < 30; i++) {
		snprintf(uri, sizeof(uri), "sip:%d" TAIL "@example.com", i);
		assert_true(may_dial(MEMBER, uri));
	}
}

/* What is no new call is none: the same INVITE again, and one inside a dialog. */
static void what_does_not_count(void)
{
	forms(2);
	assert_true(dials("1" TAIL));
	for (int i = 0; i < 5; i++)
		assert_false(packet_dropped(&(struct packet_spec){.source = PHONE, .again = true,
			.payload = CALL("sip:1" TAIL "@example.com")}));
	for (int i = 0; i < 5; i++) {
		char in_dialog[1024];

		snprintf(in_dialog, sizeof(in_dialog),
			 "INVITE sip:%d" TAIL "@example.com SIP/2.0\r\n"
			 "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK776asdhds\r\n"
			 "From: <sip:a@example.com>;tag=1\r\nTo: <sip:b@example.com>;tag=2\r\n"
			 "Call-ID: d\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\n"
			 "Content-Length: 0\r\n\r\n", i + 2);
		assert_false(packet_dropped(&(struct packet_spec){.source = PHONE,
								  .payload = in_dialog}));
	}
	assert_true(dials("2" TAIL));
	assert_false(dials("3" TAIL));
}

/* One transaction for each, to a server that goes by RFC 2543, and one for all, to us. */
static void one_branch_without_the_cookie(void)
{
	static const char format[] =
		"INVITE sip:%d" TAIL "@example.com SIP/2.0\r\n"
		"Via: SIP/2.0/UDP 192.0.2.1:5060;branch=1\r\nFrom: <sip:a@example.com>;tag=%d\r\n"
		"To: <sip:b@example.com>\r\nCall-ID: one\r\nCSeq: 1 INVITE\r\n"
		"Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n";
	char request[512];
	int passed_on = 0;

	forms(2);
	for (int i = 1; i < 9; i++) {
		snprintf(request, sizeof(request), format, i, i);
		passed_on += !packet_dropped(&(struct packet_spec){.source = PHONE,
								   .payload = request});
	}
	assert_int_equal(passed_on, 2);
}

/* What is refused is no call that the callee had. */
static void a_refused_form_costs_its_callee_nothing(void)
{
	forms(2);
	mode_set(SG_REASON_LIMIT_CALLEE, SG_MODE_ENFORCE);
	config()->profile[0].callee = limit_hourly(1);
	assert_true(dials("1" TAIL) && dials("2" TAIL));
	for (int i = 0; i < 3; i++)
		assert_false(dials("3" TAIL));
	assert_true(may_dial("192.0.2.99", "sip:3" TAIL "@example.com"));
}

static void by_default_it_monitors(void)
{
	static const reason_set walk = REASON_BIT(SG_REASON_DIAL_WALK);

	config()->profile[0].dial_forms = 2;
	assert_true(dials("1" TAIL) && dials("2" TAIL));
	SEND_WATCHED(PASS, NONE, walk, REQUEST, INVITE, .source = PHONE,
		     .payload = CALL("sip:3" TAIL "@example.com"));
}

const struct sequence dial_sequences[] = {
	{"a walk through dialled forms ends", a_walk_ends},
	{"what a dialled number is", what_a_number_is},
	{"a dialled form is what was written", a_form_is_what_was_written},
	{"whom a walk is held against", whom_it_is_held_against},
	{"what is no new call is no form", what_does_not_count},
	{"one branch without the cookie is no copy", one_branch_without_the_cookie},
	{"a refused form costs its callee nothing", a_refused_form_costs_its_callee_nothing},
	{"a walk is only counted by default", by_default_it_monitors},
};

const size_t dial_sequences_count = COUNT(dial_sequences);
