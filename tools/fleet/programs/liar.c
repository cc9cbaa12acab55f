// SPDX-License-Identifier: GPL-2.0-only
/*
 * A member of a fleet that says whatever it is told to, with the rights of its own user:
 *
 *   liar --server URL[,URL] --user NAME --password TEXT --ca FILE --certificate FILE --key FILE
 *        --subject SUBJECT [--reply SUBJECT] [--count N] [--rate N] [--lines]
 *
 * The message is on standard input, as it is; with --lines each line is a message of its own. It
 * is sent `count` times. In it @N@ is replaced by the number of the message, @ADDRESS@ by another
 * address of 100.64.0.0/10 each time, @NOW@ by the seconds since 1970, @MS@ by its milliseconds.
 * Prints {"sent": N, "refused": N}: refused is what the server said that this user may not. Exit
 * status: 0, or 1 where there is no connection.
 */
#include <nats/nats.h>
#include <stdint.h>
#include <string.h>

#include "../../scenarios/programs/tool.h"

#define BODY_MAX (4 << 20)
#define SERVERS  8

static struct {
	char *servers;
	const char *user, *password, *ca, *certificate, *key, *subject, *reply;
	long count;
	double rate;
	bool lines;
} config = {.count = 1, .rate = 1000};

static const struct option options[] = {
	{"server", required_argument, NULL, 's'},
	{"user", required_argument, NULL, 'u'},
	{"password", required_argument, NULL, 'p'},
	{"ca", required_argument, NULL, 'a'},
	{"certificate", required_argument, NULL, 'c'},
	{"key", required_argument, NULL, 'k'},
	{"subject", required_argument, NULL, 'j'},
	{"reply", required_argument, NULL, 'y'},
	{"count", required_argument, NULL, 'n'},
	{"rate", required_argument, NULL, 'r'},
	{"lines", no_argument, NULL, 'l'},
	{}
};

static bool take(int option)
{
	const char **text = option == 'u' ? &config.user : option == 'p' ? &config.password :
			    option == 'a' ? &config.ca : option == 'c' ? &config.certificate :
			    option == 'k' ? &config.key : option == 'j' ? &config.subject :
			    option == 'y' ? &config.reply : NULL;

	if (text)
		*text = optarg;
	else if (option == 's')
		config.servers = optarg;
	else if (option == 'n')
		config.count = atol(optarg);
	else if (option == 'r')
		config.rate = atof(optarg);
	else if (option == 'l')
		config.lines = true;
	else
		return false;
	return true;
}

static unsigned long refused;

/* A refusal is no error of a call: it comes later, by itself. */
static void on_error(natsConnection *connection, natsSubscription *subscription, natsStatus status,
		     void *unused)
{
	(void)connection;
	(void)subscription;
	(void)unused;
	if (status == NATS_NOT_PERMITTED)
		__atomic_add_fetch(&refused, 1, __ATOMIC_RELAXED);
}

static void done(natsStatus status, const char *what)
{
	if (status == NATS_OK)
		return;
	fprintf(stderr, "liar: %s: %s\n", what, natsStatus_GetText(status));
	exit(1);
}

static natsConnection *connect_as(void)
{
	const char *server[SERVERS];
	natsConnection *connection;
	char inbox[128], *rest = config.servers;
	natsOptions *o;
	int count = 0;

	while (rest && count < SERVERS)
		server[count++] = strsep(&rest, ",");
	snprintf(inbox, sizeof(inbox), "_INBOX_%s", config.user);
	done(natsOptions_Create(&o), "options");
	done(natsOptions_SetServers(o, server, count), "servers");
	done(natsOptions_SetUserInfo(o, config.user, config.password), "user");
	if (config.ca) {
		done(natsOptions_SetSecure(o, true), "TLS");
		done(natsOptions_LoadCATrustedCertificates(o, config.ca), config.ca);
		done(natsOptions_LoadCertificatesChain(o, config.certificate, config.key),
		     config.certificate);
	}
	done(natsOptions_SetCustomInboxPrefix(o, inbox), "inbox");
	done(natsOptions_SetErrorHandler(o, on_error, NULL), "errors");
	done(natsConnection_Connect(&connection, o), "connection");
	natsOptions_Destroy(o);
	return connection;
}

static uint32_t addresses;

/* One mark, if there is one: the bytes written; those read in `length`. */
static int replace(const char *at, long number, char *out, size_t room, size_t *length)
{
	uint32_t address = 100U << 24 | 64 << 16;
	struct timespec time;

	clock_gettime(CLOCK_REALTIME, &time);
	if (!strncmp(at, "@N@", 3)) {
		*length = 3;
		return snprintf(out, room, "%ld", number);
	}
	if (!strncmp(at, "@ADDRESS@", 9)) {
		*length = 9;
		address += addresses++ & 0x3fffff;
		return snprintf(out, room, "%u.%u.%u.%u", address >> 24, address >> 16 & 255,
				address >> 8 & 255, address & 255);
	}
	if (!strncmp(at, "@NOW@", 5)) {
		*length = 5;
		return snprintf(out, room, "%ld", (long)time.tv_sec);
	}
	if (!strncmp(at, "@MS@", 4)) {
		*length = 4;
		return snprintf(out, room, "%ld", time.tv_sec * 1000L + time.tv_nsec / 1000000);
	}
	return 0;
}

static void send_one(natsConnection *connection, const char *body, size_t length, long number)
{
	static char out[BODY_MAX + 64];
	size_t size = 0, i = 0, read;

	while (i < length && size < BODY_MAX) {
		int wrote = body[i] == '@' ? replace(body + i, number, out + size,
						     sizeof(out) - size, &read) : 0;

		if (wrote) {
			size += wrote;
			i += read;
		} else {
			out[size++] = body[i++];
		}
	}
	if (config.reply)
		done(natsConnection_PublishRequest(connection, config.subject, config.reply, out,
						   size), "publish");
	else
		done(natsConnection_Publish(connection, config.subject, out, size), "publish");
}

int main(int argc, char **argv)
{
	static char body[BODY_MAX + 1];
	natsConnection *connection;
	size_t length, sent = 0;
	double begin;

	if (!read_options(argc, argv, options, take) || !config.servers || !config.user ||
	    !config.password || !config.subject) {
		fprintf(stderr, "liar: wrong usage; its first lines say how\n");
		return 2;
	}
	length = fread(body, 1, BODY_MAX, stdin);
	connection = connect_as();
	begin = now();
	for (long i = 0; i < config.count; i++) {
		char *at = body, *end;

		for (; config.lines && (end = memchr(at, '\n', body + length - at)); at = end + 1)
			send_one(connection, at, end - at, sent++);
		if (!config.lines)
			send_one(connection, body, length, sent++);
		if (sent / config.rate > now() - begin)
			pause_for(sent / config.rate - (now() - begin));
	}
	done(natsConnection_FlushTimeout(connection, 10000), "flush");
	/* A refusal comes before the answer to the flush, but is told by a thread of its own. */
	pause_for(0.2);
	printf("{\"sent\": %zu, \"refused\": %lu}\n", sent, refused);
	natsConnection_Destroy(connection);
	nats_Close();
	return 0;
}
