// SPDX-License-Identifier: GPL-2.0-only
/*
 * The way of a reply: what our own server sends tells whom it knows. Attached to the egress of the
 * guarded interfaces; read reply(), reply_way() and reply_knows() from top to bottom. Nothing is
 * learned from packets that come in, which anybody can forge.
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
#include "messages.bpf.h"
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

/* Reads a message that leaves; how much of it there is to know does not matter. enum sip_kind. */
static __always_inline int reply_read(struct __sk_buff *skb, struct guard *g)
{
	struct sip_reader *r = &g->reader;

	if (sip_reader_load(skb, r, 0, g->p.offset, g->p.datagram, HOOK_SKB))
		return 0;
	r->input.wanted = g->p.transport == IPPROTO_TCP ? STREAM_ENDLESS : 0;
	r->input.length = g->p.datagram;
	r->input.flags = message_flags(&g->p);
	sip_read(r, &profile_of(g)->caps);
	g->p.loaded = 1;
	return r->message.kind;
}

/*
 * Our own server asks somebody: the answers are wanted, and no more. It may ask for a stranger, who
 * has named the way (a Route, or an ACK of a dialog that does not exist); so only the answer to an
 * INVITE proves something, since it repeats a branch that was told to nobody else, see
 * learn_response(). Its dialogs are in nobody's favour: see dialog.bpf.h. Whether it is to be read.
 */
static __always_inline bool reply_contact(struct guard *g)
{
	if (g->method != SG_METHOD_ACK)
		flow_proves(g, SG_PROOF_CONTACT,
			    g->method == SG_METHOD_INVITE ? REPLY_RING : REPLY_WAIT);
	return g->method == SG_METHOD_INVITE || config_of(g)->dialogs ||
	       (g->method == SG_METHOD_BYE && config_of(g)->calls);
}

/* And it was read. */
static __always_inline void reply_asks(struct guard *g)
{
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

/* The place among the counters of an interface; SG_INTERFACES if it is not known. */
static __always_inline __u32 slot_of(__u32 ifindex)
{
	const __u32 *slot = bpf_map_lookup_elem(&sg_slots, &ifindex);

	return slot ? *slot : SG_INTERFACES;
}

/* What is to be done with a message when it was read. */
enum reply_way {
	REPLY_NONE,
	REPLY_REFUSED, /* but it is not read, and does not leave */
	/*
	 * Who is on the allow list is asked nothing, and its dialogs are some all the same: what
	 * belongs to them may come from elsewhere.
	 */
	REPLY_ALLOWED,
	REPLY_FIGURES, /* it changes nothing of what the guard goes by, and is counted */
	REPLY_TELLS,   /* and of whom it goes to */
	REPLY_ASKS,    /* no response, but a request of our own */
};

/* Before it is read: one of these in *way, and the reason that ends it, or none. */
static __always_inline __u32 reply_judge(struct __sk_buff *skb, struct guard *g, __u32 *way)
{
	*way = REPLY_NONE;
	if (lists_find(g) == SG_LIST_ALLOW) {
		if (config_of(g)->dialogs && answer_goes_on(g->status))
			*way = REPLY_ALLOWED;
		return SG_REASON_NONE;
	}
	zone_find(g, config_of(g)->zones ? slot_of(skb->ifindex) : SG_INTERFACES);
	/* A handshake of TCP is not completed by whom a forger names. */
	if (pays_budget(g) && g->p.transport == IPPROTO_UDP) {
		__u32 reason = reply_limit(g);

		if (verdict_is_final(g, reason))
			return reason;
	}
	if (answer_tells(g->status) || calls_tell(g))
		*way = REPLY_TELLS;
	else if (config_of(g)->figures)
		*way = REPLY_FIGURES;
	return SG_REASON_NONE;
}

static __always_inline void reply_answers(struct __sk_buff *skb, struct guard *g, __u32 way)
{
	if (config_of(g)->figures)
		figures_answered(g);
	if (way == REPLY_TELLS)
		reply_learn(skb, g);
}

/*
 * What a message tells that was read. Global, and not called where it is read, as the stack is
 * none too deep for either (544 bytes, 6.1).
 */
__noinline int reply_knows(struct __sk_buff *skb, struct guard *g, __u32 way)
{
	if (!g)
		return 0;
	if (way == REPLY_ASKS)
		reply_asks(g);
	else if (way == REPLY_ALLOWED)
		dialog_answers(g, true);
	else if (way == REPLY_TELLS || way == REPLY_FIGURES)
		reply_answers(skb, g, way);
	return 0;
}

/* The server accepts a SYN, or sends one: see streams.bpf.h. */
static __always_inline void reply_accepts(struct guard *g)
{
	g->p.flow = flow_hash(&g->p);
	stream_open(&g->p, g->now);
}

/* What is to be done with the message that begins at g->p.offset, whose start is in the reader. */
static __always_inline __u32 reply_way(struct __sk_buff *skb, struct guard *g)
{
	const __u8 *start = g->reader.text;
	__u32 kind = known_start(start, start + REPLY_START, g->p.datagram), reason, way;

	g->method = KIND_METHOD(kind);
	g->status = kind == CLASSED(RESPONSE) ? reply_status(start) : 0;
	if (!g->status && g->method == SG_METHOD_NONE)
		return REPLY_NONE;
	flow_know(g);
	dialog_hears(g);
	if (!g->status)
		return reply_contact(g) ? REPLY_ASKS : REPLY_NONE;
	count_one(SG_COUNT_REPLIES_SEEN);
	overload_hears(g);
	reason = reply_judge(skb, g, &way);
	if (!reason)
		return way;
	return verdict_reply(skb, g, reason) == VERDICT_DROP ? REPLY_REFUSED : REPLY_NONE;
}

/* Reads a message, if it has to be. enum reply_way. Global: a segment may have many of them. */
__noinline int reply_message(struct __sk_buff *skb, struct guard *g)
{
	__u32 way;

	if (!g || bpf_skb_load_bytes(skb, g->p.offset, g->reader.text, REPLY_START))
		return REPLY_NONE;
	way = reply_way(skb, g);
	barrier_var(way); /* it is read at one place, whatever for */
	if (way <= REPLY_REFUSED)
		return way;
	return reply_read(skb, g) == (way == REPLY_ASKS ? SIP_REQUEST : SIP_RESPONSE)
		       ? way : REPLY_NONE;
}

/* Goes to the next message of a segment. Whether there is one. */
__noinline int reply_next(struct __sk_buff *skb, struct guard *g)
{
	__u64 size;

	/* Within a message anything may stand: somebody may have had it put there. */
	if (!g || (!g->status && g->method == SG_METHOD_NONE))
		return 0;
	if (!g->p.loaded)
		reply_read(skb, g);
	size = g->p.loaded ? message_size(&g->reader.message) : 0;
	g->p.loaded = g->p.recalled = g->fresh = g->evident = 0;
	if (!size || size >= g->p.datagram)
		return 0;
	g->p.offset += size;
	g->p.datagram -= size;
	return 1;
}

/*
 * The messages of a packet. Of a segment all: a proxy has one connection to a trunk, and what it
 * writes while the peer's window is full leaves together. Where the segment begins within a
 * message, as it then may, none is found. Whether it may leave.
 */
static __always_inline bool reply_each(struct __sk_buff *skb, struct guard *g)
{
	__u32 offset = g->p.offset, datagram = g->p.datagram, way;
	__u16 port = g->p.source_port;

	for (int i = 0; i < SG_PARTS; i++) {
		way = reply_message(skb, g);
		if (way == REPLY_REFUSED)
			return false;
		reply_knows(skb, g, way);
		if (g->role != SG_PORT_TCP || !reply_next(skb, g))
			break;
		/* What was recalled for the one before has made it that of its request. */
		g->p.source_port = port;
	}
	g->p.offset = offset;
	g->p.datagram = datagram;
	return true;
}

/* The last step, since it changes the message. */
static __always_inline void reply_hides(struct __sk_buff *skb, struct guard *g)
{
	if (topology_applies(g))
		topology_packet(skb, g, slot_of(skb->ifindex));
}

SEC("tc")
int reply(struct __sk_buff *skb)
{
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
	if (!g->p.datagram || (g->role != SG_PORT_UDP && g->role != SG_PORT_TCP))
		return TC_ACT_UNSPEC;
	if (!reply_each(skb, g))
		return TC_ACT_SHOT;
	reply_hides(skb, g);
	return TC_ACT_UNSPEC;
}
