// SPDX-License-Identifier: GPL-2.0-only
/*
 * The way of a reply: what our own server sends tells whom it knows. Attached to the egress of the
 * guarded interfaces; read reply() and reply_judge() from top to bottom. Nothing is learned from
 * packets that come in, which anybody can forge.
 *
 * In struct packet here the peer is the source, as it was in the request.
 */
#define HOOK_TC
#include "packet/packet.bpf.h"
#include "packet/class.bpf.h"   /* which ports are guarded */
#include "checks/lists.bpf.h"   /* allow list and zones; flows */
#include "checks/limits.bpf.h"  /* limits of replies by destination */
#include "checks/answer.bpf.h"  /* what a reply tells of whom it goes to */
#include "checks/calls.bpf.h"   /* and which calls it has let somebody have */
#include "checks/dialog.bpf.h"  /* which dialogs the server is in */
#include "checks/overload.bpf.h" /* and of the server */
#include "figures.bpf.h"     /* how it does what it is asked for */
#include "sip/reader.h"
#include "state/streams.bpf.h"
#include "topology.bpf.h"   /* and of the network behind it */
#include "verdict.bpf.h"

char LICENSE[] SEC("license") = "GPL";

#define REPLY_WAIT 64      /* s for an answer to our own request */
#define REPLY_START 16     /* bytes that tell a request from a response, and its status */
#define REPLY_RING 240     /* s for one to an INVITE: more than timer C */

/* A limit for each destination that is on no list, in no zone and not proven. */
static __always_inline __u32 reply_limit(struct guard *g)
{
	const struct sg_limit *limit = &config_of(g)->total[SG_TOTAL_REPLIES];

	return rows_pay(&sg_destinations, source_hash(&g->p), SG_DESTINATION_ROW, g->now, limit)
		       ? SG_REASON_NONE : SG_REASON_REPLIES;
}

/*
 * Reads a message that leaves; how much of it there is to know does not matter. enum of its kind.
 * Global, for the stack's sake.
 */
__noinline int reply_read(struct __sk_buff *skb, struct guard *g)
{
	struct sip_reader *r;

	if (!g || sip_reader_load(skb, &g->reader, 0, g->p.offset, g->p.datagram, HOOK_SKB))
		return 0;
	r = &g->reader;
	r->input.wanted = 0;
	r->input.length = g->p.datagram;
	r->input.flags = g->p.first_fragment ? SIP_MORE : 0;
	sip_read(r, &profile_of(g)->caps);
	return r->message.kind;
}

/*
 * Our own server asks somebody: the answers are wanted, and no more. It may ask for a stranger, who
 * has named the way (a Route, or an ACK of a dialog that does not exist); so only the answer to an
 * INVITE proves something, since it repeats a branch that was told to nobody else, see
 * learn_response(). Its dialogs are in nobody's favour: see dialog.bpf.h.
 */
static __always_inline void reply_contact(struct __sk_buff *skb, struct guard *g)
{
	if (g->method != SG_METHOD_ACK)
		flow_proves(g, SG_PROOF_CONTACT,
			    g->method == SG_METHOD_INVITE ? REPLY_RING : REPLY_WAIT);
	if ((g->method != SG_METHOD_INVITE && !config_of(g)->dialogs &&
	     !(g->method == SG_METHOD_BYE && config_of(g)->calls)) ||
	    reply_read(skb, g) != SIP_REQUEST)
		return;
	if (g->method == SG_METHOD_BYE && config_of(g)->calls)
		calls_end(g);
	if (g->method == SG_METHOD_INVITE)
		secret_tell(&g->p, secret_branch(&g->reader));
	if (config_of(g)->dialogs)
		dialog_sends(g);
}

/* Of "SIP/2.0 200 ": the status, 0 if it is none. */
static __always_inline __u32 reply_status(const __u8 *start)
{
	__u32 a = start[8] - '0', b = start[9] - '0', c = start[10] - '0';

	return a > 6 || b > 9 || c > 9 ? 0 : a * 100 + b * 10 + c;
}

static __always_inline void reply_learn(struct __sk_buff *skb, struct guard *g)
{
	answer_recall(g);
	overload_answered(g);
	if (g->status / 100 == 2)
		answer_accepted(g);
	verdict_note(skb, g, answer_learn(g));
	calls_hear(g);
	if (config_of(g)->dialogs)
		dialog_answers(g, dialog_is_known_sender(g) || g->evident);
}

/*
 * Who is on the allow list is asked nothing, and its dialogs are some all the same: what belongs to
 * them may come from elsewhere.
 */
static __always_inline void reply_allowed(struct __sk_buff *skb, struct guard *g)
{
	if (config_of(g)->dialogs && answer_goes_on(g->status) &&
	    reply_read(skb, g) == SIP_RESPONSE)
		dialog_answers(g, true);
}

/* The place among the counters of an interface; SG_INTERFACES if it is not known. */
static __always_inline __u32 slot_of(__u32 ifindex)
{
	const __u32 *slot = bpf_map_lookup_elem(&sg_slots, &ifindex);

	return slot ? *slot : SG_INTERFACES;
}

static __always_inline __u32 reply_judge(struct __sk_buff *skb, struct guard *g)
{
	bool tells;

	if (lists_find(g) == SG_LIST_ALLOW) {
		reply_allowed(skb, g);
		return SG_REASON_NONE;
	}
	zone_find(g, config_of(g)->zones ? slot_of(skb->ifindex) : SG_INTERFACES);
	/* A handshake of TCP is not completed by whom a forger names. */
	if (pays_budget(g) && g->p.transport == IPPROTO_UDP) {
		__u32 reason = reply_limit(g);

		if (verdict_is_final(g, reason))
			return reason;
	}
	tells = answer_tells(g->status) || calls_tell(g);
	if ((!tells && !config_of(g)->figures) || reply_read(skb, g) != SIP_RESPONSE)
		return SG_REASON_NONE;
	/* It changes nothing of what the guard goes by: of that it tells no more than before. */
	if (config_of(g)->figures)
		figures_answered(g);
	if (tells)
		reply_learn(skb, g);
	return SG_REASON_NONE;
}

/* The server accepts a SYN, or sends one: see streams.bpf.h. */
static __always_inline void reply_accepts(struct guard *g)
{
	g->p.flow = flow_hash(&g->p);
	stream_open(&g->p, g->now);
}

/* A packet of a guarded port that begins so. The action. */
static __always_inline int reply_message(struct __sk_buff *skb, struct guard *g, const __u8 *start)
{
	__u32 kind = known_start(start, start + REPLY_START, g->p.datagram);

	g->method = KIND_METHOD(kind);
	g->status = kind == CLASSED(RESPONSE) ? reply_status(start) : 0;
	if (!g->status && g->method == SG_METHOD_NONE)
		return TC_ACT_UNSPEC;
	flow_know(g);
	dialog_hears(g);
	if (g->status) {
		count_one(SG_COUNT_REPLIES_SEEN);
		overload_hears(g);
		return verdict_reply(skb, g, reply_judge(skb, g));
	}
	reply_contact(skb, g);
	return TC_ACT_UNSPEC;
}

/* What leaves, if it does: the last step, since it changes the message. */
static __always_inline int reply_leaves(struct __sk_buff *skb, struct guard *g, int action)
{
	if (topology_applies(g) && action != TC_ACT_SHOT)
		topology_packet(skb, g, slot_of(skb->ifindex));
	return action;
}

SEC("tc")
int reply(struct __sk_buff *skb)
{
	__u8 start[REPLY_START] __attribute__((aligned(8)));
	struct guard *g = map_guard();

	if (!g)
		return TC_ACT_UNSPEC;
	headers_pull(skb, skb->len, HEADERS_PLAIN);
	if (packet_read(skb, &g->p, skb->len, 1) != PACKET_PORTS)
		return TC_ACT_UNSPEC;
	packet_tag(skb, &g->p);
	guard_begin(g);
	if (g->trial && trial_is_over())
		return TC_ACT_UNSPEC;
	g->now = clock_now();
	g->role = port_role(g, g->p.transport, g->p.port);
	if (g->role && g->p.tcp_flags & TCP_SYN)
		reply_accepts(g);
	if (!g->p.datagram)
		return TC_ACT_UNSPEC;
	if ((g->role != SG_PORT_UDP && g->role != SG_PORT_TCP) ||
	    bpf_skb_load_bytes(skb, g->p.offset, start, sizeof(start)))
		return TC_ACT_UNSPEC;
	return reply_leaves(skb, g, reply_message(skb, g, start));
}
