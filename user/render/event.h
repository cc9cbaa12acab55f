/* SPDX-License-Identifier: GPL-2.0-only */
/* Events, a line each, for people and for programs. */
#ifndef SIPGUARD_RENDER_EVENT_H
#define SIPGUARD_RENDER_EVENT_H

#include <time.h>

#include <jansson.h>

#include "events/changes.h"
#include "events/follow.h"

#define EVENT_TIME 40
#define EVENT_SUMMARY 96
#define EVENT_LINE 512

/* "passed", "would drop", "dropped", "watched". */
extern const char *const outcome_texts[SG_OUTCOME__MAX];

/* When it was, by this host's clock: events tell by CLOCK_MONOTONIC. */
struct timespec event_time(const struct sg_event *event);

/* "2026-11-29T21:00:00.123456Z": at most EVENT_TIME bytes; returns `text`. */
char *event_format_time(const struct timespec *time, char *text);

/*
 * What became of it and why, at most EVENT_SUMMARY bytes: "dropped: limit-options". Returns `text`.
 */
char *event_summary(const struct sg_event *event, char *text);

/* What it is in a line without the time, for people: at most EVENT_LINE bytes. Returns `text`. */
char *event_line(const struct follow *follow, const struct sg_event *event, char *text);
char *change_line(const struct change *change, char *text);

/* "192.0.2.1:5060", or without a port where there is none: PREFIX_TEXT bytes. */
void event_source(const struct sg_event *event, char *text);
/* "udp" or "tcp"; "" if it is not known. */
const char *event_transport(const struct sg_event *event);
/* "dropped", "banned". */
const char *event_outcome(const struct sg_event *event);

void event_text(const struct follow *follow, const struct sg_event *event);
json_t *event_json(const struct follow *follow, const struct sg_event *event);

void change_text(const struct change *change);
json_t *change_json(const struct change *change);

#endif
