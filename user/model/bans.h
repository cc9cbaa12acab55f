/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bans of sources and flows, which end by themselves. Whatever changes them needs a session that
 * may; reading does not. The data path makes bans of its own at the same time.
 */
#ifndef SIPGUARD_BANS_H
#define SIPGUARD_BANS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "kernel/maps.h"

#define BAN_SECONDS 600 /* of an operator's ban, if he does not say */
#define BANS_KEPT 1024  /* bans that have ended, at most, when an operator changes some */

struct ban {
	struct sg_flow_key key; /* of a source: see sg_source_key() */
	struct sg_ban ban;
};

struct ban_list {
	struct ban *ban; /* those that have not ended, by their end */
	size_t count;
};

/* Whether it is of a flow, else of a source. */
bool ban_is_flow(const struct sg_flow_key *key);

/* Why: the label of a reason, or who has made it. */
const char *ban_cause(const struct sg_ban *ban);

/* Who: "guard", "operator", or "fleet" for another host of the fleet. */
const char *ban_maker(const struct sg_ban *ban);

/*
 * What is done about those who are banned, where a profile holds: not ENFORCE if the guard only
 * monitors, or the reason does by which a ban is looked at (ban-source, ban-flow).
 */
enum sg_mode ban_mode(enum sg_mode guard, const struct sg_profile *profile, bool flow);

/* That, behind what is said of a ban: ", not enforced", or nothing. */
const char *ban_remark(enum sg_mode mode);

/* "auth-failure", or with a remark if another host has made it: at most BAN_TEXT bytes; `text`. */
#define BAN_TEXT 64
char *ban_text(const struct sg_ban *ban, char *text);

/* All return 0 or -errno. `now` in ns of the guard's clock. To be freed, also after an error. */
int bans_read(const struct maps *maps, __u64 now, struct ban_list *list, struct error *error);
void bans_free(struct ban_list *list);

/*
 * Likewise those that have ended and are still in the table, the last one first. The guard takes
 * away old ones as it makes new ones (bpf/state/table.bpf.h); whoever bans or lifts by hand leaves
 * bans_kept().
 */
int bans_read_ended(const struct maps *maps, __u64 now, struct ban_list *list, struct error *error);
__u32 bans_kept(const struct maps *maps);

/*
 * Bans until ban->until, or changes the ban there is. Refuses addresses of this host and what is on
 * the allow list with -EINVAL. From then on every packet of it is judged by that.
 */
int bans_set(struct maps *maps, const struct sg_flow_key *key, const struct sg_ban *ban, __u64 now,
	     struct error *error);

/* An operator's ban, for so many seconds from now; *ban is what was set. As bans_set(). */
int bans_order(struct maps *maps, const struct sg_flow_key *key, __u64 seconds, struct sg_ban *ban,
	       struct error *error);

/*
 * Bans of before, all at once: one that is there already stays as it is, one that names an address
 * of this host, or that finds no place, is left out and counted in *refused.
 */
int bans_restore(struct maps *maps, const struct ban *bans, size_t count, size_t *refused,
		 struct error *error);

/*
 * A ban of the fleet, which needs no session: 0; -EEXIST if one that ends later is there, or one of
 * this host's own; -E2BIG if there is no place; or -errno, unsaid. *added: it has a place that was
 * free. What it may name is looked at by who calls, who takes it away when it is over: the guard
 * sweeps its own.
 */
int bans_take(struct maps *maps, const struct ban *ban, __u64 now, bool *added);

/* Likewise lifts what other hosts hold against a flow or a source: whether they did. */
bool bans_forgive(struct maps *maps, const struct sg_flow_key *key);

/*
 * Likewise lifts one that ends at `until` (ns of the guard's clock) or before; one that an operator
 * of this host has made only if `by_hand`. 0; -ENOENT: there is none; -EPERM: it stays; or another
 * -errno, unsaid.
 */
int bans_give_up(struct maps *maps, const struct sg_flow_key *key, __u64 until, bool by_hand);

/*
 * And forgets what led to it, or the next offence would be one too many again. -ENOENT: it is not
 * banned, and nothing is held against it.
 */
int bans_lift(struct maps *maps, const struct sg_flow_key *key, __u64 now, struct error *error);

/* Likewise all of them. *count: how many there were. 0 or -errno. */
int bans_lift_all(struct maps *maps, __u64 now, size_t *count, struct error *error);

#endif
