/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of `fleet` are told, and how each is done. */
#ifndef SIPGUARD_SHOW_FLEET_H
#define SIPGUARD_SHOW_FLEET_H

#include "cmd/command.h"
#include "fleet/agent.h"

struct fleet_call {
	const struct options *options;
	const char *path;
	struct fleet_settings *settings;
};

/* What the agent has written of itself and others. FAILED if it is not connected. */
enum exit_code fleet_status(const struct fleet_call *call, struct error *error);

/* What the stream says is banned, by whom, and what became of it here. */
enum exit_code fleet_bans(const struct fleet_call *call, struct error *error);

/* Has all members say how long a word took to them. FAILED if nobody does. */
enum exit_code fleet_test(const struct fleet_call *call, struct error *error);

/* Tells one entry as this member, and waits until the server has it. 0 or -errno. */
int fleet_tell(struct engine *engine, const struct fleet_settings *settings,
	       const struct fleet_entry *entry, struct error *error);

#endif
