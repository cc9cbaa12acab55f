// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "flow.h"
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

/* That of all flows of a source is of its address alone. */
static __u64 hash_of(const struct maps *maps, const struct sg_flow_key *key)
{
	const __u32 *address = key->address;

	if (key->port)
		return sg_key_hash(key, maps->state->secret);
	return sg_source_hash(key->family == 4 ? sg_source4(address[3])
					       : sg_source6(address[0], address[1]),
			      maps->state->secret);
}

/* Whether anything was held against him. */
static bool forgive(struct sg_offences *c, __u64 now)
{
	bool any = false;

	for (size_t i = 0; i < sizeof(c->tat) / sizeof(*c->tat); i++) {
		any |= c->tat[i] > now;
		cut(&c->tat[i], 0);
	}
	return any;
}

/* Of a flow or source by its hash; NULL: of all. 1 if there were any, 0, or -errno. */
static int forgive_whom(const struct maps *maps, const __u64 *who, __u64 now, struct error *error)
{
	__u32 count = maps_entries(maps, MAP_OFFENCES);
	size_t size = count * sizeof(struct sg_offences);
	struct sg_offences *entry = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED,
					 maps->fd[MAP_OFFENCES], 0);
	int any = 0;

	if (entry == MAP_FAILED)
		return error_set(error, -ENOMEM, "cannot map the table of offences into memory: "
				 "%s.", strerror(errno));
	for (__u32 i = 0; i < count; i++) {
		if (!who || __atomic_load_n(&entry[i].who, __ATOMIC_RELAXED) == *who)
			any |= forgive(&entry[i], now);
	}
	munmap(entry, size);
	return any;
}

int debts_forgive(const struct maps *maps, const struct sg_flow_key *key, __u64 now,
		  struct error *error)
{
	__u64 who = hash_of(maps, key);

	return forgive_whom(maps, &who, now, error);
}

int debts_forgive_all(const struct maps *maps, __u64 now, struct error *error)
{
	int any = forgive_whom(maps, NULL, now, error);

	return any < 0 ? any : 0;
}
