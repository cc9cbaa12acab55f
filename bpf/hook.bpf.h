/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hook at which a program runs, for what is written once for both: XDP, where a frame comes
 * before the kernel has spent anything on it, or tc (HOOK_TC), where it is an skb, which tells the
 * size of coalesced datagrams, its protocol and its VLAN tag.
 */
#ifndef SIPGUARD_HOOK_BPF_H
#define SIPGUARD_HOOK_BPF_H

#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <bpf/bpf_helpers.h>

#ifdef HOOK_TC
#define HOOK_SKB 1
typedef struct __sk_buff hook_ctx;
#else
#define HOOK_SKB 0
typedef struct xdp_md hook_ctx;
#endif

/*
 * Whether this is a shadow: the guard once more, with a configuration that is not in force, behind
 * the one in force and never acted upon (shadow.bpf.h).
 */
#ifndef SHADOW
#define SHADOW 0
#endif

/* The tag that the kernel or the device has taken off; 0: none that we are told of. */
static __always_inline __u32 hook_vlan(hook_ctx *ctx)
{
#if HOOK_SKB
	return ctx->vlan_present ? ctx->vlan_tci : 0;
#else
	(void)ctx;
	return 0;
#endif
}

/* Copies `size` bytes of the frame from `offset` on; 0, or negative if it does not have them. */
static __always_inline long hook_load(hook_ctx *ctx, __u32 offset, void *to, __u32 size)
{
#if HOOK_SKB
	return bpf_skb_load_bytes(ctx, offset, to, size);
#else
	return bpf_xdp_load_bytes(ctx, offset, to, size);
#endif
}

#endif
