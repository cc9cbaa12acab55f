/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What belongs to no dialog and to no transaction that the guard has seen: BYE, re-INVITE and their
 * like, CANCEL, ACK, and responses to what our server has never sent. A guard that was not there
 * when a call began, or was on another path, does not know it: so nothing is judged before it has
 * listened for a time, and what is found is counted, and limited if the operator says so.
 *
 * Only what leaves teaches, or repeats what has left: our server's replies, its requests, and the
 * responses that bear a branch of these. What a forger sends, and the server does not answer, is
 * remembered nowhere here.
 */
#ifndef SIPGUARD_DIALOG_BPF_H
#define SIPGUARD_DIALOG_BPF_H

#include "checks/limits.bpf.h"
#include "checks/policy.bpf.h"
#include "packet/spans.bpf.h"
#include "state/dialogs.bpf.h"
#include "state/transaction.bpf.h"
#include "verdict.bpf.h"

/* Nothing has left for as long: the guard was deaf, and does not know what began meanwhile. */
#define DIALOG_DEAF (SG_FIXED_DIALOG_DEAF * SG_NSEC_PER_SEC)

#define DIALOG_METHOD(name) (1U << SG_METHOD_##name)
/* Begin a dialog (RFC 3261 section 12.1, RFC 6665 section 4.1, RFC 3515 section 2.4.4). */
#define DIALOG_BEGINS (DIALOG_METHOD(INVITE) | DIALOG_METHOD(SUBSCRIBE) | DIALOG_METHOD(REFER))
/*
 * With a tag in To are in one. Others may be, but OPTIONS and unknown ones are sent with tags of
 * their sender's own making, REGISTER and PUBLISH never make one, and CANCEL has none.
 */
#define DIALOG_WITHIN                                                                             \
	(DIALOG_BEGINS | DIALOG_METHOD(ACK) | DIALOG_METHOD(BYE) | DIALOG_METHOD(PRACK) |         \
	 DIALOG_METHOD(NOTIFY) | DIALOG_METHOD(UPDATE) | DIALOG_METHOD(MESSAGE) |                 \
	 DIALOG_METHOD(INFO))

static __always_inline bool dialog_has(__u32 methods, __u32 method)
{
	return methods >> (method & 31) & 1;
}

static __always_inline bool dialog_has_tag(const struct sip_reader *r)
{
	return r->message.party[SIP_TO].tag.length;
}

static __always_inline bool dialog_is_known_sender(const struct guard *g)
{
	return g->in_zone || is_proven(g);
}

/* --- what is learned --- */

/* Something leaves by a guarded interface. */
static __always_inline void dialog_hears(const struct guard *g)
{
	if (!config_of(g)->dialogs)
		return;
	if (sg_state.dialogs_until <= g->now)
		*(volatile __u64 *)&sg_state.dialogs_since = g->now;
	server_shows(&sg_state.dialogs_until, g->now, DIALOG_DEAF);
}

/* A request of our server leaves, and was read. Global, as all of these, for who passes them by. */
__noinline int dialog_sends(const struct guard *g)
{
	const struct sip_reader *r;
	__u32 method;

	if (!g)
		return 0;
	r = &g->reader;
	method = r->message.method_id;
	if (method != SG_METHOD_ACK)
		dialog_note(dialog_branch(r), DIALOG_SENT,
			    method == SG_METHOD_INVITE ? DIALOG_RINGS : DIALOG_BRANCH);
	if (dialog_has_tag(r) ? !dialog_has(DIALOG_WITHIN, method)
			      : !dialog_has(DIALOG_BEGINS, method))
		return 0;
	if (method == SG_METHOD_BYE)
		dialog_ends(dialog_call(r));
	else
		dialog_note(dialog_call(r), DIALOG_ASKED, DIALOG_SHORT);
	return 0;
}

/*
 * A response with a tag: of our server, or to it with a branch that it has sent. A 2xx in a dialog
 * says that there is one, so who was not there when it began learns it from that.
 */
static __always_inline void dialog_answered(const struct sip_message *m, __u64 call, bool known)
{
	if (!dialog_has(DIALOG_WITHIN, m->cseq_method_id))
		return;
	/* Phones keep their NAT open by NOTIFYs of no dialog, each with a Call-ID of its own. */
	if (m->cseq_method_id == SG_METHOD_NOTIFY && !dialog_noted(call))
		return;
	if (m->status / 100 == 1)
		dialog_note(call, DIALOG_ASKED, DIALOG_SHORT);
	else if (m->status / 100 == 2 && m->cseq_method_id == SG_METHOD_BYE)
		dialog_ends(call);
	else if (m->status / 100 == 2 && m->cseq_method_id != SG_METHOD_MESSAGE)
		dialog_note(call, known ? DIALOG_KNOWN : DIALOG_ANSWERED, 0);
}

/* A reply of our server leaves, and was read: to one who is known (or allowed), or not. */
__noinline int dialog_answers(const struct guard *g, __u32 known)
{
	if (g && dialog_has_tag(&g->reader))
		dialog_answered(&g->reader.message, dialog_call(&g->reader), known);
	return 0;
}

/* A response was let in. One that repeats no branch of ours teaches nothing. */
__noinline int dialog_response(const struct guard *g)
{
	const struct sip_message *m;
	__u64 branch;

	if (!g || g->reader.message.kind != SIP_RESPONSE)
		return 0;
	m = &g->reader.message;
	branch = dialog_branch(&g->reader);
	if (!dialog_noted(branch))
		return 0;
	if (m->status / 100 == 1) /* it rings on */
		dialog_note(branch, DIALOG_SENT, m->cseq_method_id == SG_METHOD_INVITE
							 ? DIALOG_RINGS : DIALOG_BRANCH);
	if (dialog_has_tag(&g->reader))
		dialog_answered(m, dialog_call(&g->reader), dialog_is_known_sender(g));
	return 0;
}

/*
 * A request in a dialog was let in, of a known sender, or of one who has just become it: it goes
 * on. By BYE it ends, but only if the server says so.
 */
__noinline int dialog_goes_on(const struct guard *g)
{
	__u64 call;

	if (!g || g->method == SG_METHOD_BYE || !dialog_has(DIALOG_WITHIN, g->method))
		return 0;
	call = dialog_call(&g->reader);
	if (dialog_noted(call))
		dialog_note(call, DIALOG_KNOWN, 0);
	return 0;
}

static __always_inline void dialog_learn_request(const struct guard *g, bool complete)
{
	if (config_of(g)->dialogs && dialog_has_tag(&g->reader) &&
	    (complete || dialog_is_known_sender(g)))
		dialog_goes_on(g);
}

static __always_inline void dialog_learn_response(const struct guard *g)
{
	if (config_of(g)->dialogs)
		dialog_response(g);
}

/* --- what is judged --- */

/* Whether the guard has listened for long enough to know what it does not know. */
static __always_inline bool dialog_has_listened(const struct guard *g)
{
	return sg_state.dialogs_until > g->now &&
	       g->now - sg_state.dialogs_since >= profile_of(g)->dialog_grace * SG_NSEC_PER_SEC;
}

/*
 * Whether a request that was read is one that belongs to something, or a response, which has to.
 * Not over TCP: of a connection that is older than the guard not all is read that leaves, so a
 * trunk would have dialogs that nobody has learned; and nobody forges it.
 */
static __always_inline bool dialog_applies(const struct guard *g)
{
	return g->p.transport == IPPROTO_UDP &&
	       (g->class == SG_CLASS_RESPONSE || dialog_has_tag(&g->reader) ||
		g->method == SG_METHOD_CANCEL);
}

/* Where a header is cut off, what it belongs to may stand in the rest. */
static __always_inline bool dialog_is_looked_at(const struct guard *g)
{
	return (verdict_looks(g, SG_REASON_DIALOG_UNKNOWN) ||
		verdict_looks(g, SG_REASON_TRANSACTION_UNKNOWN) ||
		verdict_looks(g, SG_REASON_LIMIT_DIALOG)) &&
	       (!g->in_zone || profile_of(g)->dialog_zones) && dialog_has_listened(g) &&
	       !g->p.first_fragment && !g->copy;
}

/*
 * Whether the INVITE of a CANCEL, or of the ACK of its refusal, was let in: they have its branch,
 * number and Call-ID (RFC 3261 sections 9.1 and 17.1.1.3).
 */
static __always_inline bool dialog_was_asked(const struct guard *g)
{
	return transaction_recall(transaction_key_of(&g->reader, packet_fold6(g->p.address32),
						     SG_METHOD_INVITE), g->now);
}

static __always_inline __u32 dialog_request_check(const struct guard *g)
{
	const struct sip_reader *r = &g->reader;
	__u64 call = dialog_call(r);

	if (!call || (g->method != SG_METHOD_CANCEL && !dialog_has(DIALOG_WITHIN, g->method)) ||
	    policy_is_emergency(r) || !dialog_missing(call, DIALOG_ASKED))
		return SG_REASON_NONE;
	if ((g->method == SG_METHOD_CANCEL || g->method == SG_METHOD_ACK) && dialog_was_asked(g))
		return SG_REASON_NONE;
	return g->method == SG_METHOD_CANCEL ? SG_REASON_TRANSACTION_UNKNOWN
					     : SG_REASON_DIALOG_UNKNOWN;
}

static __always_inline __u32 dialog_response_check(const struct guard *g)
{
	__u64 branch = dialog_branch(&g->reader);

	return g->reader.message.kind == SIP_RESPONSE && dialog_missing(branch, DIALOG_SENT)
		       ? SG_REASON_TRANSACTION_UNKNOWN : SG_REASON_NONE;
}

/* Of what dialog_applies() to. Global, as few packets need it. */
__noinline int dialog_check(const struct guard *g)
{
	if (!g || !dialog_is_looked_at(g))
		return SG_REASON_NONE;
	return g->class == SG_CLASS_RESPONSE ? dialog_response_check(g) : dialog_request_check(g);
}

/*
 * What belongs to nothing is charged to its source, or to its flow if that is proven, since nobody
 * else may spend that.
 */
__noinline int dialog_limit_check(const struct guard *g)
{
	__u64 who;

	if (!g || !verdict_looks(g, SG_REASON_LIMIT_DIALOG))
		return SG_REASON_NONE;
	who = is_proven(g) ? g->p.flow : source_hash(&g->p);
	return rows_pay(&sg_strays, span_mix(who, DIALOG_OF_CALL), SG_STRAY_ROW, g->now,
			&profile_of(g)->dialog)
		       ? SG_REASON_NONE : SG_REASON_LIMIT_DIALOG;
}

#endif
