/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Packets that the guard tells of, to a collector: each message as the SIP that it is, and why it
 * was dropped, would be, or is watched, as a log (JSON as `events --json` prints it) that has the
 * same Call-ID for its correlation, so that Homer shows both in one call.
 */
#ifndef SIPGUARD_HEP_EXPORT_H
#define SIPGUARD_HEP_EXPORT_H

#include "events/follow.h"
#include "hep/collector.h"
#include "hep/packet.h"

/* The correlation of what has no Call-ID: collectors keep no log without one. */
#define EXPORT_CORRELATION "sipguard"

/* Reads the key from the first line of a file. 0 or -errno. */
int export_read_key(const char *path, struct hep_agent *agent, struct error *error);

void export_event(struct collector *collector, const struct hep_agent *agent,
		  const struct follow *follow, const struct sg_event *event);

#endif
