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
#include "state/secrets.bpf.h"
#include "state/transaction.bpf.h"

#define ANSWER_LISTED SG_PROOF__MAX /* of a zone: stronger than any proof; nobody to blame */
#define ANSWER_CONTACTS 10   /* of a 200 that are looked at for the longest binding */
#define ANSWER_BINDINGS 2048 /* bytes of them */
#define ANSWER_NONCES 3      /* of one reply: MD5, SHA-256 and SHA-512-256 */

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

/* What is known of the request that a reply answers, whose flow is that of the packet. */
struct answer {
	const struct packet *p;
	struct sg_state *state;
	const struct sg_config *config;
	const struct sip_reader *r; /* the reply */
	__u64 salt;       /* of secrets */
	__u32 slot;
	__u32 status;
	__u32 proof;      /* enum sg_proof of where the reply goes, or ANSWER_LISTED */
	bool there;       /* no forger elsewhere could have sent the request */
};

/* The nonce that the next request is to have, as good as a challenge: RFC 7616 section 3.5. */
static __always_inline void answer_next_nonce(const struct answer *a)
{
	__u32 at = secret_field(a->r, a->r->message.start_line.length,
				SIP_WORD('\n', 'a', 'u', 't', 'h', 'e', 'n', 't'));

	if (at)
		secret_tell(a->p, secret_hash(a->r, at, a->salt, SECRET_IS_NEXT));
}

/* A number for the address-of-record: of several tenants may have the same user. */
static __always_inline __u64 answer_record(const struct answer *a)
{
	const struct sip_party *to = &a->r->message.party[SIP_TO];
	__u64 host = span_hash(a->r, to->host.at, to->host.length, a->salt);

	return span_hash(a->r, to->user.at, to->user.length, host);
}

/*
 * Whether it is who it says: no forger has sent the request, or this is one of the few times that
 * an account may say so by a nonce that others were told, too.
 */
static __always_inline bool answer_vouches(const struct answer *a, __u64 account)
{
	return a->there || (a->p->owner == SECRET_SHARED && account_proves(a->p, account));
}

/* From now on the source is known to have a user, by a number for him. */
static __always_inline void answer_knows(const struct answer *a, __u32 user)
{
	known_note(known_key(a->p, a->state, user));
}

/*
 * The account of a registration, by the users of its credentials and of To: many phones may have
 * one password, and a binding each. Not by the host in To, which most servers do not look at.
 */
static __always_inline __u64 answer_bound_user(const struct answer *a)
{
	const struct sip_span *user = &a->r->message.party[SIP_TO].user;

	return span_hash(a->r, user->at, user->length, span_mix(a->salt, a->p->user));
}

/* A REGISTER was accepted. */
static __always_inline void answer_registered(const struct answer *a)
{
	__u32 seconds = answer_binding(a->r);
	__u64 record = answer_record(a);
	/* What ends a binding proves no flow. */
	bool there = seconds ? answer_vouches(a, answer_bound_user(a)) : a->there;

	if (there) {
		answer_knows(a, a->p->user);
		answer_knows(a, a->p->asked);
	}
	flow_registers(a->p, seconds, record >> 36, there || a->config->proven_unchallenged);
}

/*
 * A server has a challenge for each algorithm (RFC 8760); the client answers one of them. `line`:
 * how the lines of their header field begin. Nothing else is looked at: From and others repeat what
 * a forger wrote.
 */
static __always_inline void answer_challenge(const struct answer *a, __u64 line)
{
	__u32 at = a->r->message.start_line.length;

	for (int i = 0; i < ANSWER_NONCES; i++) {
		at = secret_field(a->r, at, line);
		if (!at)
			break;
		secret_tell(a->p, secret_hash(a->r, at, a->salt, SECRET_IS_NONCE));
	}
}

/* Those of servers and those of proxies: one reply may have both (RFC 3261 section 22.3). */
static __always_inline void answer_challenges(const struct answer *a)
{
	answer_challenge(a, SIP_WORD('\n', 'w', 'w', 'w', '-', 'a', 'u', 't'));
	answer_challenge(a, SIP_WORD('\n', 'p', 'r', 'o', 'x', 'y', '-', 'a'));
}

static __always_inline __u64 answer_account(const struct answer *a)
{
	return guess_account(a->p, a->state, proof_counts(a->proof));
}

/*
 * A wrong password of a user whom the source is known to have. It is held against him alone, and
 * only if it answers a challenge that went to that source alone; or against who answers, in his
 * name, challenges that went to others.
 */
static __always_inline __u32 answer_failure_of_known(const struct answer *a)
{
	if (a->there)
		return offence_note(a->slot, SG_OFFENCE_GUESS, answer_account(a));
	if (guess_is_foreign(a->p))
		return offence_note(a->slot, SG_OFFENCE_GUESS_FORGED,
				    guess_foreign_account(a->p, a->state,
							  proof_counts(a->proof)));
	return SG_REASON_NONE;
}

/*
 * A wrong password. Of users who are not known it is held against their flow and their source; and
 * a flow that got the challenge and is not proven is banned in the end.
 */
static __always_inline __u32 answer_failure(const struct answer *a)
{
	__u64 source = source_flow_hash(a->p, a->state);
	__u32 reason, offence = a->there ? SG_OFFENCE_GUESS_SOURCE : SG_OFFENCE_GUESS_FORGED;

	if (a->p->known)
		return answer_failure_of_known(a);
	reason = offence_note(a->slot, SG_OFFENCE_GUESS, a->p->flow);
	reason |= offence_note(a->slot, offence, source);
	if (!proof_counts(a->proof) &&
	    (a->p->owner == SECRET_FLOW || a->p->transport == IPPROTO_TCP))
		reason |= flow_offends(a->p, a->slot, SG_OFFENCE_AUTH);
	return reason;
}

/*
 * A challenge. If nobody answers it, somebody wanted to know whether the user is there, or whether
 * a call gets through. REGISTER and INVITE: other methods are challenged that nobody answers.
 */
static __always_inline __u32 answer_challenged(const struct answer *a)
{
	__u32 method = a->r->message.cseq_method_id;

	if ((method != SG_METHOD_REGISTER && method != SG_METHOD_INVITE) ||
	    proof_counts(a->proof) || known_is(known_key(a->p, a->state, a->p->asked)))
		return SG_REASON_NONE;
	return guess_asked(a->p, a->slot, a->p->asked);
}

/* 403: of who is proven it is not the password that is wrong, unless he registers for others. */
static __always_inline bool answer_is_refusal(const struct answer *a)
{
	return proof_counts(a->proof) &&
	       (a->p->known || a->r->message.cseq_method_id != SG_METHOD_REGISTER);
}

/*
 * Whether the server has looked at the credentials of a request that it has accepted, if it has
 * any. OPTIONS and much else it answers whoever asks.
 */
static __always_inline bool answer_was_checked(const struct answer *a)
{
	return a->r->message.cseq_method_id == SG_METHOD_REGISTER || a->p->checked;
}

/* A user has his password right. */
static __always_inline void answer_forgives(const struct answer *a)
{
	offence_forgive(a->slot, SG_OFFENCE_GUESS, answer_account(a));
	for (int proven = 0; proven < 2; proven++)
		offence_forgive(a->slot, SG_OFFENCE_GUESS_FORGED,
				guess_foreign_account(a->p, a->state, proven));
}

/* What the server says to credentials. */
static __always_inline __u32 answer_judged(const struct answer *a)
{
	/* With a nonce of its own, or at least of the flow: it has answered a challenge. */
	if ((a->p->owner != SECRET_OTHERS || a->p->transport == IPPROTO_TCP) &&
	    answer_goes_on(a->status) && answer_was_checked(a)) {
		guess_answered(a->p, a->p->asked);
		if (a->status / 100 == 2 && a->p->user)
			answer_forgives(a);
	}
	if (answer_is_challenge(a->status) || (a->status == 403 && !answer_is_refusal(a)))
		return answer_failure(a);
	return SG_REASON_NONE;
}

/*
 * A challenge that is none of our server's: a callee has sent it, and chosen the nonce, and whoever
 * is said to have called him gets it. Nobody calls by REGISTER, so those of a registrar behind our
 * server are as good as its own. Other methods than these two prove nothing: their nonces are not
 * needed.
 */
static __always_inline bool answer_is_relayed(const struct answer *a)
{
	__u32 method = a->r->message.cseq_method_id;

	return method != SG_METHOD_REGISTER &&
	       (method != SG_METHOD_INVITE || secret_came(a->r, a->salt));
}

/* A challenge of a call without credentials: see message_checks(). */
static __always_inline void answer_checks_calls(const struct answer *a)
{
	server_shows(&a->state->challenges_until, clock_now(), SERVER_HABIT);
	secret_challenge(a->p, a->p->user, a->salt);
}

/* A reason if its request was one offence too many; the reply itself goes its way. */
static __always_inline __u32 answer_read(const struct answer *a)
{
	bool challenge = answer_is_challenge(a->status);
	__u32 reason = SG_REASON_NONE;

	if (challenge && !answer_is_relayed(a))
		answer_challenges(a);
	if (!a->p->recalled)
		return SG_REASON_NONE;
	if (challenge && !a->p->credentials &&
	    a->r->message.cseq_method_id == SG_METHOD_INVITE)
		answer_checks_calls(a);
	if (a->proof == ANSWER_LISTED)
		return SG_REASON_NONE;
	if (a->p->credentials) {
		if (a->p->waits)
			guess_end(a->p, a->state, proof_counts(a->proof));
		reason = answer_judged(a);
	} else if (challenge) {
		reason = answer_challenged(a);
	}
	if (answer_is_unknown(a->status) && !proof_counts(a->proof) && !a->p->known)
		reason = guess_asked(a->p, a->slot, a->p->asked);
	return reason;
}

/* False if a map is missing. */
static __always_inline bool answer_of(struct answer *a, const struct packet *p, __u32 slot)
{
	a->p = p;
	a->slot = slot;
	a->state = map_state();
	a->config = map_config(slot);
	a->r = map_reader();
	if (!p || !a->state || !a->config || !a->r)
		return false;
	a->salt = a->state->secret[1];
	a->there = p->recalled && guess_is_evident(p);
	return true;
}

/*
 * Takes over what is remembered of the request, p->recalled if it is. The flow of the packet
 * becomes its: a reply goes where the Via says, and that may be another port (RFC 3261 section
 * 18.2.2). Returns what that flow has proven, which is `proof` if it is the same.
 */
__noinline int answer_recall(struct packet *p, __u32 proof)
{
	const struct sip_reader *r = map_reader();
	struct sg_state *state = map_state();
	struct sg_transaction *t;
	__u64 now = clock_now();

	if (!p || !r || !state)
		return proof;
	t = transaction_recall(transaction_key(r, packet_fold6(p->address32)), now);
	p->recalled = t != NULL;
	p->known = 0;
	if (!t)
		return proof;
	server_shows(&state->answers_until, now, SERVER_ANSWERS);
	t->answered = 1;
	p->owner = t->owner;
	p->user = t->user;
	p->asked = t->asked;
	p->credentials = t->credentials;
	p->known = p->credentials && known_is(known_key(p, state, p->user));
	p->checked = t->checked;
	p->waits = t->waits;
	t->waits = 0;
	if (p->source_port == t->port)
		return proof;
	p->source_port = t->port;
	p->flow = flow_hash(p, state);
	return proof == ANSWER_LISTED ? (int)proof : flow_proof(p, SG_CLASS_REQUEST, now);
}

/* The request was accepted: its flow is what it says, if it cannot be forged. */
__noinline int answer_accepted(const struct packet *p, __u32 slot)
{
	struct answer answer = {}, *a = &answer;
	__u32 method;

	if (!answer_of(a, p, slot) || !p->recalled)
		return 0;
	method = a->r->message.cseq_method_id;
	if (method == SG_METHOD_REGISTER) {
		answer_next_nonce(a);
		answer_registered(a);
	} else if (a->p->user && answer_was_checked(a) &&
		   (a->p->known || answer_vouches(a, span_mix(a->salt, a->p->user)))) {
		answer_knows(a, a->p->user);
	}
	if (method != SG_METHOD_INVITE)
		return 0;
	/* Else the ACK has to come, with this tag. */
	if (a->there)
		flow_proves(a->p, SG_PROOF_CALL, a->config->proven_call);
	else
		secret_tell(a->p, secret_to_tag(a->r, a->salt));
	return 0;
}

/* Learns from a reply whose request was recalled, if it is known. A reason as answer_read(). */
__noinline int answer_learn(const struct packet *p, __u32 slot, __u32 status, __u32 proof)
{
	struct answer a = {.status = status, .proof = proof};

	return answer_of(&a, p, slot) ? answer_read(&a) : SG_REASON_NONE;
}

#endif
