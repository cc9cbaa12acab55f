// SPDX-License-Identifier: GPL-2.0-only
/*
 * In a flood the answer of one packet holds for those like it until the clock moves (rush.bpf.h):
 * for no other one. Each sequence first sends what is noted.
 */
#include "dialogue/dialogue.h"

#define FLOOD(n) "198.18.0." #n

static void strangers_are_put_off(void)
{
	config()->total[SG_TOTAL_UNLISTED_TOTAL] = limit_hourly(1000);
	fix.state->greylist_until = 1ULL << 62;
	rush_set(true);
	SEND(DROP, GREYLIST, REQUEST, OPTIONS, .source = FLOOD(1));
	SEND(DROP, GREYLIST, REQUEST, OPTIONS, .source = FLOOD(2));
}

static void the_known_are_not_meant(void)
{
	proven_set(PHONE, IPPROTO_UDP, PORT, SG_PROOF_REGISTER, 60);
	list_set("192.0.2.7/32", SG_LIST_ALLOW);
	list_set("192.0.2.8/32", SG_LIST_DENY);
	strangers_are_put_off();
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = PHONE);
	assert_false(packet_dropped(&(struct packet_spec){.source = "192.0.2.7"}));
	SEND(DROP, DENY_LIST, REQUEST, OPTIONS, .source = "192.0.2.8");
	SEND(DROP, GREYLIST, REQUEST, OPTIONS, .source = PHONE, .sport = OTHER_PORT);
}

/* What becomes known while the clock stands still is known. */
static void nor_who_becomes_known(void)
{
	strangers_are_put_off();
	proven_set(PHONE, IPPROTO_UDP, PORT, SG_PROOF_REGISTER, 60);
	list_set("192.0.2.7/32", SG_LIST_ALLOW);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = PHONE);
	assert_false(packet_dropped(&(struct packet_spec){.source = "192.0.2.7"}));
	fix.state->mode = SG_MODE_MONITOR;
	SEND(WOULD_DROP, GREYLIST, REQUEST, OPTIONS, .source = FLOOD(3));
}

static void each_is_counted_as_what_it_is(void)
{
	strangers_are_put_off();
	SEND(DROP, GREYLIST, REQUEST, INVITE, .source = FLOOD(3), .payload = SIP_REQUEST("INVITE"));
	SEND(DROP, GREYLIST, REQUEST, UNKNOWN, .source = FLOOD(3),
	     .payload = SIP_REQUEST("OPTIONSX"));
	SEND(DROP, GREYLIST, KEEPALIVE, NONE, .source = FLOOD(4), .payload = "\r\n\r\n");
	SEND(DROP, SOURCE_PORT, REQUEST, OPTIONS, .source = FLOOD(5), .sport_zero = true);
	SEND(DROP, SOURCE_ADDRESS, REQUEST, OPTIONS, .source = "0.0.0.7");
	SEND(DROP, UDP_LENGTH, REQUEST, OPTIONS, .source = FLOOD(6), .udp_length_error = 1);
	SEND(DROP, GREYLIST, REQUEST, OPTIONS, .source = "2001:db8:9::1");
}

static void a_source_that_is_spent_speaks_for_itself(void)
{
	proven_set(PHONE, IPPROTO_UDP, PORT, SG_PROOF_REGISTER, 60);
	for (int row = 0; row < 2; row++)
		limit_spend(PHONE, SG_LIMIT_SOURCE, row);
	SEND(DROP, LIMIT_SOURCE, REQUEST, OPTIONS, .source = PHONE, .sport = OTHER_PORT);
	SEND(DROP, LIMIT_SOURCE, REQUEST, OPTIONS, .source = PHONE, .sport = OTHER_PORT);
	SEND(DROP, LIMIT_SOURCE, REQUEST, OPTIONS, .source = PHONE, .sport = 40002);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = PHONE);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = FLOOD(1));
}

static void a_limit_of_a_method_is_that_of_one(void)
{
	for (int row = 0; row < 2; row++)
		limit_spend(PHONE, SG_LIMIT_OPTIONS, row);
	SEND(DROP, LIMIT_OPTIONS, REQUEST, OPTIONS, .source = PHONE);
	SEND(DROP, LIMIT_OPTIONS, REQUEST, OPTIONS, .source = PHONE);
	SEND(PASS, NONE, REQUEST, INVITE, .source = PHONE, .payload = SIP_REQUEST("INVITE"));
}

/* Those that wait are written, also when nobody takes the long way but by turns. */
static void who_waits_in_a_flood_is_remembered(void)
{
	strangers_are_put_off();
	SEND(DROP, GREYLIST, REQUEST, OPTIONS, .source = PHONE, .again = true);
	for (int i = 0; i < SG_WAITING + 2; i++)
		assert_true(packet_dropped(&(struct packet_spec){
			.source = FLOOD(9), .sport = 2000 + i, .again = true}));
	clock_move(500 * MS);
	rush_set(false);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = PHONE, .again = true);
}

/* What a phone sends too much of, is what `sipguard why` has to name. */
static void a_flow_keeps_the_limit_that_it_has_spent(void)
{
	config()->profile[0].flow[SG_LIMIT_OPTIONS] = limit_hourly(1);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = PHONE);
	for (int i = 0; i < 3; i++)
		SEND(DROP, LIMIT_FLOW, REQUEST, OPTIONS, .source = PHONE);
	assert_int_equal(lately_limit(PHONE), SG_LIMIT_OPTIONS);
}

/* One address has many phones: one that is new waits, whatever the others have spent. */
static void the_greylist_comes_before_the_limits(void)
{
	strangers_are_put_off();
	rush_set(false);
	proven_set(PHONE, IPPROTO_UDP, PORT, SG_PROOF_GREYLIST, 60);
	for (int row = 0; row < 2; row++)
		limit_spend(PHONE, SG_LIMIT_SOURCE, row);
	SEND(DROP, LIMIT_SOURCE, REQUEST, OPTIONS, .source = PHONE);
	SEND(DROP, GREYLIST, REQUEST, OPTIONS, .source = PHONE, .sport = OTHER_PORT);
	limits_forget();
	clock_move(500 * MS);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = PHONE, .sport = OTHER_PORT, .again = true);
}

static void and_when_it_is_armed_meanwhile(void)
{
	for (int row = 0; row < 2; row++)
		limit_spend(PHONE, SG_LIMIT_SOURCE, row);
	SEND(DROP, LIMIT_SOURCE, REQUEST, OPTIONS, .source = PHONE);
	fix.state->greylist_until = 1ULL << 62;
	SEND(DROP, GREYLIST, REQUEST, OPTIONS, .source = PHONE);
}

/* Others of its messages are let in, and spend what comes first. */
static void a_source_spends_what_it_has_left(void)
{
	config()->profile[0].limit[SG_LIMIT_SOURCE] = limit_hourly(3);
	config()->profile[0].limit[SG_LIMIT_OPTIONS] = limit_hourly(1);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = PHONE);
	SEND(DROP, LIMIT_OPTIONS, REQUEST, OPTIONS, .source = PHONE);
	SEND(DROP, LIMIT_OPTIONS, REQUEST, OPTIONS, .source = PHONE);
	for (int i = 0; i < 2; i++)
		SEND(PASS, NONE, REQUEST, INVITE, .source = PHONE, .sport = 40002 + i,
		     .payload = SIP_REQUEST("INVITE"));
	SEND(DROP, LIMIT_SOURCE, REQUEST, OPTIONS, .source = PHONE);
}

/* A source is a /64, a flow one address and port of it. */
static void over_ipv6_it_is_the_same(void)
{
	proven_set("2001:db8:9::2", IPPROTO_UDP, PORT, SG_PROOF_REGISTER, 60);
	config()->profile[0].flow[SG_LIMIT_OPTIONS] = limit_hourly(1);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = "2001:db8:9::1");
	for (int i = 0; i < 2; i++)
		SEND(DROP, LIMIT_FLOW, REQUEST, OPTIONS, .source = "2001:db8:9::1");
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = "2001:db8:9::1", .sport = OTHER_PORT);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = "2001:db8:9::3");
	for (int row = 0; row < 2; row++)
		limit_spend("2001:db8:9::1", SG_LIMIT_SOURCE, row);
	for (int i = 4; i < 6; i++)
		SEND(DROP, LIMIT_SOURCE, REQUEST, OPTIONS, .source = i == 4 ? "2001:db8:9::4"
									   : "2001:db8:9::5");
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = "2001:db8:9::2");
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = "2001:db8:8::1");
	SEND(DROP, LIMIT_SOURCE, REQUEST, INVITE, .source = "2001:db8:9::4",
	     .payload = SIP_REQUEST("INVITE"));
	strangers_are_put_off();
	SEND(DROP, GREYLIST, REQUEST, OPTIONS, .source = "2001:db8:7::1");
	SEND(DROP, GREYLIST, REQUEST, OPTIONS, .source = "2001:db8:6::1");
	SEND(DROP, SOURCE_PORT, REQUEST, OPTIONS, .source = "2001:db8:5::1", .sport_zero = true);
	SEND(DROP, SOURCE_ADDRESS, REQUEST, OPTIONS, .source = "ff02::1");
	SEND(DROP, UDP_LENGTH, REQUEST, OPTIONS, .source = "2001:db8:5::1", .udp_length_error = 1);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = "2001:db8:9::2");
}

static void who_is_banned_is_dropped_for_that(void)
{
	ban_set("192.0.2.9", 0, 0, 60);
	ban_set("192.0.2.10", IPPROTO_UDP, PORT, 60);
	strangers_are_put_off();
	SEND(DROP, BAN_SOURCE, REQUEST, OPTIONS, .source = "192.0.2.9");
	SEND(DROP, BAN_FLOW, REQUEST, OPTIONS, .source = "192.0.2.10");
	SEND(DROP, GREYLIST, REQUEST, OPTIONS, .source = "192.0.2.10", .sport = OTHER_PORT);
	ban_set(FLOOD(2), 0, 0, 60);
	SEND(DROP, BAN_SOURCE, REQUEST, OPTIONS, .source = FLOOD(2));
}

static void a_ban_is_that_of_one_source(void)
{
	ban_set_cause(PHONE, SG_REASON_MALFORMED, 60);
	proven_set(PHONE, IPPROTO_UDP, PORT, SG_PROOF_REGISTER, 60);
	for (int i = 0; i < 3; i++)
		SEND(DROP, BAN_SOURCE, REQUEST, OPTIONS, .source = PHONE, .sport = 40002 + i);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = PHONE);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = FLOOD(1));
	SEND(DROP, BAN_SOURCE, REQUEST, INVITE, .source = PHONE, .sport = 40002,
	     .payload = SIP_REQUEST("INVITE"));
	fix.state->greylist_until = 1ULL << 62;
	SEND(DROP, BAN_SOURCE, REQUEST, OPTIONS, .source = PHONE, .sport = 40002);
	fix.state->greylist_until = 0;
	ban_lift(PHONE);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = PHONE, .sport = 40002);
}

/* Also those of one /64. */
static void a_zone_is_for_itself(void)
{
	zone_set(0, "198.18.5.0/24", 1);
	zone_set(0, "2001:db8:9::7/128", 1);
	config()->profile[1].mode[SG_REASON_LIMIT_SOURCE] = SG_MODE_OFF;
	strangers_are_put_off();
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = "198.18.5.1");
	for (int row = 0; row < 2; row++) {
		limit_spend("198.18.5.2", SG_LIMIT_OPTIONS, row);
		limit_spend("2001:db8:9::1", SG_LIMIT_SOURCE, row);
	}
	fix.state->greylist_until = 0;
	for (int i = 0; i < 2; i++)
		SEND(DROP, LIMIT_OPTIONS, REQUEST, OPTIONS, .source = "198.18.5.2");
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = "198.18.5.1");
	for (int i = 0; i < 2; i++)
		SEND(DROP, LIMIT_SOURCE, REQUEST, OPTIONS, .source = "2001:db8:9::1");
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = "2001:db8:9::7");
}

/* Of IPv6 an address has more bytes, also that of a reply to somebody else. */
static void one_packet_leaves_nothing_to_the_next(void)
{
	zone_set(0, "198.18.5.0/24", 1);
	zone_set(0, "2001:db8:9::/64", 1);
	ban_set("192.0.2.9", 0, 0, 60);
	ban_set("192.0.2.10", IPPROTO_UDP, PORT, 60);
	strangers_are_put_off();
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = "198.18.5.1");
	SEND(DROP, GREYLIST, REQUEST, OPTIONS, .source = "2001:db8:8::1");
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = "198.18.5.1");
	reply_dropped(&(struct packet_spec){.source = PACKET_SERVER6,
		.destination = "2001:db8:8::1", .dport = 5070, .payload = SIP_RESPONSE});
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = "198.18.5.1");
	SEND(DROP, GREYLIST, REQUEST, OPTIONS, .source = "2001:db8:8::1");
	SEND(DROP, BAN_SOURCE, REQUEST, OPTIONS, .source = "192.0.2.9");
	SEND(DROP, GREYLIST, REQUEST, OPTIONS, .source = "2001:db8:8::1");
	SEND(DROP, BAN_FLOW, REQUEST, OPTIONS, .source = "192.0.2.10");
	SEND(DROP, GREYLIST, REQUEST, OPTIONS, .source = FLOOD(3));
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = "2001:db8:9::1");
	SEND(DROP, GREYLIST, REQUEST, OPTIONS, .source = FLOOD(4));
}

/* Who only watches the limits of flows sees each that is over its own. */
static void watched_flows_are_counted(void)
{
	config()->profile[0].mode[SG_REASON_LIMIT_FLOW] = SG_MODE_MONITOR;
	config()->profile[0].flow[SG_LIMIT_OPTIONS] = limit_hourly(1);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = PHONE);
	for (int row = 0; row < 2; row++)
		limit_spend(PHONE, SG_LIMIT_SOURCE, row);
	SEND(DROP, LIMIT_SOURCE, REQUEST, OPTIONS, .source = PHONE, .sport = OTHER_PORT);
	SEND_WATCHED(DROP, LIMIT_SOURCE, REASON_BIT(SG_REASON_LIMIT_FLOW), REQUEST, OPTIONS,
		     .source = PHONE);
}

const struct sequence rush_sequences[] = {
	{"the known are not meant", the_known_are_not_meant},
	{"nor who becomes known", nor_who_becomes_known},
	{"each is counted as what it is", each_is_counted_as_what_it_is},
	{"a source that is spent speaks for itself", a_source_that_is_spent_speaks_for_itself},
	{"over IPv6 it is the same", over_ipv6_it_is_the_same},
	{"who is banned is dropped for that", who_is_banned_is_dropped_for_that},
	{"a ban is that of one source", a_ban_is_that_of_one_source},
	{"a zone is for itself", a_zone_is_for_itself},
	{"one packet leaves nothing to the next", one_packet_leaves_nothing_to_the_next},
	{"watched flows are counted", watched_flows_are_counted},
	{"a limit of a method is that of one", a_limit_of_a_method_is_that_of_one},
	{"who waits in a flood is remembered", who_waits_in_a_flood_is_remembered},
	{"a flow keeps the limit that it has spent", a_flow_keeps_the_limit_that_it_has_spent},
	{"the greylist comes before the limits", the_greylist_comes_before_the_limits},
	{"and when it is armed meanwhile", and_when_it_is_armed_meanwhile},
	{"a source spends what it has left", a_source_spends_what_it_has_left},
};

const size_t rush_sequences_count = COUNT(rush_sequences);
