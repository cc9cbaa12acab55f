// SPDX-License-Identifier: GPL-2.0-only
#include "calibrate/proposal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "calibrate/edit.h"

static struct sg_limit times(const struct sg_limit *limit, __u32 factor)
{
	__u64 rate = (__u64)limit->rate * factor, burst = (__u64)limit->burst * factor;

	return sg_limit_of(rate < SG_RATE_MAX ? rate : SG_RATE_MAX,
			   burst < SG_BURST_MAX ? burst : SG_BURST_MAX);
}

/* --- who is apart --- */

/* What is needed of one limit, by today's. */
static void look(const struct need *need, const struct senders *senders, struct sg_config *today)
{
	struct sender *sender = senders_find(senders, &need->key.who);
	const struct sg_limit *limit;
	struct sg_limit wide;

	if (need->key.scope == NEED_TOTAL || !sender || sender->zone)
		return;
	limit = needs_limit(today, need->key.scope, 0, need->key.limit);
	wide = times(limit, PROPOSAL_APART);
	if (demand_fits(&need->demand, &wide, PROPOSAL_HEADROOM))
		return;
	sender->apart = 1; /* numbered below */
	wide = times(limit, PROPOSAL_FAR);
	if (!demand_fits(&need->demand, &wide, PROPOSAL_HEADROOM))
		sender->far = true;
}

bool proposal_sort_out(const struct needs *needs, struct senders *senders)
{
	struct sg_config *today = malloc(sizeof(*today));
	struct sender **sorted = senders_sort(senders);
	__u32 zones = senders->config->kernel.zones, before = 0, count = 0;
	size_t next = 0;

	if (!today || !sorted) {
		free(today);
		free(sorted);
		return false;
	}
	*today = senders->config->kernel;
	for (struct sender **s = sorted; *s; s++)
		before += (*s)->apart != 0;
	for (const struct need *need; (need = needs_next(needs, &next));)
		look(need, senders, today);
	for (struct sender **s = sorted; *s; s++) {
		if (!(*s)->apart)
			continue;
		/* Zones are put in front, the last one first. */
		if (!(*s)->far || (*s)->named)
			(*s)->crowded = zones + ++count >= SG_ZONES;
		(*s)->apart = count + 1;
	}
	free(today);
	free(sorted);
	return count > before;
}

/* --- the file with the new zones --- */

/* Letters, digits, '.', '_' and '-', as name_is_valid() has it. */
static void zone_name(const struct sender *sender, char *name, size_t size)
{
	char address[PREFIX_TEXT];
	const struct prefix prefix = flow_prefix(&sender->key);

	prefix_format(&prefix, address, sizeof(address));
	address[strcspn(address, "/")] = '\0';
	for (char *c = address; *c; c++) {
		if (*c == ':')
			*c = '-';
	}
	snprintf(name, size, "own-%.27s", address);
}

static int add_zone(struct proposal *proposal, const struct sender *sender, struct error *error)
{
	const struct prefix prefix = flow_prefix(&sender->key);
	/* A peer may not register, and whoever does has users who mistype passwords. */
	const char *profile = sender->registers ? NULL : "peer";
	char name[SG_ZONE_NAME];
	int err;

	zone_name(sender, name, sizeof(name));
	err = edit_zone(&proposal->text, name, &prefix, profile, error);
	return err ? err : edit_zone(&proposal->changes, name, &prefix, profile, error);
}

static int add_zones(struct proposal *proposal, struct sender **sorted, struct error *error)
{
	int err = 0;

	for (struct sender **s = sorted; *s && !err; s++) {
		if (!(*s)->apart || sender_exclusion(*s))
			continue;
		err = add_zone(proposal, *s, error);
		proposal->zones++;
	}
	/* The last one that was put in front is the first. */
	for (size_t zone = proposal->zones; *sorted && !err; sorted++) {
		if ((*sorted)->apart)
			(*sorted)->apart = sender_exclusion(*sorted) ? SG_ZONES : zone--;
	}
	return err;
}

/* --- what each limit has to be --- */

/* Zones of today are behind the new ones. */
static __u32 zone_of(const struct proposal *proposal, const struct sender *sender)
{
	if (sender->apart)
		return sender->apart;
	return sender->zone ? sender->zone + proposal->zones : 0;
}

static struct proposal_row *row_of(struct proposal *proposal, enum need_scope scope, __u32 zone,
				   __u32 limit)
{
	struct sg_limit *today = needs_limit(&proposal->config->kernel, scope, zone, limit);
	struct proposal_row *row = proposal->row;

	for (size_t i = 0; i < proposal->count; i++, row++) {
		if (row->scope == scope && row->zone == zone && row->limit == limit)
			return row;
	}
	if (!today || proposal->count >= NEED__MAX * SG_ZONES * NEED_LIMITS)
		return NULL;
	proposal->count++;
	*row = (struct proposal_row){
		.scope = scope, .zone = zone, .limit = limit, .today = *today, .wanted = *today,
		.enough = true,
	};
	return row;
}

static void widen(struct proposal_row *row, const struct need *need)
{
	const struct sg_limit least = row->wanted;

	if (need->demand.most[DEMAND_1S] > row->most[DEMAND_1S])
		row->who = need->key.who;
	for (int i = 0; i < DEMAND_WINDOWS; i++) {
		if (need->demand.most[i] > row->most[i])
			row->most[i] = need->demand.most[i];
	}
	if (!demand_limit(&need->demand, &least, PROPOSAL_HEADROOM, &row->wanted))
		row->enough = false;
}

static void add_need(struct proposal *proposal, const struct needs *needs, const struct need *need,
		     const struct senders *senders)
{
	const struct need_key *key = &need->key;
	const struct sender *sender = senders_find(senders, &key->who);
	__u32 today = key->zone, zone = key->zone ? key->zone + proposal->zones : 0;
	struct proposal_row *row;

	if (key->scope != NEED_TOTAL && !sender)
		return;
	if (key->scope != NEED_TOTAL) {
		today = sender->zone;
		zone = zone_of(proposal, sender);
	}
	if (key->scope == NEED_PROVEN)
		today = 0;
	/* In a zone of its own a flow may take all that its source may. */
	if (zone >= SG_ZONES || (zone && key->scope == NEED_PROVEN) ||
	    (sender && sender->apart && key->scope == NEED_FLOW))
		return;
	row = row_of(proposal, key->scope, zone, key->limit);
	if (!row)
		return;
	widen(row, need);
	if ((!sender || !sender->apart) && needs->spread[key->scope][today][key->limit])
		row->usual = demand_quantile(needs->spread[key->scope][today][key->limit], 1);
	if (row->usual > row->most[DEMAND_1S]) /* it is rounded */
		row->usual = row->most[DEMAND_1S];
}

static bool is_other(const struct sg_limit *a, const struct sg_limit *b)
{
	return a->rate != b->rate || a->burst != b->burst;
}

static void raise_to(struct sg_limit *limit, const struct sg_limit *least)
{
	*limit = sg_limit_of(limit->rate > least->rate ? limit->rate : least->rate,
			     limit->burst > least->burst ? limit->burst : least->burst);
}

/*
 * What is widened and lies within another limit would say nothing if that were narrower: a flow is
 * one of its source's, and `source` counts every message.
 */
static void level(struct proposal *proposal)
{
	for (size_t i = 0, all = proposal->count; i < all; i++) {
		const struct proposal_row *row = &proposal->row[i];
		struct proposal_row *whole;

		if (row->limit >= SG_LIMIT__MAX || row->scope == NEED_TOTAL ||
		    !is_other(&row->wanted, &row->today))
			continue;
		whole = row_of(proposal, row->scope, row->zone, SG_LIMIT_SOURCE);
		if (whole)
			raise_to(&whole->wanted, &row->wanted);
		if (row->scope != NEED_FLOW)
			continue;
		whole = row_of(proposal, NEED_SOURCE, row->zone, row->limit);
		if (whole)
			raise_to(&whole->wanted, &row->wanted);
		whole = row_of(proposal, NEED_SOURCE, row->zone, SG_LIMIT_SOURCE);
		if (whole)
			raise_to(&whole->wanted, &row->wanted);
	}
}

/* By zone, then as in the file. */
static int compare(const void *a, const void *b)
{
	const struct proposal_row *left = a, *right = b;

	if (left->zone != right->zone)
		return left->zone < right->zone ? -1 : 1;
	if (left->scope != right->scope)
		return left->scope < right->scope ? -1 : 1;
	return left->limit < right->limit ? -1 : left->limit > right->limit;
}

/* --- the file with the limits --- */

/* `zone` counts from 1, as in a configuration; 0: the top of the file. */
static int set_limit(struct text *text, const struct proposal_row *row, const char *section,
		     __u32 zone, struct error *error)
{
	char parent[32] = "";

	if (zone)
		snprintf(parent, sizeof(parent), "zones/%u", zone - 1);
	return edit_limit(text, parent, section, needs_key(row->scope, row->zone, row->limit),
			  &row->wanted, error);
}

/*
 * Of a zone that is there already only the whole file can say it; the changes alone would need its
 * prefixes.
 */
static int set_row(struct proposal *proposal, const struct proposal_row *row, struct error *error)
{
	const char *section = needs_section(row->scope, row->zone, row->limit);
	bool old = row->zone > proposal->zones;
	int err = set_limit(&proposal->text, row, section, row->zone, error);

	if (!err && !old)
		err = set_limit(&proposal->changes, row, section, row->zone, error);
	if (err || !row->zone || row->zone > proposal->zones || row->scope != NEED_SOURCE ||
	    row->limit >= SG_LIMIT__MAX)
		return err;
	err = set_limit(&proposal->text, row, "flow-limits", row->zone, error);
	return err ? err : set_limit(&proposal->changes, row, "flow-limits", row->zone, error);
}

static int load(struct proposal *proposal, struct error *error)
{
	int fd = memfd_create("proposal", MFD_CLOEXEC), err;
	char path[32];

	if (fd < 0)
		return error_set(error, -errno, "cannot make a file in memory: %s.",
				 strerror(errno));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	config_free(proposal->config);
	proposal->config = NULL;
	if (!proposal->text.length)
		err = config_default(&proposal->config);
	else if (write(fd, proposal->text.data, proposal->text.length) !=
		 (ssize_t)proposal->text.length)
		err = error_set(error, -EIO, "cannot write a file in memory.");
	else
		err = config_load(path, clock_tick(), &proposal->config, error);
	close(fd);
	error->file = NULL;
	return err;
}

/* What was meant is what a reader of the file gets. */
static int check(const struct proposal *proposal, struct error *error)
{
	for (size_t i = 0; i < proposal->count; i++) {
		const struct proposal_row *row = &proposal->row[i];
		const struct sg_limit *limit = needs_limit(&proposal->config->kernel, row->scope,
							   row->zone, row->limit);

		/* Burst 2000 of `new` is held to what a source may have at all. */
		if (row->limit != NEED_CONNECT && is_other(&row->wanted, &row->today) &&
		    is_other(&row->wanted, limit))
			return error_set(error, -EINVAL, "the configuration cannot be changed in "
					 "place (%s does not get what was meant): put the limits "
					 "in by hand.",
					 needs_key(row->scope, row->zone, row->limit));
	}
	return 0;
}

static int set_rows(struct proposal *proposal, struct error *error)
{
	int err = 0;

	for (size_t i = 0; !err && i < proposal->count; i++) {
		if (!is_other(&proposal->row[i].wanted, &proposal->row[i].today))
			continue;
		proposal->changed++;
		err = set_row(proposal, &proposal->row[i], error);
	}
	if (!err)
		err = load(proposal, error);
	return err ? err : check(proposal, error);
}

static int make(const struct needs *needs, struct senders *senders, struct sender **sorted,
		struct proposal *proposal, struct error *error)
{
	size_t next = 0;
	int err = add_zones(proposal, sorted, error);

	if (!err)
		err = load(proposal, error);
	if (err)
		return err;
	for (const struct need *need; (need = needs_next(needs, &next));)
		add_need(proposal, needs, need, senders);
	level(proposal);
	qsort(proposal->row, proposal->count, sizeof(*proposal->row), compare);
	return set_rows(proposal, error);
}

int proposal_make(const struct needs *needs, struct senders *senders, const char *path,
		  struct proposal *proposal, struct error *error)
{
	struct sender **sorted = senders_sort(senders);
	int err;

	*proposal = (struct proposal){
		.row = calloc(NEED__MAX * SG_ZONES * NEED_LIMITS, sizeof(*proposal->row)),
	};
	err = edit_begin(path, &proposal->text, error);
	if (!err)
		err = edit_begin("", &proposal->changes, error);
	if (!err && (!sorted || !proposal->row))
		err = error_set(error, -ENOMEM, "out of memory.");
	if (!err)
		err = make(needs, senders, sorted, proposal, error);
	free(sorted);
	if (err)
		proposal_free(proposal);
	return err;
}

void proposal_free(struct proposal *proposal)
{
	text_free(&proposal->text);
	text_free(&proposal->changes);
	config_free(proposal->config);
	free(proposal->row);
	*proposal = (struct proposal){};
}
