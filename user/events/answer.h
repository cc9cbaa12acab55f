/* SPDX-License-Identifier: GPL-2.0-only */
/* All that `why` tells of a source, as it was read at one moment. */
#ifndef SIPGUARD_ANSWER_H
#define SIPGUARD_ANSWER_H

#include "events/ask.h"
#include "model/bans.h"
#include "model/proven.h"
#include "named/store.h"

struct answer {
	struct sg_why why;
	/*
	 * Of a source in no zone: what is noted of its proven flows, apart from what is noted of
	 * the others, and one of these flows, for what lifts that. If it is asked for as a whole.
	 */
	struct sg_lately proven;
	struct sg_why proven_why;
	/* Why it is on a list: the prefix, and the named list that it is of; "" for by hand. */
	struct prefix listed;
	char list[NAMED_NAME];
	char origin[NAMED_ORIGIN]; /* the file that the list came from; "" for none */
	struct sg_config config;
	char path[PATH_MAX];      /* of its file; "" for the built-in defaults */
	enum sg_mode mode;
	struct proven_list flows; /* of the address */
	struct ban_list bans;     /* of flows of the address, if it is asked for as a whole */
};

/*
 * Of a source or a flow, at the interface of that name; NULL: at none. 0 or -errno; freed by
 * answer_free(), whatever came of it.
 */
int answer_read(const struct session *session, const struct sg_flow_key *key, const char *dev,
		struct answer *answer, struct error *error);
void answer_free(struct answer *answer);

#endif
