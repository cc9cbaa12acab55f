/* SPDX-License-Identifier: GPL-2.0-only */
/* What is printed on standard output: text for people, JSON for programs. */
#ifndef SIPGUARD_OUTPUT_H
#define SIPGUARD_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include <jansson.h>

#include "abi.h"
#include "base/error.h"

#define OUTPUT_TEXT 32
#define OUTPUT_JSON JSON_ENSURE_ASCII /* no terminal takes a character for a control */

/* Prints the value, on many lines or on one, and drops the reference. */
void output_json(json_t *value);
void output_json_line(json_t *value);

/* JSON is UTF-8, and the name of a file or an interface may be any bytes: escaped, if it is not. */
json_t *output_string(const char *text);

/* "12.3 MB", "3 h 12 min": at most OUTPUT_TEXT bytes; returns `text`. */
char *output_bytes(__u64 bytes, char *text);
char *output_seconds(__u64 seconds, char *text);

/* "2026-11-29T21:00:00Z", of s since 1970: OUTPUT_TEXT bytes. Returns `text`. */
char *output_time(time_t time, char *text);

json_t *output_limit(const struct sg_limit *limit);
json_t *output_counter(const struct sg_counter *counter);

/*
 * 0, or -errno if not all that was printed has reached standard output: -EPIPE if its reader has
 * seen enough, as `head`.
 */
int output_flush(struct error *error);

/* False: standard output is a pipe that nobody reads. For who waits for something to say. */
bool output_has_reader(void);

#endif
