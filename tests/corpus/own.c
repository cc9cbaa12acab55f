// SPDX-License-Identifier: GPL-2.0-only
/*
 * The project's own messages, for the fuzzers to start from and the kernel to be compared on: each
 * rule broken and kept (tests/rule_cases.h), each method, each field, each kind of syntax, and each
 * limit reached.
 */
#include <stdio.h>
#include <string.h>

#include "../rule_cases.h"
#include "corpus.h"
#include "sip/reader.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void add(struct corpus *corpus, const char *name, const char *bytes, size_t length)
{
	corpus_add(corpus, "own", name, bytes, length);
}

static void add_with(struct corpus *corpus, const char *name, enum part part, struct text with)
{
	static char buffer[32768];

	add(corpus, name, buffer, request_compose(buffer, part, with));
}

static void add_string(struct corpus *corpus, const char *name, enum part part, const char *with)
{
	add_with(corpus, name, part, (struct text){with, strlen(with)});
}

/* --- what the table of each rule has --- */

static void add_rules(struct corpus *corpus)
{
	char name[64];

	for (size_t i = 0; i < COUNT(rule_cases); i++) {
		snprintf(name, sizeof(name), "rule-%02zu-bad", i);
		add_with(corpus, name, rule_cases[i].part, rule_cases[i].bad);
		snprintf(name, sizeof(name), "rule-%02zu-good", i);
		add_with(corpus, name, rule_cases[i].part, rule_cases[i].good);
	}
}

/* --- a line in the place of another one --- */

static const struct {
	const char *name;
	enum part part;
	struct text with;
} lines[] = {
	{"via-tls", VIA, TEXT("Via: SIP/2.0/TLS a.example;branch=z9hG4bK1\r\n")},
	{"via-sctp", VIA, TEXT("Via: SIP/2.0/sctp a.example;branch=z9hG4bK1\r\n")},
	{"via-ws", VIA, TEXT("Via: SIP/2.0/WS a.invalid;branch=z9hG4bK1\r\n")},
	{"via-wss", VIA, TEXT("Via: SIP/2.0/WSS a.invalid;branch=z9hG4bK1\r\n")},
	{"via-spaced", VIA, TEXT("Via: SIP  /\r\n 2.0 /  UDP a.example;branch=z9hG4bK1\r\n")},
	{"via-other-protocol", VIA, TEXT("Via: SUP / 2.0 / UDP a.example\r\n")},
	{"via-no-host", VIA, TEXT("Via: SIP/2.0/UDP ;branch=z9hG4bK1\r\n")},
	{"via-no-second", VIA, TEXT("Via: SIP/2.0/UDP a;branch=z9hG4bK1, 2\r\n")},
	{"via-brackets", VIA, TEXT("Via: SIP/2.0/UDP <a>b[c]d;branch=\"z9hG4bK1\r\n")},
	{"cseq-blanks", CSEQ, TEXT("CSeq:                    31                   INVITE\r\n")},
	{"cseq-no-token", CSEQ, TEXT("CSeq: 31 IN(ITE\r\n")},
	{"name-long", MORE, TEXT("X-A-Name-Of-More-Than-Twenty-Four-Characters: 1\r\n")},
	{"name-nul", MORE, TEXT("T\0o: <sip:a@b>\r\n")},
	{"quoted-two", FROM, TEXT("From: a \"b\" <sip:a@b>;tag=1\r\n")},
	{"user-parameter", FROM, TEXT("From: <sip:a=b@c>;tag=1\r\n")},
};

static void add_lines(struct corpus *corpus)
{
	for (size_t i = 0; i < COUNT(lines); i++)
		add_with(corpus, lines[i].name, lines[i].part, lines[i].with);
}

/* --- whole messages, each with a syntax of its own --- */

static const struct {
	const char *name;
	struct text text;
} whole[] = {
	{"compact",
	 TEXT("SUBSCRIBE sip:desk@pbx.example SIP/2.0\r\n"
	      "v:SIP/2.0/UDP 198.51.100.4:5066;rport;branch=z9hG4bK3\r\n"
	      "f:<sip:lamp@pbx.example>;tag=x1\r\nt:<sip:desk@pbx.example>\r\n"
	      "i:compact-1\r\nCSeq:3 SUBSCRIBE\r\nMax-Forwards:70\r\no:dialog\r\n"
	      "m:<sip:lamp@198.51.100.4:5066>\r\nk:replaces\r\nu:dialog\r\n"
	      "x:90;refresher=uac\r\nc:text/plain\r\ne:gzip\r\ns:lamps\r\nl:0\r\n\r\n")},
	{"folded",
	 TEXT("MESSAGE sip:a@b.example SIP/2.0\r\nVia: SIP/2.0/UDP\r\n a.example\r\n"
	      "\t;branch=z9hG4bK4\r\nFrom: \"Two\r\n lines\"\r\n <sip:a@a.example>\r\n"
	      " ;tag=\r\n 4\r\nTo:\r\n <sip:b@b.example>\r\nCall-ID:\r\n folded@a\r\n"
	      "CSeq: 4\r\n MESSAGE\r\nMax-Forwards:\r\n 70\r\nContent-Length:\r\n 0\r\n"
	      "Subject: one\r\n two\r\n\tthree\r\n \r\n\r\n")},
	{"folded-start", TEXT("INVITE sip:a@b.example\r\n SIP/2.0\r\nTo: <sip:a@b>\r\n\r\n")},
	{"blanks-first",
	 TEXT("\r\n\r\n  \t\r\nOPTIONS sip:b.example SIP/2.0\r\n"
	      "Via: SIP/2.0/UDP a.example;branch=z9hG4bK5\r\n"
	      "From: sip:a@a.example;tag=5\r\nTo: sip:b.example\r\nCall-ID: 5\r\n"
	      "CSeq: 5 OPTIONS\r\nMax-Forwards: 0\r\nContent-Length: 0\r\n\r\n")},
	{"only-blanks", TEXT("\r\n\r\n")},
	{"nuls", TEXT("\0\0\0\0")},
	{"empty", TEXT("")},
	{"one-byte", TEXT("I")},
	{"ipv6",
	 TEXT("ACK sip:[2001:db8::20]:5080;transport=udp;lr SIP/2.0\r\n"
	      "Via: SIP/2.0/UDP [2001:db8::21%25eth0]:5081;received=[2001:db8::22];rport=9"
	      ";branch=z9hG4bK6\r\nFrom: <sips:u@[::ffff:192.0.2.1]>;tag=6\r\n"
	      "To: <sip:[2001:db8::20]>;tag=66\r\nCall-ID: 6@[2001:db8::21]\r\n"
	      "CSeq: 6 ACK\r\nMax-Forwards: 70\r\n\r\n")},
	{"ipv6-open",
	 TEXT("ACK sip:u@[2001:db8::20 SIP/2.0\r\nVia: SIP/2.0/UDP [::1;branch=z\r\n"
	      "From: <sip:[::1>;tag=1\r\nTo: <sip:u@::1]>\r\n\r\n")},
	{"tel",
	 TEXT("INVITE tel:+1-555-0123;phone-context=+1;isub=7 SIP/2.0\r\n"
	      "Via: SIP/2.0/UDP gw.example;branch=z9hG4bK7\r\n"
	      "From: <tel:911;phone-context=gw.example>;tag=7\r\nTo: tel:+15550123\r\n"
	      "Call-ID: 7\r\nCSeq: 7 INVITE\r\nMax-Forwards: 70\r\n"
	      "Contact: <sip:gw.example>;expires=7;+sip.instance=\"<urn:uuid:0>\"\r\n\r\n")},
	{"other-uris",
	 TEXT("PUBLISH pres:p@a.example SIP/2.0\r\nFrom: <im:a@b>;tag=1\r\n"
	      "To: <urn:service:sos>\r\nContact: <http://a/?b=c>, mailto:a@b\r\n\r\n")},
	{"quoted",
	 TEXT("REFER sip:a@b.example SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK8\r\n"
	      "From: \"\\\"Q\\\" <sip:no@no>;tag=no, \\\\\" <sip:a@a>;x=\"a;\\\"b\";tag=8\r\n"
	      "To: \"\" <sip:b@b>;tag=\"quoted, too\";y\r\nCall-ID: 8\r\nCSeq: 8 REFER\r\n"
	      "Max-Forwards: 70\r\nRefer-To: \"R\" <sip:r@r?Replaces=1%40a>\r\n\r\n")},
	{"quote-open",
	 TEXT("BYE sip:a@b SIP/2.0\r\nFrom: \"a\\\" <sip:a@b>;tag=1\r\n"
	      "To: <sip:a@b>;x=\"y\r\nContact: \"\\\r\nCall-ID: \"\r\n\r\n")},
	{"many-vias",
	 TEXT("CANCEL sip:a@b SIP/2.0\r\n"
	      "Via: SIP/2.0/UDP a:5060;branch=z9hG4bK9 , SIP/2.0/TCP b , SIP/2.0/TLS c\r\n"
	      "Via: SIP/2.0/SCTP d;ttl=1;maddr=224.2.0.1\r\nv: SIP/2.0/WS e;branch=9\r\n"
	      "VIA: SIP/2.0/WSS f\r\nFrom: <sip:a@b>;tag=9\r\nTo: <sip:a@b>\r\n"
	      "Call-ID: 9\r\nCSeq: 9 CANCEL\r\nMax-Forwards: 9\r\n\r\n")},
	{"odd-vias",
	 TEXT("OPTIONS sip:a SIP/2.0\r\n"
	      "Via: SIP / 2.0 / X-ODD  a.example : 99 ; branch = \"z9hG4bK\" ; rport = \r\n"
	      "Via: ,\r\nVia:\r\nVia: SIP/2.0/UDP ;branch=z9hG4bK\r\n\r\n")},
	{"many-addresses",
	 TEXT("REGISTER sip:r.example SIP/2.0\r\n"
	      "Via: SIP/2.0/UDP a;branch=z9hG4bK10\r\nFrom: <sip:a@r>;tag=10\r\n"
	      "To: <sip:a@r>\r\nCall-ID: 10\r\nCSeq: 10 REGISTER\r\n"
	      "Max-Forwards: 70\r\nContact: \"A, B\" <sip:a@192.0.2.1;lr>;q=0.5,\r\n"
	      " <sip:b@[2001:db8::1]?a=b,c>;expires=0, sip:c@d;e=f\r\nExpires: 3600\r\n"
	      "Authorization: Digest username=\"a\", realm=\"r\", nonce=\"0\", "
	      "uri=\"sip:r\", response=\"0\"\r\n\r\n")},
	{"response",
	 TEXT("SIP/2.0 180 Ringing\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK11;received=192.0.2.7\r\n"
	      "From: <sip:a@b>;tag=11\r\nTo: <sip:b@b>;tag=12\r\nCall-ID: 11\r\n"
	      "CSeq: 11 INVITE\r\nServer: none\r\nRecord-Route: <sip:p;lr>, <sip:q;lr>\r\n"
	      "Require: 100rel\r\nRSeq: 1\r\nContent-Length: 0\r\n\r\n")},
	{"response-bare",
	 TEXT("SIP/2.0 401\nVIA:SIP/2.0/UDP a\nfrom:a<sip:a>\nTO:sip:b\ni:1\n"
	      "CSEQ:1 REGISTER\nWWW-Authenticate: Digest realm=\"r\", nonce=\"1\"\n\n")},
	{"response-utf8",
	 TEXT("SIP/2.0 603 Nicht m\xc3\xb6glich \xe2\x82\xac \xf0\x9f\x93\x9e\r\n"
	      "From: \"\xc3\x84nne\" <sip:a@b>;tag=1\r\nTo: <sip:\xc3\xbc@b>\r\n"
	      "Subject: \xed\xa0\x80 \xc0\xaf \xf8\x88 \xff\r\n\r\n")},
	{"response-odd", TEXT("SIP/2.0 1e2 What\r\nCSeq: x y z\r\n\r\n")},
	{"two-messages",
	 TEXT("ACK sip:a SIP/2.0\r\nl: 0\r\n\r\nBYE sip:a SIP/2.0\r\nl: 0\r\n\r\n")},
	{"bare-cr", TEXT("INFO sip:a SIP/2.0\rVia: SIP/2.0/UDP a\rTo: b\r\r\n\r\n")},
	{"mixed-ends",
	 TEXT("INFO sip:a@b SIP/2.0\nVia: SIP/2.0/UDP a\r\r\nTo: b\n\rFrom: c\r\n\n")},
	{"no-head-end",
	 TEXT("UPDATE sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK\r\nTo: <s")},
	{"methods-differ", TEXT("KDMQ sip:a@b SIP/2.0\r\nCSeq: 1 KDMZ\r\n\r\n")},
	{"start-only", TEXT("PRACK sip:a@b SIP/2.0\r\n\r\n")},
	{"spaced-names",
	 TEXT("NOTIFY sip:a@b SIP/2.0\r\nTo   :<sip:b>\r\nFrom\t: <sip:a>;tag\r\n"
	      "Call-ID \r\n : 1\r\n: none\r\nVia/: x\r\nC\xc3\xa9: y\r\nEvent;x: z\r\n\r\n")},
	{"numbers",
	 TEXT("NOTIFY sip:a:65536 SIP/2.0\r\nCSeq: 00000000000000000000000001 NOTIFY\r\n"
	      "Max-Forwards: 4294967296\r\nExpires: 4294967295 , 1\r\n"
	      "Content-Length: 0x10\r\nContent-Length: +1\r\n\r\n0123456789abcdef")},
	{"start-control",
	 TEXT("INVITE sip:a\0b@c\x7f SIP/2.0\r\nTo\0: <sip:b>\r\nX: \x01\\\x02\r\n\r\n")},
	{"uri-escapes",
	 TEXT("INVITE sip:%61%00%zz:p%40w;x=%20@h%2e.example:5060;p=%22?h=%0d%0a "
	      "SIP/2.0\r\nFrom: <sip:%@%:%>;tag=%\r\n\r\n")},
	{"uri-odd",
	 TEXT("INVITE sip:@:;? SIP/2.0\r\nFrom: <sip:>;tag\r\nTo: <:>\r\nContact: <>\r\n\r\n")},
	{"uri-ats",
	 TEXT("INVITE sip:a@b@c:1:2@d SIP/2.0\r\nTo: <sip:a<b>c@d>\r\nFrom: >sip:a<\r\n\r\n")},
	{"uri-none", TEXT("INVITE SIP/2.0\r\nTo: <sip:a@b>\r\n\r\n")},
	{"not-sip", TEXT("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")},
	{"version-two", TEXT("INVITE sip:a SIP/2.00\r\n\r\n")},
	{"response-start", TEXT("SIP/2.0\r\n\r\n")},
};

static void add_whole(struct corpus *corpus)
{
	for (size_t i = 0; i < COUNT(whole); i++)
		add(corpus, whole[i].name, whole[i].text.bytes, whole[i].text.length);
}

/* --- what follows from the lists in include/ --- */

static void add_methods(struct corpus *corpus)
{
	static const char *const labels[] = {
#define X(name, label, limit, ...) label,
		SG_METHODS(X)
#undef X
	};
	static const char format[] =
		"%s sip:u@h.example SIP/2.0\r\n"
		"Via: SIP/2.0/UDP a.example:5060;branch=z9hG4bK-%s\r\n"
		"From: <sip:a@h.example>;tag=a%zu\r\nTo: <sip:u@h.example>\r\n"
		"Call-ID: %zu@a.example\r\nCSeq: %zu %s\r\nMax-Forwards: 70\r\n"
		"Content-Length: 0\r\n\r\n";
	char text[512];

	for (size_t i = SG_METHOD_NONE + 1; i < COUNT(labels); i++)
		add(corpus, labels[i], text,
		    snprintf(text, sizeof(text), format, labels[i], labels[i], i, i, i, labels[i]));
}

/* Every name of the list, and every letter as a name, in one message each. */
static void add_fields(struct corpus *corpus)
{
	static const char *const labels[] = {
#define X(name, label) label,
		SIP_FIELDS(X)
#undef X
	};
	static char text[4096];
	size_t length = sprintf(text, "INFO sip:a@b SIP/2.0\r\n"), start = length;

	for (size_t i = 0; i < COUNT(labels); i++)
		length += sprintf(text + length, "%s: <sip:%zu@b>\r\n", labels[i], i);
	length += sprintf(text + length, "\r\n");
	add(corpus, "every-field", text, length);
	length = start;
	for (char letter = 'a'; letter <= 'z'; letter++)
		length += sprintf(text + length, "%c:1\r\n%c : 2\r\n", letter, letter ^ 0x20);
	length += sprintf(text + length, "\r\n");
	add(corpus, "every-letter", text, length);
}

/* --- each part of a request left out, empty and twice --- */

static void add_parts(struct corpus *corpus)
{
	char text[256], name[64];

	for (enum part part = START; part < BODY; part++) {
		const struct text *as_it_is = &request[part];
		size_t colon = 0;

		if (!as_it_is->length)
			continue;
		snprintf(name, sizeof(name), "without-part-%d", part);
		add_string(corpus, name, part, "");
		snprintf(text, sizeof(text), "%s%s", as_it_is->bytes, as_it_is->bytes);
		snprintf(name, sizeof(name), "twice-part-%d", part);
		add_string(corpus, name, part, text);
		colon = strcspn(as_it_is->bytes, ":");
		if (part == START || colon == as_it_is->length)
			continue;
		snprintf(text, sizeof(text), "%.*s:\r\n", (int)colon, as_it_is->bytes);
		snprintf(name, sizeof(name), "empty-part-%d", part);
		add_string(corpus, name, part, text);
	}
}

/* --- numbers of each length --- */

static void add_numbers(struct corpus *corpus)
{
	static const char digits[] = "98765432109876";
	char text[128], name[64];

	for (int count = 1; count < (int)sizeof(digits); count++) {
		snprintf(name, sizeof(name), "cseq-digits-%d", count);
		snprintf(text, sizeof(text), "CSeq: %.*s INVITE\r\n", count, digits);
		add_string(corpus, name, CSEQ, text);
		snprintf(name, sizeof(name), "number-digits-%d", count);
		snprintf(text, sizeof(text), "Expires: %.*s\r\nContent-Length: %.*s\r\n", count,
			 digits, count, digits);
		add_string(corpus, name, MORE, text);
	}
}

/* --- limits --- */

/* A part that is `head`, `count` times `unit`, and `tail`. */
static void add_long(struct corpus *corpus, const char *name, enum part part, const char *head,
		     const char *unit, size_t count, const char *tail)
{
	static char text[20000];
	size_t length = sprintf(text, "%s", head);

	for (; count; count--)
		length += sprintf(text + length, "%s", unit);
	length += sprintf(text + length, "%s", tail);
	add_with(corpus, name, part, (struct text){text, length});
}

static void add_limits(struct corpus *corpus)
{
	add_long(corpus, "long-uri", START, "INVITE sip:", "u", 600, "@a SIP/2.0\r\n");
	add_long(corpus, "long-start", START, "INVITE sip:a;", "p=1;", 260, " SIP/2.0\r\n");
	add_long(corpus, "long-method", START, "", "M", 60, " sip:a SIP/2.0\r\n");
	add_long(corpus, "long-cseq-method", CSEQ, "CSeq: 1 ", "M", 60, "\r\n");
	add_long(corpus, "long-tag", FROM, "From: <sip:a@b>;tag=", "t", 300, "\r\n");
	add_long(corpus, "long-branch", VIA, "Via: SIP/2.0/UDP a;branch=z9hG4bK", "b", 300, "\r\n");
	add_long(corpus, "long-call-id", CALL_ID, "Call-ID: ", "c", 300, "\r\n");
	add_long(corpus, "long-field", MORE, "X: ", "x", 2100, "\r\n");
	add_long(corpus, "long-folded", MORE, "Subject: s\r\n", " and so on\r\n", 20, "");
	add_long(corpus, "long-quote", FROM, "From: \"", "\\\"", 200, "\" <sip:a@b>;tag=1\r\n");
	add_long(corpus, "many-parameters", TO, "To: <sip:b@b>", ";p=\"v\"", 100, "\r\n");
	add_long(corpus, "many-routes", MORE, "Route: ", "<sip:p.example;lr>,", 30, "<sip:q>\r\n");
	add_long(corpus, "many-fields", MORE, "", "Accept: a/b\r\n", 70, "");
	add_long(corpus, "many-lines", MORE, "", "A:\r\n", 200, "");
	add_long(corpus, "head-beyond", VIA, "X: ", "x", 5000, "\r\n");
	add_long(corpus, "body-beyond", BODY, "", "b", 5000, "");
	add_long(corpus, "body-large", BODY, "", "body", 4200, "");
	/* The last byte that is read is one of From, To, Call-ID or CSeq. */
	for (size_t length = SIP_READ_MAX - 300; length < SIP_READ_MAX - 90; length += 7)
		add_long(corpus, "edge", HOPS, "X: ", "x", length, "\r\n");
}

void corpus_own(struct corpus *corpus)
{
	add_with(corpus, "request", PARTS, request[END]);
	add_rules(corpus);
	add_lines(corpus);
	add_whole(corpus);
	add_methods(corpus);
	add_fields(corpus);
	add_parts(corpus);
	add_numbers(corpus);
	add_limits(corpus);
}
