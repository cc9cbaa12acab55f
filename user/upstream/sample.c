// SPDX-License-Identifier: GPL-2.0-only
#include "upstream/sample.h"

#include <string.h>
#include <sys/socket.h>

/* A source that is more than a host at one time, and less than everybody's. */
static const unsigned char lengths4[] = {32, 24, 16}, lengths6[] = {128, 64, 48};

#define TARGETS 64 /* addresses and ports of ours that are told apart */

struct target {
	struct rule to;
	__u64 bytes;
};

void sample_add(struct sample *sample, const struct sampled *packet)
{
	sample->packet[sample->next++ % SAMPLE_PACKETS] = *packet;
	if (sample->count < SAMPLE_PACKETS)
		sample->count++;
}

static bool is_ours(const struct prefix *destination, const struct prefix *ours, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (prefix_contains(&ours[i], destination))
			return true;
	}
	return false;
}

__u64 sample_bytes(const struct sample *sample, __u64 since, const struct rule *rule)
{
	__u64 bytes = 0;

	for (size_t i = 0; i < sample->count; i++) {
		const struct sampled *packet = &sample->packet[i];

		if (packet->time >= since && rule_covers(rule, &packet->flow))
			bytes += packet->bytes;
	}
	return bytes;
}

/*
 * Of whom most is, if anybody has more than half: a vote in one pass (Boyer and Moore), so that
 * many who forge each packet's source cost no more than one. Who does has to be counted then.
 */
static bool vote(const struct sample *sample, __u64 since, const struct rule *among,
		 unsigned int length, struct prefix *winner)
{
	long long ahead = 0;

	for (size_t i = 0; i < sample->count; i++) {
		const struct sampled *packet = &sample->packet[i];

		if (packet->time < since || !rule_covers(among, &packet->flow))
			continue;
		if (ahead && prefix_contains(winner, &packet->flow.source)) {
			ahead += packet->bytes;
			continue;
		}
		ahead -= packet->bytes;
		if (ahead < 0) {
			ahead = -ahead;
			*winner = prefix_cut(&packet->flow.source, length);
		}
	}
	return ahead > 0;
}

/* The narrowest prefix that stands out and has nobody in it who is to be spared. */
static void find_source(const struct sample *sample, __u64 since, const struct spares *spares,
			struct finding *finding)
{
	bool ip4 = finding->rule.destination.family == AF_INET;
	const unsigned char *lengths = ip4 ? lengths4 : lengths6;
	__u64 all = sample_bytes(sample, since, &finding->rule);
	struct rule narrower = finding->rule;

	finding->share = 100;
	for (size_t i = 0; i < sizeof(lengths4); i++) {
		__u64 share;

		if (!vote(sample, since, &finding->rule, lengths[i], &narrower.source))
			continue;
		share = sample_bytes(sample, since, &narrower) * 100 / all;
		if (share < SAMPLE_STANDS_OUT)
			continue;
		if (spares_touch(spares, &narrower.source))
			return; /* and a wider one would hold them, too */
		finding->rule.source = narrower.source;
		finding->share = share;
		return;
	}
}

/* Its place among those that were met; NULL: there is no room for one more. */
static struct target *target_of(struct target *targets, size_t *count, const struct rule *to)
{
	for (size_t i = 0; i < *count; i++) {
		if (rule_matches_same(&targets[i].to, to))
			return &targets[i];
	}
	if (*count == TARGETS)
		return NULL;
	targets[*count] = (struct target){*to, 0};
	return &targets[(*count)++];
}

/* To which address and port of ours most of it goes. */
static bool find_destination(const struct sample *sample, __u64 since, const struct prefix *ours,
			     size_t count, struct finding *finding)
{
	struct target targets[TARGETS], *most = NULL, *target;
	size_t met = 0;

	for (size_t i = 0; i < sample->count; i++) {
		const struct sampled *packet = &sample->packet[i];
		struct rule to = packet->flow;

		to.source = (struct prefix){};
		if (packet->time < since || !is_ours(&to.destination, ours, count))
			continue;
		target = target_of(targets, &met, &to);
		if (!target)
			continue;
		finding->packets++;
		target->bytes += packet->bytes;
	}
	for (size_t i = 0; i < met; i++) {
		if (!most || targets[i].bytes > most->bytes)
			most = &targets[i];
	}
	if (most)
		finding->rule = most->to;
	return most;
}

bool sample_find(const struct sample *sample, __u64 since, const struct prefix *ours, size_t count,
		 const struct spares *spares, struct finding *finding)
{
	*finding = (struct finding){};
	if (!find_destination(sample, since, ours, count, finding) ||
	    finding->packets < SAMPLE_LEAST)
		return false;
	find_source(sample, since, spares, finding);
	return true;
}
