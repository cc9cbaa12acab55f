/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who calls in the name of a user of ours, and does not come where that one is registered: the
 * number that is shown to the callee is what vishing begins with. Whether it may be he, after all,
 * only the operator knows: calls that were forwarded elsewhere come back with the identity of who
 * made them (RFC 5806, RFC 7044).
 */
#ifndef SIPGUARD_IDENTITY_BPF_H
#define SIPGUARD_IDENTITY_BPF_H

#include "checks/policy.bpf.h"
#include "packet/class.bpf.h"
#include "state/identities.bpf.h"
#include "verdict.bpf.h"

/* That begin as P-Asserted-Identity does; P-Asserted-Service is one. */
#define IDENTITY_LINES SG_FIXED_IDENTITY_LINES
#define IDENTITY_VALUES SG_FIXED_IDENTITY_VALUES /* of these: one of sip or sips, and one of tel */

enum identity_claim {
	IDENTITY_OF_NOBODY, /* there is none */
	IDENTITY_OF_OTHERS, /* who is not registered, or may be he who calls */
	IDENTITY_OF_OURS,
};

/* Whether the sender's profile asks for it at all. */
static __always_inline bool identity_applies(const struct guard *g)
{
	return profile_of(g)->identity;
}

/*
 * Whose an identity in a header field is, enum identity_claim. Global, or it is verified for each
 * field again.
 */
__noinline int identity_claims(const struct guard *g, __u32 at, __u32 skip)
{
	__u32 zone;
	__u64 key;

	if (!g)
		return IDENTITY_OF_NOBODY;
	key = identity_read(&g->reader, at, skip);
	zone = config_of(g)->zone[g->zone & (SG_ZONES - 1)].id;
	if (!key)
		return IDENTITY_OF_NOBODY;
	return identity_is_elsewhere(key, zone, g->now) ? IDENTITY_OF_OURS : IDENTITY_OF_OTHERS;
}

/* Behind "\nP-Asser": the name goes on as that of P-Asserted-Identity does (RFC 3325). */
static __always_inline bool identity_is_asserted(const struct sip_reader *r, __u32 at)
{
	return sip_fold(sip_load8(r, at)) == SIP_WORD('t', 'e', 'd', '-', 'i', 'd', 'e', 'n') &&
	       sip_head(sip_fold(sip_load8(r, at + 8)), 4) == SIP_WORD('t', 'i', 't', 'y');
}

/*
 * The first values of all such lines. What is read of them is bounded, since a forger fills them:
 * five times IDENTITY_READ characters with From, 25 ns each.
 */
static __always_inline bool identity_asserts(const struct guard *g)
{
	__u32 at = g->reader.message.start_line.length, values = 0, claim;
	const struct sip_reader *r = &g->reader;

	for (__u32 i = 0; i < IDENTITY_LINES; i++) {
		at = span_line(r, at, SIP_WORD('\n', 'p', '-', 'a', 's', 's', 'e', 'r'));
		if (!at)
			return false;
		if (!identity_is_asserted(r, at))
			continue;
		for (__u32 skip = 0; skip < IDENTITY_VALUES && values < IDENTITY_VALUES; skip++) {
			claim = identity_claims(g, at + 12, skip);
			if (claim == IDENTITY_OF_OURS)
				return true;
			if (claim == IDENTITY_OF_NOBODY)
				break;
			values = forget(values + 1, at); /* or each is followed on */
		}
	}
	return false;
}

/*
 * A request that was read and begins something: in a dialog, and of what CANCEL and ACK belong to,
 * it was said before. Who registers shows the server his password, wherever he comes from. Global,
 * as few profiles ask for it.
 */
__noinline int identity_check(const struct guard *g)
{
	const struct sip_message *m;

	if (!g || !verdict_looks(g, SG_REASON_IDENTITY_ELSEWHERE))
		return SG_REASON_NONE;
	m = &g->reader.message;
	if (!policy_begins(m) || m->method_id == SG_METHOD_REGISTER ||
	    policy_is_emergency(&g->reader))
		return SG_REASON_NONE;
	if (m->seen & SIP_SEEN(FROM) &&
	    identity_claims(g, m->field[SIP_FIELD_FROM].at, 0) == IDENTITY_OF_OURS)
		return SG_REASON_IDENTITY_ELSEWHERE;
	return identity_asserts(g) ? SG_REASON_IDENTITY_ELSEWHERE : SG_REASON_NONE;
}

#endif
