/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a request shows of its sender, before it is judged by that: the fingerprint of an attack
 * tool, whose credentials it has and by which challenge, whom it asks for, and whether it is a copy
 * of one that was admitted. Nothing is remembered here: see learn.bpf.h.
 */
#ifndef SIPGUARD_REQUEST_BPF_H
#define SIPGUARD_REQUEST_BPF_H

#include "checks/limits.bpf.h"
#include "signatures.h"
#include "state/known.bpf.h"
#include "state/secrets.bpf.h"
#include "state/transaction.bpf.h"

/* Of Authorization, and as many of Proxy-Authorization. */
#define REQUEST_CREDENTIALS SG_FIXED_CREDENTIALS
#define REQUEST_HAS_CREDENTIALS                                                                   \
	(1ULL << SIP_FIELD_AUTHORIZATION | 1ULL << SIP_FIELD_PROXY_AUTHORIZATION)

/*
 * What the credentials in the fields `id` tell, whose lines begin with `line`: a request has some
 * for each realm (RFC 3261 section 22.3). The best of their nonces counts. They are of a user if
 * all are, and all were looked at: else who has an account would have guesses of others count as
 * his.
 */
static __always_inline void request_answers(const struct sip_reader *r, struct packet *p,
					    __u32 id, __u64 line)
{
	const struct sip_span *first = &r->message.field[id];
	__u32 at = first->at, owner, user;

	if (!(r->message.seen & 1ULL << id))
		return;
	for (int i = 0; i < REQUEST_CREDENTIALS && at; i++) {
		owner = secret_owner(p, secret_hash(r, at, SECRET_IS_NONCE));
		user = secret_user(r, at);
		if (owner > p->owner)
			p->owner = owner;
		p->user = !p->user || p->user == user ? user : SECRET_OF_NOBODY;
		at = r->message.again & 1ULL << id ? span_line(r, at, line) : 0;
	}
	if (at)
		p->user = SECRET_OF_NOBODY;
}

/*
 * A number for all credentials of a request: of all that follows the first of them in the header.
 * A copy is equal in each byte; of one that is not, the server judges what differs.
 */
static __always_inline __u16 request_tells_apart(const struct sip_reader *r)
{
	__u32 at = r->message.body, field;

	if (r->message.seen & SIP_SEEN(AUTHORIZATION))
		at = r->message.field[SIP_FIELD_AUTHORIZATION].at;
	field = r->message.field[SIP_FIELD_PROXY_AUTHORIZATION].at;
	if (r->message.seen & SIP_SEEN(PROXY_AUTHORIZATION) && field < at)
		at = field;
	return span_sum(r, at, r->message.body, SECRET_SALT) >> 48 | 1;
}

/* The credentials of the request of a packet, of which nothing is known yet. */
__noinline int request_credentials(const struct sip_reader *r, struct packet *p)
{
	if (!r || !p)
		return 0;
	p->credentials = request_tells_apart(r);
	request_answers(r, p, SIP_FIELD_AUTHORIZATION,
			SIP_WORD('\n', 'a', 'u', 't', 'h', 'o', 'r', 'i'));
	request_answers(r, p, SIP_FIELD_PROXY_AUTHORIZATION,
			SIP_WORD('\n', 'p', 'r', 'o', 'x', 'y', '-', 'a'));
	if (p->user == SECRET_OF_NOBODY)
		p->user = 0;
	return 0;
}

/*
 * Whether a nonce that this source was never told is its user's own, see known_roams(): that of the
 * first field, since it is a phone that roams. Global, and apart from the loop over fields,
 * where it is verified for each of them (28 000 instructions, clang 19, 6.1).
 */
__noinline int request_roams(struct guard *g)
{
	__u32 id = SIP_FIELD_AUTHORIZATION;
	const struct sip_message *m;

	if (!g || g->p.owner != SECRET_OTHERS)
		return 0;
	m = &g->reader.message;
	if (!(m->seen & SIP_SEEN(AUTHORIZATION)))
		id = SIP_FIELD_PROXY_AUTHORIZATION;
	g->p.roams = known_roams(secret_hash(&g->reader, m->field[id].at, SECRET_IS_NONCE),
				 g->p.user);
	return 0;
}

/*
 * A number for the user that a request asks for, by what the server may go: the user of the
 * Request-URI, and that of To. 0: it asks for nobody. BYE and PRACK do not in a dialog; out of one
 * many servers look for their user as for that of any other method.
 */
static __always_inline __u16 request_asked(const struct sip_reader *r)
{
	const struct sip_span *to = &r->message.party[SIP_TO].user;
	const struct sip_span *uri = &r->message.party[SIP_URI].user;
	__u32 method = r->message.method_id;
	__u64 user;

	if (method == SG_METHOD_ACK || method == SG_METHOD_CANCEL ||
	    ((method == SG_METHOD_BYE || method == SG_METHOD_PRACK) &&
	     r->message.party[SIP_TO].tag.length))
		return 0;
	user = span_hash_inline(r, to->at, to->length, SECRET_SALT);
	user = span_hash_inline(r, uri->at, uri->length, user) >> 48;
	return user ? user : 1;
}

/*
 * Whose fingerprint the request bears: SCANNER, LOOKALIKE or none. Global, as few may have one: see
 * sg_signature_may_be().
 */
__noinline int request_signature(const struct sip_reader *r)
{
	__u32 found;

	if (!r)
		return SG_REASON_NONE;
	found = sg_signature_find(r);
	if (found == SG_SIGNATURE_SCANNER)
		return SG_REASON_SCANNER;
	return found == SG_SIGNATURE_LOOKALIKE ? SG_REASON_LOOKALIKE : SG_REASON_NONE;
}

/*
 * A request that has the transaction of another one, which is not answered: which of them a reply
 * means cannot be told. So it is one with credentials that are nobody's, or a guess would be hidden
 * by what is sent behind it: no credentials, or those of an account of one's own.
 */
static __always_inline void request_mixes(struct packet *p, const struct sg_transaction *t)
{
	p->mixed = t && (t->mixed || (!t->answered && t->credentials &&
				      t->credentials != p->credentials));
	if (!p->mixed)
		return;
	if (!p->credentials)
		p->credentials = t->credentials;
	p->user = 0;
	p->owner = SECRET_OTHERS;
}

/*
 * The key of the transaction of a request, 0 if it has none. Of many its line is not in the cache:
 * it is asked for here, and comes while other things are looked at.
 */
static __always_inline __u64 request_key(struct guard *g)
{
	__u64 call = transaction_call_as(&g->reader, packet_fold6(g->p.address32), true);
	__u32 method = g->reader.message.cseq_method_id;
	__u64 key = transaction_key_in(&g->reader, call, method, true);
	struct sg_transactions *line = transaction_line(key);

	g->p.call = call;
	if (line) {
		(void)*(volatile __u32 *)&line->transaction[0];
		(void)*(volatile __u32 *)&line->transaction[TRANSACTION_LINE / 2];
	}
	return key;
}

/* What that says of it: a copy, new, or neither, since it has none. */
static __always_inline void request_is_new(struct guard *g, __u64 key)
{
	struct sg_transactions *line = key ? transaction_line(key) : NULL;
	struct sg_transaction *t;

	if (!line)
		return;
	g->p.transaction = key;
	g->p.place = transaction_place(line, key);
	t = transaction_at(line, g->p.place);
	if (!t || !transaction_is_same(t, g->p.credentials, g->now)) {
		g->fresh = 1;
		request_mixes(&g->p, t);
	} else if (transaction_is_copy(t, g->now)) {
		g->copy = 1;
		count_one(SG_COUNT_RETRANSMISSIONS);
	}
}

/*
 * Finds out all that. A proven flow may call itself what it likes: it has no fingerprint. Whom a
 * request asks for is only asked of one that is fresh.
 */
static __always_inline void request_know_inline(struct guard *g)
{
	struct packet *p = &g->p;
	__u64 key;

	g->signature = g->copy = g->fresh = 0;
	p->user = p->credentials = p->owner = p->asked = p->known = p->roams = 0;
	p->mixed = p->waits = p->checked = 0;
	p->call = 0;
	if (g->reader.message.kind != SIP_REQUEST)
		return;
	key = request_key(g);
	if (!is_proven(g) && sg_signature_may_be(&g->reader))
		g->signature = request_signature(&g->reader);
	if (g->reader.message.seen & REQUEST_HAS_CREDENTIALS) {
		request_credentials(&g->reader, p);
		request_roams(g);
	}
	request_is_new(g, key);
	if (g->fresh && !is_proven(g))
		p->asked = request_asked(&g->reader);
}

/* The same where it is not in the way of each request. */
__noinline int request_know(struct guard *g)
{
	if (g)
		request_know_inline(g);
	return 0;
}

static __always_inline __u32 fingerprint_check(const struct guard *g)
{
	return g->signature;
}

#endif
