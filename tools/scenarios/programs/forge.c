/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who forges: datagrams, or SYNs, in the name of somebody or of nobody, at any rate. For the lab:
 * refuses to run in the initial network namespace.
 *
 * Each packet has a number, and all in it follows from that: its source out of the given addresses
 * and ports, and in the message (one FILE after the other) "@N@", the number, "@A@" and "@P@", the
 * source, and "@T@", an address and a port of its own out of the prefix --targets. A line feed in a
 * FILE becomes CRLF. "--raw" takes it as it is.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "tool.h"

#define PAYLOAD_MAX 1400
#define FILES_MAX   16
#define BATCH       32
/* The ports that each target has of its own, before the next ones have theirs. */
#define TARGET_PORT 5060

struct prefix {
	uint32_t first;
	uint32_t mask; /* of what may differ */
};

struct forge {
	struct prefix from;
	struct prefix targets;
	int port_first;
	int port_last;
	struct sockaddr_in to;
	double rate;          /* a second; 0: flat out */
	uint64_t count;
	uint64_t first;       /* number */
	uint64_t again;       /* each comes once more, so many packets later */
	bool syn;
	bool raw;
	char file[FILES_MAX][PAYLOAD_MAX + 1];
	int length[FILES_MAX];
	int files;
};

struct packet {
	struct iphdr ip;
	union {
		struct tcphdr tcp;
		struct {
			struct udphdr udp;
			char payload[PAYLOAD_MAX];
		};
	};
} __attribute__((packed));

static struct packet packets[BATCH];

/* The same for the same number, and like chance otherwise (splitmix64). */
static uint64_t mixed(uint64_t number)
{
	number += 0x9e3779b97f4a7c15;
	number = (number ^ number >> 30) * 0xbf58476d1ce4e5b9;
	number = (number ^ number >> 27) * 0x94d049bb133111eb;
	return number ^ number >> 31;
}

static void read_prefix(const char *text, struct prefix *prefix)
{
	char address[INET_ADDRSTRLEN] = "";
	struct in_addr in;
	int bits = 32;

	if (sscanf(text, "%15[0-9.]/%d", address, &bits) < 1 || bits < 1 || bits > 32 ||
	    inet_pton(AF_INET, address, &in) != 1) {
		fprintf(stderr, "forge: %s is not an address or a prefix\n", text);
		exit(2);
	}
	prefix->mask = bits == 32 ? 0 : 0xffffffff >> bits;
	prefix->first = ntohl(in.s_addr) & ~prefix->mask;
}

static void read_file(struct forge *forge, const char *name)
{
	FILE *file = fopen(name, "r");
	char *text = forge->file[forge->files];
	int length = 0, c;

	must(file && forge->files < FILES_MAX, name);
	while ((c = getc(file)) != EOF && length < PAYLOAD_MAX - 1) {
		if (c == '\n' && !forge->raw)
			text[length++] = '\r';
		text[length++] = c;
	}
	fclose(file);
	forge->length[forge->files++] = length;
}

static int put_address(char *at, uint32_t address)
{
	return sprintf(at, "%u.%u.%u.%u", address >> 24, address >> 16 & 255, address >> 8 & 255,
		       address & 255);
}

/* All targets differ until addresses and ports are used up. */
static int put_target(char *at, const struct prefix *targets, uint64_t number)
{
	int length = put_address(at, targets->first + (number & targets->mask));

	return length + sprintf(at + length, ":%d",
				TARGET_PORT + (int)(number / (targets->mask + 1ULL)));
}

/* The message of the number; its length. */
static int fill_in(const struct forge *forge, uint64_t number, uint32_t from, int port, char *out)
{
	int file = number % forge->files, length = 0;
	const char *text = forge->file[file], *end = text + forge->length[file];

	while (text < end && length < PAYLOAD_MAX - 32) {
		if (*text != '@' || end - text < 3 || text[2] != '@') {
			out[length++] = *text++;
			continue;
		}
		switch (text[1]) {
		case 'N': length += sprintf(out + length, "%lu", number); break;
		case 'A': length += put_address(out + length, from); break;
		case 'P': length += sprintf(out + length, "%d", port); break;
		case 'T': length += put_target(out + length, &forge->targets, number); break;
		default: out[length++] = *text++; continue;
		}
		text += 3;
	}
	return length;
}

/* Of what is behind the header of IP, with what of that counts. */
static uint16_t checksum(const struct packet *packet, int length)
{
	const uint8_t *byte = (const uint8_t *)&packet->tcp;
	uint32_t sum = packet->ip.protocol + length;

	for (int i = 0; i < length; i++)
		sum += i % 2 ? byte[i] : byte[i] << 8;
	sum += (ntohl(packet->ip.saddr) >> 16) + (ntohl(packet->ip.saddr) & 0xffff);
	sum += (ntohl(packet->ip.daddr) >> 16) + (ntohl(packet->ip.daddr) & 0xffff);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons(~sum);
}

/* Makes the packet of the number; its length. The kernel fills in the sum of IP. */
static int make(const struct forge *forge, uint64_t number, struct packet *packet)
{
	uint64_t chance = mixed(number);
	uint32_t from = forge->from.first + (chance & forge->from.mask);
	int port = forge->port_first + (chance >> 32) %
		   (forge->port_last - forge->port_first + 1);
	int length;

	packet->ip = (struct iphdr){
		.version = 4, .ihl = 5, .ttl = 64,
		.protocol = forge->syn ? IPPROTO_TCP : IPPROTO_UDP,
		.saddr = htonl(from), .daddr = forge->to.sin_addr.s_addr,
	};
	if (forge->syn) {
		length = sizeof(packet->tcp);
		packet->tcp = (struct tcphdr){
			.source = htons(port), .dest = forge->to.sin_port, .doff = 5, .syn = 1,
			.seq = chance, .window = htons(64240),
		};
		packet->tcp.check = checksum(packet, length);
	} else {
		length = sizeof(packet->udp) + fill_in(forge, number, from, port, packet->payload);
		packet->udp = (struct udphdr){
			.source = htons(port), .dest = forge->to.sin_port, .len = htons(length),
		};
		packet->udp.check = checksum(packet, length);
	}
	return sizeof(packet->ip) + length;
}

/* Of all that are sent the n-th: those that come again take turns with those that are new. */
static uint64_t number_of(const struct forge *forge, uint64_t n)
{
	if (!forge->again)
		return n;
	if (n < forge->again)
		return n;
	n -= forge->again;
	return n % 2 ? n / 2 + forge->again : n / 2;
}

static void send_all(struct forge *forge, int fd, uint64_t first, int n)
{
	static struct mmsghdr messages[BATCH];
	static struct iovec vectors[BATCH];
	int sent = 0, done;

	for (int i = 0; i < n; i++) {
		vectors[i].iov_base = &packets[i];
		vectors[i].iov_len = make(forge, forge->first + number_of(forge, first + i),
					    &packets[i]);
		messages[i].msg_hdr = (struct msghdr){
			.msg_name = &forge->to, .msg_namelen = sizeof(forge->to),
			.msg_iov = &vectors[i], .msg_iovlen = 1,
		};
	}
	while (sent < n) {
		done = sendmmsg(fd, messages + sent, n - sent, 0);
		must(done > 0 || errno == ENOBUFS || errno == EINTR, "sendmmsg");
		sent += done > 0 ? done : 0;
	}
}

/* Time lost to others is made good at once: so many were asked for. */
static void run(struct forge *forge)
{
	int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	double start = now(), passed;
	uint64_t sent = 0, due;
	int n;

	must(fd >= 0, "socket");
	while (sent < forge->count) {
		passed = now() - start;
		due = forge->rate > 0 ? passed * forge->rate + 1 : forge->count;
		due = due > forge->count ? forge->count : due;
		n = due - sent > BATCH ? BATCH : due - sent;
		if (n > 0)
			send_all(forge, fd, sent, n);
		else
			pause_for(0.0002);
		sent += n;
	}
	passed = now() - start;
	printf("{\"sent\": %lu, \"seconds\": %.3f, \"rate\": %.0f}\n", sent, passed, sent / passed);
}

static const struct option options[] = {
	{ "from", required_argument, NULL, 'f' },
	{ "port", required_argument, NULL, 'p' },
	{ "to", required_argument, NULL, 't' },
	{ "targets", required_argument, NULL, 'T' },
	{ "rate", required_argument, NULL, 'r' },
	{ "count", required_argument, NULL, 'c' },
	{ "first", required_argument, NULL, 'F' },
	{ "again", required_argument, NULL, 'a' },
	{ "syn", no_argument, NULL, 's' },
	{ "raw", no_argument, NULL, 'R' },
	{ },
};

static int usage(void)
{
	fputs("Usage: forge --to SERVER --from ADDRESS|PREFIX [--port FIRST[-LAST]] [--rate N]\n"
	      "             --count N [--first N] [--again N] [--targets PREFIX] [--raw]\n"
	      "             --syn | FILE...\n", stderr);
	return 2;
}

static bool read_option(struct forge *forge, int option)
{
	switch (option) {
	case 'f': read_prefix(optarg, &forge->from); return true;
	case 'T': read_prefix(optarg, &forge->targets); return true;
	case 't': return inet_pton(AF_INET, optarg, &forge->to.sin_addr) == 1;
	case 'r': forge->rate = atof(optarg); return true;
	case 'c': forge->count = atof(optarg); return true;
	case 'F': forge->first = atof(optarg); return true;
	case 'a': forge->again = atof(optarg); return true;
	case 's': forge->syn = true; return true;
	case 'R': forge->raw = true; return true;
	case 'p':
		if (sscanf(optarg, "%d-%d", &forge->port_first, &forge->port_last) == 1)
			forge->port_last = forge->port_first;
		return forge->port_first > 0 && forge->port_last >= forge->port_first;
	}
	return false;
}

int main(int argc, char **argv)
{
	static struct forge forge = {
		.port_first = 1024, .port_last = 65535,
		.to = { .sin_family = AF_INET },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		if (!read_option(&forge, option))
			return usage();
	}
	if (!forge.from.first || !forge.to.sin_addr.s_addr || !forge.count ||
	    (optind == argc) != forge.syn)
		return usage();
	need_private_netns("forge");
	forge.to.sin_port = htons(5060);
	for (int i = optind; i < argc; i++)
		read_file(&forge, argv[i]);
	run(&forge);
	return 0;
}
