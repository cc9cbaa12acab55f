/* SPDX-License-Identifier: GPL-2.0-only */
/* The rows of the lower part of the screen: what is in them, which are shown, in which order. */
#ifndef SIPGUARD_TOP_ROWS_H
#define SIPGUARD_TOP_ROWS_H

#include <stdbool.h>

#include "abi.h"
#include "base/prefix.h"

enum pane {
	PANE_SENDERS,
	PANE_FLOWS,
	PANE_BANS,
	PANE__MAX
};

enum order {
	ORDER_RATE,
	ORDER_PACKETS,
	ORDER_FILL,
	ORDER_LIVE,
	ORDER_LEFT,
	ORDER_WHO,
	ORDER__MAX
};

#define ROW_WHAT 96

struct row {
	struct sg_flow_key key;  /* who it is: a source, or a flow if it has a port */
	struct sg_flow_key flow; /* of a source: the only flow that was told of; port 0: several */
	struct sg_flow_key ban;  /* whose ban it is that `left` tells of; family 0: none */
	double rate;             /* packets a second, at least */
	__u64 packets;
	__u32 live;              /* connections of TCP */
	int fill;                /* %, of the fullest limit; FILL_UNKNOWN */
	const char *limit;       /* its name */
	__u64 left;              /* s, of the ban or the proof; 0: none */
	bool passes;             /* nothing of it was or would be dropped: it was only watched */
	char zone[SG_ZONE_NAME];
	char what[ROW_WHAT];     /* reasons, a cause, a proof */
};

struct row_list {
	struct row *row;
	size_t count, room;
};

/* Blank, to be filled in; NULL: no memory. */
struct row *rows_add(struct row_list *list);
void rows_free(struct row_list *list);

/* Which orders a pane has: the one behind `order`. The first of a pane: order_next(pane, MAX). */
enum order order_next(enum pane pane, enum order order);
extern const char *const order_names[ORDER__MAX];

/* The greatest first; of what is left the least, of who the lowest. Equal ones by who. */
void rows_sort(struct row_list *list, enum order order);

/*
 * Leaves those that a filter wants: if it is an address or a prefix, who is in it; else who has
 * that text in his address, zone, or what he is there for, in capital letters or small ones. "":
 * all.
 */
void rows_filter(struct row_list *list, const char *filter);

/* Who it is, as `why` and `ban` take it: PREFIX_TEXT bytes. */
void row_who(const struct row *row, char *text);

/* Of the first `count` rows, in the order WHO, the one of this key; NULL: none. */
struct row *rows_search(const struct row_list *list, size_t count, const struct sg_flow_key *key);

/* Its place, or -1. */
int rows_find(const struct row_list *list, const struct sg_flow_key *key);

#endif
