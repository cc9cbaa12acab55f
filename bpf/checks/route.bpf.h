/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A Route that a request brings along before there is a dialog (RFC 3261 section 8.1.2): a server
 * that goes by it sends the request wherever a stranger likes. A phone names its outbound proxy
 * there, and what a Service-Route has told it (RFC 3608), which are ours. So each of its hosts is
 * to be one that the server serves.
 */
#ifndef SIPGUARD_ROUTE_BPF_H
#define SIPGUARD_ROUTE_BPF_H

#include "checks/domain.bpf.h"
#include "sip/route.h"

#define ROUTE_VALUES SG_FIXED_ROUTES /* that are looked at, in as many lines */

/*
 * Where the values of the next Route begin, from `at`; 0: there is none. Behind as many fields that
 * begin alike there may be one that nobody has looked for: the body then, where no value is ours.
 */
__noinline int route_line(struct sip_reader *r, __u32 at)
{
	if (!r)
		return 0;
	/* Other names begin so, too. */
	for (int i = 0; i < ROUTE_VALUES; i++) {
		at = span_find(r, at, r->message.body,
			       SIP_WORD('\n', 'r', 'o', 'u', 't', 'e'), 6);
		if (!at)
			return 0;
		at = sip_skip(r, at, r->message.body);
		if (sip_byte(r, at) == ':')
			return at + 1;
	}
	return r->message.body;
}

/*
 * Whether the value before `end` goes to us, in whatever way a server may read it. What maddr names
 * takes the place of the host (RFC 3261 section 16.6 item 7).
 */
static __always_inline bool route_is_ours(const struct guard *g, __u32 at, __u32 end)
{
	const struct sip_party *route = &g->reader.message.party[SIP_ROUTE];

	return (route->scheme == SIP_SCHEME_SIP || route->scheme == SIP_SCHEME_SIPS) &&
	       domain_serves(g, route->host.at, route->host.length) &&
	       !span_find(&g->reader, at, end, SIP_WORD('m', 'a', 'd', 'd', 'r', '='), 6);
}

/* All of them. Those beyond ROUTE_VALUES nobody has looked at. */
__noinline int route_goes_elsewhere(struct guard *g)
{
	__u32 at, line_end = 0, end = 0;

	if (!g)
		return 0;
	at = g->reader.message.field[SIP_FIELD_ROUTE].at;
	for (int i = 0; i < ROUTE_VALUES; i++) {
		if (!line_end)
			line_end = span_field_end(&g->reader, at);
		end = sip_route(&g->reader, at, line_end);
		if (!route_is_ours(g, at, end))
			return 1;
		at = end + 1;
		if (end < line_end)
			continue;
		at = route_line(&g->reader, line_end - 1);
		if (!at)
			return 0;
		line_end = 0;
	}
	return 1;
}

/*
 * As domain_check(), whatever the Request-URI is: a number goes by the Route, too. Of a header that
 * goes on in another fragment a host may be cut off.
 */
static __always_inline __u32 route_check(struct guard *g)
{
	const struct sip_message *m = &g->reader.message;

	if (!(m->seen & SIP_SEEN(ROUTE)) || !(m->flags & SIP_HEAD) || is_proven(g) ||
	    !verdict_looks(g, SG_REASON_ROUTE_NOT_SERVED) || !policy_begins(m) ||
	    policy_is_emergency(&g->reader))
		return SG_REASON_NONE;
	return route_goes_elsewhere(g) ? SG_REASON_ROUTE_NOT_SERVED : SG_REASON_NONE;
}

#endif
