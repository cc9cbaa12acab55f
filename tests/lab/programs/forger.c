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
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ends.h"
#include "packet.h"

#define PAYLOAD_MAX 1400
#define WAIT 110000 /* ms: only a broken setup takes longer */

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

static void run_send(char **argv)
{
	struct sockaddr_in to = address(argv[4], atoi(argv[5]));
	int fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW), first = atoi(argv[6]);
	const char *template = read_template();
	char payload[PAYLOAD_MAX];
	struct packet_spec spec = {
		.source = argv[2], .sport = atoi(argv[3]), .destination = argv[4],
		.dport = atoi(argv[5]), .payload = payload, .sums = true,
	};
	__u8 packet[FRAME_MAX];
	size_t length;

	must(fd >= 0, "socket");
	packet_bare = true;
	for (int number = first; number < first + atoi(argv[7]); number++) {
		fill_in(template, number, payload);
		length = packet_build(&spec, packet);
		must(sendto(fd, packet, length, 0, (const void *)&to, sizeof(to)) > 0, "sendto");
	}
}

static void run_ask(char **argv)
{
	struct sockaddr_in from = address(argv[2], atoi(argv[3]));
	struct sockaddr_in to = address(argv[4], atoi(argv[5]));
	int fd = socket(AF_INET, SOCK_DGRAM, 0), one = 1;
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	char text[PAYLOAD_MAX];
	ssize_t length;

	must(fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) == 0 &&
	     bind(fd, (const void *)&from, sizeof(from)) == 0, "bind");
	length = fill_in(read_template(), ntohs(from.sin_port), text);
	must(sendto(fd, text, length, 0, (const void *)&to, sizeof(to)) == length, "sendto");
	if (poll(&wait, 1, WAIT) != 1)
		exit(1);
	length = recv(fd, text, sizeof(text), 0);
	must(length >= 0, "recv");
	fwrite(text, 1, length, stdout);
}

int main(int argc, char **argv)
{
	bool send = argc == 8 && !strcmp(argv[1], "send");

	if (!send && (argc != 6 || strcmp(argv[1], "ask"))) {
		fprintf(stderr, "forger: send or ask, with what its source says.\n");
		return 2;
	}
	if (send)
		run_send(argv);
	else
		run_ask(argv);
	return 0;
}
