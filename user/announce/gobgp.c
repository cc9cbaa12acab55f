// SPDX-License-Identifier: GPL-2.0-only
/*
 * GoBGP, by its own command, which speaks its API: a process for each order, by no shell. One that
 * takes too long is killed.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/quote.h"
#include "announce/speaker.h"

#define WORDS 32
#define WORD 80

struct gobgp {
	const struct upstream *settings;
	char host[sizeof(((struct upstream *)0)->api)];
	const char *port;
	pid_t child; /* 0: none */
	int ended;   /* pidfd; -1: none */
	int said;    /* what it prints; -1: none */
};

/* A command line while it is made. */
struct words {
	char text[WORDS][WORD];
	char *at[WORDS + 1];
	int count;
};

__attribute__((format(printf, 2, 3)))
static void add(struct words *words, const char *format, ...)
{
	va_list args;

	if (words->count == WORDS)
		return;
	va_start(args, format);
	vsnprintf(words->text[words->count], WORD, format, args);
	va_end(args);
	words->at[words->count] = words->text[words->count];
	words->at[++words->count] = NULL;
}

static void *begin(const struct upstream *settings, struct error *error)
{
	struct gobgp *g = calloc(1, sizeof(*g));
	char *colon;

	if (!g) {
		error_set(error, -ENOMEM, "out of memory.");
		return NULL;
	}
	*g = (struct gobgp){.settings = settings, .ended = -1, .said = -1};
	strcpy(g->host, settings->api + (settings->api[0] == '['));
	colon = strrchr(g->host, ':');
	if (!colon || !colon[1]) {
		error_set(error, -EINVAL, "'%s' is no address of GoBGP's API: write 'api: "
			  "127.0.0.1:50051'.", quote(settings->api).text);
		free(g);
		return NULL;
	}
	*colon = '\0';
	g->port = colon + 1;
	if (colon > g->host && colon[-1] == ']')
		colon[-1] = '\0';
	return g;
}

static void forget_child(struct gobgp *g)
{
	if (g->child) {
		kill(g->child, SIGKILL);
		waitpid(g->child, NULL, 0);
	}
	if (g->ended >= 0)
		close(g->ended);
	if (g->said >= 0)
		close(g->said);
	g->child = 0;
	g->ended = g->said = -1;
}

static void add_flow(struct words *words, const struct order *order)
{
	const struct rule *rule = &order->rule;
	bool ip6 = rule->destination.family == AF_INET6;
	char text[PREFIX_TEXT];

	add(words, "-a");
	add(words, ip6 ? "ipv6-flowspec" : "ipv4-flowspec");
	add(words, "match");
	prefix_format(&rule->destination, text, sizeof(text));
	add(words, "destination");
	add(words, "%s/%d", text, ip6 ? 128 : 32);
	if (rule->source.family) {
		prefix_format(&rule->source, text, sizeof(text));
		add(words, "source");
		add(words, "%s%s", text, strchr(text, '/') ? "" : ip6 ? "/128" : "/32");
	}
	add(words, "protocol");
	add(words, rule->transport == IPPROTO_TCP ? "tcp" : "udp");
	add(words, "destination-port");
	add(words, "==%u", rule->port);
	if (!order->announce)
		return;
	add(words, "then");
	if (rule->action == RULE_LIMIT) {
		add(words, "rate-limit");
		add(words, "%u", rule->rate);
	} else {
		add(words, rule->action == RULE_ACCEPT ? "accept" : "discard");
	}
}

static void add_route(struct words *words, const struct order *order, const struct upstream *u)
{
	bool ip6 = order->rule.destination.family == AF_INET6;
	char text[PREFIX_TEXT];

	add(words, "-a");
	add(words, ip6 ? "ipv6" : "ipv4");
	prefix_format(&order->rule.destination, text, sizeof(text));
	add(words, "%s/%d", text, ip6 ? 128 : 32);
	if (!order->announce)
		return;
	prefix_format(&u->next_hop, text, sizeof(text));
	add(words, "nexthop");
	add(words, "%s", text);
	add(words, "community");
	add(words, "%s", u->community);
}

static int spawn(struct gobgp *g, struct words *words, int out)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none, usual;
	int err;

	sigemptyset(&none);
	sigemptyset(&usual);
	sigaddset(&usual, SIGPIPE);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &usual);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&files, out, STDERR_FILENO);
	err = posix_spawnp(&g->child, "gobgp", &files, &attributes, words->at, environ);
	if (err)
		g->child = 0;
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	return -err;
}

static int tell(void *of, const struct order *order, struct error *error)
{
	struct gobgp *g = of;
	struct words words = {};
	int out[2], err;

	forget_child(g);
	add(&words, "gobgp");
	add(&words, "-u");
	add(&words, "%s", g->host);
	add(&words, "-p");
	add(&words, "%s", g->port);
	add(&words, "global");
	add(&words, "rib");
	add(&words, order->announce ? "add" : "del");
	if (order->rule.action == RULE_BLACKHOLE)
		add_route(&words, order, g->settings);
	else
		add_flow(&words, order);
	if (pipe2(out, O_CLOEXEC | O_NONBLOCK))
		return error_set(error, -errno, "cannot begin gobgp: %s.", strerror(errno));
	err = spawn(g, &words, out[1]);
	close(out[1]);
	g->said = out[0];
	if (!err)
		g->ended = syscall(SYS_pidfd_open, g->child, 0);
	if (!err && g->ended < 0)
		err = -errno;
	if (!err)
		return 0;
	forget_child(g);
	return error_set(error, err, "cannot begin gobgp: %s; it comes with gobgpd.",
			 strerror(-err));
}

static int fail_said(struct gobgp *g, struct error *error)
{
	char text[128] = "";
	ssize_t length = read(g->said, text, sizeof(text) - 1);

	text[length > 0 ? length : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return error_set(error, -EIO, "gobgp says '%s': is gobgpd running, with its API at %s?",
			 quote(text).text, quote(g->settings->api).text);
}

static int heard(void *of, int milliseconds, struct error *error)
{
	struct gobgp *g = of;
	struct pollfd at = {.fd = g->ended, .events = POLLIN};
	int status = 0, err;

	if (poll(&at, 1, milliseconds) <= 0)
		return -EAGAIN;
	if (waitpid(g->child, &status, 0) != g->child)
		status = -1;
	g->child = 0;
	err = WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : fail_said(g, error);
	forget_child(g);
	return err;
}

/* Its API does not tell; what is told from time to time reaches a new one, too. */
static bool is_new(void *of)
{
	(void)of;
	return false;
}

static void end(void *of)
{
	forget_child(of);
	free(of);
}

const struct speaker_kind_of gobgp = {"GoBGP", begin, NULL, tell, heard, is_new, end};
