/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A stranger's request whose top Via says that we have sent it: it goes round in a loop, or is
 * forged for our answers to come back to us, or to be believed by whom trusts our address.
 */
#ifndef SIPGUARD_VIA_BPF_H
#define SIPGUARD_VIA_BPF_H

#include "checks/limits.bpf.h"
#include "packet/spans.bpf.h"
#include "verdict.bpf.h"

/*
 * Whether only one host in the world has an address of IPv4, in host order. Many have one of these:
 * RFC 1918, 100.64.0.0/10, 169.254.0.0/16, 127.0.0.0/8; and phones behind NAT those that we have.
 */
static __always_inline bool via_is_global(__u32 address)
{
	return address >> 24 != 10 && address >> 24 != 127 && address >> 20 != 0xac1 &&
	       address >> 16 != 0xc0a8 && address >> 22 != 0x191 && address >> 16 != 0xa9fe;
}

/*
 * Whether an address of IPv4 that is written at `at` may be this one, in host order: its first part
 * is. Nearly all others are told by it, and by the last digit of all, for a twentieth of what
 * reading the whole address takes.
 */
static __always_inline bool via_begins(const struct sip_reader *r, __u32 at, __u32 own)
{
	__u64 word = sip_load8(r, at);
	__u32 part = word & 0xf;

	for (int digits = 1; digits < 3; digits++) {
		word >>= 8;
		if ((__u8)word == '.')
			break;
		part = part * 10 + (word & 0xf);
	}
	return part == own >> 24;
}

/* Whether the top Via of a request that was read may have the address that it came to. */
static __always_inline bool via_may_be_own(const struct guard *g)
{
	const struct sip_span *host = &g->reader.message.party[SIP_VIA].host;
	__u32 own = bpf_ntohl((__u32)g->p.destination);

	return g->p.family == 4 &&
	       sip_byte(&g->reader, host->at + host->length - 1) == '0' + (own & 0xff) % 10 &&
	       via_begins(&g->reader, host->at, own);
}

/* A request that was read: the sent-by of its top Via is the address that it came to. */
static __always_inline __u32 via_check(const struct guard *g)
{
	struct sip_span host = g->reader.message.party[SIP_VIA].host;

	if (!via_may_be_own(g) || !pays_budget(g) ||
	    !verdict_looks(g, SG_REASON_VIA_OWN_ADDRESS) ||
	    !via_is_global(bpf_ntohl((__u32)g->p.destination)) ||
	    span_address4(&g->reader, host.at, host.length) != SPAN_ADDRESS4(g->p.destination))
		return SG_REASON_NONE;
	return SG_REASON_VIA_OWN_ADDRESS;
}

#endif
