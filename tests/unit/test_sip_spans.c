// SPDX-License-Identifier: GPL-2.0-only
/* Where the message reader finds what a message has, and whom a header field names. */
#include "sip_read.h"

#include <errno.h>

#include "base/identity.h"

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

/* --- identities --- */

static __u64 number_of(const char *field, __u32 skip)
{
	static const __u64 secret[2] = {0x123456789abcdef0ULL, 0x0fedcba987654321ULL};

	return identity_number(field, secret, skip);
}

static void test_who_is_the_same(void **state)
{
	static const char *const same[][2] = {
		{"sip:alice@example.com", " Alice <sips:alice@EXAMPLE.com>;tag=1"},
		{"sip:alice@example.com",
		 "\"a <sip:b@c> \\\" ,\" <SIP:alice:pw@example.com:5070?x=y>"},
		{"sip:alice@example.com", "<sip:alice;x=y@example.com.>"},
		{"sip:alice@example.com", "sip:%61%6Cice@example.com;tag=1"},
		{"sip:a,b@example.com", "<sip:a,b@example.com>"},
		{"sip:a@[2001:db8::1]", "<sip:a@[2001:DB8::1]:5060>"},
		{"tel:+442079460000", "<sip:442079460000@example.com;user=phone>"},
		{"tel:+442079460000", "<tel:+44-20-(7946).0000;ext=1>"},
		{"tel:1234567", "sip:1234567@x"},
	};
	static const char *const others[][2] = {
		{"sip:alice@example.com", "sip:Alice@example.com"},
		{"sip:alice@example.com", "sip:alice@example.org"},
		{"sip:alice@example.com", "sip:alicee@xample.com"},
		{"sip:ab@c.de", "sip:ab@cd.e"},
		{"tel:123456", "sip:123456@x"},
		{"tel:1234567", "tel:01234567"},
		{"sip:1234567@x", "sip:12345+67@x"},
		{"sip:+1234567@x", "sip:++1234567@x"},
	};
	static const char *const nobody[] = {
		"", "sip:", "sip:@example.com", "sip:example.com", "<sip:example.com:5060;x=y>",
		"mailto:alice@example.com", "tel:123456", "tel:+", "\"sip:alice@example.com\"",
		"\"sip:alice@example.com", "alice@example.com", "<sip:al%6", "<sip:al%>ice@a.b",
		"xsip :alice@example.com",
		"\377ip:alice@example.com", "<sip:alice>, <sip:example.com>",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(same); i++) {
		assert_int_not_equal(number_of(same[i][0], 0), 0);
		assert_int_equal(number_of(same[i][0], 0), number_of(same[i][1], 0));
	}
	for (size_t i = 0; i < COUNT(others); i++)
		assert_int_not_equal(number_of(others[i][0], 0), number_of(others[i][1], 0));
	for (size_t i = 0; i < COUNT(nobody); i++)
		if (number_of(nobody[i], 0))
			fail_msg("somebody: %s", nobody[i]);
}

static void test_several_identities(void **state)
{
	static const char field[] =
		"\"A, B\" <sip:a@x>, <sip:b,c@x;p>;q=\"<sip:z@x>\", tel:1234567";

	(void)state;
	assert_int_equal(number_of(field, 0), number_of("sip:a@x", 0));
	assert_int_equal(number_of(field, 1), number_of("sip:b,c@x", 0));
	assert_int_equal(number_of(field, 2), number_of("tel:1234567", 0));
	assert_int_equal(number_of(field, 3), 0);
}

static void test_identities_of_an_operator(void **state)
{
	static const struct {
		const char *word, *said;
	} good[] = {
		{"alice@example.com", "sip:alice@example.com"},
		{"sips:alice@example.com", "sips:alice@example.com"},
		{"+442079460000", "tel:+442079460000"},
		{"TEL:+442079460000", "TEL:+442079460000"},
	}, bad[] = {
		{"alice", "like alice@example.com"}, {"123456", "7 digits or more"},
		{"<sip:a@b>", "without its name"}, {"a@b, c@d", "without its name"},
		{"b\303\266b@x", "'b??b@x' is no identity"}, {"", "is no identity"},
		{"sip:example.com", "is no identity"}, {"tel:123456", "7 digits or more"},
		{"mailto:alice@example.com", "is no identity"},
	};
	char word[SG_IDENTITY_TEXT];
	struct identity_text text;
	struct error error = {};

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		assert_int_equal(identity_parse(good[i].word, &text, &error), 0);
		assert_string_equal(text.text, good[i].said);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		error = (struct error){};
		assert_int_equal(identity_parse(bad[i].word, &text, &error), -EINVAL);
		assert_non_null(strstr(error.text, bad[i].said));
	}
	/* What fits by a character, and what does not. */
	snprintf(word, sizeof(word), "%0*d@b", SG_IDENTITY_TEXT - 7, 0);
	assert_int_equal(strlen(word), sizeof(word) - 5);
	assert_int_equal(identity_parse(word, &text, &error), 0);
	strcat(word, "d");
	error = (struct error){};
	assert_int_equal(identity_parse(word, &text, &error), -EINVAL);
	assert_non_null(strstr(error.text, "too long"));
}

static void test_files_of_identities(void **state)
{
	static const char good[] = "# ours\n alice@example.com # a\n\n+442079460000\r\nbob@x";
	static const char wrong[] = "alice@example.com\n\nalice\nbob@x\n";
	struct memory_file file = memory_file(good, sizeof(good) - 1);
	struct identity_text *texts;
	struct error error = {};
	size_t count;

	(void)state;
	assert_int_equal(identity_file(file.path, &texts, &count, &error), 0);
	assert_int_equal(count, 3);
	assert_string_equal(texts[1].text, "tel:+442079460000");
	assert_string_equal(texts[2].text, "sip:bob@x");
	free(texts);
	memory_file_end(&file);
	file = memory_file(wrong, sizeof(wrong) - 1);
	assert_int_equal(identity_file(file.path, &texts, &count, &error), -EINVAL);
	assert_int_equal(error.line, 3);
	memory_file_end(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_offsets_of_a_request),
		cmocka_unit_test(test_offsets_of_a_response),
		cmocka_unit_test(test_compact_forms),
		cmocka_unit_test(test_who_is_the_same),
		cmocka_unit_test(test_several_identities),
		cmocka_unit_test(test_identities_of_an_operator),
		cmocka_unit_test(test_files_of_identities),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
