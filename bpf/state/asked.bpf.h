/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For whom a source asks that the server does not know, or whose challenge it never answers: who
 * counts extensions does both. By source, since a scanner has a port for each user. If both places
 * of a source are taken, the one with fewer users makes room.
 */
#ifndef SIPGUARD_ASKED_BPF_H
#define SIPGUARD_ASKED_BPF_H

#include "state/pair.bpf.h"

static __always_inline __u32 asked_seconds(__u64 now)
{
	return now / SG_NSEC_PER_SEC;
}

/* How many users count for an entry. */
static __always_inline __u32 asked_count(const struct sg_asked *a, __u32 window, __u64 now)
{
	return a->source && asked_seconds(now) - a->since < window ? a->count : 0;
}

/* The entry of a source, or NULL. */
static __always_inline struct sg_asked *asked_find(__u64 source)
{
	return pair_find(pair_of(&sg_askers, source, SG_ASKERS), source);
}

/* The same, and a new one if there is none. */
static __always_inline struct sg_asked *asked_entry(__u64 source, __u32 window, __u64 now)
{
	struct pair pair = pair_of(&sg_askers, source, SG_ASKERS);
	struct sg_asked *a = pair_find(pair, source), *other = pair.second;

	if (a)
		return a;
	a = pair.first;
	if (!a || !other)
		return NULL;
	if (asked_count(other, window, now) < asked_count(a, window, now))
		a = other;
	if (asked_count(a, window, now))
		count_one(SG_COUNT_OFFENCES_FULL);
	__builtin_memset(a, 0, sizeof(*a));
	a->source = source;
	a->since = asked_seconds(now);
	return a;
}

/*
 * The place of a user, whose number is not 0; SG_ASKED: he has none. Without a branch, or the
 * verifier follows each of the places (a million instructions, clang 14, 6.18).
 */
static __always_inline __u32 asked_index(const struct sg_asked *a, __u16 user)
{
	__u32 found = SG_ASKED, equal;

	for (__u32 i = 0; i < SG_ASKED; i++) {
		equal = ((a->user[i] ^ user) - 1U) >> 31;
		barrier_var(equal);
		found -= equal * (SG_ASKED - i);
	}
	barrier_var(found);
	return found;
}

/* The source has asked for a user in vain. True if it has for as many as it may. */
static __always_inline bool asked_note(struct sg_asked *a, __u16 user,
				       const struct sg_ban_rule *rule, __u64 now)
{
	__u32 count;

	if (!asked_count(a, rule->window, now)) {
		__builtin_memset(a->user, 0, sizeof(a->user));
		a->count = 0;
		a->since = asked_seconds(now);
	}
	if (asked_index(a, user) < SG_ASKED)
		return false;
	count = a->count;
	barrier_var(count);
	if (count >= SG_ASKED)
		return true;
	a->user[count] = user;
	a->count = count + 1;
	return count + 1 >= rule->threshold;
}

/* It has answered the challenge. */
static __always_inline void asked_forget(struct sg_asked *a, __u16 user)
{
	__u32 place = asked_index(a, user), last = a->count - 1;

	barrier_var(last);
	if (place >= SG_ASKED || last >= SG_ASKED)
		return;
	a->user[place] = a->user[last];
	a->user[last] = 0;
	a->count = last;
}

/* Whether a source may not ask for one more user. */
static __always_inline bool asked_enough(__u64 source, __u16 user, const struct sg_ban_rule *rule,
					 __u64 now)
{
	const struct sg_asked *a = asked_find(source);

	return a && asked_count(a, rule->window, now) >= rule->threshold &&
	       asked_index(a, user) >= SG_ASKED;
}

#endif
