// SPDX-License-Identifier: GPL-2.0-only
/*
 * Frames that nobody sends in good faith: cut at every byte, mutated at random, larger than a page.
 * Whatever comes, the action is XDP_PASS or XDP_DROP (fixture_run() insists on it), and each packet
 * is counted once.
 */
#include <inttypes.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cases.h"

#define FRAME_MIN ETH_HLEN /* what BPF_PROG_RUN takes */
#define FRAME_MIN_TC (FRAME_MIN + 40) /* and there one that has not all of its IP header */

#ifndef MUTATIONS
#define MUTATIONS 100000
#endif

static const struct packet_spec shapes[] = {
	{},
	{.payload = SIP_RESPONSE},
	{.payload = SIP_REQUEST("KDMQ")},
	{BYTES("\r\n\r\n\0\0  " SIP_REQUEST("INVITE"))},
	{BYTES("\0\1\0\x08\1\2\3\4" "123456789012" "\0\3\0\4\0\0\0\0")},
	{.payload = "", .pad = 18},
	{.options = 40, BYTES(NOT_SIP)},
	{.vlan = {ETH_P_8021Q}, .payload = SIP_REQUEST("REGISTER")},
	{.vlan = {ETH_P_8021AD, ETH_P_8021Q}, .options = 8},
	{.vlan = {ETH_P_8021AD, ETH_P_8021Q, ETH_P_8021Q}, .source = IPV6_A},
	{EIGHT_TAGS, .source = IPV6_A},
	{EIGHT_TAGS, .vlan[8] = ETH_P_8021Q},
	{.vlan = {ETH_P_QINQ1}, .pppoe = true, OVER_TCP},
	{.pppoe = true, .ppp_short = true, .source = IPV6_A, .chain = "h"},
	{.source = IPV6_A, .chain = "h", .length_zero = true},
	{.source = IPV6_A, .chain = "jd", .length_zero = true, OVER_TCP},
	{.chain = "aa", .payload = SIP_REQUEST("INVITE")},
	{.id = 5, .size = 600, .fill = 1000, .payload = "INVITE sip:a@b SIP/2.0\r\nSubject: "},
	{.id = 1, .size = 64},
	{.id = 1, .offset = 64},
	{.id = 2, .size = 16},
	{OVER_TCP, .tcp_options = 12},
	{OVER_TCP, .syn = true, .tcp_options = 40},
	{OVER_TCP, .dport = 5061, BYTES("\x16\x03\x01\x02\0\1\0\1\xfc\x03\x03")},
	{OVER_TCP, .id = 3, .size = 24},
	{.source = IPV6_A},
	{.source = IPV6_A, .payload = SIP_REQUEST("SUBSCRIBE"), .vlan = {ETH_P_8021Q}},
	{.source = IPV6_A, .chain = "hdrad"},
	{.source = IPV6_A, .chain = "hddddddd", OVER_TCP},
	{.source = IPV6_A, .chain = "hdddddddd"},
	{.source = IPV6_A, .chain = "D", .payload = "x"},
	{.source = IPV6_A, .chain = "hfd"},
	{.source = IPV6_A, .id = 4, .chain = "hrfd", .size = 128},
	{.source = IPV6_A, .id = 4, .chain = "hrfd", .offset = 128},
};

static __u64 packets_of(const struct sg_tally *tally)
{
	return tally->passed.packets + tally->would_drop.packets + tally->dropped.packets;
}

static __u64 bytes_of(const struct sg_tally *tally)
{
	return tally->passed.bytes + tally->would_drop.bytes + tally->dropped.bytes;
}

/* All counters against what was run: nothing is lost, nothing is counted twice. */
static void check_sums(__u64 packets, __u64 bytes, __u64 drops)
{
	__u64 by_class = 0, by_method = 0, class_bytes = 0, dropped = 0, passed = 0;
	struct sg_stats stats;

	stats_read(&stats);
	for (int i = 0; i < SG_CLASS__MAX; i++) {
		by_class += packets_of(&stats.class[i]);
		class_bytes += bytes_of(&stats.class[i]);
	}
	for (int i = 0; i < SG_METHOD__MAX; i++)
		by_method += packets_of(&stats.method[i]);
	for (int i = 0; i < SG_REASON__MAX; i++) {
		dropped += stats.reason[i].dropped.packets;
		passed += stats.reason[i].passed.packets;
	}
	assert_int_equal(stats.unguarded[0].packets + by_class, packets);
	assert_int_equal(stats.unguarded[0].bytes + class_bytes, bytes);
	assert_int_equal(by_method, by_class);
	assert_int_equal(dropped, drops);
	assert_int_equal(stats.reason[SG_REASON_NONE].dropped.packets, 0);
	assert_true(passed + dropped <= by_class);
}

static size_t frame_min(void)
{
	return fix.program == PROGRAM_INGRESS ? FRAME_MIN_TC : FRAME_MIN;
}

static void cut_at_every_byte(void)
{
	__u64 packets = 0, bytes = 0, drops = 0;
	__u8 frame[FRAME_MAX];

	for (size_t i = 0; i < COUNT(shapes); i++) {
		size_t length = packet_build(&shapes[i], frame);

		for (size_t cut = frame_min(); cut <= length; cut++) {
			drops += fixture_run(frame, cut) == XDP_DROP;
			packets++;
			bytes += cut;
		}
	}
	check_sums(packets, bytes, drops);
}

/* Messages that end anywhere in the part that classes are told from. */
static void payloads_of_every_length(void)
{
	static const char *const starts[] = {
		SIP_REQUEST("INVITE"), SIP_REQUEST("SUBSCRIBE"), SIP_REQUEST("KDMQ"), SIP_RESPONSE,
	};
	__u8 frame[FRAME_MAX];

	for (size_t i = 0; i < COUNT(starts); i++) {
		for (size_t length = 1; length < 120; length++) {
			struct packet_spec packet = {.payload = starts[i], .length = length};

			fixture_run(frame, packet_build(&packet, frame));
			packet.source = IPV6_A;
			packet.transport = IPPROTO_TCP;
			fixture_run(frame, packet_build(&packet, frame));
		}
	}
}

/* xorshift64: a failure is repeated by its seed. */
static __u64 random_next(__u64 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Most mutations hit the headers, since the rest is payload that the guard hardly reads. */
static size_t mutate(__u8 *frame, size_t length, __u64 *state)
{
	static const __u8 telling[] = {0, 1, 4, 5, 6, 17, 43, 44, 51, 60, 0x45, 0x4f, 0x60, 0x81,
				       0x7f, 0x80, 0xff, ' ', '\r', '\n'};
	int count = 1 + random_next(state) % 8;

	for (int i = 0; i < count; i++) {
		size_t range = random_next(state) % 4 ? 80 : length;
		size_t at = random_next(state) % (range < length ? range : length);
		__u64 value = random_next(state);

		if (value & 0x100)
			frame[at] = telling[(value >> 16) % sizeof(telling)];
		else if (value & 0x200)
			frame[at] ^= 1 << (value >> 16) % 8;
		else
			frame[at] = value;
	}
	if (random_next(state) % 4 == 0 && length > frame_min())
		length = frame_min() + random_next(state) % (length - frame_min() + 1);
	return length;
}

static unsigned long mutation_count(void)
{
	const char *text = getenv("SIPGUARD_MUTATIONS");

	return text ? strtoul(text, NULL, 10) : MUTATIONS;
}

static void random_mutations(void)
{
	__u64 state = 0x5349504755415244ULL, packets = 0, bytes = 0, drops = 0;
	unsigned long count = mutation_count();
	__u8 frame[FRAME_MAX];

	list_set("192.0.0.0/8", SG_LIST_DENY);
	list_set("192.0.2.0/24", SG_LIST_OWN);
	ban_set("192.0.3.1", 0, 0, 3600);
	zone_set(0, "192.0.2.1", 1);
	for (int reason = 1; reason < SG_REASON__MAX; reason++)
		mode_set(reason, SG_MODE_ENFORCE);
	for (unsigned long i = 0; i < count; i++) {
		const struct packet_spec *shape = &shapes[random_next(&state) % COUNT(shapes)];
		size_t length = mutate(frame, packet_build(shape, frame), &state);

		if (length < frame_min())
			continue;
		drops += fixture_run(frame, length) == XDP_DROP;
		packets++;
		bytes += length;
	}
	check_sums(packets, bytes, drops);
}

/* Each first byte, in payloads of several lengths. */
static void every_first_byte(void)
{
	char payload[64];
	__u8 frame[FRAME_MAX];

	memset(payload, 'x', sizeof(payload));
	for (int first = 0; first < 256; first++) {
		for (size_t length = 1; length <= 40; length += 13) {
			struct packet_spec packet = {.payload = payload, .length = length};

			payload[0] = first;
			fixture_run(frame, packet_build(&packet, frame));
		}
	}
}

/* Frames of several buffers: only the program for them takes them. */
static void larger_than_a_page(void)
{
	__u32 id = fragment_id();

	fixture_reset(PROGRAM_FRAGS);
	SEND(PASS, NONE, REQUEST, OPTIONS, .fill = 5000);
	SEND(PASS, NONE, REQUEST, INVITE, .payload = SIP_REQUEST("INVITE"), .fill = 8000);
	SEND(PASS, NONE, REQUEST, OPTIONS, .fill = 8000, .source = IPV6_A, .chain = "hdr");
	SEND(PASS, NONE, RESPONSE, NONE, .payload = SIP_RESPONSE, .fill = 5000,
	     .vlan = {ETH_P_8021AD, ETH_P_8021Q});
	SEND(DROP, GARBAGE, GARBAGE, NONE, .payload = NOT_SIP, .fill = 8000);
	SEND(DROP, UDP_LENGTH, REQUEST, OPTIONS, .fill = 5000, .udp_length_error = 1);
	SEND(UNGUARDED, NONE, OTHER, NONE, .fill = 8000, .dport = 53);
	SEND(DROP, GARBAGE, GARBAGE, NONE, OVER_TCP, .payload = "", .fill = 8000);
	SEND(DROP, GARBAGE, GARBAGE, NONE, .id = id, .size = 6400, .payload = "", .fill = 9000);
	SEND(DROP, GARBAGE, OTHER, NONE, .id = id, .offset = 6400, .payload = "", .fill = 12000);
	config()->profile[0].limit[SG_LIMIT_OPTIONS] = limit_hourly(1);
	SEND(PASS, NONE, REQUEST, OPTIONS, .source = "192.0.2.9", .fill = 8000);
	SEND(DROP, LIMIT_OPTIONS, REQUEST, OPTIONS, .source = "192.0.2.9", .fill = 8000);
}

static void clock_advances(void)
{
	__u64 start = kernel_clock(), now = start;

	assert_true(start > 0);
	for (int i = 0; i < 10000000 && now == start; i++)
		now = kernel_clock();
	assert_true(now > start);
	assert_int_equal((now - start) % fix.tick, 0);
}

const struct sequence hostile_sequences[] = {
	{"the clock answers and advances", clock_advances},
	{"frames of several buffers", larger_than_a_page},
	{"frames cut at every byte", cut_at_every_byte},
	{"payloads of every length", payloads_of_every_length},
	{"payloads with every first byte", every_first_byte},
	{"frames mutated at random", random_mutations},
};

const size_t hostile_sequences_count = COUNT(hostile_sequences);
