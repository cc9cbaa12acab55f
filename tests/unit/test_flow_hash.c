// SPDX-License-Identifier: GPL-2.0-only
/* Who chooses his host within a /64, and his port, does not choose his place in a table by that. */
#include "unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include "abi.h"

#define SECRETS 2000

/* What is known of the flow of somebody else: all but the secret. */
#define SOURCE 0x0200010db8012000ULL
#define HOST 0x0a00000000000000ULL
#define PORT 0xc413

static uint64_t next_random(void)
{
	static uint64_t state = 88172645463325252ULL;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state * 0x2545f4914f6cdd1dULL;
}

/* For how many secrets the flow that differs in these bits has the place of the other one. */
static int meetings(uint64_t source, uint64_t host, uint32_t port, uint64_t mask)
{
	__u64 secret[2];
	int count = 0;

	for (int i = 0; i < SECRETS; i++) {
		secret[0] = next_random();
		secret[1] = next_random();
		count += !((sg_flow_hash(SOURCE, HOST, PORT, IPPROTO_UDP, secret) ^
			    sg_flow_hash(SOURCE ^ source, HOST ^ host, PORT ^ port, IPPROTO_UDP,
					 secret)) & mask);
	}
	return count;
}

/* 8 bits from each place of which a table takes its line or its tag. */
static const uint64_t masks[] = {
	0xff, 0xffULL << 8, 0xffULL << 9, 0xffULL << 15, 0xffULL << 24, 0xffULL << 32,
	0xffULL << 40, 0xffULL << 56,
};

/* One in 256, and none of 2000 is as many as a third. */
static void look_apart(uint64_t source, uint64_t host, uint32_t port)
{
	for (size_t i = 0; i < COUNT(masks); i++)
		assert_in_range(meetings(source, host, port, masks[i]), 0, 40);
}

static void test_each_bit_tells_flows_apart(void **state)
{
	(void)state;
	for (int bit = 0; bit < 64; bit++) {
		look_apart(1ULL << bit, 0, 0);
		look_apart(0, 1ULL << bit, 0);
		if (bit < 16)
			look_apart(0, 0, 1U << bit);
	}
}

/* What one product, or a sum, would leave of a difference, made up for in the next number. */
static void test_no_host_makes_up_for_the_rest(void **state)
{
	(void)state;
	for (int bit = 0; bit < 64; bit++) {
		uint64_t one = 1ULL << bit;

		look_apart(one, one, 0);
		look_apart(one, one | one >> 32, 0);
		look_apart(one >> 32, one, 0);
		look_apart(one | one >> 32, one, 0);
		look_apart(one, one >> 3, 0);
		look_apart(0, one << 8, bit < 16 ? one : 1);
		look_apart(0, one, 0x8000);
		look_apart(one, 0, 0x8000);
	}
}

/* All flows of a source together are none of them, of either family. */
static void test_a_source_is_no_flow(void **state)
{
	const __u32 address[4] = {1, 2, 3, 4};
	struct sg_flow_key key = sg_source_key(6, address);
	__u64 secret[2] = {next_random(), next_random()};

	(void)state;
	assert_int_equal(sg_host(key.address), 0);
	assert_int_equal(key.address[0], 1);
	assert_int_equal(key.address[1], 2);
	key = sg_source_key(4, address);
	assert_memory_equal(key.address, address, sizeof(address));
	assert_true(sg_flow_hash(SOURCE, HOST, PORT, IPPROTO_UDP, secret) !=
		    sg_flow_hash(SOURCE, 0, 0, 0, secret));
}

/* A bit of the address, or of the secret, changes every bit of the hash half of the time. */
static void test_a_bit_changes_half_of_them(void **state)
{
	enum { SAMPLES = 4000 };
	uint64_t source, changed;
	int flips[64] = {};

	(void)state;
	for (int i = 0; i < SAMPLES; i++) {
		__u64 secret[2] = {next_random(), next_random()};

		source = next_random();
		changed = sg_source_hash(source, secret);
		if (i % 2)
			source ^= 1ULL << i / 2 % 64;
		else
			secret[i / 2 % 2] ^= 2ULL << i / 4 % 62; /* the lowest bit is set anyway */
		changed ^= sg_source_hash(source, secret);
		for (int bit = 0; bit < 64; bit++)
			flips[bit] += changed >> bit & 1;
	}
	for (int bit = 0; bit < 64; bit++) /* 0.5 within 6 standard deviations */
		assert_in_range(flips[bit], SAMPLES / 2 - 190, SAMPLES / 2 + 190);
}

/* Neighbouring addresses, the likeliest sources of all, spread evenly over a row. */
static void test_neighbours_spread(void **state)
{
	enum { BUCKETS = 256, SOURCES = 65536 };
	static int first[BUCKETS], second[BUCKETS];
	__u64 secret[2] = {next_random(), next_random()};

	(void)state;
	for (uint32_t i = 0; i < SOURCES; i++) {
		uint64_t hash = sg_source_hash(sg_source4(htonl(0xc6330000 + i)), secret);

		first[hash % BUCKETS]++;
		second[(hash >> 32) % BUCKETS]++;
	}
	for (int i = 0; i < BUCKETS; i++) { /* 256 within 6 standard deviations */
		assert_in_range(first[i], 160, 352);
		assert_in_range(second[i], 160, 352);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_bit_tells_flows_apart),
		cmocka_unit_test(test_no_host_makes_up_for_the_rest),
		cmocka_unit_test(test_a_source_is_no_flow),
		cmocka_unit_test(test_a_bit_changes_half_of_them),
		cmocka_unit_test(test_neighbours_spread),
	};

	return cmocka_run_group_tests_name("flow hash", tests, NULL, NULL);
}
