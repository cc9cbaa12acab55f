/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Domains that the server serves, if the sender's profile has a list of them. What asks for another
 * one looks for an open relay, or does not know whom it asks: scanners write what they like there.
 */
#ifndef SIPGUARD_DOMAIN_BPF_H
#define SIPGUARD_DOMAIN_BPF_H

#include "checks/limits.bpf.h"
#include "checks/policy.bpf.h"
#include "packet/spans.bpf.h"
#include "verdict.bpf.h"

struct domain_walk {
	const struct sip_reader *r;
	__u64 hash;
	__u32 end;    /* of the host */
	__u32 length; /* characters of it */
	__u32 served; /* sg_profile.served */
	__u32 dots;   /* that were met */
	__u32 found;
	__u32 list;
	__u32 config;
};

static __always_inline bool domain_is_there(const struct domain_walk *walk, bool below)
{
	struct sg_domain_key key = {
		.hash = sg_domain_hash(walk->hash, sg_state.secret[1]),
		.list = walk->list,
		.config = walk->config,
		.below = below,
	};

	return bpf_map_lookup_elem(&sg_domains, &key);
}

/*
 * From the end of the host to its beginning, so who writes ever more labels before a name changes
 * nothing about what was looked for until then, and pays for no lookup.
 */
static long domain_step(__u32 i, void *context)
{
	struct domain_walk *walk = context;
	__u32 c = sip_byte(walk->r, walk->end - 1 - i);

	if (c - 'A' < 26)
		c += 'a' - 'A';
	walk->hash = sg_domain_step(walk->hash, c);
	if (c != '.')
		return 0;
	walk->dots++;
	if (walk->dots > SG_DOMAIN_DOTS || !(walk->served >> (walk->dots & 31) & 1) ||
	    i + 1 >= walk->length || !domain_is_there(walk, true))
		return 0;
	walk->found = 1;
	return 1;
}

/* Whether the list of the sender's profile has the host, or a domain above it. */
static __always_inline bool domain_is_listed(const struct guard *g, struct sip_span host)
{
	const struct sg_profile *profile = profile_of(g);
	struct domain_walk walk = {
		.r = &g->reader,
		.hash = sg_state.secret[0],
		.end = host.at + host.length,
		.length = host.length,
		.served = profile->served,
		.dots = span_zero(&g->reader),
		.list = profile->domains,
		.config = g->active & 1,
	};

	/* The dot of the root. */
	if (walk.length > 1 && sip_byte(walk.r, walk.end - 1) == '.') {
		walk.end--;
		walk.length--;
	}
	if (!walk.length || walk.length > SG_DOMAIN_MOST)
		return false;
	bpf_loop(walk.length, domain_step, &walk, 0);
	return walk.found || (walk.served & 1 && domain_is_there(&walk, false));
}

/* Whether the host is the very address that the packet came to, as text. */
static __always_inline bool domain_is_ours(const struct guard *g, struct sip_span host)
{
	return g->p.family == 4 && sip_is_digit(sip_byte(&g->reader, host.at)) &&
	       span_address4(&g->reader, host.at, host.length) ==
		       SPAN_ADDRESS4(g->p.destination);
}

/*
 * Whether the server serves the host at `at`. Global: what asks is in loops, or few packets' way.
 */
__noinline int domain_serves(const struct guard *g, __u32 at, __u32 length)
{
	struct sip_span host = {.at = at, .length = length};

	return g && (domain_is_listed(g, host) || domain_is_ours(g, host));
}

/* What begins something at a domain. */
static __always_inline bool domain_is_asked_for(const struct sip_message *m)
{
	__u32 scheme = m->party[SIP_URI].scheme;

	return (scheme == SIP_SCHEME_SIP || scheme == SIP_SCHEME_SIPS) && policy_begins(m);
}

/*
 * A request that was read, of a profile with domains. A phone that is registered may call whom it
 * likes by way of us. Global, as few have such a list.
 */
__noinline int domain_check(const struct guard *g)
{
	struct sip_span host;

	if (!g || is_proven(g) || !verdict_looks(g, SG_REASON_DOMAIN_NOT_SERVED) ||
	    !domain_is_asked_for(&g->reader.message) || policy_is_emergency(&g->reader))
		return SG_REASON_NONE;
	host = g->reader.message.party[SIP_URI].host;
	return domain_serves(g, host.at, host.length) ? SG_REASON_NONE
						      : SG_REASON_DOMAIN_NOT_SERVED;
}

/* Whether there is a list at all. */
static __always_inline bool domain_applies(const struct guard *g)
{
	return profile_of(g)->served;
}

#endif
