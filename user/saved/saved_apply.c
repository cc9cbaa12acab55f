// SPDX-License-Identifier: GPL-2.0-only
/* What was saved, to the guard. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/notice.h"
#include "kernel/identities.h"
#include "model/bans.h"
#include "model/lists.h"
#include "model/proven.h"
#include "named/source.h"
#include "saved/clocks.h"
#include "saved/saved.h"

struct applying {
	struct session *session;
	const struct saved *saved;
	struct clocks clocks;
	struct saved_counts *counts;
};

/*
 * ns of the guard's clock; 0 if it is over. A wall clock that is behind, as before it is set at
 * boot, does not tell how long the machine was off: then it was not.
 */
static __u64 guard_of(const struct applying *a, __u64 until)
{
	__u64 wall = a->clocks.wall < a->saved->when ? a->saved->when : a->clocks.wall;

	return until > wall ? a->clocks.guard + (until - wall) * SG_NSEC_PER_SEC : 0;
}

/* All below: 0 or -errno. */

/* Some may be refused now, as an address that is the host's own: the others are not. */
static int add_prefixes(struct applying *a, enum sg_list list, const struct list_terms *terms,
			const struct prefix *prefixes, size_t count, struct error *error)
{
	struct error why = {};
	int err = lists_add(&a->session->maps, list, terms, prefixes, count, &why);

	if (!err) {
		a->counts->prefixes += count;
		return 0;
	}
	if (err != -EINVAL && err != -EEXIST)
		return error_set(error, err, "%s", why.text);
	if (count == 1) {
		notice("%s", why.text);
		a->counts->refused++;
		return 0;
	}
	err = add_prefixes(a, list, terms, prefixes, count / 2, error);
	return err ? err : add_prefixes(a, list, terms, prefixes + count / 2, count - count / 2,
					error);
}

static int by_terms(const void *a, const void *b)
{
	const struct saved_prefix *x = a, *y = b;

	if (x->list != y->list)
		return x->list < y->list ? -1 : 1;
	return x->until < y->until ? -1 : x->until > y->until;
}

/* Those that end together are put there together. */
static int apply_prefixes(struct applying *a, struct error *error)
{
	size_t count = a->saved->prefixes.count, begin = 0, end;
	struct saved_prefix *item = a->saved->prefixes.item;
	struct prefix *prefixes = calloc(count + 1, sizeof(*prefixes));
	int err = prefixes ? 0 : error_set(error, -ENOMEM, "out of memory.");

	if (!err && count)
		qsort(item, count, sizeof(*item), by_terms);
	for (; !err && begin < count; begin = end) {
		__u64 until = item[begin].until;
		struct list_terms terms = {.until = until ? guard_of(a, until) : 0};

		for (end = begin; end < count && !by_terms(&item[begin], &item[end]); end++)
			prefixes[end - begin] = item[end].prefix;
		if (until && !terms.until)
			a->counts->over += end - begin;
		else
			err = add_prefixes(a, item[begin].list, &terms, prefixes, end - begin,
					   error);
	}
	free(prefixes);
	return err;
}

/* What is left of a list, as if it was read from its file. Their number. */
static size_t left_of(const struct applying *a, const struct saved_item *item, size_t count,
		      struct source_item *left)
{
	size_t used = 0;

	for (size_t i = 0; i < count; i++) {
		__u64 until = item[i].until ? guard_of(a, item[i].until) : 0;

		a->counts->over += item[i].until && !until;
		if (item[i].until && !until)
			continue;
		left[used].prefix = item[i].prefix;
		left[used++].seconds = until ? (until - a->clocks.guard) / SG_NSEC_PER_SEC : 0;
	}
	return used;
}

/* One that finds no room leaves it to the others, and the rest goes on. */
static int apply_list(struct applying *a, const struct saved_named *named,
		      const struct saved_item *item, struct error *error)
{
	struct list_terms terms = {.name = named->name, .origin = named->origin, .force = true};
	struct source_item *left = calloc(named->count + 1, sizeof(*left));
	struct error why = {};
	size_t count, held;
	int err;

	if (!left)
		return error_set(error, -ENOMEM, "out of memory.");
	count = left_of(a, item, named->count, left);
	err = lists_import(&a->session->maps, named->list, &terms, left, count, &held, &why);
	free(left);
	if (err == -ENOSPC) {
		notice("%s", why.text);
		a->counts->refused += count;
		return 0;
	}
	if (err)
		return error_set(error, err, "%s", why.text);
	a->counts->lists += count != 0;
	a->counts->prefixes += count;
	return 0;
}

static int apply_named(struct applying *a, struct error *error)
{
	const struct saved_named *named = a->saved->named.item;
	const struct saved_item *item = a->saved->items.item;
	struct store store;
	int err = store_open(&a->session->maps, &store, error);

	if (err)
		return err;
	for (size_t i = 0; !err && i < a->saved->named.count; item += named[i++].count) {
		if (!store_find(&store, named[i].list, named[i].name))
			err = apply_list(a, &named[i], item, error);
	}
	store_close(&store);
	return err;
}

static int by_zone(const void *a, const void *b)
{
	const struct saved_identity *x = a, *y = b;

	if (x->zone != y->zone)
		return x->zone < y->zone ? -1 : 1;
	return x->until < y->until ? -1 : x->until > y->until;
}

static int apply_identities(struct applying *a, struct error *error)
{
	size_t count = a->saved->identities.count, begin = 0, end;
	struct saved_identity *item = a->saved->identities.item;
	struct identity_text *texts = calloc(count + 1, sizeof(*texts));
	int err = texts ? 0 : error_set(error, -ENOMEM, "out of memory.");

	if (!err && count)
		qsort(item, count, sizeof(*item), by_zone);
	for (; !err && begin < count; begin = end) {
		__u64 until = guard_of(a, item[begin].until);

		for (end = begin; end < count && !by_zone(&item[begin], &item[end]); end++)
			texts[end - begin] = item[end].text;
		*(until ? &a->counts->identities : &a->counts->over) += end - begin;
		if (until)
			err = identities_add(&a->session->maps, texts, end - begin,
					     item[begin].zone, a->clocks.guard, until, error);
	}
	free(texts);
	return err;
}

static int apply_bans(struct applying *a, struct error *error)
{
	const struct saved_ban *item = a->saved->bans.item;
	size_t count = 0, refused = 0;
	struct ban *bans = calloc(a->saved->bans.count + 1, sizeof(*bans));
	int err = bans ? 0 : error_set(error, -ENOMEM, "out of memory.");

	for (size_t i = 0; !err && i < a->saved->bans.count; i++) {
		struct sg_ban ban = {
			.until = guard_of(a, item[i].until),
			.cause = item[i].cause,
			.origin = item[i].cause ? SG_ORIGIN_GUARD : SG_ORIGIN_OPERATOR,
		};

		a->counts->over += !ban.until;
		if (ban.until)
			bans[count++] = (struct ban){item[i].key, ban};
	}
	if (!err)
		err = bans_restore(&a->session->maps, bans, count, &refused, error);
	a->counts->bans += count - refused;
	a->counts->refused += refused;
	free(bans);
	return err;
}

static int apply_flows(struct applying *a, struct error *error)
{
	const struct saved_flow *item = a->saved->flows.item;
	size_t count = 0, refused = 0;
	struct proven *flows = calloc(a->saved->flows.count + 1, sizeof(*flows));
	int err = flows ? 0 : error_set(error, -ENOMEM, "out of memory.");

	for (size_t i = 0; !err && i < a->saved->flows.count; i++) {
		struct sg_proven proven = {
			.until = guard_of(a, item[i].until),
			.since = sg_since(a->clocks.guard),
			.proof = item[i].proof,
		};

		a->counts->over += !proven.until;
		if (proven.until)
			flows[count++] = (struct proven){item[i].key, proven};
	}
	if (!err)
		err = proven_restore(&a->session->maps, flows, count, a->clocks.guard, &refused,
				     error);
	a->counts->flows += count - refused;
	a->counts->refused += refused;
	free(flows);
	return err;
}

int saved_apply(struct session *session, const struct saved *saved, struct saved_counts *counts,
		struct error *error)
{
	const struct saved_reason *reason = saved->reasons.item;
	struct applying a = {.session = session, .saved = saved, .counts = counts};
	int err = clocks_read(session, &a.clocks, error);

	*counts = (struct saved_counts){};
	if (!err)
		err = apply_prefixes(&a, error);
	if (!err)
		err = apply_named(&a, error);
	if (!err)
		err = apply_identities(&a, error);
	if (!err)
		err = apply_flows(&a, error);
	if (!err)
		err = apply_bans(&a, error);
	for (size_t i = 0; !err && i < saved->reasons.count; i++)
		err = maps_mode_by_hand(&session->maps, reason[i].reason, reason[i].mode, error);
	if (!err)
		maps_store(&session->maps.state->mode, saved->mode);
	return err;
}
