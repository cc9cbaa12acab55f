/* SPDX-License-Identifier: GPL-2.0-only */
/* Which part of a message a library refuses it for: found by mending one part after the other. */
#ifndef SIPGUARD_CULPRIT_H
#define SIPGUARD_CULPRIT_H

#include "peers.h"
#include "plain.h"

enum culprit_kind {
	CULPRIT_SEVERAL, /* no one part: mending any single one is not enough */
	CULPRIT_LAYOUT,  /* folds, line ends, blanks before colons, the blank line */
	CULPRIT_START,   /* the start line */
	CULPRIT_BODY,    /* or that it does not fit Content-Length */
	CULPRIT_FIELD,
	CULPRIT_ADDRESSES, /* From, To and Via, more than one of them */
};

struct culprit {
	enum culprit_kind kind;
	const struct plain_field *field; /* of CULPRIT_FIELD */
};

typedef void (*view_maker)(struct peer_view *view, const void *bytes, size_t length);

struct culprit culprit_find(const struct plain *plain, view_maker view, bool response);

#endif
