/* SPDX-License-Identifier: GPL-2.0-only */
/* A subcommand, what it may be told, and how it ends. */
#ifndef SIPGUARD_COMMAND_H
#define SIPGUARD_COMMAND_H

#include <stdbool.h>

#include "abi.h"
#include "base/error.h"
#include "base/prefix.h"
#include "guard/links.h"

enum exit_code {
	DONE = 0,
	FAILED = 1,
	USAGE = 2,
	NOT_ATTACHED = 3,
};

struct options {
	__u64 given;            /* bits of enum option_bit: what was given */
	bool json;
	bool verbose;
	bool help;
	bool enforce;
	bool monitor;           /* a new guard begins so, whatever the file says: of restore */
	bool all;
	bool raw;
	bool limits;
	bool quiet;
	bool force;
	bool check;
	bool apply;
	const char *config;     /* NULL: not given */
	enum xdp_mode xdp;
	const char *transport;  /* "udp", "tcp", NULL */
	const char *dev;        /* name of an interface; NULL: none */
	unsigned int watch;     /* seconds; 0: once */
	unsigned int interval;  /* seconds; 0: not given */
	bool once;
	__u64 seconds;          /* for how long; 0: not given */
	const char *zone;       /* its name; NULL: not given */
	int reason;             /* 0: not given */
	struct prefix source;   /* family 0: not given */
	const char *write;      /* a file; NULL: not given */
	unsigned int sample;    /* one packet in so many; 0: not given */
	__u64 limit;            /* bytes; 0: not given */
	bool journal;
	const char *metrics;    /* where to listen; NULL: not given */
	const char *host;       /* names with commas between them; NULL: none */
	const char *hep;        /* the collector; NULL: none */
	__u32 hep_id;           /* 0: not given */
	const char *hep_key;    /* a file; NULL: not given */
	const char *trust;      /* prefixes with commas between them; NULL: none */
	const char *server;     /* likewise */
	/* Of allow and deny; NULL: not given. */
	const char *name;       /* of a list */
	const char *format;     /* of a file */
	const char *column;
	const char *country;
	const char *asn;
	bool replace;
	char **arguments;       /* what is left, `count` of them */
	int count;
};

/* Options a command accepts beside --json, --verbose and --help. */
enum option_bit {
	OPTION_CONFIG = 1ULL << 0,
	OPTION_XDP = 1ULL << 1,
	OPTION_ENFORCE = 1ULL << 2,
	OPTION_ALL = 1ULL << 3,
	OPTION_WATCH = 1ULL << 4,
	OPTION_TRANSPORT = 1ULL << 5,
	OPTION_FOR = 1ULL << 6,
	OPTION_RAW = 1ULL << 7,
	OPTION_LIMITS = 1ULL << 8,
	OPTION_QUIET = 1ULL << 9,
	OPTION_DEV = 1ULL << 10,
	OPTION_FORCE = 1ULL << 11,
	OPTION_ZONE = 1ULL << 12,
	OPTION_REASON = 1ULL << 13,
	OPTION_SOURCE = 1ULL << 14,
	OPTION_WRITE = 1ULL << 15,
	OPTION_SAMPLE = 1ULL << 16,
	OPTION_LIMIT = 1ULL << 17,
	OPTION_CHECK = 1ULL << 18,
	OPTION_METRICS = 1ULL << 19,
	OPTION_HOST = 1ULL << 20,
	OPTION_NAME = 1ULL << 21,
	OPTION_REPLACE = 1ULL << 22,
	OPTION_FORMAT = 1ULL << 23,
	OPTION_JOURNAL = 1ULL << 24,
	OPTION_DISPATCHER = 1ULL << 25,
	OPTION_HEP = 1ULL << 26,  /* --hep, --hep-id, --hep-key-file */
	OPTION_PICK = 1ULL << 27, /* --column, --country, --asn */
	OPTION_INTERVAL = 1ULL << 28,
	OPTION_ONCE = 1ULL << 29,
	OPTION_APPLY = 1ULL << 30,
	OPTION_TRUST = 1ULL << 31,
	OPTION_SERVER = 1ULL << 32,
	OPTION_TOP = 1ULL << 33,
	OPTION_SINCE_MARK = 1ULL << 34,
	OPTION_ENDED = 1ULL << 35,
	OPTION_RESTORE = 1ULL << 36,
};

struct command {
	const char *name;
	const char *arguments; /* as the usage line shows them */
	const char *summary;   /* one line of `sipguard help` */
	const char *details;   /* of `sipguard COMMAND --help` */
	__u64 accepts;         /* enum option_bit */
	int min, max;          /* arguments; max -1: any number */
	enum exit_code (*run)(const struct options *options);
};

/* All of them; ends with one that has no name. Manual and completion are made of it, too. */
extern const struct command commands[];

/* Standard error, and what libbpf and the verifier say there, which is shown only if `verbose`. */
void say_setup(bool verbose);

/* From here on a line on a terminal says how far long work has come, see notice.h. */
void say_progress(void);

/*
 * Prints the error, with its file, line and column if it has them; there is no other place that
 * prints one. How the command shall end: NOT_ATTACHED for -ENOTCONN, else FAILED.
 */
enum exit_code failed(const struct error *error);

/* The same of a file with one thing a line, of which nothing was applied: why->line, 0 for all. */
enum exit_code failed_lines(const char *path, int err, const struct error *why);

/*
 * DONE, or FAILED if not all could be written: after saying so of a full disk, in silence of a pipe
 * whose reader has seen enough, as `head`.
 */
enum exit_code output_end(void);

struct config;
struct slots;
struct maps;

/* Gives notice of what the configuration in force says and cannot be. */
void tell_doubts(const struct slots *slots, const struct maps *maps);

/* Says what becomes of the guard in so many seconds, unless somebody confirms. */
void tell_trial(enum sg_trial trial, __u64 seconds);

struct policy;
struct session;

/*
 * `attach --restore`: attaches, and a new guard in monitor mode; then brings back what was saved,
 * and the mode last. If nothing was saved, that is what the configuration says; if what was saved
 * cannot be read, it stays monitor: enforce without the lists may drop customers. How the attaching
 * went.
 */
enum exit_code attach_and_restore(const struct options *options);

/* The mode of a new guard: what is said here, before what the configuration says. */
enum sg_mode mode_first(const struct options *options, const struct config *config);

/*
 * The mode of a running guard that is to go on with a configuration, or with what it has (NULL):
 * another one only if the configuration says another one than the one before, or an option does
 * (NULL: there are none). So an operator's `mode monitor` outlives a reload that is about something
 * else.
 */
enum sg_mode mode_after(const struct options *options, const struct session *session,
			const struct config *config);

/* Puts what was read in force, as `reload` does. 0 or -errno: then nothing has changed. */
int reload(struct session *session, struct policy *policy, struct error *error);

/* "Too many arguments" and the like: says `what` and how the command is used. USAGE. */
enum exit_code usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same for a word that is no command; names those that begin alike. */
enum exit_code no_command(const char *word);

enum exit_code cmd_attach(const struct options *options);
enum exit_code cmd_detach(const struct options *options);
enum exit_code cmd_status(const struct options *options);
enum exit_code cmd_stats(const struct options *options);
enum exit_code stats_top(const struct options *options); /* of cmd_stats(), --top */
enum exit_code cmd_mode(const struct options *options);
enum exit_code cmd_confirm(const struct options *options);
enum exit_code cmd_reload(const struct options *options);
enum exit_code cmd_explain(const struct options *options);
enum exit_code cmd_check_config(const struct options *options);
enum exit_code cmd_allow(const struct options *options);
enum exit_code cmd_deny(const struct options *options);
enum exit_code cmd_ban(const struct options *options);
enum exit_code cmd_unban(const struct options *options);
enum exit_code cmd_bans(const struct options *options);
enum exit_code cmd_sources(const struct options *options);
enum exit_code cmd_identity(const struct options *options);
enum exit_code cmd_connections(const struct options *options);
enum exit_code cmd_save(const struct options *options);
enum exit_code cmd_restore(const struct options *options);
enum exit_code cmd_replay(const struct options *options);
enum exit_code cmd_calibrate(const struct options *options);
enum exit_code cmd_shadow(const struct options *options);
enum exit_code cmd_events(const struct options *options);
enum exit_code cmd_capture(const struct options *options);
enum exit_code cmd_why(const struct options *options);
enum exit_code cmd_top(const struct options *options);
enum exit_code cmd_watch(const struct options *options);
enum exit_code cmd_fleet(const struct options *options);
enum exit_code cmd_upstream(const struct options *options);

#endif
