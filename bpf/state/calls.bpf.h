/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The calls that are held against somebody, and how many each has. A call has an entry by its whole
 * dialog (RFC 3261 section 12: Call-ID and both tags, whichever side writes them), which names whom
 * it is held against; he has one that counts his calls by the epoch in which they were last heard
 * of. An epoch that is long past counts for nothing, so what nobody ends is forgotten by itself,
 * and a count that was lost in a race of two CPUs comes right again.
 *
 * Fixed memory: lines of 4 calls, of which free ones make room, then those that nobody has
 * completed, then the oldest, which counts no more. Those who call have one of two places each.
 */
#ifndef SIPGUARD_CALLS_BPF_H
#define SIPGUARD_CALLS_BPF_H

#include "packet/spans.bpf.h"
#include "state/pair.bpf.h"
#include "state/secrets.bpf.h"

#define CALL_LINE 4
#define CALL_EPOCH SG_CALL_EPOCH /* a unit is 2^40 ns, about 18 minutes */
#define CALL_EPOCHS SG_CALL_EPOCHS /* a silent call counts for 2 hours and some minutes */
/* In sg_call.state, below the epoch. */
#define CALL_COUNTS 1
#define CALL_TURNED 2 /* see call_turned(), of its INVITE */
#define CALL_SHIFT 2
#define CALL_OF_DIALOG 0x63616c6c73000000ULL

/* Of all its bytes, or who makes it long has others that count as this one. */
static __always_inline __u64 call_tag(const struct sip_reader *r, const struct sip_span *tag)
{
	return span_sum(r, tag->at, tag->at + tag->length, SECRET_SALT);
}

/* A number for the dialog of a message that has both tags; 0: it has not. */
static __always_inline __u64 call_key(const struct sip_reader *r)
{
	const struct sip_span *id = &r->message.call_id;
	const struct sip_span *from = &r->message.party[SIP_FROM].tag;
	const struct sip_span *to = &r->message.party[SIP_TO].tag;
	__u64 tags;

	if (!id->length || !from->length || !to->length)
		return 0;
	tags = call_tag(r, from) + call_tag(r, to);
	return span_mix(span_sum(r, id->at, id->at + id->length, SECRET_SALT ^ CALL_OF_DIALOG),
			tags) * SPAN_FACTOR;
}

/* Which of its two sides has sent the request, if both tags are there: CALL_TURNED or 0. */
static __always_inline __u32 call_turned(const struct sip_reader *r)
{
	return call_tag(r, &r->message.party[SIP_FROM].tag) <
	       call_tag(r, &r->message.party[SIP_TO].tag) ? CALL_TURNED : 0;
}

static __always_inline __u32 call_epoch(__u64 now)
{
	return now >> CALL_EPOCH;
}

/* Another CPU may have written it an epoch ahead of us. */
static __always_inline __u32 call_age(__u32 epoch, __u64 now)
{
	__s32 age = call_epoch(now) - epoch;

	return age < 0 ? 0 : age;
}

/* --- who calls --- */

/*
 * What is left of the calls of one place, when `passed` epochs have begun since. Without a branch,
 * or the verifier follows each of them.
 */
static __always_inline __u32 caller_left(const struct sg_caller *c, __u32 i, __u32 epoch,
					 __u32 passed)
{
	__u32 past = ((epoch - i) & (CALL_EPOCHS - 1)) < passed;

	barrier_var(past);
	return c->live[i] & (past - 1);
}

/* What is past goes. */
static __always_inline void caller_moves(struct sg_caller *c, __u64 now)
{
	__u32 epoch = call_epoch(now), passed = call_age(c->epoch, now);

	if (!passed)
		return;
	for (__u32 i = 0; i < CALL_EPOCHS; i++)
		c->live[i] = caller_left(c, i, epoch, passed);
	c->epoch = epoch;
}

/*
 * Only read, as a shadow may. Global, or what it comes to is followed through all that comes after
 * (130 000 instructions, clang 14, 6.18). Not in a shadow: what a global function is handed it may
 * write, says the verifier.
 */
#if SHADOW
static __always_inline
#else
__noinline
#endif
__u32 caller_live(const struct sg_caller *c, __u64 now)
{
	__u32 epoch, passed, live = 0;

	if (!c)
		return 0;
	epoch = call_epoch(now);
	passed = call_age(c->epoch, now);
	for (__u32 i = 0; i < CALL_EPOCHS; i++)
		live += caller_left(c, i, epoch, passed);
	return live;
}

static __always_inline struct sg_caller *caller_find(__u64 who)
{
	return pair_find(pair_of(&sg_callers, who, SG_CALLERS), who);
}

/* The same, and a new one if there is none: of two that are there, that with fewer calls goes. */
static __always_inline struct sg_caller *caller_entry(__u64 who, __u64 now)
{
	struct pair pair = pair_of(&sg_callers, who, SG_CALLERS);
	struct sg_caller *c = pair_find(pair, who), *other = pair.second;
	__u32 live;

	if (c)
		return c;
	c = pair.first;
	if (!c || !other)
		return NULL;
	live = caller_live(c, now);
	if (live && caller_live(other, now) < live) {
		c = other;
		live = caller_live(c, now);
	}
	if (live)
		count_one(SG_COUNT_CALLS_FULL);
	*c = (struct sg_caller){.who = who, .epoch = call_epoch(now)};
	return c;
}

/* One call more, or less, that was last heard of in an epoch. */
static __always_inline void caller_counts(struct sg_caller *c, __u32 epoch, __u64 now, __s32 one)
{
	__u32 *live = &c->live[epoch & (CALL_EPOCHS - 1)];

	caller_moves(c, now);
	if (call_age(epoch, now) < CALL_EPOCHS && (one > 0 || *live))
		__sync_fetch_and_add(live, one);
}

/* --- calls --- */

static __always_inline struct sg_calls *call_line(__u64 key)
{
	__u32 line = key >> 8 & (SG_CALLS - 1);

	return bpf_map_lookup_elem(&sg_calls, &line);
}

static __always_inline bool call_is_over(const struct sg_call *call, __u64 now)
{
	return !call->tag || call_age(call->state >> CALL_SHIFT, now) >= CALL_EPOCHS;
}

/* Without a branch, and hidden, as cells_find(). NULL: it is not there. */
static __always_inline struct sg_call *call_find(__u64 key, __u64 now)
{
	struct sg_calls *line = key ? call_line(key) : NULL;
	__u64 found = CALL_LINE;
	struct sg_call *call;

	if (!line)
		return NULL;
	for (__u32 i = 0; i < CALL_LINE; i++)
		found = choose(if_equal(line->call[i].tag, (__u32)(key >> 32) | 1), i, found);
	if (found >= CALL_LINE)
		return NULL;
	barrier_var(found); /* keeps the mask */
	call = &line->call[found & (CALL_LINE - 1)];
	return call_is_over(call, now) ? NULL : call;
}

/* It counts no more, whoever of two CPUs says so. */
static __always_inline void call_uncount(struct sg_call *call, __u64 now)
{
	__u32 state = *(volatile __u32 *)&call->state;
	struct sg_caller *c;

	if (!(state & CALL_COUNTS) ||
	    __sync_val_compare_and_swap(&call->state, state, state & ~CALL_COUNTS) != state)
		return;
	c = caller_find(call->who);
	if (c)
		caller_counts(c, state >> CALL_SHIFT, now, -1);
}

/* It counts from now on, or was heard of again. */
static __always_inline void call_count(struct sg_call *call, __u64 now)
{
	struct sg_caller *c = caller_entry(call->who, now);

	call_uncount(call, now);
	call->state = call_epoch(now) << CALL_SHIFT | (call->state & CALL_TURNED) | CALL_COUNTS;
	if (c)
		caller_counts(c, call_epoch(now), now, 1);
}

/* What a call has to be worth to stay. */
static __always_inline __u32 call_worth(const struct sg_call *call, __u64 now)
{
	__u32 age = call_age(call->state >> CALL_SHIFT, now);

	return call_is_over(call, now) ? 0 : (call->state & CALL_COUNTS) << 8 | (CALL_EPOCHS - age);
}

/* A place for a new call; NULL: all that are there count, and the new one does not yet. */
static __always_inline struct sg_call *call_room(struct sg_calls *line, bool counts, __u64 now)
{
	__u64 place = 0, least = ~0U, worth, less;
	struct sg_call *call;

	for (__u32 i = 0; i < CALL_LINE; i++) {
		worth = call_worth(&line->call[i], now);
		less = if_less(worth, least);
		place = choose(less, i, place);
		least = choose(less, worth, least);
	}
	barrier_var(place);
	call = &line->call[place & (CALL_LINE - 1)];
	if (least)
		count_one(SG_COUNT_CALLS_FULL);
	if (least >> 8 > counts)
		return NULL;
	if (least >> 8)
		call_uncount(call, now);
	return call;
}

#endif
