// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guessers whom a running guard bans by itself: each flow registers with wrong passwords, and the
 * server answers with a challenge of its own, until the guard has had enough. The packets are shown
 * to the guard's own programs, so bans are made, and told to who follows, as on a link.
 *
 *   banner --count N --rate N [--tries N] [--first ADDRESS] [--port PORT] PINS
 *   banner --succeed ...      the first password is right: phones that register, and are proven
 *
 * Prints a line for each ban when it is in the map: ADDRESS PORT NANOSECONDS of CLOCK_MONOTONIC.
 * Exit status: 0 all are banned (with --succeed: none is), 1 some are not, 2 wrong usage.
 */
#include "pinned.h"

static struct {
	uint32_t count, tries;
	double rate;
	bool succeed;
	struct flows flows;
} config = {.count = 1, .tries = 6, .rate = 1000, .flows = FLOWS};

static const struct option options[] = {
	{"count", required_argument, NULL, 'c'},
	{"rate", required_argument, NULL, 'r'},
	{"tries", required_argument, NULL, 't'},
	{"first", required_argument, NULL, 'f'},
	{"port", required_argument, NULL, 'p'},
	{"succeed", no_argument, NULL, 's'},
	{}
};

static bool take(int option)
{
	switch (option) {
	case 'c':
		config.count = atoi(optarg);
		return true;
	case 'r':
		config.rate = atof(optarg);
		return config.rate > 0;
	case 't':
		config.tries = atoi(optarg);
		return true;
	case 'f':
		config.flows.first = address_read(optarg);
		return true;
	case 'p':
		config.flows.port = atoi(optarg);
		return true;
	case 's':
		config.succeed = true;
		return true;
	}
	return false;
}

static uint64_t nanoseconds(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

/* Header fields that a request and its answer have alike. */
static void write_common(char *text, size_t size, uint32_t number, uint32_t attempt,
			 const char *tag)
{
	snprintf(text, size,
		 "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bKb%xp%xa%x\r\n"
		 "To: <sip:u%x@example.com>%s\r\n"
		 "From: <sip:u%x@example.com>;tag=t%x\r\n"
		 "Call-ID: c%x@192.0.2.1\r\nCSeq: %u REGISTER\r\n",
		 number, config.flows.port, attempt, number, tag, number, number, number,
		 attempt + 1);
}

/* No nonce is told twice: it has the flow in it. */
static void attempt(const struct pinned *pinned, uint32_t number, uint32_t attempt)
{
	char text[1400], common[600], login[300] = "";

	write_common(common, sizeof(common), number, attempt, "");
	if (attempt)
		snprintf(login, sizeof(login), "Authorization: Digest username=\"u%x\","
			 "realm=\"lab\",cnonce=\"x\",nonce=\"n%xp%xa%xlong\","
			 "uri=\"sip:example.com\",response=\"%032x\"\r\n", number,
			 config.flows.first + number, config.flows.port, attempt - 1, attempt);
	snprintf(text, sizeof(text), "REGISTER sip:example.com SIP/2.0\r\n%s"
		 "Max-Forwards: 70\r\n%sContent-Length: 0\r\n\r\n", common, login);
	if (!flow_sends(pinned, &config.flows, number, text))
		return;
	write_common(common, sizeof(common), number, attempt, ";tag=server");
	if (attempt && config.succeed)
		snprintf(text, sizeof(text), "SIP/2.0 200 OK\r\n%sContact: <sip:u%x@192.0.2.1>;"
			 "expires=3600\r\nContent-Length: 0\r\n\r\n", common, number);
	else
		snprintf(text, sizeof(text), "SIP/2.0 401 Unauthorized\r\n%s"
			 "WWW-Authenticate: Digest realm=\"lab\", nonce=\"n%xp%xa%xlong\"\r\n"
			 "Content-Length: 0\r\n\r\n", common, config.flows.first + number,
			 config.flows.port, attempt);
	flow_hears(pinned, &config.flows, number, text);
}

static bool guess(const struct pinned *pinned, uint32_t number)
{
	struct sg_flow_key key = flow_key(&config.flows, number);
	struct in_addr address = {.s_addr = key.address[3]};
	struct sg_ban ban;

	for (uint32_t i = 0; i <= (config.succeed ? 1 : config.tries); i++)
		attempt(pinned, number, i);
	if (config.succeed)
		return bpf_map_lookup_elem(pinned->bans, &key, &ban) < 0;
	if (bpf_map_lookup_elem(pinned->bans, &key, &ban))
		return false;
	printf("%s %u %llu\n", inet_ntoa(address), config.flows.port,
	       (unsigned long long)nanoseconds());
	return true;
}

int main(int argc, char **argv)
{
	struct pinned pinned;
	uint32_t missed = 0;
	double begin;

	while (optind < argc) {
		int option = getopt_long(argc, argv, "", options, NULL);

		if (option < 0)
			break;
		if (!take(option))
			optind = argc + 1;
	}
	if (argc - optind != 1) {
		fprintf(stderr, "banner: wrong usage; its first lines say how\n");
		return 2;
	}
	pinned_open(&pinned, argv[optind]);
	begin = now();
	for (uint32_t i = 0; i < config.count; i++) {
		double wait = begin + i / config.rate - now();

		if (wait > 0) {
			fflush(stdout);
			pause_for(wait);
		}
		missed += !guess(&pinned, i);
	}
	fflush(stdout);
	fprintf(stderr, "banner: %u of %u %s, %.0f a second\n", config.count - missed,
		config.count, config.succeed ? "register" : "banned",
		config.count / (now() - begin));
	return missed ? 1 : 0;
}
