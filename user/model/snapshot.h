/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the guard is and does at one moment, read from the kernel once. Whoever shows it, as text,
 * as JSON or in any other form, prints what is here, and needs neither lock nor map by then.
 */
#ifndef SIPGUARD_SNAPSHOT_H
#define SIPGUARD_SNAPSHOT_H

#include <limits.h>

#include "guard/session.h"
#include "model/counters.h"
#include "model/interfaces.h"
#include "model/served.h"

enum number_kind {
	NUMBER_COUNT,
	NUMBER_FLAG,  /* 0 or 1 */
	NUMBER_AGO,   /* seconds that have gone by */
	NUMBER_BYTES,
};

/*
 * The numbers of the guard as a whole. A new one is a row here, and is read in snapshot.c:
 * whatever prints numbers goes through the table. X(NAME, group, key, KIND, title)
 *
 * JSON has `key` in the object `group`, or at the top if that is "". The text has a line for each
 * that has a title, which is at most 16 characters long; NULL: a sentence of its own tells it.
 */
#define SNAPSHOT_NUMBERS(X)                                                                       \
	X(LISTS_ALLOW, "lists", "allow", COUNT, NULL)                                             \
	X(LISTS_DENY, "lists", "deny", COUNT, NULL)                                               \
	X(BANS_SOURCES, "bans", "sources", COUNT, NULL)                                           \
	X(BANS_FLOWS, "bans", "flows", COUNT, NULL)                                               \
	X(FLOWS_PROVEN, "flows", "proven", COUNT, NULL)                                           \
	X(FLOWS_CONTACT, "flows", "contact", COUNT, NULL)                                         \
	X(FLOWS_GREYLIST, "flows", "greylist", COUNT, NULL)                                       \
	X(FLOWS_MOST, "flows", "most", COUNT, NULL)                                               \
	X(GREYLIST_ARMED, "flows", "greylist_armed", FLAG, NULL)                                  \
	X(GREYLIST_SECONDS, "flows", "greylist_seconds_left", COUNT, NULL)                        \
	/* How often a stranger's request has to come over UDP: 1, armed 2, in a rush 3. */       \
	X(GREYLIST_TRIES, "flows", "greylist_tries", COUNT, NULL)                                 \
	X(OVERLOAD_LEVEL, "overload", "level", COUNT, NULL)                                       \
	X(OVERLOAD_SINCE, "overload", "since_seconds", COUNT, NULL)                               \
	X(OVERLOAD_LEFT, "overload", "seconds_left", COUNT, NULL)                                 \
	X(OVERLOAD_REFUSES, "overload", "by_503", FLAG, NULL)                                     \
	X(OVERLOAD_SILENT, "overload", "by_silence", FLAG, NULL)                                  \
	X(LOADED_SECONDS, "", "loaded_seconds", AGO, "program loaded")                            \
	X(MEMORY_BYTES, "memory", "bytes", BYTES, "memory of maps")                               \
	X(CONNECTIONS_COUNTED, "connections", "counted", FLAG, NULL)                              \
	X(CONNECTIONS_SOURCES, "connections", "sources", COUNT, NULL)                             \
	X(CONNECTIONS_LIVE, "connections", "live", COUNT, NULL)                                   \
	X(DIALOGS_HEARD, "dialogs", "heard_seconds", COUNT, NULL)                                 \
	X(DIALOGS_LEARNED, "dialogs", "learned", FLAG, NULL)                                      \
	X(TRIAL_SECONDS, "trial", "seconds_left", COUNT, NULL)                                    \
	X(TRIAL_DETACHES, "trial", "detaches", FLAG, NULL)

enum number {
#define X(name, group, key, kind, title) NUMBER_##name,
	SNAPSHOT_NUMBERS(X)
#undef X
	NUMBER__MAX
};

struct number_text {
	const char *group;
	const char *key;
	enum number_kind kind;
	const char *title;
};

extern const struct number_text number_texts[NUMBER__MAX];

#define SNAPSHOT_NOTICES 16
#define SNAPSHOT_NOTICE 320

struct snapshot {
	bool attached;               /* to an interface that exists */
	enum sg_mode mode;
	struct sg_config config;     /* in force */
	struct served_list served;   /* its domains and callees */
	char config_path[PATH_MAX];  /* of its file; "" for the built-in defaults */
	bool shadowed;               /* a shadow is running, whose file is: */
	char shadow_path[PATH_MAX];
	struct counters counters;
	struct interfaces interfaces;
	__u64 memory[MAP__MAX];      /* bytes */
	__u64 number[NUMBER__MAX];
	/* What is wrong with the whole, a sentence each; what is with an interface stands there. */
	char notice[SNAPSHOT_NOTICES][SNAPSHOT_NOTICE];
	size_t notices;
};

/*
 * Whether a configuration asks for other tables than the guard was loaded with: a sentence in
 * `text`, without a stop.
 */
bool memory_doubt(const struct maps *maps, const struct sg_config *config, char *text,
		  size_t size);

/* NULL with an error. Freed by snapshot_free(). */
struct snapshot *snapshot_read(const struct session *session, struct error *error);
void snapshot_free(struct snapshot *snapshot);

#endif
