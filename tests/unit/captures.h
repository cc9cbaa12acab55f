/* SPDX-License-Identifier: GPL-2.0-only */
/* Captures out of bytes, for the tests of user/replay/capture.c. */
#ifndef SIPGUARD_CAPTURES_H
#define SIPGUARD_CAPTURES_H

#include "unit.h"

#include <errno.h>
#include <stdbool.h>

#include "replay/capture.h"

/* Link types as they stand in a file (the tcpdump group's list). */
#define ETHERNET 1
#define NULL_LOOPBACK 0
#define RAW 101
#define LOOP 108
#define SLL 113
#define IPV4 228
#define IPV6 229
#define SLL2 276
#define PPP 9
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

static int open_bytes(const struct bytes *b, struct capture **capture, struct error *why)
{
	struct memory_file file = memory_file(b->at, b->length);
	int err;

	*why = (struct error){};
	err = capture_open(file.path, capture, why);

	memory_file_end(&file);
	return err;
}

static int next(struct capture *capture, struct frame *frame)
{
	struct error why = {};

	return capture_next(capture, frame, &why);
}

static void assert_frame(const struct frame *frame, uint16_t type, const void *packet,
			 size_t length)
{
	assert_int_equal(frame->length, ETH_HLEN + length);
	assert_int_equal(frame->bytes[12] << 8 | frame->bytes[13], type);
	assert_memory_equal(frame->bytes + ETH_HLEN, packet, length);
	assert_int_equal(frame->missing, 0);
}

#endif
