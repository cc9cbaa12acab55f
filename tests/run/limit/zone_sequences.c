// SPDX-License-Identifier: GPL-2.0-only
/* What all sources of a zone may together: who pays from it, and who does not. */
#include <netinet/in.h>
#include <stdio.h>

#include "dialogue/dialogue.h"
#include "stream/stream.h"

#define HOUR (3600 * SECOND)
#define MEMBER "198.18.0.7"
#define OTHER_MEMBER "198.18.0.8"
#define OTHER_ZONES "198.19.0.7"

static void zones(__u32 burst)
{
	zone_set(0, "198.18.0.0/16", 1);
	zone_set(0, "198.19.0.0/16", 2);
	config()->total[sg_zone_total(1)] = limit_hourly(burst);
}

/* Whoever forges a zone's addresses gets what its total has, and not one message more. */
static void random_sources_stop_at_the_total(void)
{
	const int burst = 200;
	char source[32];

	zones(burst);
	for (int i = 0; i < 2000; i++) {
		snprintf(source, sizeof(source), "198.18.%d.%d", i * 7 % 251, i % 256);
		packet_dropped(&(struct packet_spec){.source = source});
	}
	assert_int_equal(passed(SG_METHOD_OPTIONS), burst);
	assert_int_equal(dropped_by(SG_REASON_ZONE_TOTAL), 2000 - burst);
	/* Nobody else notices. */
	assert_int_equal(fix.state->greylist_until, 0);
	for (int total = 0; total < SG_TOTAL_PLACES; total++) {
		if (total != (int)sg_zone_total(1))
			assert_int_equal(fix.state->total_tat[total], 0);
	}
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = OTHER_ZONES);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = "192.0.2.1");
}

/*
 * Where a zone may much, a CPU pays for 32 messages at once, as long as little has come; it is
 * charged for no more than that, and what it has paid comes from no other total, nor from one that
 * a reload has made narrow.
 */
static void a_wide_total_is_paid_ahead(void)
{
	__u64 *paid = &fix.state->total_tat[sg_zone_total(1)], ahead, quarter;

	wide();
	zones(10000);
	config()->profile[1] = config()->profile[0];
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = MEMBER);
	ahead = *paid;
	assert_int_not_equal(ahead, 0);
	for (int i = 1; i < 32; i++)
		SEND(PASS, NONE, REQUEST, OPTIONS, .source = MEMBER);
	assert_int_equal(*paid, ahead);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = OTHER_ZONES);
	assert_int_equal(*paid, ahead);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = MEMBER);
	assert_int_equal(*paid - ahead, 32 * config()->total[sg_zone_total(1)].interval);
	for (int i = 1; i < 32; i++)
		SEND(PASS, NONE, REQUEST, OPTIONS, .source = MEMBER);
	quarter = *paid = guard_clock() + config()->total[sg_zone_total(1)].tolerance / 4;
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = MEMBER);
	assert_int_equal(*paid - quarter, config()->total[sg_zone_total(1)].interval);
	*paid = 0;
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = MEMBER);
	*paid = 0;
	config()->total[sg_zone_total(1)] = limit_hourly(1);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = MEMBER);
	SEND(DROP, ZONE_TOTAL, REQUEST, OPTIONS, .source = MEMBER);
}

static void by_default_it_is_ten_sources(void)
{
	const struct sg_limit *source = &config()->profile[1].limit[SG_LIMIT_SOURCE];
	const struct sg_limit *total = &config()->total[sg_zone_total(1)];

	assert_int_equal(total->rate, 10 * source->rate);
	assert_int_equal(total->burst, 10 * source->burst);
}

static void a_proven_flow_goes_on(void)
{
	zones(1);
	proven_set(MEMBER, IPPROTO_UDP, 40000, SG_PROOF_REGISTER, 60);
	for (int i = 0; i < 10; i++)
		SEND(PASS, NONE, REQUEST, OPTIONS, .source = MEMBER);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = OTHER_MEMBER);
	SEND(DROP, ZONE_TOTAL, REQUEST, OPTIONS, .source = OTHER_MEMBER);
	SEND(DROP, ZONE_TOTAL, REQUEST, OPTIONS, .source = MEMBER, .sport = 40001);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = MEMBER);
}

static void others_do_not_pay_from_it(void)
{
	zones(1);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = MEMBER);
	fix.state->total_tat[SG_TOTAL_UNLISTED_TOTAL] = tat_spent();
	SEND(DROP, UNLISTED_BUDGET, REQUEST, OPTIONS, .source = "192.0.2.1");
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = OTHER_ZONES);
	list_set(OTHER_MEMBER, SG_LIST_ALLOW);
	for (int i = 0; i < 3; i++)
		assert_false(packet_dropped(&(struct packet_spec){.source = OTHER_MEMBER}));
	SEND(DROP, ZONE_TOTAL, REQUEST, OPTIONS, .source = MEMBER);
}

/* The greylist is for strangers: a monitor in a zone sends once, and is heard. */
static void nobody_of_a_zone_comes_twice(void)
{
	zones(1);
	fix.state->greylist_until = tat_spent();
	SEND(DROP, GREYLIST, REQUEST, OPTIONS, .source = "192.0.2.1");
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = MEMBER);
	SEND(DROP, ZONE_TOTAL, REQUEST, OPTIONS, .source = MEMBER);
}

static void refusals_cost_nothing(void)
{
	zones(3);
	config()->profile[1].limit[SG_LIMIT_OPTIONS] = limit_hourly(1);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = MEMBER);
	for (int i = 0; i < 10; i++)
		SEND(DROP, LIMIT_OPTIONS, REQUEST, OPTIONS, .source = MEMBER);
	SEND(DROP, GARBAGE, GARBAGE, NONE, .source = MEMBER, BYTES(NOT_SIP));
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = OTHER_MEMBER);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = "198.18.0.9");
	for (int i = 0; i < 10; i++)
		SEND(DROP, ZONE_TOTAL, REQUEST, OPTIONS, .source = "198.18.0.10");
	clock_move(HOUR);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = "198.18.0.10");
	SEND(DROP, ZONE_TOTAL, REQUEST, OPTIONS, .source = "198.18.0.11");
}

static void all_kinds_pay_from_it(void)
{
	zones(4);
	SEND(PASS, NONE, KEEPALIVE, NONE, .source = MEMBER, .payload = "\r\n\r\n");
	SEND(PASS, NONE, RESPONSE, NONE, .source = MEMBER, .payload = SIP_RESPONSE);
	SEND(PASS, NONE, OTHER, NONE, .source = MEMBER, OVER_TCP, .syn = true);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = MEMBER, OVER_TCP);
	SEND(DROP, ZONE_TOTAL, REQUEST, OPTIONS, .source = MEMBER, OVER_TCP);
	SEND(DROP, ZONE_TOTAL, OTHER, NONE, .source = MEMBER, OVER_TCP, .syn = true);
	SEND(DROP, ZONE_TOTAL, KEEPALIVE, NONE, .source = MEMBER, .payload = "\r\n\r\n");
	for (int id = 0; id < SG_TOTAL__MAX; id++)
		assert_int_equal(fix.state->total_tat[id], 0);
}

/* The first message lets the segment in; what the others cost is a debt of the zone. */
static void all_messages_of_a_segment_pay(void)
{
	struct peer peer = alice();

	wide();
	zone_set(0, "192.0.2.0/24", 1);
	config()->profile[1] = config()->profile[0];
	config()->total[sg_zone_total(1)] = limit_hourly(4);
	sends(&peer, OPTIONS("1") OPTIONS("2") OPTIONS("3"));
	sends(&peer, OPTIONS("4") OPTIONS("5") OPTIONS("6"));
	clock_move(2 * HOUR);
	may_not_send(&peer, OPTIONS("7"));
	assert_int_equal(dropped_by(SG_REASON_ZONE_TOTAL), 1);
	clock_move(HOUR);
	sends(&peer, OPTIONS("7"));
	proven_set("192.0.2.1", IPPROTO_TCP, peer.port, SG_PROOF_REGISTER, 60);
	fix.state->total_tat[sg_zone_total(1)] = 0;
	sends(&peer, OPTIONS("8") OPTIONS("9"));
	assert_int_equal(fix.state->total_tat[sg_zone_total(1)], 0);
}

/* As with strangers: it is answered, so it does not come again. */
static void monitor_mode_learns(void)
{
	zone_set(0, PHONE, 1);
	fix.state->total_tat[sg_zone_total(1)] = tat_spent();
	fix.state->mode = SG_MODE_MONITOR;
	registers(REGISTER_RIGHT, REGISTER_OK, PORT);
	assert_int_equal(proven_of(PHONE, IPPROTO_UDP, PORT), SG_PROOF_REGISTER);
}

/* By no other's, and by nothing that has the zone's own number, at each step. */
static void a_zone_goes_by_its_profile(void)
{
	struct sg_profile *profile = &config()->profile[2];

	zone_set(0, MEMBER "/32", 1);
	zone_set(0, IPV6_A "/128", 1);
	config()->zone[1].profile = 2;
	profile->mode[SG_REASON_GARBAGE] = SG_MODE_OFF;
	profile->mode[SG_REASON_ORPHAN_FRAGMENT] = SG_MODE_OFF;
	profile->mode[SG_REASON_IPV6_CHAIN] = SG_MODE_MONITOR;
	profile->mode[SG_REASON_SIZE] = SG_MODE_ENFORCE;
	profile->rules = sg_rules_of(profile->mode);
	profile->caps.message = 200;
	profile->limit[SG_LIMIT_INVITE] = limit_hourly(1);
	config()->total[SG_TOTAL_ORPHAN_FRAGMENTS] = limit_hourly(1);
	SEND(PASS, NONE, GARBAGE, NONE, .source = MEMBER, BYTES(NOT_SIP));
	SEND(DROP, SIZE, REQUEST, OPTIONS, .source = MEMBER, .payload = SIP_REQUEST("OPTIONS"));
	SEND(DROP, GARBAGE, GARBAGE, NONE, BYTES(NOT_SIP));
	SEND(PASS, NONE, REQUEST, OPTIONS, .payload = SIP_REQUEST("OPTIONS"));
	for (int i = 0; i < 2; i++)
		SEND(PASS, NONE, OTHER, NONE, .source = MEMBER, .id = 4000 + i, .offset = 8);
	SEND(PASS, NONE, OTHER, NONE, .id = 4010, .offset = 8);
	SEND(DROP, ORPHAN_FRAGMENT, OTHER, NONE, .id = 4011, .offset = 8);
	SEND_WATCHED(PASS, NONE, REASON_BIT(SG_REASON_IPV6_CHAIN), OTHER, NONE,
		     .source = IPV6_A, .chain = "hdddddddd");
	SEND(DROP, IPV6_CHAIN, OTHER, NONE, .source = IPV6_B, .chain = "hdddddddd");
	profile->mode[SG_REASON_SIZE] = SG_MODE_OFF;
	SEND(PASS, NONE, REQUEST, INVITE, .source = MEMBER, .payload = SIP_REQUEST("INVITE"));
	SEND(DROP, LIMIT_INVITE, REQUEST, INVITE, .source = MEMBER,
	     .payload = SIP_REQUEST("INVITE"));
}

static bool may_ask(const char *source)
{
	return !packet_dropped(&(struct packet_spec){.source = source});
}

/*
 * More addresses than a CPU remembers, half of them in a zone that sends no OPTIONS. Each asks
 * under another configuration, too, in which it is the other way round, and under the first one
 * again.
 */
static void zones_of_many_addresses(void)
{
	static const char *const formats[] = {"198.18.%d.%d", "2001:db8:%d:%d::7"};
	const int addresses = 400;
	char source[64];

	config()->profile[2].methods = 1U << SG_METHOD_INVITE;
	fix.configs[1] = fix.configs[0];
	for (int i = 0; i < addresses; i++) {
		snprintf(source, sizeof(source), formats[i / 2 % 2], i / 50, 1 + i % 50);
		zone_set(0, source, 1 + i / 3 % 2);
		zone_set(1, source, 2 - i / 3 % 2);
	}
	/* First one after the other, then each in turns. */
	for (int i = 0; i < 2 * addresses; i++) {
		int number = i % addresses;

		snprintf(source, sizeof(source), formats[number / 2 % 2], number / 50,
			 1 + number % 50);
		for (int turn = 0; turn < (i < addresses ? 1 : 4); turn++) {
			fix.state->active = turn % 2;
			assert_int_equal(may_ask(source), (number / 3 + turn) % 2 == 0);
		}
	}
}

const struct sequence zone_sequences[] = {
	{"what zone an address has, of many and again", zones_of_many_addresses},
	{"random sources of a zone stop at its total", random_sources_stop_at_the_total},
	{"a wide total of a zone is paid ahead", a_wide_total_is_paid_ahead},
	{"the total of a zone is that of ten sources", by_default_it_is_ten_sources},
	{"a zone goes by its profile", a_zone_goes_by_its_profile},
	{"a proven flow of a zone goes on", a_proven_flow_goes_on},
	{"the total of a zone is for nobody else", others_do_not_pay_from_it},
	{"nobody of a zone has to come twice", nobody_of_a_zone_comes_twice},
	{"a refusal costs no total of a zone", refusals_cost_nothing},
	{"all kinds pay from the total of a zone", all_kinds_pay_from_it},
	{"all messages of a segment pay from it", all_messages_of_a_segment_pay},
	{"monitor mode learns beyond the total of a zone", monitor_mode_learns},
};

const size_t zone_sequences_count = COUNT(zone_sequences);
