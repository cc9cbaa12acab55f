// SPDX-License-Identifier: GPL-2.0-only
#include "model/served.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/walk.h"

static int by_order(const void *a, const void *b)
{
	const struct served *x = a, *y = b;

	return (x->domain.order > y->domain.order) - (x->domain.order < y->domain.order);
}

static int by_order_of_callees(const void *a, const void *b)
{
	const struct sg_own_callee *x = a, *y = b;

	return (x->order > y->order) - (x->order < y->order);
}

static int read_callees(const struct maps *maps, __u32 which, struct served_list *list)
{
	const void *key, *value;
	struct walk walk;
	int err = walk_begin(&walk, maps->fd[MAP_OWN_CALLEES]);

	if (err)
		return err;
	while ((err = walk_next(&walk, &key, &value)) > 0) {
		const struct sg_callee_key *callee = key;

		if (callee->config == which && list->callee_count < SG_OWN_CALLEES)
			list->callees[list->callee_count++] = *(const struct sg_own_callee *)value;
	}
	walk_end(&walk);
	qsort(list->callees, list->callee_count, sizeof(*list->callees), by_order_of_callees);
	return err;
}

static int read_map(const struct maps *maps, __u32 which, struct served_list *list)
{
	const void *key, *value;
	struct walk walk;
	int err = walk_begin(&walk, maps->fd[MAP_DOMAINS]);

	if (err)
		return err;
	while ((err = walk_next(&walk, &key, &value)) > 0) {
		const struct sg_domain_key *domain = key;

		if (domain->config == which && list->count < SG_DOMAINS)
			list->served[list->count++] =
				(struct served){domain->list, *(const struct sg_domain *)value};
	}
	walk_end(&walk);
	return err;
}

int served_read(const struct maps *maps, __u32 which, struct served_list *list,
		struct error *error)
{
	int err;

	*list = (struct served_list){
		.served = calloc(SG_DOMAINS, sizeof(*list->served)),
		.callees = calloc(SG_OWN_CALLEES, sizeof(*list->callees)),
	};
	err = list->served && list->callees ? read_map(maps, which, list) : -ENOMEM;
	if (!err)
		err = read_callees(maps, which, list);
	if (err) {
		served_free(list);
		return error_set(error, err, "cannot read the domains and callees: %s.",
				 strerror(-err));
	}
	qsort(list->served, list->count, sizeof(*list->served), by_order);
	return 0;
}

void served_free(struct served_list *list)
{
	free(list->served);
	free(list->callees);
	*list = (struct served_list){};
}
