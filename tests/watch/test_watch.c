// SPDX-License-Identifier: GPL-2.0-only
/* Where watch listens, by which names it may be asked, and who loses a connection when. */
#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "watch/address.h"
#include "watch/clients.h"

#define SECOND 1000000000ULL

static void expect_address(const char *text, const char *shown, bool loopback)
{
	struct error error = {};
	struct address address;

	assert_int_equal(address_parse(text, &address, &error), 0);
	assert_string_equal(address.text, shown);
	assert_int_equal(address.loopback, loopback);
}

static void addresses(void **state)
{
	(void)state;
	expect_address("9560", "127.0.0.1:9560", true);
	expect_address("127.8.8.8:1", "127.8.8.8:1", true);
	expect_address("0.0.0.0:65535", "0.0.0.0:65535", false);
	expect_address("192.0.2.1:80", "192.0.2.1:80", false);
	expect_address("[::1]:9560", "[::1]:9560", true);
	expect_address("[::]:9560", "[::]:9560", false);
	expect_address("[2001:db8::1]:9560", "[2001:db8::1]:9560", false);
}

static void no_addresses(void **state)
{
	static const char *const wrong[] = {
		"", ":", ":9560", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
		"127.0.0.1: 1", "::1:9560", "[::1]", "[::1:9560", "::1]:9560", "[]:1", "[:1",
		"[127.0.0.1]:1", "localhost:1", "127.1:1", "0x1", "127.0.0.1:000001",
		"1234567890123456789012345678901234567890123456789012345678901234567890:1",
	};
	struct address address;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		struct error error = {};

		assert_int_equal(address_parse(wrong[i], &address, &error), -EINVAL);
		assert_non_null(strstr(error.text, "is no address to listen at"));
	}
}

static void hosts(void **state)
{
	static const char *const ours[] = {
		"127.0.0.1", "127.0.0.1:9560", "192.0.2.1:1", "[::1]", "[::1]:9560", "localhost",
		"LocalHost:9560", "sip1.example", "SIP1.example:9560", "b",
	};
	static const char *const others[] = {
		"", ":", "evil.example", "evil.example:9560", "sip1.example.evil.example",
		"sip1", "sip1.example,b", ",", "localhost.", "localhost.evil.example",
		"127.0.0.1.evil.example", "2130706433", "127.1", "[::1", "[::1]evil.example",
		"[localhost]", "[sip1.example]", "[127.0.0.1]", "::1", "127.0.0.1@evil.example",
	};

	(void)state;
	assert_true(address_is_ours(NULL, NULL));
	for (size_t i = 0; i < sizeof(ours) / sizeof(*ours); i++)
		assert_true(address_is_ours(ours[i], "sip1.example,b"));
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		assert_false(address_is_ours(others[i], "sip1.example,b"));
	assert_false(address_is_ours("sip1.example", NULL));
	assert_false(address_is_ours("", ",,"));
}

static int sockets[4 * CLIENTS_MOST][2];
static size_t open_sockets;
static struct clients clients;

/* A connection of the client 192.0.2.`last`. */
static struct client *come(int last, __u64 now)
{
	struct sockaddr_in from = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(0xc0000200 + last),
	};
	int *pair = sockets[open_sockets++];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	return clients_add(&clients, pair[0], (struct sockaddr *)&from, now);
}

static int leave(void **state)
{
	(void)state;
	while (open_sockets) {
		open_sockets--;
		close(sockets[open_sockets][0]);
		close(sockets[open_sockets][1]);
	}
	clients = (struct clients){};
	return 0;
}

/* The other end sees whether it was shut down. */
static bool is_shut(const struct client *client)
{
	char byte;

	for (size_t i = 0; i < open_sockets; i++) {
		if (sockets[i][0] == client->fd)
			return recv(sockets[i][1], &byte, 1, MSG_DONTWAIT) == 0;
	}
	fail();
	return false;
}

static void who_holds_most_loses_his_oldest(void **state)
{
	struct client *single, *oldest, *second, *newest;

	(void)state;
	single = come(1, 1);
	oldest = come(2, 2);
	second = come(2, 3);
	for (int i = 4; i < CLIENTS_MOST; i++)
		assert_non_null(come(2, i));
	newest = come(5, CLIENTS_MOST);
	assert_int_equal(clients.evicted, 0);
	assert_non_null(come(3, 1000));
	assert_int_equal(clients.evicted, 1);
	assert_true(is_shut(oldest));
	assert_false(is_shut(single));
	assert_false(is_shut(newest));
	assert_false(is_shut(second));
	second->since = 1001; /* it had an answer meanwhile */
	assert_non_null(come(4, 1002));
	assert_false(is_shut(second));
	assert_int_equal(clients.evicted, 2);
}

static void who_waits_for_us_is_spared(void **state)
{
	struct client *waits = come(2, 1), *next;

	(void)state;
	waits->suspended = waits;
	next = come(2, 2);
	for (int i = 2; i < CLIENTS_MOST; i++)
		come(2, i + 1);
	come(3, 1000);
	assert_false(is_shut(waits));
	assert_true(is_shut(next));
	clients_expire(&clients, 1000 * SECOND);
	assert_false(is_shut(waits));
}

/* Places of those that are closed soon are as bounded as the others. */
static void there_is_an_end(void **state)
{
	(void)state;
	for (int i = 0; i < CLIENTS_MOST + CLIENTS_CLOSING; i++)
		assert_non_null(come(2, i));
	assert_null(come(2, 1000));
	clients.client[0] = (struct client){}; /* closed */
	assert_non_null(come(2, 1001));
}

static void late_ones_are_shut(void **state)
{
	struct client *idle = come(1, 0), *answered = come(1, 0);

	(void)state;
	clients_expire(&clients, CLIENTS_SECONDS * SECOND - 1);
	assert_false(is_shut(idle));
	answered->since = 1;
	clients_expire(&clients, CLIENTS_SECONDS * SECOND);
	assert_true(is_shut(idle));
	assert_false(is_shut(answered));
	assert_int_equal(clients.late, 1);
	clients_expire(&clients, CLIENTS_SECONDS * SECOND);
	assert_int_equal(clients.late, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses),
		cmocka_unit_test(no_addresses),
		cmocka_unit_test(hosts),
		cmocka_unit_test_teardown(who_holds_most_loses_his_oldest, leave),
		cmocka_unit_test_teardown(who_waits_for_us_is_spared, leave),
		cmocka_unit_test_teardown(there_is_an_end, leave),
		cmocka_unit_test_teardown(late_ones_are_shut, leave),
	};

	return cmocka_run_group_tests_name("watch", tests, NULL, NULL);
}
