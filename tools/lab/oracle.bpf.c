// SPDX-License-Identifier: GPL-2.0-only
/*
 * The best any guard could do in the lab: it knows the flood's addresses beforehand and does
 * nothing else. What a real guard loses against it is the price of finding out.
 *
 * One source 198.51.100.66 and one prefix 198.18.0.0/15, as in lab.sh. Options in the IPv4
 * header and VLAN tags are not looked for, since the lab's flood has none; anything else passes.
 */
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/ip.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define FLOOD_ADDRESS 0xc6336442
#define FLOOD_PREFIX 0xc6120000
#define FLOOD_MASK 0xfffe0000

SEC("xdp")
int oracle(struct xdp_md *ctx)
{
	const void *end = (const void *)(long)ctx->data_end;
	const struct ethhdr *eth = (const void *)(long)ctx->data;
	const struct iphdr *ip = (const void *)(eth + 1);

	if ((const void *)(ip + 1) > end || eth->h_proto != bpf_htons(ETH_P_IP))
		return XDP_PASS;
	if (ip->saddr == bpf_htonl(FLOOD_ADDRESS) ||
	    (ip->saddr & bpf_htonl(FLOOD_MASK)) == bpf_htonl(FLOOD_PREFIX))
		return XDP_DROP;
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
