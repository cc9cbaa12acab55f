/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Who asks for how many different things within a time. In sg_askers users that the server does not
 * know, or whose challenge is never answered: who counts extensions does both; by source, since a
 * scanner has a port for each user. In sg_walks forms of one number, see dial.bpf.h. If both places
 * of somebody are taken, the one with fewer things makes room.
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

/* The entry of somebody in a table of `size` entries, or NULL. */
static __always_inline struct sg_asked *asked_find(void *map, __u32 size, __u64 source)
{
	return pair_find(pair_of(map, source, size), source);
}

/* The same, and a new one if there is none. */
static __always_inline struct sg_asked *asked_entry(void *map, __u32 size, __u64 source,
						    __u32 window, __u64 now)
{
	struct pair pair = pair_of(map, source, size);
	struct sg_asked *a = pair_find(pair, source), *other = pair.second;

	if (a)
		return a;
	a = pair.first;
	if (!a || !other)
		return NULL;
	if (asked_count(other, window, now) < asked_count(a, window, now))
		a = other;
	if (asked_count(a, window, now) > 1) /* one alone is nobody's offence */
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

/* The source has asked for a user in vain. True if it has for as many as it may, `most`. */
static __always_inline bool asked_note(struct sg_asked *a, __u16 user, __u32 most, __u32 window,
				       __u64 now)
{
	__u32 count;

	if (!asked_count(a, window, now)) {
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
	return count + 1 >= most;
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

/* Whether one may not ask for one more user than these `most`. */
static __always_inline bool asked_enough(const struct sg_asked *a, __u16 user, __u32 most,
					 __u32 window, __u64 now)
{
	return a && asked_count(a, window, now) >= most && asked_index(a, user) >= SG_ASKED;
}

#endif
