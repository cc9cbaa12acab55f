// SPDX-License-Identifier: GPL-2.0-only
/*
 * A bad wire between two interfaces of one namespace: what comes in at one goes out at the other,
 * but some frames get lost, come twice, or come late. By a seed, so that a run can be had again as
 * far as the two ends do the same.
 *
 *   wire FIRST SECOND LOSS LATE TWICE SEED   shares in 1/10000 of the frames, in either direction
 *
 * Only frames that are for neither interface's own stack are taken: whoever is at the two ends does
 * not see the namespace in between. Their interfaces must not segment or leave out checksums
 * (ethtool -K ... tso off gso off gro off tx off), since a wire carries no more than frames. Told
 * to end (SIGTERM), it says what it has done.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define FRAME_MAX 2048
#define LATE_MAX 8 /* frames that overtake one that comes late */
#define LATE_MS 20 /* it comes even if none does */
#define BUFFER (16 << 20)

struct frame {
	uint8_t bytes[FRAME_MAX];
	size_t length;
	int overtaken; /* by so many more it is to be */
};

struct direction {
	int from, to;
	struct frame late;
	bool holds;
	uint64_t since; /* ms */
	unsigned long carried, lost, delayed, doubled;
};

static unsigned int loss, late, twice;
static uint64_t seed;
static volatile sig_atomic_t ended;

static void die(const char *what)
{
	fprintf(stderr, "wire: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint32_t random_below(uint32_t bound)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (seed >> 33) % bound;
}

static uint64_t milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

static int open_interface(const char *name)
{
	struct sockaddr_ll at = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL),
		.sll_ifindex = if_nametoindex(name),
	};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK, 0), size = BUFFER, on = 1;

	if (fd < 0 || !at.sll_ifindex ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on)) ||
	    bind(fd, (struct sockaddr *)&at, sizeof(at)))
		die(name);
	return fd;
}

/* A full queue is the wire's affair, and not what was asked for. */
static void put(struct direction *d, const struct frame *f)
{
	struct pollfd writable = {.fd = d->to, .events = POLLOUT};

	while (send(d->to, f->bytes, f->length, 0) < 0) {
		if (errno != EAGAIN && errno != ENOBUFS && errno != EINTR)
			die("cannot send");
		poll(&writable, 1, 10);
	}
	d->carried++;
}

static void release(struct direction *d)
{
	d->holds = false;
	put(d, &d->late);
}

static void carry(struct direction *d, const struct frame *f)
{
	uint32_t chance = random_below(10000);

	if (chance < loss) {
		d->lost++;
		return;
	}
	if (chance < loss + late && !d->holds) {
		d->late = *f;
		d->late.overtaken = 1 + random_below(LATE_MAX);
		d->holds = true;
		d->since = milliseconds();
		d->delayed++;
		return;
	}
	put(d, f);
	if (chance >= loss + late && chance < loss + late + twice) {
		put(d, f);
		d->doubled++;
	}
	if (d->holds && --d->late.overtaken <= 0)
		release(d);
}

/* What has come; true if there was any. */
static bool take(struct direction *d)
{
	struct sockaddr_ll at;
	socklen_t size = sizeof(at);
	static struct frame f;
	ssize_t length = recvfrom(d->from, f.bytes, sizeof(f.bytes), MSG_TRUNC,
				  (struct sockaddr *)&at, &size);

	if (length < 0)
		return false;
	if (at.sll_pkttype != PACKET_OTHERHOST)
		return true;
	if ((size_t)length > sizeof(f.bytes)) {
		fprintf(stderr, "wire: a frame of %zd bytes: segmentation is on.\n", length);
		exit(1);
	}
	f.length = length;
	carry(d, &f);
	return true;
}

static void relay(struct direction *ways)
{
	struct pollfd readable[2] = {
		{.fd = ways[0].from, .events = POLLIN}, {.fd = ways[1].from, .events = POLLIN},
	};

	poll(readable, 2, ways[0].holds || ways[1].holds ? 5 : 200);
	for (int i = 0; i < 2; i++) {
		for (int n = 0; n < 64 && take(&ways[i]); n++)
			;
		if (ways[i].holds && milliseconds() - ways[i].since > LATE_MS)
			release(&ways[i]);
	}
}

static void end(int signal)
{
	(void)signal;
	ended = 1;
}

int main(int argc, char **argv)
{
	struct direction ways[2] = {};

	if (argc != 7) {
		fputs("Usage: wire FIRST SECOND LOSS LATE TWICE SEED\n", stderr);
		return 2;
	}
	loss = atoi(argv[3]);
	late = atoi(argv[4]);
	twice = atoi(argv[5]);
	seed = strtoull(argv[6], NULL, 0);
	ways[0].from = ways[1].to = open_interface(argv[1]);
	ways[0].to = ways[1].from = open_interface(argv[2]);
	signal(SIGTERM, end);
	puts("carries");
	fflush(stdout);
	while (!ended)
		relay(ways);
	for (int i = 0; i < 2; i++)
		printf("%s: carried %lu, lost %lu, late %lu, twice %lu\n", argv[1 + i],
		       ways[i].carried, ways[i].lost, ways[i].delayed, ways[i].doubled);
	return 0;
}
