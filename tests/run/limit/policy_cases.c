// SPDX-License-Identifier: GPL-2.0-only
/* Lists, bans, zones, modes in combination, and the flip from one configuration to the other. */

#include "cases.h"

#define ON(reason) REASON_BIT(SG_REASON_##reason)

#define IS_OPTIONS PASSES(REQUEST, OPTIONS)
#define DENIED EXPECT(DROP, DENY_LIST, REQUEST, OPTIONS)
#define BANNED EXPECT(DROP, BAN_SOURCE, REQUEST, OPTIONS)
#define BANNED_FLOW EXPECT(DROP, BAN_FLOW, REQUEST, OPTIONS)
#define ALLOWED                                                                                   \
	.expected = {.class = SG_CLASS_REQUEST, .method = SG_METHOD_OPTIONS, .allowed = true}

static void lists4(void)
{
	list_set("0.0.0.0/0", SG_LIST_DENY);
	list_set("192.0.2.0/24", SG_LIST_ALLOW);
	list_set("192.0.2.128/25", SG_LIST_DENY);
	list_set("192.0.2.200/32", SG_LIST_ALLOW);
	list_set("198.51.100.7/32", SG_LIST_OWN);
}

static void lists6(void)
{
	list_set("2001:db8::/32", SG_LIST_DENY);
	list_set("2001:db8:1::/48", SG_LIST_ALLOW);
	list_set("2001:db8:1:2::/64", SG_LIST_DENY);
	list_set(IPV6_A "/128", SG_LIST_ALLOW);
	list_set("2001:db8:9::1", SG_LIST_OWN);
}

/* Entries are in the map, but the flag that they exist is not set. */
static void lists_unused(void)
{
	lists4();
	fix.state->lists = 0;
}

/* A change that goes on: the other side is not in force yet. */
static void two_sides(void)
{
	__u8 there = SG_LISTED_THERE;
	struct sg_listed comes = {
		.sides = SG_LIST_NONE | (SG_LIST_DENY | there) << 4,
		.until = SG_LISTED_FOREVER,
	};
	struct sg_listed goes = {
		.sides = SG_LIST_DENY | there | SG_LIST_ALLOW << 4,
		.until = SG_LISTED_FOREVER,
	};

	list_put("192.0.2.0/24", comes);
	list_put("203.0.113.0/24", goes);
	list_put(IPV6_A, comes);
	list_put(IPV6_B, goes);
}

static void other_side(void)
{
	two_sides();
	fix.state->lists |= SG_LISTS_SIDE | SG_LISTS_CHANGING;
}

/* Nobody has tidied yet. */
static void over(void)
{
	struct sg_listed denied = {
		.sides = SG_LISTED_BOTH(SG_LIST_DENY | SG_LISTED_THERE),
		.until = sg_since(guard_clock()) - 1,
	};

	list_set("192.0.2.0/24", SG_LIST_ALLOW);
	list_put("192.0.2.1", denied);
	list_put("192.0.2.128/25", denied);
	list_put("192.0.2.129/32", denied);
	list_put("203.0.113.1", denied);
	list_put("0.0.0.0/0", denied);
	list_put("2001:db8:1::/48", denied);
	list_set("2001:db8::/32", SG_LIST_DENY);
	denied.until++;
	list_put("203.0.113.2", denied);
}

static void own(void)
{
	list_set("192.0.2.0/24", SG_LIST_DENY);
	list_set("192.0.2.1", SG_LIST_OWN);
	ban_set("192.0.2.1", 0, 0, 60);
	ban_set("192.0.2.1", IPPROTO_UDP, 40000, 60);
}

static void own_prefix_and_longer_deny(void)
{
	list_set("192.0.2.0/24", SG_LIST_OWN);
	list_set("192.0.2.1", SG_LIST_DENY);
}

static void bans(void)
{
	ban_set("192.0.2.1", 0, 0, 60);
	ban_set("192.0.2.2", IPPROTO_UDP, 40000, 60);
	ban_set("192.0.2.3", IPPROTO_TCP, 40000, 60);
	ban_set(IPV6_A, 0, 0, 60);
	ban_set("2001:db8:7::1", IPPROTO_UDP, 40000, 60);
}

static void bans_over(void)
{
	ban_set("192.0.2.1", 0, 0, -1);
	ban_set("192.0.2.2", IPPROTO_UDP, 40000, -1);
}

static void bans_both(void)
{
	ban_set("192.0.2.1", 0, 0, 60);
	ban_set("192.0.2.1", IPPROTO_UDP, 40000, 60);
}

static void bans_unused(void)
{
	bans_both();
	fix.state->source_bans = 0;
	fix.state->flow_bans = 0;
}

static void bans_one_over(void)
{
	ban_set("192.0.2.1", 0, 0, -1);
	ban_set("192.0.2.1", IPPROTO_UDP, 40000, 60);
}

const struct test_case policy_cases[] = {
	{"longest prefix: denied by all", lists4, {.source = "203.0.113.1"}, DENIED},
	{"longest prefix: allowed inside", lists4, {.source = "192.0.2.1"}, ALLOWED},
	{"longest prefix: the last one allowed", lists4, {.source = "192.0.2.127"}, ALLOWED},
	{"longest prefix: denied inside", lists4, {.source = "192.0.2.128"}, DENIED},
	{"longest prefix: one address allowed", lists4, {.source = "192.0.2.200"}, ALLOWED},
	{"longest prefix: its neighbour denied", lists4, {.source = "192.0.2.201"}, DENIED},
	{"longest prefix: own address", lists4, {.source = "198.51.100.7"}, IS_OPTIONS},
	{"longest prefix, IPv6: denied", lists6, {.source = "2001:db8:2::1"}, DENIED},
	{"longest prefix, IPv6: allowed inside", lists6, {.source = "2001:db8:1:1::1"}, ALLOWED},
	{"longest prefix, IPv6: denied inside", lists6, {.source = IPV6_B}, DENIED},
	{"longest prefix, IPv6: one address allowed", lists6, {.source = IPV6_A}, ALLOWED},
	{"longest prefix, IPv6: own address", lists6, {.source = "2001:db8:9::1"}, IS_OPTIONS},
	{"IPv4 lists are not for IPv6", lists4, {.source = "2001:db8:2::1"}, IS_OPTIONS},
	{"IPv6 lists are not for IPv4", lists6, {}, IS_OPTIONS},
	{"lists that are not in use", lists_unused, {.source = "203.0.113.1"}, IS_OPTIONS},
	{"a change that is not in force: comes", two_sides, {}, IS_OPTIONS},
	{"a change that is not in force: goes", two_sides, {.source = "203.0.113.1"}, DENIED},
	{"a change that is not in force, IPv6: comes", two_sides, {.source = IPV6_A}, IS_OPTIONS},
	{"a change that is not in force, IPv6: goes", two_sides, {.source = IPV6_B}, DENIED},
	{"a change that is in force: has come", other_side, {}, DENIED},
	{"a change that is in force: has gone", other_side, {.source = "203.0.113.1"}, ALLOWED},
	{"a change that is in force, IPv6: has come", other_side, {.source = IPV6_A}, DENIED},
	{"a change that is in force, IPv6: has gone", other_side, {.source = IPV6_B}, ALLOWED},
	{"over: the next shorter prefix counts", over, {.source = "192.0.2.1"}, ALLOWED},
	{"over: one inside the other", over, {.source = "192.0.2.129"}, IS_OPTIONS},
	{"over: nothing is behind it", over, {.source = "198.51.100.1"}, IS_OPTIONS},
	{"over: its last second is not over", over, {.source = "203.0.113.2"}, DENIED},
	{"over, IPv6: the next shorter prefix counts", over, {.source = "2001:db8:1::1"}, DENIED},
	{"lists are for guarded ports", lists4, {.source = "203.0.113.1", .dport = 53},
	 NOT_LOOKED_AT},
	{"lists count tcp, too", lists4, {.source = "203.0.113.1", OVER_TCP}, DENIED},
	{"own addresses are neither denied nor banned", own, {}, IS_OPTIONS},
	{"own addresses: their neighbours are denied", own, {.source = "192.0.2.2"}, DENIED},
	{"own addresses: garbage is garbage", own, {BYTES(NOT_SIP)}, IS_GARBAGE},
	{"own prefix, and a longer one denied", own_prefix_and_longer_deny, {}, DENIED},

	{"ban of a source", bans, {}, BANNED},
	{"ban of a source: every flow", bans, {.sport = 1, OVER_TCP}, BANNED},
	{"ban of a source: class and method are still told", bans, {BYTES(NOT_SIP)},
	 EXPECT(DROP, BAN_SOURCE, GARBAGE, NONE)},
	{"ban of a source: not on other ports", bans, {.dport = 53}, NOT_LOOKED_AT},
	{"ban of a source, IPv6: its /64", bans, {.source = IPV6_B}, BANNED},
	{"ban of a source, IPv6: not the /64 next to it", bans, {.source = IPV6_C}, IS_OPTIONS},
	{"ban of a flow", bans, {.source = "192.0.2.2"}, BANNED_FLOW},
	{"ban of a flow: not another port", bans, {.source = "192.0.2.2", .sport = 40001},
	 IS_OPTIONS},
	{"ban of a flow: not another transport", bans,
	 {.source = "192.0.2.2", OVER_TCP}, IS_OPTIONS},
	{"ban of a flow over tcp", bans, {.source = "192.0.2.3", OVER_TCP},
	 BANNED_FLOW},
	{"ban of a flow over tcp: not over udp", bans, {.source = "192.0.2.3"}, IS_OPTIONS},
	{"ban of a flow, IPv6", bans, {.source = "2001:db8:7::1"}, BANNED_FLOW},
	{"ban of a source that has run out", bans_over, {}, IS_OPTIONS},
	{"ban of a flow that has run out", bans_over, {.source = "192.0.2.2"}, IS_OPTIONS},
	{"ban of a source and of its flow", bans_both, {}, BANNED},
	{"ban of a source that has run out, of its flow that has not", bans_one_over, {},
	 BANNED_FLOW},
	{"bans that are not in use", bans_unused, {}, IS_OPTIONS},
};

const size_t policy_cases_count = COUNT(policy_cases);

/* A reason in monitor mode must not shield from the ones behind it. */
#define SEND_BEHIND(watched_, reason_, class_, method_, ...)                                      \
	SEND_WATCHED(DROP, reason_, ON(watched_), class_, method_, __VA_ARGS__)

static void monitor_lists_and_bans(void)
{
	list_set("192.0.2.0/24", SG_LIST_DENY);
	mode_set(SG_REASON_DENY_LIST, SG_MODE_MONITOR);
	ban_set("192.0.2.1", 0, 0, 60);
	SEND_BEHIND(DENY_LIST, BAN_SOURCE, REQUEST, OPTIONS, .dport = 5060);
	SEND_BEHIND(DENY_LIST, GARBAGE, GARBAGE, NONE, .source = "192.0.2.2", BYTES(NOT_SIP));
	SEND_WATCHED(PASS, NONE, ON(DENY_LIST), REQUEST, OPTIONS,
		     .source = "192.0.2.2");
}

static void monitor_ban_of_source(void)
{
	bans_both();
	mode_set(SG_REASON_BAN_SOURCE, SG_MODE_MONITOR);
	SEND_BEHIND(BAN_SOURCE, BAN_FLOW, REQUEST, OPTIONS, .dport = 5060);
	mode_set(SG_REASON_BAN_SOURCE, SG_MODE_OFF);
	SEND(DROP, BAN_FLOW, REQUEST, OPTIONS, .dport = 5060);
}

static void monitor_garbage(void)
{
	mode_set(SG_REASON_UDP_LENGTH, SG_MODE_MONITOR);
	SEND_BEHIND(UDP_LENGTH, GARBAGE, GARBAGE, NONE, BYTES(NOT_SIP), .udp_length_error = 1);
	mode_set(SG_REASON_GARBAGE, SG_MODE_MONITOR);
	config()->profile[0].limit[SG_LIMIT_OTHER] = limit_hourly(1);
	SEND_WATCHED(PASS, NONE, ON(GARBAGE), GARBAGE, NONE, BYTES(NOT_SIP));
	SEND_BEHIND(GARBAGE, LIMIT_OTHER, GARBAGE, NONE, BYTES(NOT_SIP));
}

static void monitor_limits(void)
{
	fix.state->total_tat[SG_TOTAL_UNLISTED_TOTAL] = tat_spent();
	fix.state->total_tat[SG_TOTAL_SYNS] = tat_spent();
	mode_set(SG_REASON_UNLISTED_BUDGET, SG_MODE_MONITOR);
	mode_set(SG_REASON_LIMIT_SOURCE, SG_MODE_MONITOR);
	config()->profile[0].limit[SG_LIMIT_SOURCE] = limit_hourly(1);
	config()->profile[0].limit[SG_LIMIT_INVITE] = limit_hourly(2);
	SEND_WATCHED(PASS, NONE, ON(UNLISTED_BUDGET), REQUEST, OPTIONS,
		     .dport = 5060);
	for (int i = 0; i < 2; i++)
		SEND_WATCHED(PASS, NONE,
			     ON(UNLISTED_BUDGET) | ON(LIMIT_SOURCE), REQUEST,
			     INVITE, .payload = SIP_REQUEST("INVITE"));
	SEND_WATCHED(DROP, LIMIT_INVITE,
		     ON(UNLISTED_BUDGET) | ON(LIMIT_SOURCE), REQUEST, INVITE,
		     .payload = SIP_REQUEST("INVITE"));
	/* A connection is charged to the limit of its source only: one reason, counted once. */
	SEND_WATCHED(PASS, NONE,
		     ON(UNLISTED_BUDGET) | ON(LIMIT_SOURCE), OTHER, NONE,
		     OVER_TCP, .syn = true);
}

/*
 * One packet that both a reason which only monitors and one which is enforced are for, and one that
 * only the former is for: the guard's own mode moves what the latter ends, and nothing else.
 */
static void would_drop_is_what_enforce_drops(void)
{
	static const enum sg_mode modes[] = {SG_MODE_MONITOR, SG_MODE_ENFORCE};

	for (size_t i = 0; i < COUNT(modes); i++) {
		fixture_reset(fix.program);
		list_set("192.0.2.0/24", SG_LIST_DENY);
		mode_set(SG_REASON_DENY_LIST, SG_MODE_MONITOR);
		ban_set("192.0.2.1", 0, 0, 60);
		fix.state->mode = modes[i];
		SEND_WATCHED(modes[i] == SG_MODE_ENFORCE ? DROP : WOULD_DROP, BAN_SOURCE,
			     ON(DENY_LIST), REQUEST, OPTIONS, .dport = 5060);
		SEND_WATCHED(PASS, NONE, ON(DENY_LIST), REQUEST, OPTIONS, .source = "192.0.2.2");
	}
}

static void zones(void)
{
	zone_set(0, "192.0.2.0/24", 1);
	zone_set(0, "192.0.2.7/32", 2);
	zone_set(0, "2001:db8:1::/48", 1);
	config()->profile[0].limit[SG_LIMIT_OPTIONS] = limit_hourly(1);
	config()->profile[1].limit[SG_LIMIT_OPTIONS] = limit_hourly(2);
	config()->profile[2].limit[SG_LIMIT_OPTIONS] = limit_hourly(3);
}

static void sends_before_refused(const char *source, int count)
{
	for (int i = 0; i < count; i++)
		SEND(PASS, NONE, REQUEST, OPTIONS, .source = source);
	SEND(DROP, LIMIT_OPTIONS, REQUEST, OPTIONS, .source = source);
}

static void zones_have_limits_of_their_own(void)
{
	zones();
	sends_before_refused("203.0.113.1", 1);
	sends_before_refused("192.0.2.1", 2);
	sends_before_refused("192.0.2.7", 3);
	sends_before_refused(IPV6_A, 2);
	sends_before_refused("2001:db8:2::1", 1);
}

static void zones_do_not_pay(void)
{
	zones();
	config()->total[SG_TOTAL_UNLISTED_TOTAL] = limit_hourly(2);
	sends_before_refused("192.0.2.7", 3);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = "203.0.113.1");
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = "203.0.113.2");
	SEND(DROP, UNLISTED_BUDGET, REQUEST, OPTIONS, .source = "203.0.113.3");
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = "192.0.2.1");
}

static void allowed_do_not_pay(void)
{
	list_set("192.0.2.0/24", SG_LIST_ALLOW);
	config()->total[SG_TOTAL_UNLISTED_TOTAL] = limit_hourly(2);
	config()->profile[0].limit[SG_LIMIT_OPTIONS] = limit_hourly(1);
	for (int i = 0; i < 10; i++)
		assert_false(packet_dropped(&(struct packet_spec){.source = "192.0.2.1"}));
	sends_before_refused("203.0.113.1", 1);
}

/* Each CPU remembers the last banned source it met; that must not outlive the ban. */
static void bans_are_lifted_at_once(void)
{
	const struct packet_spec banned = {.source = "192.0.2.1"}, other = {.source = "192.0.2.2"};

	ban_set("192.0.2.1", 0, 0, 60);
	assert_true(packet_dropped(&banned));
	assert_true(packet_dropped(&banned));
	assert_false(packet_dropped(&other));
	assert_true(packet_dropped(&banned));
	ban_lift("192.0.2.1");
	assert_false(packet_dropped(&banned));
}

static void configurations_flip(void)
{
	struct sg_config *other = &fix.configs[1];

	config_defaults(other);
	other->port[5060] = 0;
	other->port[5070] = SG_PORT_UDP;
	sg_mode_set(other, SG_REASON_GARBAGE, SG_MODE_OFF);
	other->profile[1].limit[SG_LIMIT_OPTIONS] = limit_hourly(1);
	zone_set(1, "192.0.2.0/24", 1);

	SEND(PASS, NONE, REQUEST, OPTIONS, .dport = 5060);
	SEND(UNGUARDED, NONE, OTHER, NONE, .dport = 5070);
	fix.state->active = 1;
	SEND(UNGUARDED, NONE, OTHER, NONE, .dport = 5060);
	SEND(PASS, NONE, GARBAGE, NONE, .source = "203.0.113.1", .dport = 5070, BYTES(NOT_SIP));
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = "192.0.2.5", .dport = 5070);
	SEND(DROP, LIMIT_OPTIONS, REQUEST, OPTIONS, .source = "192.0.2.5", .dport = 5070);
	fix.state->active = 0;
	SEND(DROP, GARBAGE, GARBAGE, NONE, .dport = 5060, BYTES(NOT_SIP));
}

/* Before userspace has written anything, nothing may be harmed. */
static void nothing_configured(void)
{
	fix.state->active = 1;
	*config() = (struct sg_config){};
	SEND(UNGUARDED, NONE, OTHER, NONE, BYTES(NOT_SIP));
	SEND(PASS, NONE, OTHER, NONE, .id = fragment_id(), .offset = 8);
	fix.state->mode = 0;
	SEND(UNGUARDED, NONE, OTHER, NONE, .source = IPV6_A, .chain = "ddddddddd");
}

/* What the guard drops, whatever it is asked. */
static bool garbage_is_dropped(void)
{
	return packet_dropped(&(struct packet_spec){BYTES(NOT_SIP)});
}

static void trial_begins(enum sg_trial trial)
{
	config()->total[SG_TOTAL_REPLIES] = limit_hourly(1);
	fix.state->trial = trial;
	fix.state->trial_until = guard_clock() + 10 * SECOND;
	fix.state->active |= SG_ACTIVE_TRIAL;
	clock_move(9 * SECOND);
	SEND(DROP, GARBAGE, GARBAGE, NONE, BYTES(NOT_SIP));
	assert_int_equal(fix.state->mode, SG_MODE_ENFORCE);
}

/* Fail-open: without a process, and whatever the packet is. */
static void a_trial_that_is_over(void)
{
	struct packet_spec reply = {
		.destination = "203.0.113.9", .dport = 5060,
		.payload = "SIP/2.0 100 Trying\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n",
	};

	trial_begins(SG_TRIAL_DETACH);
	assert_false(reply_dropped(&reply));
	assert_true(reply_dropped(&reply));
	clock_move(SECOND);
	SEND(UNGUARDED, NONE, OTHER, NONE, BYTES(NOT_SIP));
	SEND(UNGUARDED, NONE, OTHER, NONE, .id = fragment_id(), .offset = 8);
	list_set("0.0.0.0/0", SG_LIST_DENY);
	assert_false(garbage_is_dropped());
	assert_false(reply_dropped(&reply));
	assert_int_equal(fix.state->mode, SG_MODE_ENFORCE);
}

static void a_trial_of_the_mode_that_is_over(void)
{
	trial_begins(SG_TRIAL_MODE);
	clock_move(SECOND);
	SEND(WOULD_DROP, GARBAGE, GARBAGE, NONE, BYTES(NOT_SIP));
	assert_int_equal(fix.state->mode, SG_MODE_MONITOR);
}

static void a_trial_that_was_confirmed(void)
{
	trial_begins(SG_TRIAL_DETACH);
	fix.state->active &= ~SG_ACTIVE_TRIAL;
	clock_move(2 * SECOND);
	assert_true(garbage_is_dropped());
	/* A packet that saw the flag just before finds no time that is over. */
	fix.state->active |= SG_ACTIVE_TRIAL;
	fix.state->trial_until = 0;
	assert_true(garbage_is_dropped());
}

const struct sequence policy_sequences[] = {
	{"a deny list in monitor mode does not shield", monitor_lists_and_bans},
	{"a ban of a source in monitor mode does not shield", monitor_ban_of_source},
	{"garbage in monitor mode does not shield", monitor_garbage},
	{"limits in monitor mode do not shield", monitor_limits},
	{"what would be dropped is what enforce mode drops", would_drop_is_what_enforce_drops},
	{"zones have limits of their own", zones_have_limits_of_their_own},
	{"zones do not pay from the budget of unlisted sources", zones_do_not_pay},
	{"allowed sources pay nothing", allowed_do_not_pay},
	{"bans are lifted at once", bans_are_lifted_at_once},
	{"the flip to another configuration takes effect", configurations_flip},
	{"without a configuration nothing is guarded", nothing_configured},
	{"a trial that is over: everything passes", a_trial_that_is_over},
	{"a trial of the mode that is over: monitor", a_trial_of_the_mode_that_is_over},
	{"a trial that was confirmed", a_trial_that_was_confirmed},
};

const size_t policy_sequences_count = COUNT(policy_sequences);
