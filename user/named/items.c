// SPDX-License-Identifier: GPL-2.0-only
#include "named/items.h"

#include <errno.h>
#include <stdlib.h>

#include "named/trie.h"

static int compare(const void *a, const void *b)
{
	const struct named_item *p = a, *q = b;
	int order = prefix_compare(&p->prefix, &q->prefix);

	return order ? order : (p->until < q->until) - (p->until > q->until);
}

static void sort(struct named_items *items)
{
	size_t left = 0;

	if (items->count)
		qsort(items->item, items->count, sizeof(*items->item), compare);
	for (size_t i = 0; i < items->count; i++) {
		if (!left || prefix_compare(&items->item[left - 1], &items->item[i]))
			items->item[left++] = items->item[i];
	}
	items->count = left;
}

int named_items(const struct source_item *source, size_t count, __u64 now, __u64 until,
		const struct named *old, struct named_items *items)
{
	__u32 end = until ? sg_since(until) : SG_LISTED_FOREVER;
	size_t kept = old ? old->head->count : 0;

	*items = (struct named_items){.item = calloc(count + kept + 1, sizeof(*items->item))};
	if (!items->item)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		__u32 own = source[i].seconds ? sg_since(now + source[i].seconds * SG_NSEC_PER_SEC)
					      : SG_LISTED_FOREVER;

		items->item[items->count].prefix = source[i].prefix;
		items->item[items->count++].until = own < end ? own : end;
	}
	for (size_t i = 0; i < kept; i++) {
		if (old->item[i].until >= sg_since(now))
			items->item[items->count++] = old->item[i];
	}
	sort(items);
	return 0;
}

struct prefix *named_differences(const struct named *old, const struct named_items *items,
				 size_t *differ)
{
	size_t i = 0, j = 0, count = old->head ? old->head->count : 0;
	struct prefix *all = calloc(count + items->count + 1, sizeof(*all));

	for (*differ = 0; all && (i < count || j < items->count);) {
		int order = i == count ? 1 : j == items->count ? -1
			    : prefix_compare(&old->item[i].prefix, &items->item[j].prefix);

		if (order || old->item[i].until != items->item[j].until)
			all[(*differ)++] = order < 0 ? old->item[i].prefix : items->item[j].prefix;
		i += order <= 0;
		j += order >= 0;
	}
	return all;
}
