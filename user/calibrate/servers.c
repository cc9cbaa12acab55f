// SPDX-License-Identifier: GPL-2.0-only
#include "calibrate/servers.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#define ADDRESSES_MOST 4096 /* that packets came to; a server has a few */

struct address {
	struct sg_flow_key key; /* without a port */
	__u64 votes;
};

int servers_init(struct servers *servers, const struct sg_config *config,
		 const struct prefix *named, size_t count, struct error *error)
{
	*servers = (struct servers){.config = config, .named = named, .named_count = count};
	if (table_init(&servers->table, sizeof(struct sg_flow_key), sizeof(struct address),
		       ADDRESSES_MOST))
		return error_set(error, -EIO, "cannot get random bytes for a table.");
	return 0;
}

static bool is_guarded(const struct sg_config *config, const struct sg_flow_key *flow)
{
	__u8 roles = flow->transport == IPPROTO_UDP ? SG_PORT_UDP : SG_PORT_TCP | SG_PORT_TLS;

	return config->port[ntohs(flow->port)] & roles;
}

/* One address, of IPv6 not its /64. */
static struct sg_flow_key address_of(const struct sg_flow_key *flow)
{
	struct sg_flow_key key = *flow;

	key.port = 0;
	key.transport = 0;
	return key;
}

void servers_vote(struct servers *servers, const struct endpoints *ends)
{
	const struct sg_flow_key key = address_of(&ends->to);
	bool in = is_guarded(servers->config, &ends->to);
	bool out = is_guarded(servers->config, &ends->from);
	struct address *address;

	servers->guarded += in || out;
	if (servers->named_count || !in || out)
		return;
	address = table_add(&servers->table, &key);
	if (address)
		address->votes++;
}

static __u64 votes_of(const struct servers *servers, const struct sg_flow_key *flow)
{
	const struct sg_flow_key key = address_of(flow);
	const struct address *address = table_find(&servers->table, &key);
	struct prefix whole = {.family = AF_INET, .length = 32};

	memcpy(whole.address, &key.address[3], 4);
	if (key.family != 4) {
		whole = (struct prefix){.family = AF_INET6, .length = 128};
		memcpy(whole.address, key.address, 16);
	}
	for (size_t i = 0; i < servers->named_count; i++) {
		if (prefix_contains(&servers->named[i], &whole))
			return 1;
	}
	return address ? address->votes : 0;
}

enum direction servers_direction(const struct servers *servers, const struct endpoints *ends)
{
	bool in = is_guarded(servers->config, &ends->to);
	bool out = is_guarded(servers->config, &ends->from);
	__u64 to, from;

	if (!in && !out)
		return DIRECTION_OTHER;
	to = votes_of(servers, &ends->to);
	from = votes_of(servers, &ends->from);
	if (servers->named_count && !to && !from)
		return DIRECTION_OTHER;
	if (from > to) /* our server asks another one, or answers */
		return out ? DIRECTION_OUT : DIRECTION_OTHER;
	if (to > from)
		return in ? DIRECTION_IN : DIRECTION_OTHER;
	if (in && out)
		return DIRECTION_UNKNOWN;
	return in ? DIRECTION_IN : DIRECTION_OUT;
}

void servers_free(struct servers *servers)
{
	table_free(&servers->table);
}
