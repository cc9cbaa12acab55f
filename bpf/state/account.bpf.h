/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which flows a user has proven by nonces that others were told, too. Many servers give one nonce
 * to all whom they challenge within one second, and a provider's second is never quiet: so such a
 * nonce has to be enough for a phone. But a customer can forge the flow of somebody else with it,
 * and prove it by his own password. So a user proves ACCOUNT_FLOWS flows by it in an hour, and no
 * more: nobody but who knows the password spends them.
 */
#ifndef SIPGUARD_ACCOUNT_BPF_H
#define SIPGUARD_ACCOUNT_BPF_H

#include "state/secrets.bpf.h"

#define ACCOUNT_FLOWS SG_FIXED_ACCOUNT_FLOWS
#define ACCOUNT_LIFE (SG_FIXED_ACCOUNT_LIFE * SG_NSEC_PER_SEC >> 30) /* of cell_seconds() */

/* The cell of a user in its line: his own, a free one, or that of whose first flow is older. */
static __always_inline struct sg_account *account_cell(struct sg_accounts *line, __u32 user,
						       __u16 now)
{
	struct sg_account *first = &line->account[0], *second = &line->account[1], *a;

	if (first->user == user)
		return first;
	if (second->user == user)
		return second;
	a = (__u16)(now - first->seconds[0]) > (__u16)(now - second->seconds[0]) ? first : second;
	if (!first->user)
		a = first;
	__builtin_memset(a, 0, sizeof(*a));
	a->user = user;
	return a;
}

/*
 * Whether a user, a number, may prove the flow of a packet in this way; it is counted as one of
 * his. Global, since it happens in few packets.
 */
__noinline int account_proves(const struct packet *p, __u64 user)
{
	__u32 line = user >> 8 & (SG_ACCOUNTS - 1), flow, place = ACCOUNT_FLOWS;
	struct sg_accounts *accounts = bpf_map_lookup_elem(&sg_accounts, &line);
	__u16 now = cell_seconds(clock_now());
	struct sg_account *a;

	if (!p || !accounts)
		return 0;
	a = account_cell(accounts, cell_tag(user), now);
	flow = cell_tag(p->flow);
	for (__u32 i = 0; i < ACCOUNT_FLOWS; i++) {
		if (place == ACCOUNT_FLOWS &&
		    (!a->flow[i] || (__u16)(now - a->seconds[i]) > ACCOUNT_LIFE))
			place = i;
	}
	for (__u32 i = 0; i < ACCOUNT_FLOWS; i++)
		place = a->flow[i] == flow ? i : place;
	barrier_var(place);
	if (place >= ACCOUNT_FLOWS)
		return 0;
	place &= ACCOUNT_FLOWS - 1;
	a->flow[place] = flow;
	a->seconds[place] = now;
	return 1;
}

#endif
