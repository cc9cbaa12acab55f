/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The configuration file as libcyaml loads it. NULL is what the file does not say. Keys follow from
 * the lists in include/: a new row there is a new key here.
 */
#ifndef SIPGUARD_CONFIG_SCHEMA_H
#define SIPGUARD_CONFIG_SCHEMA_H

#include <cyaml/cyaml.h>

#include "abi.h"

/* Which column of the list of reasons the modes are taken from that the file does not give. */
enum config_preset {
	PRESET_DEFAULT,
	PRESET_STRICT,
};

/* X(NAME, key): the lists under "ports"; NAME is an enum sg_port_role. */
#define CONFIG_PORTS(X)                                                                           \
	X(UDP, "udp")                                                                             \
	X(TCP, "tcp")                                                                             \
	X(TLS, "tls")

enum file_port {
#define X(name, key) FILE_PORT_##name,
	CONFIG_PORTS(X)
#undef X
	FILE_PORT__MAX
};

struct file_list {
	__u64 *item;
	__u32 count;
};

struct file_ports {
	struct file_list of[FILE_PORT__MAX];
};

struct file_limit {
	__u64 *rate;
	__u64 *burst;
};

struct file_limits {
	struct file_limit *of[SG_LIMIT__MAX];
};

struct file_totals {
	struct file_limit *of[SG_TOTAL__MAX];
};

struct file_ban {
	__u64 *threshold;
	__u64 *window;
	__u64 *time;
};

struct file_bans {
	struct file_ban *of[SG_OFFENCE__MAX];
};

struct file_proven {
	__u64 *call;
	__u32 *unchallenged; /* bool */
};

struct file_greylist {
	__u64 *hold;
};

struct file_modes {
	__u32 *of[SG_REASON__MAX]; /* enum sg_mode */
};

struct file_connections {
	struct file_limit *fresh; /* "new" */
	__u64 *live;
	struct file_limit *segments;
	__u64 *first_data;
};

struct file_zone {
	char *name;
	char **prefix;
	__u32 prefixes;
	struct file_limits *limits;
	struct file_limits *flow_limits;
	struct file_limit *total;
	struct file_connections *connections;
};

struct file_validation {
	__u32 *preset; /* enum config_preset */
	__u64 *cap[SIP_CAP__MAX];
};

struct file {
	struct file_validation *validation;
	struct file_ports *ports;
	struct file_limits *limits;
	struct file_limits *flow_limits;
	struct file_limits *proven_limits;
	struct file_connections *connections;
	struct file_totals *totals;
	struct file_proven *proven;
	struct file_greylist *greylist;
	struct file_bans *bans;
	struct file_modes *modes;
	struct file_zone *zone;
	__u32 zones;
};

/* Loads a struct file. */
extern const cyaml_schema_value_t config_schema;

#endif
