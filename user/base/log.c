// SPDX-License-Identifier: GPL-2.0-only
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

#include <bpf/libbpf.h>

#include "base/escape.h"

static bool verbose_wanted;

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

void log_setup(bool verbose)
{
	verbose_wanted = verbose;
	libbpf_set_print(verbose ? libbpf_loud : libbpf_quiet);
}

bool log_verbose(void)
{
	return verbose_wanted;
}

static void __attribute__((format(printf, 2, 0)))
line(const char *prefix, const char *format, va_list args)
{
	fflush(stdout); /* in the order it was said, also when both go to one file */
	fputs(prefix, stderr);
	escape_vprintf(stderr, format, args);
	fputc('\n', stderr);
}

void fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	line("sipguard: ", format, args);
	va_end(args);
}

void notice(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	line("sipguard: note: ", format, args);
	va_end(args);
}
