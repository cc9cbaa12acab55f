// SPDX-License-Identifier: GPL-2.0-only
#include "calibrate/senders.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* 25 MB of them. */
#define SENDERS_MOST (1 << 16)
/* One of so many packets may be dropped for what it is: an office has one odd phone. */
#define FAULTS_OF 100

const char *const exclusion_labels[EXCLUSION__MAX] = {
#define X(name, label, text) [EXCLUSION_##name] = label,
	EXCLUSIONS(X)
#undef X
};

const char *const exclusion_texts[EXCLUSION__MAX] = {
#define X(name, label, text) [EXCLUSION_##name] = text,
	EXCLUSIONS(X)
#undef X
};

int senders_init(struct senders *senders, const struct config *config,
		 const struct prefix *trusted, size_t count, struct error *error)
{
	*senders = (struct senders){.config = config, .trusted = trusted, .trusted_count = count};
	if (table_init(&senders->table, sizeof(struct sg_flow_key), sizeof(struct sender),
		       SENDERS_MOST))
		return error_set(error, -EIO, "cannot get random bytes for the table of senders.");
	return 0;
}

static bool is_trusted(const struct senders *senders, const struct sg_flow_key *source)
{
	const struct prefix whole = flow_prefix(source);

	for (size_t i = 0; i < senders->trusted_count; i++) {
		if (prefix_contains(&senders->trusted[i], &whole))
			return true;
	}
	return false;
}

static bool is_within(const struct sg_prefix6 *prefix, const __u32 *address)
{
	const __u8 *byte = (const __u8 *)address;
	__u32 whole = prefix->length / 8, rest = prefix->length % 8;

	return !memcmp(prefix->address, byte, whole) &&
	       (!rest || !((prefix->address[whole] ^ byte[whole]) >> (8 - rest)));
}

/* Wherever a zone is: a recording does not say at which interface something came in. */
static __u32 zone_of(const struct config *config, const struct sg_flow_key *source)
{
	__u32 zone = 0, length = 0;

	for (size_t i = 0; i < config->prefix_count; i++) {
		const struct zone_prefix *at = &config->prefixes[i];

		if (at->prefix.length >= length && is_within(&at->prefix, source->address)) {
			length = at->prefix.length;
			zone = at->zone;
		}
	}
	return zone;
}

static bool is_worth(const void *item, const void *context)
{
	const struct sender *sender = item;
	const __u64 *least = context;

	return sender->proof || sender->named || sender->zone || sender->packets > *least;
}

/* A flood of random senders leaves one packet each. */
static void make_room(struct senders *senders)
{
	__u64 packets = 0;
	size_t next = 0, before = senders->table.count;

	for (const struct sender *s; (s = table_next(&senders->table, &next));)
		packets += s->packets;
	for (__u64 least = 1; least && senders->table.count > SENDERS_MOST / 2; least *= 2)
		table_keep(&senders->table, is_worth, &least);
	next = 0;
	for (const struct sender *s; (s = table_next(&senders->table, &next));)
		packets -= s->packets;
	senders->forgotten += before - senders->table.count;
	senders->forgotten_packets += packets;
}

struct sender *senders_find(const struct senders *senders, const struct sg_flow_key *flow)
{
	const struct sg_flow_key key = sg_source_key(flow->family, flow->address);

	return table_find(&senders->table, &key);
}

struct sender *senders_of(struct senders *senders, const struct sg_flow_key *flow)
{
	const struct sg_flow_key key = sg_source_key(flow->family, flow->address);
	struct sender *sender = table_find(&senders->table, &key);

	if (sender)
		return sender;
	if (senders->table.count >= SENDERS_MOST)
		make_room(senders);
	sender = table_add(&senders->table, &key);
	if (!sender)
		return NULL;
	sender->zone = zone_of(senders->config, &key);
	sender->named = is_trusted(senders, &key);
	return sender;
}

static bool is_ban(enum sg_reason reason)
{
	return reason == SG_REASON_BAN_SOURCE || reason == SG_REASON_BAN_FLOW;
}

void sender_drop(struct sender_drops *drops, enum sg_reason reason)
{
	if (!drops->packets++)
		drops->first = reason;
}

void sender_note(struct sender *sender, const struct judgement *judgement, __u64 now)
{
	sender->packets++;
	sender->last = now;
	sender->sent[judgement->method]++;
	if (judgement->method == SG_METHOD_REGISTER)
		sender->registers = true;
	if (judgement->drop && is_ban(judgement->reason))
		sender->bans++;
	else if (judgement->drop)
		sender_drop(&sender->faults, judgement->reason);
}

enum exclusion sender_exclusion(const struct sender *sender)
{
	if (sender->crowded)
		return EXCLUSION_ZONES;
	if (sender->named)
		return EXCLUSION_NONE;
	if (sender->bans)
		return EXCLUSION_BANNED;
	if (sender->faults.packets * FAULTS_OF > sender->packets)
		return EXCLUSION_FAULTY;
	if (!sender->proof && !sender->zone)
		return EXCLUSION_UNPROVEN;
	return sender->far ? EXCLUSION_FAR : EXCLUSION_NONE;
}

static int compare(const void *a, const void *b)
{
	const struct sender *left = *(struct sender *const *)a, *right = *(struct sender *const *)b;

	if (left->packets != right->packets)
		return left->packets < right->packets ? 1 : -1;
	return memcmp(&left->key, &right->key, sizeof(left->key));
}

struct sender **senders_sort(const struct senders *senders)
{
	struct sender **sorted = calloc(senders->table.count + 1, sizeof(*sorted)), *sender;
	size_t next = 0, count = 0;

	if (!sorted)
		return NULL;
	while ((sender = table_next(&senders->table, &next)))
		sorted[count++] = sender;
	qsort(sorted, count, sizeof(*sorted), compare);
	return sorted;
}

void senders_free(struct senders *senders)
{
	table_free(&senders->table);
}
