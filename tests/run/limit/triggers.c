// SPDX-License-Identifier: GPL-2.0-only
/* For every reason a packet that gives it, and one that nearly does. */
#include "limit/trigger.h"

static void deny(void)
{
	list_set("192.0.2.0/24", SG_LIST_DENY);
}

static void ban_source(void)
{
	ban_set("192.0.2.1", 0, 0, 60);
}

static void ban_flow(void)
{
	ban_set("192.0.2.1", IPPROTO_UDP, 40000, 60);
}

static void orphans_spent(void)
{
	config()->total[SG_TOTAL_ORPHAN_FRAGMENTS] = limit_hourly(1);
	SEND(PASS, NONE, OTHER, NONE, .source = "192.0.2.20", .id = 20, .offset = 8);
}

static void budget_spent(void)
{
	fix.state->total_tat[SG_TOTAL_UNLISTED_TOTAL] = tat_spent();
	zone_set(0, "198.18.0.0/15", 1);
}

static void no_tcp(void)
{
	config()->profile[0].transports = SG_PORT_UDP | SG_PORT_TLS;
}

static void zone_is_closed(void)
{
	zone_set(0, "198.18.0.0/15", 1);
	config()->profile[0].closed = 1;
}

static void no_publish(void)
{
	config()->profile[0].methods = ~(1U << SG_METHOD_PUBLISH);
}

#define DIALS(number) REQUEST_TO("INVITE", "sip:" number "@example.com", "sip:b@example.com")

/* One number in two forms, and no more. */
static void two_forms(void)
{
	config()->profile[0].dial_forms = 2;
	SEND(PASS, NONE, REQUEST, INVITE, .payload = DIALS("0012079460000"));
	SEND(PASS, NONE, REQUEST, INVITE, .payload = DIALS("0022079460000"));
}

#define CALLS(user) REQUEST_TO("INVITE", "sip:" user "@example.com", "sip:b@example.com")

/* One number abroad, and no more. */
static void one_call_abroad(void)
{
	dialled_forget();
	dialled_set("+44");
	exit_set("00");
	config()->profile[0].dialled_calls = 1;
	SEND(PASS, NONE, REQUEST, INVITE, .payload = DIALS("00442079460000"));
}

/* Strangers lose what a level of 2 takes from others. */
static void server_is_overloaded(void)
{
	config()->overload_shed = 1;
	fix.state->overload.level = 1;
	fix.state->overload.until = guard_clock() + 1000 * SECOND;
}

static void alice_is_elsewhere(void)
{
	config()->profile[0].identity = 1;
	identity_set("sip:alice@example.com", 1, 60);
}

static void bob_is_called(void)
{
	config()->profile[0].callee = limit_hourly(1);
	SEND(PASS, NONE, REQUEST, INVITE, .source = "192.0.2.24", .payload = SIP_REQUEST("INVITE"));
}

static void alice_has_a_limit(void)
{
	callee_set("alice", limit_hourly(1));
	SEND(PASS, NONE, REQUEST, INVITE, .source = "192.0.2.24", .payload = CALLS("alice"));
}

#define ORG "OPTIONS sip:example.org SIP/2.0\r\n" SIP_HEADERS("OPTIONS")

static void serves_example_org(void)
{
	domain_set(0, "example.org");
}

static void serves_example_com(void)
{
	domain_set(0, "example.com");
}

#define BY_WAY_OF(host)                                                                           \
	"OPTIONS sip:bob@example.com SIP/2.0\r\nRoute: <sip:" host ";lr>\r\n" SIP_HEADERS("OPTIONS")

#define SENT_BY(host)                                                                             \
	"OPTIONS sip:bob@example.com SIP/2.0\r\n"                                                 \
	"Via: SIP/2.0/UDP " host ";branch=z9hG4bK776asdhds\r\n" SIP_HEADERS("OPTIONS")

static void a_call_began(void)
{
	listens();
	SEND(PASS, NONE, REQUEST, INVITE, .payload = CALL_REQUEST("INVITE", "asked", ""));
}

static void one_call_is_there(void)
{
	config()->calls = config()->profile[0].calls_most = 1;
	call_begins(PHONE, PORT, CALL_REQUEST("INVITE", "c1", ""),
		    CALL_REPLY("200 OK", "INVITE", "c1", TAGGED), WITHIN("ACK", "c1"));
}

static void one_of_no_call(void)
{
	listens();
	mode_set(SG_REASON_DIALOG_UNKNOWN, SG_MODE_OFF);
	config()->profile[0].dialog = limit_hourly(1);
	SEND(PASS, NONE, REQUEST, BYE, .payload = WITHIN("BYE", "unknown"));
}

static void zone_spent(void)
{
	zone_set(0, "192.0.2.0/24", 1);
	zone_set(0, "198.18.0.0/15", 2);
	fix.state->total_tat[sg_zone_total(1)] = tat_spent();
}

static const char *const limit_payload[SG_LIMIT__MAX] = {
	[SG_LIMIT_SOURCE] = SIP_REQUEST("INVITE"),
	[SG_LIMIT_INVITE] = SIP_REQUEST("INVITE"),
	[SG_LIMIT_REGISTER] = SIP_REQUEST("REGISTER"),
	[SG_LIMIT_OPTIONS] = SIP_REQUEST("OPTIONS"),
	[SG_LIMIT_EVENT] = SIP_REQUEST("MESSAGE"),
	[SG_LIMIT_OTHER] = SIP_REQUEST("BYE"),
	[SG_LIMIT_RESPONSE] = SIP_RESPONSE,
	[SG_LIMIT_KEEPALIVE] = "\r\n\r\n",
};

static void spend(enum sg_limit_id limit)
{
	config()->profile[0].limit[limit] = limit_hourly(1);
	assert_false(packet_dropped(&(struct packet_spec){.payload = limit_payload[limit]}));
}

static void greylist_arm(void)
{
	fix.state->greylist_until = 1ULL << 62;
}

static void spend_flow(void)
{
	config()->profile[0].flow[SG_LIMIT_SOURCE] = limit_hourly(1);
	assert_false(packet_dropped(&(struct packet_spec){}));
}

static void connect_spent(void)
{
	config()->profile[0].new_connections = limit_hourly(1);
	assert_false(packet_dropped(&(struct packet_spec){OVER_TCP, .syn = true}));
}

static void heads_off(void)
{
	mode_set(SG_REASON_FRAGMENT_HEAD, SG_MODE_OFF);
}

static void connections_many(void)
{
	connections_set("192.0.2.1", 256);
}

#define UNREADABLE OVER_TCP, .dport = 5061, BYTES("the middle of a record")

static void segments_spent(void)
{
	config()->profile[0].segment = limit_hourly(1);
	assert_false(packet_dropped(&(struct packet_spec){UNREADABLE}));
}

static void strays_spent(void)
{
	fix.state->total_tat[SG_TOTAL_STRAY_SEGMENTS] = tat_spent();
}

#define X(name, key, rate, burst, reason, ...)                                                    \
	static void spend_##name(void)                                                            \
	{                                                                                         \
		spend(SG_LIMIT_##name);                                                           \
	}
SG_LIMITS(X)
#undef X

#define PASSES_AS(class_, method_)                                                                \
	{.class = SG_CLASS_##class_, .method = SG_METHOD_##method_}
#define A_REQUEST(method_) .class = SG_CLASS_REQUEST, .method = SG_METHOD_##method_

const struct trigger triggers[SG_REASON__MAX] = {
	[SG_REASON_DENY_LIST] = {
		deny, {}, {.source = "192.0.3.1"}, PASSES_AS(REQUEST, OPTIONS), A_REQUEST(OPTIONS),
	},
	[SG_REASON_BAN_SOURCE] = {
		ban_source, {}, {.source = "192.0.2.2"}, PASSES_AS(REQUEST, OPTIONS),
		A_REQUEST(OPTIONS),
	},
	[SG_REASON_BAN_FLOW] = {
		ban_flow, {}, {.sport = 40001}, PASSES_AS(REQUEST, OPTIONS), A_REQUEST(OPTIONS),
	},
	[SG_REASON_UDP_LENGTH] = {
		NULL, {.udp_length_error = 1}, {.udp_length_error = -1},
		PASSES_AS(REQUEST, OPTIONS), A_REQUEST(OPTIONS),
	},
	[SG_REASON_TINY_FRAGMENT] = {
		heads_off, {.source = "192.0.2.21", .id = 21, .size = 16},
		{.source = "192.0.2.21", .id = 22, .size = 24},
		PASSES_AS(REQUEST, OPTIONS), .class = SG_CLASS_KEEPALIVE,
	},
	[SG_REASON_ORPHAN_FRAGMENT] = {
		orphans_spent, {.source = "192.0.2.20", .id = 20, .offset = 8},
		{.source = "192.0.2.22", .id = 20, .offset = 8}, PASSES_AS(OTHER, NONE),
		.class = SG_CLASS_OTHER,
	},
	[SG_REASON_GARBAGE] = {
		NULL, {BYTES(NOT_SIP)}, {OVER_TCP, .stray = true, BYTES(NOT_SIP)},
		PASSES_AS(OTHER, NONE), .class = SG_CLASS_GARBAGE,
	},
	[SG_REASON_UNLISTED_BUDGET] = {
		budget_spent, {}, {.source = "198.18.0.1"}, PASSES_AS(REQUEST, OPTIONS),
		A_REQUEST(OPTIONS),
	},
	[SG_REASON_LIMIT_SOURCE] = {
		spend_SOURCE, {OVER_TCP, .syn = true},
		{OVER_TCP, .payload = ""}, PASSES_AS(OTHER, NONE),
		.class = SG_CLASS_OTHER,
	},
	[SG_REASON_LIMIT_INVITE] = {
		spend_INVITE, {.payload = SIP_REQUEST("INVITE")}, {.payload = SIP_REQUEST("ACK")},
		PASSES_AS(REQUEST, ACK), A_REQUEST(INVITE),
	},
	[SG_REASON_LIMIT_REGISTER] = {
		spend_REGISTER, {.payload = SIP_REQUEST("REGISTER")}, {},
		PASSES_AS(REQUEST, OPTIONS), A_REQUEST(REGISTER),
	},
	[SG_REASON_LIMIT_OPTIONS] = {
		spend_OPTIONS, {}, {.payload = SIP_REQUEST("REGISTER")},
		PASSES_AS(REQUEST, REGISTER), A_REQUEST(OPTIONS),
	},
	[SG_REASON_LIMIT_EVENT] = {
		spend_EVENT, {.payload = SIP_REQUEST("SUBSCRIBE")},
		{.payload = SIP_REQUEST("REFER")},
		PASSES_AS(REQUEST, REFER), A_REQUEST(SUBSCRIBE),
	},
	[SG_REASON_LIMIT_OTHER] = {
		spend_OTHER, {.payload = SIP_REQUEST("KDMQ")}, {.payload = SIP_REQUEST("PUBLISH")},
		PASSES_AS(REQUEST, PUBLISH), A_REQUEST(UNKNOWN),
	},
	[SG_REASON_LIMIT_RESPONSE] = {
		spend_RESPONSE, {.payload = SIP_RESPONSE}, {.payload = SIP_REQUEST("ACK")},
		PASSES_AS(REQUEST, ACK), .class = SG_CLASS_RESPONSE,
	},
	[SG_REASON_LIMIT_KEEPALIVE] = {
		spend_KEEPALIVE, {.payload = "hello"}, {.payload = SIP_RESPONSE},
		PASSES_AS(RESPONSE, NONE), .class = SG_CLASS_KEEPALIVE,
	},
	[SG_REASON_IPV6_CHAIN] = {
		NULL, {.source = IPV6_A, .chain = "hdddddddd"},
		{.source = IPV6_A, .chain = "hddddddd"},
		PASSES_AS(REQUEST, OPTIONS), .off = UNGUARDED, .class = SG_CLASS_OTHER,
	},
	[SG_REASON_GREYLIST] = {
		greylist_arm, {}, {OVER_TCP, .payload = SIP_REQUEST("OPTIONS")},
		PASSES_AS(REQUEST, OPTIONS), A_REQUEST(OPTIONS),
	},
	[SG_REASON_LIMIT_FLOW] = {
		spend_flow, {}, {.sport = 40001}, PASSES_AS(REQUEST, OPTIONS), A_REQUEST(OPTIONS),
	},
	[SG_REASON_LIMIT_CONNECT] = {
		connect_spent, {OVER_TCP, .syn = true}, {OVER_TCP, .payload = ""},
		PASSES_AS(OTHER, NONE), .class = SG_CLASS_OTHER,
	},
	[SG_REASON_CONNECTIONS] = {
		connections_many, {OVER_TCP, .syn = true},
		{.source = "192.0.2.2", OVER_TCP, .syn = true},
		PASSES_AS(OTHER, NONE), .class = SG_CLASS_OTHER,
	},
	[SG_REASON_LIMIT_SEGMENT] = {
		segments_spent, {UNREADABLE}, {UNREADABLE, .source = "192.0.2.2"},
		PASSES_AS(OTHER, NONE), .class = SG_CLASS_OTHER,
	},
	[SG_REASON_STRAY_SEGMENT] = {
		strays_spent, {OVER_TCP, .stray = true, .payload = ""}, {OVER_TCP, .payload = ""},
		PASSES_AS(OTHER, NONE), .class = SG_CLASS_OTHER,
	},
	[SG_REASON_VLAN_TAGS] = {
		NULL, {EIGHT_TAGS, .vlan[8] = ETH_P_8021Q}, {EIGHT_TAGS},
		PASSES_AS(REQUEST, OPTIONS), .off = UNGUARDED, .class = SG_CLASS_OTHER,
	},
	[SG_REASON_FRAGMENT_HEAD] = {
		NULL, {.source = "192.0.2.23", .id = 23, .size = 24},
		{.source = "192.0.2.23", .id = 24, .size = 400, .fill = 400},
		PASSES_AS(REQUEST, OPTIONS), A_REQUEST(OPTIONS),
	},
	[SG_REASON_SOURCE_PORT] = {
		NULL, {.sport_zero = true}, {.sport = 1}, PASSES_AS(REQUEST, OPTIONS),
		A_REQUEST(OPTIONS),
	},
	[SG_REASON_SOURCE_ADDRESS] = {
		NULL, {.source = "224.0.0.1"}, {.source = "223.255.255.254"},
		PASSES_AS(REQUEST, OPTIONS), A_REQUEST(OPTIONS),
	},
	[SG_REASON_TRANSPORT_NOT_ALLOWED] = {
		no_tcp, {OVER_TCP, .syn = true}, {}, PASSES_AS(REQUEST, OPTIONS),
		.class = SG_CLASS_OTHER,
	},
	[SG_REASON_METHOD_NOT_ALLOWED] = {
		no_publish, {.payload = SIP_REQUEST("PUBLISH")}, {.payload = SIP_REQUEST("KDMQ")},
		PASSES_AS(REQUEST, UNKNOWN), A_REQUEST(PUBLISH),
	},
	[SG_REASON_NOT_IN_ZONE] = {
		zone_is_closed, {}, {.source = "198.18.0.7"}, PASSES_AS(REQUEST, OPTIONS),
		A_REQUEST(OPTIONS),
	},
	[SG_REASON_DIAL_WALK] = {
		two_forms, {.payload = DIALS("0032079460000")}, {.payload = DIALS("0032079460001")},
		PASSES_AS(REQUEST, INVITE), A_REQUEST(INVITE),
	},
	[SG_REASON_DIALLED_PREFIX] = {
		one_call_abroad, {.payload = DIALS("+442079460000")},
		{.payload = DIALS("+432079460000")}, PASSES_AS(REQUEST, INVITE), A_REQUEST(INVITE),
	},
	[SG_REASON_IDENTITY_ELSEWHERE] = {
		alice_is_elsewhere, {.payload = SIP_REQUEST("MESSAGE")},
		{.payload = REQUEST_TO("MESSAGE", "sip:b@example.com", "sip:b@example.com")},
		PASSES_AS(REQUEST, MESSAGE), A_REQUEST(MESSAGE),
	},
	[SG_REASON_LIMIT_CALLEE] = {
		bob_is_called, {.payload = SIP_REQUEST("INVITE")},
		{.payload = SIP_REQUEST("MESSAGE")}, PASSES_AS(REQUEST, MESSAGE),
		A_REQUEST(INVITE),
	},
	[SG_REASON_LIMIT_OWN_CALLEE] = {
		alice_has_a_limit, {.payload = CALLS("alice")}, {.payload = CALLS("alicia")},
		PASSES_AS(REQUEST, INVITE), A_REQUEST(INVITE),
	},
	[SG_REASON_DOMAIN_NOT_SERVED] = {
		serves_example_org, {}, {.payload = ORG}, PASSES_AS(REQUEST, OPTIONS),
		A_REQUEST(OPTIONS),
	},
	[SG_REASON_ROUTE_NOT_SERVED] = {
		serves_example_com, {.payload = BY_WAY_OF("example.org")},
		{.payload = BY_WAY_OF("example.com")}, PASSES_AS(REQUEST, OPTIONS),
		A_REQUEST(OPTIONS),
	},
	[SG_REASON_VIA_OWN_ADDRESS] = {
		NULL, {.payload = SENT_BY(PACKET_SERVER4)}, {.payload = SENT_BY("198.51.100.11")},
		PASSES_AS(REQUEST, OPTIONS), A_REQUEST(OPTIONS),
	},
	[SG_REASON_OVERLOAD] = {
		server_is_overloaded, {}, {.payload = SIP_REQUEST("REGISTER")},
		PASSES_AS(REQUEST, REGISTER), A_REQUEST(OPTIONS),
	},
	[SG_REASON_DIALOG_UNKNOWN] = {
		listens, {.payload = WITHIN("BYE", "unknown")}, {.payload = WITHIN("BYE", "known")},
		PASSES_AS(REQUEST, BYE), A_REQUEST(BYE),
	},
	[SG_REASON_TRANSACTION_UNKNOWN] = {
		a_call_began, {.payload = CALL_REQUEST("CANCEL", "asked", "")},
		{.payload = CALL_REQUEST("CANCEL", "asked", ""), .again = true},
		PASSES_AS(REQUEST, CANCEL), A_REQUEST(CANCEL),
	},
	[SG_REASON_LIMIT_DIALOG] = {
		one_of_no_call, {.payload = WITHIN("BYE", "unknown")},
		{.payload = WITHIN("BYE", "known")}, PASSES_AS(REQUEST, BYE), A_REQUEST(BYE),
	},
	[SG_REASON_LIMIT_CALLS] = {
		one_call_is_there, {.payload = CALL_REQUEST("INVITE", "c2", "")},
		{.payload = WITHIN("INVITE", "c1")}, PASSES_AS(REQUEST, INVITE), A_REQUEST(INVITE),
	},
	[SG_REASON_ZONE_TOTAL] = {
		zone_spent, {}, {.source = "198.18.0.1"}, PASSES_AS(REQUEST, OPTIONS),
		A_REQUEST(OPTIONS),
	},
};
