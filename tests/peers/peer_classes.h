/* SPDX-License-Identifier: GPL-2.0-only */
/* The classes of disagreement between the guard's reader and two SIP libraries. */
#ifndef SIPGUARD_PEER_CLASSES_H
#define SIPGUARD_PEER_CLASSES_H

#include "corpus.h"
#include "culprit.h"
#include "peer_table.h"
#include "peers.h"
#include "plain.h"
#include "sip/reader.h"

enum peer {
	SOFIA = 1,
	OSIP = 2,
	BOTH = SOFIA | OSIP,
};

/* One value of one message that one library sees otherwise. */
struct difference {
	const struct corpus_message *message;
	const struct sip_message *native;
	const struct plain *plain;
	const struct peer_view *ours, *theirs;
	enum peer peer;
	enum peer_field field;
	struct peer_value a, b; /* ours, theirs */
	struct culprit culprit; /* if the library alone refuses the message */
};

enum right {
	GUARD,
	LIBRARY,
	UNSETTLED,
};

struct peer_class {
	const char *name;
	enum peer peers; /* each of them has to show it somewhere */
	bool (*holds)(const struct difference *d);
	enum right right;
	const char *why;
};

/* In order: the first that holds is the class of a difference. Ends with a NULL name. */
extern const struct peer_class peer_classes[];

#define X(name, ...) bool name(const struct difference *d);
PEER_CLASSES(X)
#undef X

/* The header field that a value comes from; no name: the start line, or the body. */
struct source {
	const char *name, *compact;
	bool list;
};

extern const struct source sources[PEER_FIELDS];

/* The n-th of the fields that d->field comes from, or NULL. */
const struct plain_field *source(const struct difference *d, size_t n);

bool is_one_of(const struct difference *d, enum peer_field first, enum peer_field last);
bool is_header(const struct difference *d);
bool is_uri(const struct difference *d);
bool has_faults(const struct difference *d, uint64_t faults);

extern const char *const peer_field_labels[PEER_FIELDS];

void native_view(struct peer_view *view, struct sip_message *native,
		 const struct corpus_message *message);

#endif
