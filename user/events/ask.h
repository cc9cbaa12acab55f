/* SPDX-License-Identifier: GPL-2.0-only */
/* What the guard knows of a source and one of its flows, as its own functions find it. */
#ifndef SIPGUARD_ASK_H
#define SIPGUARD_ASK_H

#include "abi.h"
#include "base/error.h"
#include "guard/session.h"

struct asker;

/*
 * For who asks often: loads the program that looks, once. NULL with an error. The session may end
 * meanwhile; what is asked is the guard that it was of. Freed by ask_end().
 */
struct asker *ask_begin(const struct session *session, struct error *error);
void ask_end(struct asker *asker);

/* Whether it asks the guard of that session: after a detach and an attach it is another one. */
bool ask_is_of(const struct asker *asker, const struct session *session);

/* As ask_why(), some us: 0 or -errno, unsaid. */
int ask_again(struct asker *asker, const struct sg_flow_key *flow, __u32 slot,
	      struct sg_why *why);

/*
 * Of a flow, or of a source if its port is 0; at the interface in a place, SG_INTERFACES for none.
 * 0 or -errno.
 */
int ask_why(const struct session *session, const struct sg_flow_key *flow, __u32 slot,
	    struct sg_why *why, struct error *error);

/* The limit that holds for a flow, as the packets have it. */
const struct sg_limit *why_flow_limit(const struct sg_why *why, const struct sg_config *config,
				      enum sg_limit_id id);

/* What was spent of a limit: messages, 0 to its burst. */
__u32 why_spent(__u64 tat, __u64 now, const struct sg_limit *limit);

/*
 * The one thing that lifts a reason of lately for who has it, as a command or as a setting, at most
 * `size` bytes. Returns `text`.
 */
char *why_lift(const struct sg_why *why, const struct sg_config *config,
	       const struct sg_lately_reason *lately, char *text, size_t size);

#endif
