// SPDX-License-Identifier: GPL-2.0-only
/* Whom a request may be for, by the domains that the server serves; and where it has been. */
#include <stdio.h>
#include <string.h>

#include "dialogue/dialogue.h"
#include "stream/stream.h"

#define MEMBER "198.18.0.7"
#define LIKE_OURS "2001:db8::" PACKET_SERVER4
#define LABELS(letter)                                                                            \
	letter "." letter "." letter "." letter "." letter "." letter "." letter "."

/* A request for the URI, which begins something unless `tag` says otherwise. */
static const char *request_by(const char *via, const char *method, const char *uri,
			      const char *tag)
{
	static char text[2048];

	snprintf(text, sizeof(text),
		 "%s %s SIP/2.0\r\n"
		 "Via: SIP/2.0/UDP %s;branch=z9hG4bK776asdhds\r\n"
		 "Max-Forwards: 70\r\n"
		 "To: <sip:bob@example.org>%s\r\n"
		 "From: <sip:bob@example.org>;tag=1928301774\r\n"
		 "Call-ID: a84b4c76e66710@192.0.2.1\r\n"
		 "CSeq: 1 %s\r\n"
		 "Content-Length: 0\r\n\r\n", method, uri, via, tag, method);
	return text;
}

static const char *request(const char *method, const char *uri, const char *tag)
{
	return request_by("192.0.2.1:5060", method, uri, tag);
}

static void uri(const char *source, const char *uri, bool passes)
{
	struct packet_spec packet = {.source = source, .payload = request("OPTIONS", uri, "")};

	if (packet_dropped(&packet) == passes)
		fail_msg("%s %s", uri, passes ? "is refused" : "passes");
	if (!passes)
		assert_int_equal(dropping_reason(), SG_REASON_DOMAIN_NOT_SERVED);
	stats_clear();
}

static void serve(void)
{
	wide();
	domain_set(0, "example.com");
	domain_set(0, ".example.net");
	domain_set(0, "[2001:db8::5]");
	domain_set(0, "198.51.100.9");
}

static void names(void)
{
	serve();
	uri(NULL, "sip:bob@example.com", true);
	uri(NULL, "sip:example.com", true);
	uri(NULL, "SIPS:bob@EXAMPLE.Com", true);
	uri(NULL, "sip:bob@example.com:5061;transport=tcp", true);
	uri(NULL, "sip:bob@example.com;maddr=203.0.113.1", true);
	uri(NULL, "sip:bob@example.com?subject=x", true);
	uri(NULL, "sip:bob@example.com.", true);
	uri(NULL, "sip:bob@example.com..", false);
	uri(NULL, "sip:bob@sip.example.com", false);
	uri(NULL, "sip:bob@example.co", false);
	uri(NULL, "sip:bob@example.comm", false);
	uri(NULL, "sip:bob@xexample.com", false);
	uri(NULL, "sip:bob@.example.com", false);
	uri(NULL, "sip:example.com@example.org", false);
	uri(NULL, "sip:bob@example.org;example.com", false);
	uri(NULL, "sip:bob@example%2ecom", false);
	/* Only ASCII has two cases. */
	uri(NULL, "sip:bob@\x85xample.com", false);
	uri(NULL, "sip:bob@example\x0e" "com", false);
}

static void names_below(void)
{
	serve();
	uri(NULL, "sip:bob@a.example.net", true);
	uri(NULL, "sip:bob@A.B.Example.Net.", true);
	uri(NULL, "sip:bob@example.net", false);
	uri(NULL, "sip:bob@.example.net", false);
	uri(NULL, "sip:bob@xexample.net", false);
	uri(NULL, "sip:bob@a.example.net.org", false);
	/* Labels are counted from the end. */
	uri(NULL, "sip:bob@" LABELS("a") LABELS("b") "example.net", true);
	uri(NULL, "sip:bob@" LABELS("a") LABELS("b") "example.org", false);
	domain_set(0, "." LABELS("c") "org");
	uri(NULL, "sip:bob@a." LABELS("c") "org", true);
	uri(NULL, "sip:bob@a." LABELS("d") "org", false);
	uri(NULL, "sip:bob@" LABELS("c") "org", false);
}

static void long_names(void)
{
	char text[400], name[SG_DOMAIN_MOST + 1];

	serve();
	memset(name, 'a', SG_DOMAIN_MOST);
	for (int i = 50; i < SG_DOMAIN_MOST; i += 50)
		name[i] = '.';
	name[SG_DOMAIN_MOST] = 0;
	domain_set(0, name);
	snprintf(text, sizeof(text), "sip:bob@%s", name);
	uri(NULL, text, true);
	strcat(text, ".");
	uri(NULL, text, true);
	text[strlen(text) - 1] = 'a';
	uri(NULL, text, false);
	snprintf(text, sizeof(text), "sip:bob@a%s", name + 2);
	uri(NULL, text, false);
	/* No name is longer, whatever it ends with. */
	snprintf(text, sizeof(text), "sip:bob@%.240s.example.net", name);
	uri(NULL, text, true);
	snprintf(text, sizeof(text), "sip:bob@%.242s.example.net", name);
	uri(NULL, text, false);
}

static void addresses(void)
{
	serve();
	uri(NULL, "sip:bob@[2001:db8::5]:5060", true);
	uri(NULL, "sip:bob@[2001:DB8::5]", true);
	uri(NULL, "sip:bob@[2001:db8::6]", false);
	/* As text: this is the same address. */
	uri(NULL, "sip:bob@[2001:db8:0::5]", false);
	uri(NULL, "sip:bob@198.51.100.9", true);
	uri(NULL, "sip:bob@198.51.100.90", false);
}

/* The address that the packet came to is ours. */
static void own_address(void)
{
	serve();
	uri(NULL, "sip:bob@" PACKET_SERVER4, true);
	uri(NULL, "sip:bob@" PACKET_SERVER4 ":5060;transport=udp", true);
	uri(NULL, "sip:bob@" PACKET_SERVER4 ".1", false);
	uri(NULL, "sip:bob@1." PACKET_SERVER4, false);
	uri(NULL, "sip:bob@" PACKET_SERVER4 "0", false);
	uri(NULL, "sip:bob@" PACKET_SERVER4 ".example.org", false);
	uri(NULL, "sip:bob@0" PACKET_SERVER4, false);
	uri(NULL, "sip:bob@192.0.2.1", false);
	uri(NULL, "sip:bob@1.2.3", false);
	uri(NULL, "sip:bob@1.2.3.", false);
	uri(NULL, "sip:bob@4294967295.2.3.4", false);
	/* Not by IPv6, though the fold of the address has the same bytes. */
	SEND(DROP, DOMAIN_NOT_SERVED, REQUEST, OPTIONS, .source = IPV6_A, .destination = LIKE_OURS,
	     .payload = request("OPTIONS", "sip:bob@" PACKET_SERVER4, ""));
}

/* What needs no domain, or is told by something else. */
static void what_is_not_looked_at(void)
{
	serve();
	uri(NULL, "tel:+4930123456", true);
	uri(NULL, "urn:service:sos", true);
	uri(NULL, "im:bob@example.org", true);
	SEND(PASS, NONE, REQUEST, INVITE, .payload = REQUEST_TO("INVITE", "sip:psap@203.0.113.9",
								"urn:service:sos"));
	SEND(PASS, NONE, REQUEST, BYE, .payload = request("BYE", "sip:bob@example.org", ";tag=7"));
	SEND(DROP, DOMAIN_NOT_SERVED, REQUEST, BYE,
	     .payload = request("BYE", "sip:bob@example.org", ""));
	SEND(DROP, DOMAIN_NOT_SERVED, REQUEST, REGISTER,
	     .payload = request("REGISTER", "sip:example.org", ""));
	SEND(PASS, NONE, REQUEST, ACK, .payload = request("ACK", "sip:bob@example.org", ""));
	SEND(PASS, NONE, REQUEST, CANCEL, .payload = request("CANCEL", "sip:bob@example.org", ""));
	SEND(PASS, NONE, RESPONSE, NONE, .payload = SIP_RESPONSE);
	SEND(PASS, NONE, KEEPALIVE, NONE, .payload = "\r\n\r\n");
}

/* Who has registered calls by way of us whom he likes. */
static void who_is_proven(void)
{
	serve();
	uri(PHONE, "sip:bob@example.org", false);
	proven_set(PHONE, IPPROTO_UDP, PORT, SG_PROOF_REGISTER, 60);
	uri(PHONE, "sip:bob@example.org", true);
}

static void each_zone_has_its_own_domains(void)
{
	wide();
	zone_set(0, "198.18.0.0/16", 1);
	zone_set(0, "203.0.113.0/24", 2);
	config()->profile[1] = config()->profile[2] = config()->profile[0];
	domain_set(0, "example.com");
	domain_set(1, "example.org");
	uri(MEMBER, "sip:bob@example.org", true);
	uri(MEMBER, "sip:bob@example.com", false);
	uri(NULL, "sip:bob@example.com", true);
	uri(NULL, "sip:bob@example.org", false);
	uri("203.0.113.1", "sip:bob@example.org", true);
}

/* Those of the configuration that is in force, as packets begin with it. */
static void each_configuration_has_its_own_domains(void)
{
	wide();
	domain_set(0, "example.com");
	fix.configs[1] = fix.configs[0];
	fix.state->active = 1;
	uri(NULL, "sip:bob@example.com", false);
	domain_set(0, "example.org");
	uri(NULL, "sip:bob@example.org", true);
	fix.state->active = 0;
	uri(NULL, "sip:bob@example.org", false);
	uri(NULL, "sip:bob@example.com", true);
}

/* What is refused teaches nothing: not in monitor mode, nor while it is put off. */
static void what_is_not_served_proves_nothing(void)
{
	domain_set(0, "example.org");
	fix.state->mode = SG_MODE_MONITOR;
	registers(REGISTER_RIGHT, REGISTER_OK, PORT);
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, PORT), SG_PROOF_NONE);
	fix.state->total_tat[SG_TOTAL_UNLISTED_TOTAL] = tat_spent();
	registers(REGISTER_RIGHT, REGISTER_OK, PORT);
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, PORT), SG_PROOF_NONE);
	domain_set(0, "example.com");
	registers(REGISTER_RIGHT, REGISTER_OK, PORT);
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, PORT), SG_PROOF_REGISTER);
}

/* Of a trunk over TCP nobody waits behind it. Of a stranger it ends, in the second message, too. */
static void domains_over_tcp(void)
{
	struct peer peer = alice(), other = {.source = "192.0.2.77", .port = 40000,
					     .at = FIRST_BYTE};
	char two[2048];

	zone_set(0, "192.0.2.1/32", 1);
	config()->profile[1] = config()->profile[0];
	for (__u32 zone = 0; zone < 2; zone++)
		domain_set(zone, "example.com");
	sends(&peer, request("NOTIFY", "sip:bob@example.org", ""));
	sends(&peer, OPTIONS("1"));
	assert_int_equal(passed(SG_METHOD_NOTIFY), 1);
	assert_int_equal(dropped_by(SG_REASON_DOMAIN_NOT_SERVED), 0);
	connection_accept(&(struct packet_spec){.source = other.source, .sport = other.port},
			  other.at);
	snprintf(two, sizeof(two), OPTIONS("2") "%s",
		 request("NOTIFY", "sip:bob@example.org", ""));
	may_not_send(&other, two);
	assert_int_equal(dropped_by(SG_REASON_DOMAIN_NOT_SERVED), 1);
}

/* --- where it has been --- */

static void sent_by(const char *via, const char *destination, bool passes)
{
	struct packet_spec packet = {
		.destination = destination,
		.payload = request_by(via, "OPTIONS", "sip:bob@example.org", ""),
	};

	if (packet_dropped(&packet) == passes)
		fail_msg("%s %s", via, passes ? "is refused" : "passes");
	if (!passes)
		assert_int_equal(dropping_reason(), SG_REASON_VIA_OWN_ADDRESS);
	stats_clear();
}

static void our_address_in_via(void)
{
	wide();
	mode_set(SG_REASON_VIA_OWN_ADDRESS, SG_MODE_ENFORCE);
	sent_by(PACKET_SERVER4, NULL, false);
	sent_by(PACKET_SERVER4 ":5070", NULL, false);
	sent_by("192.0.2.1", NULL, true);
	sent_by("198.51.100.11", NULL, true);
	sent_by("198.51.101.1", NULL, true);
	sent_by("8." PACKET_SERVER4, NULL, true);
	sent_by(PACKET_SERVER4 ".example.com1", NULL, true);
	sent_by("pbx1", NULL, true);
	sent_by("203.0.113.250", "203.0.113.250", false);
}

/* Phones have the same private addresses as servers. */
static void private_addresses_in_via(void)
{
	static const struct {
		const char *address;
		bool passes;
	} cases[] = {
		{"9.255.255.255", false}, {"10.0.0.0", true}, {"10.255.255.255", true},
		{"11.0.0.0", false}, {"126.0.0.1", false}, {"127.0.0.1", true},
		{"128.0.0.1", false}, {"172.15.255.255", false}, {"172.16.0.0", true},
		{"172.31.255.255", true}, {"172.32.0.0", false}, {"192.167.0.1", false},
		{"192.168.0.1", true}, {"192.169.0.1", false}, {"100.63.255.255", false},
		{"100.64.0.0", true}, {"100.127.255.255", true}, {"100.128.0.0", false},
		{"169.253.0.1", false}, {"169.254.0.1", true}, {"169.255.0.1", false},
	};

	wide();
	mode_set(SG_REASON_VIA_OWN_ADDRESS, SG_MODE_ENFORCE);
	for (size_t i = 0; i < COUNT(cases); i++)
		sent_by(cases[i].address, cases[i].address, cases[i].passes);
}

#define LOOPS(method) request_by(PACKET_SERVER4, method, "sip:bob@example.org", "")

/* Of strangers, and of requests alone. */
static void whose_via_is_looked_at(void)
{
	wide();
	mode_set(SG_REASON_VIA_OWN_ADDRESS, SG_MODE_ENFORCE);
	zone_set(0, "198.18.0.0/16", 1);
	config()->profile[1] = config()->profile[0];
	SEND(DROP, VIA_OWN_ADDRESS, REQUEST, ACK, .source = PHONE, .payload = LOOPS("ACK"));
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = MEMBER, .payload = LOOPS("OPTIONS"));
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = IPV6_A, .destination = LIKE_OURS,
	     .payload = LOOPS("OPTIONS"));
	proven_set(PHONE, IPPROTO_UDP, PORT, SG_PROOF_REGISTER, 60);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = PHONE, .payload = LOOPS("OPTIONS"));
	SEND(PASS, NONE, RESPONSE, NONE, .payload = "SIP/2.0 200 OK\r\n"
	     "Via: SIP/2.0/UDP " PACKET_SERVER4 ";branch=z9hG4bK7\r\nl: 0\r\n\r\n");
}

/* What would be refused, and is put off meanwhile, is not remembered. */
static void a_loop_is_not_remembered(void)
{
	struct packet_spec packet = {.payload = LOOPS("OPTIONS")};
	struct sg_stats stats;

	for (int refused = 0; refused < 2; refused++) {
		mode_set(SG_REASON_VIA_OWN_ADDRESS, refused ? SG_MODE_ENFORCE : SG_MODE_OFF);
		fix.state->mode = SG_MODE_MONITOR;
		fix.state->total_tat[SG_TOTAL_UNLISTED_TOTAL] = tat_spent();
		packet.again = false;
		assert_false(packet_dropped(&packet));
		fix.state->total_tat[SG_TOTAL_UNLISTED_TOTAL] = 0;
		mode_set(SG_REASON_VIA_OWN_ADDRESS, SG_MODE_OFF);
		packet.again = true;
		stats_clear();
		assert_false(packet_dropped(&packet));
		stats_read(&stats);
		assert_int_equal(stats.count[SG_COUNT_RETRANSMISSIONS], !refused);
	}
}

static void by_default_a_loop_is_seen(void)
{
	wide();
	SEND_WATCHED(PASS, NONE, REASON_BIT(SG_REASON_VIA_OWN_ADDRESS), REQUEST, OPTIONS,
		     .payload = LOOPS("OPTIONS"));
}

const struct sequence routing_sequences[] = {
	{"domains by name", names},
	{"domains by what is above them", names_below},
	{"domains as long as a name may be", long_names},
	{"domains that are addresses", addresses},
	{"our own address is a domain", own_address},
	{"what has no domain to be served", what_is_not_looked_at},
	{"who is proven asks for any domain", who_is_proven},
	{"each zone has domains of its own", each_zone_has_its_own_domains},
	{"each configuration has domains of its own", each_configuration_has_its_own_domains},
	{"what is not served proves nothing", what_is_not_served_proves_nothing},
	{"a domain that is not served, over TCP", domains_over_tcp},
	{"our own address in a Via", our_address_in_via},
	{"private addresses in a Via are no loops", private_addresses_in_via},
	{"whose Via is looked at", whose_via_is_looked_at},
	{"a loop is not remembered while it is put off", a_loop_is_not_remembered},
	{"a loop is only seen by default", by_default_a_loop_is_seen},
};

const size_t routing_sequences_count = COUNT(routing_sequences);
