/* SPDX-License-Identifier: GPL-2.0-only */
/* What the phone and the server send in dialogs, of which the guard knows some. */
#ifndef SIPGUARD_RUN_DIALOGS_H
#define SIPGUARD_RUN_DIALOGS_H

#include "dialogue/dialogue.h"

#define HOUR (3600 * SECOND)

/* All that is unknown is dropped, so what passes is known. */
static inline void begin(void)
{
	take_time();
	limits_forget();
	listens();
	mode_set(SG_REASON_DIALOG_UNKNOWN, SG_MODE_ENFORCE);
	mode_set(SG_REASON_TRANSACTION_UNKNOWN, SG_MODE_ENFORCE);
	mode_set(SG_REASON_LIMIT_DIALOG, SG_MODE_OFF);
}

static inline bool may_send(const char *payload)
{
	return !packet_dropped(&(struct packet_spec){.source = PHONE, .payload = payload});
}

/* With the branch of the message before. */
static inline bool may_go_on(const char *payload)
{
	return !packet_dropped(&(struct packet_spec){
		.source = PHONE, .payload = payload, .again = true});
}

/* Our server asks the phone. */
static inline void server_asks(const char *payload)
{
	assert_false(reply_dropped(&(struct packet_spec){
		.destination = PHONE, .dport = PORT, .payload = payload}));
}

/* As any message of the server does, so that the guard is not deaf for all the time. */
static inline void time_goes_by(__u64 time)
{
	const __u64 step = 500 * SECOND;

	for (; time > step; time -= step) {
		clock_move(step);
		answers(CALL_REPLY("401 Unauthorized", "REGISTER", "other", TAGGED), PORT);
	}
	clock_move(time);
	answers(CALL_REPLY("401 Unauthorized", "REGISTER", "other", TAGGED), PORT);
}

#endif
