/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guard in operation, by its pins: its programs are run with packets of the lab's, its bans are
 * read. What it does then it does by its own code.
 */
#ifndef SIPGUARD_FLEET_PINNED_H
#define SIPGUARD_FLEET_PINNED_H

#include <arpa/inet.h>
#include <dirent.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

#include <bpf/bpf.h>

#include "../../scenarios/programs/tool.h"
#include "abi.h"

#define PATH_SIZE   512
#define PACKET_SIZE 1600
#define SIP_PORT    5060
/* Behind the guard; RFC 5737. */
#define SERVER      "192.0.2.10"

struct pinned {
	int guard, reply; /* programs */
	int bans;
};

/* Flow `number` of those that begin at an address: an address each. Host order. */
struct flows {
	uint32_t first;
	uint16_t port;
};

/* RFC 6598, nobody's. */
#define FLOWS {.first = 100U << 24 | 64 << 16, .port = 40000}

static inline int pinned_get(const char *root, const char *name)
{
	char path[PATH_SIZE];
	int fd;

	snprintf(path, sizeof(path), "%s/v%d/%s", root, SG_ABI_VERSION, name);
	fd = bpf_obj_get(path);
	must(fd >= 0, path);
	return fd;
}

/* The program of the first interface that is guarded by a link; of any other one it is the same. */
static inline int pinned_guard(const char *root)
{
	char path[PATH_SIZE], name[PATH_SIZE * 2];
	struct bpf_link_info info = {};
	__u32 size = sizeof(info);
	struct dirent *entry;
	int link = -1, fd;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/v%d/links", root, SG_ABI_VERSION);
	dir = opendir(path);
	must(dir, path);
	while (link < 0 && (entry = readdir(dir))) {
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		if (entry->d_name[0] != '.')
			link = bpf_obj_get(name);
	}
	closedir(dir);
	must(link >= 0 && !bpf_obj_get_info_by_fd(link, &info, &size), path);
	fd = bpf_prog_get_fd_by_id(info.prog_id);
	must(fd >= 0, path);
	close(link);
	return fd;
}

/* Ends the program if there is no such guard. */
static inline void pinned_open(struct pinned *pinned, const char *root)
{
	pinned->guard = pinned_guard(root);
	pinned->reply = pinned_get(root, "reply");
	pinned->bans = pinned_get(root, "sg_bans");
}

static inline struct sg_flow_key flow_key(const struct flows *flows, uint32_t number)
{
	struct sg_flow_key key = {
		.address = {0, 0, htonl(0xffff), htonl(flows->first + number)},
		.port = htons(flows->port), .transport = IPPROTO_UDP, .family = 4,
	};

	return key;
}

/* An address of IPv4 in host order; ends the program if it is none. */
static inline uint32_t address_read(const char *text)
{
	struct in_addr address;

	if (inet_pton(AF_INET, text, &address) == 1)
		return ntohl(address.s_addr);
	fprintf(stderr, "'%s' is no address of IPv4\n", text);
	exit(2);
}

static inline uint16_t header_sum(const void *header)
{
	const uint16_t *at = header;
	uint32_t sum = 0;

	for (size_t i = 0; i < sizeof(struct iphdr) / 2; i++)
		sum += at[i];
	sum = (sum & 0xffff) + (sum >> 16);
	return ~(sum + (sum >> 16));
}

/* A datagram with a message between a flow and the server. The length of the frame. */
static inline size_t frame_write(uint8_t *frame, uint32_t from, uint16_t sport, uint32_t to,
				 uint16_t dport, const char *text)
{
	size_t length = strlen(text);
	struct ethhdr eth = {.h_dest = {2, 0, 0, 0, 0, 1}, .h_source = {2, 0, 0, 0, 0, 2},
			     .h_proto = htons(ETH_P_IP)};
	struct iphdr ip = {.version = 4, .ihl = 5, .ttl = 64, .protocol = IPPROTO_UDP,
			   .tot_len = htons(sizeof(ip) + sizeof(struct udphdr) + length),
			   .saddr = htonl(from), .daddr = htonl(to)};
	struct udphdr udp = {.source = htons(sport), .dest = htons(dport),
			     .len = htons(sizeof(udp) + length)};

	ip.check = header_sum(&ip);
	memcpy(frame, &eth, sizeof(eth));
	memcpy(frame + sizeof(eth), &ip, sizeof(ip));
	memcpy(frame + sizeof(eth) + sizeof(ip), &udp, sizeof(udp));
	memcpy(frame + sizeof(eth) + sizeof(ip) + sizeof(udp), text, length);
	return sizeof(eth) + sizeof(ip) + sizeof(udp) + length;
}

/* What a program says to a frame: an action of XDP, or of tc. */
static inline uint32_t program_run(int program, uint8_t *frame, size_t length)
{
	uint8_t out[PACKET_SIZE];
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame, .data_size_in = length,
		    .data_out = out, .data_size_out = sizeof(out), .repeat = 1);

	must(!bpf_prog_test_run_opts(program, &options), "BPF_PROG_RUN");
	return options.retval;
}

/* A flow sends the server a message: true if it gets there. */
static inline bool flow_sends(const struct pinned *pinned, const struct flows *flows,
			      uint32_t number, const char *text)
{
	uint8_t frame[PACKET_SIZE];
	size_t length = frame_write(frame, flows->first + number, flows->port,
				    address_read(SERVER), SIP_PORT, text);

	return program_run(pinned->guard, frame, length) == XDP_PASS;
}

/* And the server sends it one. */
static inline void flow_hears(const struct pinned *pinned, const struct flows *flows,
			      uint32_t number, const char *text)
{
	uint8_t frame[PACKET_SIZE];
	size_t length = frame_write(frame, address_read(SERVER), SIP_PORT, flows->first + number,
				    flows->port, text);

	program_run(pinned->reply, frame, length);
}

#endif
