/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Calls to prefixes that the operator watches, since they are what toll fraud is after: how many a
 * source may have. An international number is one, whatever stands for its +.
 */
#ifndef SIPGUARD_DIALLED_BPF_H
#define SIPGUARD_DIALLED_BPF_H

#include "checks/dial.bpf.h"
#include "checks/request.bpf.h"
#include "state/pair.bpf.h"
#include "state/rows.bpf.h"

/* Fewer digits are none to watch: 112, 911 and their like, with an outside line before them. */
#define DIALLED_LEAST SG_FIXED_DIALLED_LEAST
/* As few has no international number that one may pay for; what is shorter is a number at home. */
#define DIALLED_INTERNATIONAL SG_FIXED_DIALLED_INTERNATIONAL

static __always_inline const __u32 *dialled_find(const struct guard *g, __u32 kind, __u64 digits,
						 __u32 count)
{
	struct sg_dialled_key key = sg_dialled_key_of(g->active & 1, kind, digits, count);

	return bpf_map_lookup_elem(&sg_dialled, &key);
}

/*
 * Behind an exit code is a country code, which no 0 begins (ITU-T E.164), and a whole number. So
 * 0800 and 0900 with what follows are none, nor is an exit code in the midst of a longer one. Where
 * one stands behind a + that counts for nothing: exchanges that take it off dial the rest.
 */
static __always_inline bool dialled_is_international(const struct guard *g)
{
	__u64 digits = g->dial.head;
	__u32 count = g->dial.count;
	const __u32 *exit;

	if (g->dial.plus && digits >> 60)
		return dialled_find(g, SG_DIALLED_INTERNATIONAL, digits, count);
	exit = dialled_find(g, SG_DIALLED_EXIT, digits, count);
	if (!exit)
		return false;
	digits <<= 4 * (*exit & 7);
	count -= *exit & 7;
	return digits >> 60 && count >= DIALLED_INTERNATIONAL &&
	       dialled_find(g, SG_DIALLED_INTERNATIONAL, digits, count);
}

static __always_inline bool dialled_is_watched(const struct guard *g)
{
	return g->dial.digits >= DIALLED_LEAST &&
	       (dialled_is_international(g) ||
		(!g->dial.plus &&
		 dialled_find(g, SG_DIALLED_AS_IS, g->dial.head, g->dial.count)));
}

/*
 * The calls of somebody: an entry in one of two places. If both are taken, who has fewer calls
 * makes room, so who forges many names locks nobody out, nor puts out who goes on.
 */
static __always_inline struct sg_dial_calls *dialled_entry(__u64 who, __u64 now)
{
	struct pair pair = pair_of(&sg_dial_calls, who, SG_DIAL_CALLS);
	struct sg_dial_calls *c = pair_find(pair, who), *other = pair.second;

	if (c)
		return c;
	c = pair.first;
	if (!c || !other)
		return NULL;
	if (other->tat < c->tat)
		c = other;
	if (c->tat > now)
		count_one(SG_COUNT_DIALLED_FULL);
	*c = (struct sg_dial_calls){.who = who};
	return c;
}

/*
 * Whether it is the INVITE of the last call again, with credentials, as a challenge wants it (RFC
 * 3261 section 22.2): the same Call-ID and number. Once, or who has credentials would go on so.
 */
static __always_inline bool dialled_is_answer(const struct guard *g, struct sg_dial_calls *c,
					      __u64 call)
{
	if (c->call != call || !(g->reader.message.seen & REQUEST_HAS_CREDENTIALS))
		return false;
	c->call = 0;
	return true;
}

/* Charges a call. False: the limit is spent, and nothing is charged. */
static __always_inline bool dialled_pay(const struct guard *g)
{
	const struct sg_profile *profile = profile_of(g);
	const struct sip_span *id = &g->reader.message.call_id;
	struct sg_limit limit =
		sg_ban_rule_of(profile->dialled_calls, profile->dialled_window, 0).limit;
	struct sg_dial_calls *c = dialled_entry(dial_caller(g) | 1, g->now);
	__u64 call = span_hash(&g->reader, id->at, id->length, SECRET_SALT ^ g->dial.head);

	if (!c || dialled_is_answer(g, c, call))
		return true;
	if (gcra_spent(&c->tat, g->now, &limit))
		return false;
	gcra_charge_alone(&c->tat, g->now, &limit);
	c->call = call;
	return true;
}

/* Of a new INVITE that calls a number. Global, as few have such a list. */
__noinline int dialled_check(const struct guard *g)
{
	return g && dialled_is_watched(g) && !dialled_pay(g) ? SG_REASON_DIALLED_PREFIX
							     : SG_REASON_NONE;
}

/*
 * Whether there is a list at all. Of a zone only if its profile says so: behind the one address of
 * a trunk are as many callers as a carrier has.
 */
static __always_inline bool dialled_applies(const struct guard *g)
{
	return config_of(g)->dialled_count && (!g->in_zone || profile_of(g)->dialled_zones) &&
	       verdict_looks(g, SG_REASON_DIALLED_PREFIX);
}

#endif
