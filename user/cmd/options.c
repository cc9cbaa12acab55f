// SPDX-License-Identifier: GPL-2.0-only
#include "cmd/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/names.h"

#define FOR_SECONDS_MAX (30 * 86400)
#define SIZE_MOST 1000000000000ULL

static const struct command *current; /* the command that usage() explains */

static const struct option_text rows[] = {
	{"config", 'c', OPTION_CONFIG, "FILE", "the configuration (YAML)"},
	{"xdp", 'x', OPTION_XDP, "native|generic|auto",
	 "in the driver, behind it (slower), or what works (default)"},
	{"dispatcher", 'D', OPTION_DISPATCHER, NULL,
	 "native, beside other XDP programs, which libxdp's dispatcher calls, too"},
	{"enforce", 'e', OPTION_ENFORCE, NULL, "drop at once, whatever the configuration says"},
	{"restore", 'B', OPTION_RESTORE, NULL, "bring back what was saved, mode last, as at boot"},
	{"all", 'a', OPTION_ALL, NULL, "every guarded interface, or every ban"},
	{"watch", 'w', OPTION_WATCH, "SECONDS", "print rates again and again, until interrupted"},
	{"top", 'u', OPTION_TOP, NULL, "who is refused now, and why: N rows at most (default: 10)"},
	{"since-mark", 'M', OPTION_SINCE_MARK, NULL, "only what was counted since the mark"},
	{"ended", 'g', OPTION_ENDED, NULL, "bans that have ended, as far back as they are known"},
	{"interval", 'i', OPTION_INTERVAL, "SECONDS", "between two readings (default: 1)"},
	{"once", 'b', OPTION_ONCE, NULL, "print one screen as text, for scripts, and end"},
	{"transport", 't', OPTION_TRANSPORT, "udp|tcp", "of the flow ADDRESS:PORT (default: udp)"},
	{"for", 'f', OPTION_FOR, "TIME",
	 "for how long: 90s, 10m, 1d, up to 30d (default: a ban 10m, an identity 1d, --top 5s)"},
	{"raw", 'r', OPTION_RAW, NULL, "a folder, each of whose files is one message"},
	{"limits", 'l', OPTION_LIMITS, NULL, "run the limits too, on the capture's own clock"},
	{"dev", 'd', OPTION_DEV, "INTERFACE", "as if all had come in there, if zones name it"},
	{"zone", 'z', OPTION_ZONE, "NAME", "through which they are registered (default: none)"},
	{"name", 'N', OPTION_NAME, "NAME", "of a list that came from a file"},
	{"replace", 'P', OPTION_REPLACE, NULL, "what is imported is all that the list has then"},
	{"format", 'o', OPTION_FORMAT, "FORMAT",
	 "text, ipset, apiban, csv or mmdb (default: what it looks like)"},
	{"column", 'k', OPTION_PICK, "COLUMN", "of a table: name or number, from 1"},
	{"country", 'y', OPTION_PICK, "XX[,YY]", "of an mmdb: networks of these countries"},
	{"asn", 'A', OPTION_PICK, "N[,M]", "of an mmdb: of these autonomous systems"},
	{"force", 'F', OPTION_FORCE, NULL, "also yourself, a gateway, a very short prefix"},
	{"reason", 'R', OPTION_REASON, "REASON", "only what has this reason"},
	{"source", 's', OPTION_SOURCE, "PREFIX", "only of sources in it: an address or a prefix"},
	{"write", 'w', OPTION_WRITE, "FILE", "to this file; - is standard output"},
	{"sample", 'n', OPTION_SAMPLE, "N", "one packet in N"},
	{"limit", 'L', OPTION_LIMIT, "SIZE", "end when the file has so many bytes: 500k, 10M, 2G"},
	{"trust", 'T', OPTION_TRUST, "PREFIX,...",
	 "senders who count though they have proven nothing"},
	{"server", 'S', OPTION_SERVER, "PREFIX,...",
	 "addresses of the server (default: those that most is sent to)"},
	{"apply", 'p', OPTION_APPLY, NULL, "put it in the configuration file, and in force"},
	{"check", 'C', OPTION_CHECK, NULL, "one line and an exit status, for Nagios and the like"},
	{"quiet", 'q', OPTION_QUIET, NULL, "only the summary, no line for each packet"},
	{"metrics", 'm', OPTION_METRICS, "[ADDRESS:]PORT",
	 "where to serve them by HTTP (a port alone: 127.0.0.1)"},
	{"journal", 'J', OPTION_JOURNAL, NULL, "write events to the journal of systemd"},
	{"host", 'H', OPTION_HOST, "NAME,...", "names by which a browser or Prometheus may ask"},
	{"hep", 'E', OPTION_HEP, "[tcp:]ADDRESS[:PORT]",
	 "send dropped packets to a collector, by UDP unless told (port 9060)"},
	{"hep-id", 'I', OPTION_HEP, "N", "number of this agent, of HEP, from 1 (default 1)"},
	{"hep-key-file", 'K', OPTION_HEP, "FILE", "whose first line is the collector's key"},
	{"json", 'j', 0, NULL, "print JSON"},
	{"verbose", 'v', 0, NULL, "show what libbpf and the kernel's verifier say"},
	{"help", 'h', 0, NULL, "explain the command"},
	{"version", 'V', 0, NULL, "print the version"},
};

#define ROWS (sizeof(rows) / sizeof(*rows))

/*
 * What getopt hands us for a row: its letter. But `capture` has -w, as tcpdump does, and no command
 * has that and --watch.
 */
static char code_of(const struct option_text *row)
{
	return row->bit == OPTION_WRITE ? 'W' : row->letter;
}

static char meant(char letter, const struct command *command)
{
	return letter == 'w' && command && command->accepts & OPTION_WRITE ? 'W' : letter;
}

const struct option_text *option_text(size_t number)
{
	return number < ROWS ? &rows[number] : NULL;
}

void options_help(const struct command *command, FILE *to)
{
	char left[64];

	fprintf(to, "Usage: sipguard %s%s%s%s\n\n%s\n\nOptions:\n", command->name,
		command->arguments[0] ? " " : "", command->arguments,
		command->accepts ? " [OPTION...]" : "", command->details);
	for (size_t i = 0; i < ROWS; i++) {
		if ((rows[i].bit && !(rows[i].bit & command->accepts)) || rows[i].letter == 'V')
			continue;
		snprintf(left, sizeof(left), "-%c, --%s%s%s", rows[i].letter, rows[i].name,
			 rows[i].argument ? " " : "", rows[i].argument ? rows[i].argument : "");
		fprintf(to, "  %-31s %s\n", left, rows[i].help);
	}
}

enum exit_code usage(const char *format, ...)
{
	struct error error = {};
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (text[0] && !strchr(".?", text[strlen(text) - 1]))
		strncat(text, ".", sizeof(text) - strlen(text) - 1);
	if (current)
		error_set(&error, -EINVAL, "%s Usage: sipguard %s%s%s; `sipguard %s --help` "
			  "explains it.", text, current->name, current->arguments[0] ? " " : "",
			  current->arguments, current->name);
	else
		error_set(&error, -EINVAL, "%s `sipguard help` lists the commands.", text);
	failed(&error);
	return USAGE;
}

/* "90", "90s", "10m", "2h", "1d" as seconds, 1 to FOR_SECONDS_MAX; 0 if it is none. */
static __u64 read_time(const char *text)
{
	static const char units[] = "smhd";
	static const unsigned int factors[] = {1, 60, 3600, 86400};
	unsigned long value;
	const char *unit;
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return 0;
	value = strtoul(text, &end, 10);
	unit = *end ? strchr(units, *end) : units;
	if (!unit || (*end && end[1]) || value > FOR_SECONDS_MAX)
		return 0;
	value *= factors[unit - units];
	return value <= FOR_SECONDS_MAX ? value : 0;
}

static enum exit_code read_dispatcher(struct options *options)
{
	if (options->xdp != XDP_MODE_AUTO)
		return usage("--dispatcher and --xdp do not go together: leave --xdp out.");
	options->xdp = XDP_MODE_DISPATCHER;
	return DONE;
}

static enum exit_code read_xdp(const char *text, struct options *options)
{
	if (options->xdp == XDP_MODE_DISPATCHER)
		return usage("--dispatcher and --xdp do not go together: leave --xdp out.");
	for (int mode = XDP_MODE_AUTO; mode <= XDP_MODE_GENERIC; mode++) {
		if (strcmp(text, xdp_mode_names[mode]) == 0) {
			options->xdp = mode;
			return DONE;
		}
	}
	return usage("--xdp takes native, generic or auto.");
}

/* 1 to `most` seconds of an option. */
static enum exit_code read_seconds(const char *name, const char *text, unsigned int most,
				   unsigned int *seconds)
{
	unsigned long value;
	char *end;

	value = strtoul(text, &end, 10);
	if (*end || text[0] < '0' || text[0] > '9' || value < 1 || value > most)
		return usage("--%s takes a number of seconds, 1 to %u.", name, most);
	*seconds = value;
	return DONE;
}

static enum exit_code read_reason(const char *text, struct options *options)
{
	options->reason = reason_find(text);
	return options->reason > 0 ? DONE : usage("there is no reason '%s': `sipguard explain` "
						  "lists them.", text);
}

static enum exit_code read_source(const char *text, struct options *options)
{
	struct error error = {};

	if (!prefix_parse(text, &options->source, &error))
		return DONE;
	return usage("--source: %s", error.text);
}

/* A number with k, M or G behind it (1000 each); 0 if it is none. */
static __u64 read_size(const char *text)
{
	static const char units[] = "kMG";
	unsigned long long value;
	const char *unit;
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return 0;
	value = strtoull(text, &end, 10);
	if (!*end)
		return value <= SIZE_MOST ? value : 0;
	unit = strchr(units, *end);
	if (!unit || end[1] || value > SIZE_MOST)
		return 0;
	for (; unit >= units; unit--)
		value *= 1000;
	return value <= SIZE_MOST ? value : 0;
}

static enum exit_code read_limit(const char *text, struct options *options)
{
	options->limit = read_size(text);
	return options->limit ? DONE : usage("--limit takes a size, up to 1000G, like 10M.");
}

static enum exit_code read_sample(const char *text, struct options *options)
{
	__u64 value = read_size(text);

	options->sample = value;
	return value >= 1 && value <= 1000000000 ? DONE
						 : usage("--sample takes a number, 1 to 1G.");
}

static enum exit_code read_hep_id(const char *text, struct options *options)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno || *end || text[0] < '0' || text[0] > '9' || !value || value > 0xffffffff)
		return usage("--hep-id takes a number, 1 to 4294967295.");
	options->hep_id = value;
	return DONE;
}

static enum exit_code read_option(int letter, const char *value, struct options *options)
{
	switch (letter) {
	case 'c':
		options->config = value;
		return value[0] ? DONE : usage("--config takes the name of a file.");
	case 'x':
		return read_xdp(value, options);
	case 'D':
		return read_dispatcher(options);
	case 'e':
		options->enforce = true;
		return DONE;
	case 'a':
		options->all = true;
		return DONE;
	case 'w':
		return read_seconds("watch", value, 86400, &options->watch);
	case 'i':
		return read_seconds("interval", value, 3600, &options->interval);
	case 'b':
		options->once = true;
		return DONE;
	case 't':
		options->transport = value;
		if (strcmp(value, "udp") && strcmp(value, "tcp"))
			return usage("--transport takes udp or tcp.");
		return DONE;
	case 'f':
		options->seconds = read_time(value);
		return options->seconds ? DONE : usage("--for takes a time, 1s to 30d, like 10m.");
	case 'r':
		options->raw = true;
		return DONE;
	case 'l':
		options->limits = true;
		return DONE;
	case 'd':
		options->dev = value;
		return DONE;
	case 'z':
		options->zone = value;
		return DONE;
	case 'N':
		options->name = value;
		return DONE;
	case 'P':
		options->replace = true;
		return DONE;
	case 'o':
		options->format = value;
		return DONE;
	case 'k':
		options->column = value;
		return DONE;
	case 'y':
		options->country = value;
		return DONE;
	case 'A':
		options->asn = value;
		return DONE;
	case 'F':
		options->force = true;
		return DONE;
	case 'R':
		return read_reason(value, options);
	case 's':
		return read_source(value, options);
	case 'W':
		options->write = value;
		return DONE;
	case 'n':
		return read_sample(value, options);
	case 'L':
		return read_limit(value, options);
	case 'T':
		options->trust = value;
		return DONE;
	case 'S':
		options->server = value;
		return DONE;
	case 'p':
		options->apply = true;
		return DONE;
	case 'C':
		options->check = true;
		return DONE;
	case 'J':
		options->journal = true;
		return DONE;
	case 'q':
		options->quiet = true;
		return DONE;
	case 'm':
		options->metrics = value;
		return DONE;
	case 'H':
		options->host = value;
		return DONE;
	case 'E':
		options->hep = value;
		return DONE;
	case 'I':
		return read_hep_id(value, options);
	case 'K':
		options->hep_key = value;
		return DONE;
	case 'j':
		options->json = true;
		return DONE;
	case 'v':
		options->verbose = true;
		return DONE;
	case 'h':
		options->help = true;
		return DONE;
	default:
		return DONE; /* that it was given is all */
	}
}

/* The rows as getopt_long() wants them. */
static void make_getopt(char *letters, struct option *longs)
{
	*letters++ = ':';
	for (size_t i = 0; i < ROWS; i++) {
		longs[i] = (struct option){
			.name = rows[i].name,
			.has_arg = rows[i].argument ? required_argument : no_argument,
			.val = code_of(&rows[i]),
		};
		*letters++ = rows[i].letter;
		if (rows[i].argument)
			*letters++ = ':';
	}
	*letters = '\0';
}

static const struct command *find(const struct command *commands, const char *name)
{
	for (; commands->name; commands++) {
		if (strcmp(commands->name, name) == 0)
			return commands;
	}
	return NULL;
}

static size_t row_of(int letter)
{
	size_t i = 0;

	while (i < ROWS && code_of(&rows[i]) != letter)
		i++;
	return i;
}

/* The command is the first word that is no option; its row decides which options are accepted. */
static const struct command *peek(int argc, char **argv, const char *letters,
				  const struct option *longs, const struct command *commands)
{
	int letter;

	opterr = 0;
	while ((letter = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		if (letter == 'V')
			return find(commands, "version");
	}
	return optind < argc ? find(commands, argv[optind]) : NULL;
}

/*
 * getopt puts options before words, so it peeks at a copy: of `reload --config` the second reading
 * would take `reload` for the value that is missing.
 */
static const struct command *peek_at_copy(int argc, char **argv, const char *letters,
					  const struct option *longs,
					  const struct command *commands)
{
	char **copy = calloc(argc + 1, sizeof(*copy));
	const struct command *command;

	if (copy)
		memcpy(copy, argv, argc * sizeof(*copy));
	command = peek(argc, copy ? copy : argv, letters, longs, commands);
	free(copy);
	return command;
}

/* What the first argument of a command is, in words. */
static const char *needed(const struct command *command)
{
	static const char *const words[][2] = {
		{"IFACE", "the name of an interface"}, {"FILE", "the name of a file"},
		{"ADDRESS", "an address"}, {"CAPTURE", "the file of a capture"},
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (!strncmp(command->arguments, words[i][0], strlen(words[i][0])))
			return words[i][1];
	}
	return "a word that says what to do";
}

static enum exit_code check_arguments(const struct command *command, const struct options *options)
{
	if (options->help)
		return DONE;
	if (options->count < command->min)
		return usage("'%s' needs %s.", command->name, needed(command));
	if (command->max >= 0 && options->count > command->max)
		return usage("'%s' does not know what to do with '%s'.", command->name,
			     options->arguments[command->max]);
	return DONE;
}

enum exit_code options_read(int argc, char **argv, const struct command *commands,
			    struct options *options, const struct command **command)
{
	struct option longs[ROWS + 1] = {};
	char letters[2 * ROWS + 2];
	enum exit_code code;
	int letter;

	*options = (struct options){};
	make_getopt(letters, longs);
	*command = current = peek_at_copy(argc, argv, letters, longs, commands);
	optind = 0; /* begin again, now that the command is known */
	while ((letter = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
		if (letter == 'V')
			return DONE;
		if (letter == ':')
			return usage("%s needs a value behind it.", argv[optind - 1]);
		if (letter == '?')
			return usage("there is no option %s.", argv[optind - 1]);
		letter = meant(letter, *command);
		if (*command && rows[row_of(letter)].bit & ~(*command)->accepts)
			return usage("'%s' has no option --%s.", (*command)->name,
				     rows[row_of(letter)].name);
		options->given |= rows[row_of(letter)].bit;
		code = read_option(letter, optarg, options);
		if (code != DONE)
			return code;
	}
	if (optind < argc && !*command)
		return no_command(argv[optind]);
	options->arguments = argv + optind + 1;
	options->count = argc > optind ? argc - optind - 1 : 0;
	return *command ? check_arguments(*command, options) : DONE;
}
