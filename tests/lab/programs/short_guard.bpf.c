// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guard's programs and maps with nothing in the programs but a count. To verify the real ones
 * is most of what an attach takes, and test_kill.sh attaches hundreds of times to see in which
 * order the command does what it does: that is the same whatever the programs hold.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "short.bpf.h"

char LICENSE[] SEC("license") = "GPL";

SEC("xdp")
int guard(__attribute__((unused)) struct xdp_md *ctx)
{
	return short_count() ? XDP_PASS : XDP_DROP;
}

SEC("xdp.frags")
int guard_frags(__attribute__((unused)) struct xdp_md *ctx)
{
	return short_count() ? XDP_PASS : XDP_DROP;
}

struct clock_reply {
	__u64 now;
};

SEC("syscall")
int guard_clock(struct clock_reply *reply)
{
	reply->now = clock_now();
	return 0;
}
