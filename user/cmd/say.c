// SPDX-License-Identifier: GPL-2.0-only
/* What people are told on standard error, one sentence each. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <bpf/libbpf.h>

#include "base/escape.h"
#include "base/notice.h"
#include "cmd/command.h"
#include "guard/slots.h"
#include "model/snapshot.h"
#include "render/output.h"

static int libbpf_quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

static int libbpf_loud(enum libbpf_print_level level, const char *format, va_list args)
{
	if (level == LIBBPF_DEBUG)
		return 0;
	return vfprintf(stderr, format, args);
}

/* What is on the line now is in the way of all else that is printed. */
static bool line_used;

static void line_clear(void)
{
	if (line_used)
		fputs("\r\033[K", stderr);
	line_used = false;
}

static void hear(const char *text)
{
	line_clear();
	fflush(stdout); /* in the order it was said, also when both go to one file */
	escape_printf(stderr, "sipguard: note: %s\n", text);
}

/* Of those who tell often: a line that changes faster than once a second is not read. */
static bool is_due(void)
{
	static struct timespec told;
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (line_used && now.tv_sec - told.tv_sec < 1 + (now.tv_nsec < told.tv_nsec))
		return false;
	told = now;
	return true;
}

static void follow(const char *what, size_t done, size_t total)
{
	if (what && !is_due())
		return;
	line_clear();
	if (!what)
		return;
	if (total)
		fprintf(stderr, "sipguard: %s, %zu %%", what, 100 * done / total);
	else
		fprintf(stderr, "sipguard: %s, %zu", what, done);
	fflush(stderr);
	line_used = true;
}

void say_progress(void)
{
	if (isatty(STDERR_FILENO))
		progress_to(follow);
}

void say_setup(bool verbose)
{
	libbpf_set_print(verbose ? libbpf_loud : libbpf_quiet);
	notice_to(hear);
}

/* What is read with others behind a semicolon has no full stop of its own. */
static bool ends(const char *text)
{
	size_t length = strlen(text);

	return length && strchr(".?", text[length - 1]);
}

enum exit_code failed(const struct error *error)
{
	const char *text = error->text[0] ? error->text
					  : "this failed, and nobody said why: please report it.";

	const char *stop = ends(text) ? "" : ".";

	line_clear();
	fflush(stdout);
	if (error->file && error->line)
		escape_printf(stderr, "sipguard: %s:%u:%u: %s%s\n", error->file, error->line,
			      error->column, text, stop);
	else if (error->file)
		escape_printf(stderr, "sipguard: %s: %s%s\n", error->file, text, stop);
	else
		escape_printf(stderr, "sipguard: %s%s\n", text, stop);
	return error->code == -ENOTCONN ? NOT_ATTACHED : FAILED;
}

enum exit_code failed_lines(const char *path, int err, const struct error *why)
{
	struct error error = {};

	if (why->line)
		error_set(&error, err, "%s:%u: %s; nothing of the file was applied.", path,
			  why->line, why->text);
	else
		error_set(&error, err, "%s: %s", path, why->text);
	return failed(&error);
}

enum exit_code output_end(void)
{
	struct error error = {};
	int err = output_flush(&error);

	if (err && err != -EPIPE)
		failed(&error);
	return err ? FAILED : DONE;
}

void tell_doubts(const struct slots *slots, const struct maps *maps)
{
	const struct sg_config *config = &maps->configs[maps->state->active & 1];
	char text[320];

	if (memory_doubt(maps, config, text, sizeof(text)))
		notice("%s.", text);
	for (size_t next = 0; slots_doubt(slots, config, &next, text, sizeof(text));)
		notice("%s.", text);
}
