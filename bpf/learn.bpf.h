/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a message proves, and what is remembered of it for the server's replies (reply.bpf.c): a
 * step of its own behind the last check. Who was refused has proven nothing, and is not remembered.
 */
#ifndef SIPGUARD_LEARN_BPF_H
#define SIPGUARD_LEARN_BPF_H

#include "checks/calls.bpf.h"
#include "checks/dialog.bpf.h"
#include "checks/guess.bpf.h"
#include "checks/overload.bpf.h"
#include "checks/request.bpf.h"
#include "figures.bpf.h"
#include "state/proven.bpf.h"

/*
 * A number for a call, by all that a server may go by when it decides whether it challenges it.
 * Not by a hash of no more than SPAN_HASHED bytes of each, or who makes them longer has one number
 * for several. Global, since few packets need it.
 */
__noinline int learn_call(const struct sip_reader *r, __u64 hash)
{
	const struct sip_span *span;

	if (!r)
		return 0;
	span = &r->message.uri;
	hash = span_sum(r, span->at, span->at + span->length, hash);
	span = &r->message.field[SIP_FIELD_FROM];
	hash = span_sum(r, span->at, span->at + span->length, hash);
	span = &r->message.field[SIP_FIELD_TO];
	hash = span_sum(r, span->at, span->at + span->length, hash);
	return hash >> 32 | 1;
}

/*
 * That a server accepts a call says nothing of its credentials, unless it challenges such a call:
 * most look at no credentials of calls to their own users. Of a server that challenges none of
 * them there is nothing to remember.
 */
static __always_inline void learn_checks(struct guard *g)
{
	struct packet *p = &g->p;
	__u32 call;

	p->checked = 0;
	if (g->reader.message.method_id != SG_METHOD_INVITE ||
	    sg_state.challenges_until <= g->now)
		return;
	call = learn_call(&g->reader, SECRET_SALT);
	if (p->credentials)
		p->checked = secret_challenged(p, call);
	else
		p->user = call;
}

/* What an ACK with the tag of our 2xx proves: RFC 3261 section 13.2.2.4. */
static __always_inline bool learn_is_complete(const struct guard *g)
{
	return g->reader.message.method_id == SG_METHOD_ACK &&
	       secret_owner(&g->p, secret_to_tag(&g->reader)) == SECRET_FLOW;
}

/* Remembers the transaction of a new request. Global: copies need none of it. */
__noinline int learn_transaction(struct guard *g)
{
	struct sg_transactions *line;
	struct sg_transaction *t;

	if (!g)
		return 0;
	line = transaction_line(g->p.transaction);
	if (!line)
		return 0;
	t = transaction_at(line, g->p.place);
	learn_checks(g);
	if (g->p.credentials && !g->in_zone)
		guess_begin(g);
	if (overload_watches(g))
		overload_asked(g);
	g->p.begins = g->method == SG_METHOD_INVITE && !g->reader.message.party[SIP_TO].tag.length;
	transaction_put(t ? t : transaction_oldest(line, g->now), &g->p, g->p.transaction,
			overload_begun(g, t));
	return 0;
}

/*
 * A new call that has the transaction of another INVITE: without the magic cookie the server tells
 * the two by To, see callee_is_called(), and what it says may be of this one. Global, likewise.
 */
__noinline int learn_begins(const struct guard *g)
{
	struct sg_transaction *t;

	if (!g)
		return 0;
	t = transaction_recall(transaction_key(&g->reader, packet_fold6(g->p.address32)), g->now);
	if (t)
		t->begins = 1;
	return 0;
}

/* Of a request, after request_know(). */
static __always_inline void learn_request(struct guard *g)
{
	bool complete = learn_is_complete(g);

	if (g->admitted) {
		count_one(SG_COUNT_GREYLIST_ADMITTED);
		flow_proves(g, SG_PROOF_GREYLIST, PROVEN_GREYLIST);
	}
	if (complete)
		flow_proves(g, SG_PROOF_CALL, config_of(g)->proven_call);
	dialog_learn_request(g, complete);
	calls_learn_request(g);
	if (g->fresh)
		learn_transaction(g);
	else if (config_of(g)->calls && callee_is_called(g))
		learn_begins(g);
	if (figures_apply(g))
		figures_asked(g);
}

/*
 * The answer to an INVITE of our own server proves its flow: only who got it knows the branch. What
 * else the server sends, strangers can have it send to where they like.
 *
 * Our server has sent a proven flow requests; what such a one challenges that no zone has, and what
 * the server passes on of that, is a callee's: see answer_is_relayed(). Global, likewise.
 */
__noinline int learn_response(struct guard *g)
{
	const struct sip_message *m;
	__u64 branch;

	if (!g || g->reader.message.kind != SIP_RESPONSE)
		return 0;
	m = &g->reader.message;
	if (m->status / 100 == 2 && m->cseq_method_id == SG_METHOD_INVITE) {
		branch = secret_branch(&g->reader);
		if (secret_owner(&g->p, branch) >= SECRET_SOURCE)
			flow_proves(g, SG_PROOF_CALL, config_of(g)->proven_call);
	}
	if (is_proven(g) && !g->in_zone && m->cseq_method_id != SG_METHOD_REGISTER &&
	    (m->status == 401 || m->status == 407))
		secret_comes(&g->p, &g->reader);
	return 0;
}

#endif
