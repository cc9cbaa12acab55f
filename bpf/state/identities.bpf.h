/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which address-of-record is registered through which zone, as the server's own replies tell, and
 * until when. The key is a number that is made with the guard's secret: nobody can aim at a line.
 *
 * Who is registered through several zones, with two phones, has a cell for each. A mask of zones
 * would have to live as long as the longest of these bindings, and zones change their numbers in a
 * reload; cells end one by one, and bear the id of the zone, which goes by its name.
 *
 * In a line that is full what ends first makes room, and what has ended before that.
 */
#ifndef SIPGUARD_IDENTITIES_BPF_H
#define SIPGUARD_IDENTITIES_BPF_H

#include "identity.h"
#include "packet/spans.bpf.h"

#define IDENTITY_READ SG_FIXED_IDENTITY_READ /* characters of a header field that are looked at */

struct identity_loop {
	const struct sip_reader *r;
	__u32 at;
	struct sg_identity_walk walk;
};

static long identity_step(__u32 i, void *context)
{
	struct identity_loop *loop = context;
	__u32 c = sip_byte(loop->r, loop->at + i), next = sip_byte(loop->r, loop->at + i + 1);
	__u32 folded = sg_identity_is(next, ' ') | sg_identity_is(next, '\t'), ends;

	sg_identity_step(&loop->walk, c);
	ends = sg_identity_is(c, 0) | (sg_identity_is(c, '\n') & ~folded);
	ends |= (loop->walk.found | -loop->walk.found) >> 63;
	barrier_var(ends);
	return ends & 1;
}

/*
 * The number of an identity in the header field whose value begins at `at`, behind `skip` others; 0
 * if there is none.
 */
__noinline __u64 identity_read(const struct sip_reader *r, __u32 at, __u32 skip)
{
	struct identity_loop loop = {.r = r, .at = at};
	struct sg_identity_walk *walk = &loop.walk;

	if (!r || at >= SIP_READ_MAX)
		return 0;
	walk->secret[0] = sg_state.secret[0];
	walk->secret[1] = sg_state.secret[1];
	walk->found = walk->name = walk->number = span_zero(r);
	walk->state = walk->scheme = walk->length = walk->digits = walk->others = span_zero(r);
	walk->escape = walk->dot = span_zero(r);
	walk->skip = skip;
	bpf_loop(IDENTITY_READ, identity_step, &loop, 0);
	return walk->found;
}

static __always_inline __u32 identity_tag(__u64 key)
{
	return key >> 32 | 1;
}

/* The line of an identity, or NULL. */
static __always_inline struct sg_registered *identity_line(__u64 key)
{
	__u32 line = key >> 8 & (SG_REGISTERED - 1);
	struct sg_registered_line *cells = bpf_map_lookup_elem(&sg_registered, &line);

	return cells ? cells->cell : NULL;
}

/* 1 if `x` is 0, else 0. Without a branch, or the verifier follows each of the cells. */
static __always_inline __u32 identity_none(__u64 x)
{
	__u32 none = (x - 1) >> 63 & ~x >> 63;

	barrier_var(none);
	return none;
}

/* The same of times: whether `a` comes before `b`. */
static __always_inline __u32 identity_before(__u64 a, __u64 b)
{
	__u32 before = (a - b) >> 63;

	barrier_var(before);
	return before;
}

static __always_inline __u32 identity_same(const struct sg_registered *cell, __u32 tag, __u32 zone)
{
	return identity_none((cell->tag ^ tag) | (cell->zone ^ zone));
}

/* The cell of an identity in a zone; if it has none, that which ends first. */
static __always_inline __u32 identity_cell(const struct sg_registered *cells, __u32 tag, __u32 zone)
{
	__u32 found = 0, own = SG_REGISTERED_CELLS, pick;
	__u64 soonest = cells[0].until;

	for (__u32 i = 0; i < SG_REGISTERED_CELLS; i++) {
		pick = identity_before(cells[i].until, soonest);
		found ^= (found ^ i) & -pick;
		soonest ^= (soonest ^ cells[i].until) & -(__u64)pick;
		pick = identity_same(&cells[i], tag, zone);
		own ^= (own ^ i) & -pick;
	}
	pick = own / SG_REGISTERED_CELLS;
	found ^= (found ^ own) & (pick - 1);
	barrier_var(found);
	return found & (SG_REGISTERED_CELLS - 1);
}

/*
 * The server has accepted a REGISTER that came through the zone of the packet: who is in To has
 * bindings for as many seconds; 0: he has none any more, wherever they were, since a 200 lists all
 * of them (RFC 3261 section 10.3). Global, since it happens in few packets.
 */
__noinline int identity_registers(const struct guard *g, __u32 seconds)
{
	struct sg_registered *cells, *cell;
	__u32 tag, zone;
	__u64 key;

	if (!g || !(g->reader.message.seen & SIP_SEEN(TO)))
		return 0;
	key = identity_read(&g->reader, g->reader.message.field[SIP_FIELD_TO].at, 0);
	cells = key ? identity_line(key) : NULL;
	if (!cells)
		return 0;
	tag = identity_tag(key);
	zone = config_of(g)->zone[g->zone & (SG_ZONES - 1)].id;
	for (__u32 i = 0; i < SG_REGISTERED_CELLS && !seconds; i++)
		if (cells[i].tag == tag)
			cells[i].until = 0;
	if (!seconds)
		return 0;
	cell = &cells[identity_cell(cells, tag, zone)];
	if (cell->until > g->now && (cell->tag != tag || cell->zone != zone))
		count_one(SG_COUNT_IDENTITIES_FULL);
	cell->tag = tag;
	cell->zone = zone;
	cell->until = g->now + seconds * SG_NSEC_PER_SEC;
	return 0;
}

/*
 * Whether somebody is registered through other zones than this one, by its id, and not by it.
 */
static __always_inline bool identity_is_elsewhere(__u64 key, __u32 zone, __u64 now)
{
	const struct sg_identity *added = bpf_map_lookup_elem(&sg_identities, &key);
	const struct sg_registered *cells = identity_line(key);
	__u32 tag = identity_tag(key), here = 0, there = 0, lives, mine;

	if (added && added->until > now) {
		mine = identity_none(added->zone ^ zone);
		here = mine;
		there = !mine;
	}
	for (__u32 i = 0; cells && i < SG_REGISTERED_CELLS; i++) {
		lives = identity_before(now, cells[i].until) & identity_none(cells[i].tag ^ tag);
		mine = identity_none(cells[i].zone ^ zone);
		here |= lives & mine;
		there |= lives & ~mine;
	}
	return there & ~here & 1;
}

#endif
