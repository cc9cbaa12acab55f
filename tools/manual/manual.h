/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writes the manual pages and the completion of bash from the tables of the command itself, so that
 * none of them can say anything else than `--help`, `explain` and the configuration's reader do.
 */
#ifndef SIPGUARD_MANUAL_H
#define SIPGUARD_MANUAL_H

#include <stdbool.h>
#include <stdio.h>

/* Each writes one file. 0, or -EINVAL after saying on standard error what is wrong. */
int write_command_page(FILE *to);                     /* sipguard(8) */
int write_settings_page(FILE *to, const char *yaml);  /* sipguard.yaml(5); `yaml` is the example */
int write_completion(FILE *to);

/* --- roff.c: man(7) --- */

void roff_head(FILE *to, const char *title, int section, const char *name);

/* Words of a request's line, or of one that is not filled. `length` bytes at most. */
void roff_put(FILE *to, const char *text, size_t length);

/*
 * Filled text: blanks and line ends separate words, `x` is bold, two blanks begin nothing new. A
 * paragraph of no words writes nothing.
 */
void roff_fill(FILE *to, const char *text, size_t length);

/*
 * What --help shows: lines are text; those that begin with two blanks are a list of words and what
 * they mean, which goes on in lines that begin with more; an empty line ends a paragraph.
 */
void roff_details(FILE *to, const char *details);

#endif
