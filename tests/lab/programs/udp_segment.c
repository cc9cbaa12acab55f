// SPDX-License-Identifier: GPL-2.0-only
/*
 * Several messages in one super-packet:
 *
 *   udp_segment send FROM TO PORT MARKER GOOD BAD SIZE [FRAMES]   by a socket's UDP_SEGMENT
 *   udp_segment tap NAME FROM TO PORT MARKER GOOD BAD SIZE [FRAMES]
 *   udp_segment sink ADDRESS PORT
 *
 * Each frame holds GOOD REGISTERs, each with a call of its own, and behind them BAD datagrams that
 * are no SIP, all of SIZE bytes. Behind the last frame comes a datagram from the address MARKER,
 * which the guard has to let through. `tap` makes the interface, says "ready", and once there is a
 * line on standard input, writes each frame to it as a guest does; the interface ends with the
 * process. `sink` says "ready", then how many good and bad ones have come before the marker.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_ether.h>
#include <linux/if_tun.h>
#include <linux/udp.h>
#include <linux/virtio_net.h>
#include <netinet/ip.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "ends.h"

#define PAYLOAD_MAX 65507 /* of a datagram over IPv4 */
#define PART_MAX 1472     /* of one on a link of 1500 bytes */
#define WAIT 110000       /* ms for the marker: only a broken setup takes longer */
#define MARK "marker"

#define GOOD                                                             \
	"REGISTER sip:example.com SIP/2.0\r\n"                           \
	"Via: SIP/2.0/UDP phone.example.com:5060;branch=z9hG4bK%lx.%d\r\n" \
	"From: <sip:a@example.com>;tag=%d\r\n"                           \
	"To: <sip:a@example.com>\r\n"                                    \
	"Call-ID: %lx.%d\r\n"                                            \
	"CSeq: 1 REGISTER\r\n"                                           \
	"Max-Forwards: 70\r\n"                                           \
	"Contact: <sip:a@phone.example.com>\r\n"                         \
	"Content-Type: text/plain\r\n"                                   \
	"Content-Length: %04d\r\n\r\n"

#ifndef VIRTIO_NET_HDR_GSO_UDP_L4
#define VIRTIO_NET_HDR_GSO_UDP_L4 5 /* Linux 6.2 */
#endif

struct load {
	struct sockaddr_in from, to, marker;
	int good, bad, size, frames;
};

/* As the kernel takes it from a guest. */
struct frame {
	struct virtio_net_hdr head;
	struct ethhdr ethernet;
	struct iphdr ip;
	struct udphdr udp;
	char payload[PAYLOAD_MAX];
} __attribute__((packed));

/* --- messages --- */

/* A REGISTER of exactly `size` bytes. None is like another one, which would be a retransmission. */
static void put_good(char *to, int size, int number)
{
	static long run;
	char head[600];
	int length = 0, body = 0;

	if (!run)
		run = (long)time(NULL) << 16 | (getpid() & 0xffff);
	/* Twice: the body is what the head leaves, whose length is the same with any body. */
	for (int i = 0; i < 2; i++, body = size - length)
		length = snprintf(head, sizeof(head), GOOD, run, number, number, run, number, body);
	if (body < 0) {
		fprintf(stderr, "udp_segment: SIZE must be at least %d.\n", length);
		exit(2);
	}
	memcpy(to, head, length);
	memset(to + length, 'b', body);
}

static int put_all(char *payload, const struct load *load, int frame)
{
	int all = load->good + load->bad;

	for (int i = 0; i < all; i++, payload += load->size) {
		if (i < load->good)
			put_good(payload, load->size, frame * all + i);
		else
			memset(payload, '?', load->size);
	}
	return all * load->size;
}

/* --- a sender's socket --- */

/* Else the marker could take another way through the kernel, and arrive before the frames. */
static void stay_on_this_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	must(sched_setaffinity(0, sizeof(set), &set) == 0, "sched_setaffinity");
}

static int socket_from(const struct sockaddr_in *from)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	must(fd >= 0 && bind(fd, (const void *)from, sizeof(*from)) == 0, "bind");
	return fd;
}

static void socket_send(int fd, const char *bytes, int length, const struct sockaddr_in *to)
{
	must(sendto(fd, bytes, length, 0, (const void *)to, sizeof(*to)) == length, "sendto");
}

static void run_send(const struct load *load)
{
	static char payload[PAYLOAD_MAX];
	int fd = socket_from(&load->from), marker = socket_from(&load->marker);

	must(setsockopt(fd, IPPROTO_UDP, UDP_SEGMENT, &load->size, sizeof(load->size)) == 0,
	     "UDP_SEGMENT");
	for (int i = 0; i < load->frames; i++)
		socket_send(fd, payload, put_all(payload, load, i), &load->to);
	socket_send(marker, MARK, strlen(MARK), &load->to);
}

/* --- a guest at a tap --- */

static int tap_make(const char *name, unsigned char *mac)
{
	struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
	int fd = open("/dev/net/tun", O_RDWR);

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	must(fd >= 0 && ioctl(fd, TUNSETIFF, &request) == 0, "tap");
	must(ioctl(fd, SIOCGIFHWADDR, &request) == 0, "SIOCGIFHWADDR");
	memcpy(mac, request.ifr_hwaddr.sa_data, ETH_ALEN);
	return fd;
}

static unsigned int sum(const void *bytes, size_t length, unsigned int so_far)
{
	const unsigned char *byte = bytes;

	for (size_t i = 0; i < length; i += 2)
		so_far += byte[i] << 8 | byte[i + 1];
	while (so_far >> 16)
		so_far = (so_far & 0xffff) + (so_far >> 16);
	return so_far;
}

/* The headers before a payload of `length` bytes; the sum of UDP is left to the kernel. */
static void fill(struct frame *f, const struct sockaddr_in *from, const struct load *load,
		 int length)
{
	int udp = sizeof(f->udp) + length;

	f->ethernet.h_source[0] = 2;
	f->ethernet.h_proto = htons(ETH_P_IP);
	f->ip = (struct iphdr){
		.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP,
		.tot_len = htons(sizeof(f->ip) + udp),
		.saddr = from->sin_addr.s_addr, .daddr = load->to.sin_addr.s_addr,
	};
	f->ip.check = htons(~sum(&f->ip, sizeof(f->ip), 0));
	f->udp = (struct udphdr){
		.source = from->sin_port, .dest = load->to.sin_port, .len = htons(udp),
		.check = htons(sum(&f->ip.saddr, 8, IPPROTO_UDP + udp)),
	};
	f->head = (struct virtio_net_hdr){
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.hdr_len = sizeof(f->ethernet) + sizeof(f->ip) + sizeof(f->udp),
		.csum_start = sizeof(f->ethernet) + sizeof(f->ip),
		.csum_offset = offsetof(struct udphdr, check),
	};
	if (length > load->size) {
		f->head.gso_type = VIRTIO_NET_HDR_GSO_UDP_L4;
		f->head.gso_size = load->size;
	}
}

static void tap_write(int fd, const struct frame *f, int length)
{
	int all = offsetof(struct frame, payload) + length;

	must(write(fd, f, all) == all, "writing to the tap");
}

static void run_tap(const char *name, const struct load *load)
{
	static struct frame frame;
	int fd = tap_make(name, frame.ethernet.h_dest), length;

	puts("ready");
	fflush(stdout);
	if (getchar() == EOF)
		return;
	for (int i = 0; i < load->frames; i++) {
		length = put_all(frame.payload, load, i);
		fill(&frame, &load->from, load, length);
		tap_write(fd, &frame, length);
	}
	memcpy(frame.payload, MARK, strlen(MARK));
	fill(&frame, &load->marker, load, strlen(MARK));
	tap_write(fd, &frame, strlen(MARK));
	while (getchar() != EOF) /* the interface stays until it was looked at */
		;
}

/* --- the receiver --- */

static int sink_open(const struct sockaddr_in *at)
{
	int fd = socket_from(at), room = 64 << 20;

	must(setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) == 0,
	     "SO_RCVBUFFORCE");
	return fd;
}

static void run_sink(const struct sockaddr_in *at)
{
	static char bytes[PAYLOAD_MAX];
	struct pollfd wait = {.fd = sink_open(at), .events = POLLIN};
	int good = 0, bad = 0;
	ssize_t length;

	puts("ready");
	fflush(stdout);
	while (poll(&wait, 1, WAIT) == 1) {
		length = recv(wait.fd, bytes, sizeof(bytes), 0);
		must(length >= 0, "recv");
		if (length == (ssize_t)strlen(MARK) && !memcmp(bytes, MARK, length)) {
			printf("%d %d\n", good, bad);
			return;
		}
		if (!strncmp(bytes, "REGISTER ", strlen("REGISTER ")))
			good++;
		else
			bad++;
	}
	printf("no marker after %d %d\n", good, bad);
	exit(1);
}

/* FROM TO PORT MARKER GOOD BAD SIZE [FRAMES] */
static struct load load_of(char **argv, int count)
{
	int port = atoi(argv[2]);
	struct load load = {
		.from = address(argv[0], 5060), .to = address(argv[1], port),
		.marker = address(argv[3], 5060),
		.good = atoi(argv[4]), .bad = atoi(argv[5]), .size = atoi(argv[6]),
		.frames = count > 7 ? atoi(argv[7]) : 1,
	};

	if (load.good < 0 || load.bad < 0 || load.size < 1 || load.size > PART_MAX ||
	    load.good + load.bad < 1 || load.good + load.bad > PAYLOAD_MAX / load.size) {
		fprintf(stderr, "udp_segment: a frame holds %d bytes, in parts of 1 to %d.\n",
			PAYLOAD_MAX, PART_MAX);
		exit(2);
	}
	return load;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	struct sockaddr_in at;
	struct load load;

	stay_on_this_cpu();
	if (!strcmp(what, "sink") && argc == 4) {
		at = address(argv[2], atoi(argv[3]));
		run_sink(&at);
	} else if (!strcmp(what, "send") && (argc == 9 || argc == 10)) {
		load = load_of(argv + 2, argc - 2);
		run_send(&load);
	} else if (!strcmp(what, "tap") && (argc == 10 || argc == 11)) {
		load = load_of(argv + 3, argc - 3);
		run_tap(argv[2], &load);
	} else {
		fprintf(stderr, "udp_segment: send, tap or sink, with what its source says.\n");
		return 2;
	}
	return 0;
}
