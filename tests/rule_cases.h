/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What breaks a rule of grammar and nothing else, and what is just inside it and breaks none: each
 * a part of the request in request.h. The tests of the reader and of the guard assert it; the
 * fuzzers and the comparison with the kernel start from these messages.
 */
#ifndef SIPGUARD_TEST_RULE_CASES_H
#define SIPGUARD_TEST_RULE_CASES_H

#include "sip_rules.h"

#include "request.h"

static const struct rule_case {
	int rule;
	enum part part;
	struct text bad, good;
} rule_cases[] = {
#define CASE(rule, part, bad, good) {SIP_RULE_##rule, part, TEXT(bad), TEXT(good)}
	CASE(START_SPACES, START, "INVITE sip:bob@b.example  SIP/2.0\r\n",
	     "INVITE sip:bob@b.example SIP/2.0\r\n"),
	CASE(START_SPACES, START, "INVITE  sip:bob@b.example SIP/2.0\r\n",
	     "INVITE sip:bob@b.example sip/2.0\r\n"),
	CASE(START_SPACES, START, "INVITE sip:bob@b.example SIP/2.0 \r\n",
	     "INVITE SIPS:bob@b.example SIP/2.0\r\n"),
	CASE(START_SPACES, START, "INVITE sip:bob@b.example;a b SIP/2.0\r\n",
	     "INVITE sip:bob@b.example;a=b SIP/2.0\r\n"),
	CASE(URI_SCHEME, START, "INVITE bob SIP/2.0\r\n", "INVITE tel:+1555 SIP/2.0\r\n"),
	CASE(URI_SCHEME, START, "INVITE <sip:bob@b.example> SIP/2.0\r\n",
	     "INVITE urn:service:sos SIP/2.0\r\n"),
	CASE(URI_UNKNOWN, START, "INVITE mailto:bob@b.example SIP/2.0\r\n",
	     "INVITE im:bob@b.example SIP/2.0\r\n"),
	CASE(URI_HEADERS, START, "INVITE sip:bob@b.example?a=b SIP/2.0\r\n",
	     "INVITE sip:bob?a=b@b.example SIP/2.0\r\n"),
	CASE(URI_HOST, START, "INVITE sip:2001:db8::9 SIP/2.0\r\n",
	     "INVITE sip:[2001:db8::9]:5060 SIP/2.0\r\n"),
	CASE(URI_HOST, START, "INVITE sip:bob@ SIP/2.0\r\n", "INVITE sip:bob@b:5060 SIP/2.0\r\n"),
	CASE(URI_HOST, START, "INVITE sip:bob@b:x SIP/2.0\r\n", "INVITE sip:bob:pw@b SIP/2.0\r\n"),
	CASE(FIELD_MISSING, CALL_ID, "", "i: 1\r\n"),
	CASE(FIELD_MISSING, TO, "Too: <sip:b@b.example>\r\n", "T: <sip:b@b.example>\r\n"),
	CASE(HOPS_MISSING, HOPS, "", "MAX-FORWARDS: 0\r\n"),
	CASE(HOPS, HOPS, "Max-Forwards: 256\r\n", "Max-Forwards: 255\r\n"),
	CASE(HOPS, HOPS, "Max-Forwards: 7x\r\n", "Max-Forwards:   0070  \r\n"),
	CASE(HOPS, HOPS, "Max-Forwards:\r\n", "Max-Forwards:\r\n 7\r\n"),
	CASE(HOPS, HOPS, "Max-Forwards: 18446744073709551617\r\n", "Max-Forwards: 1\r\n"),
	CASE(REPEATED, MORE, "i: 2\r\n", "Via: SIP/2.0/UDP b.example\r\n"),
	CASE(REPEATED, MORE, "l: 4\r\n", "Contact: <sip:a@b>\r\nm: <sip:b@b>\r\n"),
	CASE(REPEATED, MORE, "max-forwards : 70\r\n", "Max-Forward: 70\r\n"),
	CASE(TO_REPEATED, MORE, "T: <sip:bob@b.example>\r\n", "To-: <sip:bob@b.example>\r\n"),
	CASE(CSEQ, CSEQ, "CSeq: INVITE\r\n", "CSeq: 0 INVITE\r\n"),
	CASE(CSEQ, CSEQ, "CSeq: 31\r\n", "CSeq:31\tINVITE\r\n"),
	CASE(CSEQ, CSEQ, "CSeq: 4294967296 INVITE\r\n", "CSeq: 2147483647 INVITE\r\n"),
	CASE(CSEQ_HIGH, CSEQ, "CSeq: 2147483648 INVITE\r\n", "cseq : 009\r\n  INVITE\r\n"),
	CASE(CSEQ_METHOD, CSEQ, "CSeq: 31 ACK\r\n", "CSEQ: 31   INVITE\r\n"),
	CASE(CSEQ_METHOD, CSEQ, "CSeq: 31 invite\r\n", "CSeq: 31 INVITE \r\n"),
	CASE(VIA_TRANSPORT, VIA, "Via: SIP/2.0/TCP a.example;branch=z9hG4bK1\r\n",
	     "Via: SIP/2.0/udp a.example;branch=z9hG4bK1\r\n"),
	CASE(VIA_COOKIE, VIA, "Via: SIP/2.0/UDP a.example;branch=1\r\n",
	     "v:SIP/2.0/UDP a.example;rport;branch=z9hG4bK\r\n"),
	CASE(VIA_COOKIE, VIA, "Via: SIP/2.0/UDP a.example, SIP/2.0/UDP b;branch=z9hG4bK1\r\n",
	     "Via: SIP/2.0/UDP a.example;branch=z9hG4bK1, SIP/2.0/UDP b\r\n"),
	CASE(VIA_HOST, VIA, "Via: SIP/2.0/UDP a%s.example;branch=z9hG4bK1\r\n",
	     "Via: SIP/2.0/UDP [2001:db8::1]:5060;branch=z9hG4bK1\r\n"),
	CASE(VIA_HOST, VIA, "Via: SIP/2.0/UDP a.example:65536;branch=z9hG4bK1\r\n",
	     "Via: SIP/2.0/UDP a_1.example:65535;branch=z9hG4bK1\r\n"),
	CASE(PARAMETER_EMPTY, FROM, "From: <sip:a@b.example>;;tag=1\r\n",
	     "From: <sip:a@b.example> ; x ; tag = 1\r\n"),
	CASE(PARAMETER_EMPTY, VIA, "Via: SIP/2.0/UDP a.example;branch=z9hG4bK1;\r\n",
	     "Via: SIP / 2.0 / UDP a.example ; branch = z9hG4bK1\r\n"),
	CASE(FROM_TAG, FROM, "From: <sip:a@b.example;tag=1>\r\n", "f: sip:a@b.example;tag=1\r\n"),
	CASE(ADDRESS, TO, "To: bob\r\n", "To: sip:bob@b.example\r\n"),
	CASE(ADDRESS, TO, "To: <sip:bob@b.example\r\n", "To: bob<sip:bob@b.example>\r\n"),
	CASE(ADDRESS, TO, "To: <<sip:bob@b.example>\r\n", "To: tel:+1555\r\n"),
	CASE(ADDRESS, TO, "To: <sip:bob@b.example>x\r\n", "To: <sip:bob@b.example> ;x\r\n"),
	CASE(ADDRESS, TO, "To: <sip:bob@b.example>=x;y\r\n", "To: <sip:bob@b.example>;y\r\n"),
	CASE(ADDRESS, TO, "To: < sip:bob@b.example>\r\n", "To:\t<sip:bob@b.example> \r\n"),
	CASE(PARAMETER_EMPTY, TO, "To: <sip:bob@b.example>;=x\r\n",
	     "To: <sip:bob@b.example>;x=\"=;\"\r\n"),
	CASE(DISPLAY_NAME, TO, "To: \"B\" \"o\" <sip:bob@b.example>\r\n",
	     "To: \"B o\" <sip:bob@b.example>;x=\"a\";y=\"b\"\r\n"),
	CASE(DISPLAY_NAME, TO, "To: Bob \"B\" <sip:bob@b.example>\r\n",
	     "To: sip:bob@b.example;x=\"a\";y=\"b\"\r\n"),
	CASE(DISPLAY_NAME, TO, "To: ::: \"B\" <sip:bob@b.example>\r\n",
	     "To:\"B\"<sip:bob@b.example>\r\n"),
	CASE(DISPLAY_NAME, TO, "To: Bob, B. <sip:bob@b.example>\r\n",
	     "To: \"Bob, \\\" <B.>\" <sip:bob@b.example>\r\n"),
	CASE(CONTACT, MORE, "Contact: nobody\r\n", "Contact: *\r\n"),
	CASE(CONTACT, MORE, "m: <sip:a@b\r\n", "m: \"A\" <sip:a@b>;q=1, <sip:c@d>\r\n"),
	CASE(CALL_ID, CALL_ID, "Call-ID: a b\r\n", "Call-ID: a@b\r\n"),
	CASE(CALL_ID, CALL_ID, "Call-ID: a@b@c\r\n", "Call-ID: ~`)(><:\\/\"][?}{\r\n"),
	CASE(CALL_ID, CALL_ID, "Call-ID:\r\n", "Call-ID:a\r\n"),
	CASE(EXPIRES, MORE, "Expires: soon\r\n", "Expires: 4294967295\r\n"),
	CASE(LENGTH, LENGTH, "Content-Length: -1\r\n", "Content-Length: 0\r\n"),
	CASE(LENGTH, LENGTH, "Content-Length: 4 4\r\n", "Content-Length:      4\r\n"),
	CASE(LENGTH_BEYOND, LENGTH, "Content-Length: 5\r\n", "Content-Length: 3\r\n"),
	CASE(CONTROL, MORE, "X: a\001b\r\n", "X: a\\\001b\tc\r\n"),
	CASE(CONTROL, MORE, "X: a\0b\r\n", "X: a\\\0b\r\n"),
	CASE(LINE_END, MORE, "X: a\n", "X: a\r\n"),
	CASE(LINE_END, MORE, "X: a\rb\r\n", "X: a\r\n b\r\n"),
	CASE(UTF8, MORE, "X: \xc3\x28\r\n", "X: \xc3\xa9\r\n"),
	CASE(UTF8, MORE, "X: \xed\xa0\x80\r\n", "X: \xed\x9f\xbf\xf4\x8f\xbf\xbf\r\n"),
	CASE(UTF8, MORE, "X: \xe0\x80\xaf\r\n", "X: \xe0\xa0\x80\r\n"),
	CASE(UTF8, MORE, "X: \x80\r\n", "X: \xf0\x90\x80\x80\r\n"),
	CASE(UTF8, MORE, "X: 1234567\xe2\x82\r\n", "X: 12345\xe2\x82\xac\r\n"),
	CASE(FIELD_LINE, MORE, "nothing\r\n", "nothing:\r\n"),
	CASE(FIELD_LINE, MORE, "no name: 1\r\n", "no-name \t : 1\r\n"),
	CASE(FIELD_LINE, MORE, ": 1\r\n", "!%*_+`'~.-: 1\r\n"),
	CASE(STATUS, START, "SIP/2.0 700 \r\n", "SIP/2.0 699 \r\n"),
	CASE(STATUS, START, "SIP/2.0 99 \r\n", "SIP/2.0 100 \r\n"),
	CASE(STATUS, START, "SIP/2.0 2000 OK\r\n", "sip/2.0 200\r\n"),
#undef CASE
};

#endif
