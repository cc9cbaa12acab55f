/* SPDX-License-Identifier: GPL-2.0-only */
/* What gives each reason, and what nearly does: see triggers.c. */
#ifndef SIPGUARD_TESTS_TRIGGER_H
#define SIPGUARD_TESTS_TRIGGER_H

#include "dialogue/dialogue.h"

struct trigger {
	void (*setup)(void);
	struct packet_spec packet;
	struct packet_spec near;       /* the same setup, but nothing matches */
	struct expectation near_does;
	enum outcome off;              /* what the packet does while the reason is off */
	enum sg_class class;
	enum sg_method method;
};

/* By enum sg_reason. */
extern const struct trigger triggers[SG_REASON__MAX];

#endif
