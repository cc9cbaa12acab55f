// SPDX-License-Identifier: GPL-2.0-only
/* The program at egress, as short_guard.bpf.c. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

#include "maps.bpf.h"

char LICENSE[] SEC("license") = "GPL";

SEC("tc")
int reply(__attribute__((unused)) struct __sk_buff *skb)
{
	return sg_state.abi && clock_now() ? TC_ACT_UNSPEC : TC_ACT_OK;
}
