// SPDX-License-Identifier: GPL-2.0-only
/* The message reader: what it finds, and each rule with a message that breaks it alone. */
#include "unit.h"

#include "../rule_cases.h"
#include "sip/reader.h"

static const struct sip_caps caps = SIP_CAPS_DEFAULT;
static struct sip_message message;

/* Reads from a buffer of exactly that size, so that ASan sees what reads beyond. */
static uint64_t read_as(const void *bytes, size_t length, uint32_t flags)
{
	struct sip_input input = {.wanted = ~0ULL, .length = length, .flags = flags};
	unsigned char *copy = malloc(length ? length : 1);
	uint64_t faults;

	assert_non_null(copy);
	memcpy(copy, bytes, length);
	faults = sip_read_native(copy, &input, &caps, &message);
	free(copy);
	return faults;
}

#define READ(literal) read_as(literal, sizeof(literal) - 1, 0)

static uint64_t read_with(enum part part, struct text with, uint32_t flags)
{
	static char buffer[32768];

	return read_as(buffer, request_compose(buffer, part, with), flags);
}

static const char *rule_label(int rule)
{
	static const char *const labels[] = {
#define X(number, name, label, ...) label,
		SIP_RULES(X)
#undef X
	};

	return rule < SIP_RULE__MAX ? labels[rule] : "?";
}

static void assert_faults(uint64_t faults, uint64_t expected, const char *text)
{
	if (faults == expected)
		return;
	for (int rule = 0; rule < SIP_RULE__MAX; rule++)
		if ((faults ^ expected) >> rule & 1)
			print_error("%s: %s\n", faults >> rule & 1 ? "too much" : "missing",
				    rule_label(rule));
	print_error("in: %s\n", text);
	fail();
}

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
	assert_faults(read_with(PARTS, request[END], SIP_PORT_ZERO), SIP_FAULT(SOURCE_PORT), "");
	assert_faults(read_with(PARTS, request[END], SIP_SOURCE_INVALID),
		      SIP_FAULT(SOURCE_ADDRESS), "");
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

/* A part of the request that is `head`, `count` times `c` and `tail`. */
static uint64_t read_long(enum part part, const char *head, char c, size_t count, const char *tail)
{
	static char line[20000];
	size_t length = strlen(strcpy(line, head));

	memset(line + length, c, count);
	strcpy(line + length + count, tail);
	return read_with(part, (struct text){line, strlen(line)}, 0);
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

static void assert_span(struct sip_span span, const char *bytes, const char *expected)
{
	assert_int_equal(span.length, strlen(expected));
	assert_memory_equal(bytes + span.at, expected, span.length);
}

static void test_offsets_of_a_request(void **state)
{
	static const char text[] =
		"\r\n\r\nMESSAGE sip:bob:pw;x=y@biloxi.example:5062;transport=udp SIP/2.0\r\n"
		"Via: SIP/2.0/UDP [2001:db8::9]:5070;rport ;branch=z9hG4bK77ef\r\n"
		"Via: SIP/2.0/TCP second.example;branch=z9hG4bKx\r\n"
		"Route: <sip:p1.example;lr>\r\n"
		"From: \"A; <x>\" <sips:anna@atlanta.example:99?a=b>;x=\"1;tag=no\";tag=a73k\r\n"
		"To:tel:+15551234\r\n"
		"Call-ID:  84b4@pc7 \r\n"
		"CSeq: 77 MESSAGE\r\n"
		"Max-Forwards: 9\r\nExpires: 60\r\n"
		"User-Agent: Test 1\r\n  more\r\n"
		"Contact: <sip:anna@192.0.2.3>\r\n"
		"Content-Length: 2\r\n\r\nhi";
	const struct sip_party *party = message.party;

	(void)state;
	assert_faults(READ(text), 0, text);
	assert_int_equal(message.kind, SIP_REQUEST);
	assert_int_equal(message.method_id, SG_METHOD_MESSAGE);
	assert_int_equal(message.start, 4);
	assert_span(message.method, text, "MESSAGE");
	assert_span(message.uri, text, "sip:bob:pw;x=y@biloxi.example:5062;transport=udp");
	assert_span(message.version, text, "SIP/2.0");
	assert_span(party[SIP_URI].user, text, "bob:pw;x=y");
	assert_span(party[SIP_URI].host, text, "biloxi.example");
	assert_int_equal(party[SIP_URI].scheme, SIP_SCHEME_SIP);
	assert_int_equal(party[SIP_URI].port, 1);
	assert_int_equal(message.transport, SIP_TRANSPORT_UDP);
	assert_span(party[SIP_VIA].host, text, "[2001:db8::9]");
	assert_span(party[SIP_VIA].tag, text, "z9hG4bK77ef");
	assert_span(party[SIP_FROM].user, text, "anna");
	assert_span(party[SIP_FROM].host, text, "atlanta.example");
	assert_span(party[SIP_FROM].tag, text, "a73k");
	assert_int_equal(party[SIP_FROM].scheme, SIP_SCHEME_SIPS);
	assert_int_equal(party[SIP_FROM].headers, 1);
	assert_span(party[SIP_TO].host, text, "+15551234");
	assert_int_equal(party[SIP_TO].scheme, SIP_SCHEME_TEL);
	assert_int_equal(party[SIP_TO].tag.length, 0);
	assert_span(party[SIP_CONTACT].host, text, "192.0.2.3");
	assert_span(message.call_id, text, "84b4@pc7");
	assert_span(message.cseq_method, text, "MESSAGE");
	assert_int_equal(message.cseq, 77);
	assert_int_equal(message.max_forwards, 9);
	assert_int_equal(message.expires, 60);
	assert_int_equal(message.content_length, 2);
	assert_int_equal(message.more[SIP_FIELD_VIA], 1);
	assert_span(message.field[SIP_FIELD_ROUTE], text, " <sip:p1.example;lr>");
	assert_span(message.field[SIP_FIELD_USER_AGENT], text, " Test 1\r\n  more");
	assert_string_equal(text + message.body, "hi");
	assert_int_equal(message.fields, 12);
	assert_int_equal(message.lines, 14);
}

static void test_offsets_of_a_response(void **state)
{
	static const char text[] = "SIP/2.0 487 Request Terminated\n"
				   "v : SIP / 2.0 /\n\tWSS  a.example : 5060;branch=\n z9hG4bK5\n"
				   "F:anna<sip:a.example>\nt: <sip:b@b.example>;Tag=99;x\n"
				   "I: 5\ncSeQ: 8 CANCEL\nsErVeR: none\nk: path\n\n";

	(void)state;
	assert_faults(READ(text), SIP_FAULT(LINE_END) | SIP_FAULT(FROM_TAG) |
		      SIP_FAULT(VIA_TRANSPORT), text);
	assert_int_equal(message.status, 487);
	assert_int_equal(message.transport, SIP_TRANSPORT_WSS);
	assert_span(message.party[SIP_VIA].host, text, "a.example");
	assert_span(message.party[SIP_VIA].tag, text, "z9hG4bK5");
	assert_span(message.party[SIP_FROM].host, text, "a.example");
	assert_int_equal(message.party[SIP_FROM].user.length, 0);
	assert_span(message.party[SIP_TO].tag, text, "99");
	assert_span(message.call_id, text, "5");
	assert_int_equal(message.cseq_method_id, SG_METHOD_CANCEL);
	assert_true(message.seen >> SIP_FIELD_SERVER & 1);
	assert_true(message.seen >> SIP_FIELD_SUPPORTED & 1);
	assert_int_equal(message.body, sizeof(text) - 1);
}

/* Every compact letter and its long form are the same field, in any case and with blanks. */
static void test_compact_forms(void **state)
{
	static const struct {
		char letter;
		const char *name;
		enum sip_field field;
	} forms[] = {
		{'a', "Accept-Contact", SIP_FIELD_ACCEPT_CONTACT},
		{'b', "Referred-By", SIP_FIELD_REFERRED_BY},
		{'c', "Content-Type", SIP_FIELD_CONTENT_TYPE},
		{'d', "Request-Disposition", SIP_FIELD_REQUEST_DISPOSITION},
		{'e', "Content-Encoding", SIP_FIELD_CONTENT_ENCODING},
		{'f', "From", SIP_FIELD_FROM},
		{'i', "Call-ID", SIP_FIELD_CALL_ID},
		{'j', "Reject-Contact", SIP_FIELD_REJECT_CONTACT},
		{'k', "Supported", SIP_FIELD_SUPPORTED},
		{'l', "Content-Length", SIP_FIELD_CONTENT_LENGTH},
		{'m', "Contact", SIP_FIELD_CONTACT},
		{'o', "Event", SIP_FIELD_EVENT},
		{'r', "Refer-To", SIP_FIELD_REFER_TO},
		{'s', "Subject", SIP_FIELD_SUBJECT},
		{'t', "To", SIP_FIELD_TO},
		{'u', "Allow-Events", SIP_FIELD_ALLOW_EVENTS},
		{'v', "Via", SIP_FIELD_VIA},
		{'x', "Session-Expires", SIP_FIELD_SESSION_EXPIRES},
		{'y', "Identity", SIP_FIELD_IDENTITY},
	};
	char text[200];

	(void)state;
	assert_int_equal(COUNT(forms), 19);
	for (size_t i = 0; i < COUNT(forms); i++) {
		int length = sprintf(text, "ACK sip:a SIP/2.0\r\n%c:1\r\n%c \t:2\r\n%s:3\r\n"
				     "%s :4\r\n\r\n", forms[i].letter, forms[i].letter ^ 0x20,
				     forms[i].name, forms[i].name);

		read_as(text, length, 0);
		assert_int_equal(message.more[forms[i].field], 3);
		assert_int_equal(message.fields, 4);
	}
	/* Names that differ from known ones in one bit or by one character. */
	READ("ACK sip:a SIP/2.0\r\nTp:1\r\nVi:1\r\nVias:1\r\nz:1\r\nContent-Lengt:1\r\n\r\n");
	assert_int_equal(message.more[SIP_FIELD_OTHER], 4);
	READ("ACK sip:a SIP/2.0\r\nCall\rID:1\r\n\r\n");
	assert_false(message.seen >> SIP_FIELD_CALL_ID & 1);
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
		cmocka_unit_test(test_offsets_of_a_request),
		cmocka_unit_test(test_offsets_of_a_response),
		cmocka_unit_test(test_compact_forms),
		cmocka_unit_test(test_leading_blanks),
		cmocka_unit_test(test_truncation),
		cmocka_unit_test(test_beyond_the_bound),
		cmocka_unit_test(test_repeated_at_the_end),
		cmocka_unit_test(test_short_way),
		cmocka_unit_test(test_random_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
