/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is announced: a rule of flowspec (RFC 8955, RFC 8956), or that all to an address is to be
 * dropped upstream (RFC 7999, "RTBH").
 */
#ifndef SIPGUARD_ANNOUNCE_RULE_H
#define SIPGUARD_ANNOUNCE_RULE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/prefix.h"

enum rule_action {
	RULE_LIMIT,     /* to so many bytes a second */
	RULE_DISCARD,
	RULE_ACCEPT,    /* goes on, although a wider rule limits or discards it */
	RULE_BLACKHOLE, /* no flowspec: a route of the destination, of which all else is 0 */
	RULE__MAX
};

struct rule {
	struct prefix destination; /* one address, our own */
	struct prefix source;      /* family 0: all senders */
	__u8 transport;            /* IPPROTO_UDP or IPPROTO_TCP */
	__u16 port;                /* of the destination, host order */
	enum rule_action action;
	__u32 rate;                /* bytes a second, of RULE_LIMIT */
};

#define RULE_TEXT 256

/* For people: "udp from 198.51.100.0/24 to 192.0.2.10:5060, at most 125000 bytes/s". */
char *rule_text(const struct rule *rule, char text[RULE_TEXT]);

/* For a file: one line of words, and back. 0 or -EINVAL. */
char *rule_line(const struct rule *rule, char text[RULE_TEXT]);
int rule_parse(const char *line, struct rule *rule);

/* "limit", "discard", "accept", "blackhole". */
extern const char *const rule_actions[RULE__MAX];

/* Whether both match the same packets; what is done with these may differ. */
bool rule_matches_same(const struct rule *a, const struct rule *b);
bool rule_equals(const struct rule *a, const struct rule *b);

/* Whether a packet that is like `flow`, whose source is one address, is one of the rule's. */
bool rule_covers(const struct rule *rule, const struct rule *flow);

#endif
