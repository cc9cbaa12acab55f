// SPDX-License-Identifier: GPL-2.0-only
#include "model/proven.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <bpf/bpf.h>

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

static int read_map(const struct maps *maps, __u64 now, size_t most, struct proven_list *list)
{
	const void *key, *value;
	struct walk walk;
	int err = walk_begin(&walk, maps->fd[MAP_PROVEN]);

	if (err)
		return err;
	while ((err = walk_next(&walk, &key, &value)) > 0) {
		const struct sg_proven *proven = value;

		if (proven->until > now && list->count < most)
			list->flow[list->count++] =
				(struct proven){*(const struct sg_flow_key *)key, *proven};
	}
	walk_end(&walk);
	return err;
}

int proven_read(const struct maps *maps, __u64 now, struct proven_list *list, struct error *error)
{
	size_t most = maps_entries(maps, MAP_PROVEN);
	int err;

	*list = (struct proven_list){.flow = calloc(most + 1, sizeof(*list->flow))};
	err = list->flow ? read_map(maps, now, most, list) : -ENOMEM;
	if (!err)
		return 0;
	proven_free(list);
	return error_set(error, err, "cannot read the proven flows: %s.", strerror(-err));
}

/* As the data path does it: see proven_announce() of proven.bpf.h. */
static void announce(struct sg_hints *hints, __u64 hash, __u64 until, __u64 now)
{
	__u16 *hint = &hints[sg_hint_line(hash)].until[sg_hint_place(hash)];
	__u16 old = __atomic_load_n(hint, __ATOMIC_RELAXED), end = (until >> SG_HINT_UNIT) + 1;

	if (!sg_hinted(old, now) || (__s16)(end - old) > 0)
		__atomic_store_n(hint, end, __ATOMIC_RELAXED);
}

static int restore(struct maps *maps, const struct proven *flow)
{
	int err = bpf_map_update_elem(maps->fd[MAP_PROVEN], &flow->key, &flow->proven,
				      BPF_NOEXIST);

	if (!err)
		bpf_map_update_elem(maps->fd[MAP_PROVEN_QUEUE], NULL, &flow->key, BPF_ANY);
	return err == -EEXIST ? 0 : err;
}

int proven_restore(struct maps *maps, const struct proven *flows, size_t count, __u64 now,
		   size_t *refused, struct error *error)
{
	const size_t size = SG_HINTS * sizeof(struct sg_hints);
	void *hints = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, maps->fd[MAP_HINTS], 0);
	int err = hints == MAP_FAILED ? -errno : 0;

	*refused = 0;
	for (size_t i = 0; !err && i < count; i++) {
		err = restore(maps, &flows[i]);
		if (err == -E2BIG) {
			++*refused;
			err = 0;
		} else if (!err) {
			announce(hints, sg_key_hash(&flows[i].key, maps->state->secret),
				 flows[i].proven.until, now);
		}
	}
	if (hints != MAP_FAILED)
		munmap(hints, size);
	if (count)
		maps_store(&maps->state->proven, 1);
	return err ? error_set(error, err, "cannot write the proven flows: %s.", strerror(-err))
		   : 0;
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
