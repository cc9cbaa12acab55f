/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The top Via: protocol, transport, sent-by and branch (RFC 3261 section 20.42).
 */
#ifndef SIPGUARD_SIP_VIA_H
#define SIPGUARD_SIP_VIA_H

#include "sip/scan.h"
#include "sip/state.h"
#include "sip/values.h"

/* enum sip_transport of up to seven characters, folded. */
SIP_INLINE __u32 sip_transport_id(__u64 word)
{
	switch (word) {
	case SIP_WORD('u', 'd', 'p'):
		return SIP_TRANSPORT_UDP;
	case SIP_WORD('t', 'c', 'p'):
		return SIP_TRANSPORT_TCP;
	case SIP_WORD('t', 'l', 's'):
		return SIP_TRANSPORT_TLS;
	case SIP_WORD('s', 'c', 't', 'p'):
		return SIP_TRANSPORT_SCTP;
	case SIP_WORD('w', 's'):
		return SIP_TRANSPORT_WS;
	case SIP_WORD('w', 's', 's'):
		return SIP_TRANSPORT_WSS;
	default:
		return SIP_TRANSPORT_OTHER;
	}
}

/* After a slash with white space around it, or 0 if there is none. */
SIP_INLINE __u32 sip_slash(struct sip_reader *r, __u32 at, __u32 end)
{
	at = sip_skip(r, at, end);
	return at < end && sip_byte(r, at) == '/' ? sip_skip(r, at + 1, end) : 0;
}

/* Where the transport of a Via begins that has white space in its protocol, or 0. */
SIP_FUNCTION int sip_via_protocol(struct sip_reader *r, __u32 at, __u32 end)
{
	if (!r || sip_fold(sip_head(sip_load8(r, at), 3)) != SIP_WORD('s', 'i', 'p'))
		return 0;
	at = sip_slash(r, at + 3, end);
	if (!at || sip_head(sip_load8(r, at), 3) != SIP_WORD('2', '.', '0'))
		return 0;
	return sip_slash(r, at + 3, end);
}

/* Sets the transport of the Via and returns where its sent-by begins, or 0. */
SIP_INLINE __u32 sip_via_transport(struct sip_reader *r, __u32 at, __u32 end)
{
	__u64 word = sip_load8(r, at), stop;
	__u32 length;

	if (sip_fold(word) == SIP_WORD('s', 'i', 'p', '/', '2', '.', '0', '/') && at + 8 < end)
		at += 8;
	else
		at = sip_via_protocol(r, at, end);
	if (!at)
		return 0;
	word = sip_load8(r, at);
	stop = sip_below(word, ' ' + 1);
	length = stop ? sip_first(stop) : (__u32)sip_token_length(r, at);
	r->message.transport = length < 8 ? sip_transport_id(sip_fold(sip_head(word, length)))
					  : SIP_TRANSPORT_OTHER;
	at += length;
	return length && at < end && sip_is_white(sip_byte(r, at)) ? sip_skip(r, at, end) : 0;
}

/* A host name, or what stands in the brackets of an IPv6 address with them. */
static long sip_host_byte(__u32 i, struct sip_loop *loop)
{
	struct sip_reader *r = loop->r;
	__u32 c = sip_byte(r, r->message.party[SIP_VIA].host.at + i);

	if (sip_is_letter(c) || sip_is_digit(c) || c == '.' || c == '-' || c == '_')
		return 0;
	if ((c == '[' || c == ']' || c == ':') && r->inside)
		return 0;
	sip_fault(r, SIP_FAULT(VIA_HOST));
	return 1;
}

/* sent-by = host [ COLON port ]; underscores are no RFC's, but in many a host's name. */
SIP_FUNCTION int sip_via_host(struct sip_reader *r)
{
	struct sip_loop loop = {r};
	struct sip_party *party;
	__u32 port, digits, after;
	__u64 decimal;

	if (!r)
		return 0;
	party = &r->message.party[SIP_VIA];
	r->inside = sip_byte(r, party->host.at) == '[';
	SIP_REPEAT(party->host.length, sip_host_byte, &loop);
	if (!party->port)
		return 0;
	/* White space may stand around the colon. */
	port = sip_skip(r, party->host.at + party->host.length, r->scan.end) + 1;
	port = sip_skip(r, port, r->scan.end);
	decimal = sip_decimal(r, port);
	digits = SIP_DECIMAL_DIGITS(decimal);
	after = sip_byte(r, port + digits);
	if (!digits || SIP_DECIMAL_NUMBER(decimal) > 65535 ||
	    (port + digits < r->scan.end && after != ';' && after != ',' && !sip_is_white(after)))
		sip_fault(r, SIP_FAULT(VIA_HOST));
	return 0;
}

/* The branch of a client that knows RFC 3261 (section 8.1.1.7). */
SIP_INLINE void sip_cookie(struct sip_reader *r)
{
	struct sip_span branch = r->message.party[SIP_VIA].tag;
	__u64 word = sip_head(sip_fold(sip_load8(r, branch.at)), 7);

	if (branch.length < 7 || word != SIP_WORD('z', '9', 'h', 'g', '4', 'b', 'k'))
		sip_fault(r, SIP_FAULT(VIA_COOKIE));
}

/* The top Via. */
SIP_FUNCTION int sip_via(struct sip_reader *r)
{
	struct sip_party *party;
	struct sip_span value;
	__u32 at, end;

	if (!r)
		return 0;
	value = sip_value(r, SIP_FIELD_VIA);
	end = value.at + value.length;
	at = sip_via_transport(r, value.at, end);
	if (!at) {
		sip_fault(r, SIP_FAULT(VIA));
		return 0;
	}
	r->scan.state = SIP_SCAN_HOST;
	r->scan.bracket = SIP_BARE;
	sip_scan(r, SIP_VIA, at, end);
	party = &r->message.party[SIP_VIA];
	if (!party->host.length)
		sip_fault(r, SIP_FAULT(VIA));
	if (r->input.wanted & SIP_FAULT(VIA_HOST))
		sip_via_host(r);
	sip_cookie(r);
	return 0;
}

#endif
