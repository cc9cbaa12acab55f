// SPDX-License-Identifier: GPL-2.0-only
#include "model/bans.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>

#include "base/names.h"
#include "base/prefix.h"
#include "kernel/walk.h"
#include "model/debts.h"
#include "model/lists.h"

bool ban_is_flow(const struct sg_flow_key *key)
{
	return key->port != 0;
}

const char *ban_cause(const struct sg_ban *ban)
{
	if (ban->cause != SG_REASON_NONE && ban->cause < SG_REASON__MAX)
		return reason_texts[ban->cause].label;
	return "operator";
}

const char *ban_maker(const struct sg_ban *ban)
{
	static const char *const makers[] = {"guard", "operator", "fleet"};

	return makers[sg_origin_kind(ban->origin) <= SG_ORIGIN_FLEET ? sg_origin_kind(ban->origin)
								     : SG_ORIGIN_GUARD];
}

enum sg_mode ban_mode(enum sg_mode guard, const struct sg_profile *profile, bool flow)
{
	__u8 mode = profile->mode[flow ? SG_REASON_BAN_FLOW : SG_REASON_BAN_SOURCE];

	return guard == SG_MODE_MONITOR && mode == SG_MODE_ENFORCE ? SG_MODE_MONITOR : mode;
}

const char *ban_remark(enum sg_mode mode)
{
	return mode == SG_MODE_ENFORCE ? "" : ", not enforced";
}

char *ban_text(const struct sg_ban *ban, char *text)
{
	snprintf(text, BAN_TEXT, "%s%s", ban_cause(ban),
		 sg_origin_kind(ban->origin) == SG_ORIGIN_FLEET ? ", elsewhere" : "");
	return text;
}

static int by_end(const void *a, const void *b)
{
	const struct ban *x = a, *y = b;

	return x->ban.until < y->ban.until ? -1 : x->ban.until > y->ban.until;
}

static int latest_first(const void *a, const void *b)
{
	return by_end(b, a);
}

/* Those that are in force, or those that have ended. */
static int read_map(const struct maps *maps, __u64 now, bool ended, size_t most,
		    struct ban_list *list)
{
	const void *key, *value;
	struct walk walk;
	int err = walk_begin(&walk, maps->fd[MAP_BANS]);

	if (err)
		return err;
	while ((err = walk_next(&walk, &key, &value)) > 0) {
		const struct sg_ban *ban = value;

		if ((ban->until <= now) == ended && list->count < most)
			list->ban[list->count++] =
				(struct ban){*(const struct sg_flow_key *)key, *ban};
	}
	walk_end(&walk);
	return err;
}

static int read_all(const struct maps *maps, __u64 now, bool ended, struct ban_list *list,
		    struct error *error)
{
	size_t most = maps_entries(maps, MAP_BANS);
	int err;

	*list = (struct ban_list){.ban = calloc(most + 1, sizeof(*list->ban))};
	err = list->ban ? read_map(maps, now, ended, most, list) : -ENOMEM;
	if (err)
		return error_set(error, err, "cannot read the bans: %s.", strerror(-err));
	qsort(list->ban, list->count, sizeof(*list->ban), ended ? latest_first : by_end);
	return 0;
}

int bans_read(const struct maps *maps, __u64 now, struct ban_list *list, struct error *error)
{
	return read_all(maps, now, false, list, error);
}

int bans_read_ended(const struct maps *maps, __u64 now, struct ban_list *list, struct error *error)
{
	return read_all(maps, now, true, list, error);
}

void bans_free(struct ban_list *list)
{
	free(list->ban);
	*list = (struct ban_list){};
}

/* Voids what the CPUs remember of bans. After each change. */
static void changed(const struct maps *maps)
{
	__atomic_add_fetch(&maps->state->ban_generation, 1, __ATOMIC_SEQ_CST);
}

__u32 bans_kept(const struct maps *maps)
{
	__u32 most = maps_entries(maps, MAP_BANS) / 16;

	return most < BANS_KEPT ? most : BANS_KEPT;
}

/* Removes bans that have ended, but for the `kept` last ones. The guard may have renewed one. */
static void forget_ended(const struct maps *maps, __u64 now, size_t kept)
{
	struct ban_list list;
	struct sg_ban ban;

	if (read_all(maps, now, true, &list, NULL))
		list.count = 0;
	for (size_t i = kept; i < list.count; i++) {
		if (!bpf_map_lookup_elem(maps->fd[MAP_BANS], &list.ban[i].key, &ban) &&
		    ban.until <= now)
			bpf_map_delete_elem(maps->fd[MAP_BANS], &list.ban[i].key);
	}
	bans_free(&list);
}

/* Whether any source and any flow is banned. */
static int kinds(const struct maps *maps, __u64 now, __u32 *sources, __u32 *flows,
		 struct error *error)
{
	struct ban_list list;
	int err = read_all(maps, now, false, &list, error);

	*sources = *flows = 0;
	for (size_t i = 0; !err && i < list.count; i++)
		*(ban_is_flow(&list.ban[i].key) ? flows : sources) = 1;
	bans_free(&list);
	return err;
}

/*
 * Packets look for bans only while there are any. The lock does not keep the guard from banning a
 * flow meanwhile: it sets the word that it finds zero, so whoever has put a zero there has to look
 * once more.
 */
static int settle(struct maps *maps, __u64 now, struct error *error)
{
	struct sg_state *state = maps->state;
	__u32 sources, flows;
	int err = kinds(maps, now, &sources, &flows, error);

	forget_ended(maps, now, bans_kept(maps));
	if (err)
		return err;
	maps_store(&state->source_bans, sources);
	maps_store(&state->flow_bans, flows);
	if (!sources || !flows) {
		err = kinds(maps, now, &sources, &flows, error);
		if (sources)
			maps_store(&state->source_bans, 1);
		if (flows)
			maps_store(&state->flow_bans, 1);
	}
	changed(maps);
	return err;
}

static int refuse(const struct maps *maps, const struct sg_flow_key *key, struct error *error)
{
	struct prefix source = flow_prefix(key), *own;
	char text[PREFIX_TEXT], mine[PREFIX_TEXT];
	size_t count;
	int err = own_addresses(&own, &count, error);

	if (err)
		return err;
	prefix_format(&source, text, sizeof(text));
	for (size_t i = 0; !err && i < count; i++) {
		if (!prefix_contains(&source, &own[i]))
			continue;
		prefix_format(&own[i], mine, sizeof(mine));
		if (source.length == own[i].length)
			err = error_set(error, -EINVAL, "%s is an address of this host, which is "
					"never banned.", text);
		else
			err = error_set(error, -EINVAL, "%s, which a ban of a source is for, has "
					"%s of this host in it: ban a flow, or deny the single "
					"address with `sipguard deny add`.", text, mine);
	}
	free(own);
	if (!err && lists_lookup(maps, &source) == SG_LIST_ALLOW)
		err = error_set(error, -EINVAL, "%s is on the allow list, so a ban would do "
				"nothing: take it off with `sipguard allow del` first.", text);
	return err;
}

static int put(struct maps *maps, const struct sg_flow_key *key, const struct sg_ban *ban,
	       __u64 now, struct error *error)
{
	int err;

	maps_store(ban_is_flow(key) ? &maps->state->flow_bans : &maps->state->source_bans, 1);
	err = bpf_map_update_elem(maps->fd[MAP_BANS], key, ban, BPF_ANY);
	if (err == -E2BIG) {
		forget_ended(maps, now, 0);
		err = bpf_map_update_elem(maps->fd[MAP_BANS], key, ban, BPF_ANY);
	}
	changed(maps);
	if (!err)
		return 0;
	settle(maps, now, NULL);
	if (err == -E2BIG)
		return error_set(error, err, "%u bans are in force, which is the most: "
				 "lift some, or deny whole prefixes with `sipguard deny add`.",
				 maps_entries(maps, MAP_BANS));
	return error_set(error, err, "cannot write the ban: %s.", strerror(-err));
}

int bans_set(struct maps *maps, const struct sg_flow_key *key, const struct sg_ban *ban, __u64 now,
	     struct error *error)
{
	int err = refuse(maps, key, error);

	if (!err)
		err = settle(maps, now, error);
	return err ? err : put(maps, key, ban, now, error);
}

int bans_order(struct maps *maps, const struct sg_flow_key *key, __u64 seconds, struct sg_ban *ban,
	       struct error *error)
{
	__u64 now;
	int err = maps_clock(maps, &now, error);

	if (err)
		return err;
	*ban = (struct sg_ban){
		.until = now + seconds * SG_NSEC_PER_SEC,
		.cause = SG_REASON_NONE,
		.origin = SG_ORIGIN_OPERATOR,
	};
	return bans_set(maps, key, ban, now, error);
}

/* Those of the guard are swept by it, see table.bpf.h; those of the operator by settle(). */
static int restore(struct maps *maps, const struct ban *ban)
{
	int err = bpf_map_update_elem(maps->fd[MAP_BANS], &ban->key, &ban->ban, BPF_NOEXIST);

	if (!err && ban->ban.origin == SG_ORIGIN_GUARD)
		bpf_map_update_elem(maps->fd[MAP_BANS_QUEUE], NULL, &ban->key, BPF_ANY);
	return err == -EEXIST ? 0 : err;
}

int bans_restore(struct maps *maps, const struct ban *bans, size_t count, size_t *refused,
		 struct error *error)
{
	struct prefix *own = NULL;
	size_t owns = 0;
	int err = count ? own_addresses(&own, &owns, error) : 0;

	*refused = 0;
	for (size_t i = 0; !err && i < count; i++) {
		if (own_is_in(&bans[i].key, own, owns)) {
			++*refused;
			continue;
		}
		maps_store(ban_is_flow(&bans[i].key) ? &maps->state->flow_bans
						     : &maps->state->source_bans, 1);
		err = restore(maps, &bans[i]);
		*refused += err == -E2BIG;
		if (err == -E2BIG)
			err = 0;
		if (err)
			error_set(error, err, "cannot write the bans: %s.", strerror(-err));
	}
	free(own);
	changed(maps);
	return err;
}

/* Of two bans of other hosts the later end counts; one of our own is left as it is. */
static int prolong(struct maps *maps, const struct ban *ban, __u64 now)
{
	struct sg_ban old;

	if (!bpf_map_lookup_elem(maps->fd[MAP_BANS], &ban->key, &old) && old.until > now &&
	    (old.until >= ban->ban.until || sg_origin_kind(old.origin) != SG_ORIGIN_FLEET))
		return -EEXIST;
	return bpf_map_update_elem(maps->fd[MAP_BANS], &ban->key, &ban->ban, BPF_ANY);
}

/*
 * As the data path bans a flow: without the lock. Whoever holds that may find the word zero and put
 * a zero there, so it is set again afterwards.
 */
int bans_take(struct maps *maps, const struct ban *ban, __u64 now, bool *added)
{
	__u32 *any = ban_is_flow(&ban->key) ? &maps->state->flow_bans : &maps->state->source_bans;
	int err;

	maps_store(any, 1);
	err = bpf_map_update_elem(maps->fd[MAP_BANS], &ban->key, &ban->ban, BPF_NOEXIST);
	*added = !err;
	if (err == -EEXIST)
		err = prolong(maps, ban, now);
	maps_store(any, 1);
	return err;
}

bool bans_forgive(struct maps *maps, const struct sg_flow_key *key)
{
	const __u32 *any = ban_is_flow(key) ? &maps->state->flow_bans : &maps->state->source_bans;
	struct sg_ban old;

	if (!*any || bpf_map_lookup_elem(maps->fd[MAP_BANS], key, &old) ||
	    sg_origin_kind(old.origin) != SG_ORIGIN_FLEET)
		return false;
	bpf_map_delete_elem(maps->fd[MAP_BANS], key);
	changed(maps);
	return true;
}

int bans_give_up(struct maps *maps, const struct sg_flow_key *key, __u64 until, bool by_hand)
{
	struct sg_ban old;
	int err = bpf_map_lookup_elem(maps->fd[MAP_BANS], key, &old);

	if (err)
		return err;
	if (old.until > until || (old.origin == SG_ORIGIN_OPERATOR && !by_hand))
		return -EPERM;
	err = bpf_map_delete_elem(maps->fd[MAP_BANS], key);
	changed(maps);
	return err;
}

int bans_lift(struct maps *maps, const struct sg_flow_key *key, __u64 now, struct error *error)
{
	char text[PREFIX_TEXT];
	int err = settle(maps, now, error), forgiven;
	struct sg_ban ban;

	if (err)
		return err;
	flow_format(key, text, sizeof(text));
	err = bpf_map_lookup_elem(maps->fd[MAP_BANS], key, &ban);
	if (!err && ban.until <= now)
		err = -ENOENT; /* it has ended, and is only remembered */
	if (!err)
		err = bpf_map_delete_elem(maps->fd[MAP_BANS], key);
	forgiven = debts_forgive(maps, key, now, error);
	if (forgiven < 0)
		return forgiven;
	if (err == -ENOENT && !forgiven)
		return error_set(error, err, "%s is not banned: `sipguard bans` lists what is.",
				 text);
	if (err && err != -ENOENT)
		return error_set(error, err, "cannot lift the ban: %s.", strerror(-err));
	return settle(maps, now, error);
}

int bans_lift_all(struct maps *maps, __u64 now, size_t *count, struct error *error)
{
	struct ban_list list = {};
	int err = bans_read(maps, now, &list, error);

	*count = 0;
	for (size_t i = 0; !err && i < list.count; i++) {
		err = bpf_map_delete_elem(maps->fd[MAP_BANS], &list.ban[i].key);
		*count += !err;
		if (err == -ENOENT)
			err = 0;
		if (err)
			error_set(error, err, "cannot lift the ban: %s.", strerror(-err));
	}
	bans_free(&list);
	if (!err)
		err = debts_forgive_all(maps, now, error);
	return err ? err : settle(maps, now, error);
}
