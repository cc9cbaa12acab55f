/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * In a flood the same question has the same answer: the clock moves in ticks of 1 to 10 ms, and
 * what is refused is charged to nothing, so a budget or a limit that is spent stays so until the
 * next tick. A CPU that has refused one packet refuses those that differ from it in nothing that
 * was looked at, and takes no look at the rest again: 20 000 in a tick, at five million a second.
 *
 * No rule is here. An answer is noted when a packet has come all the way and had it (rush_note());
 * a packet gets it that has the same method, for the same port, of which nothing else is known:
 * its source is on no list, its flow has proven nothing, it has not come again. Any doubt, and it
 * goes all the way. So it does once in a tick, and in the greylist once in GREYLIST_BATCH.
 */
#ifndef SIPGUARD_RUSH_BPF_H
#define SIPGUARD_RUSH_BPF_H

#include "checks/greylist.bpf.h"
#include "checks/lists.bpf.h"
#include "events.bpf.h"
#include "packet/class.bpf.h"
#include "packet/glance.bpf.h"

#define RUSH_LOOKS 8 /* packets of a tick whose answer may be noted */

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

/*
 * Whether a packet that was refused stands for others, and for whom: those of its flow or of its
 * source, since what that may is spent, or those of all strangers. (Of who sends from any port each
 * packet has another flow, and the place of its limit is in no cache, 85 ns on two CPUs: the
 * source's answer spares that.)
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

static __always_inline enum rush_of rush_of(const struct guard *g, __u32 reason)
{
	switch (reason) {
	case SG_REASON_GREYLIST:
		return greylist_rush(&g->memo, g->now) ? RUSH_ALL : RUSH_NONE;
	case SG_REASON_UNLISTED_BUDGET:
		return rush_of_budget(g);
	case SG_REASON_LIMIT_FLOW:
		return RUSH_FLOW;
	case SG_REASON_LIMIT_SOURCE:
		return RUSH_SOURCE;
	default:
		return reason == sg_reason_of_limit[limit_index(g->limit)] ? RUSH_SOURCE
									   : RUSH_NONE;
	}
}

/* Whether nothing is configured or known by which one stranger would differ from another. */
static __always_inline bool rush_applies(const struct guard *g)
{
	return sg_state.mode == SG_MODE_ENFORCE && !sg_state.source_bans && !sg_state.flow_bans &&
	       !(g->trial | g->shadowed) && !event_is_heard(g);
}

/* Notes what a packet has got that came all the way. Global: few come here. */
__noinline int rush_note(struct guard *g, __u32 reason)
{
	struct rush *r;
	enum rush_of of;
	__u32 method;

	if (!g)
		return 0;
	r = &g->rush;
	if (g->p.transport != IPPROTO_UDP || g->class != SG_CLASS_REQUEST || g->p.part ||
	    g->watched || config_of(g)->zones || is_proven(g) || !rush_applies(g))
		return 0;
	of = rush_of(g, reason);
	/* The wider answer stays. */
	if (of == RUSH_NONE || (r->now == g->now && r->of >= of))
		return 0;
	method = g->method;
	barrier_var(method);
	if (method >= SG_METHOD_UNKNOWN)
		return 0;
	__builtin_memcpy(r->start, sg_rush_starts[method], sizeof(r->start));
	r->of = of;
	r->source = g->p.source;
	r->flow = g->p.flow;
	r->now = g->now;
	r->active = *(const volatile __u32 *)&sg_state.active;
	r->port = g->p.port;
	r->reason = reason;
	r->method = method;
	r->flow_limit = g->flow_limit;
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

/* Whether the message begins as the one whose answer is noted. 16 bytes of it are there. */
static __always_inline bool rush_begins(const struct rush *r, const __u8 *text)
{
	return !(((load8(text) ^ r->start[0]) & r->start[1]) |
		 ((load8(text + 8) ^ r->start[2]) & r->start[3]));
}

/* What the checks need to know of the sender. */
static __always_inline void rush_sender(struct packet *p, const struct glance *glance)
{
	const struct ipv6hdr *ip6 = glance->network;
	const struct iphdr *ip = glance->network;

	p->family = glance->family;
	p->transport = IPPROTO_UDP;
	p->source_port = glance->ports[0];
	if (glance->family == 4)
		packet_source4(p, ip->saddr);
	else
		packet_source6(p, &ip6->saddr);
}

/*
 * Whether a packet is of those for whom the answer holds, and its sender nobody who is known. The
 * greylist, which may be armed since, comes before the limits of a flow or a source: who has not
 * come yet is put off and remembered, though his neighbour, who has, is told of the limit.
 */
static __always_inline bool rush_means(struct guard *g)
{
	const struct rush *r = &g->rush;

	if (r->of < RUSH_ALL && (r->source != g->p.source || greylist_applies(g)))
		return false;
	if (sg_state.lists && (g->p.family != 4 || lists_concern4(g)))
		return false;
	g->p.flow = flow_hash(&g->p);
	if (r->of == RUSH_FLOW && r->flow != g->p.flow)
		return false;
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
 * Whether a plain packet for a guarded port gets the answer that is noted: then all is set that
 * verdict() reads. Else nothing has happened.
 */
static __always_inline bool rush_holds(struct guard *g, const struct glance *glance, __u32 frame)
{
	const struct udphdr *udp = (const void *)glance->ports;
	const __u8 *text = (const void *)(udp + 1);
	const struct rush *r = &g->rush;
	struct packet *p = &g->p;
	__u32 length;

	if (glance->transport != IPPROTO_UDP || text + 16 > glance->end)
		return false;
	g->now = clock_now();
	if (r->now != g->now || r->port != glance->port || !rush_begins(r, text) ||
	    r->active != *(const volatile __u32 *)&sg_state.active || !rush_applies(g))
		return false;
	rush_sender(p, glance);
	length = bpf_ntohs(udp->len);
	if (length < sizeof(*udp) + 16 || length > glance->end - (const __u8 *)udp ||
	    (__s32)length > (__s32)glance_carried(glance) || !glance_version(glance))
		return false;
	if (!udp->source || address_is_nobodys(p) || !rush_means(g))
		return false;
	p->udp_sum = packet_udp_sum(udp);
	if (r->reason == SG_REASON_GREYLIST && rush_is_awaited(g))
		return false;
	p->frame = frame;
	p->more = p->stream = 0;
	g->class = SG_CLASS_REQUEST;
	g->method = r->method;
	g->flow_limit = r->flow_limit;
	g->guarded = 1;
	return true;
}

#endif
