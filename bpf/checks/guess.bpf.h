/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who guesses: passwords, by ever other credentials, and users, by asking for ever other ones. What
 * is counted is the server's own answer (answer.bpf.h); what is too much is dropped here, before
 * the server judges it.
 *
 * Nearly all of it can be forged in somebody's name: a nonce that others were told, too, is enough
 * for a wrong password. So nobody is banned for it, and it touches only users whom the source is
 * not known to have (known.bpf.h): who once gave his password from there goes on. He has an account
 * of his own, with what no forger can have sent; in a flow of many users only he is meant.
 */
#ifndef SIPGUARD_GUESS_BPF_H
#define SIPGUARD_GUESS_BPF_H

#include "state/asked.bpf.h"
#include "state/known.bpf.h"
#include "state/offences.bpf.h"
#include "state/secrets.bpf.h"

/* Places for requests that wait, see pending_count(). */
#define GUESS_FLOW_WAITS SG_OFFENCE_GUESS_SOURCE
#define GUESS_SOURCE_WAITS SG_OFFENCE_GUESS

/* That of a user whom the source is known to have: of his flow, if that is proven. */
static __always_inline __u64 guess_account(const struct packet *p,
					   bool proven)
{
	return span_mix(proven ? p->flow : source_hash(p), p->user);
}

/* Whether no forger elsewhere can have sent a request. */
static __always_inline bool guess_is_evident(const struct packet *p)
{
	return p->owner >= SECRET_SOURCE || p->transport == IPPROTO_TCP;
}

/* Whether the nonce of a request was never told to its source, nor to its user elsewhere. */
static __always_inline bool guess_is_foreign(const struct packet *p)
{
	return p->owner == SECRET_OTHERS && p->transport != IPPROTO_TCP && !p->roams;
}

/*
 * What that is held against, if its user is known: nothing that he does himself, as long as his
 * nonce is remembered. Flows that are proven have one of their own, since whoever knows of him can
 * fill that of the others.
 */
static __always_inline __u64 guess_foreign_account(const struct packet *p, bool proven)
{
	return span_mix(source_hash(p), (__u64)p->user << 32 | proven);
}

static __always_inline bool guess_password(const struct guard *g)
{
	const struct packet *p = &g->p;
	__u64 source = source_hash(p);
	bool proven = proof_counts(g->proof);

	if (p->known && guess_is_foreign(p))
		return pending_is_over(g, SG_OFFENCE_GUESS_FORGED,
				       guess_foreign_account(p, proven), GUESS_FLOW_WAITS);
	if (p->known)
		return offence_is_over(g, SG_OFFENCE_GUESS, guess_account(p, proven));
	return pending_is_over(g, SG_OFFENCE_GUESS, p->flow, GUESS_FLOW_WAITS) ||
	       pending_is_over(g, SG_OFFENCE_GUESS_SOURCE, source, GUESS_SOURCE_WAITS) ||
	       (!guess_is_evident(p) &&
		pending_is_over(g, SG_OFFENCE_GUESS_FORGED, source, GUESS_SOURCE_WAITS));
}

/*
 * A request with credentials goes to the server, after guess_check(). It is pending if its user is
 * not known, or its nonce not his; one who is may have any number of calls that ring. Nothing is if
 * the answers go another way, or if the server is down.
 */
__noinline int guess_begin(struct guard *g)
{
	struct packet *p;

	if (!g || sg_state.answers_until <= g->now)
		return 0;
	p = &g->p;
	if (p->known && !guess_is_foreign(p))
		return 0;
	p->waits = 1;
	if (p->known) {
		pending_begin(guess_foreign_account(p, proof_counts(g->proof)), GUESS_FLOW_WAITS,
			      g->now);
		return 0;
	}
	pending_begin(p->flow, GUESS_FLOW_WAITS, g->now);
	pending_begin(source_hash(p), GUESS_SOURCE_WAITS, g->now);
	return 0;
}

/* It has judged them. */
static __always_inline void guess_end(const struct guard *g)
{
	const struct packet *p = &g->p;

	if (p->known) {
		pending_end(guess_foreign_account(p, proof_counts(g->proof)), GUESS_FLOW_WAITS);
		return;
	}
	pending_end(p->flow, GUESS_FLOW_WAITS);
	pending_end(source_hash(p), GUESS_SOURCE_WAITS);
}

/* Whether somebody has to look: at credentials, and at all while somebody has guessed too much. */
static __always_inline bool guess_applies(const struct guard *g)
{
	return !g->in_zone && (g->p.credentials || sg_state.guesses_until > g->now);
}

/*
 * Whether a request may be judged by the server: AUTH_FAILURE or ENUMERATION if it guesses one time
 * too many. Global, since few packets need it.
 */
__noinline int guess_check(struct guard *g)
{
	const struct sg_ban_rule *rule;
	struct packet *p;

	if (!g)
		return SG_REASON_NONE;
	p = &g->p;
	p->known = known_is(known_key(p, p->user));
	if (p->credentials && verdict_looks(g, SG_REASON_AUTH_FAILURE) && guess_password(g))
		return SG_REASON_AUTH_FAILURE;
	if (proof_counts(g->proof) || p->known || !p->asked ||
	    !verdict_looks(g, SG_REASON_ENUMERATION) || known_is(known_key(p, p->asked)))
		return SG_REASON_NONE;
	rule = offences_rule(config_of(g), SG_OFFENCE_ENUMERATION);
	return asked_enough(asked_find(&sg_askers, SG_ASKERS, source_hash(p)), p->asked,
			    rule->threshold, rule->window, g->now)
		       ? SG_REASON_ENUMERATION : SG_REASON_NONE;
}

/* The source of a packet has asked for a user in vain. A reason as offence_note(). */
__noinline int guess_asked(const struct guard *g, __u32 user)
{
	const struct sg_ban_rule *rule;
	struct sg_asked *a;

	if (!g || !user || !verdict_looks(g, SG_REASON_ENUMERATION))
		return SG_REASON_NONE;
	rule = offences_rule(config_of(g), SG_OFFENCE_ENUMERATION);
	a = asked_entry(&sg_askers, SG_ASKERS, source_hash(&g->p), rule->window, g->now);
	if (!a || !asked_note(a, user, rule->threshold, rule->window, g->now))
		return SG_REASON_NONE;
	guesses_watch(rule, g->now);
	return SG_REASON_ENUMERATION;
}

/* It has answered the challenge. */
__noinline int guess_answered(const struct packet *p, __u32 user)
{
	struct sg_asked *a = p ? asked_find(&sg_askers, SG_ASKERS, source_hash(p)) : NULL;

	if (a)
		asked_forget(a, user);
	return 0;
}

#endif
