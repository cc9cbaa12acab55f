// SPDX-License-Identifier: GPL-2.0-only
/* Where a request has to go, by the Route that it brings along. */
#include <stdio.h>
#include <string.h>

#include "dialogue/dialogue.h"
#include "stream/stream.h"

#define LISTS "Allow: INVITE, ACK, CANCEL\r\nSupported: path,\r\n gruu\r\n"

/* An INVITE with these lines; what follows them is no part of any Route. */
static const char *brings(const char *lines, const char *tag)
{
	static char text[4096];

	snprintf(text, sizeof(text),
		 "INVITE sip:bob@example.com SIP/2.0\r\n"
		 "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK776asdhds\r\n"
		 "Max-Forwards: 70\r\n"
		 "%s" LISTS
		 "To: <sip:bob@example.com>%s\r\n"
		 "From: <sip:alice@example.com>;tag=1928301774\r\n"
		 "Call-ID: a84b4c76e66710@192.0.2.1\r\n"
		 "CSeq: 1 INVITE\r\n"
		 "Content-Length: 0\r\n\r\n", lines, tag);
	return text;
}

static void sent(const char *source, const char *lines, const char *tag, bool passes)
{
	struct packet_spec packet = {.source = source, .payload = brings(lines, tag)};

	if (packet_dropped(&packet) == passes)
		fail_msg("%s%s %s", lines, tag, passes ? "is refused" : "passes");
	if (!passes)
		assert_int_equal(dropping_reason(), SG_REASON_ROUTE_NOT_SERVED);
	stats_clear();
}

static void lines(const char *lines, bool passes)
{
	sent(NULL, lines, "", passes);
}

static void serve(void)
{
	wide();
	domain_set(0, "example.com");
	domain_set(0, ".example.com");
	domain_set(0, "[2001:db8::5]");
	config()->profile[0].mode[SG_REASON_ROUTE_NOT_SERVED] = SG_MODE_ENFORCE;
}

static void one_value(void)
{
	serve();
	lines("", true);
	lines("Route: <sip:example.com;lr>\r\n", true);
	lines("Route: <sip:proxy.example.com:5080;transport=tcp;lr>\r\n", true);
	lines("ROUTE : <sips:orig@Proxy.Example.COM;lr>\r\n", true);
	lines("Route: <sip:" PACKET_SERVER4 ";lr>\r\n", true);
	lines("Route: <sip:[2001:db8::5]:5060;lr>;x=\"<sip:example.org>\"\r\n", true);
	lines("Route: \"example.com\" <sip:proxy.example.com;lr>\r\n", true);
	lines("Route: sip:proxy.example.com;lr\r\n", true);
	lines("Route: <sip:example.org;lr>\r\n", false);
	lines("Route: <sip:example.com@example.org;lr>\r\n", false);
	lines("Route: <sip:example.com:x@example.org:5060;lr>\r\n", false);
	lines("Route: \"<sip:example.com>\" <sip:example.org;lr>\r\n", false);
	lines("Route: sip:example.org;lr\r\n", false);
	lines("Route: <sip:example.com;lr;maddr=192.0.2.9>\r\n", false);
	lines("Route: <sip:example.com;MADDR=192.0.2.9;lr>\r\n", false);
	lines("Route: <tel:+4930123456>\r\n", false);
	lines("Route: example.com\r\n", false);
	lines("Route:\r\n", false);
}

/* What stands behind a value that is ours is where the request goes next. */
static void further_values(void)
{
	serve();
	lines("Route: <sip:example.com;lr>,<sip:a.example.com;lr> , <sip:b.example.com;lr>\r\n",
	      true);
	lines("Route: <sip:example.com;lr>,<sip:example.org;lr>\r\n", false);
	lines("Route: <sip:example.com;lr>,\r\n\t<sip:a.example.com;lr>\r\n", true);
	lines("Route: <sip:example.com;lr>,\r\n <sip:example.org;lr>\r\n", false);
	lines("Route: <sip:example.com;lr>\r\nRoute: <sip:a.example.com;lr>\r\n", true);
	lines("Route: <sip:example.com;lr>\r\nSubject: x\r\nroute : <sip:example.org;lr>\r\n",
	      false);
	lines("Route: <sip:a,b@example.com;lr>\r\n", true);
	lines("Route: <sip:a,b@example.org;lr>\r\n", false);
	lines("Route: <sip:example.com;lr>,\r\n", false);
}

/* Names that begin alike are other fields. */
static void other_fields(void)
{
	serve();
	lines("Record-Route: <sip:example.org;lr>\r\n", true);
	lines("Route-Info: <sip:example.org;lr>\r\n", true);
	lines("Route: <sip:example.com;lr>\r\nRoute-Info: <sip:example.org;lr>\r\n", true);
	lines("Route: <sip:example.com;lr>\r\nRoute-Info: x\r\nRoute: <sip:example.org;lr>\r\n",
	      false);
	lines("Subject: x\r\n Route: <sip:example.org;lr>\r\n", true);
}

/* However many of them hide it. */
static void behind_other_fields(void)
{
	char text[1024] = "Route: <sip:example.com;lr>\r\n";

	serve();
	for (int i = 0; i < 7; i++)
		strcat(text, "Route-Info: x\r\n");
	lines(text, true);
	strcat(text, "Route-Info: x\r\nRoute: <sip:example.org;lr>\r\n");
	lines(text, false);
}

static void as_many_as_are_looked_at(void)
{
	static const char own[] = "Route: <sip:example.com;lr>\r\n";
	char text[1024] = "";

	serve();
	for (int i = 0; i < 8; i++)
		strcat(text, own);
	lines(text, true);
	strcat(text, own);
	lines(text, false);
}

/* In a dialog the other end has written the Route; a phone that is known has its own. */
static void whose_route_is_looked_at(void)
{
	static const char away[] = "Route: <sip:example.org;lr>\r\n";

	serve();
	sent(PHONE, away, "", false);
	sent(PHONE, away, ";tag=7", true);
	proven_set(PHONE, IPPROTO_UDP, PORT, SG_PROOF_REGISTER, 60);
	sent(PHONE, away, "", true);
}

/* A number goes where the Route says. */
static void to_a_number(void)
{
	static const char away[] = "Route: <sip:example.org;lr>\r\n";
	char text[4096];

	serve();
	for (int i = 0; i < 2; i++) {
		snprintf(text, sizeof(text), "INVITE tel:+4930123456 %s",
			 strstr(brings(i ? away : "", ""), "SIP/2.0"));
		assert_int_equal(packet_dropped(&(struct packet_spec){.payload = text}), i);
	}
	assert_int_equal(dropping_reason(), SG_REASON_ROUTE_NOT_SERVED);
}

/* Who names no domains, or no mode, is told of it at most. */
static void by_default(void)
{
	static const char away[] = "Route: <sip:example.org;lr>\r\n";

	wide();
	lines(away, true);
	domain_set(0, "example.com");
	SEND_WATCHED(PASS, NONE, REASON_BIT(SG_REASON_ROUTE_NOT_SERVED), REQUEST, INVITE,
		     .payload = brings(away, ""));
}

/* Where the header goes on in another fragment, a host may be cut off. */
static void cut_off(void)
{
	const char *whole = brings("Route: <sip:example.com;lr>\r\n"
				   "Route: <sip:far.proxy.example.com;lr>\r\n", "");
	size_t cut = strstr(whole, "proxy.") - whole;

	serve();
	zone_set(0, "198.18.0.0/16", 1);
	config()->profile[1] = config()->profile[0];
	domain_set(1, "example.com");
	SEND(PASS, NONE, REQUEST, INVITE, .source = "198.18.0.7", .payload = whole, .id = 4,
	     .size = (8 + cut) & ~7U);
}

const struct sequence route_sequences[] = {
	{"a Route of one value", one_value},
	{"a Route of further values", further_values},
	{"fields that begin as Route does", other_fields},
	{"a Route behind fields that begin as it does", behind_other_fields},
	{"as many Routes as are looked at", as_many_as_are_looked_at},
	{"whose Route is looked at", whose_route_is_looked_at},
	{"a Route of a call to a number", to_a_number},
	{"a Route elsewhere is only seen by default", by_default},
	{"a Route that is cut off", cut_off},
};

const size_t route_sequences_count = COUNT(route_sequences);
