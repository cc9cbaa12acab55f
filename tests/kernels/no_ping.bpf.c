// SPDX-License-Identifier: GPL-2.0-only
/* An XDP program of somebody else, which tells that it runs: it drops echo requests (RFC 792). */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define ICMP 1
#define ECHO 8

SEC("xdp")
int no_ping(struct xdp_md *ctx)
{
	const __u8 *frame = (const void *)(long)ctx->data, *end = (const void *)(long)ctx->data_end;
	const struct ethhdr *eth = (const void *)frame;
	const struct iphdr *ip = (const void *)(eth + 1);

	if ((const __u8 *)(ip + 1) + 1 > end || eth->h_proto != bpf_htons(ETH_P_IP))
		return XDP_PASS;
	return ip->protocol == ICMP && *(const __u8 *)(ip + 1) == ECHO ? XDP_DROP : XDP_PASS;
}

char _license[] SEC("license") = "GPL";
