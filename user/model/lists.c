// SPDX-License-Identifier: GPL-2.0-only
#include "model/lists.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/notice.h"
#include "kernel/netns.h"
#include "kernel/walk.h"
#include "named/change.h"
#include "named/items.h"

/* Lists of more prefixes are not read when some are taken off. */
#define TIDY_MOST 4096

struct prefixes {
	struct prefix *item;
	size_t count, room; /* room 0: that is not known */
};

static int prefixes_append(struct prefixes *to, const struct prefix *prefix)
{
	struct prefix *grown;

	if (to->count >= to->room) {
		to->room = to->count ? 2 * to->count : 64;
		grown = reallocarray(to->item, to->room, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		to->item = grown;
	}
	to->item[to->count++] = *prefix;
	return 0;
}

/* --- a change, from the beginning to the end --- */

/* Whether it guards in other network namespaces, too, whose addresses nobody sees from here. */
static bool has_others(const struct maps *maps)
{
	__u32 here = netns_here();
	const void *key, *value;
	bool others = false;
	struct walk walk;

	if (walk_begin(&walk, maps->fd[MAP_NAMESPACES]))
		return true;
	while (walk_next(&walk, &key, &value) > 0)
		others |= *(const __u32 *)key != here;
	walk_end(&walk);
	return others;
}

static void change_end(struct change *change)
{
	store_close(&change->store);
	free(change->own);
}

/* What is to be changed is the caller's to say. 0, or -errno; then there is nothing to end. */
static int change_begin(struct change *change, struct maps *maps, struct error *error)
{
	__u64 now;
	int err = maps_clock(maps, &now, error);

	*change = (struct change){.maps = maps};
	if (err)
		return err;
	change->now = sg_since(now);
	change->others = true; /* who settles looks */
	change->denies = maps->state->lists & SG_LISTS_DENY;
	err = own_addresses(&change->own, &change->own_count, error);
	if (!err)
		err = change_recover(change, error);
	if (!err)
		err = store_open(maps, &change->store, error);
	if (err)
		change_end(change);
	return err;
}

/* These prefixes and, while anything is denied, own addresses; `prefixes` is sorted by that. */
static int apply(struct change *change, enum sg_list list, struct prefixes *prefixes,
		 struct error *error)
{
	struct prefix conflict;
	char text[PREFIX_TEXT];
	int err = 0;

	for (size_t i = 0; change->denies && !err && i < change->own_count; i++)
		err = prefixes_append(prefixes, &change->own[i]);
	prefixes->count = prefix_unique(prefixes->item, prefixes->count);
	if (!err)
		err = change_apply(change, prefixes->item, prefixes->count, &conflict);
	if (err == -EEXIST) {
		enum sg_list other = list == SG_LIST_ALLOW ? SG_LIST_DENY : SG_LIST_ALLOW;

		prefix_format(&conflict, text, sizeof(text));
		return error_set(error, err, "%s is on the %s list: remove it there first, with "
				 "`sipguard %s del %s`.", text, list_names[other],
				 list_names[other], text);
	}
	if (err == -ENOSPC)
		return error_set(error, err, "the lists hold at most %d prefixes of a family, "
				 "allowed and denied, old and new together: remove some, or join "
				 "neighbours to shorter prefixes.", SG_LIST_ENTRIES);
	return err ? error_set(error, err, "cannot write the %s list: %s.", list_names[list],
			       strerror(-err)) : 0;
}

/* --- what looks after the whole --- */

/* What is there, as far as it was looked at. */
struct survey {
	__u32 now, hint;
	size_t seen, most;
	size_t count[SG_LIST_OWN + 1];
	struct trie_counts all; /* what is over, too, but for its end */
	struct prefixes look; /* rows to look at: what is over, and own addresses */
	__u64 listed4[SG_LISTED_BLOCKS / 64];
};

static void survey_mark(struct survey *survey, const struct prefix *prefix)
{
	if (prefix->family == AF_INET)
		sg_listed4_set(survey->listed4, prefix->address, prefix->length);
}

static int survey_visit(const struct list_entry *entry, void *context)
{
	enum sg_list list = sg_listed_list(&entry->listed, ((struct survey *)context)->hint);
	struct survey *survey = context;
	bool over = entry->listed.until < survey->now;

	if (survey->seen++ == survey->most)
		return -E2BIG;
	survey_mark(survey, &entry->prefix);
	trie_count(&survey->all, listed_side(&entry->listed, survey->hint),
		   over ? SG_LISTED_FOREVER : entry->listed.until, 1);
	if (over)
		return prefixes_append(&survey->look, &entry->prefix);
	survey->count[list]++;
	return list == SG_LIST_OWN ? prefixes_append(&survey->look, &entry->prefix) : 0;
}

static int put_list(struct change *change, __u16 place, const struct named_head *head,
		    const struct named_items *items, struct error *error);

/* Lists of which nothing is left, however long they are. */
static int drop_ended(struct change *change, struct error *error)
{
	int err = 0;

	for (int i = 1; !err && i < NAMED_PLACES; i++) {
		const struct named *list = &change->store.list[i];
		struct named_head gone = {.side = ~change->maps->state->lists & SG_LISTS_SIDE};

		if (!list->head || named_end(list) >= change->now)
			continue;
		gone.list = list->head->list;
		err = put_list(change, i, &gone, &(struct named_items){}, error);
	}
	change->staged = false;
	return err;
}

/* A bit too many costs packets time; marks are set anew, without those of what has gone. */
static void write_hints(struct maps *maps, struct survey *survey, const struct change *change)
{
	__u32 lists = maps->state->lists;

	for (size_t i = 0; i < change->own_count; i++)
		survey_mark(survey, &change->own[i]);
	for (size_t i = 0; i < SG_LISTED_BLOCKS / 64; i++)
		__atomic_store_n(&maps->state->listed4[i], survey->listed4[i], __ATOMIC_RELEASE);
	if (change->denies)
		return;
	lists &= ~(SG_LISTS_ANY | SG_LISTS_DENY);
	if (survey->count[SG_LIST_ALLOW])
		lists |= SG_LISTS_ANY;
	/* Unless something was left undone every row is plain now, so either side will do. */
	maps_store(&maps->state->lists, lists & (SG_LISTS_ANY | SG_LISTS_CHANGING) ? lists : 0);
}

static int put_in_order(struct change *change, struct survey *survey, struct error *error)
{
	int err;

	trie_counts_set(change->maps, &survey->all);
	change->denies = survey->count[SG_LIST_DENY];
	change->others = has_others(change->maps);
	err = apply(change, SG_LIST_DENY, &survey->look, error);
	if (!err)
		write_hints(change->maps, survey, change);
	return err;
}

/* Nothing if there are more than `most` prefixes: what is left undone costs packets time alone. */
static int settle(struct maps *maps, size_t most, struct error *error)
{
	struct survey *survey = calloc(1, sizeof(*survey));
	struct change change;
	int err = survey ? change_begin(&change, maps, error) : -ENOMEM;

	if (!err) {
		err = drop_ended(&change, error);
		survey->now = change.now;
		survey->hint = maps->state->lists;
		survey->most = most;
		if (!err)
			err = trie_each(maps, survey_visit, survey);
		if (!err)
			err = put_in_order(&change, survey, error);
		change_end(&change);
	}
	if (survey)
		free(survey->look.item);
	free(survey);
	if (!err || err == -E2BIG)
		return 0;
	return error_set(error, err, "cannot read the allow and deny lists: %s.", strerror(-err));
}

int lists_settle(struct maps *maps, struct error *error)
{
	return settle(maps, SIZE_MAX, error);
}

/* --- by hand --- */

static int copy_sorted(struct prefixes *to, const struct prefix *prefixes, size_t count)
{
	*to = (struct prefixes){.item = calloc(count + 1, sizeof(*to->item))};
	if (!to->item)
		return -ENOMEM;
	memcpy(to->item, prefixes, count * sizeof(*prefixes));
	to->count = prefix_unique(to->item, count);
	return 0;
}

static int refuse_own(const struct change *change, const struct prefix *prefix,
		      struct error *error)
{
	char text[PREFIX_TEXT];

	if (!bsearch(prefix, change->own, change->own_count, sizeof(*prefix), prefix_compare))
		return 0;
	prefix_format(prefix, text, sizeof(text));
	return error_set(error, -EINVAL, "%s is an address of this host, which is never denied: "
			 "take it out and try again.", text);
}

/* Gives these prefixes a listing by hand, or NONE. */
static int by_hand(struct change *change, enum sg_list list, enum sg_list becomes, __u64 until,
		   const struct prefixes *hand, struct error *error)
{
	struct prefixes look = {};
	int err = 0;

	change->hand = hand->item;
	change->hand_count = hand->count;
	change->hand_list = becomes;
	change->hand_until = until ? sg_since(until) : SG_LISTED_FOREVER;
	change->denies |= becomes == SG_LIST_DENY;
	for (size_t i = 0; !err && becomes == SG_LIST_DENY && i < hand->count; i++)
		err = refuse_own(change, &hand->item[i], error);
	if (!err)
		err = copy_sorted(&look, hand->item, hand->count);
	if (!err)
		err = apply(change, list, &look, error);
	free(look.item);
	return err;
}

static bool is_there(const struct maps *maps, const struct prefix *prefix, enum sg_list list,
		     struct sg_listed *listed)
{
	return trie_find(maps, prefix, listed) && listed->length == prefix->length &&
	       sg_listed_list(listed, maps->state->lists) == list;
}

/* How many of these it does not have yet; what is over is new again. */
static size_t count_fresh(const struct change *change, enum sg_list list,
			  const struct prefixes *hand)
{
	struct sg_listed listed;
	size_t fresh = 0;

	for (size_t i = 0; i < hand->count; i++)
		fresh += !is_there(change->maps, &hand->item[i], list, &listed) ||
			 listed.until < change->now;
	return fresh;
}

int lists_add(struct maps *maps, enum sg_list list, const struct list_terms *terms,
	      const struct prefix *prefixes, size_t count, struct error *error)
{
	struct prefixes hand = {};
	struct change change;
	int err = count ? change_begin(&change, maps, error) : 0;

	if (err || !count)
		return err;
	err = copy_sorted(&hand, prefixes, count);
	if (!err && terms->fresh)
		*terms->fresh = count_fresh(&change, list, &hand);
	if (!err)
		err = by_hand(&change, list, list, terms->until, &hand, error);
	change_end(&change);
	free(hand.item);
	return err;
}

static int refuse_absent(const struct change *change, enum sg_list list,
			 const struct prefix *prefix, struct error *error)
{
	bool denied = list == SG_LIST_DENY;
	const struct named *named;
	struct sg_listed now;
	char text[PREFIX_TEXT];

	prefix_format(prefix, text, sizeof(text));
	if (!is_there(change->maps, prefix, list, &now))
		return error_set(error, -ENOENT, "%s is not on the %s list: `sipguard %s show` "
				 "prints what is.", text, list_names[list], list_names[list]);
	if (listed_side(&now, change->maps->state->lists) & SG_LISTED_BY_HAND)
		return 0;
	named = &change->store.list[now.name % NAMED_PLACES];
	return error_set(error, -ENOENT, "%s is on the %s list by the list '%s': `sipguard %s del "
			 "--name %s` takes all of that off%s%s%s.", text, list_names[list],
			 named->head ? named->head->name : "?", list_names[list],
			 named->head ? named->head->name : "?",
			 denied ? ", and `sipguard allow add " : "", denied ? text : "",
			 denied ? "` lets this one in" : "");
}

/* Of what was taken off by hand. */
static void tell_left(const struct maps *maps, const struct store *store, enum sg_list list,
		      const struct prefixes *hand)
{
	struct sg_listed now;
	char text[PREFIX_TEXT];

	for (size_t i = 0; i < hand->count; i++) {
		const struct named_head *head;

		if (!is_there(maps, &hand->item[i], list, &now))
			continue;
		head = store->list[now.name % NAMED_PLACES].head;
		prefix_format(&hand->item[i], text, sizeof(text));
		notice("%s stays on the %s list: the list '%s' has it, too.", text,
		       list_names[list], head ? head->name : "?");
	}
}

int lists_del(struct maps *maps, enum sg_list list, const struct prefix *prefixes, size_t count,
	      struct error *error)
{
	struct prefixes hand = {};
	struct change change;
	int err = change_begin(&change, maps, error);

	if (err)
		return err;
	for (size_t i = 0; !err && i < count; i++)
		err = refuse_absent(&change, list, &prefixes[i], error);
	if (!err)
		err = copy_sorted(&hand, prefixes, count);
	if (!err)
		err = by_hand(&change, list, SG_LIST_NONE, 0, &hand, error);
	if (!err)
		tell_left(maps, &change.store, list, &hand);
	change_end(&change);
	free(hand.item);
	return err ? err : settle(maps, TIDY_MOST, error);
}

/* --- named lists --- */

/* Puts `items` in a place, in the kernel and for packets. */
static int put_list(struct change *change, __u16 place, const struct named_head *head,
		    const struct named_items *items, struct error *error)
{
	struct named *slot = &change->store.list[place], old = *slot, next;
	struct prefixes look = {.item = named_differences(&old, items, &look.count)};
	int err = look.item ? 0 : -ENOMEM;

	if (!err)
		err = store_stage(change->maps, place, head, items->item, &next, error);
	if (!err) {
		*slot = next;
		change->staged = true;
		err = apply(change, head->list, &look, error);
		*slot = old;
		named_close(&next);
		if (err)
			store_settle(change->maps, NULL);
	}
	free(look.item);
	return err;
}

static int import(struct change *change, enum sg_list list, const struct list_terms *terms,
		  const struct named_items *items, const struct named *old, struct error *error)
{
	struct named_head head = {
		.list = list,
		.side = ~change->maps->state->lists & SG_LISTS_SIDE,
		.count = items->count,
		.made = change->now,
	};
	int err = 0, place = old ? old->place : store_free_place(&change->store, error);

	snprintf(head.name, sizeof(head.name), "%s", terms->name);
	snprintf(head.origin, sizeof(head.origin), "%s", terms->origin ? terms->origin : "");
	change->denies |= list == SG_LIST_DENY && items->count;
	for (size_t i = 0; !err && list == SG_LIST_DENY && !terms->force && i < items->count; i++)
		err = refuse_own(change, &items->item[i].prefix, error);
	if (!err && place < 0)
		err = place;
	if (err || (!old && !items->count))
		return err;
	return put_list(change, place, &head, items, error);
}

static size_t count_fresh_items(const struct change *change, const struct named *old,
				const struct named_items *items)
{
	size_t fresh = 0;

	for (size_t i = 0; i < items->count; i++) {
		const struct named_item *had = old ? named_find(old, &items->item[i].prefix) : NULL;

		fresh += !had || had->until < change->now;
	}
	return fresh;
}

int lists_import(struct maps *maps, enum sg_list list, const struct list_terms *terms,
		 const struct source_item *source, size_t count, size_t *held, struct error *error)
{
	struct named_items items = {};
	const struct named *old;
	struct change change;
	__u64 now;
	int err = maps_clock(maps, &now, error);

	if (!err)
		err = change_begin(&change, maps, error);
	if (err)
		return err;
	old = store_find(&change.store, list, terms->name);
	err = named_items(source, count, now, terms->until, terms->replace ? NULL : old, &items);
	if (!err && terms->fresh)
		*terms->fresh = count_fresh_items(&change, old, &items);
	if (!err)
		err = import(&change, list, terms, &items, old, error);
	*held = items.count;
	change_end(&change);
	free(items.item);
	return err ? err : settle(maps, TIDY_MOST, error);
}

int lists_drop(struct maps *maps, enum sg_list list, const char *name, size_t *held,
	       struct error *error)
{
	const struct list_terms terms = {.name = name, .replace = true};
	const struct named *old;
	struct change change;
	int err = change_begin(&change, maps, error);

	if (err)
		return err;
	old = store_find(&change.store, list, name);
	if (old) {
		*held = old->head->count;
		err = import(&change, list, &terms, &(struct named_items){}, old, error);
	} else {
		err = error_set(error, -ENOENT, "there is no list '%s' on the %s list: `sipguard "
				"%s lists` prints their names.", name, list_names[list],
				list_names[list]);
	}
	change_end(&change);
	return err ? err : settle(maps, TIDY_MOST, error);
}
