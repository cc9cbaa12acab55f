/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How our server does what it is asked for: the figures of RFC 6076, counted as things happen. An
 * attempt is a session or a registration that a source asks for, known by its Call-ID: an INVITE
 * that is in no dialog, or a REGISTER. One that answers a challenge goes on with its attempt, whose
 * delay began with the first (RFC 6076 section 4.1); others of one Call-ID are told apart by CSeq.
 *
 * Counted is what was let in, and what the server says to it. Nothing is judged by what is here,
 * and anybody can have forged it: who floods the server with calls makes its figures those of a
 * flood.
 *
 * Fixed memory: lines of 8 attempts. One that is over makes room first, then the oldest, which is
 * counted as lost.
 */
#ifndef SIPGUARD_FIGURES_BPF_H
#define SIPGUARD_FIGURES_BPF_H

#include "state/transaction.bpf.h"

#if SHADOW /* counts differences, and nothing else */
static __always_inline bool figures_apply(__attribute__((unused)) const struct guard *g)
{
	return false;
}

static __always_inline void figures_asked(__attribute__((unused)) struct guard *g)
{
}
#else

#define FIGURES_LINE 8
#define FIGURES_ALL 32    /* attempts of a tick that are measured: 8000 a second at 250 HZ */
#define FIGURES_SAMPLE 16 /* a power of two */
#define FIGURES_CSEQ 0xff
#define FIGURES_TIME 0xffffffffffffULL /* struct sg_attempt has 48 bits of it */
#define FIGURES_UNITS(ms) ((ms) * 1000000ULL >> SG_DELAY_SHIFT)
/* Retransmissions of an attempt that is over; and as long a challenge may wait for its answer. */
#define FIGURES_LIFE FIGURES_UNITS(32000)
#define FIGURES_WAIT FIGURES_UNITS(240000) /* as TRANSACTION_WAIT */
/* What leaves by several interfaces on its way is one packet; a tick is at most as long. */
#define FIGURES_TWICE FIGURES_UNITS(10)

enum figures_state {
	FIGURES_ASKED,      /* no response yet */
	FIGURES_TRIES,      /* 100 has left, or any provisional response of REGISTER; */
	FIGURES_RINGS,      /* another one */
	FIGURES_CHALLENGED, /* and this waits for credentials */
	FIGURES_OVER,       /* by any other final response */
};

/* In units of struct sg_attempt. */
static __always_inline __u64 figures_now(const struct guard *g)
{
	return g->now >> SG_DELAY_SHIFT & FIGURES_TIME;
}

/*
 * The same of a clock whose steps are no longer than a registrar takes; only what it has said
 * before may be subtracted. Never 0.
 */
static __always_inline __u32 figures_clock(void)
{
	__u32 now = (sg_tick ? bpf_ktime_get_ns() : sg_replay_clock) >> SG_DELAY_SHIFT;

	return now ? now : 1;
}

/*
 * When an attempt begins, or 0: its delay is not measured. That clock costs as much as all else
 * here, so in one tick of the other a CPU asks it for the first attempts, and then for one in
 * FIGURES_SAMPLE.
 */
static __always_inline __u32 figures_begins(struct guard *g)
{
	__u32 tick = g->now >> 20; /* about a millisecond */

	if (g->figures_tick != tick) {
		g->figures_tick = tick;
		g->figures_count = 0;
	}
	if (++g->figures_count <= FIGURES_ALL || !(g->figures_count & (FIGURES_SAMPLE - 1)))
		return figures_clock();
	return 0;
}

static __always_inline __u32 figures_epoch(__u64 now)
{
	return now >> (SG_EPOCH_SHIFT - SG_DELAY_SHIFT);
}

static __always_inline __u64 figures_last(const struct sg_attempt *a)
{
	return (__u64)a->above << 32 | a->last;
}

static __always_inline __u64 figures_age(const struct sg_attempt *a, __u64 now)
{
	return (now - figures_last(a)) & FIGURES_TIME;
}

static __always_inline void figures_moves(struct sg_attempt *a, __u32 state, __u64 now)
{
	a->last = now;
	a->above = now >> 32;
	a->state = state;
}

/* A zone has the number of another one, since a reload: it begins anew. Global, as it is rare. */
__noinline int figures_anew(struct sg_figures *row, __u32 id)
{
	if (!row)
		return 0;
	__builtin_memset(row, 0, sizeof(*row));
	row->id = id;
	return 0;
}

/* What is counted of a zone on this CPU. */
static __always_inline struct sg_figures *figures_row(const struct guard *g, __u32 zone)
{
	struct sg_figures *row;
	__u32 at = zone, id;

	/* The barrier keeps the mask: what was on the stack has no bound (6.1). */
	barrier_var(zone);
	id = config_of(g)->zone[zone & (SG_ZONES - 1)].id;
	row = bpf_map_lookup_elem(&sg_figures, &at);
	if (row && row->id != id)
		figures_anew(row, id);
	return row;
}

static __always_inline struct sg_figured_counts *figures_counts(struct sg_figures *row,
								bool registers)
{
	return registers ? &row->of[SG_FIGURED_REGISTER] : &row->of[SG_FIGURED_INVITE];
}

/* By the number for the Call-ID. */
static __always_inline __u64 figures_key(__u64 call, __u32 method)
{
	return span_mix(call, method);
}

static __always_inline __u32 figures_tag(__u64 key)
{
	return (__u32)(key >> 32) | 1;
}

static __always_inline struct sg_attempts *figures_line(__u64 key)
{
	__u32 line = key >> 8 & (sg_sizes.attempts - 1);

	return bpf_map_lookup_elem(&sg_attempts, &line);
}

/* The one with a key, or NULL. Without a branch, as transaction_place(). */
static __always_inline struct sg_attempt *figures_place(struct sg_attempts *line, __u64 key)
{
	__u64 found = FIGURES_LINE;
	struct sg_attempt *a;
	bool none;

	for (__u32 i = 0; i < FIGURES_LINE; i++)
		found = choose(if_equal(line->attempt[i].tag, figures_tag(key)), i, found);
	none = found >= FIGURES_LINE;
	barrier_var(found);
	a = none ? NULL : &line->attempt[found & (FIGURES_LINE - 1)];
	/* Or 7.2 follows NULL ("R4 invalid mem access", clang 14): the number is compared again. */
	barrier_var(a);
	return a;
}

/* Whether its zone was another one of that number, before a reload. */
static __always_inline bool figures_is_void(const struct guard *g, const struct sg_attempt *a)
{
	return figures_last(a) < config_of(g)->zone[a->zone & (SG_ZONES - 1)].since;
}

static __always_inline struct sg_attempt *figures_find(const struct guard *g,
						       struct sg_attempts *line, __u64 key)
{
	struct sg_attempt *a = figures_place(line, key);

	if (!a || !figures_is_void(g, a))
		return a;
	a->tag = 0;
	return NULL;
}

/* The place for a new one: free, or of one that is over, or the oldest. */
static __always_inline struct sg_attempt *figures_room(struct sg_attempts *line, __u64 now)
{
	__u64 oldest = 0, longest = 0, age, older, free;

	for (__u32 i = 0; i < FIGURES_LINE; i++) {
		const struct sg_attempt *a = &line->attempt[i];

		free = if_equal(a->tag, 0) | if_equal(a->state, FIGURES_OVER);
		age = figures_age(a, now) >> 1 | free << 48;
		older = if_less(longest, age);
		oldest = choose(older, i, oldest);
		longest = choose(older, age, longest);
	}
	barrier_var(oldest);
	return &line->attempt[oldest & (FIGURES_LINE - 1)];
}

/*
 * Requests of that epoch that wait for a response are `more`, which may be -1. What is left of an
 * epoch when another one needs its place will have none.
 */
static __always_inline void figures_pend(struct sg_figured_counts *c, __u32 epoch, __s32 more)
{
	struct sg_pending *pending = &c->pending[epoch & (SG_PENDINGS - 1)];

	if (pending->epoch != epoch) {
		c->silent += (__s64)pending->count;
		pending->epoch = epoch;
		pending->count = 0;
	}
	pending->count += more;
}

/* Whether a request that no response has left to is not counted as silent yet. */
static __always_inline bool figures_waits(const struct sg_attempt *a, __u64 now)
{
	return a->state == FIGURES_ASKED &&
	       figures_epoch(now) - figures_epoch(figures_last(a)) < SG_SILENT_EPOCHS;
}

/* An attempt that is not over makes room. */
static __always_inline void figures_lose(const struct guard *g, const struct sg_attempt *a,
					 __u64 now)
{
	bool waits = figures_waits(a, now);
	struct sg_figured_counts *c;
	struct sg_figures *row;

	if (!a->tag || figures_is_void(g, a) ||
	    (!waits && a->state != FIGURES_TRIES && a->state != FIGURES_RINGS))
		return;
	row = figures_row(g, a->zone);
	if (!row)
		return;
	c = figures_counts(row, a->registers);
	if (waits)
		figures_pend(c, figures_epoch(figures_last(a)), -1);
	c->lost++;
}

/* Whether a request that has come belongs to the attempt that its Call-ID names, as a copy. */
static __always_inline bool figures_is_copy(const struct sg_attempt *a, __u32 cseq, __u64 now)
{
	return a->cseq == cseq && figures_age(a, now) <= (a->state < FIGURES_CHALLENGED
								  ? FIGURES_WAIT : FIGURES_LIFE);
}

/* Whether it answers its challenge. */
static __always_inline bool figures_goes_on(const struct sg_attempt *a, __u64 now)
{
	return a->state == FIGURES_CHALLENGED && figures_age(a, now) <= FIGURES_LIFE;
}

/*
 * A request of a message that was let in. Global, as it is called where each way is followed
 * through much.
 */
__noinline int figures_asked(struct guard *g)
{
	struct sg_figured_counts *c;
	struct sg_attempts *line;
	struct sg_figures *row;
	struct sg_attempt *a;
	__u32 cseq, method;
	__u64 key, now;

	if (!g || !g->p.call || !g->reader.message.call_id.length)
		return 0;
	method = g->method;
	key = figures_key(g->p.call, method);
	line = figures_line(key);
	row = figures_row(g, g->zone);
	if (!line || !row)
		return 0;
	c = figures_counts(row, method == SG_METHOD_REGISTER);
	cseq = g->reader.message.cseq & FIGURES_CSEQ;
	now = figures_now(g);
	a = figures_find(g, line, key);
	if (a && figures_is_copy(a, cseq, now)) {
		c->copies++;
		return 0;
	}
	if (!a || !figures_goes_on(a, now)) {
		a = a ? a : figures_room(line, now);
		figures_lose(g, a, now);
		a->tag = figures_tag(key);
		a->begun = figures_begins(g);
		a->zone = g->zone;
		a->registers = method == SG_METHOD_REGISTER;
	}
	a->cseq = cseq;
	figures_moves(a, FIGURES_ASKED, now);
	c->requests++;
	figures_pend(c, figures_epoch(now), 1);
	return 0;
}

/* Whether a request asks for something; to be asked of one that was let in. */
static __always_inline bool figures_apply(const struct guard *g)
{
	const struct sip_message *m = &g->reader.message;

	if (!config_of(g)->figures)
		return false;
	return g->method == SG_METHOD_REGISTER ||
	       (g->method == SG_METHOD_INVITE && m->seen & SIP_SEEN(TO) &&
		!m->party[SIP_TO].tag.length);
}

static __always_inline void figures_delay(struct sg_delay *delay, __u32 units)
{
	__u64 at = 0;

#define X(ms) at += if_less(FIGURES_UNITS(ms), units);
	SG_DELAY_BOUNDS(X)
#undef X
	barrier_var(at);
	delay->units += units;
	if (at < SG_DELAY_COUNTS)
		delay->count[at]++;
}

static __always_inline void figures_status(struct sg_figured_counts *c, __u32 status)
{
	__u64 at = SG_STATUS__MAX;

#define X(number) at = choose(if_equal(status, number), SG_STATUS_##number, at);
	SG_FIGURED_STATUSES(X)
#undef X
	barrier_var(at);
	if (at < SG_STATUS__MAX)
		c->status[at]++;
}

/* What belongs to the attempt and is no failure: RFC 6076 section 4.2. */
static __always_inline bool figures_is_challenge(__u32 status)
{
	return status == 401 || status == 402 || status == 407;
}

/*
 * How long an attempt that is over has taken to say how it stands; not if it is sent elsewhere, or
 * is not measured.
 */
static __always_inline void figures_ends(struct sg_figures *row, const struct sg_attempt *a,
					 __u32 method, __u32 status)
{
	__u32 of = method == SG_METHOD_REGISTER ? SG_DELAY_REGISTER
		   : status / 100 == 2		? SG_DELAY_SESSION : SG_DELAY_FAILED;

	if (!a->begun || status / 100 == 3 ||
	    (method == SG_METHOD_REGISTER && status / 100 != 2))
		return;
	barrier_var(of);
	if (of < SG_DELAY__MAX)
		figures_delay(&row->delay[of], a->state == FIGURES_RINGS
						       ? a->begun : figures_clock() - a->begun);
}

/* The first response to a request leaves, of any kind. */
static __always_inline void figures_hears(struct sg_figured_counts *c, const struct sg_attempt *a,
					  __u32 status, __u64 now)
{
	if (figures_waits(a, now))
		figures_pend(c, figures_epoch(figures_last(a)), -1);
	if (status < 200)
		c->class[0]++;
}

static __always_inline void figures_provisional(struct sg_attempt *a, __u32 method, __u32 status,
						__u64 now)
{
	if (a->state == FIGURES_RINGS)
		return;
	if (method == SG_METHOD_INVITE && status != 100) {
		if (a->begun)
			a->begun = (figures_clock() - a->begun) | 1;
		figures_moves(a, FIGURES_RINGS, now);
	} else {
		a->state = FIGURES_TRIES;
	}
}

static __always_inline void figures_final(struct sg_figures *row, struct sg_figured_counts *c,
					  struct sg_attempt *a, __u32 method, __u32 status,
					  __u64 now)
{
	__u32 class = status / 100 - 1;

	barrier_var(class);
	if (class < 6)
		c->class[class]++;
	figures_status(c, status);
	if (!figures_is_challenge(status))
		figures_ends(row, a, method, status);
	else if (a->state == FIGURES_RINGS)
		a->begun = 0; /* it is no time any more */
	figures_moves(a, figures_is_challenge(status) ? FIGURES_CHALLENGED : FIGURES_OVER, now);
}

/*
 * The attempt that a response in the reader is of, or NULL: none that is known. One that rings may
 * do so for long: in a queue, callers wait for more than FIGURES_WAIT.
 */
static __always_inline struct sg_attempt *figures_recall(const struct guard *g, __u32 method,
							 __u64 now)
{
	__u64 call = transaction_call(&g->reader, packet_fold6(g->p.address32));
	__u64 key = figures_key(call, method);
	struct sg_attempts *line = figures_line(key);
	struct sg_attempt *a = line ? figures_find(g, line, key) : NULL;

	return a && a->cseq == (g->reader.message.cseq & FIGURES_CSEQ) &&
	       (a->state == FIGURES_RINGS || figures_age(a, now) <= FIGURES_WAIT) ? a : NULL;
}

/* A response of the server that was read leaves. Global, likewise. */
__noinline int figures_answered(const struct guard *g)
{
	struct sg_figured_counts *c;
	struct sg_figures *row;
	struct sg_attempt *a;
	__u32 method;
	__u64 now;

	if (!g)
		return 0;
	method = g->reader.message.cseq_method_id;
	if ((method != SG_METHOD_INVITE && method != SG_METHOD_REGISTER) ||
	    !g->reader.message.call_id.length)
		return 0;
	now = figures_now(g);
	a = figures_recall(g, method, now);
	row = a ? figures_row(g, a->zone) : NULL;
	if (!row)
		return 0;
	c = figures_counts(row, method == SG_METHOD_REGISTER);
	if (a->state >= FIGURES_CHALLENGED) {
		c->resent += g->status >= 200 && figures_age(a, now) > FIGURES_TWICE;
		return 0;
	}
	if (a->state == FIGURES_ASKED)
		figures_hears(c, a, g->status, now);
	if (g->status < 200)
		figures_provisional(a, method, g->status, now);
	else
		figures_final(row, c, a, method, g->status, now);
	return 0;
}
#endif

#endif
