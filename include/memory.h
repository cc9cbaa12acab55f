/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The sizes of the large tables, by the preset that a guard is loaded with (`memory`). All others
 * have one size. A guard keeps the sizes that it began with, also over an upgrade, so a size that
 * changes here is a change of the ABI. What each can hold: docs/host.md.
 */
#ifndef SIPGUARD_MEMORY_H
#define SIPGUARD_MEMORY_H

#include <linux/types.h>

#include "numbers.h"

enum sg_memory {
	SG_MEMORY_SMALL,
	SG_MEMORY_DEFAULT,
	SG_MEMORY_LARGE,
	SG_MEMORY__MAX
};

/*
 * X(field, map, rows, small, default, large): the map has `rows` times as many entries. All but
 * those of bans and connections, which are hash tables and a queue, and of the greylist are powers
 * of two: packets mask by them. No two presets have the same number of lines of proven flows, by
 * which one is known.
 */
#define SG_SIZES(X)                                                                               \
	X(proven, "sg_proven", 1, SG_PROVEN / 16, SG_PROVEN, 4 * SG_PROVEN)                       \
	X(bans, "sg_bans", 1, SG_BANS / 8, SG_BANS, 4 * SG_BANS)                                  \
	X(bans_queue, "sg_bans_queue", 1, SG_BANS / 8, SG_BANS, 4 * SG_BANS)                      \
	X(connections, "sg_connections", 1, SG_CONNECTIONS / 8, SG_CONNECTIONS,                   \
	  4 * SG_CONNECTIONS)                                                                     \
	X(source_row, "sg_src_buckets", 2, SG_SOURCE_ROW / 8, SG_SOURCE_ROW, 4 * SG_SOURCE_ROW)   \
	X(flow_row, "sg_flow_buckets", 2, SG_FLOW_ROW / 8, SG_FLOW_ROW, 4 * SG_FLOW_ROW)          \
	X(greylist, "sg_greylist", 1, SG_GREYLIST / 8, SG_GREYLIST, 2 * SG_GREYLIST)              \
	X(heads, "sg_heads", 1, SG_HEADS / 8, SG_HEADS, 4 * SG_HEADS)                             \
	X(secrets, "sg_secrets", 1, SG_SECRETS / 8, SG_SECRETS, 4 * SG_SECRETS)                   \
	X(streams, "sg_streams", 1, SG_STREAMS / 8, SG_STREAMS, 4 * SG_STREAMS)                   \
	X(sent, "sg_sent", 1, SG_STREAMS / 8, SG_STREAMS, 4 * SG_STREAMS)                         \
	X(transactions, "sg_transactions", 1, SG_TRANSACTIONS / 4, SG_TRANSACTIONS,               \
	  4 * SG_TRANSACTIONS)                                                                    \
	X(dialogs, "sg_dialogs", 1, SG_DIALOGS / 4, SG_DIALOGS, 4 * SG_DIALOGS)                   \
	X(attempts, "sg_attempts", 1, SG_ATTEMPTS / 4, SG_ATTEMPTS, 4 * SG_ATTEMPTS)              \
	X(offences, "sg_offences", 1, SG_OFFENCE_ENTRIES / 4, SG_OFFENCE_ENTRIES,                 \
	  4 * SG_OFFENCE_ENTRIES)

struct sg_sizes {
#define X(field, ...) __u32 field;
	SG_SIZES(X)
#undef X
};

#endif
