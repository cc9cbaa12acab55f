/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What one message is judged by: what it begins with, the rules of SIP's grammar, and what it shows
 * of its sender. Read guard_judge_first() from top to bottom.
 */
#ifndef SIPGUARD_JUDGE_BPF_H
#define SIPGUARD_JUDGE_BPF_H

#include "checks/callee.bpf.h"
#include "checks/calls.bpf.h"
#include "checks/dial.bpf.h"
#include "checks/dialled.bpf.h"
#include "checks/dialog.bpf.h"
#include "checks/domain.bpf.h"
#include "checks/grammar.bpf.h"
#include "checks/guess.bpf.h"
#include "checks/identity.bpf.h"
#include "checks/overload.bpf.h"
#include "checks/policy.bpf.h"
#include "checks/request.bpf.h"
#include "checks/route.bpf.h"
#include "checks/via.bpf.h"
#include "learn.bpf.h"
#include "packet/class.bpf.h"
#include "state/offences.bpf.h"
#include "verdict.bpf.h"

/* Ends the way of the packet here if the step gives a reason that is enforced. */
#define JUDGE(step)                                                                               \
	do {                                                                                      \
		__u32 reason_ = (step);                                                           \
		if (verdict_is_final(g, reason_))                                                 \
			return reason_;                                                           \
	} while (0)

/*
 * Whether what the packet does may be held against its flow. Over UDP anybody can have sent it in
 * somebody's name: there are limits for it, and no ban. Nor is anybody banned whom the operator or
 * a proof has made known, or for a segment that knows no number of the connection.
 */
static __always_inline bool is_to_blame(const struct guard *g)
{
	return g->p.transport == IPPROTO_TCP && g->p.assumed != STREAM_GUESSED && pays_budget(g);
}

/*
 * Whether a message of one user may pass that would be dropped, since its segment would come again
 * and again, and the other users of a proven connection would wait behind it. Nor is a guess where
 * messages begin enough to drop one.
 */
static __always_inline bool guard_spares(const struct guard *g)
{
	return g->p.assumed == STREAM_GUESSED ||
	       (g->p.transport == IPPROTO_TCP && is_proven(g) && flow_is_shared(g));
}

/* As JUDGE(), but for who is spared: nothing is learned from such a message. */
static __always_inline bool guard_ends(struct guard *g, __u32 reason)
{
	if (!verdict_is_final(g, reason))
		return false;
	if (!guard_spares(g))
		return true;
	verdict_watch(g, reason);
	g->fresh = 0;
	return false;
}

/* Whether a request has come as a whole: what is in a segment of TCP may go on in the next one. */
static __always_inline bool guard_has_request(const struct guard *g)
{
	return g->class == SG_CLASS_REQUEST && g->p.stream != STREAM_PART;
}

/*
 * Whether what the sender's profile says to a request is only counted. A segment of TCP that is
 * dropped ends its connection: of whom a zone or a proof makes known that is the way of many users,
 * of whom one could end it for all by what he sends. And where To is in a later fragment, nobody
 * knows whether the request is one of a dialog, or of an emergency call; strangers have to send
 * such a head twice anyway.
 */
static __always_inline bool guard_watches_policy(const struct guard *g)
{
	if (g->p.transport == IPPROTO_TCP)
		return !pays_budget(g) || g->p.assumed == STREAM_GUESSED;
	return g->p.first_fragment && !pays_budget(g) &&
	       !(g->reader.message.seen & SIP_SEEN(TO));
}

static __always_inline __u32 guard_judge_policy(struct guard *g, __u32 reason)
{
	if (!verdict_is_final(g, reason))
		return SG_REASON_NONE;
	if (!guard_watches_policy(g))
		return reason;
	verdict_watch(g, reason);
	return SG_REASON_NONE;
}

/*
 * What the sender's profile says of the method, of whom the request asks for and of who it says
 * that asks, and where the request says that it has been: X(condition, check), in their order.
 */
#define PROFILE_CHECKS(X)                                                                         \
	X(true, policy_method_check)                                                              \
	X(domain_applies(g), domain_check)                                                        \
	X(domain_applies(g), route_check)                                                         \
	X(true, via_check)                                                                        \
	X(identity_applies(g), identity_check)

static __always_inline __u32 guard_judge_profile(struct guard *g)
{
	__u32 reason = SG_REASON_NONE;

#define X(condition, check)                                                                       \
	if (!reason && (condition))                                                               \
		reason = guard_judge_policy(g, check(g));
	PROFILE_CHECKS(X)
#undef X
	return reason;
}

/* Whether none of them has anything to say: of nearly all requests that takes a look each. */
static __always_inline bool guard_profile_passes(const struct guard *g)
{
	const struct sg_profile *profile = profile_of(g);

	return profile->methods >> (g->method & 31) & 1 && !profile->served &&
	       !profile->identity && !via_may_be_own(g);
}

/* Whether any of that will end the way of a request, once nothing else does. */
static __always_inline bool guard_profile_refuses(struct guard *g)
{
#define X(condition, check)                                                                       \
	if ((condition) && verdict_enforces(g, check(g)))                                         \
		return true;
	PROFILE_CHECKS(X)
#undef X
	return false;
}

/*
 * Whether the flow of a call beyond the limit of dialled prefixes is banned, which the operator has
 * to ask for. A proven flow is, too, since accounts are stolen, but not for what one of its users
 * does; and nobody over UDP, where anybody can have sent it.
 */
static __always_inline bool guard_bans_caller(const struct guard *g)
{
	return profile_of(g)->dialled_ban && g->p.transport == IPPROTO_TCP && !g->in_zone &&
	       g->p.assumed != STREAM_GUESSED && !flow_is_shared(g);
}

static __always_inline __u32 guard_judge_dialled(struct guard *g)
{
	__u32 reason = dialled_check(g);

	if (!SHADOW && reason && guard_bans_caller(g))
		flow_ban(g, reason, profile_of(g)->dialled_ban);
	return guard_judge_policy(g, reason);
}

/* Of a new call to a number: in how many forms that was dialled, and whether it is watched. */
static __always_inline __u32 guard_judge_number(struct guard *g)
{
	__u32 reason = SG_REASON_NONE;

	if (dial_applies(g))
		reason = guard_judge_policy(g, dial_check(g));
	if (!reason && dialled_applies(g))
		reason = guard_judge_dialled(g);
	return reason;
}

/*
 * Of a new call: whether its caller may have one more, how its callee was dialled, and whether he
 * gets one more. In this order, or a call that is refused would be one that he has had.
 */
static __always_inline __u32 guard_judge_call(struct guard *g)
{
	__u32 reason = SG_REASON_NONE;

	if (calls_applies(g))
		reason = guard_judge_policy(g, calls_check(g));
	if (reason)
		return reason;
	if (dial_may_be_number(g) && (dial_applies(g) || dialled_applies(g)) && dial_read(g))
		reason = guard_judge_number(g);
	return reason ? reason : guard_judge_policy(g, callee_check(g));
}

/*
 * In monitor mode what would be shed passes and is answered, so it is remembered as any other: or
 * the level would be told by the few that are left.
 */
static __always_inline __u32 guard_judge_overload(struct guard *g)
{
	__u32 reason = guard_judge_policy(g, overload_check(g));

	if (!SHADOW && reason && g->fresh && sg_state.mode == SG_MODE_MONITOR)
		learn_transaction(g);
	return reason;
}

/*
 * Of what says that it belongs to something: whether it does, and if not, whether its sender may
 * send more of that. Global, as few packets need it.
 */
__noinline int guard_judge_dialog(struct guard *g)
{
	__u32 reason, limit;

	if (!g)
		return SG_REASON_NONE;
	reason = dialog_check(g);
	if (!reason)
		return SG_REASON_NONE;
	limit = dialog_limit_check(g);
	if (verdict_is_final(g, reason))
		return reason;
	return verdict_is_final(g, limit) ? limit : SG_REASON_NONE;
}

/* Of a request that bears a fingerprint. Global, likewise. */
__noinline int guard_judge_fingerprint(struct guard *g)
{
	__u32 reason;

	if (!g)
		return SG_REASON_NONE;
	reason = fingerprint_check(g);
	if (reason == SG_REASON_SCANNER && is_to_blame(g))
		flow_offends(g, SG_OFFENCE_SCANNER);
	return guard_ends(g, reason) ? reason : SG_REASON_NONE;
}

/* Of a new request, if guess_applies(). Global, likewise. */
__noinline int guard_judge_guess(struct guard *g)
{
	__u32 reason;

	if (!g)
		return SG_REASON_NONE;
	reason = guess_check(g);
	return guard_ends(g, reason) ? reason : SG_REASON_NONE;
}

/*
 * By what a request without faults shows of its sender. Global, or each of its ways is followed
 * through all that comes after (10 000 instructions, clang 19, 6.18).
 */
__noinline int guard_judge_sender(struct guard *g)
{
	__u32 reason;

	if (!g)
		return SG_REASON_NONE;
	g->copy = 0;
	if (!guard_has_request(g))
		return g->class == SG_CLASS_RESPONSE && dialog_applies(g) ? guard_judge_dialog(g)
									  : SG_REASON_NONE;
	if (!guard_profile_passes(g)) {
		reason = guard_judge_profile(g);
		if (reason)
			return reason;
	}
	request_know_inline(g);
	if (g->signature) {
		reason = guard_judge_fingerprint(g);
		if (reason)
			return reason;
	}
	if (g->fresh && guess_applies(g)) {
		reason = guard_judge_guess(g);
		if (reason)
			return reason;
	}
	reason = dialog_applies(g) ? guard_judge_dialog(g) : SG_REASON_NONE;
	if (reason)
		return reason;
	reason = overload_applies(g) ? guard_judge_overload(g) : SG_REASON_NONE;
	if (reason)
		return reason;
	return callee_is_called(g) ? guard_judge_call(g) : SG_REASON_NONE;
}

/* A message that was let in, which is for the guard in force to say. */
static __always_inline void guard_learn(struct guard *g)
{
	if (SHADOW)
		return;
	if (g->class == SG_CLASS_RESPONSE) {
		learn_response(g);
		dialog_learn_response(g);
	} else if (guard_has_request(g)) {
		learn_request(g);
	}
}

/* What begins where a message should, and is none: for it, too, what guard_judge_faults() says. */
static __always_inline __u32 guard_check_class(struct guard *g)
{
	__u32 reason = class_check(g);

	if (reason == SG_REASON_NONE || pays_budget(g) || g->p.transport != IPPROTO_TCP)
		return reason;
	if (verdict_is_final(g, reason))
		verdict_watch(g, reason);
	return SG_REASON_NONE;
}

/*
 * A message that breaks a rule. A dropped segment of TCP is a dead connection, since it comes again
 * from the same byte, and dies with all messages of all users behind it. That is meant for whom
 * nobody knows; of a peer with a zone or a proven flow the fault is counted, and the server's own
 * parser has the last word.
 */
static __always_inline __u32 guard_judge_faults(struct guard *g)
{
	__u32 reason;

	if (!g->faults)
		return SG_REASON_NONE;
	reason = grammar_check(g, !pays_budget(g) && g->p.transport == IPPROTO_TCP);
	if (reason != SG_REASON_NONE && is_to_blame(g))
		JUDGE(flow_offends(g, SG_OFFENCE_MALFORMED));
	return reason;
}

/* The first message of a frame, which was admitted; those behind it pass guard_judge_one(). */
static __always_inline __u32 guard_judge_first(hook_ctx *ctx, struct guard *g)
{
	__u32 reason;

	if (message_applies(KIND(g->class, g->method))) {
		message_read(ctx, g);
		reason = guard_judge_faults(g);
		if (reason)
			return reason;
		JUDGE(head_check(g));
	}
	return guard_judge_sender(g);
}

/* What is refused since others send too much comes again, and gets in then. */
static __always_inline bool is_put_off(__u32 reason)
{
	return reason == SG_REASON_GREYLIST || reason == SG_REASON_UNLISTED_BUDGET ||
	       reason == SG_REASON_ZONE_TOTAL;
}

/* A request that was read and is put off. Global: it is dear to verify in the way of each. */
__noinline int guard_learn_put_off(struct guard *g)
{
	if (!g || g->faults || !guard_has_request(g) || guard_profile_refuses(g))
		return 0;
	request_know(g);
	/* When it came again, it would be judged by that, too. */
	if (verdict_enforces(g, fingerprint_check(g)) ||
	    (g->fresh && guess_applies(g) && verdict_enforces(g, guess_check(g))))
		return 0;
	g->admitted = 0; /* nor has it passed the greylist, or it would not be put off */
	learn_request(g);
	return 0;
}

/*
 * In monitor mode a request passes where enforce mode would have it come again. It is
 * answered, so it does not come again: what it tells is learned now, or who says `enforce` in a
 * flood would know none of the phones that have registered meanwhile.
 */
static __always_inline void guard_put_off(hook_ctx *ctx, struct guard *g, __u32 reason)
{
	if (SHADOW || !is_put_off(reason) || sg_state.mode != SG_MODE_MONITOR ||
	    g->class != SG_CLASS_REQUEST)
		return;
	message_read(ctx, g);
	guard_learn_put_off(g);
}

#endif
