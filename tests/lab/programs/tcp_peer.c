// SPDX-License-Identifier: GPL-2.0-only
/*
 * A good peer of SIP over TCP, as trunks and proxies are: it writes many messages at once, cut
 * anywhere, and wants an answer to each. What could mislead who looks at segments is in them:
 * bodies that read like start lines, headers longer than a segment, keepalives in between.
 *
 *   tcp_peer [OPTION...] ADDRESS PORT MESSAGES
 *     -c N         connections (4)
 *     -p HOW       whole: a burst of 1 to 60 messages is one write; pieces: it is cut into writes
 *                  of 1 to 1460 bytes, each a segment of its own; mixed: in turn (mixed)
 *     -s N         where the schedule of lengths begins (0)
 *     -t SECONDS   ends when nothing was answered for so long (30)
 *     -m           at the end one more message, with a tag of 700 bytes, and a good one behind it
 *
 * Says what it has sent and heard as one line of JSON. Exit status 0 if all was answered, else 1.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BURST 60
#define PIECE 1460
#define MESSAGE_MAX 4000 /* Kamailio takes 4096 */
#define CONNECTIONS 32
#define WAITING 240      /* messages of a connection that are not answered yet, at most */
#define REPLIES 65536

struct connection {
	int fd;                  /* -1: it has ended */
	char out[(BURST + 2) * MESSAGE_MAX];
	size_t length, at;
	bool whole;
	char in[REPLIES];
	size_t filled;
	int waiting;
};

enum how { WHOLE, PIECES, MIXED };

static struct connection connections[CONNECTIONS];
static int count = 4;
static enum how how = MIXED;
static bool malformed;
static int patience = 30; /* s */
static unsigned int lengths;

static long wanted, sent, answered, keepalives, writes, closed, bursts;
static uint8_t *heard;     /* by number of the message */
static bool written[PIECE + 1];
static char local[80], server[80]; /* as in a URI */

static const char *const methods[] = {
	"OPTIONS", "NOTIFY", "INVITE", "MESSAGE", "SUBSCRIBE", "INFO",
};
#define METHODS (sizeof(methods) / sizeof(*methods))
#define USERS 20 /* who asks for many that are not there counts them */
static long sent_of[METHODS];

static void die(const char *what)
{
	fprintf(stderr, "tcp_peer: %s: %s\n", what, strerror(errno));
	exit(2);
}

static time_t seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/* --- messages */

static const char *const bodies[] = {
	"",
	"SIP/2.0 180 Ringing\r\n",
	"v=0\r\no=- 1 1 IN IP4 192.0.2.20\r\ns=-\r\nc=IN IP4 192.0.2.20\r\nt=0 0\r\n"
	"m=audio 40000 RTP/AVP 8 0\r\na=sendrecv\r\n",
	"OPTIONS sip:somebody@example.com SIP/2.0\r\nTo: me\r\n\r\nword sip:a@b\r\n",
	"SIP/2.0 200 OK\r\nSIP/2.0 \r\nGET / HTTP/1.1\r\n\r\n\r\n\r\nBYE a:b\r\n",
	"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\nACK \r\nl: 99999\r\n\r\n",
	"x",
};
#define BODIES (sizeof(bodies) / sizeof(*bodies))

/* What makes a header of 1.5 to 3.5 KB, longer than a segment: a fifth of the messages has it. */
static size_t long_fields(char *at, long number)
{
	size_t most = 1200 + number * 89 % 1800, length = 0;

	if (number % 5)
		return 0;
	for (int i = 1; length < most; i++)
		length += sprintf(at + length, "History-Info: <sip:%ld@192.0.2.%d;cause=302?Reason="
				  "SIP%%3Bcause%%3D302%%3Btext%%3D%%22Moved%%22>;"
				  "index=1.%d\r\n", number, i % 250, i);
	return length;
}

static size_t message(char *at, long number, bool wrong)
{
	const char *method = methods[number % METHODS], *body = bodies[number % BODIES];
	int user = number % USERS;
	size_t length;

	sent_of[number % METHODS]++;
	length = sprintf(at,
			 "%s sip:user%d@%s SIP/2.0\r\n"
			 "Via: SIP/2.0/TCP %s;branch=z9hG4bKp%ld\r\n"
			 "Max-Forwards: 70\r\n"
			 "From: \"a peer\" <sip:peer@%s>;tag=%0*ld\r\n"
			 "To: <sip:user%d@%s>\r\n"
			 "Call-ID: p%ld@peer\r\n",
			 method, user, server, local, number, server, wrong ? 700 : 1, number, user,
			 server, number);
	length += sprintf(at + length, "CSeq: %ld %s\r\nContact: <sip:peer@%s>\r\n", number + 1,
			  method, local);
	if (!strcmp(method, "NOTIFY") || !strcmp(method, "SUBSCRIBE"))
		length += sprintf(at + length, "Event: refer\r\n%s",
				  *method == 'N' ? "Subscription-State: active\r\n" : "");
	length += long_fields(at + length, number);
	if (*body)
		length += sprintf(at + length, "Content-Type: message/sipfrag\r\n");
	return length + sprintf(at + length, "Content-Length: %zu\r\n\r\n%s", strlen(body), body);
}

/* The next burst of a connection: as many messages as the schedule says, and some CRLFs. */
static void burst(struct connection *c)
{
	int size = 1 + bursts % BURST;

	c->length = c->at = 0;
	c->whole = how == WHOLE || (how == MIXED && bursts & 1);
	bursts++;
	for (int i = 0; i < size && sent < wanted; i++) {
		c->length += message(c->out + c->length, sent++, false);
		c->waiting++;
		if (sent % 5)
			continue;
		c->length += sprintf(c->out + c->length, "%s", sent % 10 ? "\r\n\r\n" : "\r\n");
		keepalives++;
	}
}

/* --- what is written */

static size_t unsent(int fd)
{
	int bytes = 0;

	/* Not what is on its way, but what waits for its turn: it would be sent as one segment. */
	if (ioctl(fd, SIOCOUTQNSD, &bytes))
		die("SIOCOUTQNSD");
	return bytes;
}

static void lose(struct connection *c)
{
	close(c->fd);
	c->fd = -1;
	closed++;
}

/*
 * All lengths from 1 to PIECE come, in an order that mixes them, each when the one before is sent.
 */
static size_t next_length(void)
{
	return 1 + lengths * 577 % PIECE;
}

static size_t piece(const struct connection *c)
{
	size_t rest = c->length - c->at;

	return c->whole || next_length() > rest ? rest : next_length();
}

/* True if something was written. */
static bool push(struct connection *c)
{
	ssize_t done;
	size_t size;

	if (c->fd < 0)
		return false;
	if (c->at == c->length && sent < wanted && c->waiting < WAITING)
		burst(c);
	if (c->at == c->length || (!c->whole && unsent(c->fd)))
		return false;
	size = piece(c);
	done = send(c->fd, c->out + c->at, size, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (done < 0 && errno != EAGAIN)
		lose(c);
	if (done <= 0)
		return false;
	writes++;
	if (!c->whole) {
		written[done] = true;
		lengths += (size_t)done == next_length();
	}
	c->at += done;
	return true;
}

/* --- what is heard */

static const char *field(const char *head, const char *end, const char *name)
{
	const char *at = memmem(head, end - head, name, strlen(name));

	return at ? at + strlen(name) : "";
}

static void hear(struct connection *c, const char *head, const char *end)
{
	const char *id = field(head, end, "\r\nCall-ID: p");
	long number;

	if (atoi(head + 8) < 200 || sscanf(id, "%ld@", &number) != 1 || number < 0 ||
	    number >= sent || heard[number])
		return;
	heard[number] = 1;
	answered++;
	c->waiting--;
}

/* The replies that are whole; what is left moves to the front. */
static void hear_all(struct connection *c)
{
	char *at = c->in, *end = c->in + c->filled, *blank;

	for (;;) {
		while (at < end && (*at == '\r' || *at == '\n'))
			at++;
		blank = memmem(at, end - at, "\r\n\r\n", 4);
		if (!blank)
			break;
		blank += 4 + atoi(field(at, blank, "\r\nContent-Length: "));
		if (blank > end)
			break;
		hear(c, at, blank);
		at = blank;
	}
	c->filled = end - at;
	memmove(c->in, at, c->filled);
}

static bool pull(struct connection *c)
{
	ssize_t done;

	if (c->fd < 0)
		return false;
	done = recv(c->fd, c->in + c->filled, sizeof(c->in) - c->filled, MSG_DONTWAIT);
	if (done == 0 || (done < 0 && errno != EAGAIN))
		lose(c);
	if (done <= 0)
		return false;
	c->filled += done;
	hear_all(c);
	return true;
}

/* --- the run */

static int dial(const struct addrinfo *at)
{
	int fd = socket(at->ai_family, SOCK_STREAM, 0), on = 1;
	struct sockaddr_storage own;
	socklen_t size = sizeof(own);
	char host[64], port[8];
	bool six = at->ai_family == AF_INET6;

	if (fd < 0 || setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) ||
	    connect(fd, at->ai_addr, at->ai_addrlen) ||
	    getsockname(fd, (struct sockaddr *)&own, &size) || fcntl(fd, F_SETFL, O_NONBLOCK))
		die("cannot connect");
	if (getnameinfo((struct sockaddr *)&own, size, host, sizeof(host), port, sizeof(port),
			NI_NUMERICHOST | NI_NUMERICSERV))
		die("no name of its own");
	snprintf(local, sizeof(local), six ? "[%s]:%s" : "%s:%s", host, port);
	return fd;
}

static void wait_for_something(void)
{
	struct pollfd readable[CONNECTIONS];

	for (int i = 0; i < count; i++)
		readable[i] = (struct pollfd){.fd = connections[i].fd, .events = POLLIN};
	poll(readable, count, 1);
}

/* Until all is answered, or nothing was for too long. */
static void run(void)
{
	time_t last = seconds();
	bool moved;

	while (answered < wanted && closed < count && seconds() - last <= patience) {
		long before = answered;

		moved = false;
		for (int i = 0; i < count; i++) {
			moved |= push(&connections[i]);
			moved |= pull(&connections[i]);
		}
		if (answered != before)
			last = seconds();
		if (!moved)
			wait_for_something();
	}
}

/* Each in a segment of its own, at a place where a message begins. */
static void run_malformed(void)
{
	const struct linger reset = {.l_onoff = 1};
	struct connection *c = &connections[0];

	for (int i = 0; i < 2; i++) {
		c->length = message(c->out, sent++, i == 0);
		c->at = 0;
		c->whole = true;
		wanted++;
		while (c->fd >= 0 && c->at < c->length)
			push(c);
		usleep(100000);
	}
	run();
	/* Or it would go on trying after this has ended. */
	if (c->fd >= 0 && setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)))
		die("SO_LINGER");
}

static void tell(void)
{
	int different = 0;

	for (int i = 1; i <= PIECE; i++)
		different += written[i];
	printf("{\"sent\":%ld,\"answered\":%ld,\"closed\":%ld,\"keepalives\":%ld,\"writes\":%ld,"
	       "\"lengths\":%d,\"methods\":{", sent, answered, closed, keepalives, writes,
	       different);
	for (size_t i = 0; i < METHODS; i++)
		printf("%s\"%s\":%ld", i ? "," : "", methods[i], sent_of[i]);
	puts("}}");
}

static void usage(void)
{
	fputs("Usage: tcp_peer [-c N] [-p whole|pieces|mixed] [-s N] [-t SECONDS] [-m] "
	      "ADDRESS PORT MESSAGES\n", stderr);
	exit(2);
}

static void options(int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "c:p:s:t:m")) != -1) {
		if (option == 'c')
			count = atoi(optarg);
		else if (option == 'p')
			how = *optarg == 'w' ? WHOLE : *optarg == 'p' ? PIECES : MIXED;
		else if (option == 's')
			lengths = atoi(optarg);
		else if (option == 't')
			patience = atoi(optarg);
		else if (option == 'm')
			malformed = true;
		else
			usage();
	}
	if (argc - optind != 3 || count < 1 || count > CONNECTIONS)
		usage();
}

int main(int argc, char **argv)
{
	struct addrinfo *at, hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM,
	};

	options(argc, argv);
	if (getaddrinfo(argv[optind], argv[optind + 1], &hints, &at))
		usage();
	snprintf(server, sizeof(server), at->ai_family == AF_INET6 ? "[%s]" : "%s", argv[optind]);
	wanted = atol(argv[optind + 2]);
	heard = calloc(wanted + 2, 1);
	if (!heard)
		die("memory");
	for (int i = 0; i < count; i++)
		connections[i].fd = dial(at);
	freeaddrinfo(at);
	run();
	if (malformed && answered == wanted)
		run_malformed();
	tell();
	return answered == wanted ? 0 : 1;
}
