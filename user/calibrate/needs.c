// SPDX-License-Identifier: GPL-2.0-only
#include "calibrate/needs.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "base/names.h"

#define NEEDS_MOST (1 << 17) /* 42 MB of them */

static const enum sg_total_id totals[NEED_TOTALS] = {
	[NEED_UDP] = SG_TOTAL_UNLISTED_TOTAL,
	[NEED_TCP] = SG_TOTAL_UNLISTED_TCP,
	[NEED_SYNS] = SG_TOTAL_SYNS,
};

static const __u8 limit_of_method[SG_METHOD__MAX] = {
#define X(name, label, limit, ...) [SG_METHOD_##name] = SG_LIMIT_##limit,
	SG_METHODS(X)
#undef X
};

int needs_init(struct needs *needs, struct error *error)
{
	*needs = (struct needs){};
	if (table_init(&needs->table, sizeof(struct need_key), sizeof(struct need), NEEDS_MOST))
		return error_set(error, -EIO, "cannot get random bytes for the table of needs.");
	return 0;
}

/* Of the zone of whom it is; NULL: of a total. */
static struct demand_spread *spread_of(struct needs *needs, const struct need_key *key,
				       const struct sender *sender)
{
	__u32 zone = !sender ? key->zone : key->scope == NEED_PROVEN ? 0 : sender->zone;
	struct demand_spread **spread = &needs->spread[key->scope][zone][key->limit];

	if (sender && sender->apart)
		return &needs->apart;
	if (!*spread)
		*spread = calloc(1, sizeof(**spread));
	return *spread;
}

static void add(struct needs *needs, struct need_key key, const struct sender *sender, __u64 now)
{
	struct demand_spread *spread = spread_of(needs, &key, sender);
	struct need *need = spread ? table_add(&needs->table, &key) : NULL;

	if (need)
		demand_add(&need->demand, now, spread);
	else
		needs->lost++;
}

/* --- what a frame is charged to, as bpf/checks/limits.bpf.h has it --- */

static __u64 packets_of(const struct sg_tally *tally)
{
	return tally->passed.packets + tally->dropped.packets + tally->would_drop.packets;
}

static enum sg_class class_of(const struct sg_stats *counted)
{
	for (int class = 0; class < SG_CLASS__MAX; class++) {
		if (packets_of(&counted->class[class]))
			return class;
	}
	return SG_CLASS_OTHER;
}

/* What a message without a method is charged to beside `source`. */
static __u32 limit_of_class(enum sg_class class)
{
	if (class == SG_CLASS_RESPONSE)
		return SG_LIMIT_RESPONSE;
	if (class == SG_CLASS_KEEPALIVE || class == SG_CLASS_STUN)
		return SG_LIMIT_KEEPALIVE;
	return SG_LIMIT_OTHER;
}

/* A segment of TCP in which no message begins that is charged. */
static bool is_segment(const struct endpoints *ends, enum sg_class class)
{
	return ends->from.transport == IPPROTO_TCP && !ends->syn && class != SG_CLASS_REQUEST &&
	       class != SG_CLASS_RESPONSE && class != SG_CLASS_KEEPALIVE;
}

/* A message; a copy of one is not charged to the limit of its kind. */
static void count_messages(struct charge *charge, const struct sg_stats *counted,
			   enum sg_class class)
{
	bool copy = counted->count[SG_COUNT_RETRANSMISSIONS];

	for (int method = 0; method < SG_METHOD__MAX; method++) {
		__u64 packets = packets_of(&counted->method[method]);
		__u32 limit = method == SG_METHOD_NONE ? limit_of_class(class)
						       : limit_of_method[method];

		charge->messages[SG_LIMIT_SOURCE] += packets;
		if (!copy)
			charge->messages[limit] += packets;
	}
}

bool charge_of(const struct endpoints *ends, enum sg_proof proof, const struct sg_stats *counted,
	       __u64 now, struct charge *charge)
{
	enum sg_class class = class_of(counted);

	*charge = (struct charge){
		.now = now, .from = ends->from, .proof = proof, .syn = ends->syn,
		.segment = is_segment(ends, class),
	};
	if (ends->syn)
		charge->messages[SG_LIMIT_SOURCE] = 1;
	else if (!charge->segment)
		count_messages(charge, counted, class);
	return !charge->segment || ends->payload;
}

/* --- what that is of each limit --- */

static void add_one(struct needs *needs, const struct sender *sender, const struct charge *charge,
		    __u32 limit)
{
	struct need_key source = {.scope = NEED_SOURCE, .limit = limit, .who = sender->key};
	struct need_key flow = {.scope = NEED_FLOW, .limit = limit, .who = charge->from};

	/*
	 * By the limits of a source and of a flow that have proven nothing, even if they have: a
	 * guard that was attached a minute ago knows nobody.
	 */
	add(needs, source, sender, charge->now);
	if (limit >= SG_LIMIT__MAX)
		return;
	add(needs, flow, sender, charge->now);
	flow.scope = NEED_PROVEN;
	if (charge->proof)
		add(needs, flow, sender, charge->now);
}

static void add_total(struct needs *needs, const struct sender *sender,
		      const struct charge *charge)
{
	struct need_key total = {.scope = NEED_TOTAL, .zone = sender->zone};

	if (!sender->zone && charge->from.transport == IPPROTO_TCP)
		total.limit = charge->syn ? NEED_SYNS : NEED_TCP;
	/*
	 * Who is to have a zone of his own will take nothing from strangers, and who is proven does
	 * not: of him the budget is not to be wider than what the server can bear of strangers.
	 */
	if (!sender->apart && !charge->proof)
		add(needs, total, NULL, charge->now);
}

void needs_add(struct needs *needs, const struct sender *sender, const struct charge *charge)
{
	for (int limit = 0; limit < SG_LIMIT__MAX; limit++) {
		for (int i = charge->messages[limit]; i; i--)
			add_one(needs, sender, charge, limit);
	}
	for (int i = charge->messages[SG_LIMIT_SOURCE]; i; i--)
		add_total(needs, sender, charge);
	if (charge->syn)
		add_one(needs, sender, charge, NEED_CONNECT);
	if (charge->segment)
		add_one(needs, sender, charge, NEED_SEGMENT);
}

void needs_end(struct needs *needs, const struct senders *senders)
{
	size_t next = 0;

	for (struct need *need; (need = table_next(&needs->table, &next));) {
		const struct sender *sender = need->key.scope == NEED_TOTAL
			? NULL : senders_find(senders, &need->key.who);
		struct demand_spread *spread = spread_of(needs, &need->key, sender);

		if (spread)
			demand_end(&need->demand, spread);
	}
}

const struct need *needs_next(const struct needs *needs, size_t *next)
{
	return table_next(&needs->table, next);
}

/* --- the limits that they are for --- */

static struct sg_limit *source_limit(struct sg_profile *profile, __u32 limit)
{
	if (limit == NEED_CONNECT)
		return &profile->new_connections;
	return limit == NEED_SEGMENT ? &profile->segment : &profile->limit[limit];
}

struct sg_limit *needs_limit(struct sg_config *config, enum need_scope scope, __u32 zone,
			     __u32 limit)
{
	struct sg_profile *profile = &config->profile[config->zone[zone].profile % SG_PROFILES];

	if (scope == NEED_SOURCE)
		return source_limit(profile, limit);
	if (scope == NEED_TOTAL && zone)
		return limit ? NULL : &config->total[sg_zone_total(zone)];
	if (scope == NEED_TOTAL)
		return limit < NEED_TOTALS ? &config->total[totals[limit]] : NULL;
	if (limit >= SG_LIMIT__MAX || (scope == NEED_PROVEN && zone))
		return NULL;
	return scope == NEED_FLOW ? &profile->flow[limit] : &config->proven[limit];
}

const char *needs_section(enum need_scope scope, __u32 zone, __u32 limit)
{
	if (scope == NEED_SOURCE)
		return limit < SG_LIMIT__MAX ? "limits" : "connections";
	if (scope == NEED_TOTAL)
		return zone ? "" : "totals";
	return scope == NEED_FLOW ? "flow-limits" : "proven-limits";
}

const char *needs_key(enum need_scope scope, __u32 zone, __u32 limit)
{
	if (scope == NEED_TOTAL)
		return zone ? "total" : total_keys[totals[limit]];
	if (limit == NEED_CONNECT)
		return "new";
	return limit == NEED_SEGMENT ? "segments" : limit_keys[limit];
}

void needs_free(struct needs *needs)
{
	for (int scope = 0; scope < NEED__MAX; scope++)
		for (int zone = 0; zone < SG_ZONES; zone++)
			for (int limit = 0; limit < NEED_LIMITS; limit++)
				free(needs->spread[scope][zone][limit]);
	table_free(&needs->table);
}
