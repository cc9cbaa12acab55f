/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a reply of our server tells of whom it goes to: read answer_read() from top to bottom. It
 * follows the request that it answers, as transaction.bpf.h remembers it.
 */
#ifndef SIPGUARD_ANSWER_BPF_H
#define SIPGUARD_ANSWER_BPF_H

#include "checks/guess.bpf.h"
#include "checks/lists.bpf.h"
#include "state/account.bpf.h"
#include "state/identities.bpf.h"
#include "state/secrets.bpf.h"
#include "state/transaction.bpf.h"

#define ANSWER_CONTACTS SG_FIXED_CONTACTS /* of a 200 that are looked at for the longest binding */
#define ANSWER_BINDINGS SG_FIXED_BINDINGS /* bytes of them */
#define ANSWER_NONCES SG_FIXED_NONCES /* of one reply: MD5, SHA-256 and SHA-512-256 */

/*
 * What the called one, or who looks for him, says to a call that the server has let through:
 * ringing and 2xx, not there, busy, given up, unavailable, declined.
 */
static __always_inline bool answer_goes_on(__u32 status)
{
	return status / 100 == 2 || status / 10 == 18 || status == 408 || status == 480 ||
	       status == 486 || status == 487 || status == 503 || status == 600 || status == 603;
}

static __always_inline bool answer_is_challenge(__u32 status)
{
	return status == 401 || status == 407;
}

/* The user is not there. */
static __always_inline bool answer_is_unknown(__u32 status)
{
	return status == 404 || status == 484 || status == 604;
}

/* Those that tell something of the flow. */
static __always_inline bool answer_tells(__u32 status)
{
	return answer_goes_on(status) || answer_is_challenge(status) ||
	       answer_is_unknown(status) || status == 403;
}

/*
 * Global, or what each digit may make of it is followed through all bindings: beyond a million
 * instructions (clang 19, 6.18).
 */
__noinline int answer_number(const struct sip_reader *r, __u32 at)
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
static __always_inline __u32 answer_binding(const struct sip_reader *r)
{
	const struct sip_message *m = &r->message;
	__u32 at, end, longest = 0, seconds;

	if (!(m->seen & SIP_SEEN(CONTACT)))
		return 0;
	at = m->field[SIP_FIELD_CONTACT].at;
	end = m->body < at + ANSWER_BINDINGS ? m->body : at + ANSWER_BINDINGS;
	for (int i = 0; i < ANSWER_CONTACTS; i++) {
		at = span_find(r, at, end, SIP_WORD('e', 'x', 'p', 'i', 'r', 'e', 's', '='), 8);
		if (!at)
			break;
		seconds = answer_number(r, at);
		if (seconds > longest)
			longest = seconds;
	}
	if (!longest)
		longest = m->expires;
	return longest < SG_PROVEN_DAYS * 86400 ? longest : SG_PROVEN_DAYS * 86400;
}

/* The nonce that the next request is to have, as good as a challenge: RFC 7616 section 3.5. */
static __always_inline void answer_next_nonce(const struct guard *g)
{
	__u32 at = span_line(&g->reader, g->reader.message.start_line.length,
			     SIP_WORD('\n', 'a', 'u', 't', 'h', 'e', 'n', 't'));

	if (at)
		secret_tell(&g->p, secret_hash(&g->reader, at, SECRET_IS_NEXT));
}

/* A number for the address-of-record: of several tenants may have the same user. */
static __always_inline __u64 answer_record(const struct guard *g)
{
	const struct sip_party *to = &g->reader.message.party[SIP_TO];
	__u64 host = span_hash(&g->reader, to->host.at, to->host.length, SECRET_SALT);

	return span_hash(&g->reader, to->user.at, to->user.length, host);
}

/*
 * Whether it is who it says: no forger has sent the request, or this is one of the few times that
 * an account may say so by a nonce that others were told, too.
 */
static __always_inline bool answer_vouches(const struct guard *g, __u64 account)
{
	return g->evident || (g->p.owner == SECRET_SHARED && account_proves(&g->p, account));
}

/* From now on the source is known to have a user, by a number for him. */
static __always_inline void answer_knows(const struct guard *g, __u32 user)
{
	known_note(known_key(&g->p, user));
}

/*
 * The account of a registration, by the users of its credentials and of To: many phones may have
 * one password, and a binding each. Not by the host in To, which most servers do not look at.
 */
static __always_inline __u64 answer_bound_user(const struct guard *g)
{
	const struct sip_span *user = &g->reader.message.party[SIP_TO].user;

	return span_hash(&g->reader, user->at, user->length, span_mix(SECRET_SALT, g->p.user));
}

/* A REGISTER was accepted. */
static __always_inline void answer_registered(const struct guard *g)
{
	__u32 seconds = answer_binding(&g->reader);
	__u64 record = answer_record(g);
	/* What ends a binding proves no flow. */
	bool there = seconds ? answer_vouches(g, answer_bound_user(g)) : g->evident;

	if (there) {
		answer_knows(g, g->p.user);
		answer_knows(g, g->p.asked);
	}
	flow_registers(g, seconds, record >> 36, there || config_of(g)->proven_unchallenged);
	if (config_of(g)->identities)
		identity_registers(g, seconds);
}

/*
 * A server has a challenge for each algorithm (RFC 8760); the client answers one of them. `line`:
 * how the lines of their header field begin. Nothing else is looked at: From and others repeat what
 * a forger wrote.
 */
static __always_inline void answer_challenge(const struct guard *g, __u64 line)
{
	__u32 at = g->reader.message.start_line.length;

	for (int i = 0; i < ANSWER_NONCES; i++) {
		at = span_line(&g->reader, at, line);
		if (!at)
			break;
		secret_tell(&g->p, secret_hash(&g->reader, at, SECRET_IS_NONCE));
	}
}

/* Those of servers and those of proxies: one reply may have both (RFC 3261 section 22.3). */
static __always_inline void answer_challenges(const struct guard *g)
{
	answer_challenge(g, SIP_WORD('\n', 'w', 'w', 'w', '-', 'a', 'u', 't'));
	answer_challenge(g, SIP_WORD('\n', 'p', 'r', 'o', 'x', 'y', '-', 'a'));
}

static __always_inline __u64 answer_account(const struct guard *g)
{
	return guess_account(&g->p, proof_counts(g->proof));
}

/*
 * A wrong password of a user whom the source is known to have. It is held against him alone, and
 * only if it answers a challenge that went to that source alone; or against who answers, in his
 * name, challenges that went to others.
 */
static __always_inline __u32 answer_failure_of_known(const struct guard *g)
{
	if (g->evident)
		return offence_note(g, SG_OFFENCE_GUESS, answer_account(g));
	if (guess_is_foreign(&g->p))
		return offence_note(g, SG_OFFENCE_GUESS_FORGED,
				    guess_foreign_account(&g->p,
							  proof_counts(g->proof)));
	return SG_REASON_NONE;
}

/*
 * A wrong password. Of users who are not known it is held against their flow and their source; and
 * a flow that got the challenge and is not proven is banned in the end.
 */
static __always_inline __u32 answer_failure(const struct guard *g)
{
	__u64 source = source_hash(&g->p);
	__u32 reason, offence = g->evident ? SG_OFFENCE_GUESS_SOURCE : SG_OFFENCE_GUESS_FORGED;

	if (g->p.known)
		return answer_failure_of_known(g);
	reason = offence_note(g, SG_OFFENCE_GUESS, g->p.flow);
	reason |= offence_note(g, offence, source);
	if (!proof_counts(g->proof) &&
	    (g->p.owner == SECRET_FLOW || g->p.transport == IPPROTO_TCP))
		reason |= flow_offends(g, SG_OFFENCE_AUTH);
	return reason;
}

/*
 * A challenge. If nobody answers it, somebody wanted to know whether the user is there, or whether
 * a call gets through. REGISTER and INVITE: other methods are challenged that nobody answers.
 */
static __always_inline __u32 answer_challenged(const struct guard *g)
{
	__u32 method = g->reader.message.cseq_method_id;

	if ((method != SG_METHOD_REGISTER && method != SG_METHOD_INVITE) ||
	    proof_counts(g->proof) || known_is(known_key(&g->p, g->p.asked)))
		return SG_REASON_NONE;
	return guess_asked(g, g->p.asked);
}

/* 403: of who is proven it is not the password that is wrong, unless he registers for others. */
static __always_inline bool answer_is_refusal(const struct guard *g)
{
	return proof_counts(g->proof) &&
	       (g->p.known || g->reader.message.cseq_method_id != SG_METHOD_REGISTER);
}

/*
 * Whether the server has looked at the credentials of a request that it has accepted, if it has
 * any. OPTIONS and much else it answers whoever asks.
 */
static __always_inline bool answer_was_checked(const struct guard *g)
{
	return g->reader.message.cseq_method_id == SG_METHOD_REGISTER || g->p.checked;
}

/* A user has his password right. */
static __always_inline void answer_forgives(const struct guard *g)
{
	offence_forgive(g, SG_OFFENCE_GUESS, answer_account(g));
	for (int proven = 0; proven < 2; proven++)
		offence_forgive(g, SG_OFFENCE_GUESS_FORGED,
				guess_foreign_account(&g->p, proven));
}

/* What the server says to credentials. */
static __always_inline __u32 answer_judged(const struct guard *g)
{
	/* With a nonce of its own, or at least of the flow: it has answered a challenge. */
	if ((g->p.owner != SECRET_OTHERS || g->p.transport == IPPROTO_TCP) &&
	    answer_goes_on(g->status) && answer_was_checked(g)) {
		guess_answered(&g->p, g->p.asked);
		if (g->status / 100 == 2 && g->p.user)
			answer_forgives(g);
	}
	if (answer_is_challenge(g->status) || (g->status == 403 && !answer_is_refusal(g)))
		return answer_failure(g);
	return SG_REASON_NONE;
}

/*
 * A challenge that is none of our server's: a callee has sent it, and chosen the nonce, and whoever
 * is said to have called him gets it. Nobody calls by REGISTER, so those of a registrar behind our
 * server are as good as its own. Other methods than these two prove nothing: their nonces are not
 * needed.
 */
static __always_inline bool answer_is_relayed(const struct guard *g)
{
	__u32 method = g->reader.message.cseq_method_id;

	return method != SG_METHOD_REGISTER &&
	       (method != SG_METHOD_INVITE || secret_came(&g->reader));
}

/* A challenge of a call without credentials: see learn_checks(). */
static __always_inline void answer_checks_calls(const struct guard *g)
{
	server_shows(&sg_state.challenges_until, g->now, SERVER_HABIT);
	secret_challenge(&g->p, g->p.user);
}

/* A reason if its request was one offence too many; the reply itself goes its way. */
static __always_inline __u32 answer_read(const struct guard *g)
{
	bool challenge = answer_is_challenge(g->status);
	__u32 reason = SG_REASON_NONE;

	if (challenge && !answer_is_relayed(g))
		answer_challenges(g);
	if (!g->p.recalled)
		return SG_REASON_NONE;
	if (challenge && !g->p.credentials &&
	    g->reader.message.cseq_method_id == SG_METHOD_INVITE)
		answer_checks_calls(g);
	if (g->in_zone)
		return SG_REASON_NONE;
	if (g->p.credentials) {
		if (g->p.waits)
			guess_end(g);
		reason = answer_judged(g);
	} else if (challenge) {
		reason = answer_challenged(g);
	}
	if (answer_is_unknown(g->status) && !proof_counts(g->proof) && !g->p.known)
		reason = guess_asked(g, g->p.asked);
	return reason;
}

/*
 * Takes over what is remembered of the request, p->recalled if it is. The flow of the packet
 * becomes its: a reply goes where the Via says, and that may be another port (RFC 3261 section
 * 18.2.2).
 */
__noinline int answer_recall(struct guard *g)
{
	struct sg_transaction *t;
	struct packet *p;

	if (!g)
		return 0;
	p = &g->p;
	t = transaction_recall(transaction_key(&g->reader, packet_fold6(p->address32)), g->now);
	p->recalled = t != NULL;
	p->known = 0;
	if (!t)
		return 0;
	server_shows(&sg_state.answers_until, g->now, SERVER_ANSWERS);
	g->fresh = !t->answered;
	t->answered = 1;
	p->owner = t->owner;
	p->user = t->user;
	p->asked = t->asked;
	p->credentials = t->credentials;
	p->known = p->credentials && known_is(known_key(p, p->user));
	p->checked = t->checked;
	p->waits = t->waits;
	p->begins = t->begins;
	t->waits = 0;
	g->evident = guess_is_evident(p);
	if (p->source_port == t->port)
		return 0;
	p->source_port = t->port;
	p->flow = flow_hash(p);
	if (!g->in_zone)
		g->proof = flow_proof(g);
	return 0;
}

/* The request was accepted: its flow is what it says, if it cannot be forged. */
__noinline int answer_accepted(const struct guard *g)
{
	__u32 method;

	if (!g || !g->p.recalled)
		return 0;
	method = g->reader.message.cseq_method_id;
	if (method == SG_METHOD_REGISTER) {
		answer_next_nonce(g);
		answer_registered(g);
	} else if (g->p.user && answer_was_checked(g) &&
		   (g->p.known || answer_vouches(g, span_mix(SECRET_SALT, g->p.user)))) {
		answer_knows(g, g->p.user);
	}
	if (method != SG_METHOD_INVITE)
		return 0;
	/* Else the ACK has to come, with this tag. */
	if (g->evident)
		flow_proves(g, SG_PROOF_CALL, config_of(g)->proven_call);
	else
		secret_tell(&g->p, secret_to_tag(&g->reader));
	return 0;
}

/* Learns from a reply whose request was recalled, if it is known. A reason as answer_read(). */
__noinline int answer_learn(const struct guard *g)
{
	return g ? answer_read(g) : SG_REASON_NONE;
}

#endif
