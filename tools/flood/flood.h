/* SPDX-License-Identifier: GPL-2.0-only */
/* sipguard-flood, userspace: what its files offer each other. */
#ifndef SIPGUARD_FLOOD_H
#define SIPGUARD_FLOOD_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "flood_shared.h"

#define FLOOD_METHOD_MAX 32

/* One sentence for a person on stderr; returns -1, for `return flood_fail(...)`. */
int flood_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* ---- options.c ---- */

struct flood_ip {
	int family; /* AF_INET, AF_INET6, or 0: not given */
	union {
		struct in_addr v4;
		struct in6_addr v6;
	};
};

struct flood_options {
	const char *dev;
	const char *method;
	struct flood_ip dst;
	struct flood_ip source;  /* the first one, or the prefix */
	struct flood_ip probe;
	struct flood_ip stranger;
	const char *stranger_method;
	uint8_t dst_mac[6];
	bool dst_mac_given;
	bool garbage;
	bool malformed;
	bool random_source;
	bool rate_given;
	bool json;
	unsigned int prefix_len;
	uint64_t sources;
	uint16_t port;
	uint16_t sport;          /* 0: random */
	uint16_t probe_port;
	uint16_t stranger_port;
	uint32_t size;           /* of the frame in bytes, 0: as it comes */
	uint32_t probe_every;    /* one probe in so many frames, 0: by rate */
	uint32_t probe_sources;
	uint32_t probe_ports;
	double from_probes;      /* percent of the flood */
	uint32_t batch;
	uint32_t burst;          /* frames */
	uint32_t queue;          /* frames */
	double rate;             /* frames per second; only if rate_given */
	double probe_rate;       /* per second, 0: by probe_every */
	double stranger_rate;    /* per second */
	double seconds;
	double drain;
	uint64_t count;
	int cpu;                 /* -1: not pinned */
};

/* The last copy of a stranger's request, and half a second for its answer. */
#define FLOOD_STRANGER_LIFE 4

/* help.c: what --help says. */
extern const char flood_help[];

/* 0: options filled; 1: help was asked for and printed; -1: said what is wrong. */
int flood_options_parse(int argc, char **argv, struct flood_options *options);

struct flood_addr flood_addr_of(const struct flood_ip *ip);

/* ---- message.c ---- */

struct flood_spec {
	const char *method;
	bool garbage;
	bool malformed;
	uint8_t mark;
	uint32_t size;
	uint16_t sport; /* written into the message; 0: 5060 */
	uint16_t dport;
	uint8_t src_mac[6];
	uint8_t dst_mac[6];
	struct flood_ip dst;
	struct flood_ip via; /* the address the message names as its sender's */
};

/*
 * Builds one frame into buffer (FLOOD_FRAME_MAX bytes) and says where it varies. The source address
 * and port, the fields and the checksums are left for the BPF program. 0, or -1 and a sentence.
 */
int flood_frame_build(const struct flood_spec *spec, uint8_t *buffer, struct flood_layout *layout);

/* ---- report.c ---- */

struct flood_results {
	const struct flood_tx *tx;
	const struct flood_rx *rx;
	const struct flood_caller *probes;
	const struct flood_caller *strangers;
	uint64_t accepted; /* frames */
};

/* Prints the report on standard output, as text or as one object of JSON; 0 or -1. */
int flood_report(const struct flood_results *results, bool json);

/* ---- netif.c ---- */

struct flood_netif {
	const char *name;
	unsigned int index;
	unsigned int mtu;
	uint8_t mac[6];
};

/*
 * Refuses, with a sentence, whatever is not a veth inside a network namespace of its own.
 * 0 or -1. name must outlive netif.
 */
int flood_netif_open(struct flood_netif *netif, const char *name);

/* Frames the peer's ring has taken from this interface by XDP since it exists; 0 or -1. */
int flood_netif_accepted(const struct flood_netif *netif, uint64_t *frames);

/* Asks the kernel to resolve a neighbour and waits up to 3 s for it; 0 or -1. */
int flood_netif_resolve(const struct flood_netif *netif, const struct flood_ip *ip, uint8_t *mac);

#endif
