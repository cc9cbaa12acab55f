// SPDX-License-Identifier: GPL-2.0-only
/* The marks that say in which /16 an IPv4 prefix is listed: too few would let denied packets by. */
#include "unit.h"

#include <arpa/inet.h>
#include <stdbool.h>
#include <string.h>

#include "abi.h"

static __u64 listed4[SG_LISTED_BLOCKS / 64];

static void mark(const char *address, __u32 length)
{
	struct in_addr parsed;

	assert_int_equal(inet_pton(AF_INET, address, &parsed), 1);
	sg_listed4_set(listed4, (const __u8 *)&parsed, length);
}

static unsigned int marked(void)
{
	unsigned int count = 0;

	for (size_t i = 0; i < SG_LISTED_BLOCKS / 64; i++)
		count += __builtin_popcountll(listed4[i]);
	return count;
}

/* As a packet from there asks. */
static bool is_marked(unsigned int first, unsigned int second)
{
	unsigned int block = first << 8 | second;

	return listed4[block / 64] >> block % 64 & 1;
}

static int setup(void **state)
{
	(void)state;
	memset(listed4, 0, sizeof(listed4));
	return 0;
}

static void test_a_longer_prefix_marks_its_block(void **state)
{
	(void)state;
	mark("192.0.2.1", 32);
	mark("192.0.2.0", 24);
	mark("198.18.0.0", 16);
	assert_true(is_marked(192, 0));
	assert_true(is_marked(198, 18));
	assert_int_equal(marked(), 2);
}

static void test_a_shorter_prefix_marks_all_of_its_blocks(void **state)
{
	(void)state;
	mark("198.18.0.0", 15);
	assert_true(is_marked(198, 18) && is_marked(198, 19));
	assert_int_equal(marked(), 2);
	mark("10.0.0.0", 8);
	assert_true(is_marked(10, 0) && is_marked(10, 255));
	assert_false(is_marked(9, 255) || is_marked(11, 0));
	assert_int_equal(marked(), 2 + 256);
}

static void test_the_ends_of_the_address_space(void **state)
{
	(void)state;
	mark("255.255.255.255", 32);
	mark("0.0.0.0", 32);
	assert_true(is_marked(255, 255) && is_marked(0, 0));
	assert_int_equal(marked(), 2);
	mark("0.0.0.0", 0);
	assert_int_equal(marked(), SG_LISTED_BLOCKS);
}

/* Bits of the host are no reason to write beyond the table. */
static void test_host_bits_do_not_count(void **state)
{
	(void)state;
	mark("255.255.255.255", 0);
	assert_int_equal(marked(), SG_LISTED_BLOCKS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_a_longer_prefix_marks_its_block, setup),
		cmocka_unit_test_setup(test_a_shorter_prefix_marks_all_of_its_blocks, setup),
		cmocka_unit_test_setup(test_the_ends_of_the_address_space, setup),
		cmocka_unit_test_setup(test_host_bits_do_not_count, setup),
	};

	return cmocka_run_group_tests_name("listed", tests, NULL, NULL);
}
