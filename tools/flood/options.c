/* SPDX-License-Identifier: GPL-2.0-only */
/* The command line of sipguard-flood: reading it, and refusing what cannot mean anything. */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "flood.h"

enum {
	OPT_DEV = 256, OPT_DST, OPT_DST_MAC, OPT_PORT, OPT_METHOD, OPT_GARBAGE, OPT_SIZE,
	OPT_SOURCE, OPT_SOURCES, OPT_PREFIX, OPT_RANDOM, OPT_SPORT, OPT_RATE, OPT_SECONDS,
	OPT_COUNT, OPT_BURST, OPT_QUEUE, OPT_BATCH, OPT_PROBES, OPT_PROBE_EVERY, OPT_PROBE_RATE,
	OPT_PROBE_SOURCES, OPT_PROBE_PORT, OPT_PROBE_PORTS, OPT_FROM_PROBES, OPT_STRANGERS,
	OPT_STRANGER_RATE, OPT_STRANGER_METHOD, OPT_STRANGER_PORT, OPT_DRAIN, OPT_JSON, OPT_CPU,
	OPT_MALFORMED, OPT_HELP,
};

static const struct option long_options[] = {
	{ "dev", required_argument, NULL, OPT_DEV },
	{ "dst", required_argument, NULL, OPT_DST },
	{ "dst-mac", required_argument, NULL, OPT_DST_MAC },
	{ "port", required_argument, NULL, OPT_PORT },
	{ "method", required_argument, NULL, OPT_METHOD },
	{ "garbage", no_argument, NULL, OPT_GARBAGE },
	{ "malformed", no_argument, NULL, OPT_MALFORMED },
	{ "size", required_argument, NULL, OPT_SIZE },
	{ "source", required_argument, NULL, OPT_SOURCE },
	{ "sources", required_argument, NULL, OPT_SOURCES },
	{ "prefix", required_argument, NULL, OPT_PREFIX },
	{ "random", required_argument, NULL, OPT_RANDOM },
	{ "sport", required_argument, NULL, OPT_SPORT },
	{ "rate", required_argument, NULL, OPT_RATE },
	{ "seconds", required_argument, NULL, OPT_SECONDS },
	{ "count", required_argument, NULL, OPT_COUNT },
	{ "burst", required_argument, NULL, OPT_BURST },
	{ "queue", required_argument, NULL, OPT_QUEUE },
	{ "batch", required_argument, NULL, OPT_BATCH },
	{ "probes", required_argument, NULL, OPT_PROBES },
	{ "probe-every", required_argument, NULL, OPT_PROBE_EVERY },
	{ "probe-rate", required_argument, NULL, OPT_PROBE_RATE },
	{ "probe-sources", required_argument, NULL, OPT_PROBE_SOURCES },
	{ "probe-port", required_argument, NULL, OPT_PROBE_PORT },
	{ "probe-ports", required_argument, NULL, OPT_PROBE_PORTS },
	{ "from-probes", required_argument, NULL, OPT_FROM_PROBES },
	{ "strangers", required_argument, NULL, OPT_STRANGERS },
	{ "stranger-rate", required_argument, NULL, OPT_STRANGER_RATE },
	{ "stranger-method", required_argument, NULL, OPT_STRANGER_METHOD },
	{ "stranger-port", required_argument, NULL, OPT_STRANGER_PORT },
	{ "drain", required_argument, NULL, OPT_DRAIN },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "cpu", required_argument, NULL, OPT_CPU },
	{ "help", no_argument, NULL, OPT_HELP },
	{ },
};

static int read_number(const char *name, const char *text, double least, double most, double *value)
{
	char *end;

	errno = 0;
	*value = strtod(text, &end);
	if (errno || end == text || *end || !(*value >= least && *value <= most))
		return flood_fail("--%s %s is not usable: give a number from %.15g to %.15g", name,
				  text, least, most);
	return 0;
}

static int read_whole(const char *name, const char *text, double least, double most, double *value)
{
	if (read_number(name, text, least, most, value))
		return -1;
	if (*value != floor(*value))
		return flood_fail("--%s %s is not a whole number: give one", name, text);
	return 0;
}

static int read_ip(const char *name, const char *text, struct flood_ip *ip)
{
	ip->family = strchr(text, ':') ? AF_INET6 : AF_INET;
	if (inet_pton(ip->family, text, &ip->v4) == 1)
		return 0;
	return flood_fail("--%s %s is not an address: give one like 192.0.2.1 or 2001:db8::1",
			  name, text);
}

static int read_prefix(const char *name, const char *text, struct flood_options *options)
{
	char address[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	double length;

	if (!slash || (size_t)(slash - text) >= sizeof(address))
		return flood_fail("--%s %s is not a prefix: give one like 10.0.0.0/8 or "
				  "2001:db8::/32", name, text);
	snprintf(address, sizeof(address), "%.*s", (int)(slash - text), text);
	if (read_ip(name, address, &options->source) ||
	    read_whole(name, slash + 1, 0, options->source.family == AF_INET6 ? 128 : 32, &length))
		return -1;
	options->prefix_len = length;
	return 0;
}

static int read_mac(const char *text, uint8_t *mac)
{
	int end = 0;

	if (sscanf(text, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx%n", &mac[0], &mac[1], &mac[2], &mac[3],
		   &mac[4], &mac[5], &end) == 6 && !text[end])
		return 0;
	return flood_fail("--dst-mac %s is not a link address: give one like 02:00:00:00:00:01",
			  text);
}

/* RFC 3261 section 25.1: token. */
static int read_method(const char *name, const char *text, const char **method)
{
	static const char token[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "-.!%*_+`'~";
	size_t length = strlen(text);

	if (!length || length > FLOOD_METHOD_MAX || strspn(text, token) != length)
		return flood_fail("--%s %s is not a SIP token of at most %d characters: give one "
				  "like INVITE", name, text, FLOOD_METHOD_MAX);
	*method = text;
	return 0;
}

#define NUMBER(field, reader, least, most)                                                        \
	do {                                                                                      \
		double value;                                                                     \
		if (reader(name, optarg, least, most, &value))                                    \
			return -1;                                                                \
		options->field = value;                                                           \
	} while (0)

static int read_source_option(int option, const char *name, struct flood_options *options)
{
	switch (option) {
	case OPT_SOURCE:
		options->sources = 1;
		return read_ip(name, optarg, &options->source);
	case OPT_SOURCES:
		NUMBER(sources, read_whole, 1, 4294967296.0);
		return 0;
	case OPT_PREFIX:
		return read_prefix(name, optarg, options);
	case OPT_RANDOM:
		options->random_source = true;
		return read_prefix(name, optarg, options);
	case OPT_SPORT:
		if (strcmp(optarg, "random"))
			NUMBER(sport, read_whole, 1, 65535);
		return 0;
	}
	return -1;
}

static int read_probe_option(int option, const char *name, struct flood_options *options)
{
	switch (option) {
	case OPT_PROBES:
		return read_ip(name, optarg, &options->probe);
	case OPT_PROBE_EVERY:
		NUMBER(probe_every, read_whole, 2, 1e9);
		return 0;
	case OPT_PROBE_RATE:
		NUMBER(probe_rate, read_number, 0.1, 1e6);
		return 0;
	case OPT_PROBE_SOURCES:
		NUMBER(probe_sources, read_whole, 1, 1e6);
		return 0;
	case OPT_PROBE_PORT:
		NUMBER(probe_port, read_whole, 1, 65535);
		return 0;
	case OPT_PROBE_PORTS:
		NUMBER(probe_ports, read_whole, 1, 65535);
		return 0;
	case OPT_FROM_PROBES:
		NUMBER(from_probes, read_number, 0, 100);
		return 0;
	}
	return -1;
}

static int read_stranger_option(int option, const char *name, struct flood_options *options)
{
	switch (option) {
	case OPT_STRANGERS:
		return read_ip(name, optarg, &options->stranger);
	case OPT_STRANGER_RATE:
		NUMBER(stranger_rate, read_number, 0.1, 1e4);
		return 0;
	case OPT_STRANGER_METHOD:
		return read_method(name, optarg, &options->stranger_method);
	case OPT_STRANGER_PORT:
		NUMBER(stranger_port, read_whole, 1, 65535);
		return 0;
	}
	return -1;
}

static int read_amount_option(int option, const char *name, struct flood_options *options)
{
	switch (option) {
	case OPT_RATE:
		NUMBER(rate, read_number, 0, 1e8);
		options->rate_given = true;
		return 0;
	case OPT_SECONDS:
		NUMBER(seconds, read_number, 0.01, 86400);
		return 0;
	case OPT_COUNT:
		NUMBER(count, read_whole, 1, 1e15);
		return 0;
	case OPT_QUEUE:
		NUMBER(queue, read_whole, 0, 1e6);
		return 0;
	case OPT_BURST:
		NUMBER(burst, read_whole, 1, 1e6);
		return 0;
	case OPT_BATCH:
		NUMBER(batch, read_whole, 1, 256);
		return 0;
	case OPT_DRAIN:
		NUMBER(drain, read_number, 0, 600);
		return 0;
	case OPT_CPU:
		NUMBER(cpu, read_whole, 0, 1023);
		return 0;
	}
	return -1;
}

static int read_option(int option, const char *name, struct flood_options *options)
{
	switch (option) {
	case OPT_DEV:
		options->dev = optarg;
		return 0;
	case OPT_DST:
		return read_ip(name, optarg, &options->dst);
	case OPT_DST_MAC:
		options->dst_mac_given = true;
		return read_mac(optarg, options->dst_mac);
	case OPT_PORT:
		NUMBER(port, read_whole, 1, 65535);
		return 0;
	case OPT_METHOD:
		return read_method(name, optarg, &options->method);
	case OPT_MALFORMED:
		options->malformed = true;
		return 0;
	case OPT_GARBAGE:
		options->garbage = true;
		return 0;
	case OPT_SIZE:
		NUMBER(size, read_whole, 1, FLOOD_FRAME_MAX);
		return 0;
	case OPT_JSON:
		options->json = true;
		return 0;
	case OPT_SOURCE ... OPT_SPORT:
		return read_source_option(option, name, options);
	case OPT_PROBES ... OPT_FROM_PROBES:
		return read_probe_option(option, name, options);
	case OPT_STRANGERS ... OPT_STRANGER_PORT:
		return read_stranger_option(option, name, options);
	default:
		return read_amount_option(option, name, options);
	}
}

struct flood_addr flood_addr_of(const struct flood_ip *ip)
{
	struct flood_addr addr = {};

	if (ip->family == AF_INET) {
		addr.lo = ntohl(ip->v4.s_addr);
		return addr;
	}
	for (int i = 0; i < 8; i++) {
		addr.hi = addr.hi << 8 | ip->v6.s6_addr[i];
		addr.lo = addr.lo << 8 | ip->v6.s6_addr[8 + i];
	}
	return addr;
}

/* Sources counted up; of IPv6 the /64 is counted. */
struct range {
	uint64_t first;
	uint64_t n;
};

static struct range range_of(const struct flood_ip *first, uint64_t n)
{
	struct flood_addr addr = flood_addr_of(first);

	return (struct range){ first->family == AF_INET6 ? addr.hi : addr.lo,
			       first->family ? n : 0 };
}

static bool ranges_meet(struct range a, struct range b)
{
	return a.n && b.n && a.first < b.first + b.n && b.first < a.first + a.n;
}

/* One phone may go mad behind the address of others. */
static bool ports_meet(const struct flood_options *options)
{
	return !options->sport || (options->sport >= options->probe_port &&
				   options->sport < options->probe_port + options->probe_ports);
}

/*
 * Whether the flood's counted sources include a probe's or a stranger's: such a caller would not be
 * legitimate in any guard's eyes. Of a random prefix it is one address among many, which is as it
 * should be.
 */
static int check_callers(const struct flood_options *options)
{
	double born = options->stranger_rate * options->seconds + 1;
	struct range probes = range_of(&options->probe, options->probe_sources);
	struct range strangers = range_of(&options->stranger, born);
	struct range flood = range_of(&options->source, options->random_source ? 0 :
								 options->sources);

	if (options->probe.family && options->probe.family != options->dst.family)
		return flood_fail("probes and destination are not of one IP version: give two IPv4 "
				  "or two IPv6 addresses");
	if (options->stranger.family && options->stranger.family != options->dst.family)
		return flood_fail("strangers and destination are not of one IP version: give two "
				  "IPv4 or two IPv6 addresses");
	if (options->from_probes && !options->probe.family)
		return flood_fail("--from-probes needs to know their flows: add --probes ADDRESS");
	if (options->probe_port + options->probe_ports > 65536)
		return flood_fail("there are not so many ports behind --probe-port: give fewer "
				  "--probe-ports");
	if (ranges_meet(probes, flood) && ports_meet(options))
		return flood_fail("the probes' addresses are among the flood's: choose --probes "
				  "outside them");
	if (ranges_meet(strangers, flood) || ranges_meet(strangers, probes))
		return flood_fail("the strangers' addresses are among the flood's or the probes': "
				  "choose --strangers outside them");
	if (options->stranger.family && options->seconds <= FLOOD_STRANGER_LIFE)
		return flood_fail("a stranger may have to ask for %d seconds: give more --seconds",
				  FLOOD_STRANGER_LIFE);
	return 0;
}

/* What is hidden in the flood must leave room for it. */
static int check_rates(const struct flood_options *options)
{
	bool flood = !options->rate_given || options->rate > 0;
	double callers = options->probe.family ? options->probe_rate : 0;

	if (options->stranger.family)
		callers += options->stranger_rate * (1 + FLOOD_RETRIES);
	if (!flood && !options->probe.family && !options->stranger.family)
		return flood_fail("--rate 0 without probes sends nothing: add --probes ADDRESS "
				  "--probe-rate N");
	if (!flood && options->probe.family && !options->probe_rate)
		return flood_fail("without a flood, probes need a rate of their own: add "
				  "--probe-rate N");
	if (flood && options->rate_given && callers > options->rate / 2)
		return flood_fail("probes and strangers with their copies are part of --rate: give "
				  "them at most half of it");
	return 0;
}

static int check_sources(const struct flood_options *options)
{
	uint64_t room;

	if (options->rate_given && options->rate == 0)
		return 0;
	if (!options->source.family || (!options->random_source && !options->sources))
		return flood_fail("the flood has no source: give --source ADDRESS, "
				  "--random PREFIX, or --sources N --prefix PREFIX");
	if (options->source.family != options->dst.family)
		return flood_fail("source and destination are not of one IP version: give two IPv4 "
				  "or two IPv6 addresses");
	room = (options->dst.family == AF_INET6 ? 64 : 32);
	room = options->prefix_len >= room ? 1 : 1ULL << (room - options->prefix_len > 32 ? 32 :
							  room - options->prefix_len);
	if (!options->random_source && options->sources > room)
		return flood_fail("the prefix has no room for %llu sources (of IPv6, one in each "
				  "/64): give a shorter prefix",
				  (unsigned long long)options->sources);
	return 0;
}

static int check_options(struct flood_options *options)
{
	if (!options->dev || !options->dst.family)
		return flood_fail("--dev and --dst are needed: 'sipguard-flood --help' tells more");
	if (check_rates(options) || check_sources(options))
		return -1;
	return check_callers(options);
}

static void apply_prefix(struct flood_options *options)
{
	uint8_t *bytes = options->source.v6.s6_addr;
	unsigned int bits = options->source.family == AF_INET6 ? 128 : 32;

	for (unsigned int i = options->prefix_len; i < bits; i++)
		bytes[i / 8] &= ~(0x80 >> i % 8);
}

int flood_options_parse(int argc, char **argv, struct flood_options *options)
{
	bool prefix = false;
	int option, index = 0;

	*options = (struct flood_options){
		.method = "INVITE", .port = 5060, .probe_port = 5060, .probe_every = 2000,
		.probe_sources = 1, .probe_ports = 1, .stranger_method = "OPTIONS",
		.stranger_rate = 10, .stranger_port = 5060, .seconds = 10, .drain = 1,
		.batch = 128, .burst = 64, .cpu = -1,
	};
	while ((option = getopt_long(argc, argv, "", long_options, &index)) != -1) {
		if (option == OPT_HELP) {
			fputs(flood_help, stdout);
			return 1;
		}
		if (option == '?')
			return flood_fail("that is no option: 'sipguard-flood --help' lists them");
		if (read_option(option, long_options[index].name, options))
			return -1;
		prefix |= option == OPT_PREFIX || option == OPT_RANDOM;
	}
	if (optind < argc)
		return flood_fail("%s is no option: 'sipguard-flood --help' lists them",
				  argv[optind]);
	if (prefix)
		apply_prefix(options);
	return check_options(options);
}
