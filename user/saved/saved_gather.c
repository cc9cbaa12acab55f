// SPDX-License-Identifier: GPL-2.0-only
/* What is saved, from the guard. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/notice.h"
#include "kernel/identities.h"
#include "model/bans.h"
#include "model/listed.h"
#include "model/proven.h"
#include "saved/clocks.h"
#include "saved/saved.h"

/* All below: 0 or -errno. */

static int append(struct saved_array *array, const void *item, size_t size, struct error *error)
{
	int err = saved_append(array, item, size, SIZE_MAX);

	return err ? error_set(error, err, "out of memory.") : 0;
}

static __u64 wall_of(const struct clocks *clocks, __u64 until)
{
	__u64 left = until > clocks->guard ? until - clocks->guard : 0;

	return clocks->wall + (left + SG_NSEC_PER_SEC - 1) / SG_NSEC_PER_SEC;
}

static int gather_interfaces(const struct session *session, struct saved *saved,
			     struct error *error)
{
	int err = 0;

	for (size_t i = 0; !err && i < session->links.count; i++) {
		const struct guard_link *link = &session->links.link[i];
		struct saved_interface item = {.mode = link_mode(link)};

		strcpy(item.name, link->name);
		/* What it is called there nobody tells from here. */
		if (link->state == LINK_ELSEWHERE)
			notice("%s is in another network namespace: its name is not saved.",
			       link->name);
		else if (saved->interfaces.count < SAVED_INTERFACES)
			err = append(&saved->interfaces, &item, sizeof(item), error);
	}
	return err;
}

/* The file, and what `mode REASON` has changed since it was read. */
static int gather_config(const struct session *session, struct saved *saved, struct error *error)
{
	struct sg_config *config = calloc(1, sizeof(*config));
	struct note note;
	int err = config ? maps_config(&session->maps, config, &note, error)
			 : error_set(error, -ENOMEM, "out of memory.");

	if (!err)
		memcpy(saved->config, note.path, sizeof(saved->config));
	if (!err)
		saved->config_mode = config->config_mode;
	for (__u32 reason = 1; !err && reason < SG_REASON__MAX; reason++) {
		struct saved_reason item = {reason, config->profile[0].mode[reason]};

		if (note.by_hand[reason / 64] >> reason % 64 & 1)
			err = append(&saved->reasons, &item, sizeof(item), error);
	}
	free(config);
	return err;
}

/* Of what is listed; 0: for good. */
static __u64 wall_of_listed(const struct clocks *clocks, __u32 until)
{
	return until == SG_LISTED_FOREVER
		       ? 0 : wall_of(clocks, ((__u64)until + 1) << SG_SINCE_SHIFT);
}

static int gather_lists(const struct session *session, const struct clocks *clocks,
			struct saved *saved, struct error *error)
{
	struct lists lists;
	int err = lists_read(&session->maps, &lists, error);

	for (size_t i = 0; !err && i < lists.count; i++) {
		const struct sg_listed *listed = &lists.entry[i].listed;
		__u32 list = lists.entry[i].list;
		struct saved_prefix item = {lists.entry[i].prefix, list, 0};

		/* What came with a named list is saved with it. */
		if (listed->name || (list != SG_LIST_ALLOW && list != SG_LIST_DENY))
			continue;
		item.until = wall_of_listed(clocks, listed->until);
		err = append(&saved->prefixes, &item, sizeof(item), error);
	}
	lists_free(&lists);
	return err;
}

static int gather_named_list(const struct named *list, const struct clocks *clocks,
			     struct saved *saved, struct error *error)
{
	struct saved_named named = {.list = list->head->list, .count = list->head->count};
	int err;

	snprintf(named.name, sizeof(named.name), "%s", list->head->name);
	snprintf(named.origin, sizeof(named.origin), "%s", list->head->origin);
	err = append(&saved->named, &named, sizeof(named), error);
	for (size_t i = 0; !err && i < named.count; i++) {
		struct saved_item item = {list->item[i].prefix,
					  wall_of_listed(clocks, list->item[i].until)};

		err = append(&saved->items, &item, sizeof(item), error);
	}
	return err;
}

static int gather_named(const struct session *session, const struct clocks *clocks,
			struct saved *saved, struct error *error)
{
	struct store store;
	int err = store_open(&session->maps, &store, error);

	if (err)
		return err;
	for (int i = 1; !err && i < NAMED_PLACES; i++) {
		if (store.list[i].head)
			err = gather_named_list(&store.list[i], clocks, saved, error);
	}
	store_close(&store);
	return err;
}

static int gather_bans(const struct session *session, const struct clocks *clocks,
		       struct saved *saved, struct error *error)
{
	struct ban_list list;
	int err = bans_read(&session->maps, clocks->guard, &list, error);

	for (size_t i = 0; !err && i < list.count; i++) {
		const struct ban *ban = &list.ban[i];
		struct saved_ban item = {ban->key, wall_of(clocks, ban->ban.until),
					 ban->ban.cause < SG_REASON__MAX ? ban->ban.cause : 0};

		/* The fleet has those of other hosts, and would not know them for its own. */
		if (sg_origin_kind(ban->ban.origin) == SG_ORIGIN_FLEET)
			continue;
		err = append(&saved->bans, &item, sizeof(item), error);
	}
	bans_free(&list);
	return err;
}

static int gather_flows(const struct session *session, const struct clocks *clocks,
			struct saved *saved, struct error *error)
{
	struct proven_list list;
	int err = proven_read(&session->maps, clocks->guard, &list, error);

	if (err)
		return err;
	for (size_t i = 0; !err && i < list.count; i++) {
		const struct proven *flow = &list.flow[i];
		struct saved_flow item = {flow->key, wall_of(clocks, flow->proven.until),
					  flow->proven.proof % SG_PROOF__MAX};

		/* The others last for a minute or so. */
		if (item.proof > SG_PROOF_GREYLIST)
			err = append(&saved->flows, &item, sizeof(item), error);
	}
	proven_free(&list);
	return err;
}

static int gather_identities(const struct session *session, const struct clocks *clocks,
			     struct saved *saved, struct error *error)
{
	struct identity_list list;
	int err = identities_read(&session->maps, clocks->guard, &list, error);

	if (err)
		return err;
	for (size_t i = 0; !err && i < list.count; i++) {
		const struct sg_identity *added = &list.identity[i].added;
		struct saved_identity item = {.zone = added->zone,
					      .until = wall_of(clocks, added->until)};

		memcpy(item.text.text, added->text, sizeof(item.text.text));
		err = append(&saved->identities, &item, sizeof(item), error);
	}
	identities_free(&list);
	return err;
}

/* What is on trial must not come back for good: of a mode it is what would have become of it. */
static int gather_mode(const struct session *session, const struct clocks *clocks,
		       struct saved *saved, struct error *error)
{
	__u64 left;
	enum sg_trial trial = maps_trial(&session->maps, clocks->guard, &left);

	saved->mode = session->maps.state->mode == SG_MODE_ENFORCE && trial == SG_TRIAL_NONE
			      ? SG_MODE_ENFORCE : SG_MODE_MONITOR;
	if (trial != SG_TRIAL_DETACH)
		return 0;
	return error_set(error, -EBUSY, "the guard is on trial, so nothing was saved: `sipguard "
			 "confirm` first.");
}

int saved_gather(const struct session *session, struct saved *saved, struct error *error)
{
	struct clocks clocks;
	int err = clocks_read(session, &clocks, error);

	*saved = (struct saved){.when = clocks.wall};
	if (!err)
		err = gather_mode(session, &clocks, saved, error);
	if (!err)
		err = gather_config(session, saved, error);
	if (!err)
		err = gather_interfaces(session, saved, error);
	if (!err)
		err = gather_lists(session, &clocks, saved, error);
	if (!err)
		err = gather_named(session, &clocks, saved, error);
	if (!err)
		err = gather_identities(session, &clocks, saved, error);
	if (!err)
		err = gather_bans(session, &clocks, saved, error);
	return err ? err : gather_flows(session, &clocks, saved, error);
}
