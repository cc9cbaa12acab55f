/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Opens many TCP connections to a server from one source and holds them, or leaves them half open
 * (SYNs from an address that is nobody's here). For the lab: refuses to run in the initial network
 * namespace.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tool.h"

#define MOST 10000

struct hoard {
	struct sockaddr_in source;
	struct sockaddr_in server;
	unsigned int n;
	unsigned int a_second;
	double hold; /* seconds */
};

static int connections[MOST];

static int fail(const char *what)
{
	fprintf(stderr, "hoard: %s: %s\n", what, strerror(errno));
	return 1;
}

/* Half of them end with RST, the others with FIN. */
static int open_connection(const struct hoard *hoard, unsigned int number)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct linger reset = { .l_onoff = number & 1 };

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) ||
	    bind(fd, (const void *)&hoard->source, sizeof(hoard->source)) ||
	    (connect(fd, (const void *)&hoard->server, sizeof(hoard->server)) &&
	     errno != EINPROGRESS))
		return -1;
	connections[number] = fd;
	return 0;
}

/* Those that are connected and have not been closed by the server. */
static unsigned int count_open(unsigned int n)
{
	unsigned int open = 0;
	struct tcp_info info;
	socklen_t length;

	for (unsigned int i = 0; i < n; i++) {
		length = sizeof(info);
		if (!getsockopt(connections[i], IPPROTO_TCP, TCP_INFO, &info, &length) &&
		    info.tcpi_state == TCP_ESTABLISHED)
			open++;
	}
	return open;
}

static int hold_connections(const struct hoard *hoard)
{
	struct rlimit files = { MOST + 100, MOST + 100 };
	unsigned int open, most = 0;

	if (setrlimit(RLIMIT_NOFILE, &files))
		return fail("cannot have so many files");
	for (unsigned int i = 0; i < hoard->n; i++) {
		if (open_connection(hoard, i))
			return fail("cannot open a connection");
		if (!(i % 50))
			pause_for(50.0 / hoard->a_second);
	}
	for (double left = hoard->hold; left > 0; left -= 0.1) {
		open = count_open(hoard->n);
		most = open > most ? open : most;
		pause_for(0.1);
	}
	printf("{\"asked\": %u, \"most_open\": %u, \"open_at_end\": %u}\n", hoard->n, most,
	       count_open(hoard->n));
	return 0;
}

static uint16_t fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

struct segment {
	struct iphdr ip;
	struct tcphdr tcp;
} __attribute__((packed));

static uint16_t tcp_checksum(const struct segment *segment)
{
	uint32_t sum = htons(IPPROTO_TCP) + htons(sizeof(segment->tcp));
	uint16_t words[10];

	memcpy(words, &segment->ip.saddr, 8);
	for (int i = 0; i < 4; i++)
		sum += words[i];
	memcpy(words, &segment->tcp, sizeof(segment->tcp));
	for (int i = 0; i < 10; i++)
		sum += words[i];
	return fold(sum);
}

/* The kernel fills in the length and the checksum of the IP header. */
static int send_syns(const struct hoard *hoard)
{
	int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	struct segment segment = {
		.ip = { .version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_TCP,
			.saddr = hoard->source.sin_addr.s_addr,
			.daddr = hoard->server.sin_addr.s_addr },
		.tcp = { .dest = hoard->server.sin_port, .doff = 5, .syn = 1,
			 .window = htons(64240) },
	};

	if (fd < 0)
		return fail("cannot open a raw socket");
	for (unsigned int i = 0; i < hoard->n; i++) {
		segment.tcp.source = htons(1024 + i % 60000);
		segment.tcp.seq = random();
		segment.tcp.check = 0;
		segment.tcp.check = tcp_checksum(&segment);
		if (sendto(fd, &segment, sizeof(segment), 0, (const void *)&hoard->server,
			   sizeof(hoard->server)) < 0)
			return fail("cannot send");
		if (!(i % 50))
			pause_for(50.0 / hoard->a_second);
	}
	close(fd);
	printf("{\"asked\": %u}\n", hoard->n);
	return 0;
}

int main(int argc, char **argv)
{
	struct hoard hoard = {
		.source.sin_family = AF_INET,
		.server = { .sin_family = AF_INET },
	};

	if (argc != 8 || inet_pton(AF_INET, argv[2], &hoard.source.sin_addr) != 1 ||
	    inet_pton(AF_INET, argv[3], &hoard.server.sin_addr) != 1) {
		fputs("Usage: hoard open|half SOURCE SERVER PORT CONNECTIONS A-SECOND SECONDS\n",
		      stderr);
		return 2;
	}
	hoard.server.sin_port = htons(atoi(argv[4]));
	hoard.n = atoi(argv[5]);
	hoard.a_second = atoi(argv[6]);
	hoard.hold = atof(argv[7]);
	if (!hoard.n || hoard.n > MOST || !hoard.a_second) {
		fprintf(stderr, "hoard: give 1 to %d connections, and how many a second\n", MOST);
		return 2;
	}
	need_private_netns("hoard");
	return strcmp(argv[1], "half") ? hold_connections(&hoard) : send_syns(&hoard);
}
