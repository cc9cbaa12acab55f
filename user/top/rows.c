// SPDX-License-Identifier: GPL-2.0-only
#include "top/rows.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_FIRST 64

const char *const order_names[ORDER__MAX] = {
	[ORDER_RATE] = "seen/s", [ORDER_PACKETS] = "packets", [ORDER_FILL] = "limit",
	[ORDER_LIVE] = "tcp", [ORDER_LEFT] = "time left", [ORDER_WHO] = "address",
};

static const __u8 orders[PANE__MAX] = {
	[PANE_SENDERS] = 1 << ORDER_RATE | 1 << ORDER_PACKETS | 1 << ORDER_FILL | 1 << ORDER_LIVE |
			 1 << ORDER_WHO,
	[PANE_FLOWS] = 1 << ORDER_FILL | 1 << ORDER_LEFT | 1 << ORDER_WHO,
	[PANE_BANS] = 1 << ORDER_LEFT | 1 << ORDER_WHO,
};

struct row *rows_add(struct row_list *list)
{
	if (list->count == list->room) {
		size_t room = list->room ? 2 * list->room : ROWS_FIRST;
		struct row *row = realloc(list->row, room * sizeof(*row));

		if (!row)
			return NULL;
		list->row = row;
		list->room = room;
	}
	list->row[list->count] = (struct row){.limit = ""};
	return &list->row[list->count++];
}

void rows_free(struct row_list *list)
{
	free(list->row);
	*list = (struct row_list){};
}

enum order order_next(enum pane pane, enum order order)
{
	for (int i = 1; i <= ORDER__MAX + 1; i++) {
		enum order next = (order + i) % (ORDER__MAX + 1);

		if (next < ORDER__MAX && orders[pane] & 1 << next)
			return next;
	}
	return ORDER_WHO;
}

static int by_who(const struct row *x, const struct row *y)
{
	int order = x->key.family - y->key.family;

	if (!order)
		order = memcmp(x->key.address, y->key.address, sizeof(x->key.address));
	if (!order)
		order = ntohs(x->key.port) - ntohs(y->key.port);
	return order ? order : x->key.transport - y->key.transport;
}

/* Greater is first. */
static double weight(const struct row *row, enum order order)
{
	switch (order) {
	case ORDER_RATE:
		return row->rate;
	case ORDER_PACKETS:
		return row->packets;
	case ORDER_FILL:
		return row->fill;
	case ORDER_LIVE:
		return row->live;
	case ORDER_LEFT:
		return -(double)row->left;
	default:
		return 0;
	}
}

static int by_order(const void *a, const void *b, void *order)
{
	double x = weight(a, *(enum order *)order), y = weight(b, *(enum order *)order);

	return x == y ? by_who(a, b) : x < y ? 1 : -1;
}

void rows_sort(struct row_list *list, enum order order)
{
	if (list->count)
		qsort_r(list->row, list->count, sizeof(*list->row), by_order, &order);
}

void row_who(const struct row *row, char *text)
{
	flow_format(row->flow.port ? &row->flow : &row->key, text, PREFIX_TEXT);
}

static bool is_wanted(const struct row *row, const char *filter, const struct prefix *prefix)
{
	struct prefix who = flow_prefix(row->flow.port ? &row->flow : &row->key);
	char text[PREFIX_TEXT];

	if (prefix->family)
		return prefix_contains(prefix, &who) || prefix_contains(&who, prefix);
	row_who(row, text);
	return strcasestr(text, filter) || strcasestr(row->zone, filter) ||
	       strcasestr(row->what, filter);
}

void rows_filter(struct row_list *list, const char *filter)
{
	struct prefix prefix = {};
	size_t kept = 0;

	if (!filter[0])
		return;
	if (prefix_parse(filter, &prefix, NULL))
		prefix.family = 0;
	for (size_t i = 0; i < list->count; i++) {
		if (is_wanted(&list->row[i], filter, &prefix))
			list->row[kept++] = list->row[i];
	}
	list->count = kept;
}

static int compare(const void *a, const void *b)
{
	return by_who(a, b);
}

struct row *rows_search(const struct row_list *list, size_t count, const struct sg_flow_key *key)
{
	struct row wanted = {.key = *key};

	return count ? bsearch(&wanted, list->row, count, sizeof(wanted), compare) : NULL;
}

int rows_find(const struct row_list *list, const struct sg_flow_key *key)
{
	for (size_t i = 0; i < list->count; i++) {
		if (memcmp(&list->row[i].key, key, sizeof(*key)) == 0)
			return i;
	}
	return -1;
}
