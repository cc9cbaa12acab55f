/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * In a flood the same question has the same answer: the clock moves in ticks of 1 to 10 ms, and
 * what is refused is charged to nothing, so a budget or a limit that is spent stays so until the
 * next tick. A CPU that has refused one packet refuses those that differ from it in nothing that
 * was looked at, and takes no look at the rest again: 20 000 in a tick, at five million a second.
 *
 * No rule is here. An answer is noted when a packet has come all the way and had it (rush_note());
 * a packet gets it that has the same method, for the same port, of which nothing else is known: its
 * source is in the same zone, on no list and not banned, its flow has proven nothing, it has not
 * come again. Any doubt, and it goes all the way. So it does once in a tick, and in the greylist
 * once in GREYLIST_BATCH.
 *
 * What has to be the same lies in the first 64 bytes of a plain packet, and is compared as it
 * comes: where another CPU has written the packet, a CPU waits for its first bytes longer than for
 * all else, and what it does between two packets keeps it from asking for those of the next one.
 */
#ifndef SIPGUARD_RUSH_BPF_H
#define SIPGUARD_RUSH_BPF_H

#include "checks/greylist.bpf.h"
#include "checks/lists.bpf.h"
#include "packet/class.bpf.h"
#include "packet/glance.bpf.h"

#define RUSH_LOOKS 8 /* packets of a tick whose answer may be noted */

#define RUSH_TEXT (sizeof(struct udphdr) + 16) /* of UDP, as much as is compared */

#define RUSH_MASK(n) ((n) < 8 ? ~(~0ULL << (8 * (n) & 63)) : ~0ULL)

/*
 * The first 16 bytes of a request, as far as its method and the space behind it go: two words, each
 * with its mask. Of a plain type, which the skeletons know.
 */
const __u64 sg_rush_starts[SG_METHOD__MAX][4] = {
#define X(name, label, limit, ...)                                                                \
	[SG_METHOD_##name] = {                                                                    \
		SIP_WORD(__VA_ARGS__, ' '), RUSH_MASK(sizeof(label)),                             \
		SIP_WORD2(__VA_ARGS__, ' '),                                                      \
		sizeof(label) > 8 ? RUSH_MASK(sizeof(label) - 8) : 0,                             \
	},
	SG_KNOWN_METHODS(X)
#undef X
};

_Static_assert(!(SG_METHOD__MAX & (SG_METHOD__MAX - 1)), "an index is masked");

/*
 * Whether a packet that was refused stands for others, and for whom: those of its flow or of its
 * source, since what that may is spent, or those of all strangers. (Of who sends from any port each
 * packet has another flow, and the place of its limit is in no cache, 85 ns on two CPUs: the
 * source's answer spares that.) So for a tick a flow that has spent its own limit, too, or a total
 * that is spent meanwhile, is counted under the source's.
 */
enum rush_of { RUSH_NONE, RUSH_FLOW, RUSH_SOURCE, RUSH_ALL };

/*
 * The budget is spent, unless it was share_check() that said so, for this source. But where it arms
 * the greylist, that remembers the packets behind this one.
 */
static __always_inline enum rush_of rush_of_budget(const struct guard *g)
{
	return gcra_spent(total_tat(g), g->now, total_limit(g)) && !greylist_applies(g)
		       ? RUSH_ALL : RUSH_NONE;
}

/* Of a limit of the source. While those of flows are only counted, each flow is looked at. */
static __always_inline enum rush_of rush_of_source(const struct guard *g)
{
	return verdict_mode(g, SG_REASON_LIMIT_FLOW) == SG_MODE_MONITOR ? RUSH_NONE : RUSH_SOURCE;
}

static __always_inline enum rush_of rush_of(const struct guard *g, __u32 reason)
{
	switch (reason) {
	case SG_REASON_GREYLIST:
		return greylist_rush(&g->memo, g->now) ? RUSH_ALL : RUSH_NONE;
	case SG_REASON_UNLISTED_BUDGET:
		return rush_of_budget(g);
	case SG_REASON_LIMIT_FLOW:
		return RUSH_FLOW;
	case SG_REASON_BAN_SOURCE:
		return RUSH_SOURCE;
	case SG_REASON_LIMIT_SOURCE:
		return rush_of_source(g);
	default:
		return reason == sg_reason_of_limit[limit_index(g->limit)] ? rush_of_source(g)
									   : RUSH_NONE;
	}
}

/* Whether what is refused is dropped, and nobody else has to be shown the packet. */
static __always_inline bool rush_applies(const struct guard *g)
{
	return sg_state.mode == SG_MODE_ENFORCE && !(g->trial | g->shadowed);
}

/* At a byte of the IP header, or behind it, such packets have this value. */
static __always_inline void rush_same(struct rush *r, __u32 at, const void *value, __u32 size)
{
	__builtin_memcpy((__u8 *)r->is.word + at, value, size);
	__builtin_memset((__u8 *)r->mask.word + at, 0xff, size);
}

static __always_inline void rush_same8(struct rush *r, __u32 at, __u8 value)
{
	rush_same(r, at, &value, sizeof(value));
}

/* And as much of the method as there is; `at` is the header of UDP. */
static __always_inline void rush_same_udp(struct rush *r, __u32 at, const struct packet *p)
{
	const __u64 *start = sg_rush_starts[r->method & (SG_METHOD__MAX - 1)];
	__u8 *is = (__u8 *)r->is.word + at + sizeof(struct udphdr);
	__u8 *mask = (__u8 *)r->mask.word + at + sizeof(struct udphdr);
	__be16 port = bpf_htons(p->port);

	if (r->of == RUSH_FLOW)
		rush_same(r, at, &p->source_port, sizeof(p->source_port));
	rush_same(r, at + 2, &port, sizeof(port));
	__builtin_memcpy(is, &start[0], 8);
	__builtin_memcpy(mask, &start[1], 8);
	__builtin_memcpy(is + 8, &start[2], 8);
	__builtin_memcpy(mask + 8, &start[3], 8);
}

/* RFC 791: no options, and no fragment. */
static __always_inline void rush_same4(struct rush *r, const struct packet *p)
{
	const __be16 fragment = bpf_htons(IP_MF | IP_OFFSET);

	r->protocol = bpf_htons(ETH_P_IP);
	rush_same8(r, 0, 0x45);
	__builtin_memcpy((__u8 *)r->mask.word + offsetof(struct iphdr, frag_off), &fragment, 2);
	rush_same8(r, offsetof(struct iphdr, protocol), IPPROTO_UDP);
	if (r->of < RUSH_ALL)
		rush_same(r, offsetof(struct iphdr, saddr), &p->address32[3], 4);
	rush_same_udp(r, sizeof(struct iphdr), p);
}

/* RFC 8200: no extension header. A source is a /64. */
static __always_inline void rush_same6(struct rush *r, const struct packet *p)
{
	r->protocol = bpf_htons(ETH_P_IPV6);
	rush_same8(r, 0, 0x60);
	*(__u8 *)r->mask.word = 0xf0;
	rush_same8(r, offsetof(struct ipv6hdr, nexthdr), IPPROTO_UDP);
	if (r->of < RUSH_ALL)
		rush_same(r, offsetof(struct ipv6hdr, saddr), p->address, 8);
	if (r->of == RUSH_FLOW)
		rush_same(r, offsetof(struct ipv6hdr, saddr) + 8, p->address + 8, 8);
	rush_same_udp(r, sizeof(struct ipv6hdr), p);
}

/* Notes what a packet has got that came all the way. Global: few come here. */
__noinline int rush_note(struct guard *g, __u32 reason)
{
	struct rush *r;
	enum rush_of of;

	if (!g)
		return 0;
	r = &g->rush;
	if (g->p.transport != IPPROTO_UDP || g->class != SG_CLASS_REQUEST || g->p.part ||
	    g->watched || g->p.vlan || is_proven(g) || !rush_applies(g))
		return 0;
	of = rush_of(g, reason);
	/* The wider answer stays. */
	if (of == RUSH_NONE || (r->now == g->now && r->of >= of) ||
	    g->method >= SG_METHOD_UNKNOWN)
		return 0;
	r->of = of;
	r->source = g->p.source;
	r->now = g->now;
	r->active = g->active;
	r->generation = config_of(g)->generation;
	r->ban_generation = *(const volatile __u32 *)&sg_state.ban_generation;
	r->family = g->p.family;
	r->reason = reason;
	r->method = g->method;
	r->flow_limit = g->flow_limit;
	r->zone = g->zone;
	r->in_zone = g->in_zone;
	__builtin_memset(&r->is, 0, sizeof(r->is));
	__builtin_memset(&r->mask, 0, sizeof(r->mask));
	if (r->family == 4)
		rush_same4(r, &g->p);
	else
		rush_same6(r, &g->p);
	return 0;
}

/* Of a packet that came all the way and was refused. */
static __always_inline void rush_look(struct guard *g, __u32 reason)
{
	struct rush *r = &g->rush;

	if (r->looked != g->now) {
		r->looked = g->now;
		r->looks = 0;
	}
	if (r->looks < RUSH_LOOKS) {
		r->looks++;
		rush_note(g, reason);
	}
}

/* What is another one in this word. */
static __always_inline __u64 rush_other(const struct rush *r, const __u8 *ip, __u32 i)
{
	return (load8(ip + 8 * i) ^ r->is.word[i]) & r->mask.word[i];
}

/* Whether it begins as the one whose answer is noted. */
static __always_inline bool rush_is_like(const struct rush *r, const __u8 *start, const __u8 *ip)
{
	__u64 other = 0;

	for (int i = 0; i < RUSH_WORDS4; i++)
		other |= rush_other(r, ip, i);
	if (r->family == 6)
		other |= rush_other(r, ip, 6) | rush_other(r, ip, 7);
	if (sg_link_header)
		other |= ((const struct ethhdr *)start)->h_proto ^ r->protocol;
	return !other;
}

/* Whether the length of UDP agrees with that of IP, as plain_udp() has it. */
static __always_inline bool rush_is_whole(const struct udphdr *udp, __u32 carried)
{
	__u32 length = bpf_ntohs(udp->len);

	return length >= RUSH_TEXT && length <= carried;
}

/* What the checks need to know of the sender. False: the lengths are wrong. */
static __always_inline bool rush_sender(struct packet *p, const __u8 *ip, __u32 family)
{
	const struct ipv6hdr *ip6 = (const void *)ip;
	const struct iphdr *ip4 = (const void *)ip;
	const struct udphdr *udp;
	__u32 carried;

	p->family = family;
	p->transport = IPPROTO_UDP;
	if (family == 4) {
		packet_source4(p, ip4->saddr);
		udp = (const void *)(ip + sizeof(*ip4));
		carried = bpf_ntohs(ip4->tot_len);
		if (carried < sizeof(*ip4) || !rush_is_whole(udp, carried - sizeof(*ip4)))
			return false;
	} else {
		packet_source6(p, &ip6->saddr);
		udp = (const void *)(ip + sizeof(*ip6));
		if (!rush_is_whole(udp, bpf_ntohs(ip6->payload_len)))
			return false;
	}
	p->source_port = udp->source;
	p->port = bpf_ntohs(udp->dest);
	p->udp_sum = packet_udp_sum(udp);
	return true;
}

/*
 * Whether something comes before the answer that is noted: a ban; and before the limits of a flow
 * or a source the greylist, which may be armed since. Who has not come yet is put off and
 * remembered, though his neighbour, who has, is told of the limit.
 */
static __always_inline bool rush_is_behind(struct guard *g)
{
	const struct rush *r = &g->rush;

	if (r->reason == SG_REASON_BAN_SOURCE)
		return false;
	return (r->of < RUSH_ALL && !g->in_zone && greylist_applies(g)) || ban_source_check(g) ||
	       ban_flow_check(g);
}

/* Whether a packet is of those for whom the answer holds, and its sender nobody who is known. */
static __always_inline bool rush_means(struct guard *g)
{
	const struct rush *r = &g->rush;

	zone_find(g, sg_interface);
	if (g->zone != r->zone || g->in_zone != r->in_zone || rush_is_behind(g))
		return false;
	if (sg_state.lists && (g->p.family != 4 || lists_concern4(g)))
		return false;
	if (!sg_state.proven && r->reason != SG_REASON_GREYLIST)
		return true;
	g->p.flow = flow_hash(&g->p);
	return !sg_state.proven || !proven_hinted(g->p.flow, g->now);
}

/* In the greylist: whether it came again, or somebody has to see to those that wait. */
static __always_inline bool rush_is_awaited(struct guard *g)
{
	struct sg_memo *memo = &g->memo;

	if (!greylist_rush(memo, g->now) || memo->offered + 1 >= GREYLIST_BATCH ||
	    memo->waits >= SG_WAITING || greylist_returned(memo, greylist_key(&g->p), g->now))
		return true;
	memo->offered++;
	return false;
}

/*
 * Whether a packet gets the answer that is noted: then all is set that verdict() reads. Else
 * nothing has happened.
 */
static __always_inline bool rush_holds(hook_ctx *ctx, struct guard *g, __u32 frame)
{
	const __u8 *start = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	const __u8 *ip = start + sg_link_header;
	struct rush *r = &g->rush;
	struct packet *p = &g->p;
	__u64 now;

	if (!r->now || ip + sizeof(r->is) > end)
		return false;
	now = clock_now();
	if (r->now != now) {
		r->now = 0;
		return false;
	}
	if (!rush_is_like(r, start, ip) || !rush_applies(g) ||
	    r->active != g->active || r->generation != config_of(g)->generation ||
	    r->ban_generation != *(const volatile __u32 *)&sg_state.ban_generation)
		return false;
	guard_clear(g);
	g->now = now;
	p->vlan = 0;
	packet_tag(ctx, p);
	if (p->vlan || !rush_sender(p, ip, r->family) || !p->source_port ||
	    address_is_nobodys(p) || !rush_means(g))
		return false;
	if (r->reason == SG_REASON_GREYLIST && rush_is_awaited(g))
		return false;
	p->frame = frame;
	p->more = p->stream = p->leaves = 0;
	g->class = SG_CLASS_REQUEST;
	g->method = r->method;
	g->flow_limit = r->flow_limit;
	g->guarded = 1;
	return true;
}

#endif
