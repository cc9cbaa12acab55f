// SPDX-License-Identifier: GPL-2.0-only
/* The message reader: each rule with a message that breaks it alone, and bytes of any kind. */
#include "sip_read.h"

static void test_rule_cases(void **state)
{
	const struct rule_case *c;

	(void)state;
	for (size_t i = 0; i < COUNT(rule_cases); i++) {
		c = &rule_cases[i];
		assert_faults(read_with(c->part, c->bad, 0), 1ULL << c->rule, c->bad.bytes);
		assert_faults(read_with(c->part, c->good, 0), 0, c->good.bytes);
	}
}

/* Rules that cannot be broken without another one, or that need more than another line. */
static void test_rules_in_company(void **state)
{
	(void)state;
	assert_faults(READ("no start line\r\nVia: SIP/2.0/UDP a\r\n\r\n"), SIP_FAULT(START_LINE),
		      "no start line");
	assert_faults(READ("OPTIONS sip:a SIP/3.0\r\n\r\n"), SIP_FAULT(START_LINE), "SIP/3.0");
	assert_int_equal(READ("A\0B sip:a SIP/2.0\r\n\r\n") &
				 (SIP_FAULT(START_LINE) | SIP_FAULT(NUL)),
			 SIP_FAULT(START_LINE) | SIP_FAULT(NUL));
	assert_true(read_with(MORE, (struct text)TEXT("X\0Y: 1\r\n"), 0) & SIP_FAULT(NUL));
	assert_true(read_with(MORE, (struct text)TEXT("XY: \0\r\n"), 0) & SIP_FAULT(NUL));
	assert_true(read_with(MORE, (struct text)TEXT("\"X\\\0\": 1\r\n"), 0) & SIP_FAULT(NUL));
	assert_true(read_with(VIA, (struct text)TEXT("Via: SIP/3.0/UDP a;branch=z9hG4bK\r\n"), 0) &
		    SIP_FAULT(VIA));
	assert_true(read_with(VIA, (struct text)TEXT("Via: SIP/2.0/UDP a;;,;,,\r\n"), 0) &
		    SIP_FAULT(VIA));
	assert_true(read_with(VIA, (struct text)TEXT("Via: SIP/2.0/UDP\r\n"), 0) & SIP_FAULT(VIA));
	assert_true(read_with(TO, (struct text)TEXT("To: <sip:bob@b.example>;x=\"y\r\n"), 0) &
		    SIP_FAULT(QUOTE));
	assert_faults(read_with(START, (struct text)TEXT("INVITE sip: SIP/2.0\r\n"), 0),
		      SIP_FAULT(URI_EMPTY) | SIP_FAULT(URI_HOST), "sip:");
	assert_faults(read_with(TO, (struct text)TEXT("To: <sip:bob@>\r\n"), 0),
		      SIP_FAULT(HOST_MISSING) | SIP_FAULT(ADDRESS), "no host");
	assert_faults(read_with(MORE, (struct text)TEXT("m: <sip:bob@>\r\n"), 0),
		      SIP_FAULT(HOST_MISSING) | SIP_FAULT(CONTACT), "no host");
	/* What comes after a plain Contact is not its URI. */
	assert_false(read_with(MORE, (struct text)TEXT("m: <sip:a@b>;x=<sip:>\r\n"), 0) &
		     SIP_FAULT(HOST_MISSING));
	/* A quote that is escaped where none is open quotes nothing. */
	assert_false(read_with(TO, (struct text)TEXT("To: \\\"Bob\\\" <sip:b@b.example>\r\n"), 0) &
		     SIP_FAULT(QUOTE));
	assert_faults(read_with(END, (struct text)TEXT(""), 0) & ~SIP_FAULT(FIELD_LINE) &
			      ~SIP_FAULT(LINE_END),
		      SIP_FAULT(HEAD_END), "no blank line");
}

/*
 * A lone quote in a display name: the address and the tag are read as if it were not there, and
 * what else is wrong is found.
 */
static void test_lone_quotes(void **state)
{
	static const char *const names[] = {
		"\"ACME Sales\\\" ", "\"Bob ", "Bob\" ", "\"A\" \"", "\"A\"\"", "\"<;tag=2 ",
		"\"\\\\\\\"", "Bob: \"x ", "Bob;\"", "\"a@b:c;d",
	};
	char line[600];

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		uint64_t faults;
		int length = sprintf(line, "From: %s<sip:a@b.example:5>;x=\"<;\\\"\";tag=7\r\n",
				     names[i]);

		faults = read_with(FROM, (struct text){line, length}, 0);
		assert_true(faults & SIP_FAULT(NAME_QUOTE));
		assert_faults(faults & SIP_DEFAULT_FAULTS, 0, line);
		assert_int_equal(message.party[SIP_FROM].user.length, 1);
		assert_int_equal(message.party[SIP_FROM].host.length, 9);
		assert_int_equal(message.party[SIP_FROM].tag.length, 1);
		assert_int_equal(line[message.party[SIP_FROM].tag.at - request[START].length -
				      request[VIA].length - request[HOPS].length], '7');
		length = sprintf(line, "From: %s<sip:a@b>;tag=%0300d\r\n", names[i], 1);
		assert_true(read_with(FROM, (struct text){line, length}, 0) &
			    SIP_FAULT(PARAMETER_LONG));
		length = sprintf(line, "To: %s<sip:a@>\r\n", names[i]);
		assert_true(read_with(TO, (struct text){line, length}, 0) &
			    SIP_FAULT(HOST_MISSING));
	}
	/* Where no < comes it is a bare URI, with a tag. */
	read_with(FROM, (struct text)TEXT("From: \"sip:a@b;tag=7\r\n"), 0);
	assert_int_equal(message.party[SIP_FROM].tag.length, 1);
	/* In its parameters and in a Via a quote is no display name's. */
	assert_true(read_with(FROM, (struct text)TEXT("f: \"A\" <sip:a@b>;tag=7;x=\"y\r\n"), 0) &
		    SIP_FAULT(QUOTE));
	assert_true(read_with(FROM, (struct text)TEXT("f: \"A <sip:a@b>;x=y\";tag=\"7\r\n"), 0) &
		    SIP_FAULT(NAME_QUOTE));
	assert_true(read_with(VIA, (struct text)TEXT("v: SIP/2.0/UDP \"a;branch=z9hG4bK\r\n"), 0) &
		    SIP_FAULT(QUOTE));
}

static void test_input_flags(void **state)
{
	(void)state;
	assert_faults(read_with(LENGTH, (struct text)TEXT("l: 999\r\n"), SIP_MORE), 0, "fragment");
	assert_faults(read_with(LENGTH, (struct text)TEXT(""), SIP_STREAM),
		      SIP_FAULT(LENGTH_MISSING) | SIP_FAULT(VIA_TRANSPORT), "stream");
	assert_faults(read_with(VIA, (struct text)TEXT("v: SIP/2.0/TLS a;branch=z9hG4bK\r\n"),
				SIP_STREAM), 0, "stream");
}

#define METHOD(name, uri, fields)                                                                 \
	READ(name " " uri " SIP/2.0\r\nv:SIP/2.0/UDP a;branch=z9hG4bK1\r\nf:<sip:a@b>;tag=1\r\n"  \
	     "t:<sip:a@b>\r\ni:1\r\nCSeq:1 " name "\r\nMax-Forwards:1\r\n" fields "\r\n")

static void test_methods(void **state)
{
	(void)state;
	assert_faults(METHOD("REGISTER", "sip:b", ""), 0, "REGISTER");
	assert_faults(METHOD("REGISTER", "sip:a@b", ""), SIP_FAULT(REGISTER_USER), "REGISTER");
	assert_faults(METHOD("SUBSCRIBE", "sip:a@b", ""), SIP_FAULT(METHOD_FIELD), "SUBSCRIBE");
	assert_int_equal(message.method_id, SG_METHOD_SUBSCRIBE);
	assert_faults(METHOD("SUBSCRIBE", "sip:a@b", "o: x\r\n"), 0, "SUBSCRIBE");
	assert_faults(METHOD("NOTIFY", "sip:a@b", "Event: x\r\n"), 0, "NOTIFY");
	assert_faults(METHOD("PUBLISH", "sip:a@b", ""), SIP_FAULT(METHOD_FIELD), "PUBLISH");
	assert_faults(METHOD("PRACK", "sip:a@b", ""), SIP_FAULT(METHOD_FIELD), "PRACK");
	assert_faults(METHOD("PRACK", "sip:a@b", "RAck: 1 1 INVITE\r\n"), 0, "PRACK");
	assert_faults(METHOD("REFER", "sip:a@b", "r: <sip:c@d>\r\n"), 0, "REFER");
	assert_faults(METHOD("REFER", "sip:a@b", "r: <sip:c@d>\r\nRefer-To: <sip:c@d>\r\n"),
		      SIP_FAULT(METHOD_FIELD), "REFER");
	assert_faults(METHOD("BENOTIFY", "sip:a@b", ""), SIP_FAULT(METHOD_UNKNOWN), "BENOTIFY");
	assert_int_equal(message.method_id, SG_METHOD_UNKNOWN);
	assert_true(message.flags & SIP_SAME_CSEQ);
	assert_faults(METHOD("INVITES", "sip:a@b", ""), SIP_FAULT(METHOD_UNKNOWN), "INVITES");
	assert_faults(METHOD("INV(ITE", "sip:a@b", "") & SIP_FAULT(START_LINE),
		      SIP_FAULT(START_LINE), "INV(ITE");
	/* A response may have been to any method. */
	assert_faults(read_with(START, (struct text)TEXT("SIP/2.0 200 OK\r\n"), 0), 0, "200");
	assert_int_equal(message.kind, SIP_RESPONSE);
	assert_int_equal(message.status, 200);
	assert_int_equal(message.cseq_method_id, SG_METHOD_INVITE);
}

static void test_caps(void **state)
{
	const char *start = "INVITE sip:b;", *tag = "From: <sip:a@b>;tag=";
	const char *branch = "Via: SIP/2.0/UDP a;branch=z9hG4bK";

	(void)state;
	assert_faults(read_long(START, start, 'x', 512 - 6, " SIP/2.0\r\n"), 0, "URI of 512");
	assert_faults(read_long(START, start, 'x', 513 - 6, " SIP/2.0\r\n"), SIP_FAULT(URI_LONG),
		      "URI of 513");
	assert_faults(read_long(START, start, 'x', 1024 - 21, " SIP/2.0\r\n"), SIP_FAULT(URI_LONG),
		      "line of 1024");
	assert_faults(read_long(START, start, 'x', 1025 - 21, " SIP/2.0\r\n"),
		      SIP_FAULT(URI_LONG) | SIP_FAULT(START_LONG), "line of 1025");
	assert_faults(read_long(FROM, tag, '1', 256, "\r\n"), 0, "tag of 256");
	assert_faults(read_long(FROM, tag, '1', 257, "\r\n"), SIP_FAULT(PARAMETER_LONG), "tag");
	assert_faults(read_long(VIA, branch, '1', 249, "\r\n"), 0, "branch of 256");
	assert_faults(read_long(VIA, branch, '1', 250, "\r\n"), SIP_FAULT(PARAMETER_LONG),
		      "branch of 257");
	assert_faults(read_long(CALL_ID, "i:", '1', 512, "\r\n"), 0, "Call-ID of 512");
	assert_faults(read_long(CALL_ID, "i:", '1', 513, "\r\n"), SIP_FAULT(CALL_ID_LONG), "513");
	assert_faults(read_long(MORE, "X: ", '1', 2048 - 5, "\r\n"), 0, "field of 2048");
	assert_faults(read_long(MORE, "X: ", '1', 2049 - 5, "\r\n"), SIP_FAULT(FIELD_LONG), "2049");
	assert_faults(read_long(CSEQ, "CSeq: 1 ", 'A', 49, "\r\n"),
		      SIP_FAULT(METHOD_LONG) | SIP_FAULT(CSEQ_METHOD), "CSeq method of 49");
	assert_faults(read_long(CSEQ, "CSeq: 1 ", 'A', 48, "\r\n"), SIP_FAULT(CSEQ_METHOD), "48");
	assert_faults(read_long(BODY, "v=0\n", 'b', 16384 - 400, ""), 0, "under 16384");
	assert_faults(read_long(BODY, "v=0\n", 'b', 16384, ""), SIP_FAULT(SIZE), "over 16384");
}

/* `count` times the same line in place of MORE. */
static uint64_t read_lines(const char *head, const char *line, size_t count)
{
	static char lines[8192];
	size_t length = strlen(strcpy(lines, head));

	for (; count; count--)
		length += strlen(strcpy(lines + length, line));
	return read_with(MORE, (struct text){lines, length}, 0);
}

static void test_counts(void **state)
{
	(void)state;
	assert_faults(read_lines("", "Accept: a/b\r\n", 120), 0, "127 fields");
	assert_int_equal(message.fields, 127);
	assert_int_equal(message.more[SIP_FIELD_ACCEPT], 119);
	assert_faults(read_lines("", "Accept: a/b\r\n", 121), SIP_FAULT(FIELDS), "128 fields");
	/* And as many lines that continue them, but one for the start line. */
	assert_faults(read_lines("", "Accept: a/b,\r\n c/d\r\n", 120), 0, "120 folds");
	assert_int_equal(message.fields, 127);
	assert_int_equal(message.lines, 248);
	assert_faults(read_lines("", "A:\r\n", SIP_FIELDS_MAX - 7), SIP_FAULT(FIELDS), "253");
	assert_int_equal(message.fields, SIP_FIELDS_MAX);
	assert_true(message.flags & SIP_HEAD);
	read_lines("", "A:\r\n", SIP_FIELDS_MAX - 6);
	assert_false(message.flags & SIP_HEAD);
	assert_faults(read_lines("X: 1\r\n", " 2\r\n", 16), 0, "16 folds");
	assert_int_equal(message.folds, 16);
	assert_faults(read_lines("X: 1\r\n", " 2\r\n", 17), SIP_FAULT(FOLDS), "17 folds");
	/* Beyond the lines that are kept. */
	assert_true(read_lines("", "A:\r\n", 500) & SIP_FAULT(FIELDS));
}

/* Up to 32 blanks may come first; what a keepalive may hold stands before no start line. */
static void test_leading_blanks(void **state)
{
	static char text[2048];

	(void)state;
	for (size_t blanks = 0; blanks <= 34; blanks++) {
		memset(text, blanks & 1 ? '\n' : '\0', blanks);
		size_t length = blanks + request_compose(text + blanks, PARTS, request[END]);

		if (blanks <= SIP_BLANKS)
			assert_faults(read_as(text, length, 0), 0, "leading blanks");
		else
			assert_true(read_as(text, length, 0) & SIP_DEFAULT_FAULTS);
	}
}

/* Cut at every byte, and every line end at every place of a block: no read beyond, no surprise. */
static void test_truncation(void **state)
{
	static char text[2048];
	size_t length = request_compose(text, PARTS, request[END]);
	uint64_t faults;

	(void)state;
	for (size_t cut = 0; cut <= length; cut++) {
		faults = read_as(text, cut, SIP_MORE);
		if (cut > request[START].length)
			assert_faults(faults & SIP_DEFAULT_FAULTS, 0, "a fragment");
		faults = read_as(text, cut, 0);
		assert_int_equal(message.read, cut);
		if (cut < length - 4)
			assert_true(faults & (SIP_FAULT(START_LINE) | SIP_FAULT(HEAD_END)));
	}
	for (size_t shift = 0; shift < 130; shift++) {
		assert_faults(read_long(MORE, "X: ", '1', shift, "\r\n"), 0, "shifted");
		assert_int_equal(message.fields, 8);
		assert_int_equal(message.content_length, 4);
	}
}

/* A header that goes on beyond what is read is not judged by what is missing. */
static void test_beyond_the_bound(void **state)
{
	(void)state;
	assert_faults(read_long(VIA, "X: ", '1', 6000, "\r\n"), SIP_FAULT(FIELD_LONG), "cut");
	assert_int_equal(message.read, SIP_READ_MAX);
	assert_true(message.flags & SIP_CUT);
	assert_faults(read_long(BODY, "", 'b', 6000, ""), 0, "long body");
	assert_faults(read_long(BODY, "", 'b', 5, "") & SIP_FAULT(LENGTH_BEYOND), 0, "body");
	assert_true(read_long(START, "INVITE sip:", 'a', 5000, " SIP/2.0\r\n") &
		    SIP_FAULT(START_LINE));
}

/* The default rules take a shorter way through plain addresses: to the same result. */
/* Behind the end are zeros: a value of zeros that stands there again is not in the message. */
static void test_repeated_at_the_end(void **state)
{
	static const char head[] = "OPTIONS sip:a@example.com SIP/2.0\r\nCall-ID: 9";
	static const char again[] = "\r\nCall-ID: 9";
	char text[sizeof(head) + 200 + sizeof(again)] = {};
	size_t length = sizeof(head) - 1 + 200;

	(void)state;
	memcpy(text, head, sizeof(head) - 1);
	memcpy(text + length, again, sizeof(again) - 1);
	assert_true(read_as(text, length + sizeof(again) - 1, 0) & SIP_FAULT(REPEATED));
}

static void assert_short_way(const char *text, size_t length)
{
	struct sip_input input = {.wanted = SIP_WANTED_DEFAULT, .length = length};
	struct sip_message plain;

	read_as(text, length, 0);
	sip_read_native((const unsigned char *)text, &input, &caps, &plain);
	assert_memory_equal(plain.party, message.party, SIP_CONTACT * sizeof(struct sip_party));
	assert_int_equal(plain.faults & SIP_WANTED_DEFAULT, message.faults & SIP_WANTED_DEFAULT);
}

static void test_short_way(void **state)
{
	static const char likely[] = "\" :;,<>@=\\?[]ta";
	static char text[2048];
	uint64_t seed = 0xadd;

	(void)state;
	for (int round = 0; round < 100000; round++) {
		size_t length = request_compose(text, PARTS, request[END]);
		size_t from = request[START].length + request[VIA].length + request[HOPS].length;
		size_t changes = random_next(&seed) % 4;

		for (; changes; changes--)
			text[from + 6 + random_next(&seed) % 75] =
				likely[random_next(&seed) % (sizeof(likely) - 1)];
		assert_short_way(text, length);
	}
}

static void test_random_bytes(void **state)
{
	static const char likely[] = "\r\n\r\n :;,<>@=\"\\?[]/0aSIPvft\x80\xff";
	static char text[6000];
	uint64_t seed = 0x51b;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		size_t length = request_compose(text, PARTS, request[END]);
		size_t changes = random_next(&seed) % 12;

		for (; changes; changes--)
			text[random_next(&seed) % length] =
				likely[random_next(&seed) % sizeof(likely)];
		read_as(text, length - random_next(&seed) % 8, round & SIP_MORE);
		assert_short_way(text, length);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rule_cases),
		cmocka_unit_test(test_rules_in_company),
		cmocka_unit_test(test_lone_quotes),
		cmocka_unit_test(test_input_flags),
		cmocka_unit_test(test_methods),
		cmocka_unit_test(test_caps),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_leading_blanks),
		cmocka_unit_test(test_truncation),
		cmocka_unit_test(test_beyond_the_bound),
		cmocka_unit_test(test_repeated_at_the_end),
		cmocka_unit_test(test_short_way),
		cmocka_unit_test(test_random_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
