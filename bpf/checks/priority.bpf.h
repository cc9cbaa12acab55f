/* SPDX-License-Identifier: GPL-2.0-only */
/* Calls that take precedence: those of zones with a Resource-Priority (RFC 4412). */
#ifndef SIPGUARD_PRIORITY_BPF_H
#define SIPGUARD_PRIORITY_BPF_H

#include "packet/spans.bpf.h"

#define PRIORITY_FIELDS 4 /* lines that begin with "Resourc" which are looked at */

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
 * Whether a call may pass that others of its kind may not: a zone's, whose word the operator takes for
 * it. Anybody can write the field, so that of strangers says nothing, and a password makes nobody an
 * authority.
 */
static __always_inline bool priority_precedes(const struct guard *g)
{
	return g->in_zone && profile_of(g)->callee_priority && priority_is_said(&g->reader);
}

#endif
