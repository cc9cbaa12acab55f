// SPDX-License-Identifier: GPL-2.0-only
/* Limits. Bursts are counted with a limit that refills in an hour. */
#include <netinet/in.h>
#include <stdio.h>

#include "cases.h"

#define OFFICE "192.0.2.77"

/* A message for each limit: the only one beside SOURCE that it is charged to. */
static const struct {
	const char *payload;
	enum sg_reason reason;
	enum sg_class class;
	enum sg_method method;
} kinds[SG_LIMIT__MAX] = {
#define KIND(limit, payload, class, method)                                                       \
	[SG_LIMIT_##limit] = {payload, SG_REASON_LIMIT_##limit, SG_CLASS_##class,                 \
			      SG_METHOD_##method}
	KIND(SOURCE, SIP_REQUEST("OPTIONS"), REQUEST, OPTIONS),
	KIND(INVITE, SIP_REQUEST("INVITE"), REQUEST, INVITE),
	KIND(REGISTER, SIP_REQUEST("REGISTER"), REQUEST, REGISTER),
	KIND(OPTIONS, SIP_REQUEST("OPTIONS"), REQUEST, OPTIONS),
	KIND(EVENT, SIP_REQUEST("NOTIFY"), REQUEST, NOTIFY),
	KIND(OTHER, SIP_REQUEST("BYE"), REQUEST, BYE),
	KIND(RESPONSE, SIP_RESPONSE, RESPONSE, NONE),
	KIND(KEEPALIVE, "\r\n\r\n", KEEPALIVE, NONE),
#undef KIND
};

static void send_kind(int limit, const char *source, bool refused)
{
	struct packet_spec packet = {.source = source, .payload = kinds[limit].payload};
	struct expectation expected = {
		.outcome = refused ? DROP : PASS,
		.reason = refused ? kinds[limit].reason : SG_REASON_NONE,
		.class = kinds[limit].class,
		.method = kinds[limit].method,
	};
	char where[64];

	snprintf(where, sizeof(where), "limit %d, source %s", limit, source);
	packet_check(where, &packet, &expected);
}

static void bursts_are_exact(void)
{
	static const char *const sources[] = {"192.0.2.1", "192.0.2.2", IPV6_A, IPV6_C};

	for (int limit = 0; limit < SG_LIMIT__MAX; limit++) {
		fixture_reset(fix.program);
		config()->profile[0].limit[limit] = limit_hourly(5);
		/* Each in turn: they are independent. */
		for (int i = 0; i < 8; i++) {
			for (size_t s = 0; s < COUNT(sources); s++)
				send_kind(limit, sources[s], i >= 5);
		}
	}
}

static void limits_are_separate(void)
{
	for (int limit = 1; limit < SG_LIMIT__MAX; limit++) {
		fixture_reset(fix.program);
		config()->profile[0].limit[limit] = limit_hourly(1);
		send_kind(limit, "192.0.2.1", false);
		for (int other = 1; other < SG_LIMIT__MAX; other++)
			send_kind(other, "192.0.2.1", other == limit);
	}
}

static void refusals_are_not_charged(void)
{
	config()->profile[0].limit[SG_LIMIT_INVITE] = limit_hourly(2);
	send_kind(SG_LIMIT_INVITE, "192.0.2.1", false);
	send_kind(SG_LIMIT_INVITE, "192.0.2.1", false);
	for (int i = 0; i < 100; i++)
		send_kind(SG_LIMIT_INVITE, "192.0.2.1", true);
	clock_move(3600 * SECOND);
	send_kind(SG_LIMIT_INVITE, "192.0.2.1", false);
	send_kind(SG_LIMIT_INVITE, "192.0.2.1", true);
	clock_move(7200 * SECOND);
	send_kind(SG_LIMIT_INVITE, "192.0.2.1", false);
	send_kind(SG_LIMIT_INVITE, "192.0.2.1", false);
	send_kind(SG_LIMIT_INVITE, "192.0.2.1", true);
}

/* What one limit refuses must not be taken off another one, nor off the budget. */
static void a_refusal_costs_no_other_limit(void)
{
	config()->profile[0].limit[SG_LIMIT_SOURCE] = limit_hourly(3);
	config()->profile[0].limit[SG_LIMIT_INVITE] = limit_hourly(1);
	config()->total[SG_TOTAL_UNLISTED_TOTAL] = limit_hourly(4);
	send_kind(SG_LIMIT_INVITE, "192.0.2.1", false);
	for (int i = 0; i < 10; i++)
		send_kind(SG_LIMIT_INVITE, "192.0.2.1", true);
	SEND(DROP, GARBAGE, GARBAGE, NONE, BYTES(NOT_SIP));
	send_kind(SG_LIMIT_REGISTER, "192.0.2.1", false);
	send_kind(SG_LIMIT_REGISTER, "192.0.2.1", false);
	SEND(DROP, LIMIT_SOURCE, REQUEST, REGISTER, .payload = SIP_REQUEST("REGISTER"));
	send_kind(SG_LIMIT_REGISTER, "192.0.2.2", false);
	SEND(DROP, UNLISTED_BUDGET, REQUEST, REGISTER, .source = "192.0.2.2",
	     .payload = SIP_REQUEST("REGISTER"));
}

/* One message each 300 ms, and not a nanosecond earlier. */
static void recovery_by_the_clock(void)
{
	const __u64 due = 300 * SECOND / 1000;

	config()->profile[0].limit[SG_LIMIT_OPTIONS] = (struct sg_limit){.interval = due};
	for (int i = 0; i < 3; i++) {
		SEND(PASS, NONE, REQUEST, OPTIONS, .source = "198.18.3.1");
		SEND(DROP, LIMIT_OPTIONS, REQUEST, OPTIONS, .source = "198.18.3.1");
		clock_move(due - 1);
		SEND(DROP, LIMIT_OPTIONS, REQUEST, OPTIONS, .source = "198.18.3.1");
		clock_move(1);
	}
}

static void one_64_is_one_source(void)
{
	config()->profile[0].limit[SG_LIMIT_OPTIONS] = limit_hourly(1);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = IPV6_A);
	SEND(DROP, LIMIT_OPTIONS, REQUEST, OPTIONS, .source = IPV6_B);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = IPV6_C);
}

/* 2001:db8:100::/64 begins with the bytes of 32.1.13.184. */
static void families_share_no_slots(void)
{
	config()->profile[0].limit[SG_LIMIT_OPTIONS] = limit_hourly(1);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = "2001:db8:100::1");
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = "32.1.13.184");
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = "2001:db8::1");
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = "2001:db8:0:1::1");
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = "2001:db8:1::1");
}

/* A flood of random sources gets what the budget has, and not one message more. */
static void random_sources_share_the_budget(void)
{
	const int burst = 200;
	struct sg_stats stats;
	char source[32];

	config()->total[SG_TOTAL_UNLISTED_TOTAL] = limit_hourly(burst);
	list_set("192.0.2.1", SG_LIST_ALLOW);
	zone_set(0, "198.51.100.0/24", 1);
	for (int i = 0; i < 2000; i++) {
		snprintf(source, sizeof(source), "198.18.%d.%d", i * 7 % 251, i % 256);
		packet_dropped(&(struct packet_spec){.source = source});
	}
	stats_read(&stats);
	assert_int_equal(stats.reason[SG_REASON_NONE].passed.packets, burst);
	/* The first one too many arms the greylist, which looks before the budget. */
	assert_int_equal(stats.reason[SG_REASON_UNLISTED_BUDGET].dropped.packets, 1);
	assert_int_equal(stats.reason[SG_REASON_GREYLIST].dropped.packets, 2000 - burst - 1);
	assert_false(packet_dropped(&(struct packet_spec){.source = "192.0.2.1"}));
	assert_false(packet_dropped(&(struct packet_spec){.source = "198.51.100.1"}));
}

/* A source is over its limit only if it is in both rows: a heavy neighbour in one costs nothing. */
static void one_row_spent_is_not_refused(void)
{
	for (int row = 0; row < 2; row++) {
		fixture_reset(fix.program);
		for (int limit = 0; limit < SG_LIMIT__MAX; limit++)
			limit_spend("192.0.2.1", limit, row);
		SEND(PASS, NONE, REQUEST, OPTIONS, .dport = 5060);
		limit_spend("192.0.2.1", SG_LIMIT_OPTIONS, !row);
		SEND(DROP, LIMIT_OPTIONS, REQUEST, OPTIONS, .dport = 5060);
		limit_spend("192.0.2.1", SG_LIMIT_SOURCE, !row);
		SEND(DROP, LIMIT_SOURCE, REQUEST, OPTIONS, .dport = 5060);
	}
}

/* The rest of a stream is paid for by its start. */
static void tcp_pays_for_what_begins(void)
{
	config()->profile[0].limit[SG_LIMIT_SOURCE] = limit_hourly(3);
	SEND(PASS, NONE, OTHER, NONE, OVER_TCP, .syn = true);
	for (int i = 0; i < 10; i++) {
		SEND(PASS, NONE, OTHER, NONE, OVER_TCP, .payload = "");
		SEND(PASS, NONE, OTHER, NONE, OVER_TCP, .payload = "\r\nVia: a");
		SEND(PASS, NONE, OTHER, NONE, OVER_TCP, .dport = 5061);
		SEND(PASS, NONE, TLS, NONE, OVER_TCP, .dport = 5061,
		     BYTES("\x17\x03\x03\x01\x02"));
	}
	SEND(PASS, NONE, OTHER, NONE, OVER_TCP, .dport = 5061, .syn = true);
	SEND(PASS, NONE, REQUEST, OPTIONS, OVER_TCP);
	SEND(DROP, LIMIT_SOURCE, REQUEST, OPTIONS, OVER_TCP);
	SEND(DROP, LIMIT_SOURCE, OTHER, NONE, OVER_TCP, .syn = true);
	SEND(DROP, LIMIT_SOURCE, OTHER, NONE, OVER_TCP, .dport = 5061, .syn = true);
	SEND(PASS, NONE, OTHER, NONE, OVER_TCP, .payload = "");
}

/* What looks like HTTP or TLS over UDP has no way around the limits. */
static void odd_classes_are_limited(void)
{
	config()->profile[0].limit[SG_LIMIT_OTHER] = limit_hourly(2);
	SEND(PASS, NONE, HTTP, NONE, .payload = "GET / HTTP/1.1\r\n\r\n");
	SEND(PASS, NONE, TLS, NONE, BYTES("\x16\x03\x01\x02\x03\x04\x05\x06\x07\x08"));
	SEND(DROP, LIMIT_OTHER, HTTP, NONE, .payload = "GET / HTTP/1.1\r\n\r\n");
	SEND(DROP, LIMIT_OTHER, TLS, NONE, BYTES("\x16\x03\x01\x02\x03\x04\x05\x06\x07\x08"));
	config()->profile[0].limit[SG_LIMIT_KEEPALIVE] = limit_hourly(1);
	SEND(PASS, NONE, STUN, NONE, BYTES("\0\1\0\0\x21\x12\xa4\x42" "123456789012"));
	SEND(DROP, LIMIT_KEEPALIVE, STUN, NONE, BYTES("\0\1\0\0\x21\x12\xa4\x42" "123456789012"));
	SEND(DROP, LIMIT_KEEPALIVE, KEEPALIVE, NONE, .payload = "");
}

static void office_sends(const char *payload, int phone)
{
	struct packet_spec packet = {
		.source = OFFICE, .sport = 20000 + phone, .payload = payload,
	};

	if (packet_dropped(&packet))
		fail_msg("phone %d of the office: dropped, reason %d", phone, dropping_reason());
}

/*
 * 200 phones behind one address after a power cut: ten messages each over 30 s, in the order in
 * which phones boot. All of it must pass by the defaults.
 */
static void office_after_a_power_cut(void)
{
	static const char *const boot[] = {
		SIP_REQUEST("REGISTER"),  SIP_REQUEST("REGISTER"),  SIP_REQUEST("SUBSCRIBE"),
		SIP_REQUEST("SUBSCRIBE"), SIP_REQUEST("SUBSCRIBE"), SIP_REQUEST("SUBSCRIBE"),
		SIP_REQUEST("SUBSCRIBE"), SIP_REQUEST("SUBSCRIBE"), SIP_REQUEST("PUBLISH"),
		SIP_REQUEST("OPTIONS"),
	};
	const int phones = 200, steps = phones * COUNT(boot);

	for (int i = 0; i < steps; i++) {
		office_sends(boot[i / phones], i % phones);
		clock_move(30 * SECOND / steps);
	}
}

/*
 * The same phones, all of them within a second, with their first two messages. (In one instant the
 * server's socket could not hold them: see UNLISTED_TOTAL.)
 */
static void office_within_a_second(void)
{
	for (int phone = 0; phone < 200; phone++) {
		office_sends(SIP_REQUEST("REGISTER"), phone);
		office_sends(SIP_REQUEST("SUBSCRIBE"), phone);
		clock_move(SECOND / 200);
	}
}

/* 20 calls a second for a minute, with what a call of ten seconds has in one direction. */
static void trunk_of_twenty_calls_a_second(void)
{
	for (int call = 0; call < 1200; call++) {
		office_sends(SIP_REQUEST("INVITE"), 0);
		office_sends(SIP_REQUEST("ACK"), 0);
		office_sends(SIP_REQUEST("BYE"), 0);
		office_sends(SIP_RESPONSE, 0);
		clock_move(SECOND / 20);
	}
}

const struct sequence limit_sequences[] = {
	{"bursts are exact, sources independent", bursts_are_exact},
	{"limits of one source are separate", limits_are_separate},
	{"what is refused is not charged", refusals_are_not_charged},
	{"a refusal costs no other limit", a_refusal_costs_no_other_limit},
	{"a limit recovers by the clock", recovery_by_the_clock},
	{"a /64 is one source", one_64_is_one_source},
	{"IPv4 and IPv6 sources share no slots", families_share_no_slots},
	{"random sources share the budget", random_sources_share_the_budget},
	{"one row spent is not refused", one_row_spent_is_not_refused},
	{"tcp pays for what begins", tcp_pays_for_what_begins},
	{"http, tls and stun over udp are limited", odd_classes_are_limited},
	{"an office of 200 phones after a power cut", office_after_a_power_cut},
	{"an office of 200 phones within a second", office_within_a_second},
	{"a trunk of 20 calls a second", trunk_of_twenty_calls_a_second},
};

const size_t limit_sequences_count = COUNT(limit_sequences);
