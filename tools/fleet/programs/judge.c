// SPDX-License-Identifier: GPL-2.0-only
/*
 * What guards do with a request of each of some flows, as banner makes them:
 *
 *   judge --count N [--first ADDRESS] [--port PORT] PINS...
 *
 * Prints {"guards": N, "passed": N, "dropped": N}. The guards have to be in mode enforce.
 */
#include "pinned.h"

static uint32_t count = 1;
static struct flows flows = FLOWS;

static const struct option options[] = {
	{"count", required_argument, NULL, 'c'},
	{"first", required_argument, NULL, 'f'},
	{"port", required_argument, NULL, 'p'},
	{}
};

static bool take(int option)
{
	switch (option) {
	case 'c':
		count = atoi(optarg);
		return true;
	case 'f':
		flows.first = address_read(optarg);
		return true;
	case 'p':
		flows.port = atoi(optarg);
		return true;
	}
	return false;
}

int main(int argc, char **argv)
{
	unsigned int passed = 0, dropped = 0;
	int option, guards;
	char text[600];

	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		if (!take(option))
			return 2;
	}
	guards = argc - optind;
	for (; optind < argc; optind++) {
		struct pinned pinned;

		pinned_open(&pinned, argv[optind]);
		for (uint32_t i = 0; i < count; i++) {
			snprintf(text, sizeof(text), "OPTIONS sip:example.com SIP/2.0\r\n"
				 "Via: SIP/2.0/UDP 192.0.2.1:5060;branch=z9hG4bK%xj%llx\r\n"
				 "To: <sip:a@example.com>\r\nFrom: <sip:b@example.com>;tag=1\r\n"
				 "Call-ID: j%x\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\n"
				 "Content-Length: 0\r\n\r\n", i, (long long)(now() * 1e9), i);
			if (flow_sends(&pinned, &flows, i, text))
				passed++;
			else
				dropped++;
		}
	}
	printf("{\"guards\": %d, \"passed\": %u, \"dropped\": %u}\n", guards, passed, dropped);
	return 0;
}
