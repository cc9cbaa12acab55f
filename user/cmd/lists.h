/* SPDX-License-Identifier: GPL-2.0-only */
/* What allow and deny print, of lists.c. */
#ifndef SIPGUARD_CMD_LISTS_H
#define SIPGUARD_CMD_LISTS_H

#include "cmd/command.h"
#include "guard/session.h"
#include "model/lists.h"
#include "named/store.h"

/*
 * All end the session before they print. 0 or -errno. What is listed, or what the list of that name
 * has, which is -ENOENT if there is none.
 */
int lists_show(struct session *session, enum sg_list list, const char *name, bool json,
	       struct error *error);

/* The named lists. */
int lists_names(struct session *session, enum sg_list list, bool json, struct error *error);

/*
 * Writes a file that import reads, as text or for `ipset restore`, or to standard output if it is
 * "-". It takes its place as a whole. *written: prefixes.
 */
int lists_export(struct session *session, enum sg_list list, const char *name,
		 enum source_format format, const char *path, size_t *written, struct error *error);

#endif
