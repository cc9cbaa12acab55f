/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who guesses: passwords of a user (--user), or which users there are (--users). For the lab:
 * refuses to run in the initial network namespace.
 *
 * Whether the server has answered an attempt does not depend on how fast it is: behind each one an
 * OPTIONS is sent from the address --fence, which nothing drops. When that is answered the server
 * is through with the attempt, which was dropped if there is no answer. Over TCP all attempts are
 * made first, and then such an OPTIONS is sent until nothing else happens meanwhile.
 */
#include <errno.h>
#include <poll.h>

#include "sip.h"

#define PORTS_MAX    1000
#define ATTEMPTS_MAX 1000
#define PATIENCE     120  /* s, for the fence */
#define QUIET        0.2  /* s, over TCP */
#define TOLD_AGAIN   50   /* attempts with a nonce that the accomplice was told */

enum nonces {
	NONCE_ASKED,   /* each attempt has the nonce of a challenge of its own */
	NONCE_FIRST,   /* all have that of one, which --port was told */
	NONCE_OTHERS,  /* made up, or told to the address --other, in turn */
};

struct connection {
	int number; /* of the attempt */
	bool sent, challenged, tried;
};

/* What is asked for. */
static struct {
	const char *server, *from, *fence, *other, *user, *users, *to, *method, *password;
	int port, ports, attempts;
	double rate;
	enum nonces nonces;
	bool tcp, same;
} ask = {
	.user = "mallory", .method = "REGISTER", .port = 10000, .ports = 1, .rate = 20,
};

static int sockets[PORTS_MAX + 1], judged_of[PORTS_MAX + 1];
static int fence = -1, fences, serial, judged, told;
static bool registered;
static struct pollfd polled[ATTEMPTS_MAX];
static struct connection connections[ATTEMPTS_MAX];

/* --- messages */

/* A request of an attempt; with the credentials, if there are any. */
static int write_request(char *out, int number, int port, int cseq, const char *credentials)
{
	char branch[32], call_id[32], user[64], more[700] = "Expires: 300\r\n";
	struct sip_request request = {
		.method = ask.method, .server = ask.server, .user = ask.user,
		.address = ask.from, .port = port, .tcp = ask.tcp, .branch = branch,
		.call_id = call_id, .cseq = ask.same ? 1 : cseq, .more = more,
	};

	snprintf(branch, sizeof(branch), "g%d-%d", getpid(), ask.same ? 0 : ++serial);
	snprintf(call_id, sizeof(call_id), "g%d-%d", getpid(), ask.same ? 0 : number);
	snprintf(user, sizeof(user), "%s%d", ask.users ? ask.users : "", number);
	if (ask.users && number >= 0) {
		request.to = ask.to ? ask.to : user;
		if (strcmp(ask.method, "REGISTER"))
			request.uri = user;
	}
	if (credentials)
		snprintf(more, sizeof(more), "Expires: 300\r\nAuthorization: %s\r\n", credentials);
	return sip_write(out, &request);
}

static int write_password(char *out, int number, int port, const char *nonce, const char *password)
{
	struct sip_login login = {
		.user = ask.user, .password = password, .nonce = nonce, .count = 1,
	};
	char credentials[600], uri[64];

	snprintf(uri, sizeof(uri), "sip:%s", ask.server);
	sip_credentials(credentials, sizeof(credentials), &login, "REGISTER", uri);
	return write_request(out, number, port, 2, credentials);
}

static int write_wrong(char *out, int number, int port, const char *nonce)
{
	char password[32];

	snprintf(password, sizeof(password), "wrong%d", number);
	return write_password(out, number, port, nonce, password);
}

/* --- over UDP */

/* What is received, but refusals of a port, which are of the lab's making. */
static int hear(int fd, char *reply)
{
	int length;

	do {
		length = recv(fd, reply, SIP_MAX, MSG_DONTWAIT);
	} while (length < 0 && (errno == ECONNREFUSED || errno == EINTR));
	reply[length > 0 ? length : 0] = 0;
	return length;
}

/* Until the server has answered all that was sent before. */
static void pass_fence(void)
{
	struct pollfd pollfd = { .fd = fence, .events = POLLIN };
	char text[SIP_MAX + 1], branch[32], wanted[48];
	double give_up = now() + PATIENCE;
	struct sip_request request = {
		.method = "OPTIONS", .server = ask.server, .user = "fence", .address = ask.fence,
		.port = 5060, .tcp = ask.tcp, .branch = branch, .call_id = branch, .cseq = 1,
	};

	snprintf(branch, sizeof(branch), "fence%d-%d", getpid(), ++fences);
	snprintf(wanted, sizeof(wanted), "Call-ID: %s\r", branch);
	must(send(fence, text, sip_write(text, &request), 0) > 0, "fence");
	do {
		errno = ETIMEDOUT;
		must(now() < give_up, "fence");
		poll(&pollfd, 1, 1000);
	} while (hear(fence, text) <= 0 || !strstr(text, wanted));
}

/* The last answer to a message, or "" if there was none; its status. */
static int exchange(int fd, const char *text, int length, char *reply)
{
	char heard[SIP_MAX + 1];

	must(send(fd, text, length, 0) == length || errno == ECONNREFUSED, "send");
	pass_fence();
	reply[0] = 0;
	while (hear(fd, heard) > 0) {
		if (sip_status(heard))
			strcpy(reply, heard);
	}
	return sip_status(reply);
}

static int port_socket(int place)
{
	if (!sockets[place])
		sockets[place] = sip_socket(SOCK_DGRAM, ask.from, ask.port + place, ask.server);
	return sockets[place];
}

/* The server challenges a flow. */
static bool ask_nonce(int fd, int number, int port, char nonce[NONCE_MAX])
{
	char text[SIP_MAX + 1];

	return exchange(fd, text, write_request(text, number, port, 1, NULL), text) == 401 &&
	       sip_nonce(text, nonce);
}

static bool other_nonce(int number, char nonce[NONCE_MAX])
{
	static char told_nonce[NONCE_MAX];
	int fd;

	if (number % 2) {
		snprintf(nonce, NONCE_MAX, "bWFkZSB1cA%08d", number);
		return true;
	}
	if (number % TOLD_AGAIN == 0) {
		fd = sip_socket(SOCK_DGRAM, ask.other, 5060, ask.server);
		must(ask_nonce(fd, number, 5060, told_nonce), "the accomplice's nonce");
		close(fd);
	}
	strcpy(nonce, told_nonce);
	return true;
}

static bool nonce_for(int number, int place, char nonce[NONCE_MAX])
{
	static char first[NONCE_MAX];

	switch (ask.nonces) {
	case NONCE_ASKED:
		return ask_nonce(port_socket(place), number, ask.port + place, nonce);
	case NONCE_OTHERS:
		return other_nonce(number, nonce);
	case NONCE_FIRST:
		if (!first[0])
			must(ask_nonce(port_socket(0), number, ask.port, first), "the first nonce");
		strcpy(nonce, first);
		return true;
	}
	return false;
}

/* The port that was told the first nonce uses it not. */
static int place_of(int number)
{
	return number % ask.ports + (ask.nonces == NONCE_FIRST);
}

static void guess_password(int number)
{
	char text[SIP_MAX + 1], nonce[NONCE_MAX];
	int place = place_of(number), port = ask.port + place;

	if (!nonce_for(number, place, nonce))
		return;
	if (exchange(port_socket(place), text, write_wrong(text, number, port, nonce),
		     text) == 401) {
		judged++;
		judged_of[place]++;
	}
}

static void guess_user(int number)
{
	char text[SIP_MAX + 1];
	int place = place_of(number), port = ask.port + place;

	told += exchange(port_socket(place), text,
			 write_request(text, number, port, 1, NULL), text) != 0;
}

/* He has a password himself. */
static void register_first(void)
{
	const char *method = ask.method;
	char text[SIP_MAX + 1], nonce[NONCE_MAX];
	int length;

	ask.method = "REGISTER";
	if (ask_nonce(port_socket(0), -1, ask.port, nonce)) {
		length = write_password(text, -1, ask.port, nonce, ask.password);
		registered = exchange(port_socket(0), text, length, text) == 200;
	}
	ask.method = method;
}

static void run_udp(void)
{
	fence = sip_socket(SOCK_DGRAM, ask.fence, 5060, ask.server);
	if (ask.password)
		register_first();
	for (int i = 0; i < ask.attempts; i++) {
		if (ask.users)
			guess_user(i);
		else
			guess_password(i);
		pause_for(1 / ask.rate);
	}
}

/* --- over TCP: a connection for each attempt */

static void connect_next(int number)
{
	polled[number] = (struct pollfd){
		.fd = sip_socket(SOCK_STREAM | SOCK_NONBLOCK, ask.from, 0, ask.server),
		.events = POLLOUT,
	};
	connections[number] = (struct connection){ .number = number };
}

static void hang_up(struct pollfd *p)
{
	struct linger reset = { .l_onoff = 1 };

	setsockopt(p->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(p->fd);
	p->fd = -1;
}

static void hear_connection(struct connection *c, struct pollfd *p)
{
	char text[SIP_MAX + 1], nonce[NONCE_MAX];
	int length = hear(p->fd, text);

	if (length < 0 && errno == EAGAIN)
		return;
	told += ask.users && sip_status(text);
	judged += c->tried && sip_status(text) == 401;
	judged_of[0] = judged ? 1 : 0;
	if (ask.users || c->tried || !sip_nonce(text, nonce)) {
		hang_up(p);
		return;
	}
	length = write_wrong(text, c->number, 5060, nonce);
	c->tried = send(p->fd, text, length, MSG_NOSIGNAL) == length;
}

/* True if anything happened. */
static bool look(int begun)
{
	char text[SIP_MAX + 1];
	int length;

	if (poll(polled, begun, 1) <= 0)
		return false;
	for (int i = 0; i < begun; i++) {
		if (polled[i].revents & POLLOUT) {
			length = write_request(text, i, 5060, 1, NULL);
			send(polled[i].fd, text, length, MSG_NOSIGNAL);
			polled[i].events = POLLIN;
		} else if (polled[i].revents) {
			hear_connection(&connections[i], &polled[i]);
		}
	}
	return true;
}

/* A SYN that is refused comes again. */
static bool all_connected(int begun)
{
	for (int i = 0; i < begun; i++) {
		if (polled[i].fd >= 0 && polled[i].events == POLLOUT)
			return false;
	}
	return true;
}

static void run_tcp(void)
{
	double next = now(), give_up;
	bool something;
	int begun = 0;

	fence = sip_socket(SOCK_STREAM, ask.fence, 0, ask.server);
	while (begun < ask.attempts) {
		if (now() >= next) {
			next = now() + 1 / ask.rate;
			connect_next(begun++);
		}
		look(begun);
	}
	give_up = now() + PATIENCE;
	do {
		pass_fence();
		pause_for(QUIET);
		something = false;
		while (look(begun))
			something = true;
	} while (now() < give_up && (something || !all_connected(begun)));
}

/* --- */

static void report(void)
{
	int most = 0;

	for (int i = 0; i <= PORTS_MAX; i++)
		most = judged_of[i] > most ? judged_of[i] : most;
	printf("{\"attempts\": %d, \"judged\": %d, \"judged_of_flow\": %d, \"told\": %d, "
	       "\"registered\": %d}\n", ask.attempts, judged, most, told, registered);
}

static const struct option options[] = {
	{ "server", required_argument, NULL, 's' },
	{ "from", required_argument, NULL, 'f' },
	{ "fence", required_argument, NULL, 'F' },
	{ "other", required_argument, NULL, 'o' },
	{ "user", required_argument, NULL, 'u' },
	{ "users", required_argument, NULL, 'U' },
	{ "to", required_argument, NULL, 't' },
	{ "method", required_argument, NULL, 'm' },
	{ "register", required_argument, NULL, 'R' },
	{ "port", required_argument, NULL, 'p' },
	{ "ports", required_argument, NULL, 'P' },
	{ "attempts", required_argument, NULL, 'a' },
	{ "rate", required_argument, NULL, 'r' },
	{ "first-nonce", no_argument, NULL, '1' },
	{ "same", no_argument, NULL, 'S' },
	{ "tcp", no_argument, NULL, 'T' },
	{ },
};

static bool read_option(int option)
{
	switch (option) {
	case 's': ask.server = optarg; return true;
	case 'f': ask.from = optarg; return true;
	case 'F': ask.fence = optarg; return true;
	case 'o': ask.other = optarg; ask.nonces = NONCE_OTHERS; return true;
	case 'u': ask.user = optarg; return true;
	case 'U': ask.users = optarg; return true;
	case 't': ask.to = optarg; return true;
	case 'm': ask.method = optarg; return true;
	case 'R': ask.password = optarg; return true;
	case 'p': ask.port = atoi(optarg); return ask.port > 0;
	case 'P': ask.ports = atoi(optarg); return ask.ports > 0 && ask.ports <= PORTS_MAX;
	case 'a': ask.attempts = atoi(optarg); return ask.attempts <= ATTEMPTS_MAX;
	case 'r': ask.rate = atof(optarg); return ask.rate > 0;
	case '1': ask.nonces = NONCE_FIRST; return true;
	case 'S': ask.same = true; return true;
	case 'T': ask.tcp = true; return true;
	}
	return false;
}

static int usage(void)
{
	fputs("Usage: guess --server SERVER --from ADDRESS --fence ADDRESS [--attempts N]\n"
	      "             [--rate N] [--port FIRST] [--ports N] [--user NAME]\n"
	      "             [--register PASSWORD] [--first-nonce | --other ADDRESS] [--same]\n"
	      "             [--users PREFIX [--method INVITE] [--to NAME]] [--tcp]\n"
	      "Prints how many attempts the server judged, or of how many users it told.\n",
	      stderr);
	return 2;
}

int main(int argc, char **argv)
{
	if (!read_options(argc, argv, options, read_option) || !ask.server || !ask.from ||
	    !ask.fence)
		return usage();
	need_private_netns("guess");
	if (ask.tcp)
		run_tcp();
	else
		run_udp();
	report();
	return 0;
}
