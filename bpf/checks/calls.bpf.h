/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How many calls somebody has at the same time: what an account that was stolen is used for is many
 * calls at once, few of them a minute. Held against him are calls that our server has let him have,
 * from the 2xx that it sends to him on; not what he asks for, which anybody asks in his name.
 *
 * Who lies: the server answers a forger's INVITE, too, by a 2xx that goes to whose address he
 * wrote. So over UDP a call counts once its ACK has come with the tag that this source was told
 * (RFC 3261 section 13.2.2.4), or if its INVITE had a nonce that nobody else was told. And it ends
 * by the server's word: a 2xx or 481 to BYE, or a BYE of its own. A 481 counts for a BYE of the
 * side that has made the call alone: the server says that, too, to one whose tags are exchanged,
 * which is of no dialog that it has. Behind a proxy that follows no dialogs, who makes a call may
 * have a BYE of it answered by himself, and so end it here alone.
 */
#ifndef SIPGUARD_CHECK_CALLS_BPF_H
#define SIPGUARD_CHECK_CALLS_BPF_H

#include "checks/callee.bpf.h"
#include "checks/limits.bpf.h"
#include "checks/policy.bpf.h"
#include "state/calls.bpf.h"
#include "verdict.bpf.h"

/* Whom a call is held against: a registered flow, or a source. Never 0. */
static __always_inline __u64 calls_who(const struct guard *g)
{
	bool registered = !g->in_zone && g->proof == SG_PROOF_REGISTER;

	return (registered ? g->p.flow : source_hash(&g->p)) | 1;
}

/* Of a zone only if its profile says so: a trunk has as many calls as a carrier has. */
static __always_inline bool calls_limited(const struct guard *g)
{
	return profile_of(g)->calls_most && (!g->in_zone || profile_of(g)->calls_zones);
}

/* --- what the server says --- */

/*
 * A 2xx to an INVITE leaves, which was recalled; or one to a re-INVITE of either side, by which the
 * call is heard of again. Global, as all of these, since few packets need it.
 */
__noinline int calls_answered(const struct guard *g)
{
	struct sg_calls *line;
	struct sg_call *call;
	__u64 key;

	if (!g)
		return 0;
	key = call_key(&g->reader);
	call = call_find(key, g->now);
	if (call) {
		if (call->state & CALL_COUNTS)
			call_count(call, g->now);
		return 0;
	}
	if (!g->p.recalled || !g->p.begins || !calls_limited(g))
		return 0;
	line = key ? call_line(key) : NULL;
	call = line ? call_room(line, g->evident, g->now) : NULL;
	if (!call)
		return 0;
	*call = (struct sg_call){
		.tag = (__u32)(key >> 32) | 1,
		.state = call_epoch(g->now) << CALL_SHIFT | call_turned(&g->reader),
		.who = calls_who(g),
	};
	if (g->evident)
		call_count(call, g->now);
	return 0;
}

/* The server, or its reply, says that a call is over. */
__noinline int calls_end(const struct guard *g)
{
	struct sg_call *call = g ? call_find(call_key(&g->reader), g->now) : NULL;

	if (!call || (g->status == 481 && (call->state & CALL_TURNED) != call_turned(&g->reader)))
		return 0;
	call_uncount(call, g->now);
	call->tag = 0;
	return 0;
}

/* Whether it may say so by a reply that nobody else reads. */
static __always_inline bool calls_tell(const struct guard *g)
{
	return config_of(g)->calls && g->status == 481;
}

/* A reply of the server leaves, and was read. */
static __always_inline void calls_hear(const struct guard *g)
{
	__u32 method = g->reader.message.cseq_method_id;

	if (!config_of(g)->calls)
		return;
	if (method == SG_METHOD_INVITE && g->status / 100 == 2)
		calls_answered(g);
	else if (method == SG_METHOD_BYE && (g->status / 100 == 2 || g->status == 481))
		calls_end(g);
}

/* --- what comes in --- */

/* An ACK was let in: if it has what the server told this source, the call is there. */
__noinline int calls_complete(const struct guard *g)
{
	struct sg_call *call;

	if (!g || secret_owner(&g->p, secret_to_tag(&g->reader)) < SECRET_SOURCE)
		return 0;
	call = call_find(call_key(&g->reader), g->now);
	if (call && !(call->state & CALL_COUNTS))
		call_count(call, g->now);
	return 0;
}

static __always_inline void calls_learn_request(const struct guard *g)
{
	if (config_of(g)->calls && g->method == SG_METHOD_ACK)
		calls_complete(g);
}

/*
 * Of a new INVITE. Emergency calls are nobody's to limit; of these only the Request-URI is
 * believed, as in callee_check(). Global, or its ways are followed through what comes before.
 */
__noinline int calls_check(const struct guard *g)
{
	struct sg_caller *c;

	if (!g)
		return SG_REASON_NONE;
	c = caller_find(calls_who(g));
	if (!c || caller_live(c, g->now) < profile_of(g)->calls_most ||
	    policy_is_sos(&g->reader, &g->reader.message.party[SIP_URI]) ||
	    priority_precedes(g))
		return SG_REASON_NONE;
	return SG_REASON_LIMIT_CALLS;
}

static __always_inline bool calls_applies(const struct guard *g)
{
	return calls_limited(g) && verdict_looks(g, SG_REASON_LIMIT_CALLS);
}

#endif
