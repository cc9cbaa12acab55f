// SPDX-License-Identifier: GPL-2.0-only
#include "clock.h"

#include <errno.h>
#include <bpf/libbpf.h>

#include "gcra.h"
#include "object.h"

/* Far enough from 0 that all a test may want to be past is. */
#define START (100000 * SG_NSEC_PER_SEC)
#define CLOCKS_MAX 16

static volatile __u64 *clocks[CLOCKS_MAX];
static int count;
static __u64 time = START;

int clock_stop(struct bpf_object *object)
{
	return object_constant(object, "sg_tick", 0);
}

int clock_take(const struct bpf_object *object)
{
	volatile __u64 *clock;

	if (count == CLOCKS_MAX)
		return -E2BIG;
	clock = object_variable(object, ".bss", "sg_replay_clock");
	if (!clock)
		return -errno;
	*clock = time;
	clocks[count++] = clock;
	return 0;
}

void clock_move(__u64 ns)
{
	time += ns;
	for (int i = 0; i < count; i++)
		*clocks[i] = time;
}

__u64 guard_clock(void)
{
	return time;
}
