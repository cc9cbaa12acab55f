// SPDX-License-Identifier: GPL-2.0-only
#include "upstream/link.h"

#define SECOND 1000000000ULL

static bool is_over(const struct link *link, const struct link_limits *limits)
{
	return (limits->bits && link->bits >= limits->bits) ||
	       (limits->packets && link->packets >= limits->packets) || link->lost >= LINK_LOST;
}

static bool is_under(const struct link *link, const struct link_limits *limits)
{
	const unsigned int relief = 100 - LINK_RELIEF;

	return (!limits->bits || link->bits * 100 < limits->bits * relief) &&
	       (!limits->packets || link->packets * 100 < limits->packets * relief) &&
	       link->lost < LINK_LOST;
}

static void reckon(struct link *link, const struct link_reading *now)
{
	__u64 took = now->time - link->last.time;
	__u64 packets = now->packets - link->last.packets, bytes = now->bytes - link->last.bytes;
	__u64 lost = now->lost - link->last.lost, refused = now->refused - link->last.refused;

	link->packets = packets * SECOND / took;
	link->bits = (bytes + packets * LINK_FRAME) * 8 * SECOND / took;
	link->lost = lost ? lost * 100 / (lost + packets) : 0;
	link->refused = bytes ? refused * 100 / bytes : 0;
	/* Both counters are not read at the same moment. */
	if (link->refused > 100)
		link->refused = 100;
}

void link_look(struct link *link, const struct link_limits *limits,
	       const struct link_reading *now)
{
	bool forth = now->time > link->last.time && now->packets >= link->last.packets &&
		     now->bytes >= link->last.bytes && now->lost >= link->last.lost;
	bool under;

	if (!link->known || !forth) {
		*link = (struct link){.last = *now, .known = true, .full = link->full};
		return;
	}
	/* The guard counts from zero when it was attached anew. */
	if (now->refused < link->last.refused)
		link->last.refused = now->refused;
	reckon(link, now);
	link->last = *now;
	link->hot = is_over(link, limits);
	under = is_under(link, limits);
	/* One that is neither, as in a gap between two bursts, does not count. */
	if (link->hot || under)
		link->over = link->hot ? link->over + 1 : 0;
	link->under = under ? link->under + 1 : 0;
	if (link->over >= limits->readings)
		link->full = true;
	else if (link->under >= limits->readings)
		link->full = false;
}
