// SPDX-License-Identifier: GPL-2.0-only
/* Captures of every link type become the same Ethernet frames; damaged ones say so. */
#include "captures.h"

static const struct link_case {
	const char *name;
	uint32_t type;
	uint16_t protocol; /* of the frame */
	const char *header;
	size_t size;
	const char *packet;
	size_t length;
} links[] = {
#define LINK(name, type, protocol, header, packet)                                                \
	{name, type, protocol, header, sizeof(header) - 1, packet, sizeof(packet) - 1}
	LINK("Ethernet", ETHERNET, 0x0800, "\1\2\3\4\5\6\1\2\3\4\5\7\x08\0", PACKET4),
	LINK("Ethernet, tagged", ETHERNET, 0x8100, "\1\2\3\4\5\6\1\2\3\4\5\7\x81\0",
	     "\0\5\x08\0" PACKET4),
	LINK("raw", RAW, 0x0800, "", PACKET4),
	LINK("raw, IPv6", RAW, 0x86dd, "", PACKET6),
	LINK("raw, no IP", RAW, 0xffff, "", "\x12\x34"),
	LINK("IPv4", IPV4, 0x0800, "", PACKET4),
	LINK("IPv6", IPV6, 0x86dd, "", PACKET6),
	LINK("null, little-endian", NULL_LOOPBACK, 0x0800, "\2\0\0\0", PACKET4),
	LINK("null, big-endian", NULL_LOOPBACK, 0x0800, "\0\0\0\2", PACKET4),
	LINK("null, IPv6 of Linux", NULL_LOOPBACK, 0x86dd, "\12\0\0\0", PACKET6),
	LINK("null, IPv6 of OpenBSD", NULL_LOOPBACK, 0x86dd, "\30\0\0\0", PACKET6),
	LINK("null, IPv6 of FreeBSD", NULL_LOOPBACK, 0x86dd, "\34\0\0\0", PACKET6),
	LINK("null, IPv6 of macOS", NULL_LOOPBACK, 0x86dd, "\36\0\0\0", PACKET6),
	LINK("null, family against version", NULL_LOOPBACK, 0xffff, "\2\0\0\0", PACKET6),
	LINK("null, AppleTalk", NULL_LOOPBACK, 0xffff, "\20\0\0\0", PACKET4),
	LINK("null, two bytes of family", NULL_LOOPBACK, 0xffff, "\2\2\0\0", PACKET4),
	LINK("loop", LOOP, 0x0800, "\0\0\0\2", PACKET4),
	LINK("cooked", SLL, 0x0800, "\0\0\0\1\0\6\1\2\3\4\5\6\0\0\x08\0", PACKET4),
	LINK("cooked, ARP", SLL, 0x0806, "\0\0\0\1\0\6\1\2\3\4\5\6\0\0\x08\6", "whatever"),
	LINK("PPP", PPP, 0x0800, "\0\x21", PACKET4),
	LINK("PPP, framed, IPv6", PPP, 0x86dd, "\xff\3\0\x57", PACKET6),
	LINK("PPP, LCP", PPP, 0xffff, "\xff\3\xc0\x21", "\1\1\0\4"),
	LINK("cooked 2", SLL2, 0x86dd, "\x86\xdd\0\0\0\0\0\3\0\1\0\6\1\2\3\4\5\6\0\0", PACKET6),
#undef LINK
};

static void check_link(const struct link_case *link)
{
	struct capture *capture;
	struct bytes file = {}, packet = {};
	struct frame frame;
	struct error why = {};

	put(&packet, link->header, link->size);
	put(&packet, link->packet, link->length);
	put_file_header(&file, false, link->type);
	put_packet(&file, 250000, packet.at, packet.length, packet.length);
	put_packet(&file, 250001, packet.at, packet.length, packet.length);
	if (open_bytes(&file, &capture, &why))
		fail_msg("%s: %s", link->name, why.text);
	for (int i = 0; i < 2; i++) {
		if (next(capture, &frame) != 1)
			fail_msg("%s: no packet %d", link->name, i);
		assert_frame(&frame, link->protocol, link->packet, link->length);
		assert_int_equal(frame.time, START * NSEC + 250000000 + i * 1000);
	}
	assert_int_equal(next(capture, &frame), 0);
	assert_int_equal(next(capture, &frame), 0);
	capture_close(capture);
}

static void test_every_link_type_becomes_ethernet(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(links); i++)
		check_link(&links[i]);
}

static void test_a_packet_without_its_link_header_is_empty(void **state)
{
	static const uint32_t sizes[][2] = {
		{ETHERNET, 14}, {SLL, 16}, {SLL2, 20}, {LOOP, 4}, {PPP, 2},
	};
	struct capture *capture;
	struct frame frame;
	struct error why = {};

	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		struct bytes file = {};
		char zeros[32] = {};

		put_file_header(&file, false, sizes[i][0]);
		put_packet(&file, 0, zeros, sizes[i][1] - 1, 100);
		put_packet(&file, 0, zeros, 0, 0);
		put_packet(&file, 0, zeros, sizes[i][1], sizes[i][1]);
		assert_int_equal(open_bytes(&file, &capture, &why), 0);
		assert_int_equal(next(capture, &frame), 1);
		assert_int_equal(frame.length, 0);
		assert_int_equal(frame.missing, 100);
		assert_int_equal(next(capture, &frame), 1);
		assert_int_equal(frame.length, 0);
		assert_int_equal(next(capture, &frame), 1);
		assert_int_equal(frame.length, ETH_HLEN);
		capture_close(capture);
	}
}

static void test_nanoseconds_and_missing_bytes(void **state)
{
	struct capture *capture;
	struct bytes file = {};
	struct frame frame;
	struct error why = {};

	(void)state;
	put_file_header(&file, true, RAW);
	put_packet(&file, 123456789, PACKET4, 20, 1400);
	put_packet(&file, 4294967295U, PACKET4, 20, 10); /* nonsense, and harmless */
	assert_int_equal(open_bytes(&file, &capture, &why), 0);
	assert_int_equal(next(capture, &frame), 1);
	assert_int_equal(frame.time, START * NSEC + 123456789);
	assert_int_equal(frame.missing, 1380);
	assert_int_equal(next(capture, &frame), 1);
	assert_in_range(frame.time, START * NSEC, START * NSEC + NSEC);
	assert_int_equal(frame.missing, 0);
	capture_close(capture);
}

/* --- pcapng (draft-ietf-opsawg-pcapng), in either byte order --- */

static bool big_endian; /* of what is put into a pcapng */

static void put_number(struct bytes *b, uint64_t value, int size)
{
	for (int i = 0; i < size; i++) {
		int place = big_endian ? size - 1 - i : i;
		char byte = value >> 8 * place;

		put(b, &byte, 1);
	}
}

static void put_block(struct bytes *b, uint32_t type, const struct bytes *body)
{
	static const char padding[4];
	size_t pad = -body->length % 4;

	put_number(b, type, 4);
	put_number(b, body->length + pad + 12, 4);
	put(b, body->at, body->length);
	put(b, padding, pad);
	put_number(b, body->length + pad + 12, 4);
}

static void put_section(struct bytes *b)
{
	struct bytes body = {};

	put_number(&body, 0x1a2b3c4d, 4);
	put_number(&body, 1, 2);
	put_number(&body, 0, 2);
	put_number(&body, UINT64_MAX, 8); /* its length: unknown */
	put_block(b, 0x0a0d0d0a, &body);
}

/* Times in units of 10 to the power of minus `digits`, from `offset` seconds after 1970 on. */
static void put_interface(struct bytes *b, uint16_t link, uint32_t snaplen, int digits,
			  uint64_t offset)
{
	struct bytes body = {};

	put_number(&body, link, 2);
	put_number(&body, 0, 2);
	put_number(&body, snaplen, 4);
	put_number(&body, 9, 2); /* if_tsresol */
	put_number(&body, 1, 2);
	put(&body, &(char){digits}, 1);
	put(&body, "\0\0\0", 3);
	put_number(&body, 14, 2); /* if_tsoffset */
	put_number(&body, 8, 2);
	put_number(&body, offset, 8);
	put_number(&body, 0, 4); /* opt_endofopt */
	put_block(b, 1, &body);
}

#define ENHANCED 6
#define OBSOLETE 2 /* packet block of old files: its interface has 16 bits, and drops follow */

static void put_captured(struct bytes *b, uint32_t type, uint32_t interface, uint64_t time,
			 const char *packet, size_t length)
{
	struct bytes body = {};

	put_number(&body, interface, type == OBSOLETE ? 2 : 4);
	if (type == OBSOLETE)
		put_number(&body, 0, 2);
	put_number(&body, time >> 32, 4);
	put_number(&body, time & UINT32_MAX, 4);
	put_number(&body, length, 4);
	put_number(&body, length, 4);
	put(&body, packet, length);
	put_block(b, type, &body);
}

/* Of the first interface, and without a time. */
static void put_simple(struct bytes *b, const char *packet, size_t length)
{
	struct bytes body = {};

	put_number(&body, length, 4);
	put(&body, packet, length);
	put_block(b, 3, &body);
}

#define ETHERNET4 "\1\2\3\4\5\6\1\2\3\4\5\7\x08\0" PACKET4
#define COOKED6 "\0\0\0\1\0\6\1\2\3\4\5\6\0\0\x86\xdd" PACKET6
#define STRING(text) (text), sizeof(text) - 1

/* What libpcap refuses, and an interface that only comes when packets are there already. */
static void put_mixed(struct bytes *b)
{
	const struct bytes unknown = {"what is not known is skipped", 28};

	put_section(b);
	put_interface(b, ETHERNET, 262144, 9, 0);
	put_interface(b, RAW, 65535, 6, START);
	put_captured(b, ENHANCED, 0, START * NSEC + 1, STRING(ETHERNET4));
	put_captured(b, ENHANCED, 1, 2, STRING(PACKET4));
	put_block(b, 0x12345, &unknown);
	put_interface(b, SLL, 0, 3, START);
	put_captured(b, ENHANCED, 2, 3, STRING(COOKED6));
	put_captured(b, OBSOLETE, 1, 4, STRING(PACKET6));
	put_simple(b, STRING(ETHERNET4));
	put_interface(b, BLUETOOTH, 0, 6, START);
	put_captured(b, ENHANCED, 3, 5, STRING("\0\0\0\0whatever"));
}

/* One that mixed.pcapng has, and when. */
static void assert_next(struct capture *capture, uint16_t type, const char *packet, size_t length,
			uint64_t after)
{
	struct frame frame;

	assert_int_equal(next(capture, &frame), 1);
	assert_false(frame.foreign);
	assert_frame(&frame, type, packet, length);
	assert_int_equal(frame.time, START * NSEC + after);
}

/* With a second section, whose interfaces are others and whose byte order may be. */
static void check_mixed(bool first, bool second)
{
	struct capture *capture;
	struct bytes file = {};
	struct frame frame;
	struct error why = {};

	big_endian = first;
	put_mixed(&file);
	big_endian = second;
	put_section(&file);
	put_interface(&file, SLL2, 128, 9, 0);
	put_captured(&file, ENHANCED, 0, START * NSEC + 6,
		     STRING("\x08\0\0\0\0\0\0\3\0\1\0\6\1\2\3\4\5\6\0\0" PACKET4));
	if (open_bytes(&file, &capture, &why))
		fail_msg("%s", why.text);
	assert_next(capture, 0x0800, STRING(PACKET4), 1);
	assert_next(capture, 0x0800, STRING(PACKET4), 2000);
	assert_next(capture, 0x86dd, STRING(PACKET6), 3000000);
	assert_next(capture, 0x86dd, STRING(PACKET6), 4000);
	assert_next(capture, 0x0800, STRING(PACKET4), 4000);
	assert_int_equal(next(capture, &frame), 1);
	assert_true(frame.foreign);
	assert_int_equal(frame.length, 0);
	assert_next(capture, 0x0800, STRING(PACKET4), 6);
	assert_int_equal(next(capture, &frame), 0);
	capture_close(capture);
}

static void test_pcapng_of_interfaces_that_differ(void **state)
{
	(void)state;
	for (int orders = 0; orders < 4; orders++)
		check_mixed(orders & 1, orders & 2);
}

/* Reads to the end, whatever is in it: the packets, and whether the end was told as one. */
static int read_all(const struct bytes *file, bool *whole)
{
	struct capture *capture;
	struct frame frame;
	struct error why = {};
	volatile uint8_t bits = 0;
	int count = 0, result;

	*whole = false;
	if (open_bytes(file, &capture, &why)) {
		assert_true(why.text[0]);
		assert_null(strchr(why.text, '\n'));
		return -1;
	}
	while ((result = capture_next(capture, &frame, &why)) == 1) {
		for (uint32_t i = 0; i < frame.length; i++)
			bits |= frame.bytes[i]; /* the sanitizer sees each byte */
		count++;
	}
	*whole = !result;
	assert_int_equal(!result, !why.text[0]);
	assert_null(strchr(why.text, '\n'));
	capture_close(capture);
	return count;
}

static void test_a_pcapng_cut_at_any_byte_says_so(void **state)
{
	struct bytes file = {}, cut;
	size_t starts[16] = {}, ends = 0;
	bool whole;

	(void)state;
	big_endian = false;
	put_mixed(&file);
	for (size_t at = 0; at < file.length; ends++) {
		uint32_t length;

		starts[ends] = at;
		memcpy(&length, file.at + at + 4, 4);
		at += length;
	}
	assert_int_equal(read_all(&file, &whole), 6);
	assert_true(whole);
	for (cut = file, cut.length = 0; cut.length < file.length; cut.length++) {
		bool between = false;
		int count = read_all(&cut, &whole);

		for (size_t i = 1; i < ends; i++)
			between |= cut.length == starts[i];
		if (count >= 0 ? whole != between : between)
			fail_msg("cut to %zu bytes: %d packets", cut.length, count);
	}
}

/* Each byte, and each 32-bit word, as what a length or a number should not be. */
static void test_a_damaged_pcapng_harms_nobody(void **state)
{
	static const uint32_t words[] = {0, 1, 3, 11, 12, 0x7fffffff, 0x80000000, 0xffffffff};
	struct bytes file = {};
	uint64_t seed = 5060;
	bool whole;

	(void)state;
	big_endian = false;
	put_mixed(&file);
	for (size_t at = 0; at + 4 <= file.length; at += 4) {
		for (size_t i = 0; i < COUNT(words); i++) {
			struct bytes damaged = file;

			memcpy(damaged.at + at, &words[i], 4);
			read_all(&damaged, &whole);
		}
	}
	for (int round = 0; round < 3000; round++) {
		struct bytes damaged = file;

		for (int i = 0; i < 4; i++)
			damaged.at[random_next(&seed) % file.length] = random_next(&seed) >> 32;
		read_all(&damaged, &whole);
	}
}

static void test_a_file_that_breaks_off_says_so(void **state)
{
	struct capture *capture;
	struct bytes file = {};
	struct frame frame;
	struct error why = {};
	size_t whole;

	(void)state;
	put_file_header(&file, false, RAW);
	for (int i = 0; i < 3; i++) {
		whole = file.length;
		put_packet(&file, 0, PACKET4, 20, 20);
	}
	for (size_t length = whole; length < file.length; length++) {
		struct bytes cut = file;

		cut.length = length;
		assert_int_equal(open_bytes(&cut, &capture, &why), 0);
		assert_int_equal(next(capture, &frame), 1);
		assert_int_equal(next(capture, &frame), 1);
		if (capture_next(capture, &frame, &why) !=
		    (length == whole ? 0 : -EIO))
			fail_msg("cut to %zu bytes", length);
		if (length > whole)
			assert_non_null(strstr(why.text, "truncated"));
		capture_close(capture);
	}
}

/* In the first two packets, too, where wiretap may take it for something else. */
static void test_a_pcap_cut_at_any_byte_says_so(void **state)
{
	struct bytes file = {}, cut;
	bool whole;

	(void)state;
	put_file_header(&file, false, RAW);
	put_packet(&file, 0, PACKET4, 20, 20);
	put_packet(&file, 0, PACKET4, 20, 20);
	for (cut = file, cut.length = 0; cut.length <= file.length; cut.length++) {
		int count = read_all(&cut, &whole);
		bool between = cut.length >= 24 && !((cut.length - 24) % 36);

		if (count >= 0 ? whole != between : between)
			fail_msg("cut to %zu bytes: %d packets", cut.length, count);
	}
}

static void test_nonsense_in_a_header_ends_the_reading(void **state)
{
	struct capture *capture;
	struct bytes file = {};
	struct frame frame;
	struct error why = {};

	(void)state;
	put_file_header(&file, false, RAW);
	for (int i = 0; i < 3; i++)
		put_packet(&file, 0, PACKET4, 20, 20);
	put32(&file, 0);
	put32(&file, 0);
	put32(&file, 0x7fffffff);
	put32(&file, 0x7fffffff);
	assert_int_equal(open_bytes(&file, &capture, &why), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(next(capture, &frame), 1);
	assert_int_equal(capture_next(capture, &frame, &why), -EIO);
	assert_true(why.text[0]);
	capture_close(capture);
}

static void test_what_cannot_be_opened_is_explained(void **state)
{
	struct capture *capture;
	struct bytes file = {};
	struct error why = {};

	(void)state;
	assert_int_equal(capture_open("/nonexistent.pcap", &capture, &why), -ENOENT);
	assert_string_equal(why.text, "cannot open /nonexistent.pcap: No such file or directory.");
	why = (struct error){};
	assert_int_equal(capture_open("/tmp", &capture, &why), -EISDIR);
	assert_non_null(strstr(why.text, "--raw /tmp"));
	assert_int_equal(open_bytes(&file, &capture, &why), -EINVAL);
	assert_non_null(strstr(why.text, "is empty"));
	put(&file, "INVITE sip:bob@example.com SIP/2.0\r\n", 36);
	assert_int_equal(open_bytes(&file, &capture, &why), -EINVAL);
	assert_non_null(strstr(why.text, "not a capture"));
	file.length = 0;
	put_file_header(&file, false, BLUETOOTH);
	assert_int_equal(open_bytes(&file, &capture, &why), -EPROTONOSUPPORT);
	assert_non_null(strstr(why.text, "(Bluetooth H4 with linux header)"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_link_type_becomes_ethernet),
		cmocka_unit_test(test_a_packet_without_its_link_header_is_empty),
		cmocka_unit_test(test_nanoseconds_and_missing_bytes),
		cmocka_unit_test(test_pcapng_of_interfaces_that_differ),
		cmocka_unit_test(test_a_pcapng_cut_at_any_byte_says_so),
		cmocka_unit_test(test_a_damaged_pcapng_harms_nobody),
		cmocka_unit_test(test_a_file_that_breaks_off_says_so),
		cmocka_unit_test(test_a_pcap_cut_at_any_byte_says_so),
		cmocka_unit_test(test_nonsense_in_a_header_ends_the_reading),
		cmocka_unit_test(test_what_cannot_be_opened_is_explained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
