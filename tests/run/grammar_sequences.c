// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rules of SIP's grammar in the guard: each with a message that breaks it and one just inside
 * it, in every mode. What the reader finds in a message is tested in tests/unit/test_sip_reader.c.
 */
#include <stdio.h>
#include <string.h>

#include "cases.h"
#include "../request.h"

static const struct grammar_case {
	enum sg_reason reason;
	enum part part;
	struct text bad, good;
	__u32 class, method;     /* of the bad one; 0: a request, INVITE */
	__u32 *cap, limit;       /* a limit to test with */
	struct packet_spec spec; /* everything but the payload */
	struct packet_spec good_spec;
} cases[] = {
#define CASE(reason_, part_, bad_, good_, ...)                                                    \
	{.reason = SG_REASON_##reason_, .part = part_, .bad = TEXT(bad_), .good = TEXT(good_),    \
	 __VA_ARGS__}
#define AS(class_, method_) .class = SG_CLASS_##class_, .method = SG_METHOD_##method_
	CASE(START_LINE, START, "INVITE sip:bob@example.com SIP/3.0\r\n",
	     "INVITE sip:bob@example.com sip/2.0\r\n"),
	CASE(START_SPACES, START, "INVITE sip:bob@example.com  SIP/2.0\r\n",
	     "INVITE sip:bob@example.com SIP/2.0\r\n"),
	CASE(STATUS, START, "SIP/2.0 700 Far out\r\n", "SIP/2.0 699 Just inside\r\n",
	     AS(RESPONSE, NONE)),
	CASE(METHOD_UNKNOWN, START, "INVITES sip:bob@example.com SIP/2.0\r\n",
	     "INVITE sip:bob@example.com SIP/2.0\r\n", AS(REQUEST, UNKNOWN)),
	CASE(URI_SCHEME, START, "INVITE <sip:bob@example.com> SIP/2.0\r\n",
	     "INVITE tel:+15550100 SIP/2.0\r\n"),
	CASE(URI_UNKNOWN, START, "INVITE mailto:bob@example.com SIP/2.0\r\n",
	     "INVITE urn:service:sos SIP/2.0\r\n"),
	CASE(URI_HEADERS, START, "INVITE sip:bob@example.com?a=b SIP/2.0\r\n",
	     "INVITE sip:bob?a=b@example.com SIP/2.0\r\n"),
	CASE(URI_HOST, START, "INVITE sip:2001:db8::9 SIP/2.0\r\n",
	     "INVITE sip:[2001:db8::9] SIP/2.0\r\n"),
	CASE(FIELD_MISSING, CALL_ID, "", "i: 1\r\n"),
	CASE(HOPS_MISSING, HOPS, "", "max-forwards: 0\r\n"),
	CASE(HOPS, HOPS, "Max-Forwards: 256\r\n", "Max-Forwards: 255\r\n"),
	CASE(REPEATED, MORE, "i: 2\r\n", "Via: SIP/2.0/UDP b.example\r\n"),
	CASE(TO_REPEATED, MORE, "t: <sip:eve@example.com>\r\n", "t-: <sip:eve@example.com>\r\n"),
	CASE(CSEQ, CSEQ, "CSeq: 4294967296 INVITE\r\n", "CSeq: 4294967295 INVITE\r\n"),
	CASE(CSEQ_HIGH, CSEQ, "CSeq: 2147483648 INVITE\r\n", "CSeq: 2147483647 INVITE\r\n"),
	CASE(CSEQ_METHOD, CSEQ, "CSeq: 31 ACK\r\n", "CSeq: 31\r\n INVITE\r\n"),
	CASE(VIA, VIA, "Via: SIP/3.0/UDP a.example;branch=z9hG4bK1\r\n",
	     "v : SIP/2.0/UDP a.example;branch=z9hG4bK1\r\n"),
	CASE(VIA_HOST, VIA, "Via: SIP/2.0/UDP a%s.example;branch=z9hG4bK1\r\n",
	     "Via: SIP/2.0/UDP a_s.example;branch=z9hG4bK1\r\n"),
	CASE(VIA_TRANSPORT, VIA, "Via: SIP/2.0/TCP a.example;branch=z9hG4bK1\r\n",
	     "Via: SIP/2.0/udp a.example;branch=z9hG4bK1\r\n"),
	CASE(VIA_COOKIE, VIA, "Via: SIP/2.0/UDP a.example;branch=1\r\n",
	     "Via: SIP/2.0/UDP a.example;branch=z9hG4bK\r\n"),
	CASE(PARAMETER_EMPTY, FROM, "From: <sip:a@b.example>;;tag=1\r\n",
	     "From: <sip:a@b.example> ; tag=1\r\n"),
	CASE(FROM_TAG, FROM, "From: <sip:a@b.example;tag=1>\r\n", "f: sip:a@b.example;tag=1\r\n"),
	CASE(QUOTE, FROM, "From: \"Alice <sip:a@b.example>;tag=1\r\n",
	     "From: \"Al\\\"ice\" <sip:a@b.example>;tag=1\r\n"),
	CASE(ADDRESS, TO, "To: <sip:bob@b.example\r\n", "To: sip:bob@b.example\r\n"),
	CASE(DISPLAY_NAME, TO, "To: Bob, B. <sip:bob@b.example>\r\n",
	     "To: \"Bob, B.\" <sip:bob@b.example>\r\n"),
	CASE(CONTACT, MORE, "Contact: nobody\r\n", "Contact: *\r\n"),
	CASE(CALL_ID, CALL_ID, "Call-ID: a@b@c\r\n", "Call-ID: a@b\r\n"),
	CASE(EXPIRES, MORE, "Expires: soon\r\n", "Expires: 4294967295\r\n"),
	CASE(LENGTH, LENGTH, "Content-Length: -1\r\n", "Content-Length: 0\r\n"),
	CASE(LENGTH_BEYOND, LENGTH, "Content-Length: 5\r\n", "Content-Length: 3\r\n"),
	CASE(LENGTH_MISSING, LENGTH, "", "l: 4\r\n", .spec = {OVER_TCP}, .good_spec = {OVER_TCP}),
	CASE(HEAD_END, END, "v", "\r\n"),
	CASE(NUL, MORE, "X\0Y: 1\r\n", "XY: \0\r\n"),
	CASE(CONTROL, MORE, "X: a\001b\r\n", "X: a\tb\r\n"),
	CASE(LINE_END, MORE, "X: a\n", "X: a\r\n"),
	CASE(UTF8, MORE, "X: \xc3\x28\r\n", "X: \xc3\xa9\r\n"),
	CASE(FIELD_LINE, MORE, "nothing\r\n", "nothing:\r\n"),
	CASE(REGISTER_USER, START, "REGISTER sip:bob@example.com SIP/2.0\r\n",
	     "REGISTER sip:example.com SIP/2.0\r\n", AS(REQUEST, REGISTER)),
	CASE(METHOD_FIELD, START, "SUBSCRIBE sip:bob@example.com SIP/2.0\r\n",
	     "SUBSCRIBE sip:bob@example.com SIP/2.0\r\nEvent: dialog\r\n", AS(REQUEST, SUBSCRIBE)),
	CASE(SOURCE_PORT, MORE, "X: 1\r\n", "X: 1\r\n", .spec = {.sport_zero = true},
	     .good_spec = {.sport = 1}),
	CASE(SOURCE_ADDRESS, MORE, "X: 1\r\n", "X: 1\r\n", .spec = {.source = "224.0.0.1"},
	     .good_spec = {.source = "223.255.255.254"}),
	CASE(SOURCE_ADDRESS, MORE, "X: 1\r\n", "X: 1\r\n", .spec = {.source = "ff02::1"},
	     .good_spec = {.source = "fe80::1"}),
#define LIMITED(cap_, limit_) .cap = &limits.cap_, .limit = limit_
#define limits (*(struct sip_caps *)0)
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
	CASE(SIZE, BODY, "v=0\ns=-\n", "v=0\n", LIMITED(message, 274)),
#undef CASE
};

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
		*(__u32 *)((char *)&config()->caps + (unsigned long)c->cap) = c->limit;
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
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct expectation e = expect(&cases[i], DROP);

		prepare(&cases[i], SG_MODE_ENFORCE);
		e.reason = cases[i].reason;
		send_bad(&cases[i], SG_MODE_ENFORCE, e);
		fix.state->mode = SG_MODE_MONITOR;
		e.outcome = WOULD_DROP;
		send_bad(&cases[i], SG_MODE_ENFORCE, e);

		prepare(&cases[i], SG_MODE_MONITOR);
		e = expect(&cases[i], WOULD_DROP);
		e.watched = REASON_BIT(cases[i].reason);
		send_bad(&cases[i], SG_MODE_MONITOR, e);

		prepare(&cases[i], SG_MODE_OFF);
		send_bad(&cases[i], SG_MODE_OFF, expect(&cases[i], PASS));
	}
}

static void every_rule_has_an_inside(void)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct grammar_case *c = &cases[i];
		struct packet_spec packet = compose(&c->good_spec, c->part, c->good);

		prepare(c, SG_MODE_ENFORCE);
		if (packet_dropped(&packet))
			fail_msg("dropped, but just inside rule %d: %.60s", c->reason,
				 c->good.bytes);
		coverage.near_reason |= REASON_BIT(c->reason);
	}
}

/* A segment that ends inside a message gets no verdict, whatever is wrong with its start. */
static void a_part_of_a_stream_is_not_judged(void)
{
	const struct text bad = TEXT("Max-Forwards: 256\r\n"), rest = TEXT("");
	struct packet_spec packet;

	mode_set(SG_REASON_HOPS, SG_MODE_ENFORCE);
	packet = compose(&(struct packet_spec){OVER_TCP}, HOPS, bad);
	assert_true(packet_dropped(&packet));
	packet.length -= 1; /* of the body */
	assert_false(packet_dropped(&packet));
	packet = compose(&(struct packet_spec){OVER_TCP}, END, rest);
	packet.length -= 4;
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

const struct sequence grammar_sequences[] = {
	{"every rule of grammar in every mode", every_rule_in_every_mode},
	{"every rule of grammar has an inside", every_rule_has_an_inside},
	{"a part of a stream is not judged", a_part_of_a_stream_is_not_judged},
	{"every length of a message has a verdict", every_length_has_a_verdict},
};

const size_t grammar_sequences_count = COUNT(grammar_sequences);
