// SPDX-License-Identifier: GPL-2.0-only
/*
 * ExaBGP, by its named pipes. It opens the one for answers anew for each line, and waits 50 ms
 * whenever nobody reads there, so it is kept open here; other commands that talk to it (exabgpcli)
 * may take an answer away, and then the order is told again.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/quote.h"
#include "announce/speaker.h"

#define LINE 512

_Static_assert(LINE <= PIPE_BUF, "a line is written as a whole or not at all");

struct exabgp {
	const struct upstream *settings;
	int pipe, answers; /* -1: not open */
	bool lost;         /* who read it is gone, and with him what he knew */
};

static void *begin(const struct upstream *settings, struct error *error)
{
	struct exabgp *e = calloc(1, sizeof(*e));

	if (!e) {
		error_set(error, -ENOMEM, "out of memory.");
		return NULL;
	}
	*e = (struct exabgp){settings, -1, -1, false};
	return e;
}

static void leave(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* A named pipe, and nothing else: what was put in its place is not written to. fd or -errno. */
static int open_pipe(const char *path, int flags)
{
	int fd = open(path, flags | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (!fstat(fd, &st) && S_ISFIFO(st.st_mode))
		return fd;
	close(fd);
	return -ENOTSUP;
}

static int fail_pipe(const char *path, int err, struct error *error)
{
	if (err == -ENXIO)
		return error_set(error, err, "nobody reads %s: start ExaBGP, or, if it runs, look "
				 "in its log whether it has found its pipes.", quote(path).text);
	if (err == -ENOTSUP)
		return error_set(error, err, "%s is no named pipe: make it with mkfifo.",
				 quote(path).text);
	return error_set(error, err, "cannot open %s: %s; see docs/upstream-routers.md.",
			 quote(path).text, strerror(-err));
}

static int open_both(struct exabgp *e, struct error *error)
{
	const struct upstream *settings = e->settings;

	if (e->answers < 0 && settings->answers[0]) {
		/* Its own writer, too: else it would be at its end between two answers. */
		e->answers = open_pipe(settings->answers, O_RDWR);
		if (e->answers < 0)
			return fail_pipe(settings->answers, e->answers, error);
	}
	if (e->pipe < 0)
		e->pipe = open_pipe(settings->pipe, O_WRONLY);
	if (e->pipe >= 0)
		return 0;
	/* Who starts may make both anew: an old one would never have an answer. */
	leave(&e->answers);
	return fail_pipe(settings->pipe, e->pipe, error);
}

static int look(void *of, struct error *error)
{
	return open_both(of, error);
}

static void write_match(const struct rule *rule, char *text, size_t size)
{
	bool ip6 = rule->destination.family == AF_INET6;
	char to[PREFIX_TEXT], from[PREFIX_TEXT], source[PREFIX_TEXT + 16] = "";

	prefix_format(&rule->destination, to, sizeof(to));
	if (rule->source.family) {
		prefix_format(&rule->source, from, sizeof(from));
		snprintf(source, sizeof(source), "source %s%s; ", from,
			 strchr(from, '/') ? "" : ip6 ? "/128" : "/32");
	}
	snprintf(text, size, "flow route { match { destination %s/%d; %s%s %s; "
		 "destination-port =%u; }", to, ip6 ? 128 : 32, source,
		 ip6 ? "next-header" : "protocol", rule->transport == IPPROTO_TCP ? "tcp" : "udp",
		 rule->port);
}

static void write_then(const struct rule *rule, char *text, size_t size)
{
	if (rule->action == RULE_LIMIT)
		snprintf(text, size, " then { rate-limit %u; } }", rule->rate);
	else
		snprintf(text, size, " then { %s; } }",
			 rule->action == RULE_ACCEPT ? "accept" : "discard");
}

static void write_line(const struct exabgp *e, const struct order *order, char line[LINE])
{
	const struct rule *rule = &order->rule;
	char to[PREFIX_TEXT], via[PREFIX_TEXT] = "self", match[300], then[64] = " }";

	if (rule->action == RULE_BLACKHOLE) {
		prefix_format(&rule->destination, to, sizeof(to));
		if (e->settings->next_hop.family)
			prefix_format(&e->settings->next_hop, via, sizeof(via));
		snprintf(line, LINE, "%s route %s/%d next-hop %s community [%s]\n",
			 order->announce ? "announce" : "withdraw", to,
			 rule->destination.family == AF_INET6 ? 128 : 32, via,
			 e->settings->community);
		return;
	}
	write_match(rule, match, sizeof(match));
	if (order->announce)
		write_then(rule, then, sizeof(then));
	snprintf(line, LINE, "%s %s%s\n", order->announce ? "announce" : "withdraw", match, then);
}

/* What was answered to somebody before. */
static void drain(struct exabgp *e)
{
	char bytes[256];

	while (e->answers >= 0 && read(e->answers, bytes, sizeof(bytes)) > 0)
		;
}

static int tell(void *of, const struct order *order, struct error *error)
{
	struct exabgp *e = of;
	int err = open_both(e, error);
	char line[LINE];
	ssize_t length;

	if (err)
		return err;
	drain(e);
	write_line(e, order, line);
	length = strlen(line);
	if (write(e->pipe, line, length) == length)
		return 0;
	err = -errno;
	leave(&e->pipe);
	e->lost = true;
	if (err == -EAGAIN)
		return error_set(error, -EBUSY, "%s is full: ExaBGP does not read it.",
				 quote(e->settings->pipe).text);
	return fail_pipe(e->settings->pipe, err == -EPIPE ? -ENXIO : err, error);
}

static int heard(void *of, int milliseconds, struct error *error)
{
	struct exabgp *e = of;
	struct pollfd at = {.fd = e->answers, .events = POLLIN};
	char bytes[256];
	ssize_t length;

	if (e->answers < 0)
		return 0;
	if (poll(&at, 1, milliseconds) <= 0)
		return -EAGAIN;
	length = read(e->answers, bytes, sizeof(bytes) - 1);
	if (length <= 0)
		return -EAGAIN;
	bytes[length] = '\0';
	if (strstr(bytes, "error"))
		return error_set(error, -EINVAL, "ExaBGP refuses what it was told: see its log, "
				 "and whether its neighbours have the families flow and unicast.");
	return strstr(bytes, "done") ? 0 : -EAGAIN;
}

static bool was_replaced(const struct exabgp *e)
{
	struct pollfd at = {.fd = e->pipe, .events = POLLOUT};
	struct stat open, there;

	return (poll(&at, 1, 0) > 0 && at.revents & POLLERR) || fstat(e->pipe, &open) ||
	       stat(e->settings->pipe, &there) || open.st_ino != there.st_ino ||
	       open.st_dev != there.st_dev;
}

static bool is_new(void *of)
{
	struct exabgp *e = of;
	bool lost = e->lost;

	if (e->pipe >= 0 && was_replaced(e)) {
		leave(&e->pipe);
		leave(&e->answers);
		lost = true;
	}
	e->lost = false;
	return lost;
}

static void end(void *of)
{
	struct exabgp *e = of;

	leave(&e->pipe);
	leave(&e->answers);
	free(e);
}

const struct speaker_kind_of exabgp = {"ExaBGP", begin, look, tell, heard, is_new, end};
