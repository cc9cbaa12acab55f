/* SPDX-License-Identifier: GPL-2.0-only */
/* What is served, as it was at one moment. */
#ifndef SIPGUARD_DOCUMENT_H
#define SIPGUARD_DOCUMENT_H

#include "base/text.h"
#include "watch/view.h"

/* Of bans and of sources with connections the page gets no more than these, and how many more. */
#define DOCUMENT_BANS 200
#define DOCUMENT_SOURCES 20

struct documents {
	struct text metrics; /* of Prometheus */
	char *status;        /* JSON: what status, stats, bans and connections print */
	size_t status_length;
	__u64 taken;         /* ns of CLOCK_MONOTONIC */
};

/* NULL if there is no memory. Freed by documents_free(). */
struct documents *documents_make(const struct view *view, const struct self *self);
void documents_free(struct documents *documents);

/* Such documents are too old to be shown: a second or more. */
bool documents_are_old(const struct documents *documents);

#endif
