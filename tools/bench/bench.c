// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench prog-run GUARD_OBJECT BENCH_OBJECT [ENTRY...]
 *	measures by BPF_PROG_RUN and prints a JSON array.
 * bench two-cpus GUARD_OBJECT BENCH_OBJECT [ENTRY...]
 *	likewise, each entry on two CPUs at once, too: "two_cpus" is what it takes then over what it
 *	takes alone.
 *
 * Exit status: 0 done, 1 failed, 2 wrong usage.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"

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

static int command_prog_run(const char *guard, const char *bench, char **names, bool both)
{
	int other_cpu = bind_and_find_other();
	json_t *list;

	if (both && other_cpu < 0)
		bench_die("This needs two CPUs, and the process may use one.");
	list = prog_run(guard, bench, names, both ? other_cpu : -1);
	json_dumpf(list, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(5));
	putchar('\n');
	json_decref(list);
	return 0;
}

int main(int argc, char **argv)
{
	bool both = argc >= 2 && !strcmp(argv[1], "two-cpus");

	if (argc >= 4 && (both || !strcmp(argv[1], "prog-run")))
		return command_prog_run(argv[2], argv[3], argv + 4, both);
	fputs("Usage: bench prog-run|two-cpus GUARD_OBJECT BENCH_OBJECT [ENTRY...]\n", stderr);
	return 2;
}
