/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Offences of flows, and the bans that follow. An offence is charged to a limit; when that is spent
 * the flow is banned. Each flow with an offence has an entry of its own, in one of two places of a
 * table: the ban of one flow must never be another one's fault. If both places are taken by flows
 * whose offences are not yet over, its own are not remembered.
 */
#ifndef SIPGUARD_CONDUCT_BPF_H
#define SIPGUARD_CONDUCT_BPF_H

#include <linux/errno.h>

#include "table.bpf.h"

const __u8 sg_reason_of_offence[] = {
#define X(name, key, reason, threshold, window, seconds) [SG_OFFENCE_##name] = SG_REASON_##reason,
	SG_OFFENCES(X)
#undef X
};

/* Who did it, in every form that is needed. */
struct conduct {
	struct sg_state *state;
	const struct sg_config *config;
	struct sg_stats *stats;
	struct sg_flow_key key;
	__u64 flow; /* the hash of key */
	__u64 now;
};

/*
 * A new entry, NULL if the place is in use. Two CPUs may take one place at once: the offence of one
 * of them is then not remembered.
 */
static __always_inline struct sg_conduct *conduct_take(__u64 flow, __u32 place, __u64 now)
{
	struct sg_conduct *c = bpf_map_lookup_elem(&sg_conduct, &place);

	if (!c || c->until > now)
		return NULL;
	__builtin_memset(c, 0, sizeof(*c));
	c->flow = flow;
	return c;
}

/* The two places that a flow may have. */
#define CONDUCT_FIRST(flow) ((flow) >> 12 & (SG_CONDUCT - 1))
#define CONDUCT_SECOND(flow) ((flow) >> 40 & (SG_CONDUCT - 1))

/* The entry of a flow, NULL if it has none. */
static __always_inline struct sg_conduct *conduct_find(__u64 flow)
{
	__u32 first = CONDUCT_FIRST(flow), second = CONDUCT_SECOND(flow);
	struct sg_conduct *c = bpf_map_lookup_elem(&sg_conduct, &first);

	if (c && c->flow == flow)
		return c;
	c = bpf_map_lookup_elem(&sg_conduct, &second);
	return c && c->flow == flow ? c : NULL;
}

/* The same, and a new one if it has none; NULL if there is no place. */
static __always_inline struct sg_conduct *conduct_entry(__u64 flow, __u64 now)
{
	struct sg_conduct *c = conduct_find(flow);

	if (!c)
		c = conduct_take(flow, CONDUCT_FIRST(flow), now);
	return c ? c : conduct_take(flow, CONDUCT_SECOND(flow), now);
}

static __always_inline const struct sg_ban_rule *conduct_rule(const struct sg_config *config,
							      __u32 offence)
{
	barrier_var(offence); /* keeps the mask, as in limit_index() */
	return &config->ban[offence & (SG_BAN_RULES - 1)];
}

static __always_inline __u32 conduct_reason(__u32 offence)
{
	barrier_var(offence);
	return offence < SG_OFFENCE__MAX ? sg_reason_of_offence[offence] & (SG_MODES - 1)
					 : SG_REASON_NONE;
}

static __always_inline void conduct_keep(struct sg_conduct *c, const struct sg_ban_rule *rule,
					 __u64 now)
{
	__u64 until = now + rule->window * SG_NSEC_PER_SEC;

	if (c->until < until)
		c->until = until;
}

/* What an offence is charged to; the entry of a source has a place for its own. */
static __always_inline __u64 *conduct_tat(struct sg_conduct *c, __u32 offence)
{
	__u32 place = offence == SG_OFFENCE_AUTH_SOURCE ? SG_OFFENCE_AUTH : offence;

	barrier_var(place);
	return &c->tat[place & 3];
}

/* Charges an offence. True if it was one too many. */
static __always_inline bool conduct_charge(struct sg_conduct *c, const struct sg_ban_rule *rule,
					   __u32 offence, __u64 now)
{
	__u64 *tat = conduct_tat(c, offence);

	conduct_keep(c, rule, now);
	if (!sg_gcra_conforms(*tat, now, &rule->limit))
		return true;
	*tat = sg_gcra_next(*tat, now, &rule->limit);
	return false;
}

/* Marks a user that does not exist. True if the flow has asked for too many of them. */
static __always_inline bool conduct_ask(struct sg_conduct *c, const struct sg_ban_rule *rule,
					__u32 user, __u64 now)
{
	__u32 seconds = now / SG_NSEC_PER_SEC, count = 0;

	conduct_keep(c, rule, now);
	if (seconds - c->users_since >= rule->window) {
		c->users_since = seconds;
		for (int i = 0; i < SG_USERS / 32; i++)
			c->users[i] = 0;
	}
	user %= SG_USERS;
	for (__u32 i = 0; i < SG_USERS / 32; i++) {
		if (user / 32 == i)
			c->users[i] |= 1U << user % 32;
		count += sip_count(c->users[i]);
	}
	return count >= rule->bits;
}

/* Bans the flow. */
static __always_inline void conduct_ban(const struct conduct *who, const struct sg_ban_rule *rule,
					__u32 reason)
{
	struct sg_ban ban = {
		.until = who->now + rule->seconds * SG_NSEC_PER_SEC,
		.cause = reason,
	};
	struct sg_ban *old = bpf_map_lookup_elem(&sg_bans, &who->key);
	__u32 *bans = who->key.transport ? &who->state->flow_bans : &who->state->source_bans;
	long err = 0;

	if (!*(volatile __u32 *)bans)
		*(volatile __u32 *)bans = 1;
	if (old && old->until > who->now)
		return;
	if (old)
		*old = ban;
	else
		err = table_add(&sg_bans, &sg_bans_queue, &who->key, &ban, who->now);
	who->stats->event[err == -E2BIG ? SG_EVENT_BANS_FULL : SG_EVENT_BANS]++;
}

/*
 * Notes an offence, of ENUMERATION with a number for the user, and bans for it if its reason is
 * enforced. The reason, if there was one offence too many: the packet goes under it.
 */
static __always_inline __u32 conduct_note(const struct conduct *who, __u32 offence, __u32 user)
{
	const struct sg_ban_rule *rule = conduct_rule(who->config, offence);
	struct sg_conduct *c;
	__u32 reason = conduct_reason(offence);
	bool much;

	if (who->config->mode[reason] == SG_MODE_OFF)
		return SG_REASON_NONE;
	c = conduct_entry(who->flow, who->now);
	if (!c)
		return SG_REASON_NONE;
	if (offence == SG_OFFENCE_ENUMERATION)
		much = conduct_ask(c, rule, user, who->now);
	else
		much = conduct_charge(c, rule, offence, who->now);
	if (!much)
		return SG_REASON_NONE;
	if (who->config->mode[reason] == SG_MODE_ENFORCE)
		conduct_ban(who, rule, reason);
	return reason;
}

/*
 * A success takes back two offences: one that came before it, since a client may try a nonce that
 * is too old and then the new one, and one more.
 */
static __always_inline void conduct_forgive(const struct conduct *who, __u32 offence)
{
	const struct sg_ban_rule *rule = conduct_rule(who->config, offence);
	struct sg_conduct *c = conduct_find(who->flow);
	__u64 *tat;

	if (!c)
		return;
	tat = conduct_tat(c, offence);
	*tat = *tat > 2 * rule->limit.interval ? *tat - 2 * rule->limit.interval : 0;
}

#endif
