// SPDX-License-Identifier: GPL-2.0-only
#include "model/proven.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/walk.h"


static int by_flow(const void *a, const void *b)
{
	const struct sg_flow_key *x = &((const struct proven *)a)->key;
	const struct sg_flow_key *y = &((const struct proven *)b)->key;
	int order = x->family - y->family;

	if (!order)
		order = memcmp(x->address, y->address, sizeof(x->address));
	if (!order)
		order = ntohs(x->port) - ntohs(y->port);
	return order ? order : x->transport - y->transport;
}

static int read_map(const struct maps *maps, __u64 now, struct proven_list *list)
{
	const void *key, *value;
	struct walk walk;
	int err = walk_begin(&walk, maps->fd[MAP_PROVEN]);

	if (err)
		return err;
	while ((err = walk_next(&walk, &key, &value)) > 0) {
		const struct sg_proven *proven = value;

		if (proven->until > now && list->count < SG_PROVEN)
			list->flow[list->count++] =
				(struct proven){*(const struct sg_flow_key *)key, *proven};
	}
	walk_end(&walk);
	return err;
}

int proven_read(const struct maps *maps, __u64 now, struct proven_list *list, struct error *error)
{
	int err;

	*list = (struct proven_list){.flow = calloc(SG_PROVEN, sizeof(*list->flow))};
	err = list->flow ? read_map(maps, now, list) : -ENOMEM;
	if (!err)
		return 0;
	proven_free(list);
	return error_set(error, err, "cannot read the proven flows: %s.", strerror(-err));
}

void proven_sort(struct proven_list *list)
{
	qsort(list->flow, list->count, sizeof(*list->flow), by_flow);
}

void proven_free(struct proven_list *list)
{
	free(list->flow);
	*list = (struct proven_list){};
}

void proven_count(const struct proven_list *list, size_t count[SG_PROOF__MAX])
{
	memset(count, 0, SG_PROOF__MAX * sizeof(*count));
	for (size_t i = 0; i < list->count; i++)
		count[list->flow[i].proven.proof % SG_PROOF__MAX]++;
}
