/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Step 6: the message that was admitted and read is held against the rules of SIP's grammar
 * (include/sip/rules.h). Who is over a limit never comes here.
 */
#ifndef SIPGUARD_GRAMMAR_BPF_H
#define SIPGUARD_GRAMMAR_BPF_H

#include "checks/greylist.bpf.h"
#include "checks/limits.bpf.h"
#include "messages.bpf.h"
#include "verdict.bpf.h"

#define GRAMMAR_REASONS 8 /* faults of one message that are counted at most */
#define FRAGMENT_LINK (512 - sizeof(struct udphdr)) /* IPv4's hosts take 576 (RFC 791) */

const __u8 sg_reason_of_rule[] = {
#define X(number, name, ...) [SIP_RULE_##name] = number,
	SIP_RULES(X)
#undef X
};

/* Whether a reason, or none, is of the message and not of who sends it. */
const __u8 sg_reason_of_message[SG_MODES] = {
	[SG_REASON_NONE] = 1, [SG_REASON_GARBAGE] = 1, [SG_REASON_SCANNER] = 1,
	[SG_REASON_LOOKALIKE] = 1, [SG_REASON_METHOD_NOT_ALLOWED] = 1,
	[SG_REASON_LIMIT_CALLEE] = 1, [SG_REASON_DIAL_WALK] = 1, [SG_REASON_DOMAIN_NOT_SERVED] = 1,
	[SG_REASON_VIA_OWN_ADDRESS] = 1, [SG_REASON_ROUTE_NOT_SERVED] = 1,
	[SG_REASON_LIMIT_OWN_CALLEE] = 1, [SG_REASON_DIALLED_PREFIX] = 1,
	[SG_REASON_OVERLOAD] = 1, [SG_REASON_IDENTITY_ELSEWHERE] = 1,
	[SG_REASON_DIALOG_UNKNOWN] = 1, [SG_REASON_TRANSACTION_UNKNOWN] = 1,
	[SG_REASON_LIMIT_DIALOG] = 1, [SG_REASON_LIMIT_CALLS] = 1,
#define X(number, ...) [number] = 1,
	SIP_RULES(X)
#undef X
};

static __always_inline bool is_of_message(__u32 reason)
{
	barrier_var(reason);
	return sg_reason_of_message[reason & (SG_MODES - 1)];
}

/*
 * A stranger's message whose header does not end in its first fragment, so that anything may stand
 * in the rest: as at the greylist, it has to come again. Links of less than FRAGMENT_LINK bytes
 * there are none, so one that shows so little does not come in at all.
 */
static __always_inline __u32 head_check(struct guard *g)
{
	if (!g->p.first_fragment || g->p.transport != IPPROTO_UDP || !pays_budget(g) ||
	    g->reader.message.flags & SIP_HEAD || !verdict_looks(g, SG_REASON_FRAGMENT_HEAD))
		return SG_REASON_NONE;
	return g->p.datagram >= FRAGMENT_LINK && greylist_came(g)
		       ? SG_REASON_NONE : SG_REASON_FRAGMENT_HEAD;
}

/* The reason of the first fault, which it takes away. */
static __always_inline __u32 grammar_reason(__u64 *faults)
{
	__u32 rule = sip_bit(*faults & -*faults);

	*faults &= *faults - 1;
	barrier_var(rule);
	return rule < SIP_RULE__MAX ? sg_reason_of_rule[rule] : SG_REASON_NONE;
}

/*
 * The first of the faults of a message that ends its way; those before it that are only monitored
 * are counted. With `spare` none ends it: the first is counted as if it were monitored. Global: the
 * turns of its loop were followed through all that comes after (130 000 instructions, clang 14 and
 * 19, 6.18).
 */
__noinline int grammar_check(struct guard *g, __u32 spare)
{
	__u64 faults;
	__u32 reason;

	if (!g)
		return SG_REASON_NONE;
	faults = g->faults;
	/* What a guess takes for a message, or a capture lacks of one, has no faults of its own. */
	if (g->p.assumed == STREAM_GUESSED || (g->p.assumed && g->p.held))
		spare = 1;
	for (int i = 0; i < GRAMMAR_REASONS && faults; i++) {
		reason = grammar_reason(&faults);
		if (!verdict_is_final(g, reason))
			continue;
		if (!spare)
			return reason;
		verdict_watch(g, reason);
		break;
	}
	return SG_REASON_NONE;
}

#endif
