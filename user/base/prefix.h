/* SPDX-License-Identifier: GPL-2.0-only */
/* Addresses, prefixes and flows, as people write them. */
#ifndef SIPGUARD_PREFIX_H
#define SIPGUARD_PREFIX_H

#include <stdbool.h>
#include <stddef.h>

#include "abi.h"
#include "base/error.h"

struct prefix {
	int family;          /* AF_INET or AF_INET6 */
	__u32 length;        /* 0 to 32 or 0 to 128 */
	__u8 address[16];    /* the first 4 bytes for AF_INET; host bits are zero */
};

#define PREFIX_TEXT 64   /* enough for any prefix or flow in text, with the NUL */

/*
 * "192.0.2.0/24", "2001:db8::/32", or an address alone. Host bits that are set are an error, since
 * they are more often a slip than meant. 0 or -EINVAL.
 */
int prefix_parse(const char *text, struct prefix *prefix, struct error *error);
/* Without the length if it is a whole address, so prefix_parse() reads it back. */
void prefix_format(const struct prefix *prefix, char *text, size_t size);
/* The one of that length, which is no longer than its own, that holds it. */
struct prefix prefix_cut(const struct prefix *prefix, __u32 length);
bool prefix_contains(const struct prefix *prefix, const struct prefix *inner);

/*
 * A source or flow to ban: "192.0.2.1", "192.0.2.1:5060", "[2001:db8::1]:5060". `transport` is
 * "udp" or "tcp" and goes with a flow only; NULL is UDP. An IPv6 address alone is its /64, which
 * may also be written out; in a flow it is one host. 0 or -EINVAL.
 */
int flow_parse(const char *text, const char *transport, struct sg_flow_key *key,
	       struct error *error);
/* "udp" or "tcp", of a flow. */
const char *flow_transport(const struct sg_flow_key *key);

/* Whom a flow or a source is, as a prefix: an address, or the /64 of a source of IPv6. */
struct prefix flow_prefix(const struct sg_flow_key *key);

/* As flow_parse() reads it back: "2001:db8::/64", "[2001:db8::1]:5060". Not the transport. */
void flow_format(const struct sg_flow_key *key, char *text, size_t size);

#endif
