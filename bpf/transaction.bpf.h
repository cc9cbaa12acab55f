/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The requests that were admitted, by address, branch and CSeq (RFC 3261 section 17.2.3). So a
 * retransmission is not charged again, and the server's reply finds what its request was: from
 * which port, and whether it answered a challenge.
 *
 * Fixed memory: lines of 7 cells, a new one takes the place of the oldest. A cell: tag in the upper
 * 28 bits, source port (16), copies (4), flags (4), time (12).
 */
#ifndef SIPGUARD_TRANSACTION_BPF_H
#define SIPGUARD_TRANSACTION_BPF_H

#include "spans.bpf.h"

#define TRANSACTION_CELLS 8 /* the first one says which place is the next */
#define TRANSACTION_TAG 0xfffffff000000000ULL
#define TRANSACTION_PORT 20
#define TRANSACTION_COPIES 16
#define TRANSACTION_FLAGS 12
#define TRANSACTION_TIME 0xfffU
#define TRANSACTION_SHIFT 26 /* a unit of time is 2^26 ns, about 67 ms */
#define TRANSACTION_UNITS(ms) ((ms) * 1000000ULL >> TRANSACTION_SHIFT)
/*
 * RFC 3261 section 17: 64 * T1. An INVITE's final reply may take longer, timer C more than 180 s.
 */
#define TRANSACTION_LIFE TRANSACTION_UNITS(32000)
#define TRANSACTION_WAIT TRANSACTION_UNITS(240000)
#define TRANSACTION_T1 TRANSACTION_UNITS(500)
/* Timers A and E: an INVITE is sent 7 times, another request 11 times. */
#define TRANSACTION_COPIES_MAX 10

#define TRANSACTION_OWNER 3 /* of the flags: enum secret_owner of the challenge it answers */

static __always_inline __u32 transaction_time(__u64 now)
{
	return now >> TRANSACTION_SHIFT & TRANSACTION_TIME;
}

static __always_inline __u32 transaction_age(__u64 cell, __u64 now)
{
	return (transaction_time(now) - (__u32)cell) & TRANSACTION_TIME;
}

/*
 * Of the message in the reader, to or from `address`, a fold of it. Without a branch (RFC 2543) its
 * Call-ID stands for it. 0: it has neither.
 */
static __always_inline __u64 transaction_key(const struct sip_reader *r, __u64 address)
{
	const struct sip_message *m = &r->message;
	struct sip_span span = m->party[SIP_VIA].tag;

	if (!span.length)
		span = m->call_id;
	if (!span.length)
		return 0;
	return span_hash(r, span.at, span.length,
			 address ^ ((__u64)m->cseq << 8 | m->cseq_method_id) * SPAN_FACTOR);
}

static __always_inline struct sg_transactions *transaction_line(__u64 key)
{
	__u32 line = key >> 8 & (SG_TRANSACTIONS - 1);

	return bpf_map_lookup_elem(&sg_transactions, &line);
}

/* The number of the cell of a key that is no older than `life`, or 0. */
static __always_inline __u32 transaction_find(const struct sg_transactions *line, __u64 key,
					      __u64 now, __u32 life)
{
	__u64 cell;

	for (__u32 i = 1; i < TRANSACTION_CELLS; i++) {
		cell = *(const volatile __u64 *)&line->cell[i];
		if (!((cell ^ key) & TRANSACTION_TAG) && transaction_age(cell, now) <= life)
			return i;
	}
	return 0;
}

static __always_inline void transaction_put(struct sg_transactions *line, __u64 key, __u16 port,
					    __u32 flags, __u64 now)
{
	__u32 place = line->cell[0] % TRANSACTION_CELLS;

	place += !place;
	line->cell[0] = (place + 1) % TRANSACTION_CELLS;
	barrier_var(place);
	line->cell[place & (TRANSACTION_CELLS - 1)] =
		(key & TRANSACTION_TAG) | (__u64)port << TRANSACTION_PORT |
		flags << TRANSACTION_FLAGS | transaction_time(now);
}

/*
 * Whether one more of the requests of a cell is a copy as a client's timers send it: by the time
 * the first is `age` old no more than one each T1. It is counted as one.
 */
static __always_inline bool transaction_is_copy(struct sg_transactions *line, __u32 place,
						__u64 now)
{
	__u32 copies, age;

	barrier_var(place);
	place &= TRANSACTION_CELLS - 1;
	copies = line->cell[place] >> TRANSACTION_COPIES & 0xf;
	age = transaction_age(line->cell[place], now);
	/* The network may double a packet, and two units of time are lost in rounding. */
	if (copies >= TRANSACTION_COPIES_MAX || copies > (age + 2) / TRANSACTION_T1)
		return false;
	line->cell[place] += 1ULL << TRANSACTION_COPIES;
	return true;
}

/* The cell of the request that a reply belongs to; 0 if it was not seen. */
static __always_inline __u64 transaction_recall(__u64 key, __u64 now)
{
	struct sg_transactions *line = transaction_line(key);
	__u32 place = line ? transaction_find(line, key, now, TRANSACTION_WAIT) : 0;

	barrier_var(place);
	return place ? line->cell[place & (TRANSACTION_CELLS - 1)] : 0;
}

#endif
