// SPDX-License-Identifier: GPL-2.0-only
/* What followers of the guard are told, and what they are not. */
#include <stdio.h>
#include <string.h>
#include <arpa/inet.h>
#include <linux/bpf.h>

#include "dialogue/dialogue.h"
#include "follower.h"
#include "stream/stream.h"

#define EVERYTHING .reasons = {~0ULL, ~0ULL}, .outcomes = ~0U
#define STRANGER "203.0.113.7"
#define SEND_GARBAGE(...) SEND(DROP, GARBAGE, GARBAGE, NONE, BYTES(NOT_SIP), __VA_ARGS__)

static struct heard *hears(int at, int count)
{
	struct heard *heard = follower_hears(at);

	assert_int_equal(heard->count, count);
	return heard;
}

/* A packet of STRANGER over UDP was dropped. */
static void assert_drop(const struct sg_event *e, enum sg_reason reason, enum sg_class class,
			__u16 port)
{
	assert_int_equal(e->reason, reason);
	assert_int_equal(e->outcome, SG_OUTCOME_DROPPED);
	assert_int_equal(e->class, class);
	assert_int_equal(e->family, 4);
	assert_int_equal(e->transport, IPPROTO_UDP);
	assert_int_equal(e->address[3], htonl(0xcb007107));
	assert_int_equal(e->port, htons(port));
	assert_int_equal(e->own_port, 5060);
}

static void a_drop_is_told_once_a_second(void)
{
	struct sg_event e;

	follower_begin(0, &(struct sg_follower){EVERYTHING});
	SEND_GARBAGE(.source = STRANGER, .sport = 5070);
	e = hears(0, 1)->last;
	assert_int_equal(e.kind, SG_EVENT_PACKET);
	assert_drop(&e, SG_REASON_GARBAGE, SG_CLASS_GARBAGE, 5070);
	assert_int_equal(e.kept, 0);
	assert_int_equal(e.more, 0);
	for (int i = 0; i < 9; i++)
		SEND_GARBAGE(.source = STRANGER, .sport = 5070);
	SEND_GARBAGE(.source = "203.0.113.8");
	assert_int_equal(hears(0, 1)->last.address[3], htonl(0xcb007108));
	clock_move(2 * SECOND);
	SEND_GARBAGE(.source = STRANGER, .sport = 5071);
	assert_int_equal(hears(0, 1)->last.more, 9);
	assert_int_equal(follower_place(0)->limited, 0);
}

static void what_passes_is_not_told(void)
{
	follower_begin(0, &(struct sg_follower){EVERYTHING});
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = STRANGER);
	SEND(UNGUARDED, NONE, OTHER, NONE, .source = STRANGER, .dport = 53);
	list_set("203.0.113.8", SG_LIST_ALLOW);
	packet_dropped(&(struct packet_spec){.source = "203.0.113.8", BYTES(NOT_SIP)});
	hears(0, 0);
}

static void what_is_watched_or_would_be_dropped_is(void)
{
	follower_begin(0, &(struct sg_follower){EVERYTHING});
	mode_set(SG_REASON_GARBAGE, SG_MODE_MONITOR);
	SEND_WATCHED(PASS, NONE, REASON_BIT(SG_REASON_GARBAGE), GARBAGE, NONE, BYTES(NOT_SIP),
		     .source = STRANGER);
	assert_int_equal(hears(0, 1)->last.outcome, SG_OUTCOME_WATCHED);
	mode_set(SG_REASON_GARBAGE, SG_MODE_ENFORCE);
	fix.state->mode = SG_MODE_MONITOR;
	clock_move(2 * SECOND);
	SEND(WOULD_DROP, GARBAGE, GARBAGE, NONE, BYTES(NOT_SIP), .source = STRANGER);
	assert_int_equal(hears(0, 1)->last.outcome, SG_OUTCOME_WOULD_DROP);
}

static void each_hears_what_it_wants(void)
{
	struct sg_follower wants[] = {
		{.outcomes = ~0U, .reasons = {1ULL << SG_REASON_GARBAGE}},
		{.outcomes = ~0U, .reasons = {~(1ULL << SG_REASON_GARBAGE), ~0ULL}},
		{.outcomes = 1 << SG_OUTCOME_WATCHED, .reasons = {~0ULL, ~0ULL}},
		{EVERYTHING, .family = 4, .address = {0, 0, htonl(0xffff), htonl(0xcb007100)},
		 .mask = {~0U, ~0U, ~0U, htonl(0xffffff00)}},
		{EVERYTHING, .family = 4, .address = {0, 0, htonl(0xffff), htonl(0xcb007200)},
		 .mask = {~0U, ~0U, ~0U, htonl(0xffffff00)}},
		{EVERYTHING, .family = 6, .address = {htonl(0x20010db8)}, .mask = {~0U}},
		{EVERYTHING, .family = 6, .address = {htonl(0x20010db9)}, .mask = {~0U}},
	};
	static const int ip4[] = {1, 0, 0, 1, 0, 0, 0}, ip6[] = {1, 0, 0, 0, 0, 1, 0};

	for (size_t i = 0; i < COUNT(wants); i++)
		follower_begin(i, &wants[i]);
	SEND_GARBAGE(.source = STRANGER);
	for (size_t i = 0; i < COUNT(wants); i++)
		hears(i, ip4[i]);
	SEND_GARBAGE(.source = IPV6_A);
	for (size_t i = 0; i < COUNT(wants); i++)
		hears(i, ip6[i]);
}

/* Its packets are not looked at as a whole, see rush.bpf.h; its events say no less. */
static void so_are_those_of_a_rush(void)
{
	struct sg_event e;

	follower_begin(0, &(struct sg_follower){EVERYTHING});
	fix.state->greylist_until = 1ULL << 62;
	rush_set(true);
	for (int i = 1; i < 4; i++)
		SEND(DROP, GREYLIST, REQUEST, OPTIONS, .source = i == 3 ? STRANGER : "198.18.0.1",
		     .sport = 5070 + i);
	e = hears(0, 2)->last;
	assert_drop(&e, SG_REASON_GREYLIST, SG_CLASS_REQUEST, 5073);
	assert_int_equal(e.method, SG_METHOD_OPTIONS);
	assert_int_equal(e.leaves, 0);
}

static const char *source(int i)
{
	static char text[64];

	snprintf(text, sizeof(text), "198.18.%d.%d", i / 250, i % 250 + 1);
	return text;
}

/* Who floods uses up the events of his reason, and of no other one. */
static void a_flood_is_told_of_in_measure(void)
{
	const struct sg_follower wants = {EVERYTHING};
	int told;

	follower_begin(0, &wants);
	for (int i = 0; i < 1000; i++)
		SEND_GARBAGE(.source = source(i));
	told = follower_hears(0)->count;
	assert_in_range(told, SG_EVENTS_BURST, SG_EVENTS_BURST + 2);
	assert_int_equal(follower_place(0)->limited, 1000 - told);
	list_set(STRANGER, SG_LIST_DENY);
	SEND(DROP, DENY_LIST, REQUEST, OPTIONS, .source = STRANGER);
	hears(0, 1);
	clock_move(2 * SECOND);
	for (int i = 0; i < 1000; i++)
		SEND_GARBAGE(.source = source(i));
	told = follower_hears(0)->count;
	assert_in_range(told, 2 * SG_EVENTS_RATE - 5, 2 * SG_EVENTS_RATE + 5);
}

static void a_ban_is_told(void)
{
	struct peer peer = alice();
	struct heard *heard;

	follower_begin(0, &(struct sg_follower){EVERYTHING});
	follower_begin(1, &(struct sg_follower){EVERYTHING, .frames = SG_FRAMES_ALL});
	config()->ban[SG_OFFENCE_MALFORMED] = sg_ban_rule_of(2, 30, 60);
	may_not_send(&peer, BAD(""));
	assert_int_equal(follower_hears(0)->bans, 0);
	may_not_send(&peer, BAD(""));
	heard = follower_hears(0);
	assert_int_equal(heard->bans, 1);
	assert_int_equal(heard->ban.reason, SG_REASON_MALFORMED);
	assert_int_equal(heard->ban.port, htons(peer.port));
	assert_int_equal(heard->ban.transport, IPPROTO_TCP);
	assert_int_equal(follower_hears(1)->bans, 0);
}

/* Who asks for bans hears of each of them, however many there are, and of no packet. */
static void all_bans_are_told_to_who_asks(void)
{
	const int bans = SG_EVENTS_BURST + 50;

	follower_begin(0, &(struct sg_follower){EVERYTHING, .frames = SG_FRAMES_BANS});
	SEND_GARBAGE(.source = STRANGER);
	hears(0, 0);
	wide();
	config()->ban[SG_OFFENCE_MALFORMED] = sg_ban_rule_of(2, 30, 60);
	for (int i = 0; i < bans; i++) {
		struct peer peer = alice();

		peer.port += i;
		connection_accept(&(struct packet_spec){.sport = peer.port}, peer.at);
		may_not_send(&peer, BAD(""));
		may_not_send(&peer, BAD(""));
		assert_int_equal(follower_hears(0)->bans, 1);
	}
	assert_int_equal(follower_place(0)->limited, 0);
	assert_int_equal(follower_place(0)->lost, 0);
}

/* The bytes of a packet in the ring are those that came. */
static void a_packet_is_kept_whole(void)
{
	static const size_t fills[] = {0, 300, 380, 1500, 2900};
	struct heard *heard;
	__u8 frame[FRAME_MAX];
	size_t length;

	follower_begin(3, &(struct sg_follower){EVERYTHING, .frames = SG_FRAMES_ALL});
	for (size_t i = 0; i < COUNT(fills); i++) {
		struct packet_spec spec = {BYTES(NOT_SIP), .source = IPV6_A, .fill = fills[i]};

		length = packet_build(&spec, frame);
		assert_int_equal(fixture_run(frame, length), XDP_DROP);
		heard = hears(3, 1);
		assert_int_equal(heard->last.frame, length);
		assert_int_equal(heard->last.kept, length);
		assert_memory_equal(heard->bytes, frame, length);
	}
}

static void packets_are_not_limited(void)
{
	follower_begin(0, &(struct sg_follower){EVERYTHING, .frames = SG_FRAMES_ALL});
	for (int i = 0; i < 40; i++)
		SEND_GARBAGE(.source = STRANGER);
	hears(0, 40);
	follower_begin(0, &(struct sg_follower){EVERYTHING, .frames = SG_FRAMES_ALL,
						.sample = 1000000000});
	for (int i = 0; i < 40; i++)
		SEND_GARBAGE(.source = STRANGER);
	assert_true(follower_hears(0)->count < 40);
}

/* With its bytes, and as seldom as without them. */
static void packets_are_told_of_with_their_bytes(void)
{
	struct packet_spec spec = {BYTES(NOT_SIP), .source = STRANGER};
	struct heard *heard;
	__u8 frame[FRAME_MAX];
	size_t length = packet_build(&spec, frame);

	follower_begin(0, &(struct sg_follower){EVERYTHING, .frames = SG_FRAMES_TOLD});
	assert_int_equal(fixture_run(frame, length), XDP_DROP);
	for (int i = 0; i < 9; i++)
		SEND_GARBAGE(.source = STRANGER);
	heard = hears(0, 1);
	assert_int_equal(heard->last.kept, length);
	assert_memory_equal(heard->bytes, frame, length);
	clock_move(2 * SECOND);
	SEND_GARBAGE(.source = STRANGER);
	assert_int_equal(hears(0, 1)->last.more, 9);
}

static void what_finds_no_room_is_counted(void)
{
	int heard;

	follower_begin(0, &(struct sg_follower){EVERYTHING, .frames = SG_FRAMES_ALL});
	follower_begin(1, &(struct sg_follower){EVERYTHING});
	for (int i = 0; i < 300; i++)
		SEND_GARBAGE(.source = STRANGER);
	heard = follower_hears(0)->count;
	assert_in_range(heard, 50, FOLLOWER_RING / SG_EVENT_SMALL);
	assert_int_equal(follower_place(0)->lost, 300 - heard);
	assert_int_equal(follower_place(1)->lost, 0);
	hears(1, 1);
}

/* One that was killed says no more that it listens. */
static void nobody_listens_for_ever(void)
{
	follower_begin(0, &(struct sg_follower){EVERYTHING, .until = guard_clock() + 5 * SECOND});
	follower_begin(1, &(struct sg_follower){EVERYTHING});
	SEND_GARBAGE(.source = STRANGER);
	hears(0, 1);
	clock_move(6 * SECOND);
	SEND_GARBAGE(.source = STRANGER);
	hears(0, 0);
	hears(1, 2);
	fix.state->followed_until = guard_clock();
	clock_move(6 * SECOND);
	SEND_GARBAGE(.source = STRANGER);
	hears(1, 0);
}

/* A place whose ring is gone already, or not there yet. */
static void a_place_without_a_ring_hurts_nobody(void)
{
	follower_begin(0, &(struct sg_follower){EVERYTHING});
	follower_begin(1, &(struct sg_follower){EVERYTHING, .frames = SG_FRAMES_ALL});
	*follower_place(2) = *follower_place(0);
	*follower_place(3) = *follower_place(1);
	SEND_GARBAGE(.source = STRANGER);
	hears(0, 1);
	hears(1, 1);
}

static void replies_are_told_as_such(void)
{
	struct sg_event e;

	follower_begin(0, &(struct sg_follower){EVERYTHING});
	config()->total[SG_TOTAL_REPLIES] = limit_hourly(1);
	for (int i = 0; i < 2; i++)
		reply_dropped(&(struct packet_spec){
			.destination = STRANGER, .dport = PORT,
			.payload = REPLY_OF("401 Unauthorized", "REGISTER", CHALLENGE)});
	e = hears(0, 1)->last;
	assert_true(e.leaves);
	assert_int_equal(e.address[3], htonl(0xcb007107));
	assert_int_equal(e.port, htons(PORT));
}

/* --- what is remembered without a follower --- */

static void reasons_are_remembered(void)
{
	for (int i = 0; i < 3; i++)
		SEND_GARBAGE(.source = STRANGER);
	SEND_GARBAGE(.source = IPV6_A);
	SEND_GARBAGE(.source = IPV6_B); /* of the same /64 */
	mode_set(SG_REASON_GARBAGE, SG_MODE_MONITOR);
	SEND_WATCHED(PASS, NONE, REASON_BIT(SG_REASON_GARBAGE), GARBAGE, NONE, BYTES(NOT_SIP),
		     .source = STRANGER);
	list_set(STRANGER, SG_LIST_DENY);
	SEND(DROP, DENY_LIST, REQUEST, OPTIONS, .source = STRANGER);
	assert_int_equal(lately_of(STRANGER, false, SG_REASON_GARBAGE, SG_OUTCOME_DROPPED), 3);
	assert_int_equal(lately_of(STRANGER, false, SG_REASON_GARBAGE, SG_OUTCOME_WATCHED), 1);
	assert_int_equal(lately_of(STRANGER, false, SG_REASON_DENY_LIST, SG_OUTCOME_DROPPED), 1);
	assert_int_equal(lately_of(IPV6_A, false, SG_REASON_GARBAGE, SG_OUTCOME_DROPPED), 2);
	assert_int_equal(lately_of(IPV6_C, false, SG_REASON_GARBAGE, SG_OUTCOME_DROPPED), 0);
}

/* A fifth reason takes the place of the one that is longest ago. */
static void the_oldest_reason_goes(void)
{
	static const enum sg_outcome outcomes[] = {SG_OUTCOME_DROPPED, SG_OUTCOME_WATCHED};

	for (int i = 0; i < 2; i++) {
		mode_set(SG_REASON_GARBAGE, i ? SG_MODE_MONITOR : SG_MODE_ENFORCE);
		packet_dropped(&(struct packet_spec){.source = STRANGER, BYTES(NOT_SIP)});
		clock_move(3 * SECOND);
		mode_set(SG_REASON_SOURCE_PORT, i ? SG_MODE_MONITOR : SG_MODE_ENFORCE);
		packet_dropped(&(struct packet_spec){.source = STRANGER, .sport_zero = true});
		clock_move(3 * SECOND);
	}
	assert_int_equal(lately_of(STRANGER, false, SG_REASON_GARBAGE, SG_OUTCOME_DROPPED), 1);
	list_set(STRANGER, SG_LIST_DENY);
	SEND(DROP, DENY_LIST, REQUEST, OPTIONS, .source = STRANGER);
	assert_int_equal(lately_of(STRANGER, false, SG_REASON_GARBAGE, SG_OUTCOME_DROPPED), 0);
	for (int i = 0; i < 2; i++)
		assert_int_equal(lately_of(STRANGER, false, SG_REASON_SOURCE_PORT, outcomes[i]), 1);
}

/* In one tick not all are looked at; the number stays about right. */
static void a_flood_is_estimated(void)
{
	__u32 packets;

	for (int i = 0; i < 1000; i++)
		SEND_GARBAGE(.source = STRANGER);
	packets = lately_of(STRANGER, false, SG_REASON_GARBAGE, SG_OUTCOME_DROPPED);
	assert_in_range(packets, 980, 1020);
	clock_move(2 * SECOND);
	SEND_GARBAGE(.source = STRANGER);
	assert_int_equal(lately_of(STRANGER, false, SG_REASON_GARBAGE, SG_OUTCOME_DROPPED),
			 packets + 1);
}

static void strangers_push_out_no_customer(void)
{
	zone_set(0, "203.0.113.0/24", 1);
	SEND_GARBAGE(.source = STRANGER);
	for (int i = 0; i < 20000; i++) {
		clock_move(i % 8 ? 0 : 2 * MS);
		packet_dropped(&(struct packet_spec){.source = source(i), BYTES(NOT_SIP)});
	}
	assert_int_equal(lately_of(STRANGER, true, SG_REASON_GARBAGE, SG_OUTCOME_DROPPED), 1);
	assert_int_equal(lately_of(STRANGER, false, SG_REASON_GARBAGE, SG_OUTCOME_DROPPED), 0);
}

const struct sequence event_sequences[] = {
	{"events: a drop is told once a second", a_drop_is_told_once_a_second},
	{"events: so are those of a rush", so_are_those_of_a_rush},
	{"events: what passes is not told", what_passes_is_not_told},
	{"events: what is watched or would be dropped is",
	 what_is_watched_or_would_be_dropped_is},
	{"events: each hears what it wants", each_hears_what_it_wants},
	{"events: a flood is told of in measure", a_flood_is_told_of_in_measure},
	{"events: a ban is told", a_ban_is_told},
	{"events: all bans are told to who asks", all_bans_are_told_to_who_asks},
	{"events: a packet is kept whole", a_packet_is_kept_whole},
	{"events: packets are not limited", packets_are_not_limited},
	{"events: some come with their packets", packets_are_told_of_with_their_bytes},
	{"events: what finds no room is counted", what_finds_no_room_is_counted},
	{"events: nobody listens for ever", nobody_listens_for_ever},
	{"events: a place without a ring hurts nobody", a_place_without_a_ring_hurts_nobody},
	{"events: replies are told as such", replies_are_told_as_such},
	{"lately: reasons are remembered", reasons_are_remembered},
	{"lately: the oldest reason goes", the_oldest_reason_goes},
	{"lately: a flood is estimated", a_flood_is_estimated},
	{"lately: strangers push out no customer", strangers_push_out_no_customer},
};

const size_t event_sequences_count = COUNT(event_sequences);
