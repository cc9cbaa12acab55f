/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Flows that have proven something: that they are phones of ours (REGISTER), partners of a call
 * (CALL), asked by our own server (CONTACT), or at least no forgery (GREYLIST). What has not proven
 * anything cannot put anything out of this table.
 *
 * Each flow has two lines of the table, by two parts of its hash, and is in a cell of the one that
 * had more room. A cell whose time is over is free, so nothing has to be cleared up, and no flow
 * ever makes room for another one. Up to half of the cells it finds none in both lines once in
 * 100 000 times, and is refused (a hash table of the kernel takes three times as many bytes).
 *
 * Two CPUs may put flows into one cell at once: who takes it first, by its `end`, fills it, and the
 * other one takes another. Who reads it meanwhile finds nothing there.
 *
 * A flood of random sources looks each of them up. The lookup takes longer than all the rest of
 * their verdict, so an array of 256 KB tells for a place of the hash until when any flow there is
 * proven. It needs no clearing: what is past says no.
 */
#ifndef SIPGUARD_PROVEN_BPF_H
#define SIPGUARD_PROVEN_BPF_H

#include <linux/errno.h>

#include "packet/flow.bpf.h"
#include "state/cells.bpf.h"
#include "state/rows.bpf.h"

#define PROVEN_GREYLIST SG_FIXED_PROVEN_GREYLIST /* s: to be challenged, and answered */
#define PROVEN_GRACE SG_FIXED_PROVEN_GRACE /* s: 64 * T1 of RFC 3261 */
#define PROVEN_TRIES 2    /* cells: another CPU may take the first one */
/* ns that a cell is taken for, which is filled at once; but userspace may be killed meanwhile. */
#define PROVEN_TAKEN SG_NSEC_PER_SEC

_Static_assert(SG_PROVEN_DAYS * 86400 < 36 * 3600, "a proof's end is told from its past");
_Static_assert(SG_PROVEN_CELLS == 4, "a place has two bits");

/* Whether a proof is one of those that make a flow proven: see SG_PROOFS. */
static __always_inline bool proof_counts(__u32 proof)
{
	return proof > SG_PROOF_GREYLIST;
}

static __always_inline __u16 *proven_hint(__u64 hash)
{
	__u32 line = sg_hint_line(hash), place = sg_hint_place(hash);
	struct sg_hints *hints = bpf_map_lookup_elem(&sg_hints, &line);

	barrier_var(place);
	return hints ? &hints->until[place & 3] : NULL;
}

/* False if it is not proven; true if it may be. */
static __always_inline bool proven_hinted(__u64 hash, __u64 now)
{
	const __u16 *hint = proven_hint(hash);

	return hint && sg_hinted(*hint, now);
}

/* A flow as its cell has it, and its two lines; NULL, either of them, if the map is missing. */
struct proven_flow {
	__u64 upper;
	__u64 lower;
	__u64 flow;
	struct sg_proven_line *first;
	struct sg_proven_line *second;
};

static __always_inline struct sg_proven_line *proven_line(__u64 hash, __u32 second)
{
	__u32 at = sg_proven_line_of(hash, second, sg_sizes.proven);

	return bpf_map_lookup_elem(&sg_proven, &at);
}

static __always_inline struct proven_flow proven_flow(const struct sg_flow_key *key, __u64 hash)
{
	return (struct proven_flow){
		.upper = sg_net(key->address),
		.lower = sg_host(key->address),
		.flow = sg_proven_flow(key),
		.first = proven_line(hash, 0),
		.second = proven_line(hash, 1),
	};
}

/* 1 if a time is over, or 0: see choose(). */
static __always_inline __u64 proven_is_over(__u64 end, __u64 now)
{
	return if_less(end >> SG_PROVEN_UNIT, (now >> SG_PROVEN_UNIT) + 1);
}

/* 1 if a cell has this flow, and its time is not over, or 0. */
static __always_inline __u64 proven_has(const struct sg_proven_cell *cell,
					const struct proven_flow *f, __u64 now)
{
	__u64 end = *(const volatile __u64 *)&cell->end;
	__u64 other = (cell->upper ^ f->upper) | (cell->lower ^ f->lower) |
		      ((end ^ f->flow) & SG_PROVEN_FLOW);

	/* Both halves of it at once, as it may be 2^63 or more. */
	return if_equal((other >> 32) | (__u32)other, 0) & ~proven_is_over(end, now);
}

/* The place of a flow in its lines: 1 to 4 in the first, 5 to 8 in the second; 0: in none. */
static __always_inline __u64 proven_place(const struct proven_flow *f, __u64 now)
{
	__u64 place = 0;

	if (!f->first || !f->second)
		return 0;
	for (__u64 i = 0; i < SG_PROVEN_CELLS; i++) {
		place = choose(proven_has(&f->first->cell[i], f, now), i + 1, place);
		place = choose(proven_has(&f->second->cell[i], f, now), i + 5, place);
	}
	return place;
}

static __always_inline struct sg_proven_cell *proven_cell(const struct proven_flow *f, __u64 place)
{
	struct sg_proven_line *line = place > SG_PROVEN_CELLS ? f->second : f->first;

	place--;
	barrier_var(place);
	return line ? &line->cell[place & (SG_PROVEN_CELLS - 1)] : NULL;
}

/* The cell of a flow, if it has proven something. */
static __always_inline struct sg_proven_cell *proven_entry(const struct proven_flow *f, __u64 now)
{
	__u64 place = proven_place(f, now);

	return place ? proven_cell(f, place) : NULL;
}

/* How many cells of a line are free, and one of them, 0 to 3, in *free. */
static __always_inline __u64 proven_room(const struct sg_proven_line *line, __u64 now, __u64 *free)
{
	__u64 room = 0, over;

	for (__u64 i = 0; i < SG_PROVEN_CELLS; i++) {
		over = proven_is_over(*(const volatile __u64 *)&line->cell[i].end, now);
		*free = choose(over, i, *free);
		room += over;
	}
	return room;
}

/* Where a flow is to be, as proven_place(); 0: there is no room. */
static __always_inline __u64 proven_free(const struct proven_flow *f, __u64 now)
{
	__u64 in_first = 0, in_second = 0, first, second;

	if (!f->first || !f->second)
		return 0;
	first = proven_room(f->first, now, &in_first);
	second = proven_room(f->second, now, &in_second);
	if (!(first | second))
		return 0;
	return first < second ? SG_PROVEN_CELLS + 1 + in_second : 1 + in_first;
}

/* Changes until when a cell has its flow, unless another flow has it meanwhile. */
static __always_inline void proven_ends(struct sg_proven_cell *cell, __u64 old, __u64 until)
{
	__sync_val_compare_and_swap(&cell->end, old, sg_proven_end(until, old & SG_PROVEN_FLOW));
}

/* Fills a cell that is free. False: somebody else has taken it. */
static __always_inline bool proven_fill(struct sg_proven_cell *cell, const struct proven_flow *f,
					const struct sg_proven *value, __u64 now)
{
	__u64 old = *(volatile __u64 *)&cell->end, taken = sg_proven_end(now + PROVEN_TAKEN, 0);

	if (sg_proven_lives(old, now) ||
	    __sync_val_compare_and_swap(&cell->end, old, taken) != old)
		return false;
	*(volatile __u64 *)&cell->upper = f->upper;
	*(volatile __u64 *)&cell->lower = f->lower;
	cell->since = value->since;
	cell->proof = value->proof;
	cell->user = value->user;
	__sync_val_compare_and_swap(&cell->end, taken, sg_proven_end(value->until, f->flow));
	return true;
}

/*
 * Puts a flow that is not there into a cell. False: there is no room. Two CPUs may do it for the
 * same flow at once; of both cells proven_place() finds one, and the other one is freed.
 */
static __always_inline bool proven_take(const struct proven_flow *f, const struct sg_proven *value,
					__u64 now)
{
	struct sg_proven_cell *cell;
	__u64 place;

	for (int i = 0; i < PROVEN_TRIES; i++) {
		place = proven_free(f, now);
		cell = place ? proven_cell(f, place) : NULL;
		if (!cell)
			return false;
		if (!proven_fill(cell, f, value, now))
			continue;
		if (proven_place(f, now) != place)
			proven_ends(cell, sg_proven_end(value->until, f->flow), 0);
		return true;
	}
	return false;
}

static __always_inline void proven_announce(__u64 hash, __u64 until, __u64 now)
{
	__u16 *hint = proven_hint(hash), end = (until >> SG_HINT_UNIT) + 1;

	/* One that was not written for 39 hours may look as if it lay ahead: what is new wins. */
	if (hint && (!proven_hinted(hash, now) || (__s16)(end - *hint) > 0))
		*hint = end;
	if (!sg_state.proven)
		*(volatile __u32 *)&sg_state.proven = 1;
}

/* Adds a flow that has proven something. False: there is no room. */
static __always_inline bool proven_add(const struct proven_flow *f, __u32 proof, __u64 now,
				       __u64 until)
{
	struct sg_proven fresh = {.until = until, .since = sg_since(now), .proof = proof};

	if (!proven_take(f, &fresh, now)) {
		count_one(SG_COUNT_PROVEN_FULL);
		return false;
	}
	if (proof_counts(proof))
		count_one(SG_COUNT_PROVEN);
	return true;
}

/*
 * A flow has proven something until a time, in ns. What it had proven before stays if it is
 * stronger; its time only grows.
 */
static __always_inline void proven_put(const struct proven_flow *f, __u64 hash, __u32 proof,
				       __u64 now, __u64 until)
{
	struct sg_proven_cell *entry = proven_entry(f, now);
	__u64 end;

	if (entry) {
		end = *(volatile __u64 *)&entry->end;
		if (entry->proof < proof)
			entry->proof = proof;
		if (end < sg_proven_end(until, f->flow))
			proven_ends(entry, end, until);
	} else if (!proven_add(f, proof, now, until)) {
		return;
	}
	proven_announce(hash, until, now);
}

static __always_inline struct proven_flow proven_flow_of(const struct packet *p)
{
	const struct sg_flow_key key = flow_key(p);

	return proven_flow(&key, p->flow);
}

/*
 * enum sg_proof of the flow of a packet. Global, and asked only for flows that may have proven
 * something, or the verifier follows each proof through the guard.
 */
__noinline int flow_proof(const struct guard *g)
{
	const struct sg_proven_cell *entry;
	struct proven_flow f;

	if (!g)
		return SG_PROOF_NONE;
	f = proven_flow_of(&g->p);
	entry = proven_entry(&f, g->now);
	if (!entry)
		return SG_PROOF_NONE;
	if (entry->proof == SG_PROOF_CONTACT)
		return g->class == SG_CLASS_RESPONSE ? SG_PROOF_CALL : SG_PROOF_NONE;
	return entry->proof;
}

/*
 * Whether the source of a packet may prove one more flow. Who has an account has all the ports of
 * his address, and the table of proofs is one for all.
 */
static __always_inline bool proofs_left(const struct guard *g)
{
	const struct sg_limit *limit = &config_of(g)->total[SG_TOTAL_PROOFS];

	return rows_pay(&sg_proofs, source_hash(&g->p), SG_PROOF_ROW, g->now, limit);
}

/* Whether a flow is proven already. */
static __always_inline bool proven_counts(const struct proven_flow *f, __u64 now)
{
	const struct sg_proven_cell *entry = proven_entry(f, now);

	return entry && proof_counts(entry->proof);
}

/*
 * The flow of a packet has proven something, for as many seconds. Global, as all that few packets
 * need: their variables must not lie on the stack below the reader.
 */
__noinline int flow_proves(const struct guard *g, __u32 proof, __u32 seconds)
{
	struct proven_flow f;

	if (!g)
		return 0;
	f = proven_flow_of(&g->p);
	if (proof_counts(proof) && !proven_counts(&f, g->now) && !proofs_left(g)) {
		count_one(SG_COUNT_PROVEN_MANY);
		return 0;
	}
	proven_put(&f, g->p.flow, proof, g->now, g->now + seconds * SG_NSEC_PER_SEC);
	return 0;
}

/* A cell has its flow until then, and no longer. */
static __always_inline void proven_ends_soon(struct sg_proven_cell *cell, __u64 until)
{
	__u64 end = *(volatile __u64 *)&cell->end;

	if (sg_proven_lives(end, until))
		proven_ends(cell, end, until);
}

/*
 * The server has accepted a REGISTER of the flow: `user`, a number of 28 bits, is bound for as many
 * seconds; 0: no more. `there`: no forger elsewhere can have sent it. Global, as flow_proves().
 *
 * Who is registered stays so by any renewal, since nothing is gained by a forged one; so a phone
 * stays known where many are given one nonce. It ends with the binding of its only user: that one
 * has to be there.
 */
__noinline int flow_registers(const struct guard *g, __u32 seconds, __u32 user, __u32 there)
{
	struct sg_proven_cell *entry;
	struct proven_flow f;
	bool registered;

	if (!g)
		return 0;
	f = proven_flow_of(&g->p);
	entry = proven_entry(&f, g->now);
	registered = entry && entry->proof == SG_PROOF_REGISTER;
	if (!there && !registered)
		return 0;
	if (seconds) {
		flow_proves(g, SG_PROOF_REGISTER, seconds + PROVEN_GRACE);
		entry = proven_entry(&f, g->now);
		if (entry)
			entry->user = !registered || !entry->user || entry->user == user
					      ? user : SG_PROVEN_USERS;
	} else if (there && registered && entry->user == user) {
		proven_ends_soon(entry, g->now + PROVEN_GRACE * SG_NSEC_PER_SEC);
	}
	return 0;
}

/* Whether several users are registered over the flow of a packet. Global, as flow_proves(). */
__noinline int flow_is_shared(const struct guard *g)
{
	const struct sg_proven_cell *entry;
	struct proven_flow f;

	if (!g)
		return 0;
	f = proven_flow_of(&g->p);
	entry = proven_entry(&f, g->now);
	return entry && entry->user == SG_PROVEN_USERS;
}

#endif
