// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pesters an HTTP server on 127.0.0.1:
 *
 *   pester idle PORT N        N connections that say nothing
 *   pester slow PORT N        N that ask for all there is and read nothing
 *                             Both print "open" when all are, and hold them until they are
 *                             killed.
 *   pester fuzz PORT N SEED   N requests with mistakes, one after the other; exit status 1 if an
 *                             answer is no HTTP, or there is nobody any more
 */
#include <arpa/inet.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define OPEN 32

static unsigned int port;
static unsigned long long noise;

static unsigned int dice(unsigned int sides)
{
	noise = noise * 6364136223846793005ULL + 1442695040888963407ULL;
	return (noise >> 33) % sides;
}

static int dial(int receive)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (receive)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive, sizeof(receive));
	if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to))) {
		perror("pester: connect");
		exit(1);
	}
	return fd;
}

static void hold(int count, const char *request)
{
	for (int i = 0; i < count; i++) {
		int fd = dial(request ? 1024 : 0);

		if (request)
			send(fd, request, strlen(request), MSG_NOSIGNAL);
	}
	puts("open");
	fflush(stdout);
	for (;;)
		pause();
}

static size_t mutate(char *bytes, size_t length, size_t room)
{
	for (unsigned int n = dice(8); n; n--) {
		size_t at = dice(length);

		switch (dice(5)) {
		case 0:
			bytes[at] = dice(256);
			break;
		case 1:
			length = at + 1;
			break;
		case 2: /* what is from there once more */
			if (2 * length - at < room) {
				memcpy(bytes + length, bytes + at, length - at);
				length += length - at;
			}
			break;
		case 3:
			bytes[at] = "\r\n\0: /%?;\xff"[dice(10)];
			break;
		default: /* a long run of one byte */
			for (unsigned int run = dice(20000); run && length < room; run--)
				bytes[length++] = bytes[at];
		}
	}
	return length;
}

/* By HTTP or, so far, by nothing: what is half a request may be waited for. Closes it. */
static bool is_answered(int fd)
{
	char answer[7];
	ssize_t length = recv(fd, answer, sizeof(answer), MSG_DONTWAIT);

	close(fd);
	return length <= 0 || !memcmp(answer, "HTTP/1.", length);
}

/* Some requests are under way at once, so that nobody waits for what gets no answer. */
static int fuzz(int count)
{
	static const char *const begin[] = {
		"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
		"GET /../../etc/passwd HTTP/1.1\r\nHost: localhost\r\nRange: bytes=0-\r\n\r\n",
		"POST /a HTTP/1.1\r\nHost: [::1]\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nab",
		"HEAD /status.json?a=%00%zz HTTP/1.0\r\nContent-Length: 99999999999999\r\n\r\n",
		"OPTIONS * HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nUpgrade: x\r\n\r\n",
		"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: a=b; c\r\n\r\nGET / HTTP/1.1\r\n\r\n",
	};
	static char bytes[1 << 17];
	static int open[OPEN];

	for (int i = 0; i < count + OPEN; i++) {
		int *fd = &open[i % OPEN];

		if (i >= OPEN && !is_answered(*fd)) {
			fprintf(stderr, "pester: no answer of HTTP to request %d\n", i - OPEN);
			return 1;
		}
		if (i >= count)
			continue;
		strcpy(bytes, begin[dice(sizeof(begin) / sizeof(*begin))]);
		*fd = dial(0);
		send(*fd, bytes, mutate(bytes, strlen(bytes), sizeof(bytes)),
		     MSG_NOSIGNAL | MSG_DONTWAIT);
		shutdown(*fd, SHUT_WR);
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc < 4)
		return 2;
	port = atoi(argv[2]);
	if (!strcmp(argv[1], "idle"))
		hold(atoi(argv[3]), NULL);
	if (!strcmp(argv[1], "slow"))
		hold(atoi(argv[3]), "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"
		     "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
	noise = argc > 4 ? strtoull(argv[4], NULL, 0) : 1;
	return fuzz(atoi(argv[3]));
}
