// SPDX-License-Identifier: GPL-2.0-only
#include "events/answer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "guard/slots.h"
#include "named/trie.h"

/* Zones may name interfaces: the place of the one that is asked for, or of none. */
static int find_slot(const struct session *session, const char *dev, __u32 *slot,
		     struct error *error)
{
	struct slots *slots = dev ? malloc(sizeof(*slots)) : NULL;

	*slot = SG_INTERFACES;
	if (!dev)
		return 0;
	if (!slots)
		return error_set(error, -ENOMEM, "out of memory.");
	slots_of_links(slots, &session->links);
	for (size_t i = 0; i < slots->count; i++) {
		if (strcmp(slots->slot[i].name, dev) == 0)
			*slot = slots->slot[i].number;
	}
	free(slots);
	return *slot < SG_INTERFACES ? 0 : error_set(error, -ENODEV, "%s is not guarded: "
						     "`sipguard status` lists what is.", dev);
}

static bool is_of(const struct sg_flow_key *flow, const struct sg_flow_key *asked)
{
	struct sg_flow_key a = sg_source_key(flow->family, flow->address);
	struct sg_flow_key b = sg_source_key(asked->family, asked->address);

	if (asked->port)
		return memcmp(flow, asked, sizeof(*flow)) == 0;
	return memcmp(&a, &b, sizeof(a)) == 0;
}

/* Of all flows that are known, those of the source. */
static int read_flows(const struct session *session, struct answer *a, struct error *error)
{
	int err = proven_read(&session->maps, a->why.now, &a->flows, error);
	size_t kept = 0;

	if (err)
		return err;
	for (size_t i = 0; i < a->flows.count; i++) {
		if (is_of(&a->flows.flow[i].key, &a->why.flow))
			a->flows.flow[kept++] = a->flows.flow[i];
	}
	a->flows.count = kept;
	proven_sort(&a->flows);
	return 0;
}

/* Of all bans, those of flows of the source, if it is asked for as a whole. */
static int read_bans(const struct session *session, struct answer *a, struct error *error)
{
	size_t kept = 0;
	int err;

	if (a->why.flow.port)
		return 0;
	err = bans_read(&session->maps, a->why.now, &a->bans, error);
	if (err)
		return err;
	for (size_t i = 0; i < a->bans.count; i++) {
		const struct ban *b = &a->bans.ban[i];

		if (ban_is_flow(&b->key) && is_of(&b->key, &a->why.flow))
			a->bans.ban[kept++] = *b;
	}
	a->bans.count = kept;
	return 0;
}

/*
 * What is noted of a source: see bpf/state/lately.bpf.h. The tag is the hash, of which the place
 * is, but for the lowest bit.
 */
static bool find_lately(const struct session *session, __u64 tag, bool known,
			struct sg_lately *lately)
{
	for (__u64 low = 0; low < 2; low++) {
		__u32 at = ((tag & ~1ULL) | low) & (SG_LATELY / 2 - 1);

		at |= known ? SG_LATELY / 2 : 0;
		if (!bpf_map_lookup_elem(session->maps.fd[MAP_LATELY], &at, lately) &&
		    lately->tag == tag)
			return true;
	}
	memset(lately, 0, sizeof(*lately));
	return false;
}

/* The program that is asked finds one of the two. */
static int read_lately(const struct session *session, struct answer *a, __u32 slot,
		       struct error *error)
{
	__u64 tag = a->why.lately.tag;

	if (a->why.flow.port || a->why.in_zone || !tag)
		return 0;
	find_lately(session, tag, true, &a->proven);
	find_lately(session, tag, false, &a->why.lately);
	for (size_t i = 0; i < a->flows.count; i++) {
		__u8 proof = a->flows.flow[i].proven.proof;

		if (proof == SG_PROOF_REGISTER || proof == SG_PROOF_CALL)
			return ask_why(session, &a->flows.flow[i].key, slot, &a->proven_why, error);
	}
	a->proven_why = a->why;
	return 0;
}

/* The prefix by which it is on a list. */
static struct prefix listed_prefix(const struct sg_why *why)
{
	struct prefix prefix = flow_prefix(&why->flow);
	__u32 bits = prefix.family == AF_INET ? 32 : 128;

	prefix.length = why->list_length < bits ? why->list_length : bits;
	for (__u32 bit = prefix.length; bit < bits; bit++)
		prefix.address[bit / 8] &= ~(0x80 >> bit % 8);
	return prefix;
}

/* Lists may have changed since it was asked: what is not found is not said. */
static int read_list(const struct session *session, struct answer *a, struct error *error)
{
	struct sg_listed listed;
	struct store store;
	int err;

	a->listed = listed_prefix(&a->why);
	if (!a->why.list || a->why.list_length == SG_WHY_UNKNOWN ||
	    !trie_find(&session->maps, &a->listed, &listed) || !listed.name ||
	    listed.name >= NAMED_PLACES)
		return 0;
	err = store_open(&session->maps, &store, error);
	if (err)
		return err;
	if (store.list[listed.name].head) {
		memcpy(a->list, store.list[listed.name].head->name, sizeof(a->list) - 1);
		memcpy(a->origin, store.list[listed.name].head->origin, sizeof(a->origin) - 1);
	}
	store_close(&store);
	return 0;
}

int answer_read(const struct session *session, const struct sg_flow_key *key, const char *dev,
		struct answer *a, struct error *error)
{
	struct note note = {};
	__u32 slot;
	int err = find_slot(session, dev, &slot, error);

	if (!err)
		err = maps_config(&session->maps, &a->config, &note, error);
	memcpy(a->path, note.path, sizeof(a->path));
	if (!err)
		err = ask_why(session, key, slot, &a->why, error);
	if (!err)
		err = read_list(session, a, error);
	if (!err)
		err = read_flows(session, a, error);
	if (!err)
		err = read_bans(session, a, error);
	if (!err)
		err = read_lately(session, a, slot, error);
	a->mode = session->maps.state->mode % SG_MODE__MAX;
	return err;
}

void answer_free(struct answer *a)
{
	proven_free(&a->flows);
	bans_free(&a->bans);
}
