/* SPDX-License-Identifier: GPL-2.0-only */
/* The command line: one table of options, of which each command accepts some. */
#ifndef SIPGUARD_OPTIONS_H
#define SIPGUARD_OPTIONS_H

#include <stdio.h>

#include "cmd/command.h"

struct option_text {
	const char *name;
	char letter;
	__u64 bit;            /* 0: every command accepts it */
	const char *argument; /* NULL: takes none */
	const char *help;
};

/* The rows of the table of options by number, from 0; NULL behind the last one. */
const struct option_text *option_text(size_t number);

/*
 * Reads the whole command line. *command is the row of `commands` (which ends with a NULL name)
 * that the first word names, or NULL if there is no word. DONE, or USAGE after saying what is
 * wrong.
 */
enum exit_code options_read(int argc, char **argv, const struct command *commands,
			    struct options *options, const struct command **command);

/* What `sipguard COMMAND --help` says. */
void options_help(const struct command *command, FILE *to);

#endif
