// SPDX-License-Identifier: GPL-2.0-only
/* What is wrapped is named, what is not is not, and frames of any length are read to their end. */
#include "unit.h"

#include "replay/encapsulation.h"

#define MAC "\2\0\0\0\0\1\2\0\0\0\0\2"
#define IP4(protocol, fragment)                                                                   \
	MAC "\x08\0\x45\0\0\x64\0\1" fragment "\x40" protocol "\0\0\xc0\0\2\1\xc0\0\2\2"
#define IP6(next) MAC "\x86\xdd\x60\0\0\0\0\x40" next "\x40" "source..source..destina.destina."
#define EIGHT_TAGS                                                                                \
	"\x88\xa8\0\1\x81\0\0\2\x91\0\0\3\x92\0\0\4\x81\0\0\5\x81\0\0\6\x81\0\0\7\x81\0\0\x8"
#define PPPOE "\x88\x64\x11\0\0\1\0\2"
#define WHOLE "\0\0"
#define LATER "\0\5"

static const struct {
	const char *name;
	enum encapsulation found;
	const char *bytes;
	size_t length;
} cases[] = {
#define CASE(name, found, bytes) {name, ENCAPSULATION_##found, bytes, sizeof(bytes) - 1}
	CASE("UDP", NONE, IP4("\x11", WHOLE) "\x12\xb5\x13\xc4\0\x10\0\0"),
	CASE("TCP", NONE, IP4("\x06", WHOLE) "\x12\xb5\x13\xc4\0\x10\0\0"),
	CASE("ARP", NONE, MAC "\x08\6whatever"),
	CASE("from the port of VXLAN", NONE, IP4("\x11", WHOLE) "\x12\xb5\0\x35\0\x10\0\0"),
	CASE("VXLAN", VXLAN, IP4("\x11", WHOLE) "\x13\xc4\x12\xb5\0\x10\0\0"),
	CASE("old VXLAN", VXLAN, IP4("\x11", WHOLE) "\x13\xc4\x21\x18\0\x10\0\0"),
	CASE("VXLAN to be, in a later fragment", NONE, IP4("\x11", LATER) "\x13\xc4\x12\xb5"),
	CASE("Geneve", GENEVE, IP4("\x11", WHOLE) "\x13\xc4\x17\xc1\0\x10\0\0"),
	CASE("GTP", GTP, IP4("\x11", WHOLE) "\x08\x68\x08\x68\0\x10\0\0"),
	CASE("L2TP over UDP", L2TP, IP4("\x11", WHOLE) "\x06\xa5\x06\xa5\0\x10\0\0"),
	CASE("L2TP over IP", L2TP, IP4("\x73", WHOLE)),
	CASE("GRE", GRE, IP4("\x2f", WHOLE)),
	CASE("GRE, a later fragment", GRE, IP4("\x2f", LATER)),
	CASE("IP in IP", IPIP, IP4("\x04", WHOLE)),
	CASE("IPv6 in IP", IPIP, IP4("\x29", WHOLE)),
	CASE("ESP", ESP, IP4("\x32", WHOLE)),
	CASE("SCTP", SCTP, IP4("\x84", WHOLE)),
	CASE("IP options before VXLAN", VXLAN,
	     MAC "\x08\0\x46\0\0\x64\0\1\0\0\x40\x11\0\0\xc0\0\2\1\xc0\0\2\2\1\1\1\1"
	     "\x13\xc4\x12\xb5\0\x10\0\0"),
	CASE("IPv6, GRE", GRE, IP6("\x2f")),
	CASE("IPv6, UDP", NONE, IP6("\x11") "\x13\xc4\x13\xc4\0\x10\0\0"),
	CASE("IPv6, extension headers, GRE", GRE, IP6("\0") "\x3c\0\1\4\0\0\0\0"
	     "\x2f\0\1\4\0\0\0\0"),
	CASE("IPv6, AH, IPv4", IPIP, IP6("\x33") "\4\4\0\0\0\0\0\0\0\0\0\0iiiiiiiiiiii"),
	CASE("IPv6, later fragment of VXLAN", NONE, IP6("\x2c") "\x11\0\0\x11\0\0\0\1"
	     "\x13\xc4\x12\xb5\0\x10\0\0"),
	CASE("two tags", NONE, MAC "\x88\xa8\0\1\x81\0\0\2\x08\6whatever"),
	CASE("two tags, GRE", GRE, MAC "\x88\xa8\0\1\x81\0\0\2\x08\0"
	     "\x45\0\0\x64\0\1\0\0\x40\x2f\0\0\xc0\0\2\1\xc0\0\2\2"),
	CASE("three tags, GRE", GRE, MAC "\x88\xa8\0\1\x81\0\0\2\x91\0\0\3\x08\0"
	     "\x45\0\0\x64\0\1\0\0\x40\x2f\0\0\xc0\0\2\1\xc0\0\2\2"),
	CASE("eight tags", NONE, MAC EIGHT_TAGS "\x08\6whatever"),
	CASE("nine tags", VLAN, MAC EIGHT_TAGS "\x81\0\0\3\x08\0"),
	CASE("MPLS", MPLS, MAC "\x88\x47\0\1\1\xff"),
	CASE("PPPoE, multilink", PPPOE, MAC PPPOE "\0\x3d"),
	CASE("PPPoE, compressed headers", PPPOE, MAC PPPOE "\x2d"),
	CASE("PPPoE, LCP", NONE, MAC PPPOE "\xc0\x21"),
	CASE("PPPoE, UDP", NONE, MAC PPPOE "\0\x21" "\x45\0\0\x64\0\1\0\0\x40\x11\0\0"
	     "\xc0\0\2\1\xc0\0\2\2" "\x13\xc4\x13\xc4\0\x10\0\0"),
	CASE("PPPoE, short protocol, GRE", GRE, MAC PPPOE "\x21"
	     "\x45\0\0\x64\0\1\0\0\x40\x2f\0\0\xc0\0\2\1\xc0\0\2\2"),
	CASE("PPPoE, IPv6, ESP", ESP, MAC PPPOE "\0\x57" "\x60\0\0\0\0\x40\x32\x40"
	     "source..source..destina.destina."),
	CASE("AH, GRE", GRE, IP4("\x33", WHOLE) "\x2f\4\0\0\0\0\0\0\0\0\0\0iiiiiiiiiiii"),
	CASE("AH, a later fragment", NONE, IP4("\x33", LATER) "\x2f\4\0\0\0\0\0\0"),
#undef CASE
};

/* `length` bytes on the heap, so that the sanitizer sees the first byte that is read beyond. */
static enum encapsulation find(const char *bytes, size_t length, bool *cut)
{
	__u8 *exact = malloc(length + !length);
	struct frame frame = {.bytes = exact, .length = length};
	enum encapsulation found;

	assert_non_null(exact);
	memcpy(exact, bytes, length);
	found = encapsulation_find(&frame, cut);
	free(exact);
	return found;
}

static void test_what_wraps_a_packet_is_named(void **state)
{
	bool cut;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		enum encapsulation found = find(cases[i].bytes, cases[i].length, &cut);

		if (found != cases[i].found)
			fail_msg("%s: found %d", cases[i].name, found);
		if (cut)
			fail_msg("%s: taken for cut", cases[i].name);
	}
}

/* Never another answer than for the whole packet, unless it is that the packet was cut. */
static void test_a_packet_that_ends_early_is_cut(void **state)
{
	bool cut;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		for (size_t length = 0; length < cases[i].length; length++) {
			enum encapsulation found = find(cases[i].bytes, length, &cut);

			if (found != cases[i].found && !cut)
				fail_msg("%s, %zu bytes: found %d", cases[i].name, length, found);
		}
	}
}

static void test_random_bytes_are_read_to_their_end_only(void **state)
{
	uint64_t seed = 5060;
	char bytes[128];
	bool cut;

	(void)state;
	for (int round = 0; round < 100000; round++) {
		size_t length = random_next(&seed) % sizeof(bytes);
		size_t start = cases[round % COUNT(cases)].length;

		for (size_t i = 0; i < length; i += 8)
			memcpy(bytes + i, &(uint64_t){random_next(&seed)}, 8);
		memcpy(bytes, cases[round % COUNT(cases)].bytes,
		       random_next(&seed) % (start < length ? start + 1 : length + 1));
		assert_in_range(find(bytes, length, &cut), 0, ENCAPSULATION__MAX - 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_wraps_a_packet_is_named),
		cmocka_unit_test(test_a_packet_that_ends_early_is_cut),
		cmocka_unit_test(test_random_bytes_are_read_to_their_end_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
