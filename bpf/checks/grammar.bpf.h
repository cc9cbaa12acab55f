/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Step 6: the message that was admitted is copied once, read, and held against the rules of SIP's
 * grammar (include/sip/rules.h). Who is over a limit never comes here.
 */
#ifndef SIPGUARD_GRAMMAR_BPF_H
#define SIPGUARD_GRAMMAR_BPF_H

#include "checks/greylist.bpf.h"
#include "checks/limits.bpf.h"
#include "packet/part.bpf.h"
#include "sip/reader.h"
#include "verdict.bpf.h"

#define GRAMMAR_REASONS 8 /* faults of one message that are counted at most */
#define FRAGMENT_LINK (512 - sizeof(struct udphdr)) /* IPv4's hosts take 576 (RFC 791) */

const __u8 sg_reason_of_rule[] = {
#define X(number, name, label, reference, mode, strict, help) [SIP_RULE_##name] = number,
	SIP_RULES(X)
#undef X
};

/* Whether a reason, or none, is of the message and not of who sends it. */
const __u8 sg_reason_of_message[SG_MODES] = {
	[SG_REASON_NONE] = 1, [SG_REASON_GARBAGE] = 1, [SG_REASON_SCANNER] = 1,
#define X(number, name, label, reference, mode, strict, help) [number] = 1,
	SIP_RULES(X)
#undef X
};

static __always_inline bool is_of_message(__u32 reason)
{
	barrier_var(reason);
	return sg_reason_of_message[reason & (SG_MODES - 1)];
}

/* Multicast, broadcast and 0.0.0.0/8 or :: are nobody's address (RFC 1122 section 3.2.1.3). */
static __always_inline bool message_from_nobody(const struct packet *p)
{
	if (p->family == 4)
		return p->address[12] >= 224 || p->address[12] == 0;
	return p->address[0] == 0xff ||
	       !(p->address32[0] | p->address32[1] | p->address32[2] | p->address32[3]);
}

static __always_inline __u32 message_flags(const struct packet *p)
{
	return (p->first_fragment ? SIP_MORE : 0) |
	       (p->transport == IPPROTO_TCP ? SIP_STREAM : 0) |
	       (p->source_port ? 0 : SIP_PORT_ZERO) |
	       (message_from_nobody(p) ? SIP_SOURCE_INVALID : 0);
}

/* Loads the message of a packet into the reader, if it is not there yet. Its length, or 0. */
static __always_inline __u32 message_load(hook_ctx *ctx, const struct packet *p,
					  struct sip_reader *r)
{
	__u32 length;

	if (p->loaded)
		return p->held + p->datagram;
	length = p->frame - p->offset;
	if (length > p->datagram)
		length = p->datagram;
	return sip_reader_load(ctx, r, 0, p->offset, length, HOOK_SKB) ? 0 : length;
}

static __always_inline bool message_applies(__u32 kind)
{
	return KIND_CLASS(kind) == SG_CLASS_REQUEST || KIND_CLASS(kind) == SG_CLASS_RESPONSE;
}

/*
 * Reads the message of a packet: its faults are in g->faults, none if it is known to be no message.
 * One whose header does not end in its segment is read when the rest has come.
 */
__noinline int message_read(hook_ctx *ctx, struct guard *g)
{
	const struct sg_profile *profile;
	struct sip_reader *r;
	struct packet *p;

	if (!g)
		return 0;
	g->faults = 0;
	p = &g->p;
	r = &g->reader;
	profile = profile_of(g);
	if (p->frame < p->offset || ((p->stream || p->part) && !message_applies(p->kind)))
		return 0;
	r->input.length = message_load(ctx, p, r);
	if (!r->input.length) {
		if (p->stream)
			p->stream = STREAM_LOST;
		return 0;
	}
	r->input.wanted = profile->rules | STREAM_ENDLESS;
	r->input.whole = p->whole;
	r->input.flags = message_flags(p);
	sip_read(r, &profile->caps);
	if (p->transport != IPPROTO_TCP || r->message.flags & (SIP_HEAD | SIP_CUT)) {
		g->faults = r->message.faults & profile->rules;
		return 0;
	}
	p->stream = STREAM_PART;
	p->paid = 1;
	return 0;
}

/*
 * A stranger's message whose header does not end in its first fragment, so that anything may stand
 * in the rest: as at the greylist, it has to come again. Links of less than FRAGMENT_LINK bytes
 * there are none, so one that shows so little does not come in at all.
 */
static __always_inline __u32 head_check(hook_ctx *ctx, struct guard *g)
{
	if (!g->p.first_fragment || g->p.transport != IPPROTO_UDP || !pays_budget(g) ||
	    g->reader.message.flags & SIP_HEAD || !verdict_looks(g, SG_REASON_FRAGMENT_HEAD))
		return SG_REASON_NONE;
	return g->p.datagram >= FRAGMENT_LINK && greylist_came(ctx, g)
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
