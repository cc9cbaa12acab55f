/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the readers of the file share: config.c, by the table of settings, zones.c and profiles.c.
 *
 * What a zone has is put on in layers: that of zone 0, then its profile, then its own keys; each
 * changes only what it gives.
 */
#ifndef SIPGUARD_CONFIG_READER_H
#define SIPGUARD_CONFIG_READER_H

#include <stdbool.h>
#include <linux/types.h>

#include "policy/document.h"
#include "policy/setting.h"

struct config;

struct reader {
	struct document document; /* checked */
	struct document shipped;  /* the profiles that come with the command */
	struct config *config;
	__u64 tick;               /* ns */
};

/* A mapping of settings. */
struct layer {
	const struct document *document;
	enum setting_place place;
	char path[SETTING_PATH]; /* of the mapping: "zones/2"; "" for the top */
};

/* Names stand in tables, JSON and shell commands: letters, digits and a few more, under 32. */
bool name_is_valid(const char *name);

/* Puts the settings of the layer upon what the zone has. 0 or -errno. */
int settings_read(struct reader *r, const struct layer *layer, __u32 zone);

/*
 * Puts the profile upon what the zone has that the layer's key `profile` names, if it is there. 0
 * or -errno.
 */
int profile_apply(struct reader *r, const struct layer *layer, __u32 zone);

/* The profiles that come with the command, as a document. 0 or -errno. */
int profiles_shipped(struct document *document, struct error *error);

/* Reads the profiles of the file for their mistakes. 0 or -errno. */
int profiles_read(struct reader *r);

/* Reads all lists of domains of the file, before any setting. 0 or -errno. */
int domains_read(struct reader *r);

/* Puts the layer's list of domains, if it has one, in place of what the profile has. */
void domains_apply(const struct reader *r, const struct layer *layer, struct sg_profile *profile);

/* Reads the users who have a limit of their own. 0 or -errno. */
int callees_read(struct reader *r);

/* The number at a node, if it is within the range of its row. 0 or -errno. */
int number_value(const struct layer *layer, const yaml_node_t *node, const struct setting *s,
		 __u32 *value);

/* The smallest burst that holds a rate of so many in `window` seconds; `tick` in ns. */
__u64 limit_burst_min(__u64 rate, __u64 window, __u64 tick);
/* Reads the dialled prefixes and exit codes of the file. 0 or -errno. */
int dialled_read(struct reader *r);

/* Reads the header fields that are masked. 0 or -errno. */
int topology_read(struct reader *r);

/* After the settings of the whole and the profiles. 0 or -errno. */
int zones_read(struct reader *r);

/*
 * The prefixes of zones. Makes room for those of all; reads those of the zone that is entry `i` of
 * the list, and its file's, and sets whether it has any; looks, at the end, for one that is in two
 * zones. 0 or -errno with the error at the zone.
 */
int prefixes_begin(struct reader *r);
int prefixes_read(struct reader *r, __u32 i);
int prefixes_check(struct reader *r);

#endif
