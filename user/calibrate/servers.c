// SPDX-License-Identifier: GPL-2.0-only
#include "calibrate/servers.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#define ADDRESSES_MOST 65536
#define ETHERNET 1 /* in the place of a family */

struct address {
	struct sg_flow_key key; /* without a port */
	__u64 votes; /* packets from other ports that came to a guarded one; */
	__u64 peers; /* addresses that it has spoken with from one such port to another */
};

struct pair {
	struct sg_flow_key key[2]; /* the lower one first */
};

int servers_init(struct servers *servers, const struct sg_config *config,
		 const struct prefix *named, size_t count, struct error *error)
{
	*servers = (struct servers){.config = config, .named = named, .named_count = count};
	if (table_init(&servers->table, sizeof(struct sg_flow_key), sizeof(struct address),
		       ADDRESSES_MOST) ||
	    table_init(&servers->pairs, sizeof(struct pair), sizeof(struct pair), ADDRESSES_MOST))
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

/* Where the frame goes (0) or comes from (1) on the wire. */
static struct sg_flow_key ethernet_of(const struct frame *frame, int place)
{
	struct sg_flow_key key = {.family = ETHERNET};

	memcpy(key.address, frame->bytes + place * ETH_ALEN, ETH_ALEN);
	return key;
}

static struct address *add(struct servers *servers, const struct sg_flow_key *key)
{
	static struct address none; /* what finds no room is not looked at */
	struct address *address = table_add(&servers->table, key);

	return address ? address : &none;
}

static void add_pair(struct servers *servers, const struct endpoints *ends)
{
	struct pair pair = {{address_of(&ends->from), address_of(&ends->to)}}, swapped;
	size_t before = servers->pairs.count;

	swapped = (struct pair){{pair.key[1], pair.key[0]}};
	if (memcmp(&pair.key[0], &pair.key[1], sizeof(pair.key[0])) > 0)
		pair = swapped;
	table_add(&servers->pairs, &pair);
	if (servers->pairs.count == before)
		return;
	add(servers, &pair.key[0])->peers++;
	add(servers, &pair.key[1])->peers++;
}

void servers_vote(struct servers *servers, const struct frame *frame, const struct endpoints *ends)
{
	bool in = is_guarded(servers->config, &ends->to);
	bool out = is_guarded(servers->config, &ends->from);
	struct sg_flow_key key = address_of(&ends->to);

	servers->guarded += in || out;
	if (servers->named_count || !in)
		return;
	if (out) {
		add_pair(servers, ends);
		return;
	}
	add(servers, &key)->votes++;
	key = ethernet_of(frame, 0);
	add(servers, &key)->votes++;
}

static bool is_named(const struct servers *servers, const struct sg_flow_key *flow)
{
	struct prefix whole = {.family = AF_INET, .length = 32};

	memcpy(whole.address, &flow->address[3], 4);
	if (flow->family != 4) {
		whole = (struct prefix){.family = AF_INET6, .length = 128};
		memcpy(whole.address, flow->address, 16);
	}
	for (size_t i = 0; i < servers->named_count; i++) {
		if (prefix_contains(&servers->named[i], &whole))
			return true;
	}
	return false;
}

static struct address look(const struct servers *servers, const struct sg_flow_key *key)
{
	const struct address *address = table_find(&servers->table, key);

	return address ? *address : (struct address){};
}

/* Above 0: who gets it is our server, below: who sends it; 0: nobody knows. */
static int compare(const struct servers *servers, const struct frame *frame,
		   const struct endpoints *ends)
{
	struct sg_flow_key to = address_of(&ends->to), from = address_of(&ends->from);
	struct sg_flow_key wire_to = ethernet_of(frame, 0), wire_from = ethernet_of(frame, 1);
	struct address getter = look(servers, &to), sender = look(servers, &from);
	struct address wire_getter = look(servers, &wire_to), wire_sender;

	if (servers->named_count)
		return is_named(servers, &ends->to) - is_named(servers, &ends->from);
	if (getter.votes != sender.votes)
		return getter.votes > sender.votes ? 1 : -1;
	wire_sender = look(servers, &wire_from);
	if (wire_getter.votes != wire_sender.votes)
		return wire_getter.votes > wire_sender.votes ? 1 : -1;
	return (getter.peers > sender.peers) - (getter.peers < sender.peers);
}

enum direction servers_direction(const struct servers *servers, const struct frame *frame,
				 const struct endpoints *ends)
{
	bool in = is_guarded(servers->config, &ends->to);
	bool out = is_guarded(servers->config, &ends->from);
	int way;

	if (!in && !out)
		return DIRECTION_OTHER;
	way = compare(servers, frame, ends);
	if (way < 0) /* our server asks another one, or answers */
		return out ? DIRECTION_OUT : DIRECTION_OTHER;
	if (way > 0)
		return in ? DIRECTION_IN : DIRECTION_OTHER;
	if (servers->named_count)
		return DIRECTION_OTHER;
	if (in && out)
		return DIRECTION_UNKNOWN;
	return in ? DIRECTION_IN : DIRECTION_OUT;
}

void servers_free(struct servers *servers)
{
	table_free(&servers->table);
	table_free(&servers->pairs);
}
