// SPDX-License-Identifier: GPL-2.0-only
#include "watch/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define BACKLOG 512

static int wrong(struct error *error, const char *text)
{
	return error_set(error, -EINVAL, "'%s' is no address to listen at: write 127.0.0.1:9560, "
			 "[::1]:9560, or a port alone, which is of 127.0.0.1.", text);
}

/* 0 to 65535, or -1. */
static long read_port(const char *text)
{
	char *end;
	unsigned long port = strtoul(text, &end, 10);

	if (*end || text[0] < '0' || text[0] > '9' || strlen(text) > 5 || port > 65535)
		return -1;
	return port;
}

static bool set_ipv4(struct address *address, const char *host, long port)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&address->socket;

	if (inet_pton(AF_INET, host, &in->sin_addr) != 1)
		return false;
	in->sin_family = AF_INET;
	in->sin_port = htons(port);
	address->size = sizeof(*in);
	address->loopback = ntohl(in->sin_addr.s_addr) >> 24 == 127;
	return true;
}

static bool set_ipv6(struct address *address, const char *host, long port)
{
	struct sockaddr_in6 *in = (struct sockaddr_in6 *)&address->socket;

	if (inet_pton(AF_INET6, host, &in->sin6_addr) != 1)
		return false;
	in->sin6_family = AF_INET6;
	in->sin6_port = htons(port);
	address->size = sizeof(*in);
	address->loopback = IN6_IS_ADDR_LOOPBACK(&in->sin6_addr);
	return true;
}

static void write_text(struct address *address)
{
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&address->socket;
	const struct sockaddr_in *in = (const struct sockaddr_in *)&address->socket;
	char host[INET6_ADDRSTRLEN];

	if (address->socket.ss_family == AF_INET6)
		snprintf(address->text, ADDRESS_TEXT, "[%s]:%u",
			 inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof(host)),
			 ntohs(in6->sin6_port));
	else
		snprintf(address->text, ADDRESS_TEXT, "%s:%u",
			 inet_ntop(AF_INET, &in->sin_addr, host, sizeof(host)),
			 ntohs(in->sin_port));
}

int address_parse(const char *text, struct address *address, struct error *error)
{
	char host[ADDRESS_TEXT];
	const char *colon = strrchr(text, ':');
	long port = read_port(colon ? colon + 1 : text);
	size_t length = colon ? colon - text : 0;
	bool is_read;

	*address = (struct address){};
	if (port < 0 || length >= sizeof(host))
		return wrong(error, text);
	memcpy(host, text, length);
	host[length] = '\0';
	if (!colon)
		is_read = set_ipv4(address, "127.0.0.1", port);
	else if (host[0] == '[' && host[length - 1] == ']') {
		host[length - 1] = '\0';
		is_read = set_ipv6(address, host + 1, port);
	} else
		is_read = set_ipv4(address, host, port);
	if (!is_read)
		return wrong(error, text);
	write_text(address);
	return 0;
}

int address_listen(struct address *address, struct error *error)
{
	struct sockaddr *at = (struct sockaddr *)&address->socket;
	int fd = socket(at->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), err, on = 1;

	if (fd < 0)
		return error_set(error, -errno, "cannot make a socket: %s.", strerror(errno));
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (at->sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, at, address->size) || listen(fd, BACKLOG) ||
	    getsockname(fd, at, &address->size)) {
		err = -errno;
		close(fd);
		return error_set(error, err, "cannot listen at %s: %s: choose another address or "
				 "port, or end what listens there.", address->text, strerror(-err));
	}
	write_text(address);
	return fd;
}

/* Whether it is one of the names, with commas between them. */
static bool is_named(const char *host, size_t length, const char *names)
{
	while (names && *names) {
		size_t one = strcspn(names, ",");

		if (one == length && length && !strncasecmp(host, names, length))
			return true;
		names += one + (names[one] == ',');
	}
	return false;
}

bool address_is_ours(const char *host, const char *names)
{
	struct address ignored;
	char text[256];
	size_t length;

	if (!host)
		return true;
	if (host[0] == '[') {
		length = strcspn(host, "]");
		if (host[length] != ']' || (host[length + 1] && host[length + 1] != ':'))
			return false;
	} else {
		length = strcspn(host, ":");
	}
	if (host[0] != '[' && (is_named(host, length, "localhost") ||
			       is_named(host, length, names)))
		return true;
	if (length >= sizeof(text))
		return false;
	memcpy(text, host, length);
	text[length] = '\0';
	return host[0] == '[' ? set_ipv6(&ignored, text + 1, 0) : set_ipv4(&ignored, text, 0);
}
