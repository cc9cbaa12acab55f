/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How many calls one user may get, whoever makes them: telephony denial of service keeps a phone
 * ringing from as many sources as there are. What is known of the senders keeps them apart: those
 * of a zone, those that are proven there, and strangers have a limit of the callee each, so who
 * floods with forged sources takes no call away that comes by a trunk or from a registered phone.
 * Users whom the configuration names have a limit of their own, or none, in place of the profile's;
 * it has a reason of its own, so that who names them can enforce that one alone.
 */
#ifndef SIPGUARD_CALLEE_BPF_H
#define SIPGUARD_CALLEE_BPF_H

#include "checks/limits.bpf.h"
#include "checks/policy.bpf.h"
#include "packet/spans.bpf.h"
#include "state/secrets.bpf.h"

/* The one that an INVITE is for; length 0: nobody in particular. */
static __always_inline struct sip_span callee_of(const struct sip_reader *r)
{
	const struct sip_party *uri = &r->message.party[SIP_URI];

	return uri->scheme == SIP_SCHEME_TEL ? uri->host : uri->user;
}

struct callee_walk {
	const struct sip_reader *r;
	__u64 hash;
	__u64 word;
	__u32 at;
	__u32 end;
	__u32 count; /* of characters */
};

/* One character more of a user that has escapes. */
static long callee_step(__attribute__((unused)) __u32 i, void *context)
{
	struct callee_walk *walk = context;
	__u32 c = sip_byte(walk->r, walk->at);

	if (walk->at >= walk->end || c == ':' || c == ';')
		return 1;
	walk->at++;
	if (c == '%') {
		c = span_escaped(walk->r, walk->at);
		walk->at += 2;
	}
	walk->word |= (__u64)c << 8 * (walk->count & 7);
	walk->count++;
	if (walk->count & 7)
		return 0;
	walk->hash = span_mix(walk->hash, walk->word);
	walk->word = 0;
	return 0;
}

/*
 * What callee_hash() gives for a user whose escapes are written out: servers do that (RFC 3261
 * section 19.1.4), so who writes him in ever other ways calls the same one.
 */
static __always_inline __u64 callee_hash_escaped(const struct sip_reader *r, struct sip_span user)
{
	struct callee_walk walk = {
		.r = r, .hash = SECRET_SALT, .at = user.at, .end = user.at + user.length,
	};

	walk.word = walk.count = span_zero(r);
	bpf_loop(SG_CALLEE_MOST, callee_step, &walk, 0);
	if (walk.count & 7)
		walk.hash = span_mix(walk.hash, walk.word);
	return span_mix(walk.hash, walk.count) | 1;
}

/*
 * A number for the user that an INVITE is for, as sg_callee_hash(); 0: it is for nobody in
 * particular. It ends where his password or parameters begin (RFC 3261 section 25.1), which the
 * caller may choose.
 */
static __always_inline __u64 callee_hash(const struct guard *g)
{
	const struct sip_reader *r = &g->reader;
	struct sip_span user = callee_of(r);
	__u64 hash = SECRET_SALT, word, stop;
	__u32 i, end;

	if (!user.length)
		return 0;
	for (i = 0; i < SG_CALLEE_MOST; i += 8) {
		word = sip_load8(r, user.at + i);
		stop = sip_equal(word, ':') | sip_equal(word, ';') | sip_equal(word, '%');
		if (stop || user.length - i < 8)
			break;
		hash = span_mix(hash, word);
	}
	i = span_forget(r, i);
	if (i >= SG_CALLEE_MOST)
		return span_mix(hash, i) | 1;
	end = stop ? sip_first(stop) : 8;
	if (end > user.length - i)
		end = user.length - i;
	else if (stop && sip_byte(r, user.at + i + end) == '%')
		return callee_hash_escaped(r, user);
	if (end)
		hash = span_mix(hash, sip_head(word, end));
	return span_mix(hash, i + end) | 1;
}

/*
 * Whether it asks for a new call. One whose transaction is known comes again, unless its branch has
 * not the magic cookie: then the server tells a new one by its URI and From, too (RFC 3261 section
 * 17.2.3), which we do not.
 */
static __always_inline bool callee_is_called(const struct guard *g)
{
	const struct sip_message *m = &g->reader.message;

	return g->method == SG_METHOD_INVITE && !m->party[SIP_TO].tag.length &&
	       (g->fresh || m->faults & SIP_FAULT(VIA_COOKIE));
}

/* Who calls him: each of these has a limit of the callee. */
static __always_inline __u32 callee_caller(const struct guard *g)
{
	return g->zone << 1 | is_proven(g);
}

/* Whether anything limits calls here. */
static __always_inline bool callee_is_looked_at(const struct guard *g)
{
	return verdict_looks(g, SG_REASON_LIMIT_CALLEE) ||
	       (config_of(g)->callees && verdict_looks(g, SG_REASON_LIMIT_OWN_CALLEE));
}

/* The limit of a user's own; NULL if he has none, or the file names no users. */
static __always_inline struct sg_own_callee *callee_own(const struct guard *g, __u64 user)
{
	struct sg_callee_key key = {.hash = user, .config = g->active & 1};

	return config_of(g)->callees ? bpf_map_lookup_elem(&sg_own_callees, &key) : NULL;
}

/*
 * A call to one who has it charges that and no other. Where there is none nothing is compared: a
 * TAT that another CPU has written a tick ahead of us would be one call too many.
 */
static __always_inline __u32 callee_pay_own(const struct guard *g, struct sg_own_callee *own)
{
	__u64 *tat = &own->tat[callee_caller(g) & (2 * SG_ZONES - 1)];

	if (!own->limit.interval || !verdict_looks(g, SG_REASON_LIMIT_OWN_CALLEE))
		return SG_REASON_NONE;
	if (gcra_spent(tat, g->now, &own->limit))
		return SG_REASON_LIMIT_OWN_CALLEE;
	gcra_charge_alone(tat, g->now, &own->limit);
	return SG_REASON_NONE;
}

/* A call to anybody else. */
static __always_inline __u32 callee_pay(const struct guard *g, __u64 user)
{
	if (!verdict_looks(g, SG_REASON_LIMIT_CALLEE) ||
	    rows_pay(&sg_callees, span_mix(user, callee_caller(g)), SG_CALLEE_ROW, g->now,
		     &profile_of(g)->callee))
		return SG_REASON_NONE;
	return SG_REASON_LIMIT_CALLEE;
}

/*
 * Of a new INVITE, which it charges: one that takes precedence, too, while there is room, as it
 * makes the phone ring like any other; beyond that it is not, or who forges addresses of its zone
 * would have all others of it wait. Emergency calls are nobody's to limit; of these only the
 * Request-URI is believed, since To says nothing of whose phone rings. Global, or its ways are
 * followed through what comes before.
 */
__noinline int callee_check(const struct guard *g)
{
	struct sg_own_callee *own;
	__u32 reason;
	__u64 user;

	if (!g || !callee_is_looked_at(g))
		return SG_REASON_NONE;
	user = callee_hash(g);
	if (!user || policy_is_sos(&g->reader, &g->reader.message.party[SIP_URI]))
		return SG_REASON_NONE;
	own = callee_own(g, user);
	reason = own ? callee_pay_own(g, own) : callee_pay(g, user);
	return reason && priority_precedes(g) ? SG_REASON_NONE : reason;
}

#endif
