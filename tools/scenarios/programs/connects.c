/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Strangers that connect to a server by TCP, each from an address of its own, counted up: how many
 * do, and how long that takes them. For the lab: refuses to run in the initial network namespace.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "tool.h"

#define MOST 4000
/* They look like this often, in ms: what they measure is not finer. */
#define LOOK 1

static struct pollfd polled[MOST];
static double started[MOST];
static double took[MOST];      /* of those that are connected */
static int begun, waiting, connected;

static void begin(struct in_addr first, const struct sockaddr_in *server)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_in from = { .sin_family = AF_INET };
	struct linger reset = { .l_onoff = 1 };

	from.sin_addr.s_addr = htonl(ntohl(first.s_addr) + begun);
	must(fd >= 0 && !setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) &&
	     !bind(fd, (const void *)&from, sizeof(from)), "bind");
	started[waiting] = now();
	must(!connect(fd, (const void *)server, sizeof(*server)) || errno == EINPROGRESS,
	     "connect");
	polled[waiting++] = (struct pollfd){ .fd = fd, .events = POLLOUT };
	begun++;
}

/* Whoever is through makes room for the last one. */
static void look(int patience)
{
	int error;
	socklen_t length;

	if (poll(polled, waiting, patience) <= 0)
		return;
	for (int i = waiting - 1; i >= 0; i--) {
		if (!polled[i].revents)
			continue;
		length = sizeof(error);
		if (!getsockopt(polled[i].fd, SOL_SOCKET, SO_ERROR, &error, &length) && !error)
			took[connected++] = now() - started[i];
		close(polled[i].fd);
		waiting--;
		polled[i] = polled[waiting];
		started[i] = started[waiting];
	}
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* In ms; null if fewer than that share are known. */
static void print_share(const char *name, double share)
{
	int at = share * begun;

	if (at < connected)
		printf(", \"%s\": %.3f", name, took[at] * 1e3);
	else
		printf(", \"%s\": null", name);
}

int main(int argc, char **argv)
{
	struct sockaddr_in server = { .sin_family = AF_INET, .sin_port = htons(5060) };
	double start, patience, a_second;
	struct in_addr first;
	int n;

	if (argc != 6 || inet_pton(AF_INET, argv[1], &first) != 1 ||
	    inet_pton(AF_INET, argv[2], &server.sin_addr) != 1) {
		fputs("Usage: connects FIRST SERVER CONNECTIONS A-SECOND PATIENCE\n", stderr);
		return 2;
	}
	n = atoi(argv[3]);
	a_second = atof(argv[4]);
	patience = atof(argv[5]);
	if (n < 1 || n > MOST || a_second <= 0 || !in_private_netns()) {
		fprintf(stderr, "connects: at most %d, and not in the initial namespace\n", MOST);
		return 2;
	}
	start = now();
	while (begun < n || (waiting && now() < start + n / a_second + patience)) {
		if (begun < n && now() >= start + begun / a_second)
			begin(first, &server);
		else
			look(LOOK);
	}
	qsort(took, connected, sizeof(*took), compare);
	printf("{\"asked\": %d, \"connected\": %d", begun, connected);
	print_share("p50_ms", 0.5);
	print_share("p95_ms", 0.95);
	puts("}");
	return 0;
}
