// SPDX-License-Identifier: GPL-2.0-only
/* Where zones are: at an interface, on a VLAN; and places where nobody else may send. */
#include <linux/if_ether.h>

#include "dialogue/dialogue.h"
#include "stream/stream.h"

#define MEMBER "198.18.0.7"
#define STRANGER "192.0.2.77"
#define ZONES_1 2 /* as bits: zone 1 alone, */
#define ZONES_2 4 /* zone 2 alone */
#define INTERFACE 3
#define VLAN 5
#define TAG .vlan = {ETH_P_8021Q}

/* Packets come in at an interface that zones name, and VLAN 7 is one that they name. */
static struct sg_places *places(void)
{
	config()->places.interface_of[0] = INTERFACE;
	config()->places.vlan_of[7] = VLAN;
	return &config()->places;
}

static void without_register(__u32 zone)
{
	config()->profile[zone].methods = ~(1U << SG_METHOD_REGISTER);
}

#define REGISTER_IS(outcome, reason, ...)                                                         \
	SEND(outcome, reason, REQUEST, REGISTER, .payload = SIP_REQUEST("REGISTER"), __VA_ARGS__)

static void a_zone_is_where_it_says(void)
{
	places()->zones[INTERFACE][0] = ZONES_1;
	zone_set_at(0, ZONES_1, "198.18.0.0/16", 1);
	without_register(1);
	REGISTER_IS(DROP, METHOD_NOT_ALLOWED, .source = MEMBER);
	REGISTER_IS(PASS, NONE, .source = STRANGER);
	/* The same source on a VLAN, where the zone is not. */
	REGISTER_IS(PASS, NONE, .source = MEMBER, TAG, .vid = {7});
	/* And at another interface. */
	config()->places.interface_of[0] = INTERFACE + 1;
	REGISTER_IS(PASS, NONE, .source = MEMBER);
}

static void a_vlan_is_that_of_the_outermost_tag(void)
{
	places()->zones[INTERFACE][VLAN] = ZONES_1;
	zone_set_at(0, ZONES_1, "198.18.0.0/16", 1);
	without_register(1);
	REGISTER_IS(DROP, METHOD_NOT_ALLOWED, .source = MEMBER, TAG, .vid = {7});
	REGISTER_IS(DROP, METHOD_NOT_ALLOWED, .source = MEMBER,
		    .vlan = {ETH_P_8021AD, ETH_P_8021Q}, .vid = {7, 8});
	REGISTER_IS(PASS, NONE, .source = MEMBER, .vlan = {ETH_P_8021AD, ETH_P_8021Q},
		    .vid = {8, 7});
	REGISTER_IS(PASS, NONE, .source = MEMBER, TAG, .vid = {8});
	REGISTER_IS(PASS, NONE, .source = MEMBER, TAG, .vid = {4095});
	REGISTER_IS(PASS, NONE, .source = MEMBER);
}

/* All bits of an ID tell. */
static void a_vlan_with_a_high_number(void)
{
	places()->zones[INTERFACE][VLAN] = ZONES_1;
	config()->places.vlan_of[2055] = VLAN;
	config()->places.vlan_of[7] = 0;
	zone_set_at(0, ZONES_1, "198.18.0.0/16", 1);
	without_register(1);
	REGISTER_IS(DROP, METHOD_NOT_ALLOWED, .source = MEMBER, TAG, .vid = {2055});
	REGISTER_IS(PASS, NONE, .source = MEMBER, TAG, .vid = {7});
}

/* A tag that has a priority and no ID is no VLAN. */
static void a_priority_is_no_vlan(void)
{
	places()->zones[INTERFACE][0] = ZONES_1;
	zone_set_at(0, ZONES_1, "198.18.0.0/16", 1);
	without_register(1);
	REGISTER_IS(DROP, METHOD_NOT_ALLOWED, .source = MEMBER, TAG, .priority = true);
}

/* One address may be of two zones, each where it is. */
static void one_prefix_at_two_places(void)
{
	places()->zones[INTERFACE][0] = ZONES_1;
	places()->zones[INTERFACE][VLAN] = ZONES_2;
	zone_set_at(0, ZONES_1, "198.18.0.0/16", 1);
	zone_set_at(0, ZONES_2, "198.18.0.0/16", 2);
	without_register(2);
	REGISTER_IS(PASS, NONE, .source = MEMBER);
	REGISTER_IS(DROP, METHOD_NOT_ALLOWED, .source = MEMBER, TAG, .vid = {7});
}

/* Without prefixes a zone has settings for strangers, and makes nobody known. */
static void strangers_stay_strangers(void)
{
	places()->zones[INTERFACE][0] = ZONES_1;
	zone_set_at(0, ZONES_1, NULL, 1);
	without_register(1);
	REGISTER_IS(DROP, METHOD_NOT_ALLOWED, .source = STRANGER);
	fix.state->total_tat[SG_TOTAL_UNLISTED_TOTAL] = tat_spent();
	SEND(DROP, UNLISTED_BUDGET, REQUEST, OPTIONS, .source = STRANGER);
	fix.state->greylist_until = tat_spent();
	SEND(DROP, GREYLIST, REQUEST, OPTIONS, .source = STRANGER);
	assert_int_equal(fix.state->total_tat[sg_zone_total(1)], 0);
}

static void closed_is_for_all_others(void)
{
	places()->zones[INTERFACE][0] = ZONES_1;
	zone_set_at(0, ZONES_1, "198.18.0.0/16", 1);
	zone_set_at(0, ZONES_1, NULL, 1);
	config()->profile[1].closed = 1;
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = MEMBER);
	SEND(DROP, NOT_IN_ZONE, REQUEST, OPTIONS, .source = STRANGER);
	SEND(DROP, NOT_IN_ZONE, OTHER, NONE, .source = STRANGER, OVER_TCP, .syn = true);
	SEND(DROP, NOT_IN_ZONE, KEEPALIVE, NONE, .source = STRANGER, .payload = "\r\n\r\n");
	/* Who is proven is still none of ours; who is allowed is nobody's to refuse. */
	proven_set(PHONE, IPPROTO_UDP, PORT, SG_PROOF_REGISTER, 60);
	SEND(DROP, NOT_IN_ZONE, REQUEST, OPTIONS, .source = PHONE);
	list_set("203.0.113.0/24", SG_LIST_ALLOW);
	assert_false(packet_dropped(&(struct packet_spec){.source = "203.0.113.1"}));
	/* Elsewhere nothing is closed. */
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = STRANGER, TAG, .vid = {7});
}

static void closed_everywhere(void)
{
	zone_set(0, "198.18.0.0/16", 1);
	config()->profile[0].closed = config()->profile[1].closed = 1;
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = MEMBER);
	SEND(DROP, NOT_IN_ZONE, REQUEST, OPTIONS, .source = STRANGER);
	SEND(DROP, NOT_IN_ZONE, REQUEST, OPTIONS, .source = STRANGER, TAG, .vid = {7});
	mode_set(SG_REASON_NOT_IN_ZONE, SG_MODE_MONITOR);
	SEND_WATCHED(PASS, NONE, REASON_BIT(SG_REASON_NOT_IN_ZONE), REQUEST, OPTIONS,
		     .source = STRANGER);
}

/* Later fragments are of the zone that the first one was of, or get its verdict. */
static void fragments_of_it(void)
{
	places()->zones[INTERFACE][0] = ZONES_1;
	zone_set_at(0, ZONES_1, NULL, 1);
	config()->profile[1].closed = 1;
	SEND(DROP, NOT_IN_ZONE, REQUEST, OPTIONS, .id = 91, .size = 400, .fill = 600,
	     .payload = SIP_REQUEST("OPTIONS"));
	SEND(DROP, NOT_IN_ZONE, OTHER, NONE, .id = 91, .offset = 400, .fill = 600,
	     .payload = SIP_REQUEST("OPTIONS"));
}

/* A reply is of the zone at the interface by which it leaves: who is known there has no limit. */
static void replies_are_of_the_place_they_leave_by(void)
{
	__u32 loopback = 1, slot = 0;
	struct packet_spec reply = {.destination = MEMBER, .payload = SIP_RESPONSE};

	places()->zones[INTERFACE][0] = ZONES_1;
	zone_set_at(0, ZONES_1, "198.18.0.0/16", 1);
	config()->total[SG_TOTAL_REPLIES] = limit_hourly(1);
	assert_false(reply_dropped(&reply));
	assert_true(reply_dropped(&reply));
	slot_set(loopback, slot);
	assert_false(reply_dropped(&reply));
	slot_set(loopback, SG_INTERFACES);
	assert_true(reply_dropped(&reply));
}

const struct sequence place_sequences[] = {
	{"a zone is where it says", a_zone_is_where_it_says},
	{"a VLAN is that of the outermost tag", a_vlan_is_that_of_the_outermost_tag},
	{"a VLAN with a high number", a_vlan_with_a_high_number},
	{"a priority is no VLAN", a_priority_is_no_vlan},
	{"one prefix at two places", one_prefix_at_two_places},
	{"strangers of a place stay strangers", strangers_stay_strangers},
	{"a closed place is closed to all others", closed_is_for_all_others},
	{"closed everywhere", closed_everywhere},
	{"fragments of who is in no zone", fragments_of_it},
	{"replies are of the place they leave by", replies_are_of_the_place_they_leave_by},
};
const size_t place_sequences_count = sizeof(place_sequences) / sizeof(place_sequences[0]);
