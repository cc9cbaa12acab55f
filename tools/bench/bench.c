// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench prog-run GUARD_OBJECT BENCH_OBJECT [ENTRY...]
 *	measures by BPF_PROG_RUN and prints a JSON array.
 *
 * Exit status: 0 done, 1 failed, 2 wrong usage.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"
#include "object.h"

void bench_die(const char *format, ...)
{
	va_list args;

	fputs("bench: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	exit(1);
}

__u64 cpu_time(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec * SG_NSEC_PER_SEC + now.tv_nsec;
}

static int command_prog_run(const char *guard, const char *bench, char **names)
{
	json_t *list;

	/* A thread that moves to another CPU finds cold caches there. */
	if (stay_on_this_cpu() < 0)
		bench_die("The process cannot be bound to its CPU.");
	list = prog_run(guard, bench, names);
	json_dumpf(list, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(5));
	putchar('\n');
	json_decref(list);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc >= 4 && !strcmp(argv[1], "prog-run"))
		return command_prog_run(argv[2], argv[3], argv + 4);
	fputs("Usage: bench prog-run GUARD_OBJECT BENCH_OBJECT [ENTRY...]\n", stderr);
	return 2;
}
