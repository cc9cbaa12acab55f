/* SPDX-License-Identifier: GPL-2.0-only */
/* What sources, flows and totals owe: by limits that are not in force any more, by offences. */
#ifndef SIPGUARD_DEBTS_H
#define SIPGUARD_DEBTS_H

#include "kernel/maps.h"

/*
 * Cuts every theoretical arrival time to where the limits in force let the next message in, so
 * that wider ones take hold at once: who was charged a second a message, 500 of them, would wait
 * for eight minutes whatever he may now. `now`: ns of the guard's clock. A slot belongs to any zone
 * by its hash, so the widest limit of a kind counts. 0 or -errno.
 */
int debts_cut(const struct maps *maps, __u64 now, struct error *error);

/*
 * Forgets the offences that are held against a flow, or against a source: wrong passwords and what
 * else leads to a ban. Not those of a user of theirs, who is known by his password. 1 if there were
 * any, 0, or -errno.
 */
int debts_forgive(const struct maps *maps, const struct sg_flow_key *key, __u64 now,
		  struct error *error);

/* Those that are held against anybody. 0 or -errno. */
int debts_forgive_all(const struct maps *maps, __u64 now, struct error *error);

#endif
