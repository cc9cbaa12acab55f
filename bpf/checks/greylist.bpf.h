/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Step 4: while unproven sources exceed their budget, a request of theirs has to come twice. Every
 * client sends its request again after 500 ms if nothing comes back (RFC 3261 timers A and E);
 * random forged sources never do. Who came again pays from the budget and is not asked again for a
 * minute. (An attacker who sends everything twice gets as far as the budget, which is the limit
 * that holds without any greylist.)
 *
 * Armed when the budget is found spent, and as long as more than half of its rate is offered;
 * disarmed `greylist: hold` seconds after that.
 *
 * In a rush the answer comes one transmission later. A line of the table comes from memory, and a
 * CPU that waits for one with each packet does nothing else for a third of its time (2 CPUs, veth,
 * two million a second). So requests wait until there are SG_WAITING of them, whose lines are then
 * fetched at once; who is found to have come again is let in when it comes the third time, after
 * 1.5 s.
 *
 * False admissions: a line has 15 of 2^20 tags, so a packet that was never seen is admitted once in
 * 70 000 times if all of them are between 0.4 and 32 s old: 14 a second of a million.
 */
#ifndef SIPGUARD_GREYLIST_BPF_H
#define SIPGUARD_GREYLIST_BPF_H

#include "checks/limits.bpf.h"
#include "maps.bpf.h"
#include "packet/spans.bpf.h"
#include "state/recent.bpf.h"
#include "verdict.bpf.h"

/* Two units may be lost in rounding. */
#define GREYLIST_EARLY (RECENT_UNITS(SG_FIXED_GREYLIST_EARLY) + 2)
#define GREYLIST_LATE RECENT_UNITS(SG_FIXED_GREYLIST_LATE)
#define GREYLIST_THIRD RECENT_UNITS(SG_FIXED_GREYLIST_THIRD) /* it follows within 4 s, timer E */
#define GREYLIST_FEW SG_FIXED_GREYLIST_FEW /* no less than the burst of a kind has by default */
#define GREYLIST_WINDOW (SG_NSEC_PER_SEC / SG_FIXED_GREYLIST_LOOKS)
#define GREYLIST_BATCH 64  /* packets a CPU counts for itself: the common counter is contended */
#define GREYLIST_PACE (SG_NSEC_PER_SEC / SG_FIXED_GREYLIST_PACES)
#define GREYLIST_RUSH (SG_NSEC_PER_SEC / SG_FIXED_GREYLIST_RUSH) /* ns from one to the next */

static __always_inline bool greylist_armed(const struct guard *g)
{
	return *(const volatile __u64 *)&sg_spent.greylist_until > g->now;
}

static __always_inline void greylist_arm(const struct guard *g)
{
	if (!greylist_armed(g))
		count_one(SG_COUNT_GREYLIST_ARMED);
	*(volatile __u64 *)&sg_spent.greylist_until =
		g->now + config_of(g)->greylist_hold * SG_NSEC_PER_SEC;
}

/* Looks whether this CPU is in a rush, by what it alone is offered. */
static __always_inline void greylist_pace(struct sg_memo *memo, __u64 now)
{
	__s64 span = now - memo->pace_since;

	memo->pace_packets += GREYLIST_BATCH;
	if (span < (__s64)GREYLIST_PACE)
		return;
	memo->rush = memo->pace_packets * GREYLIST_RUSH > (__u64)span;
	memo->pace_packets = 0;
	memo->pace_since = now;
}

/* Over, too, if nobody has looked for a while: then hardly anything comes. */
static __always_inline bool greylist_rush(const struct sg_memo *memo, __u64 now)
{
	return memo->rush && (__s64)(now - memo->pace_since) < (__s64)(2 * GREYLIST_PACE);
}

/* Adds to what is offered, and looks four times a second whether it is still much. */
static __always_inline void greylist_offer(struct guard *g)
{
	const struct sg_limit *budget = &config_of(g)->total[SG_TOTAL_UNLISTED_TOTAL];
	__u64 since, span, offered;

	if (++g->memo.offered < GREYLIST_BATCH)
		return;
	g->memo.offered = 0;
	greylist_pace(&g->memo, g->now);
	__sync_fetch_and_add(&sg_spent.offered, GREYLIST_BATCH);
	since = *(volatile __u64 *)&sg_spent.offered_since;
	span = g->now - since;
	if (span < GREYLIST_WINDOW ||
	    __sync_val_compare_and_swap(&sg_spent.offered_since, since, g->now) != since)
		return;
	offered = __sync_lock_test_and_set(&sg_spent.offered, 0);
	if (offered * budget->interval * 100 >= span * SG_FIXED_GREYLIST_HOLD)
		greylist_arm(g);
}

/*
 * A number for the request of a flow. A retransmission repeats it byte by byte (RFC 3261 section
 * 17.1.1.2), so it has the same UDP length and checksum, and another branch has another checksum
 * but once in 65 536 times. They lie in the cache line that has been read already; the branch lies
 * two or three lines further, and in a flood each of those has to come from where the device has
 * put it: to hash the Via took four times as long as all else (veth, 2 CPUs). A sender who leaves
 * the checksum out (RFC 768) is known by flow and length.
 */
static __always_inline __u64 greylist_key(const struct packet *p)
{
	return span_mix(p->flow, p->udp_sum) * SPAN_FACTOR;
}

static __always_inline struct sg_recent *greylist_line(__u64 key)
{
	return recent_line(&sg_greylist, key, sg_sizes.greylist);
}

/* Sees a request, and whether it came before, at the time when a client sends it again. */
__noinline int greylist_see(__u64 key, __u64 now)
{
	struct sg_recent *line = greylist_line(key);
	__u32 age;

	if (!line)
		return 1;
	age = recent_age(line, key, now);
	if (age == RECENT_NEVER)
		recent_put(line, key, now);
	else if (age > GREYLIST_LATE)
		recent_again(line, key, now);
	return age >= GREYLIST_EARLY && age <= GREYLIST_LATE;
}

/*
 * That a request came again in a rush is noted in its place in sg_returned, the last one of that
 * place. Nearly no request has, and the table is in no near cache: so there is a bit for each
 * place, before the places, that is set while somebody is there.
 */
static __always_inline __u32 returned_at(__u64 key)
{
	return key >> 40 & (SG_RETURNED - 1);
}

static __always_inline __u64 *returned_bits(__u64 key)
{
	__u32 at = returned_at(key) / 64;

	return bpf_map_lookup_elem(&sg_returned, &at);
}

static __always_inline __u64 returned_bit(__u64 key)
{
	return 1ULL << (returned_at(key) & 63);
}

static __always_inline __u64 *returned_place(__u64 key)
{
	__u32 at = SG_RETURNED / 64 + returned_at(key);

	return bpf_map_lookup_elem(&sg_returned, &at);
}

static __always_inline void returned_put(__u64 key, __u64 now)
{
	__u64 *bits = returned_bits(key), *place = returned_place(key);

	if (!bits || !place)
		return;
	*place = (key & ~(__u64)RECENT_TIME) | recent_time(now);
	__sync_fetch_and_or(bits, returned_bit(key));
}

/* Somebody is in the place of a request: whether it is that one. Who was there too long goes. */
__noinline int returned_is(__u64 key, __u64 now)
{
	__u64 *bits = returned_bits(key), *place = returned_place(key);

	if (!bits || !place)
		return 0;
	if (((recent_time(now) - *place) & RECENT_TIME) > GREYLIST_THIRD) {
		__sync_fetch_and_and(bits, ~returned_bit(key));
		return 0;
	}
	return !((*place ^ key) & ~(__u64)RECENT_TIME);
}

/*
 * One that waited was seen before: whether it came again. Global, since of a flood's requests
 * hardly any has.
 */
__noinline int greylist_again(__u64 key, __u64 now)
{
	if (greylist_see(key, now))
		returned_put(key, now);
	return 0;
}

/*
 * Sees the requests that wait, and remembers those that came again. First each one's line is
 * touched: none of these loads waits for another one, so all of them together take hardly longer
 * than one.
 */
__noinline int greylist_flush(struct guard *g)
{
	struct sg_memo *memo;

	if (!g)
		return 0;
	memo = &g->memo;
	for (__u32 i = 0; i < SG_WAITING; i++) {
		const struct sg_recent *line = greylist_line(memo->waiting[i]);

		if (line)
			(void)*(const volatile __u32 *)&line->cell[0];
	}
	for (__u32 i = 0; i < SG_WAITING; i++) {
		__u64 key = memo->waiting[i];
		struct sg_recent *line = greylist_line(key);

		memo->waiting[i] = 0;
		if (!key || !line)
			continue;
		if (recent_may_have(line, recent_tag(key)))
			greylist_again(key, g->now);
		else
			recent_put(line, key, g->now);
	}
	memo->waits = 0;
	return 0;
}

/* In a rush: whether it is known to have come again; if not, it waits to be seen. */
static __always_inline bool greylist_returned(struct sg_memo *memo, __u64 key, __u64 now)
{
	const __u64 *bits = returned_bits(key);
	__u32 waits = memo->waits;

	if (bits && *bits & returned_bit(key) && returned_is(key, now))
		return true;
	memo->waits = waits + 1;
	barrier_var(waits);
	memo->waiting[waits & (SG_WAITING - 1)] = key;
	return false;
}

/* Whether the request came before. */
static __always_inline bool greylist_came(struct guard *g)
{
	__u64 key = greylist_key(&g->p);

	return greylist_rush(&g->memo, g->now) ? greylist_returned(&g->memo, key, g->now)
					       : greylist_see(key, g->now);
}

/* Those that wait are seen when they are many, and as soon as there is time. */
static __always_inline void greylist_catch_up(struct guard *g)
{
	const struct sg_memo *memo = &g->memo;

	if (memo->waits >= SG_WAITING || (memo->waits && !greylist_rush(memo, g->now)))
		greylist_flush(g);
}

/* Whether strangers have to come twice now. */
static __always_inline bool greylist_applies(const struct guard *g)
{
	return greylist_armed(g) && verdict_looks(g, SG_REASON_GREYLIST) &&
	       g->p.transport == IPPROTO_UDP;
}

/* Of a packet that is on no list, in no zone, and not proven. */
static __always_inline __u32 greylist_check(struct guard *g)
{
	if (!greylist_applies(g))
		return SG_REASON_NONE;
	greylist_offer(g);
	greylist_catch_up(g);
	if (g->proof == SG_PROOF_GREYLIST)
		return SG_REASON_NONE;
	/* Whatever else strangers send would take the budget from those who come again. */
	if (g->class != SG_CLASS_REQUEST || !greylist_came(g))
		return SG_REASON_GREYLIST;
	g->admitted = 1;
	return SG_REASON_NONE;
}

/*
 * What all strangers may together, or all sources of a zone. Spent, that of strangers over UDP arms
 * the greylist.
 */
static __always_inline __u32 total_check(const struct guard *g)
{
	if (!gcra_spent(total_tat(g), g->now, total_limit(g)))
		return SG_REASON_NONE;
	if (!g->in_zone && g->p.transport == IPPROTO_UDP &&
	    verdict_enforces(g, SG_REASON_UNLISTED_BUDGET))
		greylist_arm(g);
	return sg_reason_of_total[total_index(g)];
}

/*
 * The upper half of the budget's burst is for sources that have sent little: one that is
 * GREYLIST_FEW messages ahead of its rate finds it spent when half of it is. So what one source
 * sends at once takes nothing from others, and arms no greylist.
 */
static __always_inline __u32 share_check(const struct guard *g, const struct buckets *buckets)
{
	const struct sg_buckets *first = buckets->source.first, *second = buckets->source.second;
	const struct sg_limit *own = &profile_of(g)->limit[SG_LIMIT_SOURCE];
	__u64 few = g->now + GREYLIST_FEW * own->interval;

	if (!budget_is_half_spent(g))
		return SG_REASON_NONE;
	return first && second && first->tat[SG_LIMIT_SOURCE] > few &&
			       second->tat[SG_LIMIT_SOURCE] > few
		       ? SG_REASON_UNLISTED_BUDGET : SG_REASON_NONE;
}

#endif
