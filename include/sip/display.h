/* SPDX-License-Identifier: GPL-2.0-only */
/* The name before the address in From and To (RFC 3261 section 25.1). */
#ifndef SIPGUARD_SIP_DISPLAY_H
#define SIPGUARD_SIP_DISPLAY_H

#include "sip/state.h"
#include "sip/values.h"

static long sip_name_byte(__u32 i, struct sip_loop *loop)
{
	struct sip_reader *r = loop->r;
	__u32 c = sip_byte(r, r->scan.name + i);

	/* Bytes from 128 up are the rule UTF8's: devices send names as they are. */
	if (sip_is_token(c) || sip_is_white(c) || c > 127)
		return 0;
	sip_fault(r, SIP_FAULT(DISPLAY_NAME));
	return 1;
}

/* A display name ends at `at`: tokens, or a quoted string and then nothing. */
SIP_FUNCTION int sip_display_name(struct sip_reader *r, __u32 at)
{
	struct sip_loop loop = {r};

	if (!r || r->scan.name > at || r->scan.party > SIP_TO)
		return 0;
	SIP_REPEAT(at - r->scan.name, sip_name_byte, &loop);
	return 0;
}

/* A quoted string begins at `at`: it is all of the name, with no token and no other one before. */
SIP_INLINE void sip_quoted_name(struct sip_reader *r, __u32 at)
{
	if (r->scan.party > SIP_TO || !(r->input.wanted & SIP_FAULT(DISPLAY_NAME)))
		return;
	if (sip_byte(r, r->scan.name - 1) == '"' || sip_skip(r, r->scan.name, at) < at)
		sip_fault(r, SIP_FAULT(DISPLAY_NAME));
}

#endif
