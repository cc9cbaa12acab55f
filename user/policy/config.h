/* SPDX-License-Identifier: GPL-2.0-only */
/* The configuration file (YAML) and what it means for the kernel. */
#ifndef SIPGUARD_CONFIG_H
#define SIPGUARD_CONFIG_H

#include <stdbool.h>
#include <stddef.h>

#include "abi.h"
#include "base/error.h"

/* A prefix of a zone; IPv4 is held as ::ffff:0:0/96. */
struct zone_prefix {
	struct sg_prefix6 prefix;
	__u32 zone; /* 1 to SG_ZONES - 1 */
	__u32 line; /* of the zone's file; 0: it is in the configuration, */
	__u32 entry; /* by this number of `prefixes`, from 0 */
};

/*
 * The zones that are shared by a fleet: its agent writes these files. One that is not there has not
 * been published yet, and is as good as one without prefixes; any other file has to be there.
 */
#define CONFIG_FLEET_ZONES "/var/lib/sipguard/fleet/zone/"

#define ZONE_FILE_PATH 256      /* bytes of its path, with the NUL */
#define ZONE_FILE_SIZE (4 << 20) /* largest file, in bytes: all prefixes that there may be */

/* Where a zone has more prefixes from. */
struct zone_file {
	char path[ZONE_FILE_PATH]; /* "": from nowhere */
	bool absent;               /* it is one of a fleet, and not there */
};

/* Of the trie of the zones. Of two with one key the second is in force. */
struct zone_entry {
	struct sg_zone_prefix key;
	__u32 value;
};

/* One that the server serves. */
struct served_domain {
	__u32 list;    /* that it is in, see sg_profile.domains */
	__u32 dots;    /* that it has, if it stands for the names below it; else 0 */
	char text[SG_DOMAIN_TEXT]; /* in lower case */
};

#define CONFIG_PROFILES 32 /* that a file may have, beside those that are shipped */

struct config {
	struct sg_config kernel; /* ready to be written to one of sg_configs */
	struct zone_prefix *prefixes;
	size_t prefix_count;
	struct zone_file file[SG_ZONES]; /* by zone */
	struct zone_entry *entries; /* what follows from them */
	size_t entry_count;
	struct served_domain *domains; /* in the order of the file */
	size_t domain_count;
	struct sg_own_callee *callees; /* in the order of the file, never charged */
	size_t callee_count;
	/* Of the file's profiles, in their order; for doubts. */
	struct {
		char name[SG_ZONE_NAME];
		bool used;
	} profile[CONFIG_PROFILES];
	size_t profile_count;
};

/* The defaults of include/words.h and include/reasons.h, UDP 5060, TCP 5060, TLS 5061. 0/-ENOMEM */
int config_default(struct config **config);

/*
 * Reads `path`; what it does not say is the default. `tick` is the step of the guard's clock in ns
 * (0: any): a burst of less than what the rate gives in one tick, and one more, is refused. 0 with
 * *config for config_free(), or -errno with *error filled in and *config untouched.
 */
int config_load(const char *path, __u64 tick, struct config **config, struct error *error);

/*
 * What is allowed and can hardly be meant: limits of a zone of which one never decides, a profile
 * that nobody has. Goes on from *next, 0 at first; true with a sentence in `text`, false if there
 * is nothing more.
 */
bool config_doubt(const struct config *config, size_t *next, char *text, size_t size);

/*
 * Whether the file of a zone is one of the fleet's that is not there yet, as a sentence of at most
 * 512 bytes without its stop.
 */
bool config_lacks_zone(const struct config *config, __u32 zone, char *text, size_t size);

/* The exit codes that are in force where the file says nothing. */
void dialled_default(struct sg_config *kernel);

/* Room for a prefix as the file has it: "+4490", "0900"; `text` again. */
#define DIALLED_TEXT (SG_DIALLED_MOST + 2)
char *dialled_text(const struct sg_dialled *dialled, char *text);

/* NULL is allowed. */
void config_free(struct config *config);

#endif
