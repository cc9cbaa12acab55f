// SPDX-License-Identifier: GPL-2.0-only
/*
 * SipHash-1-3 of one word against an implementation written from the paper, for any number of
 * rounds and bytes. That one is itself held against the paper's vector for SipHash-2-4.
 */
#include "unit.h"

#include "siphash.h"

#define KEY0 0x0706050403020100ULL
#define KEY1 0x0f0e0d0c0b0a0908ULL

static uint64_t rotate(uint64_t word, unsigned int by)
{
	return word << by | word >> (64 - by);
}

static void reference_rounds(uint64_t v[4], int rounds)
{
	while (rounds--) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotate(v[1], 13) ^ v[0];
		v[3] = rotate(v[3], 16) ^ v[2];
		v[0] = rotate(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = rotate(v[1], 17) ^ v[2];
		v[3] = rotate(v[3], 21) ^ v[0];
		v[2] = rotate(v[2], 32);
	}
}

/* Aumasson and Bernstein, "SipHash: a fast short-input PRF", section 2.1. */
static uint64_t reference(int c, int d, const uint8_t *message, size_t size, uint64_t k0,
			  uint64_t k1)
{
	static const char constant[] = "somepseudorandomlygeneratedbytes";
	uint64_t v[4] = {k0, k1, k0, k1}, word;

	for (size_t i = 0; i < 32; i++)
		v[i / 8] ^= (uint64_t)(uint8_t)constant[i] << (56 - i % 8 * 8);
	for (size_t at = 0; at <= size; at += 8) {
		word = at + 8 > size ? (uint64_t)size << 56 : 0;
		for (size_t i = at; i < size && i < at + 8; i++)
			word |= (uint64_t)message[i] << (i - at) * 8;
		v[3] ^= word;
		reference_rounds(v, c);
		v[0] ^= word;
	}
	v[2] ^= 0xff;
	reference_rounds(v, d);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static void test_reference_gives_the_papers_vector(void **state)
{
	uint8_t message[15];

	(void)state;
	for (size_t i = 0; i < sizeof(message); i++)
		message[i] = i;
	assert_true(reference(2, 4, message, sizeof(message), KEY0, KEY1) == 0xa129ca6149be45e5ULL);
}

static void test_same_as_reference(void **state)
{
	uint64_t random = 1, word, k0, k1;

	(void)state;
	/* Linux has SipHash-1-3 too, cut to 32 bits: its vector for the bytes 0 to 7. */
	assert_int_equal(sg_siphash(KEY0, KEY0, KEY1) & 0xffffffff, 0x8d299a8e);
	for (int i = 0; i < 10000; i++) {
		word = random_next(&random);
		k0 = random_next(&random);
		k1 = random_next(&random);
		assert_true(sg_siphash(word, k0, k1) ==
			    reference(1, 3, (const uint8_t *)&word, 8, k0, k1));
	}
}

/* A bit of the address, or of the key, changes every bit of the hash half of the time. */
static void test_avalanche(void **state)
{
	enum { SAMPLES = 4000 };
	uint64_t random = 2, word, changed;
	int flips[64] = {};

	(void)state;
	for (int i = 0; i < SAMPLES; i++) {
		word = random_next(&random);
		changed = sg_siphash(word, KEY0, KEY1);
		if (i % 2)
			changed ^= sg_siphash(word ^ 1ULL << i / 2 % 64, KEY0, KEY1);
		else
			changed ^= sg_siphash(word, KEY0, KEY1 ^ 1ULL << i / 2 % 64);
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

	(void)state;
	for (uint64_t i = 0; i < SOURCES; i++) {
		uint64_t hash = sg_siphash((1ULL << 32) + 0xc6330000 + i, KEY0, KEY1);

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
		cmocka_unit_test(test_reference_gives_the_papers_vector),
		cmocka_unit_test(test_same_as_reference),
		cmocka_unit_test(test_avalanche),
		cmocka_unit_test(test_neighbours_spread),
	};

	return cmocka_run_group_tests_name("siphash", tests, NULL, NULL);
}
