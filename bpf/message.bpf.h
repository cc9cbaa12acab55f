/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Step 5: the message that was admitted is copied once, read, and held against the rules of SIP's
 * grammar (include/sip_rules.h). Who is over a limit never comes here.
 */
#ifndef SIPGUARD_MESSAGE_BPF_H
#define SIPGUARD_MESSAGE_BPF_H

#include "guard.bpf.h"

#define MESSAGE_REASONS 8 /* faults of one message that are counted at most */

const __u8 sg_reason_of_rule[] = {
#define X(number, name, label, reference, mode, strict, help) [SIP_RULE_##name] = number,
	SIP_RULES(X)
#undef X
};

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

/* A segment of TCP ends where it ends: a message that goes on in the next one is not judged. */
static __always_inline bool message_is_whole(const struct sip_reader *r)
{
	const struct sip_message *m = &r->message;

	return m->flags & SIP_HEAD && (__u64)m->body + m->content_length <= r->input.length;
}

/* The faults of the message of a packet; `frame` is the frame's length, over all its buffers. */
__noinline __u64 message_read(struct xdp_md *ctx, const struct packet *p, __u32 frame, __u32 slot)
{
	struct sip_reader *r = map_reader();
	const struct sg_config *config = map_config(slot);
	__u64 faults;
	__u32 length;

	if (!p || !r || !config || frame < p->offset)
		return 0;
	length = frame - p->offset;
	if (length > p->datagram)
		length = p->datagram;
	if (sip_reader_load(ctx, r, p->offset, length))
		return 0;
	r->input.wanted = config->rules;
	r->input.length = length;
	r->input.flags = message_flags(p);
	faults = sip_read(r, &config->caps) & config->rules;
	return p->transport == IPPROTO_UDP || message_is_whole(r) ? faults : 0;
}

static __always_inline bool message_applies(const struct guard *g)
{
	return g->class == SG_CLASS_REQUEST || g->class == SG_CLASS_RESPONSE;
}

/* The reason of the first fault, which it takes away. */
static __always_inline __u32 message_reason(__u64 *faults)
{
	__u32 rule = sip_bit(*faults & -*faults);

	*faults &= *faults - 1;
	barrier_var(rule);
	return rule < SIP_RULE__MAX ? sg_reason_of_rule[rule] : SG_REASON_NONE;
}

#endif
