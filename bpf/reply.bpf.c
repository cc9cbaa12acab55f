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
#include "packet.bpf.h"
#include "class.bpf.h"   /* which ports are guarded */
#include "lists.bpf.h"   /* allow list and zones; flows */
#include "limits.bpf.h"  /* limits of replies by destination */
#include "message.bpf.h" /* the reader, transactions, secrets, offences */
#include "account.bpf.h"
#include "verdict.bpf.h"

char LICENSE[] SEC("license") = "GPL";

#define REPLY_WAIT 64      /* s for an answer to our own request */
#define REPLY_RING 240     /* s for one to an INVITE: more than timer C */
#define REPLY_LISTED SG_PROOF__MAX /* of a zone: stronger than any proof, and never banned */
#define REPLY_CONTACTS 10  /* of a 200 that are looked at for the longest binding */
#define REPLY_BINDINGS 2048 /* bytes of them */
#define REPLY_NONCES 3     /* of one reply: MD5, SHA-256 and SHA-512-256 */

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
	const struct sg_limit *limit = &g->config->total[SG_TOTAL_REPLIES];
	__u64 hash = source_flow_hash(g->p, g->state);
	struct rows tat = rows_find(&sg_destinations, hash, SG_DESTINATION_ROW);

	if (!tat.first || !tat.second)
		return SG_REASON_NONE;
	if (rows_spent(tat.first, tat.second, g->now, limit))
		return SG_REASON_REPLIES;
	rows_charge(tat.first, tat.second, g->now, limit);
	return SG_REASON_NONE;
}

/* Those that tell something of the flow: 2xx, 401, 403, 404, 407, 484, 604. */
static __always_inline bool reply_tells(__u32 status)
{
	return status / 100 == 2 || status == 401 || status == 403 || status == 404 ||
	       status == 407 || status == 484 || status == 604;
}

/*
 * Global, or what each digit may make of it is followed through all bindings: beyond a million
 * instructions (clang 19, 6.18).
 */
__noinline int reply_number(const struct sip_reader *r, __u32 at)
{
	__u32 number = 0, digit;

	if (!r)
		return 0;
	for (int i = 0; i < 8; i++) {
		digit = sip_byte(r, at + i) - '0';
		if (digit > 9)
			break;
		number = number * 10 + digit;
	}
	return number;
}

/*
 * Seconds for which a 200 to a REGISTER binds: of all the bindings of the address-of-record that
 * it lists (RFC 3261 section 10.3) the longest, since which one is the phone's own does not show.
 * 0: it has none.
 */
static __always_inline __u32 reply_binding(const struct sip_reader *r)
{
	const struct sip_message *m = &r->message;
	__u32 at, end, longest = 0, seconds;

	if (!(m->seen & SIP_SEEN(CONTACT)))
		return 0;
	at = m->field[SIP_FIELD_CONTACT].at;
	end = m->body < at + REPLY_BINDINGS ? m->body : at + REPLY_BINDINGS;
	for (int i = 0; i < REPLY_CONTACTS; i++) {
		at = span_find(r, at, end, SIP_WORD('e', 'x', 'p', 'i', 'r', 'e', 's', '='), 8);
		if (!at)
			break;
		seconds = reply_number(r, at);
		if (seconds > longest)
			longest = seconds;
	}
	if (!longest)
		longest = m->expires;
	return longest < SG_PROVEN_DAYS * 86400 ? longest : SG_PROVEN_DAYS * 86400;
}

/* What is known of the request that a reply answers, whose flow is that of the packet. */
struct answer {
	const struct packet *p;
	const struct sg_config *config;
	const struct sip_reader *r; /* the reply */
	__u64 now;
	__u32 slot;
	__u32 status;
	__u32 proof;      /* enum sg_proof of where the reply goes, or REPLY_LISTED */
	__u64 salt;       /* of secrets */
	__u32 owner;      /* enum secret_owner: whose challenge the request answered */
	bool asked;       /* it was seen */
	bool there;       /* no forger elsewhere could have asked so */
};

/* The nonce that the next request is to have, as good as a challenge: RFC 7616 section 3.5. */
static __always_inline void answer_next_nonce(const struct answer *a)
{
	__u32 at = secret_field(a->r, a->r->message.start_line.length,
				SIP_WORD('\n', 'a', 'u', 't', 'h', 'e', 'n', 't'));

	if (at)
		secret_tell(a->p, secret_nonce(a->r, at, a->salt, 't'));
}

/* A number for the address-of-record: of several tenants may have the same user. */
static __always_inline __u64 answer_user(const struct answer *a)
{
	const struct sip_party *to = &a->r->message.party[SIP_TO];
	__u64 host = span_hash(a->r, to->host.at, to->host.length, a->salt);

	return span_hash(a->r, to->user.at, to->user.length, host);
}

/* A REGISTER was accepted. */
static __always_inline void answer_registered(const struct answer *a)
{
	__u32 seconds = reply_binding(a->r);
	__u64 user = answer_user(a);
	bool there = a->there || a->config->proven_unchallenged;

	if (!there && seconds && a->owner == SECRET_SHARED)
		there = account_proves(a->p, user);
	flow_registers(a->p, seconds, user >> 32, there);
}

/* Success: the flow is what it says, if it cannot be forged. */
static __always_inline void answer_success(const struct answer *a)
{
	__u32 method = a->r->message.cseq_method_id;

	answer_next_nonce(a);
	if (a->owner != SECRET_OTHERS)
		offence_forgive(a->p, a->slot, SG_OFFENCE_AUTH_SOURCE);
	if (a->owner == SECRET_FLOW || a->owner == SECRET_SHARED)
		offence_forgive(a->p, a->slot, SG_OFFENCE_AUTH);
	if (method == SG_METHOD_REGISTER)
		answer_registered(a);
	if (method != SG_METHOD_INVITE)
		return;
	/* Else the ACK has to come, with this tag. */
	if (a->there)
		flow_proves(a->p, SG_PROOF_CALL, a->config->proven_call);
	else
		secret_tell(a->p, secret_to_tag(a->r, a->salt));
}

/*
 * A server has a challenge for each algorithm (RFC 8760); the client answers one of them. `line`:
 * how the lines of their header field begin. Nothing else is looked at: From and others repeat what
 * a forger wrote.
 */
static __always_inline void answer_challenge(const struct answer *a, __u64 line)
{
	__u32 at = a->r->message.start_line.length;

	for (int i = 0; i < REPLY_NONCES; i++) {
		at = secret_field(a->r, at, line);
		if (!at)
			break;
		secret_tell(a->p, secret_nonce(a->r, at, a->salt, 0));
	}
}

/* Those of servers and those of proxies: one reply may have both (RFC 3261 section 22.3). */
static __always_inline void answer_challenges(const struct answer *a)
{
	answer_challenge(a, SIP_WORD('\n', 'w', 'w', 'w', '-', 'a', 'u', 't'));
	answer_challenge(a, SIP_WORD('\n', 'p', 'r', 'o', 'x', 'y', '-', 'a'));
}

/*
 * A wrong password, of a flow and of all those of its source. Of a flow that is proven it has to
 * answer a challenge that only it was sent, or anybody may have forged it; of others a nonce that
 * was told to this flow and others counts as well, or a guesser could have it told to others.
 */
static __always_inline __u32 answer_failure(const struct answer *a)
{
	__u32 reason;

	if (a->owner == SECRET_OTHERS || (a->owner == SECRET_SHARED && proof_counts(a->proof)))
		return SG_REASON_NONE;
	reason = offence_note(a->p, a->slot, SG_OFFENCE_AUTH_SOURCE, 0);
	if (reason || a->owner == SECRET_SOURCE)
		return reason;
	return offence_note(a->p, a->slot, SG_OFFENCE_AUTH, 0);
}

static __always_inline __u32 answer_unknown_user(const struct answer *a)
{
	const struct sip_span *user = &a->r->message.party[SIP_TO].user;

	return offence_note(a->p, a->slot, SG_OFFENCE_ENUMERATION,
			    span_hash(a->r, user->at, user->length, 0) >> 32);
}

/* A reason if its request was one offence too many; the reply itself goes its way. */
static __always_inline __u32 answer_read(const struct answer *a)
{
	bool proven = proof_counts(a->proof);

	switch (a->status) {
	case 401:
	case 407:
		answer_challenges(a);
		return a->proof != REPLY_LISTED ? answer_failure(a) : SG_REASON_NONE;
	case 403: /* of who is proven it is not the password that is wrong */
		return proven ? SG_REASON_NONE : answer_failure(a);
	case 404:
	case 484:
	case 604:
		return a->asked && !proven ? answer_unknown_user(a) : SG_REASON_NONE;
	default:
		if (a->asked)
			answer_success(a);
		return SG_REASON_NONE;
	}
}

/*
 * Reads a message that leaves; how much of it there is to know does not matter. enum of its kind.
 * Global, for the stack's sake.
 */
__noinline int reply_read(struct __sk_buff *skb, const struct packet *p, __u32 slot)
{
	const struct sg_config *config = map_config(slot);
	struct sip_reader *r = map_reader();

	if (!p || !r || !config || sip_reader_load(skb, r, 0, p->offset, p->length, HOOK_SKB))
		return 0;
	r->input.wanted = 0;
	r->input.length = p->length;
	r->input.flags = p->first_fragment ? SIP_MORE : 0;
	sip_read(r, &config->caps);
	return r->message.kind;
}

/*
 * Our own server asks somebody: the answers are wanted, and no more. It may ask for a stranger, who
 * has named the way (a Route, or an ACK of a dialog that does not exist); so only the answer to an
 * INVITE proves something, since it repeats a branch that was told to nobody else: message_hear().
 */
static __always_inline void reply_contact(struct __sk_buff *skb, struct guard *g)
{
	const struct sip_reader *r = map_reader();

	if (g->method == SG_METHOD_ACK || !r)
		return;
	flow_proves(g->p, SG_PROOF_CONTACT,
		    g->method == SG_METHOD_INVITE ? REPLY_RING : REPLY_WAIT);
	if (g->method == SG_METHOD_INVITE && reply_read(skb, g->p, g->slot) == SIP_REQUEST)
		secret_tell(g->p, secret_branch(r, g->state->secret[1]));
}

/*
 * Learns from the reply that was read. A reason as answer_read(). The flow of the packet becomes
 * that of the request: a reply goes where the Via says, and that may be another port (RFC 3261
 * 18.2.2).
 */
__noinline int reply_learn(struct packet *p, __u32 slot, __u32 status, __u32 proof)
{
	const struct sg_state *state = map_state();
	struct answer a = {
		.p = p,
		.config = map_config(slot),
		.r = map_reader(),
		.now = clock_now(),
		.slot = slot,
		.status = status,
		.proof = proof,
	};
	__u64 cell;

	if (!p || !state || !a.config || !a.r)
		return SG_REASON_NONE;
	cell = transaction_recall(transaction_key(a.r, p->source), a.now);
	if (cell) {
		p->source_port = cell >> TRANSACTION_PORT;
		p->flow = flow_hash(p, state);
	}
	a.salt = state->secret[1];
	a.asked = cell != 0;
	a.owner = cell >> TRANSACTION_FLAGS & TRANSACTION_OWNER;
	a.there = a.owner >= SECRET_SOURCE || p->transport == IPPROTO_TCP;
	return answer_read(&a);
}

/* Of "SIP/2.0 200 ": the status, 0 if it is none. */
static __always_inline __u32 reply_status(const __u8 *start)
{
	__u32 a = start[8] - '0', b = start[9] - '0', c = start[10] - '0';

	return a > 6 || b > 9 || c > 9 ? 0 : a * 100 + b * 10 + c;
}

static __always_inline __u32 reply_judge(struct __sk_buff *skb, struct guard *g, __u32 status)
{
	if (lists_find(g) == SG_LIST_ALLOW)
		return SG_REASON_NONE;
	zones_find(g);
	/* A handshake of TCP is not completed by whom a forger names. */
	if (pays_budget(g) && g->p->transport == IPPROTO_UDP) {
		__u32 reason = reply_limit(g);

		if (verdict_is_final(g, reason))
			return reason;
	}
	if (reply_tells(status) && reply_read(skb, g->p, g->slot) == SIP_RESPONSE)
		verdict_note(g, reply_learn(g->p, g->slot, status,
					    g->listed ? REPLY_LISTED : g->proof));
	return SG_REASON_NONE;
}

/* The server accepts a SYN, or sends one: see stream.bpf.h. */
static __always_inline void reply_accepts(struct guard *g)
{
	g->p->flow = flow_hash(g->p, g->state);
	stream_open(g->p, clock_now());
}

SEC("tc")
int reply(struct __sk_buff *skb)
{
	struct guard guard = {}, *g = &guard;
	__u8 start[16] __attribute__((aligned(8)));
	__u32 kind, status;

	if (!guard_open(g) || !reply_packet(skb, g->p))
		return TC_ACT_UNSPEC;
	g->role = port_role(g, g->p->transport, g->p->port);
	if (g->role && g->p->tcp_flags & TCP_SYN)
		reply_accepts(g);
	if (!g->p->length)
		return TC_ACT_UNSPEC;
	if ((g->role != SG_PORT_UDP && g->role != SG_PORT_TCP) ||
	    bpf_skb_load_bytes(skb, g->p->offset, start, sizeof(start)))
		return TC_ACT_UNSPEC;
	g->now = clock_now();
	kind = known_start(start, start + sizeof(start), g->p->length);
	g->method = KIND_METHOD(kind);
	status = kind == CLASSED(RESPONSE) ? reply_status(start) : 0;
	if (!status && g->method == SG_METHOD_NONE)
		return TC_ACT_UNSPEC;
	flow_know(g);
	if (status) {
		g->stats->event[SG_EVENT_REPLIES_SEEN]++;
		return verdict_reply(g, reply_judge(skb, g, status));
	}
	reply_contact(skb, g);
	return TC_ACT_UNSPEC;
}
