/* SPDX-License-Identifier: GPL-2.0-only */
/* The values of Route, which are read only if somebody asks for them. */
#ifndef SIPGUARD_SIP_ROUTE_H
#define SIPGUARD_SIP_ROUTE_H

#include "sip/scan.h"

/*
 * One value of Route, of those from `at` up to the end of their line: where it ends, at a comma or
 * at `end`. What is wrong with it is no fault of the message.
 */
SIP_INLINE __u32 sip_route(struct sip_reader *r, __u32 at, __u32 end)
{
	__u64 faults = r->message.faults;

	__builtin_memset(&r->message.party[SIP_ROUTE], 0, sizeof(r->message.party[SIP_ROUTE]));
	r->scan.state = SIP_SCAN_SCHEME;
	r->scan.bracket = SIP_BARE;
	r->scan.stop = end;
	sip_scan(r, SIP_ROUTE, sip_skip_far(r, at, end), end);
	r->message.faults = faults;
	return r->scan.stop;
}

#endif
