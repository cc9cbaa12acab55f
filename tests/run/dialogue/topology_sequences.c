// SPDX-License-Identifier: GPL-2.0-only
/*
 * What leaves is masked as the profile of who gets it says: a frame is compared with the one that
 * the builder makes of the expected message, sums and all.
 */
#include <stdio.h>
#include <string.h>

#include "dialogue.h"
#include "topology.h"

#define SHOWN 512

static void topology_set(__u32 zone, enum sg_topology topology)
{
	config()->topology = 1;
	config()->profile[zone].topology = topology;
}

static __u64 counted(enum sg_count count)
{
	struct sg_stats stats;

	stats_read(&stats);
	return stats.count[count];
}

/* What leaves is a frame with the payload `expected`; NULL: the one that was given. */
static void leaves_as(struct packet_spec spec, const char *expected)
{
	static __u8 sent[FRAME_MAX], due[FRAME_MAX], given[FRAME_MAX];
	size_t length, due_length, check;
	bool dropped;

	spec.again = spec.sums = true;
	spec.sport = spec.sport ? spec.sport : 5060;
	spec.dport = spec.dport ? spec.dport : PORT;
	spec.destination = spec.destination ? spec.destination : PHONE;
	length = reply_sends(&spec, sent, &dropped);
	assert_false(dropped);
	packet_build(&spec, given);
	if (expected)
		spec.payload = expected;
	due_length = packet_build(&spec, due);
	assert_int_equal(length, due_length);
	/* What is cut into datagrams later has a sum of the pseudo header alone. */
	check = length - strlen(spec.payload) - sizeof(__be16);
	if (fix.gso_size)
		memcpy(due + check, given + check, sizeof(__be16));
	if (memcmp(sent, due, length))
		fail_msg("it leaves as\n%.*s", SHOWN, (char *)sent + length -
			 (strlen(spec.payload) + spec.fill));
}

#define LEAVES_AS(expected, ...) leaves_as((struct packet_spec){__VA_ARGS__}, expected)
/* A reply with these header fields has those when it is sent. */
#define MASKS(more, masked)                                                                       \
	LEAVES_AS(REPLY_OF("200 OK", "OPTIONS", masked),                                          \
		  .payload = REPLY_OF("200 OK", "OPTIONS", more))
#define LEAVES(more) MASKS(more, more)

#define TELLS "Server: kamailio (5.6.3 (x86_64/linux))\r\n"
#define TELLS_NOTHING "Server: xxxxxxxx xxxxxx xxxxxxxxxxxxxxx\r\n"

static void off_changes_nothing(void)
{
	LEAVES(TELLS);
	/* Another profile has it on. */
	config()->topology = 1;
	LEAVES(TELLS);
	assert_int_equal(counted(SG_COUNT_TOPOLOGY_FOUND), 0);
	assert_int_equal(counted(SG_COUNT_TOPOLOGY_MASKED), 0);
}

static void report_counts_and_changes_nothing(void)
{
	topology_set(0, SG_TOPOLOGY_REPORT);
	LEAVES(TELLS);
	assert_int_equal(counted(SG_COUNT_TOPOLOGY_FOUND), 1);
	LEAVES("");
	assert_int_equal(counted(SG_COUNT_TOPOLOGY_FOUND), 1);
	/* A guard that only monitors changes nothing, whatever the profile says. */
	topology_set(0, SG_TOPOLOGY_MASK);
	fix.state->mode = SG_MODE_MONITOR;
	LEAVES(TELLS);
	assert_int_equal(counted(SG_COUNT_TOPOLOGY_FOUND), 2);
	assert_int_equal(counted(SG_COUNT_TOPOLOGY_MASKED), 0);
}

static void software_is_masked(void)
{
	topology_set(0, SG_TOPOLOGY_MASK);
	MASKS(TELLS, TELLS_NOTHING);
	assert_int_equal(counted(SG_COUNT_TOPOLOGY_MASKED), 1);
	MASKS("User-Agent: a\r\n", "User-Agent: x\r\n");
	MASKS("uSER-aGENT \t : Asterisk PBX 18.2\r\n", "uSER-aGENT \t : xxxxxxxx xxx xxxx\r\n");
	MASKS("SERVER:a\xc3\xa9\r\n\tb (c)\r\n d\r\n", "SERVER:xxx\r\n\tx xxx\r\n x\r\n");
	/* Both, the first and the last ones of the header; and a value of one word of eight. */
	MASKS("Server: 12345678\r\nAllow: INVITE\r\nUser-Agent: 123456789\r\n",
	      "Server: xxxxxxxx\r\nAllow: INVITE\r\nUser-Agent: xxxxxxxxx\r\n");
	assert_int_equal(counted(SG_COUNT_TOPOLOGY_MASKED), 5);
	assert_int_equal(counted(SG_COUNT_TOPOLOGY_CUT), 0);
}

static void what_tells_nothing_is_sent_as_it_is(void)
{
	topology_set(0, SG_TOPOLOGY_MASK);
	LEAVES("");
	LEAVES(TELLS_NOTHING);
	LEAVES("Server: \r\n");
	LEAVES("Servers: a\r\nServe: a\r\nX-Server: a\r\nUser-Agent-: a\r\nServer a: b\r\n"
	       "Allow: INVITE\r\n Server: a\r\n");
	LEAVES("X-User-Agent-With-A-Name-Of-More-Than-Thirty-Two: a\r\n");
	assert_int_equal(counted(SG_COUNT_TOPOLOGY_MASKED), 0);
}

static void a_warning_keeps_its_code_and_quotes(void)
{
	topology_set(0, SG_TOPOLOGY_MASK);
	MASKS("Warning: 392 10.0.0.5:5060 \"Noisy feedback tells: pid=1\"\r\n",
	      "Warning: 392 xxxxxxxxxxxxx \"xxxxx xxxxxxxx xxxxxx xxxxx\"\r\n");
	MASKS("Warning: 301 isi.edu \"a \\\"b\\\\c\\\", d\" , 399 [fd00::1]:5060 \"\\\\\"\r\n",
	      "Warning: 301 xxxxxxx \"x xxxxxxxxx x\" , 399 xxxxxxxxxxxxxx \"xx\"\r\n");
	MASKS("Warning: 399\r\n 10.1.1.1\r\n \"a\r\n b\"\r\n",
	      "Warning: 399\r\n xxxxxxxx\r\n \"x\r\n x\"\r\n");
}

static void listed_fields_keep_their_form(void)
{
	struct sg_topology_names *names = &config()->names;

	topology_set(0, SG_TOPOLOGY_MASK);
	LEAVES("X-Node: sbc1.internal\r\n");
	strcpy(names->listed[names->count++], "X-Node");
	strcpy(names->listed[names->count++], "X-Name-Of-Thirty-Two-Characters-");
	sg_topology_build(names);
	MASKS("x-node: sbc1.internal;\"a\\\"b\" <sip:%4a@[fd00::1]:5060>\r\n",
	      "x-node: aaa0.aaaaaaaa;\"a\\\"a\" <aaa:%0a@[aa00::0]:0000>\r\n");
	MASKS("X-Name-Of-Thirty-Two-Characters-: B2\r\n",
	      "X-Name-Of-Thirty-Two-Characters-: a0\r\n");
	LEAVES("X-Name-Of-Thirty-Two-Characters-2: B2\r\nX-Nodes: B2\r\n");
}

static void private_addresses_are_masked_where_nobody_needs_them(void)
{
	topology_set(0, SG_TOPOLOGY_MASK);
	MASKS("Reason: SIP;cause=503;text=\"10.1.2.3:5060 is down, fd12::5 too\"\r\n",
	      "Reason: SIP;cause=503;text=\"00.0.0.0:0000 is down, aa00::0 too\"\r\n");
	MASKS("Error-Info: <sip:172.16.0.1>, <sip:172.31.255.255>\r\n",
	      "Error-Info: <sip:000.00.0.0>, <sip:000.00.000.000>\r\n");
	MASKS("P-Charging-Vector: icid-value=1;icid-generated-at=192.168.1.1\r\n",
	      "P-Charging-Vector: icid-value=1;icid-generated-at=000.000.0.0\r\n");
	MASKS("Reason: a;text=\"100.64.1.1 100.127.1.1 169.254.0.1 fe80::1 febf::1\"\r\n",
	      "Reason: a;text=\"000.00.0.0 000.000.0.0 000.000.0.0 aa00::0 aaaa::0\"\r\n");
	LEAVES("Reason: a;text=\"172.15.0.1 172.32.0.1 100.63.0.1 100.128.0.1 192.0.2.1 11.0.0.1"
	       " 10.1.2 10.1.2.3.4 110.0.0.1 1.10.0.0.1 a10.0.0.1 192.169.0.1 fec0::1 fb00::1"
	       " fd0::1 2001:fd00::1 169.253.0.1\"\r\n");
	/* In what the peer needs they stay. */
	LEAVES("Call-Info: <http://10.0.0.1/>\r\nP-Asserted-Identity: <sip:a@10.0.0.1>\r\n");
}

#define REQUEST_WITH(via, more)                                                                   \
	"INVITE sip:bob@192.0.2.1 SIP/2.0\r\n"                                                    \
	"Via: SIP/2.0/UDP " via ";branch=z9hG4bK776asdhds\r\n"                                    \
	"Max-Forwards: 70\r\nTo: <sip:bob@192.0.2.1>\r\nFrom: <sip:a@example.com>;tag=1\r\n"      \
	"CSeq: 1 INVITE\r\n" more

/* It is counted under that, and under nothing else, and sent as it is. */
static void tells(const char *payload, enum sg_count count)
{
	static const enum sg_count all[] = {
		SG_COUNT_TOPOLOGY_VIA, SG_COUNT_TOPOLOGY_CONTACT, SG_COUNT_TOPOLOGY_ROUTE,
		SG_COUNT_TOPOLOGY_CALL_ID, SG_COUNT_TOPOLOGY_BODY,
	};

	stats_clear();
	LEAVES_AS(NULL, .payload = payload);
	for (size_t i = 0; i < COUNT(all); i++)
		if (counted(all[i]) != (all[i] == count))
			fail_msg("counter %zu of\n%s", i, payload);
	assert_int_equal(counted(SG_COUNT_TOPOLOGY_MASKED), 0);
}

static void what_the_peer_needs_is_only_counted(void)
{
	topology_set(0, SG_TOPOLOGY_MASK);
	tells(REQUEST_WITH("10.0.0.1:5060", "Call-ID: 1\r\n\r\n"), SG_COUNT_TOPOLOGY_VIA);
	tells(REQUEST_WITH("198.51.100.1\r\nv: SIP/2.0/UDP [fd00::1]:5060", "i: 1\r\n\r\n"),
	      SG_COUNT_TOPOLOGY_VIA);
	tells(REQUEST_WITH("198.51.100.1", "Contact: <sip:a@198.51.100.1>,\r\n <sip:a@10.0.0.1>"
			   "\r\n\r\n"), SG_COUNT_TOPOLOGY_CONTACT);
	tells(REQUEST_WITH("198.51.100.1", "m: <sip:10.0.0.1>\r\n\r\n"),
	      SG_COUNT_TOPOLOGY_CONTACT);
	tells(REQUEST_WITH("198.51.100.1", "Record-Route: <sip:192.168.0.1;lr>\r\n\r\n"),
	      SG_COUNT_TOPOLOGY_ROUTE);
	tells(REQUEST_WITH("198.51.100.1", "ROUTE: <sip:192.168.0.1;lr>\r\n\r\n"),
	      SG_COUNT_TOPOLOGY_ROUTE);
	tells(REQUEST_WITH("198.51.100.1", "Call-ID: 1@10.0.0.1\r\n\r\n"),
	      SG_COUNT_TOPOLOGY_CALL_ID);
	tells(REQUEST_WITH("198.51.100.1", "Content-Length: 24\r\n\r\n"
			   "v=0\r\nc=IN IP4 10.0.0.1\r\n"), SG_COUNT_TOPOLOGY_BODY);
	/* Not of this message, or no session description. */
	tells(REQUEST_WITH("198.51.100.1", "Content-Length: 5\r\n\r\n"
			   "v=0\r\nc=IN IP4 10.0.0.1\r\n"), SG_COUNT__MAX);
	tells(REQUEST_WITH("198.51.100.1", "\r\n10.0.0.1 is ours\r\n"), SG_COUNT__MAX);
	tells(REQUEST_WITH("198.51.100.1", "i: 1@198.51.100.10\r\nm: <sip:198.51.100.1>\r\n\r\n"
			   "v=0\r\nc=IN IP4 198.51.100.1\r\n"), SG_COUNT__MAX);
}

/* What an answer repeats is the peer's own. */
static void what_is_the_peers_own_is_not_counted(void)
{
	static const char ok[] = "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 10.0.0.1;branch=z9hG4bK1\r\n"
		"Contact: <sip:a@10.0.0.1>\r\nCall-ID: 1@10.0.0.1\r\nCSeq: 1 REGISTER\r\n\r\n";
	static const char answered[] = "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 10.0.0.1\r\n"
		"Contact: <sip:a@10.0.0.1>\r\nCall-ID: 1@10.0.0.1\r\nCSeq: 1 INVITE\r\n\r\n";

	topology_set(0, SG_TOPOLOGY_REPORT);
	tells(ok, SG_COUNT__MAX);
	tells(answered, SG_COUNT_TOPOLOGY_CONTACT);
}

static void each_zone_has_its_own(void)
{
	const char *told = REPLY_OF("200 OK", "OPTIONS", TELLS);
	const char *masked = REPLY_OF("200 OK", "OPTIONS", TELLS_NOTHING);

	zone_set(fix.state->active, "203.0.113.0/24", 1);
	config()->zone[1].profile = 1;
	topology_set(1, SG_TOPOLOGY_MASK);
	LEAVES_AS(told, .payload = told);
	LEAVES_AS(masked, .payload = told, .destination = "203.0.113.9");
	topology_set(0, SG_TOPOLOGY_MASK);
	topology_set(1, SG_TOPOLOGY_OFF);
	LEAVES_AS(masked, .payload = told);
	LEAVES_AS(told, .payload = told, .destination = "203.0.113.9");
	/* The allow list is about what is dropped. */
	list_set("192.0.2.0/24", SG_LIST_ALLOW);
	LEAVES_AS(masked, .payload = told);
	/* From a port that is not guarded. */
	LEAVES_AS(told, .payload = told, .sport = 5070);
}

static void requests_and_every_way_to_send_are_masked(void)
{
	const char *told = REQUEST_OF("OPTIONS", TELLS), *masked = REQUEST_OF("OPTIONS",
									      TELLS_NOTHING);

	topology_set(0, SG_TOPOLOGY_MASK);
	LEAVES_AS(masked, .payload = told);
	LEAVES_AS(masked, .payload = told, OVER_TCP);
	LEAVES_AS(masked, .payload = told, OVER_TCP, .tcp_options = 12);
	LEAVES_AS(masked, .payload = told, .options = 8);
	LEAVES_AS(masked, .payload = told, OVER_TCP, .options = 8);
	LEAVES_AS(masked, .payload = told, .source = IPV6_A, .destination = IPV6_C);
	LEAVES_AS(masked, .payload = told, .source = IPV6_A, .destination = IPV6_C, OVER_TCP);
	LEAVES_AS(masked, .payload = told, .source = IPV6_A, .destination = IPV6_C, .chain = "h");
	/* Without a sum, as the builder makes it, there is none afterwards. */
	LEAVES_AS(masked, .payload = told, .udp_length_error = 1);
	assert_int_equal(counted(SG_COUNT_TOPOLOGY_MASKED), 9);
	/* Where the sum is behind extension headers nothing is changed. */
	LEAVES_AS(told, .payload = told, .source = IPV6_A, .destination = IPV6_C, .chain = "h",
		  OVER_TCP);
	assert_int_equal(counted(SG_COUNT_TOPOLOGY_FAILED), 1);
}

/* What AH (RFC 4302) signs would be thrown away, and over TCP a sum is written into it. */
static void what_is_signed_is_not_changed(void)
{
	const char *told = REQUEST_OF("OPTIONS", TELLS);

	topology_set(0, SG_TOPOLOGY_MASK);
	LEAVES_AS(told, .payload = told, .chain = "a");
	LEAVES_AS(told, .payload = told, .chain = "a", OVER_TCP);
	LEAVES_AS(told, .payload = told, .source = IPV6_A, .destination = IPV6_C, .chain = "a");
	LEAVES_AS(told, .payload = told, .source = IPV6_A, .destination = IPV6_C, .chain = "ha");
	assert_int_equal(counted(SG_COUNT_TOPOLOGY_FAILED), 4);
	assert_int_equal(counted(SG_COUNT_TOPOLOGY_MASKED), 0);
}

static void several_messages_of_a_segment_are_masked(void)
{
	static char told[4096], masked[4096];
	const char *one = "SIP/2.0 200 OK\r\n" TELLS "Content-Length: 3\r\n\r\nabc";
	const char *blank = "SIP/2.0 200 OK\r\n" TELLS_NOTHING "Content-Length: 3\r\n\r\nabc";

	topology_set(0, SG_TOPOLOGY_MASK);
	*told = *masked = '\0';
	for (int n = 1; n <= 17; n++) {
		strcat(told, one);
		strcat(masked, n <= 16 ? blank : one);
		LEAVES_AS(masked, .payload = told, OVER_TCP);
		assert_int_equal(counted(SG_COUNT_TOPOLOGY_UNREAD), n > 16);
	}
	assert_int_equal(counted(SG_COUNT_TOPOLOGY_MASKED), 16 * 17 / 2 + 16);
	/* What begins within a message is not looked at, and what is too short for one is none. */
	LEAVES_AS(NULL, .payload = "lio (5.6.3)\r\n" TELLS "\r\n", OVER_TCP);
	assert_int_equal(counted(SG_COUNT_TOPOLOGY_UNREAD), 2);
	LEAVES_AS(NULL, .payload = "\r\n\r\n", OVER_TCP);
	assert_int_equal(counted(SG_COUNT_TOPOLOGY_UNREAD), 2);
	/* A frame that becomes two datagrams. */
	stats_clear();
	*told = *masked = '\0';
	strcat(strcat(told, one), one);
	strcat(strcat(masked, blank), blank);
	fix.gso_size = strlen(one);
	LEAVES_AS(masked, .payload = told);
	fix.gso_size = 0;
	assert_int_equal(counted(SG_COUNT_TOPOLOGY_MASKED), 2);
}

/* A field that goes on elsewhere would lose a quote or a parenthesis there. */
static void a_header_that_does_not_end_is_masked_as_far_as_it_goes(void)
{
	static char told[4096], masked[4096];

	topology_set(0, SG_TOPOLOGY_MASK);
	LEAVES_AS("SIP/2.0 200 OK\r\n" TELLS_NOTHING "User-Agent: a (b",
		  .payload = "SIP/2.0 200 OK\r\n" TELLS "User-Agent: a (b", OVER_TCP);
	LEAVES_AS("SIP/2.0 200 OK\r\n" TELLS_NOTHING "User-Agent: a (b\r\n",
		  .payload = "SIP/2.0 200 OK\r\n" TELLS "User-Agent: a (b\r\n", OVER_TCP);
	assert_int_equal(counted(SG_COUNT_TOPOLOGY_CUT), 2);
	assert_int_equal(counted(SG_COUNT_TOPOLOGY_MASKED), 2);
	/* Its sum is in the first fragment, and is mended by what changes there. */
	LEAVES_AS("SIP/2.0 200 OK\r\n" TELLS_NOTHING "Subject: ",
		  .payload = "SIP/2.0 200 OK\r\n" TELLS "Subject: ", .fill = 3000,
		  .id = 7, .size = 1480, .more = true);
	assert_int_equal(counted(SG_COUNT_TOPOLOGY_CUT), 3);
	/* And after some lines, as it may be nobody's that is sent here. */
	strcpy(told, "SIP/2.0 200 OK\r\n" TELLS);
	strcpy(masked, "SIP/2.0 200 OK\r\n" TELLS_NOTHING);
	for (int n = 0; n < 300; n++) {
		strcat(told, "a: b\r\n");
		strcat(masked, "a: b\r\n");
	}
	strcat(told, TELLS "\r\n");
	strcat(masked, TELLS "\r\n");
	LEAVES_AS(masked, .payload = told);
	assert_int_equal(counted(SG_COUNT_TOPOLOGY_CUT), 4);
	/* Without a body the last field is masked up to the last byte. */
	LEAVES_AS("SIP/2.0 200 OK\r\nServer: x\r\n\r\n",
		  .payload = "SIP/2.0 200 OK\r\nServer: a\r\n\r\n");
	assert_int_equal(counted(SG_COUNT_TOPOLOGY_CUT), 4);
}

/* Each place in a word, odd and even, and each byte: the sums are right. */
static void sums_are_right_wherever_it_is(void)
{
	char told[512], masked[512];

	topology_set(0, SG_TOPOLOGY_MASK);
	for (int at = 0; at < 17; at++) {
		for (int length = 1; length < 18; length++) {
			snprintf(told, sizeof(told), "SIP/2.0 200 %.*s\r\nServer: %.*s\r\n\r\n%d",
				 at, "AAAAAAAAAAAAAAAAA", length, "~!abcdefghi\xff\xfe\x80z01",
				 at);
			snprintf(masked, sizeof(masked),
				 "SIP/2.0 200 %.*s\r\nServer: %.*s\r\n\r\n%d", at,
				 "AAAAAAAAAAAAAAAAA", length, "xxxxxxxxxxxxxxxxx", at);
			LEAVES_AS(masked, .payload = told);
			LEAVES_AS(masked, .payload = told, OVER_TCP);
		}
	}
}

const struct sequence topology_sequences[] = {
	{"topology: off changes nothing", off_changes_nothing},
	{"topology: report counts and changes nothing", report_counts_and_changes_nothing},
	{"topology: software is masked", software_is_masked},
	{"topology: what tells nothing is sent as it is", what_tells_nothing_is_sent_as_it_is},
	{"topology: a Warning keeps its code and quotes", a_warning_keeps_its_code_and_quotes},
	{"topology: listed fields keep their form", listed_fields_keep_their_form},
	{"topology: private addresses are masked where nobody needs them",
	 private_addresses_are_masked_where_nobody_needs_them},
	{"topology: what the peer needs is only counted", what_the_peer_needs_is_only_counted},
	{"topology: what is the peer's own is not counted", what_is_the_peers_own_is_not_counted},
	{"topology: each zone has its own", each_zone_has_its_own},
	{"topology: requests and every way to send are masked",
	 requests_and_every_way_to_send_are_masked},
	{"topology: what is signed is not changed", what_is_signed_is_not_changed},
	{"topology: several messages of a segment are masked",
	 several_messages_of_a_segment_are_masked},
	{"topology: a header that does not end is masked as far as it goes",
	 a_header_that_does_not_end_is_masked_as_far_as_it_goes},
	{"topology: sums are right wherever it is", sums_are_right_wherever_it_is},
};

const size_t topology_sequences_count = COUNT(topology_sequences);
