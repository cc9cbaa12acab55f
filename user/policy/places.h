/* SPDX-License-Identifier: GPL-2.0-only */
/* Where zones are: at which interfaces, on which VLANs, and which of them a packet may be of. */
#ifndef SIPGUARD_PLACES_H
#define SIPGUARD_PLACES_H

#include <stdbool.h>

#include "policy/config.h"
#include "policy/config_reader.h"

/* Reads `interfaces` and `vlans` of the zone that is entry `i` of the list. 0 or -errno. */
int places_read(struct reader *r, __u32 i);

/* Whether the zone names an interface or a VLAN. */
bool places_names_any(const struct sg_zone *zone);

/*
 * Whether two zones are at one place and neither names it more closely, so that one source cannot
 * be in both. Where one does, with an interface and a VLAN before one of the two, before none, it
 * comes first.
 */
bool places_collide(const struct sg_zone *one, const struct sg_zone *other);

/*
 * When all zones are there: which of them is where, and the entries of the trie. 0 or -errno with
 * the error at a zone.
 */
int places_settle(struct reader *r);

#endif
