/* SPDX-License-Identifier: GPL-2.0-only */
/* A subcommand, what it may be told, and how it ends. */
#ifndef SIPGUARD_COMMAND_H
#define SIPGUARD_COMMAND_H

#include <stdbool.h>

#include "base/error.h"
#include "guard/links.h"

enum exit_code {
	DONE = 0,
	FAILED = 1,
	USAGE = 2,
	NOT_ATTACHED = 3,
};

struct options {
	bool json;
	bool verbose;
	bool help;
	bool enforce;
	bool all;
	bool raw;
	bool limits;
	bool quiet;
	bool force;
	const char *config;     /* NULL: not given */
	enum xdp_mode xdp;
	const char *transport;  /* "udp", "tcp", NULL */
	const char *dev;        /* name of an interface; NULL: none */
	unsigned int watch;     /* seconds; 0: once */
	__u64 seconds;          /* for how long; 0: not given */
	const char *zone;       /* its name; NULL: not given */
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
	OPTION_CONFIG = 1 << 0,
	OPTION_XDP = 1 << 1,
	OPTION_ENFORCE = 1 << 2,
	OPTION_ALL = 1 << 3,
	OPTION_WATCH = 1 << 4,
	OPTION_TRANSPORT = 1 << 5,
	OPTION_FOR = 1 << 6,
	OPTION_RAW = 1 << 7,
	OPTION_LIMITS = 1 << 8,
	OPTION_QUIET = 1 << 9,
	OPTION_DEV = 1 << 10,
	OPTION_FORCE = 1 << 11,
	OPTION_ZONE = 1 << 12,
	OPTION_NAME = 1 << 20,
	OPTION_REPLACE = 1 << 21,
	OPTION_FORMAT = 1 << 22,
	OPTION_SOURCE = 1 << 23, /* --column, --country, --asn */
};

struct command {
	const char *name;
	const char *arguments; /* as the usage line shows them */
	const char *summary;   /* one line of `sipguard help` */
	const char *details;   /* of `sipguard COMMAND --help` */
	unsigned int accepts;  /* enum option_bit */
	int min, max;          /* arguments; max -1: any number */
	enum exit_code (*run)(const struct options *options);
};

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

struct slots;
struct sg_config;

/* Gives notice of what zones name and nothing can be of. */
void tell_doubts(const struct slots *slots, const struct sg_config *config);

struct policy;
struct session;

/* Puts what was read in force, as `reload` does. 0 or -errno: then nothing has changed. */
int reload(struct session *session, struct policy *policy, struct error *error);

/* "Too many arguments" and the like: says `what` and how the command is used. USAGE. */
enum exit_code usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

enum exit_code cmd_attach(const struct options *options);
enum exit_code cmd_detach(const struct options *options);
enum exit_code cmd_status(const struct options *options);
enum exit_code cmd_stats(const struct options *options);
enum exit_code cmd_mode(const struct options *options);
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
enum exit_code cmd_replay(const struct options *options);
enum exit_code cmd_shadow(const struct options *options);

#endif
