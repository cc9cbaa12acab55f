// SPDX-License-Identifier: GPL-2.0-only
#include "model/counters.h"

#include <string.h>

#include <bpf/bpf.h>

static bool is_shared(const struct link_set *links, const struct guard_link *link)
{
	for (size_t i = 0; i < links->count; i++) {
		if (&links->link[i] != link && links->link[i].place.slot == link->place.slot)
			return true;
	}
	return false;
}

static void counted_read(const struct session *session, const struct guard_link *link,
			 struct counted *counted)
{
	int fd = session->maps.fd[MAP_PLACES];
	struct place_note note;

	counted->shared = is_shared(&session->links, link);
	strcpy(counted->name, counted->shared ? "(others)" : link->name);
	counted->ifindex = link->ifindex;
	if (bpf_map_lookup_elem(fd, &link->place.slot, &note))
		return;
	counted->seen = note.seen;
	counted->received = note.received;
}

int counters_read(const struct session *session, struct counters *counters, struct error *error)
{
	const struct link_set *links = &session->links;
	int err;

	memset(counters->counted, 0, sizeof(counters->counted));
	for (size_t i = 0; i < links->count; i++)
		counted_read(session, &links->link[i],
			     &counters->counted[links->link[i].place.slot]);
	err = maps_stats(&session->maps, &counters->stats, error);
	return err ? err : figures_read(&session->maps, &counters->figures, error);
}

void counters_between(const struct counters *then, const struct counters *now,
		      struct counters *between)
{
	const __u64 *a = (const __u64 *)&now->stats, *b = (const __u64 *)&then->stats;
	__u64 *d = (__u64 *)&between->stats;

	*between = *now;
	for (size_t i = 0; i < sizeof(now->stats) / sizeof(*a); i++)
		d[i] = a[i] < b[i] ? a[i] : a[i] - b[i];
	for (int slot = 0; slot < SG_INTERFACES; slot++) {
		__u64 before = maps_seen(&then->stats, slot), *seen = &between->counted[slot].seen;

		*seen = *seen > before ? *seen - before : 0; /* another one was in this slot then */
	}
	figures_between(&then->figures, &now->figures, &between->figures);
}

__u64 counters_seen(const struct counters *counters, __u32 slot)
{
	return maps_seen(&counters->stats, slot) - counters->counted[slot].seen;
}

struct sg_tally counters_total(const struct counters *counters)
{
	struct sg_tally sum = {};

	for (int class = 0; class < SG_CLASS__MAX; class++) {
		for (int outcome = 0; outcome < SG_OUTCOME__MAX; outcome++) {
			const struct sg_counter *one = &counters->stats.class[class].of[outcome];

			sum.of[outcome].packets += one->packets;
			sum.of[outcome].bytes += one->bytes;
		}
	}
	return sum;
}

struct sg_counter counters_unguarded(const struct counters *counters)
{
	struct sg_counter sum = {};

	for (int slot = 0; slot < SG_INTERFACES; slot++) {
		sum.packets += counters->stats.unguarded[slot].packets;
		sum.bytes += counters->stats.unguarded[slot].bytes;
	}
	return sum;
}
