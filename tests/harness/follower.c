// SPDX-License-Identifier: GPL-2.0-only
#include "follower.h"

#include <string.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "fixture.h"
#include "maps.h"

static struct ring_buffer *ring[SG_FOLLOWERS];
static struct heard heard;

static int hear(void *context, void *data, size_t size)
{
	const struct sg_event *event = data;

	(void)context;
	assert_true(size >= sizeof(*event));
	assert_true(event->kept <= size - sizeof(*event));
	heard.count++;
	heard.last = *event;
	if (event->kind == SG_EVENT_BAN) {
		heard.bans++;
		heard.ban = *event;
	}
	memcpy(heard.bytes, event + 1, event->kept);
	return 0;
}

struct sg_follower *follower_place(int at)
{
	return &maps.followers[at];
}

void follower_begin(int at, const struct sg_follower *wants)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "ring", 0, 0, FOLLOWER_RING, NULL);

	assert_true(fd >= 0);
	ring_buffer__free(ring[at]);
	ring[at] = ring_buffer__new(fd, hear, NULL, NULL);
	assert_non_null(ring[at]);
	assert_int_equal(bpf_map_update_elem(maps.rings, &at, &fd, BPF_ANY), 0);
	close(fd);
	maps.followers[at] = *wants;
	if (!wants->until)
		maps.followers[at].until = guard_clock() + 1000 * SECOND;
	if (fix.state->followed_until < maps.followers[at].until)
		fix.state->followed_until = maps.followers[at].until;
}

struct heard *follower_hears(int at)
{
	memset(&heard, 0, sizeof(heard));
	assert_true(ring_buffer__consume(ring[at]) >= 0);
	return &heard;
}

void followers_end(void)
{
	bool any = false;

	for (int at = 0; at < SG_FOLLOWERS; at++) {
		if (!ring[at])
			continue;
		bpf_map_delete_elem(maps.rings, &at);
		ring_buffer__free(ring[at]);
		ring[at] = NULL;
		any = true;
	}
	if (any)
		memset(maps.told, 0, SG_TOLD * sizeof(*maps.told));
	memset(maps.followers, 0, SG_FOLLOWERS * sizeof(*maps.followers));
}
