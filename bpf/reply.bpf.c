// SPDX-License-Identifier: GPL-2.0-only
/*
 * The way of a reply: what our own server sends tells whom it knows. Attached to the egress of the
 * guarded interfaces; read reply(), reply_message(), reply_way() and reply_knows() in turn. Nothing
 * is learned from packets that come in, which anybody can forge.
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

#define REPLY_WAIT SG_FIXED_REPLY_WAIT      /* s for an answer to our own request */
#define REPLY_START 16     /* bytes that tell a request from a response, and its status */
#define REPLY_RING SG_FIXED_REPLY_RING     /* s for one to an INVITE: more than timer C */
/* s: by then who was connected before has registered again, each hour by default (RFC 3261 10.2) */
#define REPLY_OLDER SG_FIXED_REPLY_OLDER

/* A limit for each destination that is on no list, in no zone and not proven. */
static __always_inline __u32 reply_limit(struct guard *g)
{
	const struct sg_limit *limit = &config_of(g)->total[SG_TOTAL_REPLIES];

	return rows_pay(&sg_destinations, source_hash(&g->p), SG_DESTINATION_ROW, g->now, limit)
		       ? SG_REASON_NONE : SG_REASON_REPLIES;
}

/*
 * Reads a message that leaves; how much of it there is to know does not matter. enum sip_kind. Of
 * a segment only what begins where a message is known to begin; and one whose header does not end
 * in it is read when the rest leaves. Global, and calls nothing else that needs much of the stack
 * (544 bytes, 6.1).
 */
__noinline int reply_read(struct __sk_buff *skb, struct guard *g)
{
	struct sip_reader *r;
	struct packet *p;

	if (!g)
		return SIP_NEITHER;
	p = &g->p;
	r = &g->reader;
	if (p->frame < p->offset || (p->stream && !message_applies(p->kind)))
		return SIP_NEITHER;
	r->input.length = message_load(skb, p, r);
	if (!r->input.length) {
		if (p->stream)
			p->stream = STREAM_LOST;
		return SIP_NEITHER;
	}
	r->input.wanted = p->stream ? STREAM_ENDLESS : 0;
	r->input.flags = message_flags(p);
	sip_read(r, &profile_of(g)->caps);
	if (!p->stream || r->message.flags & (SIP_HEAD | SIP_CUT))
		return r->message.kind;
	p->stream = STREAM_PART;
	return SIP_NEITHER;
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

/* The list of the peer (enum sg_list), and its zone unless that allows it. Global: asked twice. */
__noinline int reply_peer(struct __sk_buff *skb, struct guard *g)
{
	__u32 list;

	if (!g)
		return SG_LIST_NONE;
	list = lists_find(g);
	if (list != SG_LIST_ALLOW)
		zone_find(g, config_of(g)->zones ? slot_of(skb->ifindex) : SG_INTERFACES);
	return list;
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
	if (reply_peer(skb, g) == SG_LIST_ALLOW) {
		if (config_of(g)->dialogs && answer_goes_on(g->status))
			*way = REPLY_ALLOWED;
		return SG_REASON_NONE;
	}
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

/* Whether it is a message of this kind; its method, or its status, is that of the guard then. */
static __always_inline bool reply_begins(struct __sk_buff *skb, struct guard *g)
{
	const __u8 *start = g->reader.text;
	__u32 kind = g->p.kind;

	if (!g->p.stream) {
		if (bpf_skb_load_bytes(skb, g->p.offset, g->reader.text, REPLY_START))
			return false;
		kind = known_start(start, start + REPLY_START, g->p.datagram);
	}
	g->method = KIND_METHOD(kind);
	g->status = 0;
	if (kind == CLASSED(RESPONSE))
		g->status = g->p.stream ? g->reader.message.status : reply_status(start);
	return g->status || g->method != SG_METHOD_NONE;
}

/* What is to be done with the message that begins at g->p.offset. */
static __always_inline __u32 reply_way_of(struct __sk_buff *skb, struct guard *g)
{
	__u32 reason, way;

	if (!reply_begins(skb, g))
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

/* Whether a message that was read is what it began as. */
static __always_inline bool reply_is_so(__u32 way, int kind)
{
	return kind == (way == REPLY_ASKS ? SIP_REQUEST : SIP_RESPONSE);
}

/*
 * The same as enum reply_way. Of what was read (`kind`, or SIP_NEITHER) nothing is to be done if it
 * is not so: said here, as a segment may have many messages, and each way through one of them is
 * followed for each of them. For that it is global, too.
 */
__noinline int reply_way(struct __sk_buff *skb, struct guard *g, int kind)
{
	__u32 way;

	if (!g)
		return REPLY_NONE;
	way = reply_way_of(skb, g);
	return kind == SIP_NEITHER || way <= REPLY_REFUSED || reply_is_so(way, kind) ? way
										   : REPLY_NONE;
}

/* A datagram, which is read if it has to be. */
static __always_inline __u32 reply_datagram(struct __sk_buff *skb, struct guard *g)
{
	__u32 way = reply_way(skb, g, SIP_NEITHER);

	if (way > REPLY_REFUSED && reply_is_so(way, reply_read(skb, g)))
		reply_knows(skb, g, way);
	return way;
}

/* A message of a segment, which is read. */
static __always_inline void reply_message(struct __sk_buff *skb, struct guard *g)
{
	int kind = reply_read(skb, g);
	__u32 way = kind == SIP_NEITHER ? REPLY_NONE : reply_way(skb, g, kind);

	if (way > REPLY_REFUSED)
		reply_knows(skb, g, way);
}

/* --- segments --- */

enum reply_guess {
	REPLY_NO_GUESS,
	REPLY_GUESS,
	REPLY_GUESS_GOES_ON, /* and behind it the next message begins */
};

/* Whether the peer of a segment is proven, in a zone, or on the allow list. */
__noinline int reply_trusts(struct __sk_buff *skb, struct guard *g)
{
	if (!g)
		return 0;
	flow_know(g);
	return is_proven(g) || reply_peer(skb, g) == SG_LIST_ALLOW || g->in_zone;
}

/*
 * Whether a segment that begins like a message is taken for one, though nobody knows where one
 * begins. Who has a connection can have the server's segments end where he likes, by his window,
 * and begin with what the server repeats or carries for others: that would be a response to him,
 * and prove his flow. So for whom is trusted already; and, while there may be connections that are
 * older than the guard, for all of which nothing is known.
 */
__noinline int reply_may_guess(struct __sk_buff *skb, struct guard *g, __u32 state)
{
	if (!g)
		return REPLY_NO_GUESS;
	if (reply_trusts(skb, g))
		return REPLY_GUESS_GOES_ON;
	return state == STREAM_OLDER &&
			       g->now - sg_state.heard_since < REPLY_OLDER * SG_NSEC_PER_SEC
		       ? REPLY_GUESS : REPLY_NO_GUESS;
}

static __always_inline void reply_guess(struct __sk_buff *skb, struct guard *g)
{
	struct packet *p = &g->p;
	__u32 state = p->stream, guess;

	if (state != STREAM_OLDER && state != STREAM_GAP && state != STREAM_LOST)
		return;
	guess = reply_may_guess(skb, g, state);
	if (guess == REPLY_NO_GUESS)
		return;
	p->assumed = STREAM_GUESSED;
	p->unread = guess == REPLY_GUESS_GOES_ON ? state : STREAM_NONE;
	p->stream = STREAM_READ;
}

/* Where the messages of a segment begin: as streams.bpf.h knows it of what comes in. */
__noinline int reply_segment(struct __sk_buff *skb, struct guard *g)
{
	struct sg_stream s = {};
	struct packet *p;

	if (!g || g->p.frame < g->p.offset)
		return 0;
	p = &g->p;
	p->flow = flow_hash(p);
	p->connection = stream_hash(p);
	sent_recall(p->connection, &s);
	p->stream = s.state ? stream_look(p, &s) : STREAM_OLDER;
	if (p->stream == STREAM_PART)
		stream_resume(&g->reader, p);
	reply_guess(skb, g);
	if (p->stream == STREAM_READ)
		stream_load(skb, p, &g->reader);
	if (p->assumed == STREAM_GUESSED && !message_applies(p->kind) &&
	    KIND_CLASS(p->kind) != SG_CLASS_KEEPALIVE)
		p->stream = STREAM_GAP; /* a wrong guess */
	return 0;
}

/* Where the next segment of its connection goes on. */
__noinline int reply_goes_on(struct __sk_buff *skb, struct guard *g)
{
	struct packet *p;
	__u32 state;

	if (!g)
		return 0;
	p = &g->p;
	state = p->stream;
	if (state == STREAM_OLDER || state == STREAM_GAP || state == STREAM_LOST)
		count_one(SG_COUNT_REPLIES_UNREAD);
	if (!stream_has_moved(p) ||
	    (p->assumed == STREAM_GUESSED && !(p->unread && stream_is_read(p))))
		return 0;
	if (state == STREAM_PART &&
	    !stream_keep(&g->reader, p, g->now, reply_trusts(skb, g)))
		state = STREAM_LOST;
	sent_note(p->connection, p->seq + (state == STREAM_PART ? p->datagram : 0), state);
	return 0;
}

/*
 * All messages of a segment: a proxy has one connection to a trunk, and what it writes while the
 * peer's window is full leaves together. None is refused: the limit of replies is one of datagrams.
 */
static __always_inline void reply_messages(struct __sk_buff *skb, struct guard *g)
{
	__u16 port = g->p.source_port;
	__u64 flow;
	bool kept;

	reply_segment(skb, g);
	flow = g->p.flow;
	kept = g->p.held;
	for (int i = 0; i < SG_PARTS; i++) {
		if (!stream_is_read(&g->p))
			break;
		reply_message(skb, g);
		/* What was recalled for the one before has made it that of its request. */
		g->p.source_port = port;
		g->p.flow = flow;
		g->p.recalled = g->fresh = g->evident = g->proof = 0;
		if (stream_next(skb, g) < 0)
			break;
	}
	if (kept && g->p.stream != STREAM_PART)
		stream_let_go(&g->p);
	reply_goes_on(skb, g);
}

/* The messages of a packet. Whether it may leave. */
static __always_inline bool reply_each(struct __sk_buff *skb, struct guard *g)
{
	__u32 offset = g->p.offset, datagram = g->p.datagram;

	if (g->role == SG_PORT_UDP)
		return reply_datagram(skb, g) != REPLY_REFUSED;
	reply_messages(skb, g);
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
	if (!sg_state.heard_since)
		*(volatile __u64 *)&sg_state.heard_since = g->now;
	if (g->role && g->p.tcp_flags & TCP_SYN)
		reply_accepts(g);
	if (!g->p.datagram || (g->role != SG_PORT_UDP && g->role != SG_PORT_TCP))
		return TC_ACT_UNSPEC;
	if (!reply_each(skb, g))
		return TC_ACT_SHOT;
	reply_hides(skb, g);
	return TC_ACT_UNSPEC;
}
