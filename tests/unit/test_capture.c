// SPDX-License-Identifier: GPL-2.0-only
/* Captures of every link type become the same Ethernet frames; damaged ones say so. */
#include "unit.h"

#include <errno.h>
#include <stdbool.h>

#include "capture.h"

/* Link types as they stand in a file (the tcpdump group's list). */
#define ETHERNET 1
#define NULL_LOOPBACK 0
#define RAW 101
#define LOOP 108
#define SLL 113
#define IPV4 228
#define IPV6 229
#define SLL2 276
#define BLUETOOTH 201

#define NSEC 1000000000ULL
#define START 1700000000ULL /* seconds */

#define PACKET4 "\x45\x00\x00\x14\0\0\0\0\x40\x11\0\0\xc0\0\2\1\xc0\0\2\2"
#define PACKET6 "\x60\0\0\0\0\0\x3b\x40" "source..source.." "destina.destina."

struct bytes {
	char at[4096];
	size_t length;
};

static void put(struct bytes *b, const void *bytes, size_t length)
{
	assert_true(b->length + length <= sizeof(b->at));
	memcpy(b->at + b->length, bytes, length);
	b->length += length;
}

static void put32(struct bytes *b, uint32_t value)
{
	put(b, &value, sizeof(value));
}

/* In microseconds (a1b2c3d4) or nanoseconds. */
static void put_file_header(struct bytes *b, bool nano, uint32_t type)
{
	const uint16_t version[2] = {2, 4};

	put32(b, nano ? 0xa1b23c4d : 0xa1b2c3d4);
	put(b, version, sizeof(version));
	put32(b, 0);
	put32(b, 0);
	put32(b, 65535);
	put32(b, type);
}

static void put_packet(struct bytes *b, uint32_t fraction, const void *bytes, uint32_t length,
		       uint32_t wire)
{
	put32(b, START);
	put32(b, fraction);
	put32(b, length);
	put32(b, wire);
	put(b, bytes, length);
}

static int open_bytes(const struct bytes *b, struct capture **capture, char *why)
{
	struct memory_file file = memory_file(b->at, b->length);
	int err = capture_open(file.path, capture, why, 640);

	memory_file_end(&file);
	return err;
}

static int next(struct capture *capture, struct frame *frame)
{
	char why[640];

	return capture_next(capture, frame, why, sizeof(why));
}

static void assert_frame(const struct frame *frame, uint16_t type, const void *packet,
			 size_t length)
{
	assert_int_equal(frame->length, ETH_HLEN + length);
	assert_int_equal(frame->bytes[12] << 8 | frame->bytes[13], type);
	assert_memory_equal(frame->bytes + ETH_HLEN, packet, length);
	assert_int_equal(frame->missing, 0);
}

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
	LINK("cooked 2", SLL2, 0x86dd, "\x86\xdd\0\0\0\0\0\3\0\1\0\6\1\2\3\4\5\6\0\0", PACKET6),
#undef LINK
};

static void check_link(const struct link_case *link)
{
	struct capture *capture;
	struct bytes file = {}, packet = {};
	struct frame frame;
	char why[640] = "";

	put(&packet, link->header, link->size);
	put(&packet, link->packet, link->length);
	put_file_header(&file, false, link->type);
	put_packet(&file, 250000, packet.at, packet.length, packet.length);
	put_packet(&file, 250001, packet.at, packet.length, packet.length);
	if (open_bytes(&file, &capture, why))
		fail_msg("%s: %s", link->name, why);
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
	static const uint32_t sizes[][2] = {{ETHERNET, 14}, {SLL, 16}, {SLL2, 20}, {LOOP, 4}};
	struct capture *capture;
	struct frame frame;
	char why[640];

	(void)state;
	for (size_t i = 0; i < COUNT(sizes); i++) {
		struct bytes file = {};
		char zeros[32] = {};

		put_file_header(&file, false, sizes[i][0]);
		put_packet(&file, 0, zeros, sizes[i][1] - 1, 100);
		put_packet(&file, 0, zeros, 0, 0);
		put_packet(&file, 0, zeros, sizes[i][1], sizes[i][1]);
		assert_int_equal(open_bytes(&file, &capture, why), 0);
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
	char why[640];

	(void)state;
	put_file_header(&file, true, RAW);
	put_packet(&file, 123456789, PACKET4, 20, 1400);
	put_packet(&file, 4294967295U, PACKET4, 20, 10); /* nonsense, and harmless */
	assert_int_equal(open_bytes(&file, &capture, why), 0);
	assert_int_equal(next(capture, &frame), 1);
	assert_int_equal(frame.time, START * NSEC + 123456789);
	assert_int_equal(frame.missing, 1380);
	assert_int_equal(next(capture, &frame), 1);
	assert_in_range(frame.time, START * NSEC, START * NSEC + NSEC);
	assert_int_equal(frame.missing, 0);
	capture_close(capture);
}

/* One section, one interface of nanoseconds (option 9 of the interface block), one packet. */
static void test_pcapng(void **state)
{
	struct capture *capture;
	struct bytes file = {};
	struct frame frame;
	uint64_t time = START * NSEC + 42;
	char why[640] = "";

	(void)state;
	put(&file, "\x0a\x0d\x0d\x0a\x1c\0\0\0\x4d\x3c\x2b\x1a\1\0\0\0", 16);
	put(&file, "\xff\xff\xff\xff\xff\xff\xff\xff\x1c\0\0\0", 12);
	put(&file, "\1\0\0\0\x20\0\0\0\x65\0\0\0\0\0\0\0", 16);
	put(&file, "\x09\0\1\0\x09\0\0\0\0\0\0\0\x20\0\0\0", 16);
	put(&file, "\6\0\0\0\x34\0\0\0\0\0\0\0", 12);
	put32(&file, time >> 32);
	put32(&file, time);
	put32(&file, 20);
	put32(&file, 20);
	put(&file, PACKET4, 20);
	put32(&file, 0x34);
	if (open_bytes(&file, &capture, why))
		fail_msg("%s", why);
	assert_int_equal(next(capture, &frame), 1);
	assert_frame(&frame, 0x0800, PACKET4, 20);
	assert_int_equal(frame.time, time);
	assert_int_equal(next(capture, &frame), 0);
	capture_close(capture);
}

static void test_a_file_that_breaks_off_says_so(void **state)
{
	struct capture *capture;
	struct bytes file = {};
	struct frame frame;
	char why[640] = "";
	size_t whole;

	(void)state;
	put_file_header(&file, false, RAW);
	put_packet(&file, 0, PACKET4, 20, 20);
	whole = file.length;
	put_packet(&file, 0, PACKET4, 20, 20);
	for (size_t length = whole; length < file.length; length++) {
		struct bytes cut = file;

		cut.length = length;
		assert_int_equal(open_bytes(&cut, &capture, why), 0);
		assert_int_equal(next(capture, &frame), 1);
		assert_int_equal(capture_next(capture, &frame, why, sizeof(why)),
				 length == whole ? 0 : -EIO);
		if (length > whole)
			assert_non_null(strstr(why, "truncated"));
		capture_close(capture);
	}
}

static void test_nonsense_in_a_header_ends_the_reading(void **state)
{
	struct capture *capture;
	struct bytes file = {};
	struct frame frame;
	char why[640] = "";

	(void)state;
	put_file_header(&file, false, RAW);
	put32(&file, 0);
	put32(&file, 0);
	put32(&file, 0x7fffffff);
	put32(&file, 0x7fffffff);
	assert_int_equal(open_bytes(&file, &capture, why), 0);
	assert_int_equal(capture_next(capture, &frame, why, sizeof(why)), -EIO);
	assert_true(why[0]);
	capture_close(capture);
}

static void test_what_cannot_be_opened_is_explained(void **state)
{
	struct capture *capture;
	struct bytes file = {};
	char why[640];

	(void)state;
	assert_int_equal(capture_open("/nonexistent.pcap", &capture, why, sizeof(why)), -ENOENT);
	assert_string_equal(why, "cannot open /nonexistent.pcap: No such file or directory.");
	assert_int_equal(capture_open("/tmp", &capture, why, sizeof(why)), -EISDIR);
	assert_non_null(strstr(why, "--raw /tmp"));
	assert_int_equal(open_bytes(&file, &capture, why), -EINVAL);
	assert_non_null(strstr(why, "not a capture"));
	put(&file, "INVITE sip:bob@example.com SIP/2.0\r\n", 36);
	assert_int_equal(open_bytes(&file, &capture, why), -EINVAL);
	assert_non_null(strstr(why, "not a capture"));
	file.length = 0;
	put_file_header(&file, false, BLUETOOTH);
	assert_int_equal(open_bytes(&file, &capture, why), -EPROTONOSUPPORT);
	assert_non_null(strstr(why, "BLUETOOTH_HCI_H4_WITH_PHDR"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_link_type_becomes_ethernet),
		cmocka_unit_test(test_a_packet_without_its_link_header_is_empty),
		cmocka_unit_test(test_nanoseconds_and_missing_bytes),
		cmocka_unit_test(test_pcapng),
		cmocka_unit_test(test_a_file_that_breaks_off_says_so),
		cmocka_unit_test(test_nonsense_in_a_header_ends_the_reading),
		cmocka_unit_test(test_what_cannot_be_opened_is_explained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
