// SPDX-License-Identifier: GPL-2.0-only
/* Streams in any order, and frames of several datagrams. */
#include <stdio.h>
#include <string.h>

#include "stream/stream.h"

/* --- whatever order, never a false verdict */

#define ROUNDS 40
#define ROUND_MESSAGES 24
#define ROUND_SEGMENTS 400

static __u32 draw(__u64 *state, __u32 below)
{
	*state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (*state >> 33) % below;
}

static size_t draw_stream(char *stream, __u64 *state)
{
	static const char *const texts[] = {
		OPTIONS("a"), NOTIFY("b"), "\r\n\r\n", MESSAGE("INVITE", "c", "74", FALSE_STARTS),
		MESSAGE("MESSAGE", "d", "3", "BYE"), "\r\n" OPTIONS("e"),
		"SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP a;branch=z9hG4bKf\r\nTo: <sip:a@b>\r\n"
		"From: <sip:a@b>;tag=1\r\nCall-ID: f\r\nCSeq: 1 OPTIONS\r\nl:0\r\n\r\n",
	};
	size_t length = 0;

	for (int i = 0; i < ROUND_MESSAGES; i++) {
		const char *text = texts[draw(state, COUNT(texts))];

		memcpy(stream + length, text, strlen(text));
		length += strlen(text);
	}
	return length;
}

/*
 * Segments of a good stream, of any length, in nearly any order, some of them twice, overlapping
 * each other. At the end what was missed comes again, so that the kernel would have had all of it.
 */
static void in_any_order(void)
{
	static char stream[STREAM_MAX];
	__u64 state = 20261128;

	wide();
	for (int round = 0; round < ROUNDS; round++) {
		struct peer peer = alice(), at;
		size_t length = draw_stream(stream, &state), front = 0;

		for (int i = 0; i < ROUND_SEGMENTS && front < length; i++) {
			size_t back = draw(&state, 4) ? 0 : draw(&state, 600);
			size_t from = front < back ? 0 : front - back;
			size_t size = 1 + draw(&state, draw(&state, 3) ? 700 : 20);

			from += draw(&state, 10) ? 0 : draw(&state, 300);
			if (from >= length)
				continue;
			size = size < length - from ? size : length - from;
			at = peer;
			at.at += from;
			if (segment_dropped(&at, stream + from, size))
				fail_msg("round %d: %zu bytes at %zu of %zu dropped by %d", round,
					 size, from, length, dropping_reason());
			front = from + size > front ? from + size : front;
		}
	}
}

/* What contradicts itself has some verdict, and the guard lives on. */
static void with_other_content(void)
{
	static char stream[STREAM_MAX];
	__u64 state = 42;
	struct peer peer;

	wide();
	for (int round = 0; round < ROUNDS; round++) {
		size_t length = draw_stream(stream, &state);

		peer = alice();
		for (int i = 0; i < ROUND_SEGMENTS / 4; i++) {
			size_t from = draw(&state, length), size = 1 + draw(&state, 1200);
			struct peer at = peer;

			size = size < length - from ? size : length - from;
			at.at += draw(&state, 3000) - 500;
			segment_dropped(&at, stream + from, size);
		}
	}
	peer = alice();
	sends(&peer, OPTIONS("1"));
}

/* --- several datagrams in one frame, as only tc tells them apart */

#define DATAGRAM 400

static char datagrams[40 * DATAGRAM];

/* Another method of as many letters in the first one, in its start line and in CSeq. */
static void rename_method(const char *method)
{
	memcpy(datagrams, method, strlen("REGISTER"));
	memcpy(strstr(datagrams, "REGISTER\r\n"), method, strlen("REGISTER"));
}

/* Datagrams of one size: `good` requests, and garbage. Others than the first get another branch. */
static struct packet_spec coalesced(int good, int bad)
{
	char branch[16];

	for (int i = 0; i < good + bad; i++) {
		char *at = datagrams + i * DATAGRAM;
		size_t length = strlen(SIP_REQUEST("REGISTER"));

		memset(at, i < good ? ' ' : '\xd7', DATAGRAM);
		if (i >= good)
			continue;
		memcpy(at, SIP_REQUEST("REGISTER"), length);
		snprintf(branch, sizeof(branch), "%07d", i);
		memcpy(strstr(at, "branch=") + 14, branch, 7);
	}
	fix.gso_size = DATAGRAM;
	return (struct packet_spec){
		.payload = datagrams, .length = (good + bad) * DATAGRAM, .again = true,
	};
}

/* What BPF_PROG_RUN takes at tc: a page less what the kernel keeps of it (up to 7.1). */
#define MOST 8

static void each_datagram_is_charged(void)
{
	struct packet_spec packet;

	if (fix.program != PROGRAM_INGRESS)
		return;
	wide();
	config()->profile[0].flow[SG_LIMIT_REGISTER] = limit_hourly(MOST + 1);
	packet = coalesced(MOST, 0);
	assert_false(packet_dropped(&packet));
	assert_int_equal(passed(SG_METHOD_REGISTER), MOST);
	/* One is left, and lets in the frame; what it costs more is a debt. */
	memcpy(strstr(datagrams, "branch=") + 14, "another", 7);
	assert_false(packet_dropped(&packet));
	fix.gso_size = 0;
	assert_true(packet_dropped(&(struct packet_spec){.payload = SIP_REQUEST("REGISTER")}));
}

/* Nor does a zone get more out of one frame than its total holds. */
static void each_datagram_pays_for_its_zone(void)
{
	struct packet_spec packet;

	if (fix.program != PROGRAM_INGRESS)
		return;
	wide();
	zone_set(0, "192.0.2.0/24", 1);
	config()->profile[1] = config()->profile[0];
	config()->total[sg_zone_total(1)] = limit_hourly(MOST);
	packet = coalesced(MOST, 0);
	assert_false(packet_dropped(&packet));
	assert_true(packet_dropped(&packet));
	assert_int_equal(dropped_by(SG_REASON_ZONE_TOTAL), 1);
}

/* Nor from the budget of strangers, if the first one is no message and the others are. */
static void a_bad_first_datagram_leaves_the_rest_their_zone(void)
{
	struct packet_spec packet;

	if (fix.program != PROGRAM_INGRESS)
		return;
	wide();
	zone_set(0, "192.0.2.0/24", 1);
	config()->profile[1] = config()->profile[0];
	packet = coalesced(MOST, 0);
	memset(datagrams, '\xd7', DATAGRAM);
	assert_false(packet_dropped(&packet));
	assert_int_equal(passed(SG_METHOD_REGISTER), MOST - 1);
	assert_int_equal(fix.state->total_tat[SG_TOTAL_UNLISTED_TOTAL], 0);
	assert_int_not_equal(fix.state->total_tat[sg_zone_total(1)], 0);
}

static void one_verdict_for_several_datagrams(void)
{
	struct packet_spec packet;

	if (fix.program != PROGRAM_INGRESS)
		return;
	wide();
	packet = coalesced(1, MOST - 1);
	assert_true(packet_dropped(&packet));
	assert_int_equal(dropped_by(SG_REASON_GARBAGE), 1);
	packet = coalesced(MOST - 1, 1);
	assert_false(packet_dropped(&packet));
	packet = coalesced(0, MOST);
	assert_true(packet_dropped(&packet));
	packet = coalesced(MOST, 0);
	packet.length -= DATAGRAM - 350; /* the last one may be shorter */
	assert_false(packet_dropped(&packet));
	/* What is a datagram too large in one is none in several. */
	config()->profile[0].caps.message = DATAGRAM;
	mode_set(SG_REASON_SIZE, SG_MODE_ENFORCE);
	assert_false(packet_dropped(&packet));
	fix.gso_size = 0;
	assert_true(packet_dropped(&packet));
}

/* Of one that is refused for what its message is the others are not. */
static void a_refused_datagram_takes_no_other_along(void)
{
	static const int reasons[] = {SG_REASON_METHOD_NOT_ALLOWED, SG_REASON_LOOKALIKE};
	struct packet_spec packet;

	if (fix.program != PROGRAM_INGRESS)
		return;
	for (size_t i = 0; i < COUNT(reasons); i++) {
		fixture_reset(PROGRAM_INGRESS);
		wide();
		mode_set(reasons[i], SG_MODE_ENFORCE);
		config()->profile[0].methods = ~(1U << SG_METHOD_UNKNOWN);
		packet = coalesced(MOST, 0);
		if (reasons[i] == SG_REASON_LOOKALIKE)
			memcpy(strstr(datagrams, "Max-Forwards: 70"), "User-Agent: PBX ", 16);
		else
			rename_method("REGISTRY");
		assert_false(packet_dropped(&packet));
		/* By itself it is refused. */
		packet.length = DATAGRAM;
		fix.gso_size = 0;
		assert_true(packet_dropped(&packet));
		assert_int_equal(dropped_by(reasons[i]), 1);
	}
}

/* Of a frame that passes as a whole in enforce mode nothing would be dropped. */
static void bad_datagrams_that_pass_are_watched(void)
{
	struct packet_spec packet;
	struct sg_stats stats;

	if (fix.program != PROGRAM_INGRESS)
		return;
	wide();
	fix.state->mode = SG_MODE_MONITOR;
	packet = coalesced(MOST - 1, 1);
	assert_false(packet_dropped(&packet));
	packet = coalesced(1, MOST - 1);
	assert_false(packet_dropped(&packet));
	stats_read(&stats);
	assert_int_equal(stats.reason[SG_REASON_GARBAGE].watched.packets, 1);
	assert_int_equal(stats.reason[SG_REASON_GARBAGE].would_drop.packets, 1);
	assert_int_equal(stats.method[SG_METHOD_REGISTER].passed.packets, MOST - 1);
	assert_int_equal(stats.method[SG_METHOD_REGISTER].would_drop.packets, 1);
}

/* An allowed source is dropped for no reason whatever, and nothing of it is charged. */
static void allowed_datagrams(void)
{
	struct packet_spec packet;

	if (fix.program != PROGRAM_INGRESS)
		return;
	list_set("192.0.2.1", SG_LIST_ALLOW);
	packet = coalesced(1, MOST - 1);
	assert_false(packet_dropped(&packet));
	assert_int_equal(dropped_by(SG_REASON_GARBAGE), 0);
	config()->profile[0].flow[SG_LIMIT_REGISTER] = limit_hourly(1);
	packet = coalesced(MOST, 0);
	assert_false(packet_dropped(&packet));
	assert_false(packet_dropped(&packet));
}

/* Of a port that is not guarded, behind tags that packet_glance() leaves to packet_read(). */
static void datagrams_for_another_port(void)
{
	struct packet_spec packet;
	struct sg_stats stats;

	if (fix.program != PROGRAM_INGRESS)
		return;
	packet = coalesced(0, MOST);
	packet.dport = 16384;
	packet.vlan[0] = packet.vlan[1] = ETH_P_8021Q;
	assert_false(packet_dropped(&packet));
	stats_read(&stats);
	assert_int_equal(stats.unguarded[0].packets, 1);
	assert_int_equal(stats.reason[SG_REASON_GARBAGE].watched.packets, 0);
}

/* Each of them alone would be one keepalive; together they are more blanks than any has. */
static void keepalives_in_one_frame(void)
{
	static char blanks[400];
	struct packet_spec packet = {.payload = blanks, .length = sizeof(blanks)};

	if (fix.program != PROGRAM_INGRESS)
		return;
	wide();
	memset(blanks, '\n', sizeof(blanks));
	fix.gso_size = 4;
	assert_false(packet_dropped(&packet));
	fix.gso_size = 0;
	assert_true(packet_dropped(&packet));
}

const struct sequence order_sequences[] = {
	{"segments in any order lose nothing", in_any_order},
	{"segments with other content", with_other_content},
	{"each datagram of a frame is charged", each_datagram_is_charged},
	{"each datagram of a frame pays for its zone", each_datagram_pays_for_its_zone},
	{"a bad first datagram leaves the rest their zone",
	 a_bad_first_datagram_leaves_the_rest_their_zone},
	{"one verdict for several datagrams", one_verdict_for_several_datagrams},
	{"a refused datagram takes no other along", a_refused_datagram_takes_no_other_along},
	{"bad datagrams that pass are watched", bad_datagrams_that_pass_are_watched},
	{"several datagrams of an allowed source", allowed_datagrams},
	{"several datagrams for another port", datagrams_for_another_port},
	{"keepalives in one frame", keepalives_in_one_frame},
};

const size_t order_sequences_count = COUNT(order_sequences);
