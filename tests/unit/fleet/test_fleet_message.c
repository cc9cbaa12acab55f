// SPDX-License-Identifier: GPL-2.0-only
/* What members tell each other: what is written is read back, and what is wrong is not believed. */
#include <errno.h>
#include <string.h>

#include "base/prefix.h"
#include "fleet/message.h"
#include "unit.h"

#define HEAD "sipguard-fleet 1 1764450000123 5f1c2a9be01d77c3\n"

static struct fleet_message read_back;

static int reads(const char *text)
{
	return fleet_message_read(text, strlen(text), &read_back);
}

static struct sg_flow_key key_of(const char *text, const char *transport)
{
	struct sg_flow_key key;

	assert_int_equal(flow_parse(text, transport, &key, NULL), 0);
	return key;
}

static void what_is_written_is_read_back(void **state)
{
	const struct fleet_entry entries[] = {
		{.what = FLEET_BAN, .key = key_of("203.0.113.9:5060", "udp"), .end = 1764450600,
		 .cause = SG_REASON_AUTH_FAILURE},
		{.what = FLEET_BAN, .key = key_of("203.0.113.9", NULL), .end = 1764450600},
		{.what = FLEET_BAN, .key = key_of("2001:db8::/64", NULL), .end = 1764450600},
		{.what = FLEET_PROOF, .key = key_of("[2001:db8::7]:5061", "tcp"),
		 .end = 1764453600},
		{.what = FLEET_LIFT, .key = key_of("203.0.113.9:5060", "udp")},
		{.what = FLEET_LIFT, .key = key_of("203.0.113.9", NULL)},
		{.what = FLEET_TEST, .nonce = "5f1c2a9be01d77c3"},
	};
	struct fleet_writer w;

	(void)state;
	fleet_writer_begin(&w, 1764450000123, 0x5f1c2a9be01d77c3);
	for (size_t i = 0; i < COUNT(entries); i++)
		assert_true(fleet_writer_add(&w, &entries[i]));
	assert_int_equal(fleet_message_read(w.data, w.length, &read_back), 0);
	assert_int_equal(read_back.sent, 1764450000123);
	assert_int_equal(read_back.run, 0x5f1c2a9be01d77c3);
	assert_int_equal(read_back.count, COUNT(entries));
	for (size_t i = 0; i < COUNT(entries); i++) {
		assert_int_equal(read_back.entry[i].what, entries[i].what);
		assert_memory_equal(&read_back.entry[i].key, &entries[i].key,
				    sizeof(entries[i].key));
		assert_int_equal(read_back.entry[i].end, entries[i].end);
		assert_int_equal(read_back.entry[i].cause, entries[i].cause);
		assert_string_equal(read_back.entry[i].nonce, entries[i].nonce);
	}
}

/* The longest entries there are fit a message, as many as one may have. */
static void a_full_message_has_all_entries(void **state)
{
	const struct fleet_entry entry = {
		.what = FLEET_BAN,
		.key = key_of("[2001:db8:1111:2222:3333:4444:5555:6666]:65535", "udp"),
		.end = 9999999999, .cause = SG_REASON_AUTH_FAILURE,
	};
	struct fleet_writer w;
	size_t count = 0;

	(void)state;
	fleet_writer_begin(&w, 1ULL << 50, ~0ULL);
	while (fleet_writer_add(&w, &entry))
		count++;
	assert_int_equal(count, FLEET_ENTRIES);
	assert_int_equal(w.count, FLEET_ENTRIES);
	assert_int_equal(fleet_message_read(w.data, w.length, &read_back), 0);
	assert_int_equal(read_back.count, FLEET_ENTRIES);
}

static void what_is_wrong_spoils_the_message(void **state)
{
	static const char *const wrong[] = {
		"", "\n", "sipguard-fleet 1 1764450000123 5f1c2a9be01d77c3", /* no end of line */
		"sipguard-fleet 1 1764450000123\n", "sipguard-fleet 1 x 5f1c2a9be01d77c3\n",
		"sipguard-fleet 1 1764450000123 5F1C2A9BE01D77C3\n",
		"sipguard-state 1 1764450000123 5f1c2a9be01d77c3\n",
		HEAD "ban 203.0.113.9:5060 udp 1764450600\n",
		HEAD "ban 203.0.113.9:5060 udp 1764450600 auth-failure more\n",
		HEAD "ban 203.0.113.9:5060 udp 1764450600 no-such-reason\n",
		HEAD "ban 203.0.113.9:5060 udp -1 auth-failure\n",
		HEAD "ban 203.0.113.9:5060 udp 99999999999999999999 auth-failure\n",
		HEAD "ban 203.0.113.9:5060 sctp 1764450600 auth-failure\n",
		HEAD "ban 203.0.113.9:5060 - 1764450600 auth-failure\n",
		HEAD "ban 203.0.113.9 udp 1764450600 auth-failure\n",
		HEAD "ban 0.0.0.0/0 - 1764450600 operator\n",
		HEAD "ban 203.0.113.0/24 - 1764450600 operator\n",
		HEAD "ban 2001:db8::/32 - 1764450600 operator\n",
		HEAD "ban  203.0.113.9 - 1764450600 operator\n",
		HEAD "proof 203.0.113.9 - 1764450600\n",
		HEAD "lift\n", HEAD "test\n", HEAD "test xyz\n",
		HEAD "test 5f1c2a9be01d77c35f1c2a9be01d77c3\n",
		HEAD "lift 203.0.113.9:5060 udp", /* cut off */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		if (reads(wrong[i]) != -EBADMSG)
			fail_msg("was read: %s", wrong[i]);
	}
}

static void a_nul_is_no_end(void **state)
{
	static const char text[] = HEAD "lift 203.0.113.9:5060 udp\0 x\n";

	(void)state;
	assert_int_equal(fleet_message_read(text, sizeof(text) - 1, &read_back), -EBADMSG);
}

static void another_version_is_told_from_a_mistake(void **state)
{
	(void)state;
	assert_int_equal(reads("sipguard-fleet 2 what ever\nnothing of ours\n"), -EPROTONOSUPPORT);
	assert_int_equal(reads("sipguard-fleet 0 1764450000123 5f1c2a9be01d77c3\n"),
			 -EPROTONOSUPPORT);
}

/* A later release may tell more. */
static void what_is_not_known_is_passed_over(void **state)
{
	(void)state;
	assert_int_equal(reads(HEAD "colour 203.0.113.9 blue\nlift 203.0.113.9 -\n"), 0);
	assert_int_equal(read_back.unknown, 1);
	assert_int_equal(read_back.count, 1);
}

static void too_many_and_too_long_are_refused(void **state)
{
	static char text[2 * FLEET_BYTES] = HEAD;

	(void)state;
	for (int i = 0; i < FLEET_ENTRIES + 1; i++)
		strcat(text, "lift 203.0.113.9 -\n");
	assert_int_equal(reads(text), -E2BIG);
	memset(text + strlen(HEAD), 'x', FLEET_BYTES);
	assert_int_equal(reads(text), -E2BIG);
}

/* A NAT gives a port to one inside for one host, and to another one for another host. */
static void only_what_nobody_forges_is_evidence(void **state)
{
	const struct sg_flow_key udp = key_of("203.0.113.9:5060", "udp");
	const struct sg_flow_key tcp = key_of("203.0.113.9:5060", "tcp");
	const struct sg_flow_key source = key_of("203.0.113.9", NULL);

	(void)state;
	assert_true(fleet_is_evidence(&udp, SG_REASON_AUTH_FAILURE));
	assert_false(fleet_is_evidence(&tcp, SG_REASON_AUTH_FAILURE));
	assert_false(fleet_is_evidence(&source, SG_REASON_AUTH_FAILURE));
	assert_true(fleet_is_evidence(&source, SG_REASON_NONE));
	for (__u32 reason = 1; reason < SG_REASON__MAX; reason++)
		assert_int_equal(fleet_is_evidence(&udp, reason),
				 reason == SG_REASON_AUTH_FAILURE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read_back),
		cmocka_unit_test(a_full_message_has_all_entries),
		cmocka_unit_test(what_is_wrong_spoils_the_message),
		cmocka_unit_test(a_nul_is_no_end),
		cmocka_unit_test(another_version_is_told_from_a_mistake),
		cmocka_unit_test(what_is_not_known_is_passed_over),
		cmocka_unit_test(too_many_and_too_long_are_refused),
		cmocka_unit_test(only_what_nobody_forges_is_evidence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
