/* SPDX-License-Identifier: GPL-2.0-only */
/* Whom the tests of top are about: 203.0.113.LAST, or one of its flows over UDP. */
#ifndef SIPGUARD_TEST_FLOW4_H
#define SIPGUARD_TEST_FLOW4_H

#include <arpa/inet.h>

#include "abi.h"

static inline struct sg_flow_key flow4(__u32 last, __u16 port)
{
	struct sg_flow_key key = {.family = 4, .port = htons(port)};

	key.address[2] = htonl(0xffff);
	key.address[3] = htonl(0xcb007100 + last); /* 203.0.113.0 */
	key.transport = port ? IPPROTO_UDP : 0;
	return key;
}

#endif
