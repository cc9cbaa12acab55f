/* SPDX-License-Identifier: GPL-2.0-only */
/* Events in the journal of systemd, with fields of their own: SIPGUARD_REASON= and so on. */
#ifndef SIPGUARD_RENDER_JOURNAL_H
#define SIPGUARD_RENDER_JOURNAL_H

#include <stdbool.h>

#include "render/event.h"

/* Whether there is one: what is sent to none is lost, and no error. */
bool journal_is_there(void);

void journal_event(const struct follow *follow, const struct sg_event *event);
void journal_change(const struct change *change);
void journal_left_out(__u64 limited, __u64 lost);

/* Anything else that matters: `kind` is SIPGUARD_EVENT=, `fields` are NAME=value, then NULL. */
void journal_note(const char *kind, const char *message, const char *const *fields);

#endif
