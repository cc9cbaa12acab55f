// SPDX-License-Identifier: GPL-2.0-only
#include "peer_classes.h"

const struct source sources[PEER_FIELDS] = {
#define X(id, name, compact, list) [PEER_##id] = {name, compact, list},
	PEER_HEADERS(X)
#undef X
	[PEER_TRANSPORT] = {"via", "v", 0},
	[PEER_VIA_HOST] = {"via", "v", 0},
	[PEER_BRANCH] = {"via", "v", 0},
	[PEER_FROM_USER] = {"from", "f", 0},
	[PEER_FROM_HOST] = {"from", "f", 0},
	[PEER_FROM_TAG] = {"from", "f", 0},
	[PEER_TO_USER] = {"to", "t", 0},
	[PEER_TO_HOST] = {"to", "t", 0},
	[PEER_TO_TAG] = {"to", "t", 0},
	[PEER_CALL_ID_VALUE] = {"call-id", "i", 0},
	[PEER_CSEQ_NUMBER] = {"cseq", NULL, 0},
	[PEER_CSEQ_METHOD] = {"cseq", NULL, 0},
	[PEER_HOPS] = {"max-forwards", NULL, 0},
	[PEER_LENGTH] = {"content-length", "l", 0},
	[PEER_EXPIRES_VALUE] = {"expires", NULL, 0},
};

/* The n-th of them, or NULL. */
const struct plain_field *source(const struct difference *d, size_t n)
{
	if (!sources[d->field].name)
		return NULL;
	return plain_find(d->plain, sources[d->field].name, sources[d->field].compact, n);
}

bool is_one_of(const struct difference *d, enum peer_field first, enum peer_field last)
{
	return d->field >= first && d->field <= last;
}

bool is_header(const struct difference *d)
{
	return d->field >= PEER_HEADER_FIRST && d->field < PEER_VERDICT;
}

bool is_uri(const struct difference *d)
{
	return d->field == PEER_URI_USER || d->field == PEER_URI_HOST ||
	       d->field == PEER_FROM_USER || d->field == PEER_FROM_HOST ||
	       d->field == PEER_TO_USER || d->field == PEER_TO_HOST;
}

bool has_faults(const struct difference *d, uint64_t faults)
{
	return d->native->faults & faults;
}

const struct peer_class peer_classes[] = {
#define X(name, peers, right, why) {#name, peers, name, right, why},
	PEER_CLASSES(X)
#undef X
	{},
};
