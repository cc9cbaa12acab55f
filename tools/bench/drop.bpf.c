// SPDX-License-Identifier: GPL-2.0-only
/* The cheapest receiver there can be: what every other one is compared with. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int drop(__attribute__((unused)) struct xdp_md *ctx)
{
	return XDP_DROP;
}

char LICENSE[] SEC("license") = "GPL";
