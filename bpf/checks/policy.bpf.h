/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the operator says is never legitimate from there, whatever its rate: sources in no zone, and
 * the transports and methods of the sender's profile. None bans: over UDP anybody can send it in
 * somebody's name.
 */
#ifndef SIPGUARD_POLICY_BPF_H
#define SIPGUARD_POLICY_BPF_H

#include <stdbool.h>

#include "maps.bpf.h"
#include "packet/spans.bpf.h"

/* Where only zones may send: the profile of those in none is that of the place. */
static __always_inline __u32 policy_zone_check(const struct guard *g)
{
	return profile_of(g)->closed && !g->in_zone ? SG_REASON_NOT_IN_ZONE : SG_REASON_NONE;
}

/* By the list in which the destination port is. */
static __always_inline __u32 policy_transport_check(const struct guard *g)
{
	return profile_of(g)->transports & g->role ? SG_REASON_NONE
						   : SG_REASON_TRANSPORT_NOT_ALLOWED;
}

/*
 * Whether a URI is of an emergency service: urn:service:sos, or a kind of it, as sos.police (RFC
 * 5031 section 4.2). What stands behind it must not go on its word.
 */
static __always_inline bool policy_is_sos(const struct sip_reader *r, const struct sip_party *uri)
{
	__u32 at = uri->host.at;
	__u64 sos;

	if (uri->scheme != SIP_SCHEME_URN || !at ||
	    sip_fold(sip_load8(r, at)) != SIP_WORD('s', 'e', 'r', 'v', 'i', 'c', 'e', ':'))
		return false;
	sos = sip_fold(sip_load8(r, at + 8));
	return sip_head(sos, 3) == SIP_WORD('s', 'o', 's') && !sip_is_letter(sos >> 24 & 0xff) &&
	       !sip_is_digit(sos >> 24 & 0xff) && (sos >> 24 & 0xff) != '-';
}

/*
 * An emergency call, or a request in its dialog, whose Request-URI is the other end's Contact. It
 * may be said of any request; what it is spared is this check alone.
 */
static __always_inline bool policy_is_emergency(const struct sip_reader *r)
{
	return policy_is_sos(r, &r->message.party[SIP_URI]) ||
	       policy_is_sos(r, &r->message.party[SIP_TO]);
}

/*
 * Whether a request begins something: in a dialog the other end's Contact is asked for, and CANCEL
 * and ACK have the Request-URI of what they belong to.
 */
static __always_inline bool policy_begins(const struct sip_message *m)
{
	return !m->party[SIP_TO].tag.length && m->method_id != SG_METHOD_CANCEL &&
	       m->method_id != SG_METHOD_ACK;
}

/* A request that was read. */
static __always_inline __u32 policy_method_check(const struct guard *g)
{
	if (profile_of(g)->methods >> (g->method & 31) & 1 || policy_is_emergency(&g->reader))
		return SG_REASON_NONE;
	return SG_REASON_METHOD_NOT_ALLOWED;
}

/* --- calls that take precedence: those of zones with a Resource-Priority (RFC 4412) --- */

#define PRIORITY_FIELDS SG_FIXED_PRIORITIES /* lines that begin with "Resourc" */

/* Whether the line goes on as Resource-Priority, with at most 5 blanks before its colon. */
static __always_inline bool priority_is_field(const struct sip_reader *r, __u32 at)
{
	__u64 word = sip_load8(r, at + 8), rest = word >> 16, others;

	if (sip_fold(sip_load8(r, at)) != SIP_WORD('e', '-', 'p', 'r', 'i', 'o', 'r', 'i') ||
	    sip_head(sip_fold(word), 2) != SIP_WORD('t', 'y'))
		return false;
	others = ~(sip_equal(rest, ' ') | sip_equal(rest, '\t')) & SIP_HIGH;
	return (rest >> 8 * sip_first(others) & 0xff) == ':';
}

/* Whether an INVITE has that field (RFC 4412 section 3.1). The reader knows nothing of it. */
static __always_inline bool priority_is_said(const struct sip_reader *r)
{
	__u32 at = r->message.start_line.length;

	for (__u32 i = 0; i < PRIORITY_FIELDS; i++) {
		at = span_line(r, at, SIP_WORD('\n', 'r', 'e', 's', 'o', 'u', 'r', 'c'));
		if (!at)
			return false;
		if (priority_is_field(r, at))
			return true;
	}
	return false;
}

/*
 * Whether a call may pass that others of its kind may not: a zone's, whose word the operator takes
 * for it. Anybody can write the field, so that of strangers says nothing, and a password makes
 * nobody an authority.
 */
static __always_inline bool priority_precedes(const struct guard *g)
{
	return g->in_zone && profile_of(g)->callee_priority && priority_is_said(&g->reader);
}

#endif
