/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Offences, and what follows: a ban of the flow, or a limit. Each is charged to whom it is held
 * against, by a hash: a flow, a source, or a user of one of them. He has an entry of his own, in
 * one of two places of a table: what one does must never be another one's fault. If both places are
 * taken, who has the least to his account makes room, so that a forger who fills the table with
 * many names puts out none of those who go on.
 */
#ifndef SIPGUARD_OFFENCES_BPF_H
#define SIPGUARD_OFFENCES_BPF_H

#include <linux/errno.h>

#include "packet/flow.bpf.h"
#include "state/pair.bpf.h"
#include "state/table.bpf.h"
#include "verdict.bpf.h"

#define OFFENCES_RULES 7 /* all but ENUMERATION, see asked.bpf.h */

const __u8 sg_reason_of_offence[] = {
#define X(name, key, reason, ...) [SG_OFFENCE_##name] = SG_REASON_##reason,
	SG_OFFENCES(X)
#undef X
};

/* His entry, NULL if he has none. */
static __always_inline struct sg_offences *offences_find(__u64 who)
{
	return pair_find(pair_of(&sg_offences, who, sg_sizes.offences), who);
}

/* When an entry has nothing to its account any more. */
static __always_inline __u64 offences_until(const struct sg_offences *c)
{
	__u64 until = 0;

	for (__u32 i = 0; i < OFFENCES_RULES; i++)
		until = c->tat[i] > until ? c->tat[i] : until;
	return until;
}

/*
 * The same, and a new one if he has none. Two CPUs may take one place at once: the offence of one
 * of them is then not remembered.
 */
static __always_inline struct sg_offences *offences_entry(__u64 who, __u64 now)
{
	struct pair pair = pair_of(&sg_offences, who, sg_sizes.offences);
	struct sg_offences *c = pair_find(pair, who), *other = pair.second;

	if (c)
		return c;
	c = pair.first;
	if (!c || !other)
		return NULL;
	if (offences_until(other) < offences_until(c))
		c = other;
	if (offences_until(c) > now)
		count_one(SG_COUNT_OFFENCES_FULL);
	__builtin_memset(c, 0, sizeof(*c));
	c->who = who;
	return c;
}

static __always_inline const struct sg_ban_rule *offences_rule(const struct sg_config *config,
							       __u32 offence)
{
	barrier_var(offence); /* keeps the mask, as in limit_index() */
	return &config->ban[offence & (SG_BAN_RULES - 1)];
}

static __always_inline __u32 offences_reason(__u32 offence)
{
	barrier_var(offence);
	return offence < SG_OFFENCE__MAX ? sg_reason_of_offence[offence] & (SG_MODES - 1)
					 : SG_REASON_NONE;
}

/* What an offence is charged to. */
static __always_inline __u64 *offences_tat(struct sg_offences *c, __u32 offence)
{
	barrier_var(offence);
	return &c->tat[offence < OFFENCES_RULES ? offence : 0];
}

/* Charges an offence. True if it was one too many; no debt grows beyond the window. */
static __always_inline bool offences_charge(struct sg_offences *c, const struct sg_ban_rule *rule,
					    __u32 offence, __u64 now)
{
	__u64 *tat = offences_tat(c, offence), next = sg_gcra_next(*tat, now, &rule->limit);
	__u64 most = now + rule->limit.tolerance + rule->limit.interval;

	*tat = next < most ? next : most;
	return !sg_gcra_conforms(*tat, now, &rule->limit);
}

/* From now on it is looked whether somebody is over his limit of guesses: see guess.bpf.h. */
static __always_inline void guesses_watch(const struct sg_ban_rule *rule, __u64 now)
{
	*(volatile __u64 *)&sg_state.guesses_until = now + rule->window * SG_NSEC_PER_SEC;
}

/*
 * Notes an offence that is held against `who`. Its reason, if it was one too many. Global, as
 * flow_proves().
 */
__noinline int offence_note(const struct guard *g, __u32 offence, __u64 who)
{
	__u32 reason = offences_reason(offence);
	const struct sg_ban_rule *rule;
	struct sg_offences *c;

	if (!g || !verdict_looks(g, reason))
		return SG_REASON_NONE;
	rule = offences_rule(config_of(g), offence);
	c = offences_entry(who, g->now);
	if (!c || !offences_charge(c, rule, offence, g->now))
		return SG_REASON_NONE;
	if (!rule->seconds)
		guesses_watch(rule, g->now);
	return reason;
}

/* Bans the flow of a packet for a reason, if that is enforced. Global, likewise. */
__noinline int flow_ban(const struct guard *g, __u32 cause, __u32 seconds)
{
	struct sg_ban ban = {.cause = cause}, *old;
	struct sg_flow_key key;
	long err = 0;

	if (!g || !verdict_enforces(g, ban.cause))
		return 0;
	ban.until = g->now + seconds * SG_NSEC_PER_SEC;
	key = flow_key(&g->p);
	old = bpf_map_lookup_elem(&sg_bans, &key);
	if (!*(volatile __u32 *)&sg_state.flow_bans)
		*(volatile __u32 *)&sg_state.flow_bans = 1;
	if (old && old->until > g->now)
		return 0;
	if (old)
		*old = ban;
	else
		err = table_add(&sg_bans, &sg_bans_queue, &key, &ban, g->now);
	count_one(err == -E2BIG ? SG_COUNT_BANS_FULL : SG_COUNT_BANS);
	if (!err)
		verdict_banned(g, ban.cause);
	return 0;
}

/* An offence of the flow of a packet, which is banned when it is one too many: its reason then. */
static __always_inline __u32 flow_offends(const struct guard *g, __u32 offence)
{
	__u32 reason = SHADOW ? SG_REASON_NONE : offence_note(g, offence, g->p.flow);

	if (reason)
		flow_ban(g, reason, offences_rule(config_of(g), offence)->seconds);
	return reason;
}

/*
 * A success takes back two offences: one that came before it, since a client may try a nonce that
 * is too old and then the new one, and one more.
 */
__noinline int offence_forgive(const struct guard *g, __u32 offence, __u64 who)
{
	struct sg_offences *c = offences_find(who);
	const struct sg_limit *limit;
	__u64 *tat;

	if (!g || !c)
		return 0;
	limit = &offences_rule(config_of(g), offence)->limit;
	tat = offences_tat(c, offence);
	*tat = *tat > 2 * limit->interval ? *tat - 2 * limit->interval : 0;
	return 0;
}

/*
 * How many requests of somebody wait for what the server says to their credentials: who sends many
 * at once must not have them all judged before the first is counted. Each takes a place until the
 * reply, or, if that is never seen, for PENDING_TIME. In a place of the entry that he has no use
 * for: GUESS of a source, GUESS_SOURCE of a flow.
 */
#define PENDING_TIME (1ULL << SG_PENDING_SHIFT) /* ns, 0.13 s */

static __always_inline __u32 pending_count(struct sg_offences *c, __u32 place, __u64 now)
{
	__u64 until = *offences_tat(c, place);

	return until > now ? (until - now + PENDING_TIME - 1) >> SG_PENDING_SHIFT : 0;
}

/* One more waits. */
static __always_inline void pending_begin(__u64 who, __u32 place, __u64 now)
{
	struct sg_offences *c = offences_entry(who, now);
	__u64 *until;

	if (!c)
		return;
	until = offences_tat(c, place);
	*until = (*until > now ? *until : now) + PENDING_TIME;
}

/* The server has answered one. Global, since few packets need it. */
__noinline int pending_end(__u64 who, __u32 place)
{
	struct sg_offences *c = offences_find(who);
	__u64 *until;

	if (!c)
		return 0;
	until = offences_tat(c, place);
	*until = *until > PENDING_TIME ? *until - PENDING_TIME : 0;
	return 0;
}

/* Whether somebody is over his limit of an offence, or would be if what is pending were one. */
static __always_inline bool pending_is_over(const struct guard *g, __u32 offence, __u64 who,
					    __u32 place)
{
	const struct sg_limit *limit = &offences_rule(config_of(g), offence)->limit;
	struct sg_offences *c = offences_find(who);
	__u64 tat;

	if (!c)
		return false;
	tat = *offences_tat(c, offence);
	tat = (tat > g->now ? tat : g->now) + pending_count(c, place, g->now) * limit->interval;
	return !sg_gcra_conforms(tat, g->now, limit);
}

/* Whether somebody is over his limit of an offence. */
static __always_inline bool offence_is_over(const struct guard *g, __u32 offence, __u64 who)
{
	struct sg_offences *c = offences_find(who);

	return c && !sg_gcra_conforms(*offences_tat(c, offence), g->now,
				      &offences_rule(config_of(g), offence)->limit);
}

#endif
