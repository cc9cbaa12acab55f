// SPDX-License-Identifier: GPL-2.0-only
#include "events/flows.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void look_at(struct fill *fill, int id, const struct sg_limit *limit, __u64 tat, __u64 now)
{
	int percent = limit->burst ? 100ULL * why_spent(tat, now, limit) / limit->burst : 0;

	if (percent > fill->percent)
		*fill = (struct fill){percent, id};
}

struct fill fill_of(const struct sg_why *why, const struct sg_config *config)
{
	const struct sg_profile *profile = &config->profile[why->profile % SG_PROFILES];
	bool proven = why->proof == SG_PROOF_REGISTER || why->proof == SG_PROOF_CALL;
	struct fill fill = {FILL_UNKNOWN, 0};

	for (int id = 0; id < SG_LIMIT__MAX; id++) {
		if (!proven)
			look_at(&fill, id, &profile->limit[id], why->source_tat[id], why->now);
		if (why->flow.port)
			look_at(&fill, id, why_flow_limit(why, config, id), why->flow_tat[id],
				why->now);
	}
	return fill;
}

static bool is_proven(const struct proven *p)
{
	return p->proven.proof == SG_PROOF_REGISTER || p->proven.proof == SG_PROOF_CALL;
}

static bool has(const struct flow *flow, size_t count, const struct sg_flow_key *key)
{
	for (size_t i = 0; i < count; i++) {
		if (memcmp(&flow[i].proven.key, key, sizeof(*key)) == 0)
			return true;
	}
	return false;
}

/* Behind the others, or in place of one that has spent less. */
static void keep(struct flows *f, const struct flow *flow)
{
	struct flow *least = f->flow;

	if (f->count < FLOWS_MOST) {
		f->flow[f->count++] = *flow;
		return;
	}
	for (size_t i = 1; i < f->count; i++) {
		if (f->flow[i].fill.percent < least->fill.percent)
			least = &f->flow[i];
	}
	if (least->fill.percent < flow->fill.percent)
		*least = *flow;
}

static void ask(struct flows *f, struct asker *asker, const struct sg_config *config,
		const struct proven *proven)
{
	struct flow flow = {.proven = *proven};
	struct sg_why why;

	if (ask_again(asker, &proven->key, SG_INTERFACES, &why) || why.proof == SG_PROOF_NONE)
		return;
	flow.proven.proven.until = why.proof_until;
	flow.fill = fill_of(&why, config);
	flow.zone = why.zone % SG_ZONES;
	keep(f, &flow);
}

static int by_fill(const void *a, const void *b)
{
	const struct flow *x = a, *y = b;

	return y->fill.percent - x->fill.percent;
}

int flows_turn(struct flows *f, const struct maps *maps, struct asker *asker,
	       const struct sg_config *config, __u64 now, struct error *error)
{
	struct proven_list list;
	struct flow *before;
	size_t known = f->count, asked = 0;
	int err = proven_read(maps, now, &list, error);

	if (err)
		return err;
	before = calloc(FLOWS_MOST, sizeof(*before));
	if (!before) {
		proven_free(&list);
		return error_set(error, -ENOMEM, "out of memory.");
	}
	memcpy(before, f->flow, sizeof(f->flow));
	f->count = f->known = 0;
	for (size_t i = 0; i < list.count; i++)
		f->known += is_proven(&list.flow[i]);
	for (size_t i = 0; i < known; i++)
		ask(f, asker, config, &before[i].proven);
	for (size_t i = 0; i < list.count && asked < FLOWS_ASKED; i++) {
		const struct proven *p = &list.flow[f->next++ % list.count];

		if (!is_proven(p) || has(before, known, &p->key))
			continue;
		ask(f, asker, config, p);
		asked++;
	}
	f->next = list.count ? f->next % list.count : 0;
	qsort(f->flow, f->count, sizeof(*f->flow), by_fill);
	free(before);
	proven_free(&list);
	return 0;
}
