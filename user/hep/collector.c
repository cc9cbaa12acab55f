// SPDX-License-Identifier: GPL-2.0-only
#include "hep/collector.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <linux/sockios.h>
#include <linux/types.h>

#include "base/notice.h"
#include "base/quote.h"

#define WAIT_FIRST 1      /* seconds until it is tried again, twice as long each time */
#define WAIT_MOST 60
#define PATIENCE_MS 60000 /* so long a connection may stand on which nothing is acknowledged */
#define QUIET 10          /* seconds without an error until all is said to be well again */

struct collector {
	const struct address *address;
	bool tcp;
	int fd;              /* -1: none */
	bool connecting;     /* over TCP, not yet through */
	time_t next;         /* when it is tried again, seconds of CLOCK_MONOTONIC */
	time_t wait;
	int told;            /* errno of what is wrong, which was told; 0: nothing */
	time_t since;        /* of its last time */
	struct collector_counts counts;
	/* Over TCP. */
	__u8 *queue;         /* whole packets; NULL over UDP */
	size_t length;       /* of what is in it */
	size_t written;      /* of these bytes, on this connection */
};

static time_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec;
}

static const char *scheme(const struct collector *c)
{
	return c->tcp ? "tcp:" : "";
}

/* Told once, not with every packet. */
static void trouble(struct collector *c, int code)
{
	c->since = now();
	if (c->told == code)
		return;
	if (!c->told)
		notice("the collector %s%s takes no packets: %s. The guard and all else go on; "
		       "what it does not take is counted.", scheme(c), c->address->text,
		       code == ENOBUFS ? "it reads too slowly" : strerror(code));
	c->told = code;
}

static void well(struct collector *c)
{
	if (!c->told || now() - c->since < QUIET)
		return;
	c->told = 0;
	notice("the collector %s%s takes packets again.", scheme(c), c->address->text);
}

static void hang_up(struct collector *c, int code)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->connecting = false;
	c->written = 0;
	c->next = now() + c->wait;
	c->wait = c->wait * 2 < WAIT_MOST ? c->wait * 2 : WAIT_MOST;
	trouble(c, code);
}

static void connect_to(struct collector *c)
{
	const struct sockaddr *to = (const struct sockaddr *)&c->address->socket;
	int type = c->tcp ? SOCK_STREAM : SOCK_DGRAM, patience = PATIENCE_MS;

	c->fd = socket(to->sa_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (c->fd >= 0 && c->tcp)
		setsockopt(c->fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &patience, sizeof(patience));
	if (c->fd >= 0 && !connect(c->fd, to, c->address->size))
		return;
	if (c->fd >= 0 && errno == EINPROGRESS)
		c->connecting = true;
	else
		hang_up(c, errno);
}

/* What the network has said since the last look; 0: nothing. */
static int said(const struct collector *c)
{
	int code = 0;
	socklen_t size = sizeof(code);

	return getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &code, &size) ? errno : code;
}

/* Whether the connection is through. */
static bool is_connected(struct collector *c)
{
	struct pollfd at = {.fd = c->fd, .events = POLLOUT};
	int code;

	if (!c->connecting)
		return true;
	if (poll(&at, 1, 0) <= 0)
		return false;
	code = said(c);
	if (code)
		hang_up(c, code);
	else
		c->connecting = false;
	return !code;
}

/* A collector has nothing to say: what comes is thrown away, and an end is seen before a write. */
static bool is_closed(struct collector *c)
{
	char bytes[4096];
	ssize_t got = recv(c->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR)))
		return false;
	hang_up(c, got ? errno : ECONNRESET);
	return true;
}

static size_t packet_length(const __u8 *packet)
{
	return packet[4] << 8 | packet[5];
}

/* Takes those off the queue that were acknowledged to their last byte. */
static void settle(struct collector *c)
{
	size_t done = 0, acknowledged;
	int unsure;

	if (ioctl(c->fd, SIOCOUTQ, &unsure) || (size_t)unsure > c->written)
		return;
	acknowledged = c->written - unsure;
	while (done + 6 <= acknowledged && done + packet_length(c->queue + done) <= acknowledged) {
		done += packet_length(c->queue + done);
		c->counts.sent++;
	}
	if (!done)
		return;
	memmove(c->queue, c->queue + done, c->length - done);
	c->length -= done;
	c->written -= done;
	c->wait = WAIT_FIRST;
	well(c);
}

static void write_queue(struct collector *c)
{
	while (c->written < c->length) {
		ssize_t put = send(c->fd, c->queue + c->written, c->length - c->written,
				   MSG_DONTWAIT | MSG_NOSIGNAL);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0 && errno != EAGAIN)
			hang_up(c, errno);
		if (put < 0)
			return;
		c->written += put;
	}
}

static void turn_tcp(struct collector *c)
{
	if (!is_connected(c) || is_closed(c))
		return;
	settle(c);
	write_queue(c);
}

/* An ICMP message about a packet that was sent before. */
static void heed(struct collector *c, int code)
{
	if (code == ECONNREFUSED)
		c->counts.refused++;
	if (code)
		trouble(c, code);
}

static void send_datagram(struct collector *c, const void *packet, size_t length)
{
	int code;

	if (c->fd < 0) {
		c->counts.lost++;
		return;
	}
	code = said(c);
	heed(c, code);
	if (send(c->fd, packet, length, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) {
		c->counts.sent++;
		if (!code)
			well(c);
		return;
	}
	c->counts.lost++;
	/* These pass by themselves. Any other, as without a route: what it was bound to is old. */
	if (errno == EAGAIN || errno == ENOBUFS || errno == ECONNREFUSED)
		trouble(c, errno == EAGAIN ? ENOBUFS : errno);
	else
		hang_up(c, errno);
	c->wait = WAIT_FIRST;
}

void collector_send(struct collector *c, const void *packet, size_t length)
{
	if (!c->tcp) {
		send_datagram(c, packet, length);
		return;
	}
	if (c->length + length > COLLECTOR_QUEUE) {
		c->counts.lost++;
		trouble(c, c->fd < 0 || c->connecting ? c->told : ENOBUFS);
		return;
	}
	memcpy(c->queue + c->length, packet, length);
	c->length += length;
}

void collector_turn(struct collector *c)
{
	if (c->fd < 0 && now() >= c->next)
		connect_to(c);
	if (c->fd < 0)
		return;
	if (c->tcp)
		turn_tcp(c);
	else
		heed(c, said(c));
}

struct collector *collector_begin(const struct address *address, bool tcp)
{
	struct collector *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->address = address;
	c->tcp = tcp;
	c->fd = -1;
	c->wait = WAIT_FIRST;
	c->queue = tcp ? malloc(COLLECTOR_QUEUE) : NULL;
	if (!tcp || c->queue)
		return c;
	free(c);
	return NULL;
}

struct collector_counts collector_counts(const struct collector *c)
{
	return c->counts;
}

struct collector_counts collector_end(struct collector *c)
{
	struct collector_counts counts;
	size_t at = 0;

	if (c->fd >= 0)
		collector_turn(c);
	/* What the kernel has it goes on sending. */
	while (at < c->length) {
		at += packet_length(c->queue + at);
		if (at <= c->written)
			c->counts.sent++;
		else
			c->counts.lost++;
	}
	counts = c->counts;
	if (c->fd >= 0)
		close(c->fd);
	free(c->queue);
	free(c);
	return counts;
}

/* With the port, as address_parse() takes it; whatever it may be. */
static void complete(const char *text, char *whole, size_t size)
{
	const char *colon = strchr(text, ':');
	bool bare = text[0] != '[' && colon && strchr(colon + 1, ':'); /* an address of IPv6 */
	bool has_port = text[0] == '[' ? strstr(text, "]:") != NULL : colon && !bare;

	if (has_port)
		snprintf(whole, size, "%s", text);
	else
		snprintf(whole, size, "%s%s%s:%d", bare ? "[" : "", text, bare ? "]" : "",
			 COLLECTOR_PORT);
}

int collector_parse(const char *text, struct address *address, bool *tcp, struct error *error)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)&address->socket;
	const char *rest = text;
	char whole[2 * ADDRESS_TEXT];

	*tcp = strncmp(text, "tcp:", 4) == 0;
	if (*tcp || strncmp(text, "udp:", 4) == 0)
		rest += 4;
	complete(rest, whole, sizeof(whole));
	/* The port is at the same place for both families. */
	if (!strlen(rest) || strlen(rest) > ADDRESS_TEXT || address_parse(whole, address, NULL) ||
	    !in->sin_port)
		return error_set(error, -EINVAL, "'%s' is no collector to send to: give "
				 "192.0.2.1:9060, [2001:db8::1]:9060 or tcp:192.0.2.1:9060; names "
				 "are not looked up.", quote(text).text);
	return 0;
}
