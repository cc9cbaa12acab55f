/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table of settings: every key of the configuration file, by what it is known, checked, read
 * into the configuration, taken over by zones, and shown. The rows follow from the lists in
 * include/ (settings.h, words.h, reasons.h, sip/rules.h).
 */
#ifndef SIPGUARD_SETTING_H
#define SIPGUARD_SETTING_H

#include <stdbool.h>
#include <stddef.h>

#include "abi.h"

enum setting_type {
	SETTING_NUMBER,
	SETTING_SECONDS,
	SETTING_RATE,     /* of a struct sg_limit; */
	SETTING_BURST,    /* the row behind it, by which the limit is complete */
	SETTING_FLAG,     /* 0 or 1, said as words[] */
	SETTING_WORD,     /* a number, said as words[] */
	SETTING_PORTS,    /* a list of ports */
	SETTING_ONLY,     /* a list of words, of which the set is; */
	SETTING_NOT,      /* the row behind it: words that it is without */
	SETTING_NAME,     /* of a zone or a profile */
	SETTING_PROFILE,  /* the name of a profile */
	SETTING_PREFIXES, /* of a zone, a list; */
	SETTING_FILE,     /* and a file with more of them; */
	SETTING_INTERFACES, /* where it is, */
	SETTING_VLANS,    /* the same */
	SETTING_DOMAINS,  /* a list */
	SETTING_USERS,    /* of an entry of callees, a list */
	SETTING_DIALLED,  /* a list of prefixes of numbers; */
	SETTING_EXITS,    /* and of what stands for their + */
	SETTING_FIELDS,   /* a list of names of header fields */
	SETTING_PROFILES, /* a list of mappings, whose keys are those of profiles; */
	SETTING_ZONES,    /* those of zones; */
	SETTING_CALLEES,  /* of users with a limit of their own */
};

enum setting_scope {
	SCOPE_GUARD,   /* once, in struct sg_config */
	SCOPE_PROFILE, /* in struct sg_profile, of which each zone has its own */
	SCOPE_NAMED,   /* of each zone but 0, and of profiles that have a name: it lands nowhere */
	SCOPE_ZONE,    /* of each zone but 0, in struct sg_limit: its total */
	SCOPE_CALLEE,  /* of an entry of `callees`: it lands nowhere */
};

/* Where in the file a key stands. */
enum setting_place {
	PLACE_TOP,     /* those of all, and of zone 0 */
	PLACE_PROFILE, /* an entry of `profiles` */
	PLACE_ZONE,    /* an entry of `zones` */
	PLACE_CALLEE,  /* an entry of `callees` */
};

struct setting {
	const char *key;     /* the path in the file, or in the zone: "connections/live" */
	const char *status;  /* the path in the JSON of status, or in its zone; NULL: not shown */
	const char *help;    /* a line that follows the value, without a stop */
	/* "a NOUN of 5 is out of range; RANGE 10 to 20 UNIT": noun and unit may be NULL. */
	const char *noun, *range, *unit;
	const char *refused; /* why this is not to be given at all; NULL: it may be */
	/* Of FLAG and WORD by number, of ONLY and NOT by bit; to a NULL, "" is none that it has. */
	const char *const *words;
	enum setting_type type;
	enum setting_scope scope;
	__u32 least, most;
	__u32 standard;      /* the default; of PORTS the one port */
	__u32 bit;           /* of PORTS, enum sg_port_role */
	__u32 offset;        /* where it lands */
	__u32 width;         /* 1 or 4 bytes; 0: it lands nowhere, code reads it */
	/*
	 * What a zone has that does not give its own: `times` as much as at `from` in its struct
	 * sg_profile, at most `most`; 0: what zone 0 has.
	 */
	__u32 times, from;
};

/*
 * In the order in which they are read: what a zone takes from another of its limits comes after
 * that. No key goes on where another one ends: a path is a row, or a mapping.
 */
extern const struct setting settings[];
extern const size_t settings_count;

#define SETTING_PATH 96 /* room for any path in the file: "zones/" NUMBER "/" key */

/* Whether the key may stand there. */
bool setting_is_of(const struct setting *setting, enum setting_place place);

/* The row of a path; NULL if there is none. */
const struct setting *setting_find(const char *path, enum setting_place place);

/* Of ONLY and NOT: the bits that have a word. */
__u32 setting_words(const struct setting *setting);

/* Room for a set in words: "all", "only A, B", "all but C". */
#define SETTING_SET_TEXT 160
char *setting_set_text(const struct setting *setting, __u32 set, char *text);

/*
 * What follows `path` in a key below it, NULL if the key is not below it: "live" for "connections"
 * and "connections/live"; all of the key for "".
 */
const char *setting_below(const struct setting *setting, const char *path);

/* The value in a configuration. The width is not 0, the zone has it. */
__u32 setting_get(const struct setting *setting, const struct sg_config *config, __u32 zone);
void setting_set(const struct setting *setting, struct sg_config *config, __u32 zone, __u32 value);

/* Of a FLAG or a WORD: how a value is said; "?" if it is none that it can have. */
const char *setting_word(const struct setting *setting, __u32 value);

/* Of a SETTING_BURST: the limit that it completes. */
struct sg_limit *setting_limit(const struct setting *setting, struct sg_config *config,
			       __u32 zone);

#endif
