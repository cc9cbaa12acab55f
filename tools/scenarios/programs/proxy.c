/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Users that register and call over one flow, as behind a proxy or a push gateway: one UDP port, or
 * one TCP connection. One more, who has registered, too (but with --stranger), has a wrong password
 * then, and tries it again and again. Or with --twins: two phones with a port each whose requests
 * have the same branch and CSeq, one of which has a wrong password. For the lab: refuses to run in
 * the initial network namespace.
 *
 * Nothing is sent twice: what is not answered is lost.
 */
#include <errno.h>
#include <poll.h>

#include "sip.h"

#define USERS_MAX    100
#define STREAM_MAX   65536

/* One UDP port, or a connection, and what was received of it and not yet read. */
struct line {
	int fd, port, length;
	char in[STREAM_MAX + 1];
};

/* A request that waits for its answer. */
struct waiting {
	char branch[32], call_id[32];
	int cseq, status;
	char reply[STREAM_MAX + 1];
};

struct count {
	int asked, answered;
};

/* What is asked for. */
static struct {
	const char *server, *from, *callee, *password;
	int port, users, attempts;
	bool tcp, twins, stranger;
	double patience, pause;
} ask = {
	.password = "secret", .port = 5060, .users = 29, .attempts = 60, .patience = 120,
	.pause = 0.05,
};

static struct line lines[2];
static struct count registers, calls;
static int serial, tried, judged;
/* Of the one with the wrong password: what he waits for. */
static struct waiting bad;
static char bad_user[32];
static int bad_asked;

/* --- messages in and out */

static int content_length(const char *text)
{
	const char *at = strcasestr(text, "\r\nContent-Length:");
	int length = 0;

	if (at)
		sscanf(at + 17, "%d", &length);
	return length;
}

/* Takes the first message off what was received: its length, or 0. */
static int take(struct line *line, char *out)
{
	char *end;
	int length;

	line->in[line->length] = 0;
	end = strstr(line->in, "\r\n\r\n");
	if (!end)
		return 0;
	length = end + 4 - line->in + content_length(line->in);
	if (length > line->length)
		return 0;
	memcpy(out, line->in, length);
	out[length] = 0;
	line->length -= length;
	memmove(line->in, line->in + length, line->length);
	return length;
}

static void say(struct line *line, const char *text, int length)
{
	must(send(line->fd, text, length, MSG_NOSIGNAL) == length || errno == ECONNREFUSED,
	     "send");
}

static void request_of(struct sip_request *request, const struct line *line, struct waiting *w)
{
	request->server = ask.server;
	request->address = ask.from;
	request->port = line->port;
	request->tcp = ask.tcp;
	request->branch = w->branch;
	request->call_id = w->call_id;
	request->cseq = w->cseq;
}

/* Each has a branch of its own; the next one of a dialogue its Call-ID. */
static void begin(struct waiting *w, bool goes_on)
{
	serial++;
	w->status = 0;
	w->cseq = goes_on ? w->cseq + 1 : 1;
	snprintf(w->branch, sizeof(w->branch), "x%d-%d", getpid(), serial);
	if (!goes_on)
		snprintf(w->call_id, sizeof(w->call_id), "x%d-%d", getpid(), serial);
}

static bool is_answer(const struct waiting *w, const char *text)
{
	char call_id[48], branch[48];

	snprintf(call_id, sizeof(call_id), "Call-ID: %s\r", w->call_id);
	snprintf(branch, sizeof(branch), "branch=z9hG4bK%s", w->branch);
	return sip_status(text) && !w->status && strstr(text, call_id) && strstr(text, branch);
}

static void send_register(struct line *line, struct waiting *w, const char *user,
			  const char *password)
{
	char text[SIP_MAX + 1], nonce[NONCE_MAX], credentials[600], uri[64], more[700];
	struct sip_login login = {
		.user = user, .password = password, .nonce = nonce, .count = 1,
	};
	struct sip_request request = { .method = "REGISTER", .user = user, .more = more };

	strcpy(more, "Expires: 300\r\n");
	if (password && sip_nonce(w->reply, nonce)) {
		snprintf(uri, sizeof(uri), "sip:%s", ask.server);
		sip_credentials(credentials, sizeof(credentials), &login, "REGISTER", uri);
		snprintf(more, sizeof(more), "Expires: 300\r\nAuthorization: %s\r\n",
			 credentials);
	}
	request_of(&request, line, w);
	say(line, text, sip_write(text, &request));
}

/* --- the one with the wrong password */

static void bad_begins(struct line *line)
{
	begin(&bad, false);
	bad_asked = 1;
	send_register(line, &bad, bad_user, NULL);
}

/* His challenge, or what his password is worth. */
static void bad_hears(struct line *line)
{
	if (bad_asked++ > 1) {
		judged += bad.status == 401;
		return;
	}
	begin(&bad, true);
	tried++;
	send_register(line, &bad, bad_user, "forgotten");
}

/* --- the others */

/* Whatever has come in. What nobody waits for is not heard. */
static void hear(struct line *line, struct waiting *w)
{
	static char text[STREAM_MAX + 1];

	while (take(line, text)) {
		if (is_answer(w, text)) {
			strcpy(w->reply, text);
			w->status = sip_status(text);
		} else if (bad.branch[0] && is_answer(&bad, text)) {
			strcpy(bad.reply, text);
			bad.status = sip_status(text);
			bad_hears(line);
		}
	}
}

static void receive(struct line *line, struct waiting *w, int patience)
{
	struct pollfd pollfd = { .fd = line->fd, .events = POLLIN };
	int length;

	if (poll(&pollfd, 1, patience) <= 0)
		return;
	length = recv(line->fd, line->in + line->length, STREAM_MAX - line->length, MSG_DONTWAIT);
	if (length > 0)
		line->length += length;
	if (!length)
		errno = ECONNRESET;
	must(length != 0 || !ask.tcp, "the connection has ended");
	hear(line, w);
}

/* The status, 0 if there is no answer. */
static int wait_for(struct line *line, struct waiting *w)
{
	double give_up = now() + ask.patience;

	while (!w->status && now() < give_up)
		receive(line, w, 100);
	return w->status;
}

static void registers_well(int number)
{
	static struct waiting w;
	char user[32];
	int status;

	snprintf(user, sizeof(user), "user%d", number);
	begin(&w, false);
	send_register(&lines[0], &w, user, NULL);
	status = wait_for(&lines[0], &w);
	if (status == 401) {
		begin(&w, true);
		send_register(&lines[0], &w, user, ask.password);
		status = wait_for(&lines[0], &w);
	}
	registers.asked++;
	registers.answered += status == 200;
}

/* A field of a message, with its name and end, or "". */
static void copy_field(const char *text, const char *name, char *out, size_t size)
{
	const char *at = strstr(text, name), *end = at ? strstr(at + 2, "\r\n") : NULL;

	snprintf(out, size, "%.*s", end ? (int)(end + 2 - at - 2) : 0, end ? at + 2 : "");
}

/* Where a request goes that follows an answer: to its Contact; a refusal has none, and its ACK goes
 * where the INVITE went (RFC 3261 17.1.1.3).
 */
static void target_of(const struct waiting *w, char *target, size_t size)
{
	char contact[200];
	const char *at;

	copy_field(w->reply, "\r\nContact:", contact, sizeof(contact));
	at = strchr(contact, '<');
	if (at)
		snprintf(target, size, "%.*s", (int)strcspn(at + 1, ">"), at + 1);
	else
		snprintf(target, size, "sip:%s@%s", ask.callee, ask.server);
}

/* After an answer, by the way that it tells. */
static void send_within(struct waiting *w, const char *user, const char *method, int cseq)
{
	char text[2 * SIP_MAX], route[300], to[200], target[200];
	int length;

	copy_field(w->reply, "\r\nRecord-Route:", route, sizeof(route));
	copy_field(w->reply, "\r\nTo:", to, sizeof(to));
	target_of(w, target, sizeof(target));
	length = snprintf(text, sizeof(text),
		"%s %s SIP/2.0\r\n"
		"Via: SIP/2.0/%s %s:%d;rport;branch=z9hG4bK%s\r\n"
		"%s%s"
		"From: <sip:%s@%s>;tag=t%s\r\n"
		"%s"
		"Call-ID: %s\r\n"
		"CSeq: %d %s\r\n"
		"Max-Forwards: 70\r\n"
		"Content-Length: 0\r\n\r\n",
		method, target, ask.tcp ? "TCP" : "UDP", ask.from,
		lines[0].port, w->branch, route[0] ? "Route:" : "",
		route[0] ? strchr(route, ':') + 1 : "", user, ask.server, w->call_id, to,
		w->call_id, cseq, method);
	say(&lines[0], text, length);
}

static int send_invite(struct waiting *w, const char *user, bool again)
{
	char text[SIP_MAX + 1], nonce[NONCE_MAX], credentials[600], uri[64], more[700] = "";
	struct sip_login login = {
		.user = user, .password = ask.password, .nonce = nonce, .count = 1,
	};
	struct sip_request request = {
		.method = "INVITE", .uri = ask.callee, .to = ask.callee, .user = user,
		.more = more,
	};

	if (again && sip_nonce(w->reply, nonce)) {
		snprintf(uri, sizeof(uri), "sip:%s@%s", ask.callee, ask.server);
		sip_credentials(credentials, sizeof(credentials), &login, "INVITE", uri);
		snprintf(more, sizeof(more), "Proxy-Authorization: %s\r\n", credentials);
	}
	begin(w, again);
	request_of(&request, &lines[0], w);
	say(&lines[0], text, sip_write(text, &request));
	return wait_for(&lines[0], w);
}

/* An INVITE with credentials, its 200 and ACK, and a BYE that is answered. */
static void calls_well(int number)
{
	static struct waiting w;
	char user[32];
	int status;

	snprintf(user, sizeof(user), "user%d", number);
	status = send_invite(&w, user, false);
	if (status == 407) {
		send_within(&w, user, "ACK", w.cseq);
		status = send_invite(&w, user, true);
	}
	calls.asked++;
	if (status != 200)
		return;
	begin(&w, true);
	send_within(&w, user, "ACK", w.cseq - 1);
	begin(&w, true);
	send_within(&w, user, "BYE", w.cseq);
	calls.answered += wait_for(&lines[0], &w) == 200;
}

static void all(void (*does)(int))
{
	for (int i = 0; i < ask.users; i++) {
		does(i);
		pause_for(ask.pause);
	}
}

static void run_flow(void)
{
	/* The last one of all. */
	snprintf(bad_user, sizeof(bad_user), "user%d", ask.users);
	if (!ask.stranger)
		registers_well(ask.users);
	all(registers_well);
	all(calls_well);
	for (int i = 0; i < ask.attempts; i++) {
		bad_begins(&lines[0]);
		/* When these are answered his challenge is, and then his password. */
		registers_well(i % ask.users);
		calls_well(i % ask.users);
		pause_for(ask.pause);
	}
	all(registers_well);
	all(calls_well);
}

/* --- twins */

static struct waiting twins[2];

/* When the first one's OPTIONS is answered, all before it is, or was dropped. */
static void twins_hear(void)
{
	static struct waiting fence;
	struct sip_request request = { .method = "OPTIONS", .user = "twin0" };
	char text[SIP_MAX + 1];

	begin(&fence, false);
	request_of(&request, &lines[0], &fence);
	say(&lines[0], text, sip_write(text, &request));
	wait_for(&lines[0], &twins[0]);
	wait_for(&lines[0], &fence);
	receive(&lines[1], &twins[1], 0);
}

/* With the same branch and CSeq. Each goes first at times. */
static void twins_ask(int cseq, bool wrong)
{
	const char *user[] = { "twin0", "twin1" };
	const char *password[] = { ask.password, wrong ? "forgotten" : ask.password };
	struct waiting *w;

	serial++;
	for (int n = 0; n < 2; n++) {
		int i = (n + tried) % 2;

		w = &twins[i];
		w->cseq = cseq;
		w->status = 0;
		snprintf(w->branch, sizeof(w->branch), "twin%d-%d", getpid(), serial);
		if (cseq == 1)
			snprintf(w->call_id, sizeof(w->call_id), "twin%d-%d-%d", i, getpid(),
				 serial);
		send_register(&lines[i], w, user[i], cseq == 1 ? NULL : password[i]);
	}
	twins_hear();
}

static void twins_register(bool wrong)
{
	twins_ask(1, wrong);
	twins_ask(2, wrong);
	registers.asked++;
	registers.answered += twins[0].status == 200;
	tried++;
	judged += twins[1].status == (wrong ? 401 : 200);
}

static void run_twins(void)
{
	if (!ask.attempts)
		twins_register(false);
	for (int i = 0; i < ask.attempts; i++) {
		twins_register(true);
		pause_for(ask.pause);
	}
}

/* --- */

static const struct option options[] = {
	{ "server", required_argument, NULL, 's' },
	{ "from", required_argument, NULL, 'f' },
	{ "callee", required_argument, NULL, 'c' },
	{ "port", required_argument, NULL, 'p' },
	{ "users", required_argument, NULL, 'n' },
	{ "attempts", required_argument, NULL, 'a' },
	{ "pause", required_argument, NULL, 'P' },
	{ "patience", required_argument, NULL, 'w' },
	{ "tcp", no_argument, NULL, 'T' },
	{ "twins", no_argument, NULL, '2' },
	{ "stranger", no_argument, NULL, 'S' },
	{ },
};

static bool read_option(int option)
{
	switch (option) {
	case 's': ask.server = optarg; return true;
	case 'f': ask.from = optarg; return true;
	case 'c': ask.callee = optarg; return true;
	case 'p': ask.port = atoi(optarg); return ask.port > 0;
	case 'n': ask.users = atoi(optarg); return ask.users > 0 && ask.users <= USERS_MAX;
	case 'a': ask.attempts = atoi(optarg); return true;
	case 'P': ask.pause = atof(optarg); return true;
	case 'w': ask.patience = atof(optarg); return true;
	case 'T': ask.tcp = true; return true;
	case '2': ask.twins = true; return true;
	case 'S': ask.stranger = true; return true;
	}
	return false;
}

static int usage(void)
{
	fputs("Usage: proxy --server SERVER --from ADDRESS --callee USER | --twins [--port FIRST]\n"
	      "             [--users N] [--attempts N] [--pause SECONDS] [--patience SECONDS]\n"
	      "             [--tcp] [--stranger]\n", stderr);
	return 2;
}

int main(int argc, char **argv)
{
	if (!read_options(argc, argv, options, read_option) || !ask.server || !ask.from ||
	    !(ask.callee || ask.twins))
		return usage();
	need_private_netns("proxy");
	for (int i = 0; i < 1 + ask.twins; i++) {
		lines[i].port = ask.port + i;
		lines[i].fd = sip_socket(ask.tcp ? SOCK_STREAM : SOCK_DGRAM, ask.from,
					 lines[i].port, ask.server);
	}
	if (ask.twins)
		run_twins();
	else
		run_flow();
	printf("{\"registers\": %d, \"registered\": %d, \"calls\": %d, \"called\": %d, "
	       "\"tried\": %d, \"judged\": %d}\n", registers.asked, registers.answered,
	       calls.asked, calls.answered, tried, judged);
	return 0;
}
