// SPDX-License-Identifier: GPL-2.0-only
#include "upstream/flood.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "events/follow.h"
#include "guard/session.h"
#include "hep/frame.h"

#define RING (1 << 20) /* some hundred packets to two thousand: at most so many at a turn */

static void set_address(struct prefix *address, __u8 family, const __u8 *bytes)
{
	*address = (struct prefix){family == 4 ? AF_INET : AF_INET6, family == 4 ? 32 : 128, {}};
	memcpy(address->address, bytes, family == 4 ? 4 : 16);
}

/* What has no port, as a later fragment, can be in no rule that spares the rest. */
static int hear(void *context, const struct sg_event *event)
{
	struct flood *flood = context;
	struct sampled packet = {.time = event->time, .bytes = event->frame};
	struct hep_packet frame;

	if (event->kind != SG_EVENT_PACKET || event->leaves)
		return 0;
	flood->heard += event->frame;
	if (flood->by_itself && event->interface != flood->ifindex)
		return 0;
	flood->mine += event->frame;
	if (!frame_read(event, &frame) || !frame.destination_port)
		return 0;
	set_address(&packet.flow.destination, frame.family, frame.destination);
	set_address(&packet.flow.source, frame.family, frame.source);
	packet.flow.transport = frame.transport;
	packet.flow.port = frame.destination_port;
	sample_add(&flood->sample, &packet);
	return 0;
}

static void follow(struct flood *flood, const struct session *session)
{
	const struct follow_wants wants = {
		.outcomes = 1 << SG_OUTCOME_DROPPED | 1 << SG_OUTCOME_WOULD_DROP,
		.frames = SG_FRAMES_ALL,
		.sample = FLOOD_ONE_IN,
		.ring = RING,
	};

	if (flood->follow && !follow_is_of(flood->follow, session))
		flood_end(flood);
	if (!flood->follow)
		flood->follow = follow_begin(session, &wants, hear, flood, NULL);
}

/* All interfaces are counted together: the sample says which part of it came in here. */
static void count(struct flood *flood, const struct sg_stats *stats)
{
	__u64 counted = 0, more;

	for (int class = 0; class < SG_CLASS__MAX; class++)
		counted += stats->class[class].of[SG_OUTCOME_DROPPED].bytes +
			   stats->class[class].of[SG_OUTCOME_WOULD_DROP].bytes;
	more = flood->counted && counted > flood->counted ? counted - flood->counted : 0;
	if (flood->heard)
		flood->refused += more * ((double)flood->mine / flood->heard);
	flood->counted = counted;
	flood->heard = flood->mine = 0;
}

static bool is_guarded(const struct session *session, __u32 ifindex)
{
	for (size_t i = 0; i < session->links.count; i++) {
		if (session->links.link[i].ifindex == ifindex)
			return true;
	}
	return false;
}

static void read_guard(struct flood *flood, const struct session *session, bool wanted)
{
	struct sg_stats *stats = malloc(sizeof(*stats));

	flood->by_itself = is_guarded(session, flood->ifindex);
	if (wanted && stats && !maps_stats(&session->maps, stats, NULL))
		count(flood, stats);
	free(stats);
	if (wanted)
		follow(flood, session);
	else
		flood_end(flood);
}

void flood_turn(struct flood *flood, bool wanted)
{
	struct session session;

	if (flood->follow && follow_wait(flood->follow, 0, NULL))
		flood_end(flood);
	if (!wanted && !flood->follow)
		return;
	flood->guarded = !session_begin(&session, ACCESS_READ, NULL);
	if (!flood->guarded) {
		flood_end(flood);
		return;
	}
	read_guard(flood, &session, wanted);
	session_end(&session);
}

void flood_end(struct flood *flood)
{
	follow_end(flood->follow);
	flood->follow = NULL;
	flood->counted = 0;
}
