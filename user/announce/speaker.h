/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Telling a BGP speaker what to announce. Whoever calls says what is wanted; the speaker is told,
 * told again when it has not heard, and from time to time anyway, since one that was started anew
 * knows nothing, and to hear a rule twice changes nothing.
 *
 * It may be down, hang, or not understand: nothing here waits for it longer than it is allowed to,
 * and what is the matter is said once.
 */
#ifndef SIPGUARD_ANNOUNCE_SPEAKER_H
#define SIPGUARD_ANNOUNCE_SPEAKER_H

#include "announce/rule.h"
#include "announce/settings.h"

#define SPEAKER_RULES 512

struct speaker;

/* NULL with an error. `rules` may be told at the same time. Freed by speaker_free(). */
struct speaker *speaker_begin(const struct upstream *settings, struct error *error);

/*
 * Whether it could be told something now, as far as that can be seen without telling it: 0, or
 * -errno with what is the matter. Of GoBGP, which is asked by a command of its own, nothing is
 * seen.
 */
int speaker_look(const struct upstream *settings, struct error *error);

/*
 * From now on; in place of a rule that matches the same and does something else. 0, or -ENOSPC,
 * which one that lets customers through meets first.
 */
int speaker_announce(struct speaker *speaker, const struct rule *rule);

/* It may be that the speaker never heard of it, as of one that is left from before. */
int speaker_withdraw(struct speaker *speaker, const struct rule *rule);

/*
 * Tells what is not told yet, for about `milliseconds` at most. Whether all is told. To be called
 * again and again.
 */
bool speaker_turn(struct speaker *speaker, int milliseconds);

/* Whether it is to be announced. */
bool speaker_wants(const struct speaker *speaker, const struct rule *rule);

/* How often what speaker_left() says has changed. */
__u64 speaker_changes(const struct speaker *speaker);

/* Those that are announced, or not withdrawn yet: up to `room`; how many there are. */
size_t speaker_left(const struct speaker *speaker, struct rule *rules, size_t room);

void speaker_free(struct speaker *speaker);

/* --- what each kind of speaker has --- */

struct order {
	struct rule rule;
	bool announce;
};

/* `of` is what begin() gave. */
struct speaker_kind_of {
	const char *name;
	void *(*begin)(const struct upstream *settings, struct error *error);
	/* Whether it could be told; NULL: that is not seen. 0, or -errno with an error. */
	int (*look)(void *of, struct error *error);
	/* Begins to tell. 0; or -errno with an error: it could not. */
	int (*tell)(void *of, const struct order *order, struct error *error);
	/* Waits so long for what was told: 0 it was taken, -EAGAIN: not known yet, or -errno. */
	int (*heard)(void *of, int milliseconds, struct error *error);
	/* Whether it is another one than before, which knows nothing. */
	bool (*is_new)(void *of);
	void (*end)(void *of);
};

extern const struct speaker_kind_of exabgp, gobgp;

#endif
