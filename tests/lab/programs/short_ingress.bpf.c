// SPDX-License-Identifier: GPL-2.0-only
/* The program at ingress of tc, as short_guard.bpf.c. */
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

#include "short.bpf.h"

char LICENSE[] SEC("license") = "GPL";

SEC("tc")
int ingress(__attribute__((unused)) struct __sk_buff *skb)
{
	return short_count() && clock_now() ? TC_ACT_UNSPEC : TC_ACT_OK;
}
