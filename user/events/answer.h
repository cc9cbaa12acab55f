/* SPDX-License-Identifier: GPL-2.0-only */
/* All that `why` tells of a source, as it was read at one moment. */
#ifndef SIPGUARD_ANSWER_H
#define SIPGUARD_ANSWER_H

#include "events/ask.h"
#include "model/proven.h"

struct answer {
	struct sg_why why;
	struct sg_config config;
	enum sg_mode mode;
	struct proven_list flows; /* of the address */
};

/*
 * Of a source or a flow, at the interface of that name; NULL: at none. 0 or -errno; freed by
 * answer_free(), whatever came of it.
 */
int answer_read(const struct session *session, const struct sg_flow_key *key, const char *dev,
		struct answer *answer, struct error *error);
void answer_free(struct answer *answer);

#endif
