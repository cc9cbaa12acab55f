/* SPDX-License-Identifier: GPL-2.0-only */
/* What the readers of the file share: config.c, by the table of settings, and zones.c. */
#ifndef SIPGUARD_CONFIG_READER_H
#define SIPGUARD_CONFIG_READER_H

#include <linux/types.h>

#include "policy/document.h"

struct config;

struct reader {
	struct document document; /* checked */
	struct config *config;
	__u64 tick;               /* ns */
};

/*
 * Reads the settings of the whole (zone 0), or of a zone, which is a copy of zone 0 before. 0 or
 * -errno.
 */
int settings_read(struct reader *r, __u32 zone);

/* After the settings of the whole. 0 or -errno. */
int zones_read(struct reader *r);

#endif
