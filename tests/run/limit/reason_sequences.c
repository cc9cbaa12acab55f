// SPDX-License-Identifier: GPL-2.0-only
/*
 * For every reason a packet that gives it, and one that nearly does, in all combinations of modes.
 * A reason of include/reasons.h without a row here fails the suite.
 */
#include <stdio.h>
#include <string.h>

#include "dialogue/dialogue.h"
#include "cases.h"

struct trigger {
	void (*setup)(void);
	struct packet_spec packet;
	struct packet_spec near;       /* the same setup, but nothing matches */
	struct expectation near_does;
	enum outcome off;              /* what the packet does while the reason is off */
	enum sg_class class;
	enum sg_method method;
};

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

#define ORG "OPTIONS sip:example.org SIP/2.0\r\n" SIP_HEADERS("OPTIONS")

static void serves_example_org(void)
{
	domain_set(0, "example.org");
}

#define SENT_BY(host)                                                                             \
	"OPTIONS sip:bob@example.com SIP/2.0\r\n"                                                 \
	"Via: SIP/2.0/UDP " host ";branch=z9hG4bK776asdhds\r\n" SIP_HEADERS("OPTIONS")

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

static const struct trigger triggers[SG_REASON__MAX] = {
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
	[SG_REASON_DOMAIN_NOT_SERVED] = {
		serves_example_org, {}, {.payload = ORG}, PASSES_AS(REQUEST, OPTIONS),
		A_REQUEST(OPTIONS),
	},
	[SG_REASON_VIA_OWN_ADDRESS] = {
		NULL, {.payload = SENT_BY(PACKET_SERVER4)}, {.payload = SENT_BY("198.51.100.11")},
		PASSES_AS(REQUEST, OPTIONS), A_REQUEST(OPTIONS),
	},
	[SG_REASON_ZONE_TOTAL] = {
		zone_spent, {}, {.source = "198.18.0.1"}, PASSES_AS(REQUEST, OPTIONS),
		A_REQUEST(OPTIONS),
	},
};

static const char *const labels[SG_REASON__MAX] = {
	"none",
#define X(number, name, label, reference, mode, strict, state, help) [number] = label,
	SG_REASONS(X)
#undef X
};

static const char *const mode_names[] = {"off", "monitor", "enforce"};

/* Only the reason under test matches, whatever its default is. */
static void prepare(int reason)
{
	const struct trigger *t = &triggers[reason];

	fixture_reset(fix.program);
	if (t->setup)
		t->setup();
	mode_set(reason, SG_MODE_ENFORCE);
}

static void check_mode(int reason, int mode, int global)
{
	const struct trigger *t = &triggers[reason];
	struct expectation e = {.class = t->class, .method = t->method};
	char where[128];

	prepare(reason);
	mode_set(reason, mode);
	fix.state->mode = global;
	if (mode == SG_MODE_OFF) {
		e.outcome = t->off;
	} else if (mode == SG_MODE_MONITOR) {
		e.outcome = PASS;
		e.watched = REASON_BIT(reason);
	} else {
		e.outcome = global == SG_MODE_ENFORCE ? DROP : WOULD_DROP;
		e.reason = reason;
	}
	snprintf(where, sizeof(where), "reason %s in mode %s, global mode %s", labels[reason],
		 mode_names[mode], mode_names[global]);
	packet_check(where, &t->packet, &e);
}

static bool has_trigger(int reason)
{
	static const struct trigger none;

	return memcmp(&triggers[reason], &none, sizeof(none));
}

/* Those have tests of their own, see grammar_sequences.c and flow_sequences.c. */
static bool is_elsewhere(int reason)
{
#define X(number, name, label, reference, mode, strict, state, help) || reason == number
	return reason == SG_REASON_REPLIES || reason == SG_REASON_MALFORMED ||
	       reason == SG_REASON_FLOOD ||
	       reason == SG_REASON_AUTH_FAILURE || reason == SG_REASON_ENUMERATION ||
	       reason == SG_REASON_SCANNER || reason == SG_REASON_LOOKALIKE SIP_RULES(X);
#undef X
}

/* What needs a header of the link is nothing for the program without one. */
static bool is_possible(int reason)
{
	return !packet_bare || !packet_needs_link(&triggers[reason].packet);
}

/* Retired reasons keep their number, and nothing gives them. */
#define FOR_EACH_REASON(reason)                                                                   \
	for (int reason = 1; reason < SG_REASON__MAX; reason++)                                   \
		if (strncmp(labels[reason], "retired", 7) && !is_elsewhere(reason) &&             \
		    is_possible(reason))

static void every_mode(void)
{
	FOR_EACH_REASON(reason) {
		if (!has_trigger(reason))
			fail_msg("reason %s has no row in %s", labels[reason], __FILE__);
		for (int mode = 0; mode < SG_MODE__MAX; mode++) {
			check_mode(reason, mode, SG_MODE_MONITOR);
			check_mode(reason, mode, SG_MODE_ENFORCE);
		}
	}
}

static void every_neighbour(void)
{
	char where[128];

	FOR_EACH_REASON(reason) {
		prepare(reason);
		snprintf(where, sizeof(where), "what is nearly %s", labels[reason]);
		packet_check(where, &triggers[reason].near, &triggers[reason].near_does);
		coverage.near_reason |= REASON_BIT(reason);
	}
}

/* An allowed source is dropped for no reason whatever. */
static void allow_beats_all(void)
{
	char where[128];

	FOR_EACH_REASON(reason) {
		const struct trigger *t = &triggers[reason];
		const char *source = t->packet.source ? t->packet.source : "192.0.2.1";
		struct expectation e = {
			.outcome = t->off,
			.class = t->class,
			.method = t->method,
			.allowed = t->off != UNGUARDED,
		};

		if (reason == SG_REASON_VLAN_TAGS)
			continue; /* the source is not reached */
		prepare(reason);
		list_set(source, SG_LIST_ALLOW);
		snprintf(where, sizeof(where), "an allowed source, otherwise %s", labels[reason]);
		packet_check(where, &t->packet, &e);
	}
}

/* The global mode is an emergency exit: in monitor mode nothing is ever dropped. */
static void monitor_drops_nothing(void)
{
	FOR_EACH_REASON(reason) {
		prepare(reason);
		for (int other = 1; other < SG_REASON__MAX; other++)
			mode_set(other, SG_MODE_ENFORCE);
		fix.state->mode = SG_MODE_MONITOR;
		assert_false(packet_dropped(&triggers[reason].packet));
	}
}

const struct sequence reason_sequences[] = {
	{"every reason in every mode", every_mode},
	{"every reason has a neighbour it does not reach", every_neighbour},
	{"the allow list beats every reason", allow_beats_all},
	{"global monitor mode drops nothing", monitor_drops_nothing},
};

const size_t reason_sequences_count = COUNT(reason_sequences);
