// SPDX-License-Identifier: GPL-2.0-only
/* Methods and transports that a profile does not allow: whom they meet, and whom they do not. */
#include "dialogue/dialogue.h"
#include "stream/stream.h"

#define MEMBER "198.18.0.7"
#define WITHOUT(method) (~(1U << SG_METHOD_##method))
#define NUMBER_URI "tel:+4930123456"

static void only(__u32 zone, __u32 methods)
{
	config()->profile[zone].methods = methods;
}

static void each_zone_has_its_own(void)
{
	zone_set(0, "198.18.0.0/16", 1);
	only(1, WITHOUT(REGISTER));
	SEND(DROP, METHOD_NOT_ALLOWED, REQUEST, REGISTER, .source = MEMBER,
	     .payload = SIP_REQUEST("REGISTER"));
	SEND(PASS, NONE, REQUEST, INVITE, .source = MEMBER, .payload = SIP_REQUEST("INVITE"));
	SEND(PASS, NONE, REQUEST, REGISTER, .payload = SIP_REQUEST("REGISTER"));
}

/* Responses, keepalives and what is no request have no method. */
static void only_requests_have_methods(void)
{
	only(0, 1U << SG_METHOD_REGISTER);
	SEND(PASS, NONE, RESPONSE, NONE, .payload = SIP_RESPONSE);
	SEND(PASS, NONE, KEEPALIVE, NONE, .payload = "\r\n\r\n");
	SEND(PASS, NONE, REQUEST, REGISTER, .payload = SIP_REQUEST("REGISTER"));
	SEND(DROP, METHOD_NOT_ALLOWED, REQUEST, ACK, .payload = SIP_REQUEST("ACK"));
	SEND(DROP, METHOD_NOT_ALLOWED, REQUEST, UNKNOWN, .payload = SIP_REQUEST("KDMQ"));
}

/* Who is proven is held to it, too; what he was proven by stays. */
static void who_is_proven_may_no_more(void)
{
	only(0, WITHOUT(MESSAGE));
	registers(REGISTER_RIGHT, REGISTER_OK, PORT);
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, PORT), SG_PROOF_REGISTER);
	SEND(DROP, METHOD_NOT_ALLOWED, REQUEST, MESSAGE, .source = PHONE,
	     .payload = SIP_REQUEST("MESSAGE"));
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, PORT), SG_PROOF_REGISTER);
}

/* A request that is not allowed teaches nothing: not in monitor mode, nor while it is put off. */
static void it_proves_nothing(void)
{
	only(0, WITHOUT(REGISTER));
	fix.state->mode = SG_MODE_MONITOR;
	registers(REGISTER_RIGHT, REGISTER_OK, PORT);
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, PORT), SG_PROOF_NONE);
	fix.state->total_tat[SG_TOTAL_UNLISTED_TOTAL] = tat_spent();
	registers(REGISTER_RIGHT, REGISTER_OK, PORT);
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, PORT), SG_PROOF_NONE);
	only(0, ~0U);
	registers(REGISTER_RIGHT, REGISTER_OK, PORT);
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, PORT), SG_PROOF_REGISTER);
}

static void emergency(const char *uri_and_to, bool passes)
{
	if (passes)
		SEND(PASS, NONE, REQUEST, INVITE, .payload = uri_and_to);
	else
		SEND(DROP, METHOD_NOT_ALLOWED, REQUEST, INVITE, .payload = uri_and_to);
}

static void emergency_calls_are_allowed(void)
{
	only(0, 1U << SG_METHOD_REGISTER);
	emergency(REQUEST_TO("INVITE", "urn:service:sos", "urn:service:sos"), true);
	emergency(REQUEST_TO("INVITE", "urn:service:sos.fire", "urn:service:sos.fire"), true);
	emergency(REQUEST_TO("INVITE", "URN:Service:SOS.Police", "sip:112@example.com"), true);
	/* In the dialog the other end's Contact is asked for. */
	emergency(REQUEST_TO("INVITE", "sip:psap@192.0.2.9", "urn:service:sos"), true);
	emergency(REQUEST_TO("INVITE", "urn:service:sosa", "sip:bob@example.com"), false);
	emergency(REQUEST_TO("INVITE", "urn:service:sos1", "sip:bob@example.com"), false);
	emergency(REQUEST_TO("INVITE", "urn:service:sos-x", "sip:bob@example.com"), false);
	emergency(REQUEST_TO("INVITE", "urn:service:so", "sip:bob@example.com"), false);
	emergency(REQUEST_TO("INVITE", "urn:service:counseling", "sip:bob@example.com"), false);
	emergency(REQUEST_TO("INVITE", "sip:service:sos@example.com", "sip:bob@example.com"),
		  false);
	emergency(REQUEST_TO("INVITE", NUMBER_URI, NUMBER_URI), false);
}

/* One customer of a trunk cannot end the connection of all. Of a stranger it ends. */
static void over_tcp(void)
{
	struct peer peer = alice(), other = {.source = "192.0.2.77", .port = 40000,
					     .at = FIRST_BYTE};

	zone_set(0, "192.0.2.1/32", 1);
	config()->profile[1] = config()->profile[0];
	only(0, WITHOUT(NOTIFY));
	only(1, WITHOUT(NOTIFY));
	sends(&peer, OPTIONS("1") NOTIFY("2") OPTIONS("3"));
	sends(&peer, NOTIFY("4"));
	assert_int_equal(passed(SG_METHOD_NOTIFY), 2);
	assert_int_equal(dropped_by(SG_REASON_METHOD_NOT_ALLOWED), 0);
	connection_accept(&(struct packet_spec){.source = other.source, .sport = other.port},
			  other.at);
	/* The second message of a segment is no way round. */
	may_not_send(&other, OPTIONS("5") NOTIFY("6"));
	assert_int_equal(dropped_by(SG_REASON_METHOD_NOT_ALLOWED), 1);
}

static void a_transport_is_that_of_the_port(void)
{
	config()->profile[0].transports = SG_PORT_TLS;
	SEND(DROP, TRANSPORT_NOT_ALLOWED, REQUEST, OPTIONS, .payload = SIP_REQUEST("OPTIONS"));
	SEND(DROP, TRANSPORT_NOT_ALLOWED, OTHER, NONE, OVER_TCP, .syn = true);
	SEND(PASS, NONE, OTHER, NONE, OVER_TCP, .syn = true, .dport = 5061);
	SEND(DROP, TRANSPORT_NOT_ALLOWED, OTHER, NONE, OVER_TCP, .payload = "");
	proven_set(PHONE, IPPROTO_UDP, PORT, SG_PROOF_REGISTER, 60);
	SEND(DROP, TRANSPORT_NOT_ALLOWED, REQUEST, OPTIONS, .source = PHONE,
	     .payload = SIP_REQUEST("OPTIONS"));
	/* The zone has its own, and the allow list no limits. */
	zone_set(0, "198.18.0.0/16", 1);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = MEMBER);
	list_set("203.0.113.0/24", SG_LIST_ALLOW);
	assert_false(packet_dropped(&(struct packet_spec){.source = "203.0.113.1"}));
}

/* Nor does the rest of a datagram get in whose first fragment did not. */
static void fragments_of_it(void)
{
	config()->profile[0].transports = SG_PORT_TCP | SG_PORT_TLS;
	config()->total[SG_TOTAL_ORPHAN_FRAGMENTS] = limit_hourly(1);
	SEND(DROP, TRANSPORT_NOT_ALLOWED, REQUEST, OPTIONS, .id = 90, .size = 400, .fill = 600,
	     .payload = SIP_REQUEST("OPTIONS"));
	SEND(DROP, TRANSPORT_NOT_ALLOWED, OTHER, NONE, .id = 90, .offset = 400, .fill = 600,
	     .payload = SIP_REQUEST("OPTIONS"));
}

const struct sequence mask_sequences[] = {
	{"each zone has methods of its own", each_zone_has_its_own},
	{"only requests have a method", only_requests_have_methods},
	{"who is proven may do no more", who_is_proven_may_no_more},
	{"what is not allowed proves nothing", it_proves_nothing},
	{"emergency calls are allowed", emergency_calls_are_allowed},
	{"a method that is not allowed, over TCP", over_tcp},
	{"a transport is that of the port", a_transport_is_that_of_the_port},
	{"fragments by a transport that is not allowed", fragments_of_it},
};

const size_t mask_sequences_count = COUNT(mask_sequences);
