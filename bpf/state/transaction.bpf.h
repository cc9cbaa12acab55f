/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The requests that were admitted, by address, branch, CSeq and Call-ID (RFC 3261 section 17.2.3;
 * some phones have one branch for all). So a retransmission is not charged again, and the server's
 * reply finds what its request was: from which port, whether it answered a challenge, whose
 * credentials it had, and for whom it asked.
 *
 * Fixed memory: lines of 8 requests, of which the oldest makes room.
 */
#ifndef SIPGUARD_TRANSACTION_BPF_H
#define SIPGUARD_TRANSACTION_BPF_H

#include "packet/spans.bpf.h"

#define TRANSACTION_LINE 8
#define TRANSACTION_TIME_BITS 12
#define TRANSACTION_TIME ((1U << TRANSACTION_TIME_BITS) - 1)
#define TRANSACTION_SHIFT 26 /* a unit of time is 2^26 ns, about 67 ms */
#define TRANSACTION_UNITS(ms) ((ms) * 1000000ULL >> TRANSACTION_SHIFT)
/*
 * RFC 3261 section 17: 64 * T1. An INVITE's final reply may take longer, timer C more than 180 s.
 */
#define TRANSACTION_LIFE TRANSACTION_UNITS(SG_FIXED_TRANSACTION_LIFE)
#define TRANSACTION_WAIT TRANSACTION_UNITS(SG_FIXED_TRANSACTION_WAIT)
#define TRANSACTION_T1 TRANSACTION_UNITS(SG_FIXED_TRANSACTION_T1)
/* Timers A and E: an INVITE is sent 7 times, another request 11 times. */
#define TRANSACTION_COPIES_MAX SG_FIXED_TRANSACTION_COPIES

static __always_inline __u32 transaction_time(__u64 now)
{
	return now >> TRANSACTION_SHIFT & TRANSACTION_TIME;
}

static __always_inline __u32 transaction_age(const struct sg_transaction *t, __u64 now)
{
	return (transaction_time(now) - t->time) & TRANSACTION_TIME;
}

static __always_inline __u32 transaction_tag(__u64 key)
{
	return (__u32)(key >> 39) | 1;
}

/*
 * A number for the Call-ID of the message in the reader, to or from `address`, a fold of it.
 * `inlined`, a constant: in the way of each request, see span_hash_inline().
 */
static __always_inline __u64 transaction_call_as(const struct sip_reader *r, __u64 address,
						 bool inlined)
{
	return span_number(r, &r->message.call_id, address, inlined);
}

static __always_inline __u64 transaction_call(const struct sip_reader *r, __u64 address)
{
	return transaction_call_as(r, address, false);
}

/*
 * Of that message, by the number for its Call-ID, if its CSeq had that method. 0: it has no branch
 * and no Call-ID.
 */
static __always_inline __u64 transaction_key_in(const struct sip_reader *r, __u64 call,
						__u32 method, bool inlined)
{
	const struct sip_message *m = &r->message;
	const struct sip_span *branch = &m->party[SIP_VIA].tag;

	if (!branch->length && !m->call_id.length)
		return 0;
	return span_number(r, branch, call ^ ((__u64)m->cseq << 8 | method) * SPAN_FACTOR, inlined);
}

static __always_inline __u64 transaction_key_of(const struct sip_reader *r, __u64 address,
						__u32 method)
{
	return transaction_key_in(r, transaction_call(r, address), method, false);
}

static __always_inline __u64 transaction_key(const struct sip_reader *r, __u64 address)
{
	return transaction_key_of(r, address, r->message.cseq_method_id);
}

static __always_inline struct sg_transactions *transaction_line(__u64 key)
{
	__u32 line = key >> 8 & (sg_sizes.transactions - 1);

	return bpf_map_lookup_elem(&sg_transactions, &line);
}

/*
 * Which place of its line has the one of a key, which may be long over; TRANSACTION_LINE: none.
 * Without a branch, and hidden, as cells_find().
 */
static __always_inline __u32 transaction_place(const struct sg_transactions *line, __u64 key)
{
	__u32 found = TRANSACTION_LINE, tag = transaction_tag(key);

	for (__u32 i = 0; i < TRANSACTION_LINE; i++)
		found = line->transaction[i].tag == tag ? i : found;
	barrier_var(found);
	return found;
}

/* The one at a place, NULL for none. The barrier keeps the mask, as in limit_index(). */
static __always_inline struct sg_transaction *transaction_at(struct sg_transactions *line,
							     __u32 place)
{
	bool none = place >= TRANSACTION_LINE;

	barrier_var(place);
	return none ? NULL : &line->transaction[place & (TRANSACTION_LINE - 1)];
}

static __always_inline struct sg_transaction *transaction_find(struct sg_transactions *line,
							       __u64 key)
{
	return transaction_at(line, transaction_place(line, key));
}

/*
 * The place for a new one: the first free one, or the oldest. Without a branch: which of them is
 * the oldest no CPU foresees. A tag is odd, or the place free.
 */
static __always_inline struct sg_transaction *transaction_oldest(struct sg_transactions *line,
								 __u64 now)
{
	__s64 longest = 0, age, differ, less;
	const struct sg_transaction *t;
	__u32 oldest;

	for (__u32 i = 0; i < TRANSACTION_LINE; i++) {
		t = &line->transaction[i];
		age = transaction_age(t, now) | (~t->tag & 1) << TRANSACTION_TIME_BITS;
		age = age << 3 | (TRANSACTION_LINE - 1 - i);
		differ = longest - age;
		less = differ >> 63;
		barrier_var(less); /* or the compiler makes a branch of it after all */
		longest -= differ & less;
	}
	oldest = ~longest & (TRANSACTION_LINE - 1);
	barrier_var(oldest);
	return &line->transaction[oldest & (TRANSACTION_LINE - 1)];
}

/* Remembers the request of a packet in the place of `t`. */
static __always_inline void transaction_put(struct sg_transaction *t, const struct packet *p,
					    __u64 key, __u64 now)
{
	*t = (struct sg_transaction){
		.tag = transaction_tag(key), .owner = p->owner, .user = p->user,
		.port = p->source_port, .asked = p->asked, .credentials = p->credentials,
		.checked = p->checked, .waits = p->waits, .mixed = p->mixed,
		.begins = p->begins,
		.time = transaction_time(now),
	};
}

/* Whether one more request of a transaction is the same one: the server has not answered it yet. */
static __always_inline bool transaction_is_same(const struct sg_transaction *t, __u16 credentials,
						__u64 now)
{
	return !t->answered && t->credentials == credentials &&
	       transaction_age(t, now) <= TRANSACTION_LIFE;
}

/*
 * Whether one more of the same is a copy as a client's timers send it: by the time the first is
 * `age` old no more than one each T1. It is counted as one.
 */
static __always_inline bool transaction_is_copy(struct sg_transaction *t, __u64 now)
{
	__u32 age = transaction_age(t, now);

	/* The network may double a packet, and two units of time are lost in rounding. */
	if (t->copies >= TRANSACTION_COPIES_MAX || t->copies > (age + 2) / TRANSACTION_T1)
		return false;
	if (!SHADOW)
		t->copies++;
	return true;
}

/* The request that a reply belongs to, or NULL: it was not seen. */
static __always_inline struct sg_transaction *transaction_recall(__u64 key, __u64 now)
{
	struct sg_transactions *line = key ? transaction_line(key) : NULL;
	struct sg_transaction *t = line ? transaction_find(line, key) : NULL;

	return t && transaction_age(t, now) <= TRANSACTION_WAIT ? t : NULL;
}

#endif
