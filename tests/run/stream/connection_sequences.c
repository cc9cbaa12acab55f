// SPDX-License-Identifier: GPL-2.0-only
/*
 * Limits of connections, as far as the guard sees them: SYNs. What counts the connections
 * themselves runs at a tracepoint, and is tested in the lab.
 */
#include <netinet/in.h>

#include "cases.h"

#define SYN(...) OVER_TCP, .syn = true, __VA_ARGS__
#define SYN_PASSES(...) SEND(PASS, NONE, OTHER, NONE, SYN(__VA_ARGS__))
#define SYN_DROPPED(reason, ...) SEND(DROP, reason, OTHER, NONE, SYN(__VA_ARGS__))

/* None of the other limits is in the way, nor do they leave anything behind for other tests. */
static void wide(void)
{
	const struct sg_limit limit = sg_limit_of(1000000, 1000000);

	config()->total[SG_TOTAL_UNLISTED_TOTAL] = limit;

	config()->total[SG_TOTAL_UNLISTED_TCP] = limit;

	config()->total[SG_TOTAL_SYNS] = limit;
	for (int zone = 0; zone < 2; zone++) {
		config()->profile[zone].limit[SG_LIMIT_SOURCE] = limit;
		config()->profile[zone].flow[SG_LIMIT_SOURCE] = limit;
		config()->profile[zone].new_connections = limit;
	}
}

static void new_ones_are_limited(void)
{
	wide();
	config()->profile[0].new_connections = limit_hourly(3);
	SYN_PASSES(.sport = 1001);
	SYN_PASSES(.sport = 1002, .dport = 5061);
	SYN_PASSES(.sport = 1003);
	SYN_DROPPED(LIMIT_CONNECT, .sport = 1004);
	SYN_DROPPED(LIMIT_CONNECT, .sport = 1001);
	SYN_DROPPED(LIMIT_CONNECT, .sport = 1004, .dport = 5061);
	/* What does not open a connection is no affair of it. */
	SEND(PASS, NONE, OTHER, NONE, OVER_TCP, .payload = "");
	SEND(PASS, NONE, OTHER, NONE, OVER_TCP, .syn = true, .ack = true);
	SEND(PASS, NONE, REQUEST, OPTIONS, OVER_TCP);
	SEND(PASS, NONE, REQUEST, OPTIONS, .sport = 1001);
	SEND(UNGUARDED, NONE, OTHER, NONE, SYN(.dport = 80));
	SYN_PASSES(.source = "192.0.2.2");
}

static void a_source_of_ipv6_is_its_64(void)
{
	wide();
	config()->profile[0].new_connections = limit_hourly(1);
	SYN_PASSES(.source = IPV6_A);
	SYN_DROPPED(LIMIT_CONNECT, .source = IPV6_B);
	SYN_PASSES(.source = IPV6_C);
	connections_set(IPV6_A, 256);
	config()->profile[0].new_connections = limit_hourly(10);
	SYN_DROPPED(CONNECTIONS, .source = IPV6_B);
	SYN_PASSES(.source = IPV6_C);
}

/* SYNs that were let in count as long as they may become connections. */
static void live_ones_are_limited(void)
{
	wide();
	connections_set("192.0.2.1", 253);
	for (int i = 0; i < 3; i++)
		SYN_PASSES(.sport = 1000 + i);
	SYN_DROPPED(CONNECTIONS, .sport = 1003);
	SEND(PASS, NONE, REQUEST, OPTIONS, OVER_TCP);
	SEND(PASS, NONE, REQUEST, OPTIONS, .sport = 1001);
	SYN_PASSES(.source = "192.0.2.2");
	clock_move(SG_OPENING_WINDOW);
	SYN_DROPPED(CONNECTIONS, .sport = 1003);
	clock_move(SG_OPENING_WINDOW);
	SYN_PASSES(.sport = 1003);
	connections_set("192.0.2.1", 256);
	SYN_DROPPED(CONNECTIONS, .sport = 1004);
	connections_set("192.0.2.1", 255);
	SYN_PASSES(.sport = 1004);
	SYN_DROPPED(CONNECTIONS, .sport = 1005);
}

/* A forged source has no connection, and gets no entry however many SYNs bear its name. */
static void syns_alone_make_no_entry(void)
{
	wide();
	for (int i = 0; i < 300; i++)
		SYN_PASSES(.sport = 1000 + i);
	assert_int_equal(connections_known(), 0);
}

static void zones_have_their_own(void)
{
	wide();
	zone_set(0, "198.18.0.0/15", 1);
	config()->profile[0].new_connections = limit_hourly(1);
	config()->profile[1].new_connections = limit_hourly(2);
	config()->profile[1].live = 1000;
	SYN_PASSES(.source = "198.18.0.1", .sport = 1001);
	SYN_PASSES(.source = "198.18.0.1", .sport = 1002);
	SYN_DROPPED(LIMIT_CONNECT, .source = "198.18.0.1", .sport = 1003);
	SYN_PASSES(.sport = 1001);
	SYN_DROPPED(LIMIT_CONNECT, .sport = 1002);
	connections_set("198.18.0.2", 999);
	SYN_PASSES(.source = "198.18.0.2", .sport = 1001);
	SYN_DROPPED(CONNECTIONS, .source = "198.18.0.2", .sport = 1002);
}

/* What proved a flow was another connection: a new one of that port is a new one. */
static void proven_flows_are_limited_too(void)
{
	wide();
	config()->profile[0].new_connections = limit_hourly(1);
	proven_set("192.0.2.1", IPPROTO_TCP, 1001, SG_PROOF_REGISTER, 60);
	SYN_PASSES(.sport = 1001);
	SYN_DROPPED(LIMIT_CONNECT, .sport = 1001);
}

/* Neither may a refusal cost what it would have cost to be let in. */
static void refusals_cost_nothing(void)
{
	wide();
	config()->profile[0].new_connections = limit_hourly(2);
	config()->profile[0].limit[SG_LIMIT_SOURCE] = limit_hourly(3);
	connections_set("192.0.2.1", 256);
	for (int i = 0; i < 5; i++)
		SYN_DROPPED(CONNECTIONS, .sport = 1001);
	connections_set("192.0.2.1", 1);
	SYN_PASSES(.sport = 1001);
	SYN_PASSES(.sport = 1002);
	for (int i = 0; i < 5; i++)
		SYN_DROPPED(LIMIT_CONNECT, .sport = 1003);
	/* A SYN is charged as a message, too: this is the third. */
	SEND(PASS, NONE, REQUEST, OPTIONS, .sport = 1001);
	SEND(DROP, LIMIT_SOURCE, REQUEST, OPTIONS, .sport = 1001);
}

/* The three kinds of budgets of strangers: what floods one takes nothing from the others. */
static void syns_have_a_budget(void)
{
	wide();
	config()->total[SG_TOTAL_SYNS] = limit_hourly(4);
	SYN_PASSES(.source = "192.0.2.1");
	SYN_PASSES(.source = "192.0.2.2");
	SYN_PASSES(.source = "192.0.2.3");
	SYN_PASSES(.source = "192.0.2.4");
	SYN_DROPPED(UNLISTED_BUDGET, .source = "192.0.2.5");
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = "192.0.2.5");
	assert_true(fix.state->greylist_until < guard_clock());
}

const struct sequence connection_sequences[] = {
	{"connections: new ones are limited by source", new_ones_are_limited},
	{"connections: a source of IPv6 is its /64", a_source_of_ipv6_is_its_64},
	{"connections: live ones are limited, with those that may come", live_ones_are_limited},
	{"connections: SYNs alone make no entry", syns_alone_make_no_entry},
	{"connections: zones have their own limits", zones_have_their_own},
	{"connections: proven flows are limited, too", proven_flows_are_limited_too},
	{"connections: refusals cost nothing", refusals_cost_nothing},
	{"connections: SYNs have a budget", syns_have_a_budget},
};

const size_t connection_sequences_count = COUNT(connection_sequences);
