/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Phones that register with digest, renew that, and ask for OPTIONS, each from a flow of its own,
 * and count what became of their requests. As clients do, they send a request again until it is
 * answered: after T1, twice that, and so on. For the lab: refuses to run in the initial network
 * namespace.
 *
 * They go on until SIGTERM. At each SIGUSR1 another period begins, and requests are counted for the
 * period in which they were begun: "answered" at last, "at_once" before they were sent again.
 */
#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>

#include "sip.h"

#define TEXT_MAX     1500
#define PHONES_MAX   1000
#define PERIODS_MAX  64
/* More than are ever open; one that is still open when its place is needed is given up. */
#define REQUESTS_MAX 16384
#define T2           4.0
#define COPIES_MAX   11
#define LOOK         2  /* ms */
#define LAST_ANSWERS 30 /* s */

struct phone {
	int fd;
	int number;
	struct sockaddr_in at;
	char address[INET_ADDRSTRLEN];
	char nonce[NONCE_MAX];
	int nonce_count;
	int cseq;
	bool registered;
	double next_register;
	double next_options;
};

struct request {
	bool open;
	bool renewal;     /* a REGISTER */
	bool fresh;       /* with the nonce of the challenge just before */
	struct phone *phone;
	int period;
	int copies;
	double next;
	double wait;
	int length;
	char text[TEXT_MAX];
};

struct period {
	unsigned long requests;
	unsigned long answered;
	unsigned long at_once;
};

/* What is asked for. */
static struct {
	const char *first, *server, *password, *user;
	int phones, port;
	bool one_address, strangers;
	double renew_least, renew_most, expires, options, t1, boot;
} ask = {
	.password = "secret", .user = "phone", .phones = 1, .port = 5060,
	.renew_least = 30, .renew_most = 60, .expires = 90, .options = 1, .t1 = 0.5, .boot = 1,
};

static struct phone phones[PHONES_MAX];
static struct request requests[REQUESTS_MAX];
static struct period periods[PERIODS_MAX];
static unsigned long serial, oldest;
static int refused;
static int reused; /* nonces by which the server accepted another registration */
static struct sockaddr_in server;
static volatile sig_atomic_t period, ended;

static void on_signal(int number)
{
	if (number == SIGTERM)
		ended = 1;
	else if (period < PERIODS_MAX - 1)
		period++;
}

static double between(double least, double most)
{
	return least + (most - least) * drand48();
}

/* The header field with the credentials, with the nonce that the phone has. */
static void credentials(struct phone *phone, char *out, size_t size)
{
	char user[64], uri[64], value[600];
	struct sip_login login = {
		.user = user, .password = ask.password, .nonce = phone->nonce,
		.count = ++phone->nonce_count,
	};

	snprintf(user, sizeof(user), "%s%d", ask.user, phone->number);
	snprintf(uri, sizeof(uri), "sip:%s", ask.server);
	sip_credentials(value, sizeof(value), &login, "REGISTER", uri);
	snprintf(out, size, "Authorization: %s\r\n", value);
}

static void write_text(struct request *request, const char *method, const char *fields)
{
	struct phone *phone = request->phone;
	int port = ntohs(phone->at.sin_port);

	request->length = snprintf(request->text, TEXT_MAX,
		"%s sip:%s SIP/2.0\r\n"
		"Via: SIP/2.0/UDP %s:%d;rport;branch=z9hG4bKp%lu-%d\r\n"
		"From: <sip:%s%d@%s>;tag=t%d\r\n"
		"To: <sip:%s%d@%s>\r\n"
		"Call-ID: %s-%d-%d@%s\r\n"
		"CSeq: %d %s\r\n"
		"Contact: <sip:%s%d@%s:%d>\r\n"
		"Max-Forwards: 70\r\n"
		"User-Agent: Grandstream GXP1625 1.0.4.128\r\n"
		"%sContent-Length: 0\r\n\r\n",
		method, ask.server, phone->address, port, serial, getpid(), ask.user,
		phone->number, ask.server, phone->number, ask.user, phone->number, ask.server,
		method, phone->number, getpid(), phone->address, ++phone->cseq, method, ask.user,
		phone->number, phone->address, port, fields);
}

static void transmit(struct request *request)
{
	request->copies++;
	request->next = now() + request->wait;
	request->wait = request->wait * 2 < T2 || ask.t1 > T2 ? request->wait * 2 : T2;
	/* What the socket refuses is lost, as on the way. */
	if (sendto(request->phone->fd, request->text, request->length, 0, (const void *)&server,
		   sizeof(server)) < 0 && errno != ENOBUFS && errno != EAGAIN)
		must(errno == ECONNREFUSED, "sendto");
}

static struct request *begin(struct phone *phone)
{
	struct request *request = &requests[serial % REQUESTS_MAX];

	*request = (struct request){
		.open = true, .phone = phone, .period = period, .wait = ask.t1,
	};
	periods[period].requests++;
	return request;
}

static void send_register(struct phone *phone, bool fresh)
{
	struct request *request = begin(phone);
	char fields[700] = "";

	if (phone->nonce[0])
		credentials(phone, fields, sizeof(fields));
	snprintf(fields + strlen(fields), sizeof(fields) - strlen(fields), "Expires: %.0f\r\n",
		 ask.expires);
	request->renewal = true;
	request->fresh = fresh;
	write_text(request, "REGISTER", fields);
	transmit(request);
	serial++;
}

static void send_options(struct phone *phone)
{
	struct request *request = begin(phone);

	write_text(request, "OPTIONS", "");
	transmit(request);
	serial++;
}

/* Every other phone asks for a new nonce each time. */
static void challenged(struct phone *phone, const char *text, bool fresh)
{
	phone->nonce_count = 0;
	if (fresh || !sip_nonce(text, phone->nonce)) {
		phone->nonce[0] = 0;
		refused++;
		return;
	}
	send_register(phone, true);
	if (phone->number % 2)
		phone->nonce[0] = 0;
}

static void registered(struct phone *phone, bool fresh)
{
	phone->registered = true;
	reused += !fresh;
}

/* What comes in answer to what others have sent in the phone's name has another branch. */
static void hear(char *text)
{
	const char *branch = strstr(text, "branch=z9hG4bKp");
	struct request *request;
	unsigned long number;
	int status, pid;

	if (sscanf(text, "SIP/2.0 %d", &status) != 1 || status < 200 || !branch ||
	    sscanf(branch, "branch=z9hG4bKp%lu-%d", &number, &pid) != 2 || pid != getpid() ||
	    number >= serial || number + REQUESTS_MAX <= serial)
		return;
	request = &requests[number % REQUESTS_MAX];
	if (!request->open)
		return;
	request->open = false;
	periods[request->period].answered++;
	periods[request->period].at_once += request->copies == 1;
	if (request->renewal && status == 401)
		challenged(request->phone, text, request->fresh);
	else if (request->renewal && status == 200)
		registered(request->phone, request->fresh);
	else if (status != 200)
		refused++;
}

static void hear_all(int epoll, int patience)
{
	struct epoll_event events[64];
	char text[4096];
	ssize_t length;
	int n = epoll_wait(epoll, events, 64, patience);

	for (int i = 0; i < n; i++) {
		while ((length = recv(events[i].data.fd, text, sizeof(text) - 1, 0)) > 0) {
			text[length] = 0;
			hear(text);
		}
	}
}

/* Sends again what waits for an answer. */
static void send_again(void)
{
	struct request *request;

	if (serial - oldest > REQUESTS_MAX)
		oldest = serial - REQUESTS_MAX;
	while (oldest < serial && !requests[oldest % REQUESTS_MAX].open)
		oldest++;
	for (unsigned long i = oldest; i < serial; i++) {
		request = &requests[i % REQUESTS_MAX];
		if (!request->open || now() < request->next)
			continue;
		if (request->copies < COPIES_MAX)
			transmit(request);
		else
			request->open = false;
	}
}

static void send_due(void)
{
	double time = now();

	for (struct phone *phone = phones; phone < phones + ask.phones; phone++) {
		if (!ask.strangers && time >= phone->next_register) {
			phone->next_register = time + between(ask.renew_least, ask.renew_most);
			send_register(phone, false);
		}
		if ((ask.strangers || phone->registered) && time >= phone->next_options) {
			/* Not in step with anything. */
			phone->next_options = time + ask.options * between(0.8, 1.2);
			send_options(phone);
		}
	}
}

static void open_phone(struct phone *phone, int number, int epoll)
{
	struct epoll_event event = { .events = EPOLLIN };
	int buffer = 4 << 20;

	phone->number = number;
	phone->at = (struct sockaddr_in){ .sin_family = AF_INET };
	must(inet_pton(AF_INET, ask.first, &phone->at.sin_addr) == 1, ask.first);
	if (!ask.one_address)
		phone->at.sin_addr.s_addr = htonl(ntohl(phone->at.sin_addr.s_addr) + number);
	phone->at.sin_port = htons(ask.port + (ask.one_address ? number : 0));
	inet_ntop(AF_INET, &phone->at.sin_addr, phone->address, sizeof(phone->address));
	phone->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	event.data.fd = phone->fd;
	must(phone->fd >= 0 && !bind(phone->fd, (const void *)&phone->at, sizeof(phone->at)) &&
	     !epoll_ctl(epoll, EPOLL_CTL_ADD, phone->fd, &event), "bind");
	/* For what is answered to others. It may be less. */
	setsockopt(phone->fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer));
	phone->next_register = now() + ask.boot * number / ask.phones;
	phone->next_options = phone->next_register + ask.options * drand48();
}

static void report(void)
{
	int n = 0;

	for (int i = 0; i < ask.phones; i++)
		n += phones[i].registered;
	printf("{\"phones\": %d, \"registered\": %d, \"refused\": %d, \"reused\": %d, "
	       "\"periods\": [", ask.phones, n, refused, reused);
	for (int i = 0; i <= period; i++)
		printf("%s{\"requests\": %lu, \"answered\": %lu, \"at_once\": %lu}", i ? ", " : "",
		       periods[i].requests, periods[i].answered, periods[i].at_once);
	puts("]}");
}

static const struct option options[] = {
	{ "first", required_argument, NULL, 'f' },
	{ "server", required_argument, NULL, 's' },
	{ "user", required_argument, NULL, 'u' },
	{ "phones", required_argument, NULL, 'n' },
	{ "port", required_argument, NULL, 'p' },
	{ "one-address", no_argument, NULL, '1' },
	{ "strangers", no_argument, NULL, 'S' },
	{ "renew", required_argument, NULL, 'r' },
	{ "expires", required_argument, NULL, 'e' },
	{ "options", required_argument, NULL, 'o' },
	{ "boot", required_argument, NULL, 'b' },
	{ "t1", required_argument, NULL, 't' },
	{ },
};

static bool read_option(int option)
{
	switch (option) {
	case 'f': ask.first = optarg; return true;
	case 's': ask.server = optarg; return true;
	case 'u': ask.user = optarg; return true;
	case 'n': ask.phones = atoi(optarg); return ask.phones > 0 && ask.phones <= PHONES_MAX;
	case 'p': ask.port = atoi(optarg); return ask.port > 0;
	case '1': ask.one_address = true; return true;
	case 'S': ask.strangers = true; return true;
	case 'r': return sscanf(optarg, "%lf-%lf", &ask.renew_least, &ask.renew_most) == 2;
	case 'e': ask.expires = atof(optarg); return ask.expires > 0;
	case 'o': ask.options = atof(optarg); return ask.options > 0;
	case 'b': ask.boot = atof(optarg); return true;
	case 't': ask.t1 = atof(optarg) / 1000; return ask.t1 > 0;
	}
	return false;
}

static int usage(void)
{
	fputs("Usage: phones --server SERVER --first ADDRESS [--phones N] [--port FIRST]\n"
	      "              [--one-address] [--strangers] [--user NAME] [--renew LEAST-MOST]\n"
	      "              [--expires SECONDS] [--options SECONDS] [--boot SECONDS] [--t1 MS]\n"
	      "An address each, or with --one-address a port. Strangers do not register. They\n"
	      "register one after the other within --boot; each asks once in --options.\n", stderr);
	return 2;
}

static void run(int epoll)
{
	double give_up;

	while (!ended) {
		send_due();
		hear_all(epoll, LOOK);
		send_again();
	}
	/* What was begun last has time for another copy, on a busy machine, too. */
	give_up = now() + ask.t1 + LAST_ANSWERS;
	while (oldest < serial && now() < give_up) {
		hear_all(epoll, LOOK);
		send_again();
	}
}

int main(int argc, char **argv)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	struct sigaction action = { .sa_handler = on_signal };

	if (!read_options(argc, argv, options, read_option) || !ask.first || !ask.server)
		return usage();
	need_private_netns("phones");
	server = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(5060) };
	must(inet_pton(AF_INET, ask.server, &server.sin_addr) == 1, ask.server);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGUSR1, &action, NULL);
	srand48(getpid());
	for (int i = 0; i < ask.phones; i++)
		open_phone(&phones[i], i, epoll);
	run(epoll);
	report();
	return 0;
}
