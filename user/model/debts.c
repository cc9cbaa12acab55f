// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "model/debts.h"

static void widen(__u64 *most, const struct sg_limit *limit)
{
	if (*most < limit->tolerance)
		*most = limit->tolerance;
}

/* Packets charge at the same time; what is lost of it is one message. */
static void cut(__u64 *tat, __u64 end)
{
	if (__atomic_load_n(tat, __ATOMIC_RELAXED) > end)
		__atomic_store_n(tat, end, __ATOMIC_RELAXED);
}

/* Slots of one table, by enum sg_limit_id. */
static int cut_buckets(const struct maps *maps, enum map_id id, const __u64 *most, __u64 now,
		       struct error *error)
{
	__u32 count = maps_entries(maps, id);
	size_t size = count * sizeof(struct sg_buckets);
	struct sg_buckets *slots = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
					 maps->fd[id], 0);

	if (slots == MAP_FAILED)
		return error_set(error, -ENOMEM, "cannot map the table of limits into memory: %s.",
				 strerror(errno));
	for (__u32 i = 0; i < count; i++) {
		for (int id = 0; id < SG_LIMIT__MAX; id++)
			cut(&slots[i].tat[id], now + most[id]);
	}
	munmap(slots, size);
	return 0;
}

int debts_cut(const struct maps *maps, __u64 now, struct error *error)
{
	const struct sg_config *config = &maps->configs[maps->state->active & 1];
	__u64 source[SG_LIMIT__MAX] = {}, flow[SG_LIMIT__MAX] = {};
	int err;

	for (int id = 0; id < SG_LIMIT__MAX; id++) {
		for (__u32 zone = 0; zone <= config->zones; zone++) {
			widen(&source[id], &config->profile[zone].limit[id]);
			widen(&flow[id], &config->profile[zone].flow[id]);
		}
		widen(&flow[id], &config->proven[id]);
	}
	for (int id = 0; id < SG_TOTAL_PLACES; id++)
		cut(&maps->state->total_tat[id], now + config->total[id].tolerance);
	err = cut_buckets(maps, MAP_SRC_BUCKETS, source, now, error);
	if (!err)
		err = cut_buckets(maps, MAP_FLOW_BUCKETS, flow, now, error);
	return err;
}
