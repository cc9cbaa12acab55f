// SPDX-License-Identifier: GPL-2.0-only
#include "model/lists.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/netns.h"
#include "kernel/walk.h"

/* Lists of more prefixes are not read when some are taken off. */
#define TIDY_MOST 4096

struct prefixes {
	struct prefix *item;
	size_t count;
};

static int prefixes_append(struct prefixes *to, const struct prefix *prefix)
{
	struct prefix *grown;

	/* Room for powers of two. */
	if (!(to->count & (to->count - 1))) {
		grown = reallocarray(to->item, to->count ? 2 * to->count : 1, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		to->item = grown;
	}
	to->item[to->count++] = *prefix;
	return 0;
}

/* --- own addresses --- */

static bool is_among(const struct prefixes *all, const struct prefix *prefix)
{
	for (size_t i = 0; i < all->count; i++) {
		if (prefix_compare(&all->item[i], prefix) == 0)
			return true;
	}
	return false;
}

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

/*
 * An entry of full length for each own address, which no denied prefix can outdo. An address that
 * the operator allows stays as it is.
 */
static int protect_own(const struct maps *maps, const struct prefixes *own, struct error *error)
{
	static const struct sg_listed mine = {.list = SG_LIST_OWN, .until = SG_LISTED_FOREVER};
	struct sg_listed now;
	int err = 0;

	for (size_t i = 0; !err && i < own->count; i++) {
		if (listed_exact(maps, &own->item[i], &now) &&
		    (now.list == SG_LIST_ALLOW || now.list == SG_LIST_OWN))
			continue;
		err = listed_put(maps, &own->item[i], 1, mine);
	}
	if (err)
		error_set(error, err, "cannot protect the own addresses: %s.", strerror(-err));
	return err;
}

/* --- what looks after the whole --- */

/* What is there, as far as it was looked at. */
struct survey {
	__u32 now;                /* sg_since() */
	size_t seen, most;
	size_t count[SG_LIST_OWN + 1];
	struct prefixes own, over;
	__u64 listed4[SG_LISTED_BLOCKS / 64];
};

static void survey_mark(struct survey *survey, const struct prefix *prefix)
{
	if (prefix->family == AF_INET)
		sg_listed4_set(survey->listed4, prefix->address, prefix->length);
}

static int survey_visit(const struct list_entry *entry, void *context)
{
	struct survey *survey = context;

	if (survey->seen++ == survey->most)
		return -E2BIG;
	if (entry->listed.until < survey->now)
		return prefixes_append(&survey->over, &entry->prefix);
	survey->count[entry->listed.list % (SG_LIST_OWN + 1)]++;
	if (entry->listed.list == SG_LIST_OWN)
		return prefixes_append(&survey->own, &entry->prefix);
	survey_mark(survey, &entry->prefix);
	return 0;
}

static void take_all(const struct maps *maps, const struct prefixes *gone)
{
	for (size_t i = 0; i < gone->count; i++)
		listed_take(maps, &gone->item[i]);
}

/* Takes back entries of addresses that are no longer ours. */
static void drop_stale(const struct maps *maps, struct survey *survey, const struct prefixes *own)
{
	bool others = has_others(maps);

	for (size_t i = 0; i < survey->own.count; i++) {
		const struct prefix *prefix = &survey->own.item[i];

		if (others || is_among(own, prefix))
			survey_mark(survey, prefix);
		else
			listed_take(maps, prefix);
	}
}

/*
 * Puts in order what `survey` has found. Marks of blocks are set anew, without those that have no
 * prefix any more.
 */
static int put_in_order(struct maps *maps, struct survey *survey, struct error *error)
{
	bool denies = survey->count[SG_LIST_DENY];
	struct prefixes own = {};
	int err = 0;

	take_all(maps, &survey->over);
	if (denies)
		err = own_addresses(&own.item, &own.count, error);
	if (err)
		return err;
	if (!denies)
		maps_store(&maps->state->lists, survey->count[SG_LIST_ALLOW] ? SG_LISTS_ANY : 0);
	drop_stale(maps, survey, &own);
	for (size_t i = 0; i < SG_LISTED_BLOCKS / 64; i++)
		__atomic_store_n(&maps->state->listed4[i], survey->listed4[i], __ATOMIC_RELEASE);
	if (denies)
		err = protect_own(maps, &own, error);
	free(own.item);
	return err;
}

/* Nothing if there are more than `most` prefixes: what is left undone costs packets time alone. */
static int settle(struct maps *maps, size_t most, struct error *error)
{
	struct survey *survey = calloc(1, sizeof(*survey));
	__u64 now;
	int err = survey ? maps_clock(maps, &now, error) : -ENOMEM;

	if (!err) {
		survey->now = sg_since(now);
		survey->most = most;
		err = listed_each(maps, survey_visit, survey);
	}
	if (!err)
		err = put_in_order(maps, survey, error);
	if (survey) {
		free(survey->own.item);
		free(survey->over.item);
	}
	free(survey);
	if (!err || err == -E2BIG)
		return 0;
	return error_set(error, err, "cannot read the allow and deny lists: %s.", strerror(-err));
}

int lists_settle(struct maps *maps, struct error *error)
{
	return settle(maps, SIZE_MAX, error);
}

/* --- changes --- */

static bool is_of_operator(enum sg_list list)
{
	return list == SG_LIST_ALLOW || list == SG_LIST_DENY;
}

static int refuse_conflict(enum sg_list list, const struct prefix *prefix,
			   const struct sg_listed *now, const struct prefixes *own,
			   struct error *error)
{
	char text[PREFIX_TEXT];

	prefix_format(prefix, text, sizeof(text));
	if (list == SG_LIST_DENY && is_among(own, prefix))
		return error_set(error, -EINVAL, "%s is an address of this host, which is never "
				 "denied: take it out and try again.", text);
	if (now && is_of_operator(now->list) && now->list != list)
		return error_set(error, -EEXIST, "%s is on the %s list: remove it there first, "
				 "with `sipguard %s del %s`.", text, list_names[now->list],
				 list_names[now->list], text);
	return 0;
}

/* What is to be written, and what was there before it. */
struct change {
	struct prefix *prefix;
	struct sg_listed *before; /* list NONE: it was not there */
	size_t count;
};

static void change_free(struct change *change)
{
	free(change->prefix);
	free(change->before);
}

/* Refuses, or finds out what is new: what another name or the operator has stays his. */
static int change_make(const struct maps *maps, enum sg_list list, const struct list_terms *terms,
		       const struct prefix *prefixes, size_t count, const struct prefixes *own,
		       struct change *change, struct error *error)
{
	int err = 0;

	*change = (struct change){
		.prefix = calloc(count, sizeof(*change->prefix)),
		.before = calloc(count, sizeof(*change->before)),
	};
	if (!change->prefix || !change->before)
		return error_set(error, -ENOMEM, "out of memory.");
	for (size_t i = 0; !err && i < count; i++) {
		struct sg_listed now = {};
		bool there = listed_exact(maps, &prefixes[i], &now);

		err = refuse_conflict(list, &prefixes[i], there ? &now : NULL, own, error);
		if (there && now.list == list && terms->name && now.name != terms->name)
			continue;
		change->prefix[change->count] = prefixes[i];
		change->before[change->count++] = there ? now : (struct sg_listed){};
	}
	return err;
}

static void change_undo(const struct maps *maps, const struct change *change)
{
	for (size_t i = 0; i < change->count; i++) {
		if (change->before[i].list == SG_LIST_NONE)
			listed_take(maps, &change->prefix[i]);
		else
			listed_put(maps, &change->prefix[i], 1, change->before[i]);
	}
}

/* All or nothing: who presses Ctrl-C waits, some seconds for a million. */
static int change_apply(struct maps *maps, const struct change *change, struct sg_listed listed)
{
	sigset_t signals, before;
	int err;

	sigfillset(&signals);
	sigprocmask(SIG_BLOCK, &signals, &before);
	err = listed_put(maps, change->prefix, change->count, listed);
	if (err)
		change_undo(maps, change);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return err;
}

static int add_checked(struct maps *maps, enum sg_list list, const struct list_terms *terms,
		       const struct change *change, const struct prefixes *own,
		       struct error *error)
{
	struct sg_listed listed = {
		.list = list,
		.name = terms->name,
		.until = terms->until ? sg_since(terms->until) : SG_LISTED_FOREVER,
	};
	__u32 hint = maps->state->lists, denies = list == SG_LIST_DENY ? SG_LISTS_DENY : 0;
	int err = 0;

	/* Own addresses first: not one packet may meet the denied prefix alone. */
	if (denies || hint & SG_LISTS_DENY)
		err = protect_own(maps, own, error);
	if (err)
		return err;
	maps_store(&maps->state->lists, hint | SG_LISTS_ANY | denies);
	err = change_apply(maps, change, listed);
	if (!err)
		return 0;
	maps_store(&maps->state->lists, hint);
	if (err == -ENOSPC)
		return error_set(error, err, "the lists hold at most %d prefixes of a family, "
				 "allowed and denied together: remove some, or join neighbours to "
				 "shorter prefixes.", SG_LIST_ENTRIES);
	return error_set(error, err, "cannot write the %s list: %s.", list_names[list],
			 strerror(-err));
}

int lists_add(struct maps *maps, enum sg_list list, const struct list_terms *terms,
	      const struct prefix *prefixes, size_t count, struct error *error)
{
	struct change change = {};
	struct prefixes own = {};
	int err = count ? own_addresses(&own.item, &own.count, error) : 0;

	if (!err && count)
		err = change_make(maps, list, terms, prefixes, count, &own, &change, error);
	if (!err && change.count)
		err = add_checked(maps, list, terms, &change, &own, error);
	change_free(&change);
	free(own.item);
	return err;
}

static int refuse_absent(const struct maps *maps, enum sg_list list, const struct prefix *prefixes,
			 size_t count, struct error *error)
{
	struct sg_listed now;
	char text[PREFIX_TEXT];

	for (size_t i = 0; i < count; i++) {
		if (listed_exact(maps, &prefixes[i], &now) && now.list == list)
			continue;
		prefix_format(&prefixes[i], text, sizeof(text));
		return error_set(error, -ENOENT, "%s is not on the %s list: `sipguard %s show` "
				 "prints what is.", text, list_names[list], list_names[list]);
	}
	return 0;
}

/* An own address that was allowed needs protection now, if anything is denied. */
static int protect_again(const struct maps *maps, struct error *error)
{
	struct prefixes own = {};
	int err;

	if (!(maps->state->lists & SG_LISTS_DENY))
		return 0;
	err = own_addresses(&own.item, &own.count, error);
	if (!err)
		err = protect_own(maps, &own, error);
	free(own.item);
	return err;
}

int lists_del(struct maps *maps, enum sg_list list, const struct prefix *prefixes, size_t count,
	      struct error *error)
{
	int err = refuse_absent(maps, list, prefixes, count, error);

	if (err)
		return err;
	for (size_t i = 0; !err && i < count; i++) {
		err = listed_take(maps, &prefixes[i]);
		if (err == -ENOENT) /* named twice */
			err = 0;
		if (err)
			error_set(error, err, "cannot change the %s list: %s.", list_names[list],
				  strerror(-err));
	}
	if (!err)
		err = protect_again(maps, error);
	return err ? err : settle(maps, TIDY_MOST, error);
}

/* What a list has under a name. */
struct named {
	enum sg_list list;
	__u16 name;
	struct prefixes found;
};

static int named_visit(const struct list_entry *entry, void *context)
{
	struct named *named = context;

	if (entry->listed.list != named->list || entry->listed.name != named->name)
		return 0;
	return prefixes_append(&named->found, &entry->prefix);
}

/* Takes away what is not among the prefixes. */
static int take_others(const struct maps *maps, const struct prefixes *old,
		       const struct prefix *prefixes, size_t count)
{
	struct prefix *sorted = calloc(count + 1, sizeof(*sorted));

	if (!sorted)
		return -ENOMEM;
	memcpy(sorted, prefixes, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), prefix_compare);
	for (size_t i = 0; i < old->count; i++) {
		if (!bsearch(&old->item[i], sorted, count, sizeof(*sorted), prefix_compare))
			listed_take(maps, &old->item[i]);
	}
	free(sorted);
	return 0;
}

int lists_replace(struct maps *maps, enum sg_list list, const struct list_terms *terms,
		  const struct prefix *prefixes, size_t count, struct error *error)
{
	struct named named = {.list = list, .name = terms->name};
	int err = terms->name ? listed_each(maps, named_visit, &named) : -EINVAL;

	if (err)
		error_set(error, err, "cannot read the allow and deny lists: %s.", strerror(-err));
	if (!err)
		err = lists_add(maps, list, terms, prefixes, count, error);
	if (!err) {
		err = take_others(maps, &named.found, prefixes, count);
		if (err)
			error_set(error, err, "cannot change the %s list: %s.", list_names[list],
				  strerror(-err));
	}
	free(named.found.item);
	return err ? err : lists_settle(maps, error);
}
