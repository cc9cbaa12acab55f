// SPDX-License-Identifier: GPL-2.0-only
#include "model/proven.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <bpf/bpf.h>


#define BATCH 4096

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

static void take(struct proven_list *list, const struct sg_flow_key *keys,
		 const struct sg_proven *values, __u32 count, __u64 now)
{
	for (__u32 i = 0; i < count && list->count < SG_PROVEN; i++) {
		if (values[i].until > now)
			list->flow[list->count++] = (struct proven){keys[i], values[i]};
	}
}

int proven_read(const struct maps *maps, __u64 now, struct proven_list *list, struct error *error)
{
	struct sg_flow_key *keys = calloc(BATCH, sizeof(*keys));
	struct sg_proven *values = calloc(BATCH, sizeof(*values));
	__u32 place, *from = NULL, count;
	int err = 0;

	*list = (struct proven_list){.flow = calloc(SG_PROVEN, sizeof(*list->flow))};
	if (!keys || !values || !list->flow)
		err = -ENOMEM;
	while (!err) {
		count = BATCH;
		err = bpf_map_lookup_batch(maps->fd[MAP_PROVEN], from, &place, keys, values,
					   &count, NULL);
		if (!err || err == -ENOENT)
			take(list, keys, values, count, now);
		from = &place;
	}
	free(keys);
	free(values);
	if (err == -ENOENT) /* that was all */
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
