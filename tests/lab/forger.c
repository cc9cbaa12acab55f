// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who forges sees replies to his own address only:
 *
 *   forger send FROM PORT TO PORT FIRST COUNT   datagrams of UDP from any address
 *   forger ask FROM PORT TO PORT                one from an own address; prints the reply
 *
 * The message is on standard input; a line feed becomes CRLF, and "@N@" a number: FIRST, and one
 * more for each datagram (ask: PORT). Exit status 1 if no reply comes.
 */
#include <arpa/inet.h>
#include <linux/types.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ends.h"

#define PAYLOAD_MAX 1400
#define WAIT 110000 /* ms: only a broken setup takes longer */

struct datagram {
	struct iphdr ip;
	struct udphdr udp;
	char payload[PAYLOAD_MAX];
} __attribute__((packed));

/* What is on standard input, as lines of SIP. */
static char *read_template(void)
{
	static char text[PAYLOAD_MAX];
	size_t length = 0;
	int c;

	while ((c = getchar()) != EOF && length < sizeof(text) - 3) {
		if (c == '\n')
			text[length++] = '\r';
		text[length++] = c;
	}
	return text;
}

/* Fills in the number; the length. */
static int fill_in(const char *template, int number, char *payload)
{
	const char *mark;
	int length = 0;

	while ((mark = strstr(template, "@N@"))) {
		length += snprintf(payload + length, PAYLOAD_MAX - length, "%.*s%d",
				   (int)(mark - template), template, number);
		must(length < PAYLOAD_MAX, "the message is too long");
		template = mark + 3;
	}
	length += snprintf(payload + length, PAYLOAD_MAX - length, "%s", template);
	must(length < PAYLOAD_MAX, "the message is too long");
	return length;
}

/* The kernel fills in the sum of IP; UDP over IPv4 may go without one, and clients do not. */
static __u16 udp_sum(const struct datagram *d, int length)
{
	const __u8 *byte = (const __u8 *)&d->udp;
	__u32 sum = IPPROTO_UDP + length;

	for (int i = 0; i < length; i++)
		sum += i % 2 ? byte[i] : byte[i] << 8;
	for (byte = (const __u8 *)&d->ip.saddr; byte < (const __u8 *)&d->udp; byte += 2)
		sum += byte[0] << 8 | byte[1];
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(~sum);
}

static void run_send(const struct sockaddr_in *from, const struct sockaddr_in *to, int first,
		     int count)
{
	int fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW), length;
	const char *template = read_template();
	static struct datagram d;

	must(fd >= 0, "socket");
	for (int i = 0; i < count; i++) {
		length = sizeof(d.udp) + fill_in(template, first + i, d.payload);
		d.ip = (struct iphdr){
			.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP,
			.saddr = from->sin_addr.s_addr, .daddr = to->sin_addr.s_addr,
		};
		d.udp = (struct udphdr){
			.source = from->sin_port, .dest = to->sin_port, .len = htons(length),
		};
		d.udp.check = udp_sum(&d, length);
		must(sendto(fd, &d, sizeof(d.ip) + length, 0, (const void *)to, sizeof(*to)) > 0,
		     "sendto");
	}
}

static void run_ask(const struct sockaddr_in *from, const struct sockaddr_in *to)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0), one = 1;
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	char text[PAYLOAD_MAX];
	ssize_t length;

	must(fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0 &&
	     bind(fd, (const void *)from, sizeof(*from)) == 0, "bind");
	length = fill_in(read_template(), ntohs(from->sin_port), text);
	must(sendto(fd, text, length, 0, (const void *)to, sizeof(*to)) == length, "sendto");
	if (poll(&wait, 1, WAIT) != 1)
		exit(1);
	length = recv(fd, text, sizeof(text), 0);
	must(length >= 0, "recv");
	fwrite(text, 1, length, stdout);
}

int main(int argc, char **argv)
{
	struct sockaddr_in from, to;
	bool send = argc == 8 && !strcmp(argv[1], "send");

	if (!send && (argc != 6 || strcmp(argv[1], "ask"))) {
		fprintf(stderr, "forger: send or ask, with what its source says.\n");
		return 2;
	}
	from = address(argv[2], atoi(argv[3]));
	to = address(argv[4], atoi(argv[5]));
	if (send)
		run_send(&from, &to, atoi(argv[6]), atoi(argv[7]));
	else
		run_ask(&from, &to);
	return 0;
}
