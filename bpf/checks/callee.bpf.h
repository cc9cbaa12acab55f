/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How many calls one user may get, whoever makes them: telephony denial of service keeps a phone
 * ringing from as many sources as there are. What is known of the senders keeps them apart: those
 * of a zone, those that are proven there, and strangers have a limit of the callee each, so who
 * floods with forged sources takes no call away that comes by a trunk or from a registered phone.
 */
#ifndef SIPGUARD_CALLEE_BPF_H
#define SIPGUARD_CALLEE_BPF_H

#include "checks/limits.bpf.h"
#include "checks/policy.bpf.h"
#include "packet/spans.bpf.h"
#include "state/secrets.bpf.h"

#define CALLEE_WORDS 8 /* of 8 bytes: no longer part of a user is looked at */

/*
 * The part of a user by which it is told from others: up to its password or parameters (RFC 3261
 * section 25.1), which the caller may choose. An escape ends it, too: who writes a user in ever
 * other ways has as many limits as that has characters, and no more.
 */
static __always_inline __u32 callee_length(const struct sip_reader *r, __u32 at, __u32 length)
{
	__u64 word, stop;
	__u32 end;

	for (__u32 i = 0; i < CALLEE_WORDS; i++) {
		word = sip_load8(r, at + 8 * i);
		stop = sip_equal(word, ':') | sip_equal(word, ';') | sip_equal(word, '%');
		end = 8 * i + (stop ? sip_first(stop) : 8);
		if (stop || end >= length)
			return end < length ? end : length;
	}
	return 8 * CALLEE_WORDS;
}

/* The one that an INVITE is for; length 0: nobody in particular. */
static __always_inline struct sip_span callee_of(const struct sip_reader *r)
{
	const struct sip_party *uri = &r->message.party[SIP_URI];

	return uri->scheme == SIP_SCHEME_TEL ? uri->host : uri->user;
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

/*
 * Of a new INVITE, which it charges. Emergency calls are nobody's to limit; of these only the
 * Request-URI is believed, since To says nothing of whose phone rings.
 */
static __always_inline __u32 callee_check(const struct guard *g)
{
	const struct sip_reader *r;
	struct sip_span callee;
	__u64 hash;

	if (!verdict_looks(g, SG_REASON_LIMIT_CALLEE))
		return SG_REASON_NONE;
	r = &g->reader;
	callee = callee_of(r);
	if (!callee.length || policy_is_sos(r, &r->message.party[SIP_URI]))
		return SG_REASON_NONE;
	hash = span_hash(r, callee.at, callee_length(r, callee.at, callee.length),
			 SECRET_SALT ^ (g->zone << 1 | is_proven(g)));
	return rows_pay(&sg_callees, hash, SG_CALLEE_ROW, g->now, &profile_of(g)->callee)
		       ? SG_REASON_NONE : SG_REASON_LIMIT_CALLEE;
}

#endif
