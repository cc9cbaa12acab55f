/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guard that is attached to nothing: the programs that would be attached, in maps of their own
 * that nobody else sees, run frame by frame. Enforce mode; no lists and no bans.
 */
#ifndef SIPGUARD_REPLAY_RUN_H
#define SIPGUARD_REPLAY_RUN_H

#include <stdbool.h>

#include "policy/config.h"
#include "replay/frame.h"

struct replay;

struct judgement {
	bool drop;
	bool guarded;          /* for a guarded port, or dropped all the same */
	enum sg_reason reason; /* of the drop, or the first in monitor mode that matched, or NONE */
	enum sg_class class;
	enum sg_method method;
};

/*
 * `path` is where the configuration came from, "" for nowhere. Without `limits` nothing depends on
 * what came before, but that fragments inherit what their first one got and segments continue a
 * connection: every reason that is STATEFUL (reasons.h) is off, and nobody is banned. 0 with
 * *replay for replay_close(), or -errno.
 */
int replay_open(const struct config *config, const char *path, bool limits, struct replay **replay,
		struct error *error);

/*
 * Has a frame of at least ETH_HLEN bytes judged, at the frame's time: the guard's clock stands
 * still where time goes backwards. 0, -EMSGSIZE if the kernel takes no frame as large, or another
 * -errno.
 */
int replay_judge(struct replay *replay, const struct frame *frame, struct judgement *judgement,
		 struct error *error);

/*
 * Shows a frame that the server sends, so that the guard learns from it who is proven, as it does
 * when it is attached. The first call loads the program for that. 0 also if the frame is larger
 * than the kernel takes (3.5 kB before Linux 7.2) and nothing is learned, or -errno.
 */
int replay_hear(struct replay *replay, const struct frame *frame, struct error *error);

/* What was counted for the frame that was judged or heard last; until the next one. */
const struct sg_stats *replay_counted(const struct replay *replay);

/* What a flow has proven by now: enum sg_proof, SG_PROOF_NONE for nothing. */
enum sg_proof replay_proof(const struct replay *replay, const struct sg_flow_key *key);

/* Packets whose time was a tick or more before that of another one ahead of them. */
__u64 replay_stood(const struct replay *replay);

/* NULL is allowed. */
void replay_close(struct replay *replay);

#endif
