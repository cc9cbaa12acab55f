/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Both ends of many TCP connections, for tests that count them.
 *
 *   tcp_ends serve ADDRESS PORT  accepts and reads what comes, closes what the client has closed;
 *                                on :: it takes IPv4, too
 *   tcp_ends client              reads orders, one a line, and answers each with a line: how many
 *                                connections it has then
 *     open SOURCE SERVER PORT N MS   opens N, giving up each after MS milliseconds
 *     churn SOURCE SERVER PORT N     opens N and closes each at once, with FIN and RST in turn
 *     fin N, rst N, send N           the N oldest: ends them, or sends something on them
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define MOST 10000

static int connections[MOST];
static int count;

static void die(const char *what)
{
	fprintf(stderr, "tcp_ends: %s: %s\n", what, strerror(errno));
	exit(1);
}

static struct addrinfo *resolve(const char *address, const char *port)
{
	struct addrinfo *found, hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM,
	};

	if (getaddrinfo(address, port, &hints, &found)) {
		fprintf(stderr, "tcp_ends: no address and port: %s %s\n", address, port);
		exit(2);
	}
	return found;
}

/* --- the server */

static void watch(int epoll, int fd)
{
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event))
		die("epoll_ctl");
}

static void serve(const char *address, const char *port)
{
	struct addrinfo *at = resolve(address, port);
	int listener = socket(at->ai_family, SOCK_STREAM, 0), epoll = epoll_create1(0);
	struct epoll_event event;
	char bytes[4096];
	int fd, on = 1;

	if (setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) ||
	    bind(listener, at->ai_addr, at->ai_addrlen) || listen(listener, 4096))
		die("cannot listen");
	watch(epoll, listener);
	puts("listens");
	fflush(stdout);
	for (;;) {
		if (epoll_wait(epoll, &event, 1, -1) != 1)
			continue;
		fd = event.data.fd;
		if (fd == listener) {
			fd = accept(listener, NULL, NULL);
			if (fd >= 0)
				watch(epoll, fd);
		} else if (read(fd, bytes, sizeof(bytes)) <= 0) {
			close(fd);
		}
	}
}

/* --- the client */

/* fd, or -1 if it did not come about in time. */
static int open_one(const struct addrinfo *source, const struct addrinfo *server, long ms)
{
	struct timeval time = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
	int fd = socket(server->ai_family, SOCK_STREAM, 0);

	/* It bounds connect(), too. */
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time)) ||
	    bind(fd, source->ai_addr, source->ai_addrlen))
		die("cannot make a socket");
	if (connect(fd, server->ai_addr, server->ai_addrlen) == 0)
		return fd;
	close(fd);
	return -1;
}

static void end_one(int fd, bool reset)
{
	struct linger linger = {.l_onoff = 1};

	if (reset && setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)))
		die("cannot set SO_LINGER");
	close(fd);
}

static void open_many(const char *source, const char *server, const char *port, int n, long ms,
		      bool churn)
{
	struct addrinfo *from = resolve(source, "0"), *to = resolve(server, port);

	for (int i = 0; i < n && count < MOST; i++) {
		int fd = open_one(from, to, ms);

		if (fd >= 0 && churn)
			end_one(fd, i & 1);
		else if (fd >= 0)
			connections[count++] = fd;
	}
	freeaddrinfo(from);
	freeaddrinfo(to);
}

static void end_many(int n, bool reset)
{
	if (n > count)
		n = count;
	for (int i = 0; i < n; i++)
		end_one(connections[i], reset);
	count -= n;
	memmove(connections, connections + n, count * sizeof(*connections));
}

static void send_many(int n)
{
	static const char text[] = "OPTIONS sip:here SIP/2.0\r\n";

	for (int i = 0; i < n && i < count; i++) {
		if (send(connections[i], text, sizeof(text) - 1, MSG_NOSIGNAL) < 0)
			die("cannot send");
	}
}

static void obey(const char *line)
{
	char source[64], server[64], port[16];
	long ms;
	int n;

	if (sscanf(line, "open %63s %63s %15s %d %ld", source, server, port, &n, &ms) == 5)
		open_many(source, server, port, n, ms, false);
	else if (sscanf(line, "churn %63s %63s %15s %d", source, server, port, &n) == 4)
		open_many(source, server, port, n, 2000, true);
	else if (sscanf(line, "fin %d", &n) == 1)
		end_many(n, false);
	else if (sscanf(line, "rst %d", &n) == 1)
		end_many(n, true);
	else if (sscanf(line, "send %d", &n) == 1)
		send_many(n);
	else
		fprintf(stderr, "tcp_ends: what is this? %s", line);
	printf("%d\n", count);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct rlimit files = {MOST + 100, MOST + 100};
	char line[256];

	setrlimit(RLIMIT_NOFILE, &files);
	if (argc == 4 && !strcmp(argv[1], "serve"))
		serve(argv[2], argv[3]);
	if (argc != 2 || strcmp(argv[1], "client")) {
		fputs("Usage: tcp_ends serve ADDRESS PORT | client\n", stderr);
		return 2;
	}
	while (fgets(line, sizeof(line), stdin))
		obey(line);
	return 0;
}
