/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The dialogs that our server is in, and the branches of what it has sent. A dialog is told by its
 * Call-ID alone (RFC 3261 section 8.1.1.4): all forks of a call have one, early ones too, whichever
 * side asks, and the subscription that a REFER makes in it.
 *
 * Fixed memory: lines of 8 entries, a cache line each. What is new takes a free place, or that of
 * one which is worth no more than it is: branches first, then what was only asked for, then dialogs
 * of strangers, then those of known senders; of equals the oldest. So who has the server answer
 * ever new calls of strangers pushes out no dialog of a zone or a proven flow.
 *
 * No locks: of two CPUs that write one line at once, one entry may be forgotten.
 */
#ifndef SIPGUARD_DIALOGS_BPF_H
#define SIPGUARD_DIALOGS_BPF_H

#include "packet/spans.bpf.h"
#include "state/secrets.bpf.h"

#define DIALOG_LINE 8
#define DIALOG_SHIFT 32 /* a unit of time is 2^32 ns, 4.3 s; they begin again after 78 hours */
#define DIALOG_UNITS(seconds) ((seconds) * SG_NSEC_PER_SEC >> DIALOG_SHIFT)
#define DIALOG_LONG DIALOG_UNITS(SG_FIXED_DIALOG_LONG) /* of what was confirmed */
#define DIALOG_SHORT DIALOG_UNITS(SG_FIXED_DIALOG_SHORT) /* asked for, or over; above timer C */
#define DIALOG_BRANCH DIALOG_UNITS(SG_FIXED_DIALOG_BRANCH) /* twice 64 * T1, RFC 3261 17.1.2.2 */
#define DIALOG_RINGS DIALOG_UNITS(SG_FIXED_DIALOG_RINGS) /* of an INVITE; a 1xx begins it anew */

#define DIALOG_OF_CALL 0x6469616c6f670000ULL /* keep Call-IDs and branches apart */
#define DIALOG_OF_BRANCH 0x73656e7400000000ULL

/* What an entry is worth. */
enum dialog_rank {
	DIALOG_FREE,
	DIALOG_SENT,     /* a branch */
	DIALOG_ASKED,    /* it may become a dialog, or it is over */
	DIALOG_ANSWERED, /* our server is in it, with somebody whom nobody knows */
	DIALOG_KNOWN,    /* and this one with a zone or a proven flow */
};

/* A number for the Call-ID or the branch of a message; 0: it has none. */
static __always_inline __u64 dialog_call(const struct sip_reader *r)
{
	const struct sip_span *id = &r->message.call_id;

	return id->length ? span_hash(r, id->at, id->length, SECRET_SALT ^ DIALOG_OF_CALL) *
				    SPAN_FACTOR : 0;
}

static __always_inline __u64 dialog_branch(const struct sip_reader *r)
{
	const struct sip_span *branch = &r->message.party[SIP_VIA].tag;

	return branch->length ? span_hash(r, branch->at, branch->length,
					  SECRET_SALT ^ DIALOG_OF_BRANCH) * SPAN_FACTOR : 0;
}

static __always_inline __u16 dialog_time(__u64 now)
{
	return now >> DIALOG_SHIFT;
}

/* Another CPU may have written it a unit ahead of us. */
static __always_inline __u32 dialog_age(const struct sg_dialog *d, __u64 now)
{
	__u16 age = dialog_time(now) - d->time;

	return age == 0xffff ? 0 : age;
}

static __always_inline bool dialog_is_over(const struct sg_dialog *d, __u64 now)
{
	return dialog_age(d, now) > (d->life ? d->life : DIALOG_LONG);
}

static __always_inline struct sg_dialogs *dialog_line(__u64 key)
{
	__u32 line = key >> 8 & (sg_sizes.dialogs - 1);

	return bpf_map_lookup_elem(&sg_dialogs, &line);
}

static __always_inline __u32 dialog_tag(__u64 key)
{
	return (__u32)(key >> 32) | 1;
}

/* Without a branch, and hidden, as cells_find(). */
static __always_inline struct sg_dialog *dialog_find(struct sg_dialogs *line, __u64 key, __u64 now)
{
	__u64 found = DIALOG_LINE;
	struct sg_dialog *d;

	for (__u32 i = 0; i < DIALOG_LINE; i++)
		found = choose(if_equal(line->dialog[i].tag, dialog_tag(key)), i, found);
	if (found >= DIALOG_LINE)
		return NULL;
	barrier_var(found); /* keeps the mask */
	d = &line->dialog[found & (DIALOG_LINE - 1)];
	return dialog_is_over(d, now) ? NULL : d;
}

/* What an entry has to be worth to stay: the rank, and below it how lately it was heard of. */
static __always_inline __u32 dialog_worth(const struct sg_dialog *d, __u64 now)
{
	__u16 passed = dialog_time(now) - d->time;
	/* As dialog_age() and dialog_is_over(). */
	__u64 age = choose(if_equal(passed, 0xffff), 0, passed);
	__u64 life = choose(if_equal(d->life, 0), DIALOG_LONG, d->life);
	__u64 over = if_equal(d->tag, 0) | if_less(life, age);

	return choose(over, 0, (__u32)d->rank << 16 | (0xffff - age));
}

/* The place for a new entry of a rank; NULL: all that are there are worth more. */
static __always_inline struct sg_dialog *dialog_room(struct sg_dialogs *line, __u32 rank, __u64 now)
{
	__u64 place = 0, least = ~0U, worth, less;

	for (__u32 i = 0; i < DIALOG_LINE; i++) {
		worth = dialog_worth(&line->dialog[i], now);
		less = if_less(worth, least);
		place = choose(less, i, place);
		least = choose(less, worth, least);
	}
	barrier_var(place);
	if (least)
		count_one(SG_COUNT_DIALOGS_FULL);
	return least >> 16 > rank ? NULL : &line->dialog[place & (DIALOG_LINE - 1)];
}

/*
 * Notes what `key` stands for; `life` in units, below 256; 0: DIALOG_LONG. What is there already is
 * heard of again, and is never worth less. Global, since it happens in few packets and at several
 * places.
 */
__noinline int dialog_note(__u64 key, __u32 rank, __u32 life)
{
	struct sg_dialogs *line = key ? dialog_line(key) : NULL;
	__u64 now = clock_now();
	struct sg_dialog *d;

	if (!line)
		return 0;
	d = dialog_find(line, key, now);
	if (d && d->rank > rank) {
		d->time = dialog_time(now);
		return 0;
	}
	if (!d)
		d = dialog_room(line, rank, now);
	if (d)
		*d = (struct sg_dialog){
			.tag = dialog_tag(key), .time = dialog_time(now), .rank = rank,
			.life = life,
		};
	return 0;
}

/* Of all entries of a line what the least is worth, as enum dialog_rank. */
static __always_inline __u32 dialog_least(const struct sg_dialogs *line, __u64 now)
{
	__u64 least = ~0U, worth;

	for (__u32 i = 0; i < DIALOG_LINE; i++) {
		worth = dialog_worth(&line->dialog[i], now);
		least = choose(if_less(worth, least), worth, least);
	}
	return least >> 16;
}

/*
 * Whether it is not there, and would be if it had ever been noted as worth `rank` or more. Where
 * all that is there is worth as much, it may have made room, or found none: who has the server
 * answer him until the table is full would have others' calls and responses refused.
 */
__noinline int dialog_missing(__u64 key, __u32 rank)
{
	struct sg_dialogs *line = key ? dialog_line(key) : NULL;
	__u64 now = clock_now();

	return line && !dialog_find(line, key, now) && dialog_least(line, now) < rank;
}

/* Whether it is there. */
__noinline int dialog_noted(__u64 key)
{
	struct sg_dialogs *line = key ? dialog_line(key) : NULL;

	return line && dialog_find(line, key, clock_now());
}

/*
 * A call of it is over. Not forgotten at once: what comes late belongs to it, as do its other forks
 * and subscriptions, and whatever is heard of these makes it last.
 */
__noinline int dialog_ends(__u64 key)
{
	struct sg_dialogs *line = key ? dialog_line(key) : NULL;
	__u64 now = clock_now();
	struct sg_dialog *d;

	d = line ? dialog_find(line, key, now) : NULL;
	if (!d)
		return 0;
	d->rank = DIALOG_ASKED;
	d->life = DIALOG_SHORT;
	d->time = dialog_time(now);
	return 0;
}

#endif
