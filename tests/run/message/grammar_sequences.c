// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rules of SIP's grammar in the guard: each with a message that breaks it and one just inside
 * it, in every mode. Most of them are those of tests/rule_cases.h; here are those that need more
 * than another line, or that break other rules as well. What the reader finds in a message is
 * tested in tests/unit/test_sip_reader.c.
 */
#include <stdio.h>
#include <string.h>

#include "../../rule_cases.h"
#include "cases.h"

struct grammar_case {
	enum sg_reason reason;
	enum part part;
	struct text bad, good;
	__u32 class, method;     /* of the bad one; 0: a request, INVITE */
	enum sip_cap cap;        /* to test with, */
	__u32 limit;             /* if this is not 0 */
	struct packet_spec spec; /* everything but the payload */
	struct packet_spec good_spec;
};

static const struct grammar_case own_cases[] = {
#define CASE(reason_, part_, bad_, good_, ...)                                                    \
	{.reason = SG_REASON_##reason_, .part = part_, .bad = TEXT(bad_), .good = TEXT(good_),    \
	 __VA_ARGS__}
#define AS(class_, method_) .class = SG_CLASS_##class_, .method = SG_METHOD_##method_
	CASE(START_LINE, START, "INVITE sip:bob@example.com SIP/3.0\r\n",
	     "INVITE sip:bob@example.com sip/2.0\r\n"),
	CASE(METHOD_UNKNOWN, START, "INVITES sip:bob@example.com SIP/2.0\r\n",
	     "INVITE sip:bob@example.com SIP/2.0\r\n", AS(REQUEST, UNKNOWN)),
	CASE(CSEQ, CSEQ, "CSeq: 4294967296 INVITE\r\n", "CSeq: 4294967295 INVITE\r\n"),
	CASE(VIA, VIA, "Via: SIP/3.0/UDP a.example;branch=z9hG4bK1\r\n",
	     "v : SIP/2.0/UDP a.example;branch=z9hG4bK1\r\n"),
	CASE(QUOTE, FROM, "From: <sip:a@b.example>;tag=1;x=\"y\r\n",
	     "From: <sip:a@b.example>;tag=1;x=\"\\\"y\"\r\n"),
	CASE(QUOTE, VIA, "Via: SIP/2.0/UDP a.example;branch=z9hG4bK1;x=\"\r\n",
	     "Via: SIP/2.0/UDP a.example;branch=z9hG4bK1;x=\"\"\r\n"),
	CASE(URI_EMPTY, START, "INVITE sip: SIP/2.0\r\n", "INVITE sip:b SIP/2.0\r\n"),
	CASE(URI_EMPTY, START, "INVITE tel: SIP/2.0\r\n", "INVITE tel:1 SIP/2.0\r\n"),
	CASE(HOST_MISSING, FROM, "From: <sip:a@>;tag=1\r\n", "From: <sip:a@b>;tag=1\r\n"),
	CASE(HOST_MISSING, FROM, "From: sips:;tag=1\r\n",
	     "From: \"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=1\r\n"),
	CASE(HOST_MISSING, TO, "To: <sip::5060>\r\n", "To: <tel:+1555>\r\n"),
	CASE(HOST_MISSING, MORE, "Contact: <sip:a@>\r\n", "Contact: <sip:a@b>\r\n"),
	CASE(HOST_MISSING, MORE, "m:<sip:>\r\n", "m:<sip:b:5060;transport=udp>\r\n"),
	CASE(HOST_MISSING, MORE, "m: \"A\" <sips:;lr>;q=1\r\n", "m: \"A\" <sip:b;lr>;q=1\r\n"),
	CASE(HOST_MISSING, MORE, "m: <sip:a:b@:5060>\r\n", "m: <sip:a:b@[::1]:5060>\r\n"),
	CASE(HOST_MISSING, MORE, "Contact: sip:a@\r\n", "Contact: *\r\n"),
	CASE(HOST_MISSING, MORE, "m: <sip:>, <sip:a@b>\r\n", "Contact:\r\n"),
	CASE(HOST_MISSING, MORE, "m: <sip:@>\r\n", "m: sip:b\r\n"),
	CASE(LENGTH_MISSING, LENGTH, "", "l: 4\r\n", .spec = {OVER_TCP}, .good_spec = {OVER_TCP}),
	CASE(HEAD_END, END, "v", "\r\n"),
	CASE(NUL, MORE, "X\0Y: 1\r\n", "XY: %00\r\n"),
	CASE(NUL, MORE, "X\"\\\0\": 1\r\n", "X: \"\\\0\"\r\n"),
	CASE(NUL, START, "INVITE sip:\"\\\0\"@b SIP/2.0\r\n", "INVITE sip:\"\"@b SIP/2.0\r\n"),
	CASE(REGISTER_USER, START, "REGISTER sip:bob@example.com SIP/2.0\r\n",
	     "REGISTER sip:example.com SIP/2.0\r\n", AS(REQUEST, REGISTER)),
	CASE(METHOD_FIELD, START, "SUBSCRIBE sip:bob@example.com SIP/2.0\r\n",
	     "SUBSCRIBE sip:bob@example.com SIP/2.0\r\nEvent: dialog\r\n", AS(REQUEST, SUBSCRIBE)),
#define LIMITED(cap_, limit_) .cap = SIP_CAP_##cap_, .limit = limit_
	CASE(START_LONG, START, "INVITE sip:bobby@example.com SIP/2.0\r\n",
	     "INVITE sip:bob@example.com SIP/2.0\r\n", LIMITED(start_line, 34)),
	CASE(URI_LONG, START, "INVITE sip:bobby@example.com SIP/2.0\r\n",
	     "INVITE sip:bob@example.com SIP/2.0\r\n", LIMITED(uri, 19)),
	CASE(METHOD_LONG, CSEQ, "CSeq: 1 INVITED\r\n", "CSeq: 1 INVITE\r\n", LIMITED(method, 6)),
	CASE(PARAMETER_LONG, FROM, "From: <sip:a@b>;tag=12345678901234567\r\n",
	     "From: <sip:a@b>;tag=1234567890123456\r\n", LIMITED(parameter, 16)),
	CASE(CALL_ID_LONG, CALL_ID, "Call-ID: 12345\r\n", "Call-ID: 1234\r\n",
	     LIMITED(call_id, 4)),
	CASE(FIELD_LONG, MORE, "X: 0123456789012345678901234567890123456789012345678901234567890"
	     "12345678901234567890\r\n", "X: 1\r\n", LIMITED(field, 80)),
	CASE(FIELDS, MORE, "X: 1\r\nY: 2\r\n", "X: 1\r\n", LIMITED(fields, 8)),
	CASE(FOLDS, MORE, "X: 1\r\n 2\r\n 3\r\n", "X: 1\r\n 2\r\n", LIMITED(folds, 1)),
	CASE(HOPS, HOPS, "Max-Forwards: 71\r\n", "Max-Forwards: 70\r\n",
	     LIMITED(max_forwards, 70)),
	CASE(SIZE, BODY, "v=0\ns=-\n", "v=0\n", LIMITED(message, 274)),
#undef CASE
};

#define CASES (COUNT(rule_cases) + COUNT(own_cases))

static struct grammar_case grammar_case(size_t i)
{
	static const enum sg_reason reasons[] = {
#define X(number, name, ...) SG_REASON_##name,
		SIP_RULES(X)
#undef X
	};
	const struct rule_case *rule;
	bool response;

	if (i >= COUNT(rule_cases))
		return own_cases[i - COUNT(rule_cases)];
	rule = &rule_cases[i];
	response = rule->rule == SIP_RULE_STATUS;
	return (struct grammar_case){
		.reason = reasons[rule->rule],
		.part = rule->part,
		.bad = rule->bad,
		.good = rule->good,
		.class = response ? SG_CLASS_RESPONSE : SG_CLASS_REQUEST,
		.method = response ? SG_METHOD_NONE : SG_METHOD_INVITE,
	};
}

/* The frame's payload must live until it is sent. */
static struct packet_spec compose(const struct packet_spec *spec, enum part part, struct text with)
{
	static char buffer[4096];
	struct packet_spec packet = *spec;

	packet.payload = buffer;
	packet.length = request_compose(buffer, part, with);
	return packet;
}

static struct expectation expect(const struct grammar_case *c, enum outcome outcome)
{
	bool given = c->class || c->method;

	return (struct expectation){
		.outcome = outcome,
		.class = given ? c->class : SG_CLASS_REQUEST,
		.method = given ? c->method : SG_METHOD_INVITE,
	};
}

/* The rule under test alone, and its limit. */
static void prepare(const struct grammar_case *c, enum sg_mode mode)
{
	fixture_reset(fix.program);
	mode_set(c->reason, mode);
	if (c->limit)
		config()->profile[0].caps.of[c->cap] = c->limit;
}

static void send_bad(const struct grammar_case *c, enum sg_mode mode, struct expectation e)
{
	struct packet_spec packet = compose(&c->spec, c->part, c->bad);
	char where[128];

	snprintf(where, sizeof(where), "rule %d in mode %d: %.60s", c->reason, mode, c->bad.bytes);
	packet_check(where, &packet, &e);
}

static void every_rule_in_every_mode(void)
{
	for (size_t i = 0; i < CASES; i++) {
		struct grammar_case c = grammar_case(i);
		struct expectation e = expect(&c, DROP);

		prepare(&c, SG_MODE_ENFORCE);
		e.reason = c.reason;
		send_bad(&c, SG_MODE_ENFORCE, e);
		fix.state->mode = SG_MODE_MONITOR;
		e.outcome = WOULD_DROP;
		send_bad(&c, SG_MODE_ENFORCE, e);

		prepare(&c, SG_MODE_MONITOR);
		e = expect(&c, PASS);
		e.watched = REASON_BIT(c.reason);
		send_bad(&c, SG_MODE_MONITOR, e);

		prepare(&c, SG_MODE_OFF);
		send_bad(&c, SG_MODE_OFF, expect(&c, PASS));
	}
}

static void every_rule_has_an_inside(void)
{
	for (size_t i = 0; i < CASES; i++) {
		struct grammar_case c = grammar_case(i);
		struct packet_spec packet = compose(&c.good_spec, c.part, c.good);

		prepare(&c, SG_MODE_ENFORCE);
		if (packet_dropped(&packet))
			fail_msg("dropped, but just inside rule %d: %.60s", c.reason, c.good.bytes);
		coverage.near_reason |= REASON_BIT(c.reason);
	}
}

/* What products and networks get wrong, and what long chains of proxies add, is no offence. */
static void oddities_cost_no_call_and_ban_nobody(void)
{
	static char fields[63 * sizeof("Accept: a/b\r\n")], id[320];
	const struct {
		enum part part;
		struct text text;
	} odd[] = {
		{FROM, TEXT("From: \"ACME Sales\\\" <sip:+1202@carrier.example.net>;tag=a01\r\n")},
		{FROM, TEXT("From: \"ACME <sip:+1202@carrier.example.net>;tag=a01\r\n")},
		{FROM, TEXT("From: \"A <sip:a@b>;x=\"<y>\";tag=a01\r\n")},
		{MORE, TEXT("Content-Length: 4\r\n")},
		{MORE, TEXT("Max-Forwards: 70\r\n")},
		{MORE, TEXT("From: \"Alice\" <sip:alice@example.com>;tag=1928301774\r\n")},
		{CALL_ID, {id, sprintf(id, "Call-ID: %0298d\r\n", 7)}},
		{MORE, {fields, 62 * strlen("Accept: a/b\r\n")}}, /* 70 with the others */
	};
	struct packet_spec packet;

	for (int i = 0; i < 62; i++)
		sprintf(fields + i * strlen("Accept: a/b\r\n"), "Accept: a/b\r\n");
	for (size_t i = 0; i < COUNT(odd); i++) {
		fixture_reset(fix.program);
#define X(number, name, label, reference, mode, ...) mode_set(number, SG_MODE_##mode);
		SIP_RULES(X)
#undef X
		config()->ban[SG_OFFENCE_MALFORMED] = sg_ban_rule_of(2, 30, 60);
		packet = compose(&(struct packet_spec){}, odd[i].part, odd[i].text);
		for (int n = 0; n < 10; n++)
			if (packet_dropped(&packet))
				fail_msg("message %d of: %.60s", n, odd[i].text.bytes);
	}
	packet = compose(&(struct packet_spec){}, MORE, (struct text)TEXT("l: 5\r\n"));
	assert_true(packet_dropped(&packet));
}

/* A message is judged by its header, as soon as that has an end. */
static void a_part_of_a_header_is_not_judged(void)
{
	const struct text bad = TEXT("Max-Forwards: 256\r\n");
	struct packet_spec packet;

	mode_set(SG_REASON_HOPS, SG_MODE_ENFORCE);
	packet = compose(&(struct packet_spec){OVER_TCP}, HOPS, bad);
	assert_true(packet_dropped(&packet));
	packet.length -= 4; /* of the body */
	assert_true(packet_dropped(&packet));
	packet.length -= 1;
	assert_false(packet_dropped(&packet));
}

/* With everything enforced: a verdict at each length, and the same one each time. */
static void every_length_has_a_verdict(void)
{
	struct packet_spec packet = compose(&(struct packet_spec){}, PARTS, request[END]);
	size_t whole = packet.length;

	for (packet.length = 1; packet.length <= whole; packet.length++) {
		bool dropped;

		fixture_reset(fix.program); /* or limits would fire */
		for (int reason = 1; reason < SG_REASON__MAX; reason++)
			mode_set(reason, SG_MODE_ENFORCE);
		dropped = packet_dropped(&packet);
		assert_int_equal(packet_dropped(&packet), dropped);
		if (packet.length == whole)
			assert_false(dropped);
	}
}

/* Where the limit is, whatever it is set to, and that a response has none. */
static void hops_of_requests_are_limited(void)
{
	mode_set(SG_REASON_HOPS, SG_MODE_ENFORCE);
	config()->profile[0].caps.max_forwards = 9;
	SEND(PASS, NONE, RESPONSE, NONE, .payload = SIP_RESPONSE);
	SEND(DROP, HOPS, REQUEST, OPTIONS);
	config()->profile[0].caps.max_forwards = 1000;
	SEND(PASS, NONE, REQUEST, OPTIONS);
	assert_true(packet_dropped(&(struct packet_spec){
		.payload = "OPTIONS sip:bob@example.com SIP/2.0\r\nMax-Forwards: 256\r\n"
			   SIP_HEADERS("OPTIONS"),
	}));
}

const struct sequence grammar_sequences[] = {
	{"every rule of grammar in every mode", every_rule_in_every_mode},
	{"every rule of grammar has an inside", every_rule_has_an_inside},
	{"oddities cost no call and ban nobody", oddities_cost_no_call_and_ban_nobody},
	{"a part of a header is not judged", a_part_of_a_header_is_not_judged},
	{"every length of a message has a verdict", every_length_has_a_verdict},
	{"the hops of requests are limited", hops_of_requests_are_limited},
};

const size_t grammar_sequences_count = COUNT(grammar_sequences);
