// SPDX-License-Identifier: GPL-2.0-only
/*
 * The way of a reply: what our own server sends tells whom it knows. Attached to the egress of the
 * guarded interfaces; read reply() and reply_judge() from top to bottom. Nothing is learned from
 * packets that come in, which anybody can forge.
 *
 * In struct packet here the peer is the source, as it was in the request: so flows, lists and zones
 * are found by the same functions.
 */
#define HOOK_TC
#include "packet/packet.bpf.h"
#include "packet/class.bpf.h"   /* which ports are guarded */
#include "checks/lists.bpf.h"   /* allow list and zones; flows */
#include "checks/limits.bpf.h"  /* limits of replies by destination */
#include "checks/answer.bpf.h"  /* what a reply tells of whom it goes to */
#include "sip/reader.h"
#include "state/streams.bpf.h"
#include "verdict.bpf.h"

char LICENSE[] SEC("license") = "GPL";

#define REPLY_WAIT 64      /* s for an answer to our own request */
#define REPLY_START 16     /* bytes that tell a request from a response, and its status */
#define REPLY_RING 240     /* s for one to an INVITE: more than timer C */

/* Reads `size` bytes at *at and moves on. */
static __always_inline bool reply_pull(struct __sk_buff *skb, __u32 *at, void *to, __u32 size)
{
	if (bpf_skb_load_bytes(skb, *at, to, size))
		return false;
	*at += size;
	return true;
}

/* As packet_pppoe(); the host itself writes the protocol in two bytes. */
static __always_inline __be16 reply_pppoe(struct __sk_buff *skb, __u32 *at)
{
	struct {
		struct pppoe_header header;
		__be16 protocol;
	} pppoe;

	return reply_pull(skb, at, &pppoe, sizeof(pppoe)) ? ppp_protocol(bpf_ntohs(pppoe.protocol))
							  : 0;
}

/* As packet_link(). */
static __always_inline __be16 reply_link(struct __sk_buff *skb, __u32 *at)
{
	struct vlan_header vlan;
	struct ethhdr eth;
	__u8 version;

	if (!sg_link_header) {
		if (bpf_skb_load_bytes(skb, 0, &version, sizeof(version)))
			return 0;
		return packet_version(&(struct cursor){&version, &version + 1});
	}
	if (!reply_pull(skb, at, &eth, sizeof(eth)))
		return 0;
	vlan.protocol = eth.h_proto;
	for (int i = 0; i < SG_VLAN_TAGS && is_tag(vlan.protocol); i++) {
		if (!reply_pull(skb, at, &vlan, sizeof(vlan)))
			return 0;
	}
	return vlan.protocol == bpf_htons(ETH_P_PPP_SES) ? reply_pppoe(skb, at) : vlan.protocol;
}

static __always_inline bool reply_ipv4(struct __sk_buff *skb, __u32 *at, struct packet *p)
{
	struct iphdr ip;

	if (!reply_pull(skb, at, &ip, sizeof(ip)) || ip.frag_off & bpf_htons(IP_OFFSET))
		return false;
	*at += ip.ihl * 4 - sizeof(ip);
	p->family = 4;
	p->transport = ip.protocol;
	p->first_fragment = !!(ip.frag_off & bpf_htons(IP_MF));
	p->destination = ip.saddr;
	ip.saddr = ip.daddr;
	packet_source4(p, &ip);
	return true;
}

/* A server's packets have no extension header but that of fragments. */
static __always_inline bool reply_ipv6(struct __sk_buff *skb, __u32 *at, struct packet *p)
{
	struct extension_header fragment;
	struct ipv6hdr ip;

	if (!reply_pull(skb, at, &ip, sizeof(ip)))
		return false;
	p->family = 6;
	p->transport = ip.nexthdr;
	if (p->transport == IPPROTO_FRAGMENT) {
		if (!reply_pull(skb, at, &fragment, sizeof(fragment)) ||
		    fragment.offset & bpf_htons(IP6_OFFSET))
			return false;
		p->transport = fragment.next;
		p->first_fragment = 1;
	}
	p->destination = packet_fold6(ip.saddr.in6_u.u6_addr32);
	ip.saddr = ip.daddr;
	packet_source6(p, &ip);
	return true;
}

static __always_inline bool reply_transport(struct __sk_buff *skb, __u32 *at, struct packet *p)
{
	union {
		struct udphdr udp;
		struct tcphdr tcp;
	} header;

	if (p->transport == IPPROTO_UDP) {
		if (!reply_pull(skb, at, &header.udp, sizeof(header.udp)))
			return false;
	} else if (p->transport == IPPROTO_TCP) {
		if (!reply_pull(skb, at, &header.tcp, sizeof(header.tcp)))
			return false;
		*at += header.tcp.doff * 4 - sizeof(header.tcp);
		p->tcp_flags = ((const __u8 *)&header.tcp)[13];
		p->seq = bpf_ntohl(header.tcp.seq);
		p->ack = bpf_ntohl(header.tcp.ack_seq);
	} else {
		return false;
	}
	/* Both begin with their ports. */
	p->port = bpf_ntohs(header.udp.source);
	p->source_port = header.udp.dest;
	return true;
}

/*
 * Fills in *p, with the destination as its source; false if it is no UDP or TCP, or has no ports.
 * p->destination is our own address, p->port our own port.
 */
static __always_inline bool reply_packet(struct __sk_buff *skb, struct packet *p)
{
	__u32 at = 0;
	__be16 protocol;

	*p = (struct packet){.frame = skb->len};
	protocol = reply_link(skb, &at);
	if (protocol == bpf_htons(ETH_P_IP) ? !reply_ipv4(skb, &at, p)
	    : protocol == bpf_htons(ETH_P_IPV6) ? !reply_ipv6(skb, &at, p) : true)
		return false;
	if (!reply_transport(skb, &at, p) || at > skb->len)
		return false;
	p->offset = at;
	p->length = skb->len - at;
	p->datagram = p->length;
	return true;
}

/* A limit for each destination that is on no list, in no zone and not proven. */
static __always_inline __u32 reply_limit(struct guard *g)
{
	const struct sg_limit *limit = &config_of(g)->total[SG_TOTAL_REPLIES];
	__u64 hash = source_hash(&g->p);
	struct rows tat = rows_find(&sg_destinations, hash, SG_DESTINATION_ROW);

	if (!tat.first || !tat.second)
		return SG_REASON_NONE;
	if (rows_spent(tat.first, tat.second, g->now, limit))
		return SG_REASON_REPLIES;
	rows_charge(tat.first, tat.second, g->now, limit);
	return SG_REASON_NONE;
}

/*
 * Reads a message that leaves; how much of it there is to know does not matter. enum of its kind.
 * Global, for the stack's sake.
 */
__noinline int reply_read(struct __sk_buff *skb, struct guard *g)
{
	struct sip_reader *r;

	if (!g || sip_reader_load(skb, &g->reader, 0, g->p.offset, g->p.length, HOOK_SKB))
		return 0;
	r = &g->reader;
	r->input.wanted = 0;
	r->input.length = g->p.length;
	r->input.flags = g->p.first_fragment ? SIP_MORE : 0;
	sip_read(r, &profile_of(g)->caps);
	return r->message.kind;
}

/*
 * Our own server asks somebody: the answers are wanted, and no more. It may ask for a stranger, who
 * has named the way (a Route, or an ACK of a dialog that does not exist); so only the answer to an
 * INVITE proves something, since it repeats a branch that was told to nobody else, see
 * learn_response().
 */
static __always_inline void reply_contact(struct __sk_buff *skb, struct guard *g)
{
	if (g->method == SG_METHOD_ACK)
		return;
	flow_proves(g, SG_PROOF_CONTACT, g->method == SG_METHOD_INVITE ? REPLY_RING : REPLY_WAIT);
	if (g->method == SG_METHOD_INVITE && reply_read(skb, g) == SIP_REQUEST)
		secret_tell(&g->p, secret_branch(&g->reader));
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
	if (g->status / 100 == 2)
		answer_accepted(g);
	verdict_note(skb, g, answer_learn(g));
}

static __always_inline __u32 reply_judge(struct __sk_buff *skb, struct guard *g)
{
	if (lists_find(g) == SG_LIST_ALLOW)
		return SG_REASON_NONE;
	zone_find(g);
	/* A handshake of TCP is not completed by whom a forger names. */
	if (pays_budget(g) && g->p.transport == IPPROTO_UDP) {
		__u32 reason = reply_limit(g);

		if (verdict_is_final(g, reason))
			return reason;
	}
	if (answer_tells(g->status) && reply_read(skb, g) == SIP_RESPONSE)
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
	__u32 kind = known_start(start, start + REPLY_START, g->p.length);

	g->method = KIND_METHOD(kind);
	g->status = kind == CLASSED(RESPONSE) ? reply_status(start) : 0;
	if (!g->status && g->method == SG_METHOD_NONE)
		return TC_ACT_UNSPEC;
	flow_know(g);
	if (g->status) {
		count_event(SG_EVENT_REPLIES_SEEN);
		return verdict_reply(skb, g, reply_judge(skb, g));
	}
	reply_contact(skb, g);
	return TC_ACT_UNSPEC;
}

SEC("tc")
int reply(struct __sk_buff *skb)
{
	__u8 start[REPLY_START] __attribute__((aligned(8)));
	struct guard *g = map_guard();

	if (!g || !reply_packet(skb, &g->p))
		return TC_ACT_UNSPEC;
	guard_begin(g);
	g->now = clock_now();
	g->role = port_role(g, g->p.transport, g->p.port);
	if (g->role && g->p.tcp_flags & TCP_SYN)
		reply_accepts(g);
	if (!g->p.length)
		return TC_ACT_UNSPEC;
	if ((g->role != SG_PORT_UDP && g->role != SG_PORT_TCP) ||
	    bpf_skb_load_bytes(skb, g->p.offset, start, sizeof(start)))
		return TC_ACT_UNSPEC;
	return reply_message(skb, g, start);
}
