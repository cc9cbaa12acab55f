// SPDX-License-Identifier: GPL-2.0-only
/* What a collector of HEP3 is sent: packets taken apart, chunks, and the way to it. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "hep/collector.h"
#include "hep/frame.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))
#define ETHER "\2\0\0\0\0\2\2\0\0\0\0\1"
#define IP4_TO(length, fragment, protocol)                                                        \
	"\x45\0\0" length "\0\1" fragment "\x40" protocol "\0\0\xcb\0\x71\7\xc0\0\2\x0a"
#define IP6_FROM "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x20"
#define IP6_TO "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x10"
#define PORTS "\x13\xce\x13\xc4" /* 5070 to 5060 */
#define UDP "\0\x0b\0\0abc"
#define TCP "\0\0\0\1\0\0\0\2\x60\x18\0\1\0\0\0\0\1\1\1\0" /* with four bytes of options */

struct frame_case {
	const char *what;
	const char *bytes;
	size_t length;
	int family;
	int transport; /* 0: as the event says, ports and all, and without a payload */
	bool leaves;
};

#define FRAME(what_, family_, transport_, bytes_)                                                 \
	{.what = what_, .bytes = bytes_, .length = sizeof(bytes_) - 1, .family = family_,         \
	 .transport = transport_}

static const struct frame_case frames[] = {
	FRAME("plain", 4, IPPROTO_UDP, ETHER "\x08\0" IP4_TO("\x1f", "\0\0", "\x11") PORTS UDP),
	FRAME("padded", 4, IPPROTO_UDP,
	      ETHER "\x08\0" IP4_TO("\x1f", "\0\0", "\x11") PORTS UDP "padding of the link"),
	FRAME("two tags", 4, IPPROTO_UDP, ETHER "\x88\xa8\0\7\x81\0\0\x45\x08\0"
	      IP4_TO("\x1f", "\0\0", "\x11") PORTS UDP),
	FRAME("PPPoE", 4, IPPROTO_UDP, ETHER "\x88\x64\x11\0\0\1\0\x21\0\x21"
	      IP4_TO("\x1f", "\0\0", "\x11") PORTS UDP),
	FRAME("no link", 4, IPPROTO_UDP, IP4_TO("\x1f", "\0\0", "\x11") PORTS UDP),
	FRAME("a first fragment", 4, IPPROTO_UDP,
	      ETHER "\x08\0" IP4_TO("\x1f", "\x20\0", "\x11") PORTS "\2\0\0\0abc"),
	FRAME("a later one", 4, 0, ETHER "\x08\0" IP4_TO("\x17", "\0\1", "\x11") "abc"),
	FRAME("TCP", 4, IPPROTO_TCP, ETHER "\x08\0" IP4_TO("\x2f", "\0\0", "\6") PORTS TCP "abc"),
	FRAME("IPv6", 6, IPPROTO_UDP,
	      ETHER "\x86\xdd\x60\0\0\0\0\x0b\x11\x40" IP6_FROM IP6_TO PORTS UDP "padding"),
	FRAME("IPv6 with headers", 6, IPPROTO_UDP,
	      ETHER "\x86\xdd\x60\0\0\0\0\x2b\0\x40" IP6_FROM IP6_TO
	      "\x33\0\1\4\0\0\0\0" "\x2c\2\0\0\0\0\0\0\0\0\0\1\0\0\0\0" "\x11\0\0\1\0\0\0\1"
	      PORTS UDP),
	FRAME("a later one of IPv6", 6, 0,
	      ETHER "\x86\xdd\x60\0\0\0\0\x0b\x2c\x40" IP6_FROM IP6_TO
	      "\x11\0\0\x10\0\0\0\1" "abc"),
	FRAME("something else", 4, 0, ETHER "\x88\xcc" "neither this nor that, of some length"),
};

/* The event that brings a frame, in memory that ends with it: to be freed. */
static struct sg_event *event_of(const struct frame_case *c, size_t length)
{
	struct sg_event *event = calloc(1, sizeof(*event) + length);
	bool ip4 = c->family == 4;

	assert_non_null(event);
	event->family = c->family;
	event->kept = length;
	event->transport = IPPROTO_UDP;
	event->port = htons(7);
	event->own_port = 9;
	event->leaves = c->leaves;
	if (ip4)
		event->address[3] = htonl(c->leaves ? 0xc000020a : 0xcb007107);
	else
		memcpy(event->address, c->leaves ? IP6_TO : IP6_FROM, 16);
	memcpy(event + 1, c->bytes, length);
	return event;
}

static void assert_frame(const struct frame_case *c)
{
	struct sg_event *event = event_of(c, c->length);
	size_t size = c->family == 4 ? 4 : 16;
	struct hep_packet p;
	bool there = frame_read(event, &p), known = c->transport;

	if (p.length != (known ? 3 : 0) || p.source_port != (known ? 5070 : c->leaves ? 9 : 7))
		fail_msg("%s: %zu bytes from port %d", c->what, p.length, p.source_port);
	assert_int_equal(p.destination_port, known ? 5060 : c->leaves ? 7 : 9);
	assert_int_equal(p.transport, known ? c->transport : IPPROTO_UDP);
	assert_int_equal(p.family, c->family);
	assert_memory_equal(p.payload, "abc", p.length);
	assert_memory_equal(p.source, c->family == 4 ? "\xcb\0\x71\7" : IP6_FROM, size);
	if (there)
		assert_memory_equal(p.destination, c->family == 4 ? "\xc0\0\2\x0a" : IP6_TO, size);
	free(event);
}

static void frames_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(frames); i++) {
		struct frame_case leaves = frames[i];

		assert_frame(&frames[i]);
		leaves.leaves = true;
		if (leaves.transport)
			assert_frame(&leaves);
	}
}

/* Cut at every byte, with every value in every byte: nothing beyond is read. */
static void no_frame_is_read_beyond_its_end(void **state)
{
	struct hep_packet p;

	(void)state;
	for (size_t i = 0; i < COUNT(frames); i++) {
		for (size_t length = 0; length <= frames[i].length; length++) {
			struct sg_event *event = event_of(&frames[i], length);
			__u8 *bytes = (__u8 *)(event + 1), was = length ? bytes[length / 2] : 0;

			for (int value = 0; length && value < 256; value++) {
				bytes[length / 2] = value;
				frame_read(event, &p);
				assert_true(!p.length || ((const __u8 *)p.payload >= bytes &&
					    (const __u8 *)p.payload + p.length <= bytes + length));
			}
			if (length)
				bytes[length / 2] = was;
			frame_read(event, &p);
			free(event);
		}
	}
}

static const struct hep_packet call = {
	.family = 4, .transport = IPPROTO_UDP, .type = HEP_SIP, .source = "\xcb\0\x71\7",
	.destination = "\xc0\0\2\x0a", .source_port = 5070, .destination_port = 5060,
	.time = {0x65000000, 123456789}, .correlation = "a@b", .payload = "BYE", .length = 3,
};

static void chunks_are_those_of_the_format(void **state)
{
	static const char wanted[] =
		"HEP3\0\x83"
		"\0\0\0\1\0\7\2" "\0\0\0\2\0\7\x11"
		"\0\0\0\7\0\x08\x13\xce" "\0\0\0\x08\0\x08\x13\xc4"
		"\0\0\0\x09\0\x0a\x65\0\0\0" "\0\0\0\x0a\0\x0a\0\1\xe2\x40"
		"\0\0\0\x0b\0\7\1" "\0\0\0\x0c\0\x0a\0\0\0\x4d"
		"\0\0\0\3\0\x0a\xcb\0\x71\7" "\0\0\0\4\0\x0a\xc0\0\2\x0a"
		"\0\0\0\x0e\0\x0c" "sesame" "\0\0\0\x0f\0\x09" "BYE" "\0\0\0\x11\0\x09" "a@b"
		"\0\0\0\x0d\0\x08\0\0";
	struct hep_agent agent = {77, "sesame"};
	__u8 bytes[HEP_MOST];

	(void)state;
	assert_int_equal(hep_write(&call, &agent, bytes), sizeof(wanted) - 1);
	assert_memory_equal(bytes, wanted, sizeof(wanted) - 1);
}

static void what_is_too_long_is_cut(void **state)
{
	struct hep_packet large = call;
	struct hep_agent agent = {1, ""};
	__u8 bytes[HEP_MOST];
	size_t length;

	(void)state;
	memset(agent.key, 'k', sizeof(agent.key) - 1);
	large.family = 6;
	large.length = 65535;
	large.payload = calloc(1, large.length);
	length = hep_write(&large, &agent, bytes);
	assert_int_equal(length, HEP_MOST);
	assert_int_equal(bytes[4] << 8 | bytes[5], HEP_MOST);
	assert_memory_equal(bytes + HEP_MOST - 11, "a@b\0\0\0\x0d\0\x08\0\0", 11);
	free((void *)large.payload);
}

static void collectors_are_read(void **state)
{
	static const struct {
		const char *text, *address;
		bool tcp;
	} good[] = {
		{"192.0.2.1", "192.0.2.1:9060", false},
		{"192.0.2.1:9", "192.0.2.1:9", false},
		{"udp:192.0.2.1", "192.0.2.1:9060", false},
		{"tcp:192.0.2.1:9061", "192.0.2.1:9061", true},
		{"2001:db8::1", "[2001:db8::1]:9060", false},
		{"[2001:db8::1]", "[2001:db8::1]:9060", false},
		{"tcp:[2001:db8::1]:9", "[2001:db8::1]:9", true},
	};
	static const char *const wrong[] = {
		"", "tcp:", "homer", "homer.example:9060", "9060", ":9060", "192.0.2.1:",
		"192.0.2.1:0", "192.0.2.1:65536", "tls:192.0.2.1", "[2001:db8::1]9060", "[", "]",
		"192.0.2.1:9060:9060", "tcp:udp:192.0.2.1", "[192.0.2.1]:9060", "::::",
		" 192.0.2.1",
		"1111111111111111111111111111111111111111111111111111111111111111111111111111:1",
	};
	struct address address;
	bool tcp;

	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		assert_int_equal(collector_parse(good[i].text, &address, &tcp, NULL), 0);
		assert_string_equal(address.text, good[i].address);
		assert_int_equal(tcp, good[i].tcp);
	}
	for (size_t i = 0; i < COUNT(wrong); i++) {
		struct error error = {};

		if (collector_parse(wrong[i], &address, &tcp, &error) != -EINVAL)
			fail_msg("taken: '%s'", wrong[i]);
		assert_non_null(strstr(error.text, "is no collector to send to"));
	}
}

/* A collector of our own at 127.0.0.1. */
static struct address at;
static int listener = -1;

static void listen_at(int type)
{
	struct sockaddr_in any = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000001)};
	socklen_t size = sizeof(any);

	at = (struct address){.size = size, .text = "ours"};
	listener = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&any, size), 0);
	assert_int_equal(type == SOCK_STREAM ? listen(listener, 8) : 0, 0);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&at.socket, &size), 0);
}

static int stop_listening(void **state)
{
	(void)state;
	if (listener >= 0)
		close(listener);
	listener = -1;
	return 0;
}

/* Until a connection is there. What waits for the clock of the collector is about a second. */
static int taken(struct collector *c)
{
	struct pollfd ready = {.fd = listener, .events = POLLIN};

	do {
		collector_turn(c);
	} while (!poll(&ready, 1, 50));
	return accept(listener, NULL, NULL);
}

static void send_calls(struct collector *c, int count, size_t length)
{
	static const __u8 body[HEP_MOST];
	const struct hep_agent agent = {1, ""};
	struct hep_packet packet = call;
	__u8 bytes[HEP_MOST];

	packet.payload = body;
	packet.length = length;
	for (int i = 0; i < count; i++)
		collector_send(c, bytes, hep_write(&packet, &agent, bytes));
}

/* Reads so many packets, which follow one another without a gap. */
static void expect_packets(struct collector *c, int fd, int count)
{
	__u8 bytes[HEP_MOST];

	while (count--) {
		size_t length = 6;

		for (size_t got = 0; got < length;) {
			ssize_t more = recv(fd, bytes + got, length - got, MSG_DONTWAIT);

			if (more < 0 && errno == EAGAIN) {
				collector_turn(c);
				continue;
			}
			assert_true(more > 0);
			got += more;
			if (length == 6 && got == 6) {
				assert_memory_equal(bytes, "HEP3", 4);
				length = bytes[4] << 8 | bytes[5];
			}
		}
	}
}

static void tcp_is_sure(void **state)
{
	struct collector *c;
	int fd, next;

	(void)state;
	listen_at(SOCK_STREAM);
	c = collector_begin(&at, true);
	send_calls(c, 3, 100);
	fd = taken(c);
	expect_packets(c, fd, 3);
	while (collector_counts(c).sent < 3)
		collector_turn(c);
	/* The connection breaks before it is known whether they were read: they come once more. */
	send_calls(c, 2, 100);
	collector_turn(c);
	close(fd);
	next = taken(c);
	expect_packets(c, next, 2);
	while (collector_counts(c).sent < 5)
		collector_turn(c);
	close(next);
	assert_int_equal(collector_end(c).lost, 0);
}

/* It takes the connection, and reads nothing. */
static void who_never_reads_blocks_nobody(void **state)
{
	struct collector_counts counts;
	struct collector *c;
	unsigned int all = 0;
	int fd;

	(void)state;
	listen_at(SOCK_STREAM);
	c = collector_begin(&at, true);
	fd = taken(c);
	for (; !collector_counts(c).lost; all++) {
		send_calls(c, 1, HEP_MOST);
		collector_turn(c);
	}
	expect_packets(c, fd, 10);
	counts = collector_end(c);
	assert_true(counts.lost);
	assert_int_equal(counts.sent + counts.lost, all);
	close(fd);
}

static void nobody_listens(void **state)
{
	struct collector *tcp, *udp;
	struct collector_counts counts;

	(void)state;
	listen_at(SOCK_STREAM);
	stop_listening(NULL);
	tcp = collector_begin(&at, true);
	for (int i = 0; i < 3; i++)
		collector_turn(tcp);
	send_calls(tcp, COLLECTOR_QUEUE / HEP_MOST, HEP_MOST);
	assert_int_equal(collector_counts(tcp).lost, 0);
	send_calls(tcp, 1, HEP_MOST);
	assert_int_equal(collector_end(tcp).lost, COLLECTOR_QUEUE / HEP_MOST + 1);
	udp = collector_begin(&at, false);
	send_calls(udp, 1, 100);
	collector_turn(udp);
	send_calls(udp, 2, 100);
	counts = collector_end(udp);
	assert_int_equal(counts.lost, 1);
	assert_int_equal(counts.sent, 2);
	assert_in_range(counts.refused, 1, 2);
}

static void udp_arrives(void **state)
{
	struct collector *c;
	__u8 bytes[HEP_MOST];

	(void)state;
	listen_at(SOCK_DGRAM);
	c = collector_begin(&at, false);
	collector_turn(c);
	send_calls(c, 1, HEP_MOST);
	assert_int_equal(recv(listener, bytes, sizeof(bytes), 0), HEP_MOST);
	assert_int_equal(collector_end(c).sent, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_are_read),
		cmocka_unit_test(no_frame_is_read_beyond_its_end),
		cmocka_unit_test(chunks_are_those_of_the_format),
		cmocka_unit_test(what_is_too_long_is_cut),
		cmocka_unit_test(collectors_are_read),
		cmocka_unit_test_teardown(tcp_is_sure, stop_listening),
		cmocka_unit_test_teardown(who_never_reads_blocks_nobody, stop_listening),
		cmocka_unit_test_teardown(nobody_listens, stop_listening),
		cmocka_unit_test_teardown(udp_arrives, stop_listening),
	};

	return cmocka_run_group_tests_name("hep", tests, NULL, NULL);
}
