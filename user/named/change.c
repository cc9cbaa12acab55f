// SPDX-License-Identifier: GPL-2.0-only
#include "named/change.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/notice.h"

#define CHUNK 65536         /* rows that are written at a time */
#define GRACE_US 100000     /* packets take microseconds */

__u8 listed_side(const struct sg_listed *listed, __u32 hint)
{
	return listed->sides >> (hint & SG_LISTS_SIDE) & SG_LISTED_SIDE;
}

/* --- what shall be --- */

static bool is_among(const struct prefix *sorted, size_t count, const struct prefix *prefix)
{
	return count && bsearch(prefix, sorted, count, sizeof(*sorted), prefix_compare);
}

/* All return a listing with one side in .sides; 0: none. */
static struct sg_listed by_hand(const struct change *change, const struct prefix *prefix, __u8 side,
				__u32 until)
{
	if (is_among(change->hand, change->hand_count, prefix)) {
		if (change->hand_list == SG_LIST_NONE)
			return (struct sg_listed){};
		return (struct sg_listed){
			.sides = change->hand_list | SG_LISTED_THERE | SG_LISTED_BY_HAND,
			.until = change->hand_until,
		};
	}
	if (side & SG_LISTED_BY_HAND && until >= change->now)
		return (struct sg_listed){.sides = side, .until = until};
	return (struct sg_listed){};
}

static bool is_better(const struct named *list, const struct named_item *item,
		      const struct named *best, const struct named_item *best_item)
{
	if (!best)
		return true;
	if (list->head->list != best->head->list)
		return list->head->list == SG_LIST_ALLOW;
	return item->until > best_item->until;
}

static struct sg_listed by_name(const struct change *change, const struct prefix *prefix)
{
	const struct named *best = NULL;
	const struct named_item *best_item = NULL;

	for (int i = 1; i < NAMED_PLACES; i++) {
		const struct named *list = &change->store.list[i];
		const struct named_item *item = list->head ? named_find(list, prefix) : NULL;

		if (item && item->until >= change->now &&
		    is_better(list, item, best, best_item)) {
			best = list;
			best_item = item;
		}
	}
	if (!best)
		return (struct sg_listed){};
	return (struct sg_listed){
		.sides = best->head->list | SG_LISTED_THERE,
		.name = best->place,
		.until = best_item->until,
	};
}

static bool is_own(const struct change *change, const struct prefix *prefix, __u8 side)
{
	if (change->others && (side & SG_LISTED_LIST) == SG_LIST_OWN)
		return true;
	return change->denies && is_among(change->own, change->own_count, prefix);
}

/* The side that counts of a prefix which is now listed as `side` says; 0: not at all. */
static struct sg_listed winner(const struct change *change, const struct prefix *prefix, __u8 side,
			       __u32 until)
{
	static const struct sg_listed mine = {.sides = SG_LIST_OWN | SG_LISTED_THERE,
					      .until = SG_LISTED_FOREVER};
	struct sg_listed hand = by_hand(change, prefix, side, until);

	if ((hand.sides & SG_LISTED_LIST) == SG_LIST_ALLOW)
		return hand;
	if (is_own(change, prefix, side))
		return mine;
	return hand.sides ? hand : by_name(change, prefix);
}

/* --- the steps that lead there --- */

struct step {
	struct prefix prefix;
	struct sg_listed after;  /* with one side; 0: it goes */
	struct sg_listed before; /* a row as it is; sides 0: there is none */
	__u8 was;                /* the side as it is, or what the next shorter prefix says */
};

struct steps {
	struct step *step;
	size_t count;
	bool any, denies; /* what is put there */
};

static bool in_conflict(const struct change *change, const struct step *step)
{
	return change->hand_list != SG_LIST_NONE && step->before.sides &&
	       step->was & SG_LISTED_BY_HAND &&
	       (step->was & SG_LISTED_LIST) != change->hand_list &&
	       is_among(change->hand, change->hand_count, &step->prefix);
}

static void make_step(const struct change *change, __u32 hint, const struct prefix *prefix,
		      struct step *step)
{
	struct sg_listed found = {};
	bool any = trie_find(change->maps, prefix, &found);

	*step = (struct step){.prefix = *prefix};
	if (any && found.length == prefix->length) {
		step->before = found;
		step->was = listed_side(&found, hint);
	} else if (any) {
		step->was = listed_side(&found, hint) & SG_LISTED_LIST;
	}
	step->after = winner(change, prefix, step->before.sides ? step->was : 0, found.until);
}

static bool changes(const struct step *step)
{
	if (!step->before.sides || !step->after.sides)
		return step->before.sides != step->after.sides;
	return step->was != step->after.sides || step->before.name != step->after.name ||
	       step->before.until != step->after.until;
}

static int make_steps(const struct change *change, const struct prefix *prefixes, size_t count,
		      struct steps *steps, struct prefix *conflict)
{
	__u32 hint = change->maps->state->lists;

	*steps = (struct steps){.step = calloc(count + 1, sizeof(*steps->step))};
	if (!steps->step)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		struct step *step = &steps->step[steps->count];

		make_step(change, hint, &prefixes[i], step);
		if (in_conflict(change, step)) {
			*conflict = prefixes[i];
			return -EEXIST;
		}
		if (!changes(step))
			continue;
		steps->count++;
		steps->any |= step->after.sides != 0;
		steps->denies |= (step->after.sides & SG_LISTED_LIST) == SG_LIST_DENY;
		if (!(i % CHUNK))
			progress("comparing with what is listed", i, count);
	}
	return 0;
}

/* --- carrying them out --- */

struct writer {
	const struct change *change;
	const struct steps *steps;
	__u32 hint;
	struct list_entry *row; /* CHUNK of them */
	size_t used;
};

static int flush(struct writer *w, int (*write)(const struct maps *maps,
						const struct list_entry *rows, size_t count))
{
	int err = w->used ? write(w->change->maps, w->row, w->used) : 0;

	w->used = 0;
	return err;
}

/* Calls `write` for the rows of the steps for which `row_of` has one. */
static int for_rows(struct writer *w,
		    bool (*row_of)(const struct writer *w, const struct step *step,
				   struct sg_listed *listed),
		    int (*write)(const struct maps *maps, const struct list_entry *rows,
				 size_t count), const char *what)
{
	int err = 0;

	for (size_t i = 0; !err && i < w->steps->count; i++) {
		const struct step *step = &w->steps->step[i];
		struct list_entry *row = &w->row[w->used];

		row->prefix = step->prefix;
		if (!row_of(w, step, &row->listed) || ++w->used < CHUNK)
			continue;
		progress(what, i, w->steps->count);
		err = flush(w, write);
	}
	return err ? err : flush(w, write);
}

static __u8 sides_of(__u32 hint, __u8 was, __u8 after)
{
	return was << (hint & SG_LISTS_SIDE) | after << (~hint & SG_LISTS_SIDE);
}

/* Both sides of what shall be there. */
static bool row_comes(const struct writer *w, const struct step *step, struct sg_listed *listed)
{
	*listed = step->after;
	listed->sides = sides_of(w->hint, step->was, step->after.sides);
	return step->after.sides;
}

static bool row_stays(const struct writer *w, const struct step *step, struct sg_listed *listed)
{
	(void)w;
	*listed = step->after;
	listed->sides = SG_LISTED_BOTH(step->after.sides);
	return step->after.sides;
}

static bool row_goes(const struct writer *w, const struct step *step, struct sg_listed *listed)
{
	(void)w;
	*listed = (struct sg_listed){};
	return !step->after.sides;
}

static bool row_was(const struct writer *w, const struct step *step, struct sg_listed *listed)
{
	(void)w;
	*listed = step->before;
	return step->before.sides;
}

static bool row_was_not(const struct writer *w, const struct step *step, struct sg_listed *listed)
{
	(void)w;
	*listed = (struct sg_listed){};
	return !step->before.sides;
}

/* What the next shorter prefix will say, of which the row has its new side already. */
static __u8 next_shorter(const struct writer *w, const struct prefix *prefix)
{
	struct prefix shorter = *prefix;
	struct sg_listed found;

	if (!shorter.length--)
		return SG_LIST_NONE;
	return trie_find(w->change->maps, &shorter, &found)
		       ? listed_side(&found, ~w->hint) & SG_LISTED_LIST : SG_LIST_NONE;
}

/*
 * Both sides of what goes. The prefixes are sorted, so those that hold one come before it; they
 * have to be written when it is looked for what they say.
 */
static int write_going(struct writer *w)
{
	struct prefix outer = {};
	int err = 0;

	for (size_t i = 0; !err && i < w->steps->count; i++) {
		const struct step *step = &w->steps->step[i];
		struct list_entry *row;

		if (step->after.sides)
			continue;
		if (w->used == CHUNK || (w->used && prefix_contains(&outer, &step->prefix)))
			err = flush(w, trie_put);
		if (!prefix_contains(&outer, &step->prefix))
			outer = step->prefix;
		row = &w->row[w->used++];
		row->prefix = step->prefix;
		row->listed = step->before;
		row->listed.sides = sides_of(w->hint, step->was, next_shorter(w, &step->prefix));
		if (!(i % CHUNK))
			progress("taking prefixes off", i, w->steps->count);
	}
	return err ? err : flush(w, trie_put);
}

static void store_hint(struct maps *maps, __u32 hint)
{
	maps_store(&maps->state->lists, hint);
}

static __u32 hint_with(__u32 hint, const struct steps *steps)
{
	return hint | (steps->any ? SG_LISTS_ANY : 0) | (steps->denies ? SG_LISTS_DENY : 0);
}

static int write_sides(struct writer *w)
{
	int err = for_rows(w, row_comes, trie_put, "putting prefixes on");

	if (!err)
		err = write_going(w);
	if (!err)
		return 0;
	w->used = 0;
	for_rows(w, row_was, trie_put, "undoing");
	for_rows(w, row_was_not, trie_take, "undoing");
	return err;
}

/* The rows as they are from now on. */
static void count_rows(struct maps *maps, const struct steps *steps)
{
	struct trie_counts counts = trie_counts(maps);

	for (size_t i = 0; i < steps->count; i++) {
		const struct step *step = &steps->step[i];

		trie_count(&counts, step->was, 0, -1);
		trie_count(&counts, step->after.sides, step->after.until, 1);
	}
	trie_counts_set(maps, &counts);
}

/* What is left undone here is in force all the same, and done by the next change. */
static void clean_up(struct writer *w)
{
	struct maps *maps = w->change->maps;

	if (maps_wait_for_packets())
		usleep(GRACE_US);
	if (for_rows(w, row_stays, trie_put, "tidying") ||
	    for_rows(w, row_goes, trie_take, "tidying") || store_settle(maps, NULL))
		return;
	store_hint(maps, maps->state->lists & ~SG_LISTS_CHANGING);
}

static int change_many(struct writer *w)
{
	struct maps *maps = w->change->maps;
	int err;

	store_hint(maps, w->hint | SG_LISTS_CHANGING);
	err = write_sides(w);
	if (err) {
		store_hint(maps, w->hint);
		return err;
	}
	store_hint(maps, hint_with(w->hint ^ SG_LISTS_SIDE, w->steps) | SG_LISTS_CHANGING);
	count_rows(maps, w->steps);
	clean_up(w);
	return 0;
}

/* One row is put or taken in one step anyway. */
static int change_one(struct writer *w)
{
	struct maps *maps = w->change->maps;
	int err;

	if (w->steps->any) {
		store_hint(maps, hint_with(w->hint, w->steps));
		err = for_rows(w, row_stays, trie_put, "");
	} else {
		err = for_rows(w, row_goes, trie_take, "");
	}
	if (err)
		store_hint(maps, w->hint);
	else
		count_rows(maps, w->steps);
	return err;
}

/* All or nothing: who presses Ctrl-C waits, some seconds for a million. */
static int carry_out(struct change *change, const struct steps *steps)
{
	struct writer w = {
		.change = change,
		.steps = steps,
		.hint = change->maps->state->lists,
		.row = calloc(CHUNK, sizeof(*w.row)),
	};
	sigset_t signals, before;
	int err;

	if (!w.row)
		return -ENOMEM;
	sigfillset(&signals);
	sigprocmask(SIG_BLOCK, &signals, &before);
	err = steps->count == 1 && !change->staged ? change_one(&w) : change_many(&w);
	sigprocmask(SIG_SETMASK, &before, NULL);
	free(w.row);
	return err;
}

int change_apply(struct change *change, const struct prefix *prefixes, size_t count,
		 struct prefix *conflict)
{
	struct steps steps;
	int err = make_steps(change, prefixes, count, &steps, conflict);

	if (!err && (steps.count || change->staged))
		err = carry_out(change, &steps);
	progress(NULL, 0, 0);
	free(steps.step);
	return err;
}
