/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Our server has more to do than it can: it answers 503, or nothing. Then what begins something new
 * is shed, what can be done without first (RFC 7339 section 5.10.1 leaves the order to whoever
 * sheds); never what belongs to a dialog or to a request that was let in, nor an emergency call,
 * nor one that takes precedence (RFC 4412). A client of RFC 7339 would be told how much to send. We
 * cannot answer: what is shed comes again by timers A and E, and is let in if the level has fallen
 * by then.
 *
 * Seen is the server's own first reply to each request that was let in, in windows of a second: how
 * many are 503. That is one of the server itself, or one that it passes on from behind (RFC 3261
 * section 16.7 would make it 500, many do not), but none of a call that rang before. Or the server
 * sends no reply to anybody, though it is asked. Two such windows in a row raise the level by one;
 * after a time without it falls by one.
 *
 * Who lies: a stranger provokes 503 as he likes, by calls to a gateway that is down, and asks what
 * the server never answers. So only senders count that a zone or a proof makes known, and of these,
 * as anybody forges their addresses over UDP, only requests with credentials that the server looks
 * at. What remains is who has an account, and has the server refuse more than all others are
 * answered. With `overload: unchallenged` it is who forges the address of a zone or a proven flow.
 * By REGISTERs in their name that get a 401 he can in any case keep the share low.
 */
#ifndef SIPGUARD_CHECK_OVERLOAD_BPF_H
#define SIPGUARD_CHECK_OVERLOAD_BPF_H

#include "checks/guess.bpf.h"
#include "checks/limits.bpf.h"
#include "checks/policy.bpf.h"
#include "overload.h"
#include "state/streams.bpf.h"
#include "state/transaction.bpf.h"
#include "verdict.bpf.h"

#define OVERLOAD_WINDOW (SG_FIXED_OVERLOAD_WINDOW * (SG_NSEC_PER_SEC / 1000))
/* Of a window in which nobody looked. */
#define OVERLOAD_LONG (SG_FIXED_OVERLOAD_LONG * SG_NSEC_PER_SEC)
#define OVERLOAD_ROW SG_FIXED_OVERLOAD_ROW /* windows that raise the level */

static __always_inline bool overload_watches(const struct guard *g)
{
	return config_of(g)->overload_shed;
}

/* Whether something is shed, or was until now. */
static __always_inline bool overload_applies(const struct guard *g)
{
	return overload_watches(g) && *(const volatile __u32 *)&sg_state.overload.level;
}

static __always_inline __u64 overload_hold(const struct guard *g)
{
	return config_of(g)->overload_hold * SG_NSEC_PER_SEC;
}

static __always_inline __u32 overload_level(const struct guard *g, const struct sg_overload *o)
{
	return sg_overload_level(o, g->now, overload_hold(g));
}

/* Whether so many in a window of `span` ns tell something. */
static __always_inline bool overload_is_much(const struct guard *g, __u64 count, __u64 span)
{
	return span < OVERLOAD_LONG &&
	       count * SG_NSEC_PER_SEC >= config_of(g)->overload_least * span;
}

/*
 * Whether a request tells of the server and not of its sender, by what transaction.bpf.h remembers
 * of it. Of calls the server looks at the credentials if it has challenged such a one.
 */
static __always_inline bool overload_counts(const struct guard *g, __u32 method)
{
	if (!g->in_zone && !is_proven(g))
		return false;
	if (g->p.transport == IPPROTO_TCP || config_of(g)->overload_unchallenged)
		return true;
	return g->p.credentials && (method == SG_METHOD_REGISTER || g->p.checked);
}

/* A window was over the threshold: one level more if the one before it was, too. */
static __always_inline void overload_raise(const struct guard *g, struct sg_overload *o,
					   __u32 cause)
{
	__u32 level = overload_level(g, o);

	o->over++;
	if (o->over >= OVERLOAD_ROW) {
		o->over = 0;
		o->cause = level ? o->cause | cause : cause;
		if (!level) {
			o->since = g->now;
			count_one(SG_COUNT_OVERLOAD_ARMED);
		}
		if (level < SG_OVERLOAD_MOST)
			level++;
	} else if (!level) {
		return;
	}
	*(volatile __u64 *)&o->until = g->now + overload_hold(g);
	*(volatile __u32 *)&o->level = level;
}

/* A window was not. Of a level that has fallen to 0 nobody needs to reckon any more. */
static __always_inline void overload_rest(const struct guard *g, struct sg_overload *o)
{
	o->over = 0;
	if (o->level && !overload_level(g, o))
		*(volatile __u32 *)&o->level = 0;
}

/* What a window of `span` ns that has ended says; enum sg_overload_cause, or 0. */
static __always_inline __u32 overload_cause(const struct guard *g, struct sg_overload *o,
					    __u64 begin, __u64 span)
{
	__u64 answered = __sync_lock_test_and_set(&o->answered, 0);
	__u64 refused = __sync_lock_test_and_set(&o->refused, 0);
	__u64 asked = __sync_lock_test_and_set(&o->asked, 0);

	if (overload_is_much(g, answered, span) &&
	    refused * 100 >= answered * config_of(g)->overload_share)
		return SG_OVERLOAD_REFUSES;
	/* If its replies are seen at all: they may go another way. */
	if (overload_is_much(g, asked, span) && sg_state.answers_until > g->now &&
	    (__s64)(*(volatile __u64 *)&o->heard - begin) < 0)
		return SG_OVERLOAD_SILENT;
	return 0;
}

/* Ends the window if it is time. Whoever is first does that, for all CPUs. */
static __always_inline void overload_look(const struct guard *g, struct sg_overload *o)
{
	__u64 begin = *(volatile __u64 *)&o->window, span = g->now - begin;
	__u32 cause;

	if ((__s64)span < (__s64)OVERLOAD_WINDOW ||
	    __sync_val_compare_and_swap(&o->window, begin, g->now) != begin)
		return;
	cause = overload_cause(g, o, begin, span);
	if (cause)
		overload_raise(g, o, cause);
	else
		overload_rest(g, o);
}

/*
 * Whether the server will answer a request unless it is silent. What is forged may never reach it:
 * a fragment of which the rest never comes, a wrong checksum, an address where it does not listen.
 * Where it has few to answer, some of that in a zone's name would shed all calls.
 */
static __always_inline bool overload_expects(const struct guard *g)
{
	return !g->p.first_fragment &&
	       (guess_is_evident(&g->p) || config_of(g)->overload_unchallenged);
}

/* A new request is let in. Global: few need it. */
__noinline int overload_asked(const struct guard *g)
{
	__u32 method;

	if (!g)
		return 0;
	method = g->reader.message.method_id;
	if (method == SG_METHOD_ACK || g->p.assumed == STREAM_GUESSED ||
	    !verdict_looks(g, SG_REASON_OVERLOAD) || !overload_counts(g, method) ||
	    !overload_expects(g))
		return 0;
	overload_look(g, &sg_state.overload);
	__sync_fetch_and_add(&sg_state.overload.asked, 1);
	return 0;
}

/* A reply leaves, of any kind, to anybody. */
static __always_inline void overload_hears(const struct guard *g)
{
	if (overload_watches(g) && *(volatile __u64 *)&sg_state.overload.heard != g->now)
		*(volatile __u64 *)&sg_state.overload.heard = g->now;
}

/* A reply whose request is remembered, if it is the first one. Global, likewise. */
__noinline int overload_answered(const struct guard *g)
{
	if (!g || !overload_watches(g) || !g->fresh ||
	    !verdict_looks(g, SG_REASON_OVERLOAD) ||
	    !overload_counts(g, g->reader.message.cseq_method_id))
		return 0;
	overload_look(g, &sg_state.overload);
	__sync_fetch_and_add(&sg_state.overload.answered, 1);
	if (g->status == 503)
		__sync_fetch_and_add(&sg_state.overload.refused, 1);
	return 0;
}

/*
 * At which level requests of a method are shed that begin something; 0: none do. Without a call
 * everybody can wait for what the events tell; who is not registered cannot be called.
 */
static __always_inline __u32 overload_rank(__u32 method)
{
	switch (method) {
	case SG_METHOD_ACK:
	case SG_METHOD_BYE:
	case SG_METHOD_CANCEL:
	case SG_METHOD_PRACK:
		return 0;
	case SG_METHOD_OPTIONS:
		return 1;
	case SG_METHOD_REGISTER:
		return 3;
	case SG_METHOD_INVITE:
		return 4;
	default:
		return 2;
	}
}

/* Whether the request is of a transaction that was let in: the server has it, or its answer. */
static __always_inline bool overload_has_begun(const struct guard *g)
{
	struct sg_transactions *line;
	struct sg_transaction *t;

	if (!g->p.transaction)
		return false;
	line = transaction_line(g->p.transaction);
	t = line ? transaction_at(line, g->p.place) : NULL;
	return t && transaction_age(t, g->now) <= TRANSACTION_LIFE;
}

/*
 * Since when a request that is let in counts as such. While something is shed, a transaction that
 * was let in before stays as old as it is, or who has one branch for all his requests would be let
 * in for ever.
 */
static __always_inline __u64 overload_begun(const struct guard *g, const struct sg_transaction *t)
{
	__u32 age = t ? transaction_age(t, g->now) : 0;

	return overload_applies(g) && age <= TRANSACTION_LIFE
		       ? g->now - ((__u64)age << TRANSACTION_SHIFT) : g->now;
}

/* Whether it belongs to a dialog, or may: its To is in a later fragment. */
static __always_inline bool overload_is_inside(const struct sip_message *m)
{
	return m->party[SIP_TO].tag.length || !(m->seen & SIP_SEEN(TO));
}

/*
 * A request that was read, after request_know(), if overload_applies(). Strangers are shed one
 * level before those who are known; who is registered renews, which is nothing new. Global, as
 * levels are rare.
 */
__noinline int overload_check(const struct guard *g)
{
	__u32 rank, level;

	if (!g || !verdict_looks(g, SG_REASON_OVERLOAD))
		return SG_REASON_NONE;
	rank = overload_rank(g->method);
	level = overload_level(g, &sg_state.overload);
	if (!rank || !level || rank > level + pays_budget(g) ||
	    (g->method == SG_METHOD_REGISTER && is_proven(g)))
		return SG_REASON_NONE;
	if (overload_is_inside(&g->reader.message) || overload_has_begun(g) ||
	    policy_is_emergency(&g->reader))
		return SG_REASON_NONE;
	return g->method == SG_METHOD_INVITE && priority_precedes(g) ? SG_REASON_NONE
								      : SG_REASON_OVERLOAD;
}

#endif
